// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot.c - what processes, files and held pages look like now.
 *
 * First everything is read, then the differences are written down (tell.c) and
 * copied to the user, and only then does "now" become "told": a snapshot that
 * fails (-EBUSY: a process's mmap lock was taken) may simply be asked for again.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "compat.h"
#include "pagelab.h"

struct pte_reader {
	struct pl_list *list;
	unsigned long start;
};

static void read_pte(void *arg, unsigned long addr, u16 flags, unsigned long pfn,
		     unsigned long pages)
{
	struct pte_reader *reader = arg;
	struct pl_seen_pte *pte = reader->list->data;

	pte += reader->list->count++;
	pte->index = (addr - reader->start) >> PAGE_SHIFT;
	pte->flags = flags;
	pte->pfn = pfn;
}

static u32 vma_flags(const struct vm_area_struct *vma)
{
	static const struct {
		unsigned long kernel;
		u32 flag;
	} table[] = {
		{ VM_READ, PL_VMA_READ },	  { VM_WRITE, PL_VMA_WRITE },
		{ VM_EXEC, PL_VMA_EXEC },	  { VM_SHARED, PL_VMA_SHARED },
		{ VM_MAYREAD, PL_VMA_MAYREAD },	  { VM_MAYWRITE, PL_VMA_MAYWRITE },
		{ VM_MAYEXEC, PL_VMA_MAYEXEC },	  { VM_MAYSHARE, PL_VMA_MAYSHARE },
		{ VM_GROWSDOWN, PL_VMA_GROWSDOWN }, { VM_PFNMAP, PL_VMA_PFNMAP },
		{ VM_MIXEDMAP, PL_VMA_MIXEDMAP }, { VM_IO, PL_VMA_IO },
		{ VM_LOCKED, PL_VMA_LOCKED },	  { VM_DONTEXPAND, PL_VMA_DONTEXPAND },
		{ VM_DONTDUMP, PL_VMA_DONTDUMP }, { VM_HUGETLB, PL_VMA_HUGETLB },
		{ VM_UFFD_MISSING, PL_VMA_UFFD_MISSING },
		{ VM_HUGEPAGE, PL_VMA_HUGEPAGE }, { VM_NOHUGEPAGE, PL_VMA_NOHUGEPAGE },
		{ VM_UFFD_WP, PL_VMA_UFFD_WP },	  { VM_UFFD_MINOR, PL_VMA_UFFD_MINOR },
#ifdef VM_MAYBE_GUARD	/* since 6.19: a VMA remembers that it has had guard pages */
		{ VM_MAYBE_GUARD, PL_VMA_MAYBE_GUARD },
#endif
#ifdef VM_PAT
		{ VM_PAT, PL_VMA_PAT },
#endif
	};
	u32 i, flags = 0;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (vma->vm_flags & table[i].kernel)
			flags |= table[i].flag;
	}
	return flags;
}

static u32 vma_file(const struct pl_session *s, const struct vm_area_struct *vma)
{
	u32 i;

	if (!vma->vm_file)
		return PL_FILE_NONE;
	for (i = 0; i < PL_FILES_MAX; i++) {
		if (s->files[i].file && s->files[i].file->f_mapping == vma->vm_file->f_mapping)
			return i + 1;
	}
	return PL_FILE_OTHER;
}

static void describe_vma(const struct pl_session *s, u32 process,
			 const struct vm_area_struct *vma, struct pl_vma_record *r)
{
	unsigned long start = max(vma->vm_start, s->start);
	unsigned long end = min(vma->vm_end, s->end);

	memset(r, 0, sizeof(*r));
	r->process = process;
	r->start = (start - s->start) >> PAGE_SHIFT;
	r->end = (end - s->start) >> PAGE_SHIFT;
	r->flags = vma_flags(vma);
	r->file = vma_file(s, vma);
	if (r->file != PL_FILE_NONE && r->file != PL_FILE_OTHER)
		r->pgoff = vma->vm_pgoff + ((start - vma->vm_start) >> PAGE_SHIFT);
	/* remap_pfn_range() has put a frame's number there */
	if (vma->vm_flags & VM_PFNMAP)
		r->pgoff = pl_frame_name(r->pgoff);
}

/* Would the two be one VMA, as far as the records show? */
static bool continues(const struct pl_vma_record *a, const struct pl_vma_record *b)
{
	if (a->end != b->start || a->flags != b->flags || a->file != b->file)
		return false;
	if (a->file == PL_FILE_NONE || a->file == PL_FILE_OTHER)
		return true;
	return a->pgoff + (a->end - a->start) == b->pgoff;
}

static int read_vmas(struct pl_session *s, struct pl_member *m)
{
	struct pl_list *list = &m->now.vmas;
	struct vm_area_struct *vma;
	struct pl_vma_record *last, r;
	int err;

	for (vma = find_vma(m->mm, s->start); vma && vma->vm_start < s->end;
	     vma = find_vma(m->mm, vma->vm_end)) {
		describe_vma(s, m->told.rss.process, vma, &r);
		last = (struct pl_vma_record *)list->data + list->count - 1;
		if (list->count && continues(last, &r)) {
			last->end = r.end;
			continue;
		}
		err = pl_list_reserve(list, max(list->count + 1, 8u), sizeof(r));
		if (err)
			return err;
		((struct pl_vma_record *)list->data)[list->count++] = r;
	}
	return 0;
}

static int read_mm(struct pl_session *s, struct pl_member *m)
{
	struct pte_reader reader = { .list = &m->now.ptes, .start = s->start };
	int i, err;

	err = read_vmas(s, m);
	if (!err)
		err = pl_walk(m->mm, s->start, s->end, read_pte, &reader);
	m->now.rss.alive = 1;
	for (i = 0; i < 4; i++)
		m->now.rss.counter[i] = pl_rss_counter(m->mm, m->task, i) - m->outside[i];
	return err;
}

static int read_member(struct pl_session *s, struct pl_member *m)
{
	const struct pl_seen_pte *ptes;
	int err = -EBUSY;
	u32 i;

	m->now.ptes.count = 0;
	m->now.vmas.count = 0;
	memset(&m->now.rss, 0, sizeof(m->now.rss));
	m->now.rss.process = m->told.rss.process;
	if (!mmget_not_zero(m->mm))
		return 0;
	if (mmap_read_trylock(m->mm)) {
		err = read_mm(s, m);
		mmap_read_unlock(m->mm);
	}
	mmput(m->mm);
	ptes = m->now.ptes.data;
	for (i = 0; i < m->now.ptes.count && !err; i++) {
		if (!(ptes[i].flags & PL_PTE_PRESENT))
			continue;
		if (ptes[i].flags & PL_PTE_HUGE)
			err = pl_pages_see_leaf(s, ptes[i].pfn);
		else
			err = pl_pages_see(s, ptes[i].pfn);
	}
	return err;
}

static int see_held(struct pl_session *s)
{
	u32 i, j;
	int err;

	for (i = 0; i < s->slots; i++) {
		const struct pl_held *held = &s->held[i];

		for (j = 0; held->live && j < held->count; j++) {
			if (!held->pages[j].page)
				continue;
			err = pl_pages_see(s, page_to_pfn(held->pages[j].page));
			if (err)
				return err;
		}
	}
	return 0;
}

/* Adds so many pages, or one slot of swap, to the list; -EAGAIN if it has no room. */
static int add_cached(struct pl_list *list, u32 slot, u64 index, u64 frame, u32 pages)
{
	struct pl_cache_record *r = list->data;
	u32 i;

	if (pages > list->room - list->count)
		return -EAGAIN;
	for (i = 0; i < pages; i++, list->count++) {
		r[list->count].file = slot;
		r[list->count].index = index + i;
		r[list->count].pfn = frame + i;
	}
	return 0;
}

/*
 * The file's pages, and where it has slots of swap instead; -EAGAIN if the list
 * had not enough room. An entry of several pages is one in the array or several,
 * by version and file system: both come out the same.
 */
static int read_cache(struct address_space *mapping, u32 slot, struct pl_list *list)
{
	/* in another file such an entry only remembers that a page was there once */
	bool swaps = pl_is_shmem(mapping);
	XA_STATE(xas, &mapping->i_pages, 0);
	struct page *entry, *head;
	int err = 0;

	list->count = 0;
	rcu_read_lock();
	xas_for_each(&xas, entry, ULONG_MAX) {
		if (xas_retry(&xas, entry))
			continue;
		if (xa_is_value(entry)) {
			if (swaps)
				err = add_cached(list, slot, xas.xa_index,
						 pl_swap_frame(radix_to_swp_entry(entry)), 1);
		} else {
			head = compound_head(entry);
			err = add_cached(list, slot, pl_page_index(head), page_to_pfn(head),
					 compound_nr(head));
			if (PageCompound(head))
				xas_set(&xas, pl_page_index(head) + compound_nr(head));
		}
		if (err)
			break;
	}
	rcu_read_unlock();
	return err;
}

static int read_file(struct pl_session *s, u32 slot)
{
	struct pl_open_file *f = &s->files[slot];
	struct address_space *mapping = f->file->f_mapping;
	const struct pl_cache_record *r;
	u64 room = mapping->nrpages + 1;
	int err;
	u32 i;

	do {
		if (room > PL_SNAPSHOT_MAX / sizeof(*r))
			return -ENOSPC;
		err = pl_list_reserve(&f->now, room, sizeof(*r));
		if (err)
			return err;
		err = read_cache(mapping, slot, &f->now);
		room = 2ull * f->now.room;
	} while (err == -EAGAIN && !fatal_signal_pending(current));
	f->size = i_size_read(mapping->host);
	r = f->now.data;
	for (i = 0; i < f->now.count && !err; i++)
		err = pl_pages_see(s, r[i].pfn);
	return err;
}

static int read_all(struct pl_session *s)
{
	int i, err = 0;

	pl_pages_start(&s->pages);
	for (i = 0; i < PL_PROCESSES_MAX && !err; i++) {
		if (s->members[i].mm)
			err = read_member(s, &s->members[i]);
	}
	if (!err)
		err = see_held(s);
	for (i = 0; i < PL_FILES_MAX && !err; i++) {
		if (s->files[i].file)
			err = read_file(s, i);
	}
	return err;
}

/* Caller holds the session's lock, which no operation keeps while it blocks. */
int pl_do_snapshot(struct pl_session *s, struct pl_snapshot *snapshot)
{
	struct pl_out *out = &s->out;
	int err;

	if (snapshot->capacity > PL_SNAPSHOT_MAX)
		return -E2BIG;
	out->len = 0;
	out->limit = snapshot->capacity;
	out->error = 0;
	pl_lru_drain();
	err = read_all(s);
	if (err)
		return err;
	pl_tell(s);
	if (out->error)
		return out->error;
	if (copy_to_user(u64_to_user_ptr(snapshot->buffer), out->data, out->len))
		return -EFAULT;
	snapshot->len = out->len;
	pl_commit(s);
	return 0;
}
