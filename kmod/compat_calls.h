/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat_calls.h - the calls of mm/ that programs make, under one form each.
 */
#ifndef PAGELAB_COMPAT_CALLS_H
#define PAGELAB_COMPAT_CALLS_H

#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#include <linux/pfn_t.h>
#endif

#include "pagelab_uapi.h"

/*
 * get_user_pages(), its remote form and pin_user_pages() have a vmas array
 * before 6.5 (54d020692b34 "mm/gup: remove unused vmas parameter from
 * get_user_pages()", ca5e863233e8, 4c630f307455).
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define PL_HAS_VMAS
#endif

static inline bool pl_has_vmas(void)
{
#ifdef PL_HAS_VMAS
	return true;
#else
	return false;
#endif
}

static inline long pl_get_user_pages(unsigned long start, unsigned long nr, unsigned int flags,
				     struct page **pages, struct vm_area_struct **vmas)
{
#ifdef PL_HAS_VMAS
	return get_user_pages(start, nr, flags, pages, vmas);
#else
	return get_user_pages(start, nr, flags, pages);
#endif
}

static inline long pl_get_user_pages_remote(struct mm_struct *mm, unsigned long start,
					    unsigned long nr, unsigned int flags,
					    struct page **pages, struct vm_area_struct **vmas,
					    int *locked)
{
#ifdef PL_HAS_VMAS
	return get_user_pages_remote(mm, start, nr, flags, pages, vmas, locked);
#else
	return get_user_pages_remote(mm, start, nr, flags, pages, locked);
#endif
}

static inline long pl_pin_user_pages(unsigned long start, unsigned long nr, unsigned int flags,
				     struct page **pages, struct vm_area_struct **vmas)
{
#ifdef PL_HAS_VMAS
	return pin_user_pages(start, nr, flags, pages, vmas);
#else
	return pin_user_pages(start, nr, flags, pages);
#endif
}

/*
 * Since 6.3 mm/ has it for itself (mm/internal.h; 2c2241081f7d "mm/gup: move private
 * gup FOLL_ flags to internal.h"). To ask for it is an error that can be seen.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define FOLL_PIN	(1 << 19)
#endif

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
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
		{ PL_FOLL_PCI_P2PDMA, FOLL_PCI_P2PDMA },
#endif
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

/* It takes a pfn_t before 6.17 (21aa65bf82a7 "mm: remove callers of pfn_t functionality"). */
static inline vm_fault_t pl_vmf_insert_mixed(struct vm_area_struct *vma, unsigned long addr,
					     unsigned long pfn)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	return vmf_insert_mixed(vma, addr, pfn);
#else
	return vmf_insert_mixed(vma, addr, __pfn_to_pfn_t(pfn, PFN_DEV));
#endif
}

/*
 * follow_pfn() of what has one. 6.12 asks in another way, and looks whether the
 * VMA has the address (6da8e9634bb7 "mm: new follow_pfnmap API").
 */
static inline int pl_follow_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long *pfn)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	struct follow_pfnmap_args args = { .vma = vma, .address = addr };
	int err = follow_pfnmap_start(&args);

	if (err)
		return err;
	*pfn = args.pfn;
	follow_pfnmap_end(&args);
	return 0;
#else
	return follow_pfn(vma, addr, pfn);
#endif
}

/* In 7.x it has another name, and takes VM_MIXEDMAP too. */
static inline void pl_zap_vma_ptes(struct vm_area_struct *vma, unsigned long addr,
				   unsigned long size)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	zap_special_vma_range(vma, addr, size);
#else
	zap_vma_ptes(vma, addr, size);
#endif
}

/*
 * Calls that are found by name, NULL: the kernel has none. zap_page_range() went
 * with 6.3 (e9adcfecf572 "mm: remove zap_page_range and create zap_vma_pages");
 * its form for one VMA is a static function in 5.10, and has another name and no
 * details in 7.x.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define PL_ZAP_RANGE		"zap_page_range"
#else
#define PL_ZAP_RANGE		NULL
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#define PL_ZAP_RANGE_SINGLE	"zap_vma_range"
#define PL_ZAP_CUTS		false	/* a range to its VMA: it has to lie there */
#define PL_ZAP_DETAILS		/* everything, private copies too */
#define PL_ZAP_DETAILS_TYPE
#else
#define PL_ZAP_CUTS		true
#define PL_ZAP_DETAILS		, NULL /* the same */
#define PL_ZAP_DETAILS_TYPE	, struct zap_details *details
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 0, 0)
#define PL_ZAP_RANGE_SINGLE	"zap_page_range_single"
#else
#define PL_ZAP_RANGE_SINGLE	NULL
#endif
#endif

/*
 * The kernel's way to what has no pages, for a ->access. Without a way to map a
 * frame as its entry does (arm64 in 5.10) no kernel calls that.
 */
static inline int pl_access_phys(struct vm_area_struct *vma, unsigned long addr, void *buf,
				 int len, int write)
{
#ifdef CONFIG_HAVE_IOREMAP_PROT
	return generic_access_phys(vma, addr, buf, len, write);
#else
	return -EINVAL;
#endif
}

#endif /* PAGELAB_COMPAT_CALLS_H */
