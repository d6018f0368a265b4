// SPDX-License-Identifier: GPL-2.0
/*
 * symbols.c - what the kernel does not export, resolved at load.
 */
#include <linux/cpumask.h>
#include <linux/hugetlb.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "compat.h"
#include "pagelab.h"

static void (*lru_drain_local)(void);
static void (*lru_drain_all)(void);
static const struct address_space_operations *shmem;
static const struct address_space_operations *secretmem;
static int (*free_type)(u64 start, u64 end);
static const bool *migration_ad;
static void (*zap_range)(struct vm_area_struct *vma, unsigned long start, unsigned long size);
static void (*zap_range_single)(struct vm_area_struct *vma, unsigned long start,
				unsigned long size PL_ZAP_DETAILS_TYPE);
#ifdef CONFIG_HUGETLB_PAGE
static struct hstate *pools;
static int *pool_count;
static spinlock_t *pool_lock;
#endif

/*
 * kallsyms_lookup_name() is not exported either (since 5.7), but a kprobe
 * says where a symbol is. It is never armed: nothing is patched. It stays
 * registered until the module goes, because letting go of it waits for a
 * grace period: 30 ms that no boot needs to pay.
 */
static struct kprobe probe = {
	.symbol_name = "kallsyms_lookup_name",
	.flags = KPROBE_FLAG_DISABLED,
};

/* Where a call is that the kernel has, if it has a name; false: it is not there. */
static bool resolve_call(unsigned long (*lookup)(const char *name), const char *name, void *call)
{
	void **where = call;

	if (!name)
		return true;
	*where = (void *)lookup(name);
	if (!*where)
		pr_err("this kernel has no symbol %s\n", name);
	return *where;
}

/* Those of hugetlb; false if the kernel has it and not them. */
static bool resolve_pools(unsigned long (*lookup)(const char *name))
{
#ifdef CONFIG_HUGETLB_PAGE
	pools = (void *)lookup("hstates");
	pool_count = (void *)lookup("hugetlb_max_hstate");
	pool_lock = (void *)lookup("hugetlb_lock");
	return pools && pool_count && pool_lock;
#else
	return true;
#endif
}

int pl_symbols_resolve(void)
{
	unsigned long (*lookup)(const char *name);
	int err;

	err = register_kprobe(&probe);
	if (err) {
		pr_err("cannot find kallsyms_lookup_name (%d): needs KPROBES and KALLSYMS\n", err);
		return err;
	}
	lookup = (void *)probe.addr;
	/* exported by some kernels, by Debian's only, or by none */
	if (!resolve_call(lookup, "lru_add_drain", &lru_drain_local) ||
	    !resolve_call(lookup, "lru_add_drain_all", &lru_drain_all) ||
	    !resolve_call(lookup, PL_ZAP_RANGE, &zap_range) ||
	    !resolve_call(lookup, PL_ZAP_RANGE_SINGLE, &zap_range_single))
		goto missing;
	/* there only with CONFIG_SECRETMEM (and KALLSYMS_ALL: it is data) */
	free_type = (void *)lookup("memtype_free"); /* x86 alone */
	migration_ad = (void *)lookup("swap_migration_ad_supported"); /* since 6.1, with SWAP */
	secretmem = (void *)lookup("secretmem_aops");
	/* data everywhere; shmem_mapping() is inline in some kernels, a function in others */
	shmem = (void *)lookup("shmem_aops");
	if (!shmem) {
		pr_err("this kernel has no symbol shmem_aops: needs KALLSYMS_ALL\n");
		goto missing;
	}
	if (IS_ENABLED(CONFIG_SECRETMEM) && !secretmem) {
		pr_err("this kernel has no symbol secretmem_aops: needs KALLSYMS_ALL\n");
		goto missing;
	}
	if (!resolve_pools(lookup)) {
		pr_err("this kernel has no symbols of hugetlb: needs KALLSYMS_ALL\n");
		goto missing;
	}
	return 0;

missing:
	pl_symbols_release();
	return -ENOENT;
}

void pl_symbols_release(void)
{
	unregister_kprobe(&probe);
}

/*
 * Empty the per-CPU LRU batches, each of which holds a reference on its
 * pages. On one processor the local call does it without the work queues of
 * lru_add_drain_all().
 */
void pl_lru_drain(void)
{
	if (num_online_cpus() == 1)
		lru_drain_local();
	else
		lru_drain_all();
}

/* Has the kernel zap_page_range(), or its form for one VMA? */
bool pl_can_zap(bool single)
{
	return single ? !!zap_range_single : !!zap_range;
}

/* zap_page_range() */
void pl_zap_range(struct vm_area_struct *vma, unsigned long start, unsigned long size)
{
	zap_range(vma, start, size);
}

/* zap_page_range_single() of everything, private copies too: that is what no details mean. */
void pl_zap_range_single(struct vm_area_struct *vma, unsigned long start, unsigned long size)
{
	zap_range_single(vma, start, size PL_ZAP_DETAILS);
}

/* Is that a mapping of shared memory, which can be swapped? */
bool pl_is_shmem(struct address_space *mapping)
{
	return mapping->a_ops == shmem;
}

/* Pages of memfd_secret() are not in the direct map: page_is_secretmem(). */
bool pl_page_secret(struct page *page)
{
	struct address_space *mapping;

	if (!secretmem || pl_is_slab(page))
		return false;
	mapping = pl_file_mapping(page);
	return mapping && mapping->a_ops == secretmem;
}

/*
 * A huge page goes back to hugetlb's pool as dirty as it is, and comes out like
 * that. Make the free ones clean, so that no program sees what another left.
 */
void pl_clean_pools(void)
{
#ifdef CONFIG_HUGETLB_PAGE
	pl_pool_page *page;
	int i, nid;

	spin_lock_irq(pool_lock);
	for (i = 0; i < *pool_count; i++) {
		for_each_online_node(nid) {
			list_for_each_entry(page, &pools[i].hugepage_freelists[nid], lru)
				pl_clean_pool_page(page);
		}
	}
	spin_unlock_irq(pool_lock);
#endif
}

/*
 * What only a variable of the kernel's says. There is no room for young and
 * dirty in a migration entry where the largest swap device is small: on x86
 * where the processor has to be kept from reading swapped pages (L1TF).
 */
u64 pl_found_features(void)
{
	return migration_ad && READ_ONCE(*migration_ad) ? PL_FEATURE_MIGRATION_AD : 0;
}

/*
 * A kernel that keeps the memory types of mapped frames forgets them when their
 * mappings go, but not those of a mapping that was cut: it can free a range
 * whole or from its end. Let go of what is left of these pages, from the last on.
 */
void pl_forget_types(phys_addr_t start, phys_addr_t end)
{
	if (!free_type || !(pl_features() & PL_FEATURE_PAT))
		return;
	while (end > start) {
		while (!free_type(end - PAGE_SIZE, end))
			;
		end -= PAGE_SIZE;
	}
}
