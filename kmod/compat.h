/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - whatever differs between kernel versions or architectures.
 *
 * The rest of the module asks for nothing of the kernel that is known to
 * change: it comes here for it. Written for 6.1.
 */
#ifndef PAGELAB_COMPAT_H
#define PAGELAB_COMPAT_H

#include <linux/highmem.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/pfn_t.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>

#ifdef CONFIG_ARM64
#include <asm/cpufeature.h>
#endif
#ifdef CONFIG_X86
#include <asm/memtype.h>
#include <asm/vsyscall.h>
#endif

#include "pagelab_uapi.h"

#ifndef CONFIG_64BIT
#error "pagelab reads pages through the direct map: 64-bit kernels only"
#endif

/*
 * get_user_pages(), its remote form and pin_user_pages() have a vmas array
 * before 6.5 (54d020692b34 "mm/gup: remove unused vmas parameter from
 * get_user_pages()", ca5e863233e8, 4c630f307455).
 */
static inline long pl_get_user_pages(unsigned long start, unsigned long nr, unsigned int flags,
				     struct page **pages, struct vm_area_struct **vmas)
{
	return get_user_pages(start, nr, flags, pages, vmas);
}

static inline long pl_get_user_pages_remote(struct mm_struct *mm, unsigned long start,
					    unsigned long nr, unsigned int flags,
					    struct page **pages, struct vm_area_struct **vmas,
					    int *locked)
{
	return get_user_pages_remote(mm, start, nr, flags, pages, vmas, locked);
}

static inline long pl_pin_user_pages(unsigned long start, unsigned long nr, unsigned int flags,
				     struct page **pages, struct vm_area_struct **vmas)
{
	return pin_user_pages(start, nr, flags, pages, vmas);
}

/*
 * FOLL_* of PL_FOLL_*; false if this kernel lacks one of them. FOLL_PCI_P2PDMA
 * is there since 6.2 (4003f107fa2e "mm: introduce FOLL_PCI_P2PDMA to gate
 * getting PCI P2PDMA pages").
 */
static inline bool pl_foll_flags(u32 flags, unsigned int *kernel)
{
	static const struct {
		u32 flag;
		unsigned int kernel;
	} table[] = {
		{ PL_FOLL_WRITE, FOLL_WRITE },	     { PL_FOLL_FORCE, FOLL_FORCE },
		{ PL_FOLL_NOWAIT, FOLL_NOWAIT },     { PL_FOLL_LONGTERM, FOLL_LONGTERM },
		{ PL_FOLL_ANON, FOLL_ANON },	     { PL_FOLL_HWPOISON, FOLL_HWPOISON },
		{ PL_FOLL_SPLIT_PMD, FOLL_SPLIT_PMD }, { PL_FOLL_GET, FOLL_GET },
		{ PL_FOLL_PIN, FOLL_PIN },
	};
	u32 i;

	*kernel = 0;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (flags & table[i].flag)
			*kernel |= table[i].kernel;
		flags &= ~table[i].flag;
	}
	return !flags;
}

/* VM_* of those PL_VMA_* that a device's ->mmap may set. */
static inline unsigned long pl_vm_flags(u32 flags)
{
	unsigned long kernel = 0;

	if (flags & PL_VMA_PFNMAP)
		kernel |= VM_PFNMAP;
	if (flags & PL_VMA_MIXEDMAP)
		kernel |= VM_MIXEDMAP;
	if (flags & PL_VMA_IO)
		kernel |= VM_IO;
	if (flags & PL_VMA_DONTEXPAND)
		kernel |= VM_DONTEXPAND;
	if (flags & PL_VMA_DONTDUMP)
		kernel |= VM_DONTDUMP;
	return kernel;
}

/*
 * vm_flags_set() is there since 6.3 (bc292ab00f6c "mm: introduce vma->vm_flags
 * wrapper functions").
 */
static inline void pl_vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}

/*
 * Before 6.3 (3222d8c2a7f8 "block: remove ->rw_page") a disk may take a whole
 * page without a bio.
 */
#define PL_DISK_RW_PAGE(function)	.rw_page = (function),

/* The kernel's number of a PL_RSS_* counter. */
static inline int pl_rss_kernel(int counter)
{
	static const int kernel[] = {
		[PL_RSS_ANON] = MM_ANONPAGES,
		[PL_RSS_FILE] = MM_FILEPAGES,
		[PL_RSS_SHMEM] = MM_SHMEMPAGES,
		[PL_RSS_SWAP] = MM_SWAPENTS,
	};

	return kernel[counter];
}

/*
 * One PL_RSS_* counter, exactly. Before 6.2 (f1a7941243c1 "mm: convert mm's
 * rss stats into percpu_counter") a task may keep a difference of its own,
 * when page tables have split locks; get_mm_counter() would also hide a sum
 * that is below 0 for the moment.
 */
static inline s64 pl_rss_counter(struct mm_struct *mm, struct task_struct *task, int counter)
{
	int member = pl_rss_kernel(counter);
	s64 value = atomic_long_read(&mm->rss_stat.count[member]);

#ifdef SPLIT_RSS_COUNTING
	task_lock(task);
	if (task->mm == mm)
		value += task->rss_stat.count[member];
	task_unlock(task);
#endif
	return value;
}

/* The PL_RSS_* counter that a mapped page is in. */
static inline int pl_rss_of_page(struct page *page)
{
	switch (mm_counter(page)) {
	case MM_ANONPAGES:
		return PL_RSS_ANON;
	case MM_SHMEMPAGES:
		return PL_RSS_SHMEM;
	}
	return PL_RSS_FILE;
}

/* Mappings of this page. The field is the type of a page that has one. */
static inline int pl_mapcount(struct page *page)
{
	if (PageSlab(page) || page_has_type(page))
		return 0;
	return page_mapcount(page);
}

/* FOLL_PINs of a compound page: those of any other are in its count. */
static inline u16 pl_pincount(struct page *page)
{
	struct folio *folio = page_folio(page);

	return folio_test_large(folio) ? atomic_read(folio_pincount_ptr(folio)) : 0;
}

/* Flags of a page, as PL_PAGE_*, but for ZERO and NO_DATA. */
static inline u32 pl_page_flags(struct page *page)
{
	u32 flags = 0;

	if (PageDirty(page))
		flags |= PL_PAGE_DIRTY;
	if (PageUptodate(page))
		flags |= PL_PAGE_UPTODATE;
	if (PageWriteback(page))
		flags |= PL_PAGE_WRITEBACK;
	if (PagePrivate(page))
		flags |= PL_PAGE_PRIVATE;
	if (PageLocked(page))
		flags |= PL_PAGE_LOCKED;
	if (PageSwapBacked(page))
		flags |= PL_PAGE_SWAPBACKED;
	if (PageReserved(page))
		flags |= PL_PAGE_RESERVED;
	if (PageCompound(page))
		flags |= PL_PAGE_COMPOUND;
	if (PageSwapCache(page))
		flags |= PL_PAGE_SWAPCACHE;
	/* the allocator uses a slab page's mapping for itself */
	if (PageSlab(page))
		return flags | PL_PAGE_SLAB;
	if (compound_head(page)->mapping)
		flags |= PL_PAGE_MAPPING;
	if (PageAnon(page)) {
		flags |= PL_PAGE_ANON;
		/* a huge page of hugetlb has one such flag, its head's */
		if (!(PageHuge(page) && PageTail(page)) && PageAnonExclusive(page))
			flags |= PL_PAGE_EXCLUSIVE;
	}
	return flags;
}

/* Present to the kernel but not to the user: PROT_NONE. */
static inline bool pl_pte_none_prot(pte_t pte)
{
#if defined(CONFIG_X86)
	return (pte_flags(pte) & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;
#elif defined(CONFIG_ARM64)
	return (pte_val(pte) & (PTE_PROT_NONE | PTE_VALID)) == PTE_PROT_NONE;
#else
#error "pagelab: how does this architecture encode PROT_NONE?"
#endif
}

/* PL_PTE_WC, PL_PTE_NC or both of an entry that is mapped in another way than memory is. */
static inline u16 pl_pte_type(pte_t pte)
{
#if defined(CONFIG_X86)
	pgprotval_t type = pte_flags(pte) & _PAGE_CACHE_MASK;

	if (!type)
		return 0;
	/* without PAT all of them are the same, uncached */
	if (type == pgprot_val(pgprot_noncached(__pgprot(0))))
		return PL_PTE_NC;
	if (type == pgprot_val(pgprot_writecombine(__pgprot(0))))
		return PL_PTE_WC;
	return type == pgprot_val(pgprot_writethrough(__pgprot(0))) ? PL_PTE_WC | PL_PTE_NC :
								      PL_PTE_NC;
#else
	pteval_t type = pte_val(pte) & PTE_ATTRINDX_MASK;

	if (type == PTE_ATTRINDX(MT_NORMAL) || type == PTE_ATTRINDX(MT_NORMAL_TAGGED))
		return 0;
	return type == PTE_ATTRINDX(MT_NORMAL_NC) ? PL_PTE_WC : PL_PTE_NC;
#endif
}

/* PL_PTE_* of an entry of the last level that is neither none nor present. */
static inline u16 pl_absent_flags(pte_t pte)
{
	u16 flags = PL_PTE_SWAP;

	if (pte_marker_uffd_wp(pte))
		return PL_PTE_UFFD_WP;
	if (pte_swp_uffd_wp(pte))
		flags |= PL_PTE_UFFD_WP;
	if (!non_swap_entry(pte_to_swp_entry(pte)) && pte_swp_exclusive(pte))
		flags |= PL_PTE_EXCLUSIVE;
	return flags;
}

/* A protection with another memory type, PL_TYPE_* (0: as it is). */
static inline pgprot_t pl_prot(pgprot_t prot, u32 type)
{
	if (type & PL_TYPE_WC)
		return pgprot_writecombine(prot);
	if (type & PL_TYPE_WT)
		return pgprot_writethrough(prot);
	return type & PL_TYPE_NC ? pgprot_noncached(prot) : prot;
}

/* It takes a pfn_t before 6.17 (21aa65bf82a7 "mm: remove callers of pfn_t functionality"). */
static inline vm_fault_t pl_vmf_insert_mixed(struct vm_area_struct *vma, unsigned long addr,
					     unsigned long pfn)
{
	return vmf_insert_mixed(vma, addr, __pfn_to_pfn_t(pfn, PFN_DEV));
}

/*
 * Pages from that frame on that are x86's ROM: no memory, and still with a
 * struct page. The machine's firmware lies there.
 */
static inline u32 pl_rom_pages(unsigned long pfn)
{
#if defined(CONFIG_X86)
	return pfn >= 0xf0 && pfn < 0x100 ? 0x100 - pfn : 0;
#else
	return 0;
#endif
}

/* What snapshots call the slot of a swap entry; 0 of an entry that is none. */
static inline u64 pl_swap_frame(swp_entry_t entry)
{
	return non_swap_entry(entry) ? 0 : PL_FRAME_SWAP + swp_offset(entry);
}

/* The frame of an entry of the last level, of its page or of its slot; 0: neither. */
static inline u64 pl_pte_frame(pte_t pte)
{
	if (pte_present(pte))
		return pte_pfn(pte);
	return pte_none(pte) ? 0 : pl_swap_frame(pte_to_swp_entry(pte));
}

/* PL_PTE_* of an entry of the last level; 0: none. */
static inline u16 pl_pte_flags(pte_t pte)
{
	u16 flags = PL_PTE_PRESENT;

	if (pte_none(pte))
		return 0;
	if (!pte_present(pte))
		return pl_absent_flags(pte);
	flags |= pl_pte_type(pte);
	if (pte_uffd_wp(pte))
		flags |= PL_PTE_UFFD_WP;
	if (pte_write(pte))
		flags |= PL_PTE_WRITE;
	if (pte_dirty(pte))
		flags |= PL_PTE_DIRTY;
	if (pte_young(pte))
		flags |= PL_PTE_YOUNG;
	if (pte_special(pte))
		flags |= PL_PTE_SPECIAL;
	if (pl_pte_none_prot(pte))
		flags |= PL_PTE_NONE_PROT;
	if (is_zero_pfn(pte_pfn(pte)))
		flags |= PL_PTE_ZERO;
	return flags;
}

/*
 * Is an entry one level up, not none, a leaf and no table? Not pmd_leaf(): on
 * arm64 that asks for a valid one, which a leaf with PROT_NONE is not.
 */
static inline bool pl_pmd_leaf(pmd_t pmd)
{
	if (!pmd_present(pmd))
		return true;
#if defined(CONFIG_ARM64)
	return !(pmd_val(pmd) & PMD_TABLE_BIT);
#else
	return pmd_leaf(pmd);
#endif
}

/* The same as pl_pte_flags() of a leaf one level up. */
static inline u16 pl_pmd_flags(pmd_t pmd)
{
	u16 flags = PL_PTE_HUGE | PL_PTE_PRESENT;

	if (!pmd_present(pmd))
		return PL_PTE_HUGE | PL_PTE_SWAP;
	if (pmd_uffd_wp(pmd))
		flags |= PL_PTE_UFFD_WP;
	if (pmd_write(pmd))
		flags |= PL_PTE_WRITE;
	if (pmd_dirty(pmd))
		flags |= PL_PTE_DIRTY;
	if (pmd_young(pmd))
		flags |= PL_PTE_YOUNG;
	if (pl_pte_none_prot(__pte(pmd_val(pmd))))
		flags |= PL_PTE_NONE_PROT;
	return flags;
}

/* The page that x86 has for every process above all user memory; 0: there is none. */
static inline unsigned long pl_gate_page(void)
{
#if defined(CONFIG_X86)
	return VSYSCALL_ADDR;
#else
	return 0;
#endif
}

/*
 * Would generic_access_phys() stop the kernel? It maps the frame with the
 * entry's own bits; on arm64 these are all of them, so that the kernel faults at
 * an old entry, at one that nobody may use, at a clean one that it writes to,
 * and with PAN at any.
 */
static inline bool pl_phys_faults(u16 flags, bool write)
{
#if defined(CONFIG_ARM64)
	return system_uses_hw_pan() || flags & PL_PTE_NONE_PROT || !(flags & PL_PTE_YOUNG) ||
	       (write && !(flags & PL_PTE_DIRTY));
#else
	return false;
#endif
}

/* What processor and kernel have that results depend on: PL_FEATURE_*. */
static inline u64 pl_features(void)
{
	u64 features = 0;

#ifdef SPLIT_RSS_COUNTING
	features |= PL_FEATURE_SPLIT_RSS;
#endif
	if (IS_ENABLED(CONFIG_PTE_MARKER_UFFD_WP))
		features |= PL_FEATURE_UFFD_WP;
	if (pgprot_val(pgprot_writecombine(__pgprot(0))) !=
	    pgprot_val(pgprot_noncached(__pgprot(0))))
		features |= PL_FEATURE_WC;
	if (IS_ENABLED(CONFIG_SWAP))
		features |= PL_FEATURE_SWAP;
	if (pgprot_val(pgprot_writethrough(__pgprot(0))) !=
	    pgprot_val(pgprot_noncached(__pgprot(0))))
		features |= PL_FEATURE_WT;
#if defined(CONFIG_X86)
	if (pat_enabled())
		features |= PL_FEATURE_PAT;
	if (boot_cpu_has(X86_FEATURE_OSPKE))
		features |= PL_FEATURE_PKU;
#elif defined(CONFIG_ARM64)
	if (IS_ENABLED(CONFIG_ARM64_EPAN) && cpus_have_cap(ARM64_HAS_EPAN))
		features |= PL_FEATURE_EPAN;
	if (system_uses_hw_pan())
		features |= PL_FEATURE_PAN;
	if (cpu_has_hw_af())
		features |= PL_FEATURE_HW_AF;
	if (IS_ENABLED(CONFIG_ARM64_HW_AFDBM) && cpus_have_cap(ARM64_HW_DBM))
		features |= PL_FEATURE_HW_DBM;
#endif
	return features;
}

#endif /* PAGELAB_COMPAT_H */
