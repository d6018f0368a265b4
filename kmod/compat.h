/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - whatever differs between kernel versions or architectures.
 *
 * The rest of the module asks for nothing of the kernel that is known to
 * change: it comes here for it, or to the files named below. Written for 6.1;
 * what 5.10 lacks is given the name that it has since.
 */
#ifndef PAGELAB_COMPAT_H
#define PAGELAB_COMPAT_H

#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/sched.h>
#include <linux/version.h>

#ifdef CONFIG_ARM64
#include <asm/cpufeature.h>
#endif
#ifdef CONFIG_X86
#include <asm/memtype.h>
#include <asm/vsyscall.h>
#endif

#include "compat_calls.h"
#include "compat_entries.h"
#include "compat_pages.h"
#include "pagelab_uapi.h"

#ifndef CONFIG_64BIT
#error "pagelab reads pages through the direct map: 64-bit kernels only"
#endif

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
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

#ifndef TASK_SIZE_MAX
#define TASK_SIZE_MAX	TASK_SIZE	/* arm64 before 5.11 */
#endif

#ifndef VM_UFFD_MINOR
#define VM_UFFD_MINOR	VM_NONE	/* before 5.13 (7677f7fd8be7) */
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
/* ce6d42f2e4a2 "mm: add vma_lookup(), update find_vma_intersection() comments" */
static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && addr >= vma->vm_start ? vma : NULL;
}
#endif

/* It is __state since 5.14 (2f064a59a11f "sched: Change task_struct::state"). */
static inline unsigned int pl_task_state(const struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	return READ_ONCE(task->__state);
#else
	return READ_ONCE(task->state);
#endif
}

/* What a file without it does is the same since 6.0; 6.12 has no such name (cb787f4ac0c2). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define no_llseek	NULL
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
/* f3ba3c710ac5 "mm/highmem: Provide kmap_local*"; on 64 bits all memory is mapped */
static inline void *kmap_local_page(struct page *page)
{
	return page_address(page);
}

static inline void kunmap_local(void *data)
{
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 13, 0)
/* 6a0996db6879 "mm/highmem: Introduce memcpy_page(), ...", 28961998f858 */
static inline void memcpy_page(struct page *to, size_t to_offset, struct page *from,
			       size_t from_offset, size_t len)
{
	memcpy(page_address(to) + to_offset, page_address(from) + from_offset, len);
}

static inline void memzero_page(struct page *page, size_t offset, size_t len)
{
	memset(page_address(page) + offset, 0, len);
}
#endif

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

/* The page that x86 has for every process above all user memory; 0: there is none. */
static inline unsigned long pl_gate_page(void)
{
#if defined(CONFIG_X86)
	return VSYSCALL_ADDR;
#else
	return 0;
#endif
}

#ifdef CONFIG_ARM64
/* Does the kernel fault at what a user could touch? */
static inline bool pl_uses_pan(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return system_uses_hw_pan();
#else
	return IS_ENABLED(CONFIG_ARM64_PAN) && cpus_have_cap(ARM64_HAS_PAN);
#endif
}
#endif

/*
 * Would generic_access_phys() stop the kernel? It maps the frame with the
 * entry's own bits; on arm64 these are all of them, so that the kernel faults at
 * an old entry, at one that nobody may use, at a clean one that it writes to,
 * and with PAN at any. Newer kernels, 6.12.117 too, take the memory type alone
 * (arch/arm64/include/asm/io.h ioremap_prot).
 */
static inline bool pl_phys_faults(u16 flags, bool write)
{
#if defined(CONFIG_ARM64) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	return pl_uses_pan() || flags & PL_PTE_NONE_PROT || !(flags & PL_PTE_YOUNG) ||
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
	if (IS_ENABLED(CONFIG_HAVE_ARCH_USERFAULTFD_WP))
		features |= PL_FEATURE_UFFD_WP;
	if (pgprot_val(pgprot_writecombine(__pgprot(0))) !=
	    pgprot_val(pgprot_noncached(__pgprot(0))))
		features |= PL_FEATURE_WC;
	if (IS_ENABLED(CONFIG_SWAP))
		features |= PL_FEATURE_SWAP;
	if (IS_ENABLED(CONFIG_EXT4_USE_FOR_EXT2) && !IS_ENABLED(CONFIG_EXT2_FS))
		features |= PL_FEATURE_EXT4;
	if (IS_ENABLED(CONFIG_MEMORY_FAILURE))
		features |= PL_FEATURE_MEMORY_FAILURE;
	if (pgprot_val(pgprot_writethrough(__pgprot(0))) !=
	    pgprot_val(pgprot_noncached(__pgprot(0))))
		features |= PL_FEATURE_WT;
#if defined(CONFIG_X86)
	if (pat_enabled())
		features |= PL_FEATURE_PAT;
	if (boot_cpu_has(X86_FEATURE_OSPKE))
		features |= PL_FEATURE_PKU;
#elif defined(CONFIG_ARM64)
#ifdef CONFIG_ARM64_EPAN	/* since 5.13 */
	if (cpus_have_cap(ARM64_HAS_EPAN))
		features |= PL_FEATURE_EPAN;
#endif
	if (pl_uses_pan())
		features |= PL_FEATURE_PAN;
	if (cpu_has_hw_af())
		features |= PL_FEATURE_HW_AF;
	if (IS_ENABLED(CONFIG_ARM64_HW_AFDBM) && cpus_have_cap(ARM64_HW_DBM))
		features |= PL_FEATURE_HW_DBM;
#endif
	return features;
}

#endif /* PAGELAB_COMPAT_H */
