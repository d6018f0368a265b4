/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat_entries.h - page table entries: their words changed, not what they say.
 */
#ifndef PAGELAB_COMPAT_ENTRIES_H
#define PAGELAB_COMPAT_ENTRIES_H

#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>
#include <linux/version.h>

#include "pagelab_uapi.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
#include <linux/leafops.h>
#endif

/*
 * Before 5.11 only mm/gup.c knows how to read an entry without its lock
 * (2a4a06da8a4b "mm/gup: Provide gup_get_pte() more generic").
 */
static inline pte_t pl_ptep_get(pte_t *entry)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return ptep_get_lockless(entry);
#else
	return ptep_get(entry);
#endif
}

/*
 * What 6.1 calls a swap entry, whatever it says, is a leaf in 7.x
 * (linux/leafops.h), and the write-protection of userfaultfd a bit with more
 * than one meaning.
 */
static inline swp_entry_t pl_leaf(pte_t pte)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return softleaf_from_pte(pte);
#else
	return pte_to_swp_entry(pte);
#endif
}

static inline bool pl_is_swap(swp_entry_t entry)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return softleaf_is_swap(entry);
#else
	return !non_swap_entry(entry);
#endif
}

static inline bool pl_pte_uffd_wp(pte_t pte)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return pte_uffd(pte);
#else
	return pte_uffd_wp(pte);
#endif
}

static inline bool pl_pmd_uffd_wp(pmd_t pmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return pmd_uffd(pmd);
#else
	return pmd_uffd_wp(pmd);
#endif
}

static inline bool pl_swp_uffd_wp(pte_t pte)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return pte_swp_uffd(pte);
#else
	return pte_swp_uffd_wp(pte);
#endif
}

/* Markers are there since 5.19 (679d10331910 "mm: introduce PTE_MARKER swap entry"). */
static inline bool pl_is_uffd_marker(pte_t pte)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return pte_is_uffd_wp_marker(pte);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
	return pte_marker_uffd_wp(pte);
#else
	return false;
#endif
}

/* Guard pages are there since 6.13 (662df3e5c376 "mm: madvise: implement lightweight guard"). */
static inline bool pl_is_guard_marker(pte_t pte)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
	return softleaf_is_guard_marker(softleaf_from_pte(pte));
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	return is_guard_swp_entry(pte_to_swp_entry(pte));
#else
	return false;
#endif
}

/*
 * Since 5.19 an entry of swap remembers it (1493a1913e34 "mm/swap: remember
 * PG_anon_exclusive via a swp pte bit").
 */
static inline bool pl_swp_exclusive(pte_t pte)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
	return pte_swp_exclusive(pte);
#else
	return false;
#endif
}

/*
 * Present to the kernel but not to the user: PROT_NONE. arm64 had a bit for
 * that until 6.11 ("arm64/mm: Remove PTE_PROT_NONE bit").
 */
static inline bool pl_pte_none_prot(pte_t pte)
{
#if defined(CONFIG_X86)
	return (pte_flags(pte) & (_PAGE_PROTNONE | _PAGE_PRESENT)) == _PAGE_PROTNONE;
#elif defined(CONFIG_ARM64) && !defined(PTE_PROT_NONE)
	return pte_present_invalid(pte);
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

	if (pl_is_uffd_marker(pte))
		return PL_PTE_UFFD_WP;
	if (pl_is_guard_marker(pte))
		return PL_PTE_GUARD;
	if (pl_swp_uffd_wp(pte))
		flags |= PL_PTE_UFFD_WP;
	if (pl_is_swap(pl_leaf(pte)) && pl_swp_exclusive(pte))
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

/* What snapshots call the slot of a swap entry; 0 of an entry that is none. */
static inline u64 pl_swap_frame(swp_entry_t entry)
{
	return pl_is_swap(entry) ? PL_FRAME_SWAP + swp_offset(entry) : 0;
}

/* The frame of an entry of the last level, of its page or of its slot; 0: neither. */
static inline u64 pl_pte_frame(pte_t pte)
{
	if (pte_present(pte))
		return pte_pfn(pte);
	return pte_none(pte) ? 0 : pl_swap_frame(pl_leaf(pte));
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
	if (pl_pte_uffd_wp(pte))
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
	return !(pmd_val(pmd) & PMD_TYPE_TABLE & ~PTE_VALID);
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
	if (pl_pmd_uffd_wp(pmd))
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

#endif /* PAGELAB_COMPAT_ENTRIES_H */
