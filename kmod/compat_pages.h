/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat_pages.h - struct page, and the counters of what is mapped. Between
 * 5.16 (7b230db3b8d3 "mm: Introduce struct folio") and 7.x what belonged to a
 * page became its folio's, one field after the other.
 */
#ifndef PAGELAB_COMPAT_PAGES_H
#define PAGELAB_COMPAT_PAGES_H

#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/percpu_counter.h>
#include <linux/sched.h>
#include <linux/version.h>

#include "pagelab_uapi.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define PL_FOLIOS	/* a page has no fields of its own any more */
#define PL_HEAD(page)	page_folio(page)
#else
#define PL_HEAD(page)	compound_head(page)
#endif

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
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
	return percpu_counter_sum(&mm->rss_stat[member]);
#else
	s64 value = atomic_long_read(&mm->rss_stat.count[member]);

#ifdef SPLIT_RSS_COUNTING
	task_lock(task);
	if (task->mm == mm)
		value += task->rss_stat.count[member];
	task_unlock(task);
#endif
	return value;
#endif
}

/*
 * The PL_RSS_* counter that a mapped page is in. Since 6.9 its folio is asked
 * ("mm: convert mm_counter() to take a folio").
 */
static inline int pl_rss_of_page(struct page *page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	int member = mm_counter(page_folio(page));
#else
	int member = mm_counter(page);
#endif

	switch (member) {
	case MM_ANONPAGES:
		return PL_RSS_ANON;
	case MM_SHMEMPAGES:
		return PL_RSS_SHMEM;
	}
	return PL_RSS_FILE;
}

/* Since 6.12 a page of a slab has a type, which stands in its head alone. */
static inline bool pl_is_slab(struct page *page)
{
#ifdef PL_FOLIOS
	return folio_test_slab(page_folio(page));
#else
	return PageSlab(page);
#endif
}

/*
 * Mappings of this page. The field is the type of a page that has one; since
 * 6.12 those of hugetlb do too.
 */
static inline int pl_mapcount(struct page *page)
{
#ifdef PL_FOLIOS
	if (PageHuge(page))
		return folio_entire_mapcount(page_folio(page));
#endif
	if (pl_is_slab(page) || page_has_type(page))
		return 0;
#ifdef PL_FOLIOS
	/* page_mapcount() is gone since 6.12: what fs/proc has instead */
	return atomic_read(&page->_mapcount) + 1 +
	       (PageCompound(page) ? folio_entire_mapcount(page_folio(page)) : 0);
#else
	return page_mapcount(page);
#endif
}

/* FOLL_PINs of a compound page: those of any other are in its count. */
static inline u16 pl_pincount(struct page *page)
{
#if defined(PL_FOLIOS)
	struct folio *folio = page_folio(page);

	return folio_has_pincount(folio) ? atomic_read(&folio->_pincount) : 0;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
	struct folio *folio = page_folio(page);

	return folio_test_large(folio) ? atomic_read(folio_pincount_ptr(folio)) : 0;
#else
	struct page *head = compound_head(page);

	return hpage_pincount_available(head) ? head_compound_pincount(head) : 0;
#endif
}

#ifdef PL_FOLIOS
/* Those that a tail has from its head. */
static inline u32 pl_folio_flags(const struct folio *folio)
{
	u32 flags = 0;

	if (folio_test_dirty(folio))
		flags |= PL_PAGE_DIRTY;
	if (folio_test_uptodate(folio))
		flags |= PL_PAGE_UPTODATE;
	if (folio_test_writeback(folio))
		flags |= PL_PAGE_WRITEBACK;
	if (folio_test_locked(folio))
		flags |= PL_PAGE_LOCKED;
	if (folio_test_swapbacked(folio))
		flags |= PL_PAGE_SWAPBACKED;
	if (folio_test_swapcache(folio))
		flags |= PL_PAGE_SWAPCACHE;
	return flags;
}
#else
static inline u32 pl_folio_flags(struct page *page)
{
	u32 flags = 0;

	if (PageDirty(page))
		flags |= PL_PAGE_DIRTY;
	if (PageUptodate(page))
		flags |= PL_PAGE_UPTODATE;
	if (PageWriteback(page))
		flags |= PL_PAGE_WRITEBACK;
	if (PageLocked(page))
		flags |= PL_PAGE_LOCKED;
	if (PageSwapBacked(page))
		flags |= PL_PAGE_SWAPBACKED;
	if (PageSwapCache(page))
		flags |= PL_PAGE_SWAPCACHE;
	return flags;
}
#endif

/*
 * Since 5.19 a page knows whether one process alone has it (6c287605fd56 "mm:
 * remember exclusively mapped anonymous pages with PG_anon_exclusive"). A huge
 * page of hugetlb has one such flag, its head's.
 */
static inline bool pl_is_exclusive(struct page *page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
	return !(PageHuge(page) && PageTail(page)) && PageAnonExclusive(page);
#else
	return false;
#endif
}

/* The mapping that a page is in, or what stands there instead; NULL: none. */
static inline struct address_space *pl_page_mapping(struct page *page)
{
	return READ_ONCE(PL_HEAD(page)->mapping);
}

/* Flags of a page, as PL_PAGE_*, but for ZERO and NO_DATA. */
static inline u32 pl_page_flags(struct page *page)
{
	u32 flags = pl_folio_flags(PL_HEAD(page));

	/* hugetlb has it for marks of its own before 5.12 (d6995da31122) */
	if (PagePrivate(page) && !PageHuge(page))
		flags |= PL_PAGE_PRIVATE;
	if (PageReserved(page))
		flags |= PL_PAGE_RESERVED;
	if (PageCompound(page))
		flags |= PL_PAGE_COMPOUND;
	if (PageTable(page) || PageGuard(page) || PageOffline(page))
		flags |= PL_PAGE_TYPED;
	/* the allocator uses a slab page's mapping for itself */
	if (pl_is_slab(page))
		return flags | PL_PAGE_SLAB;
	if (pl_page_mapping(page))
		flags |= PL_PAGE_MAPPING;
	if (PageAnon(page))
		flags |= PL_PAGE_ANON | (pl_is_exclusive(page) ? PL_PAGE_EXCLUSIVE : 0);
	return flags;
}

/* What is in the list of a pool's free huge pages. */
#ifdef PL_FOLIOS
typedef struct folio pl_pool_page;
#define pl_clean_pool_page	folio_clear_dirty
#else
typedef struct page pl_pool_page;
#define pl_clean_pool_page	ClearPageDirty
#endif

/* A page that nobody uses is clean, whatever it was. */
static inline void pl_clear_dirty(struct page *page)
{
#ifdef PL_FOLIOS
	folio_clear_dirty(page_folio(page));
#else
	ClearPageDirty(page);
#endif
}

/* Where in it the first page of what belongs together is. */
static inline pgoff_t pl_page_index(struct page *head)
{
#ifdef PL_FOLIOS
	return page_folio(head)->index;
#else
	return head->index;
#endif
}

/* Is that a mapping? The lowest bits say what else it is. */
static inline bool pl_is_mapping(const struct address_space *mapping)
{
#ifdef FOLIO_MAPPING_FLAGS
	return mapping && !((unsigned long)mapping & FOLIO_MAPPING_FLAGS);
#else
	return mapping && !((unsigned long)mapping & PAGE_MAPPING_FLAGS);
#endif
}

/* The file's mapping that a page is in; NULL: none. */
static inline struct address_space *pl_file_mapping(struct page *page)
{
	struct address_space *mapping = pl_is_slab(page) ? NULL : pl_page_mapping(page);

	return pl_is_mapping(mapping) ? mapping : NULL;
}

#endif /* PAGELAB_COMPAT_PAGES_H */
