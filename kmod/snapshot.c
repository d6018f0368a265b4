// SPDX-License-Identifier: GPL-2.0
/*
 * snapshot.c - what changed since the last snapshot.
 *
 * First everything is read, then the differences are written down and copied
 * to the user, and only then does "now" become "told": a snapshot that fails
 * (-EBUSY: a process's mmap lock was taken) may simply be asked for again.
 *
 * What a new process, file or page is compared with is nothing at all: no
 * PTEs, no VMAs, counters of 0 but alive, no cache, a size of 0.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "compat.h"
#include "pagelab.h"

#define FIRST_OUT	4096

/* ---- sections ----------------------------------------------------------- */

static void *out_space(struct pl_out *out, u32 size)
{
	void *data;
	u32 room;

	if (out->error)
		return NULL;
	if (size > out->limit - out->len) {
		out->error = -ENOSPC;
		return NULL;
	}
	if (out->len + size > out->room) {
		room = max(2 * out->room, (u32)FIRST_OUT);
		data = kvmalloc(room, GFP_KERNEL);
		if (!data) {
			out->error = -ENOMEM;
			return NULL;
		}
		if (out->len)
			memcpy(data, out->data, out->len);
		kvfree(out->data);
		out->data = data;
		out->room = room;
	}
	data = out->data + out->len;
	out->len += size;
	return data;
}

void pl_out_open(struct pl_out *out, u16 type, u16 size)
{
	struct pl_section section = { .type = type, .size = size };
	void *space;

	out->section = out->len;
	space = out_space(out, sizeof(section));
	if (space)
		memcpy(space, &section, sizeof(section));
}

/* Add a record, of the size that the section was opened with. */
void pl_out_add(struct pl_out *out, const void *record)
{
	struct pl_section *section;
	void *space;
	u16 size;

	if (out->error)
		return;
	size = ((struct pl_section *)(out->data + out->section))->size;
	space = out_space(out, size);
	if (!space)
		return;
	memcpy(space, record, size);
	section = (struct pl_section *)(out->data + out->section);
	section->count++;
}

/* An empty section is not sent. */
void pl_out_close(struct pl_out *out)
{
	if (!out->error && out->len == out->section + sizeof(struct pl_section))
		out->len = out->section;
}

/* ---- reading ------------------------------------------------------------ */

struct pte_reader {
	struct pl_list *list;
	unsigned long start;
};

static void read_pte(void *arg, unsigned long addr, u16 flags, unsigned long pfn)
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
		if (ptes[i].flags & PL_PTE_PRESENT)
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

/*
 * The file's pages from *next on, as far as the list has room; -EAGAIN if it
 * had not enough. An entry of several pages is one in the array or several,
 * by version and file system: both come out the same.
 */
static int read_cache(struct address_space *mapping, u32 slot, struct pl_list *list)
{
	struct pl_cache_record *r = list->data;
	XA_STATE(xas, &mapping->i_pages, 0);
	struct page *entry, *head;
	unsigned long i, pages;
	int err = 0;

	list->count = 0;
	rcu_read_lock();
	xas_for_each(&xas, entry, ULONG_MAX) {
		if (xas_retry(&xas, entry) || xa_is_value(entry))
			continue;
		head = compound_head(entry);
		pages = compound_nr(head);
		if (pages > list->room - list->count) {
			err = -EAGAIN;
			break;
		}
		for (i = 0; i < pages; i++, list->count++) {
			r[list->count].file = slot;
			r[list->count].index = head->index + i;
			r[list->count].pfn = page_to_pfn(head) + i;
		}
		if (pages > 1)
			xas_set(&xas, head->index + pages);
	}
	rcu_read_unlock();
	return err;
}

static int read_file(struct pl_session *s, u32 slot)
{
	struct pl_open_file *f = &s->files[slot];
	struct address_space *mapping = f->file->f_mapping;
	const struct pl_cache_record *r;
	int err;
	u32 i;

	do {
		if (mapping->nrpages > PL_SNAPSHOT_MAX / sizeof(*r))
			return -ENOSPC;
		err = pl_list_reserve(&f->now, mapping->nrpages + 1, sizeof(*r));
		if (err)
			return err;
		err = read_cache(mapping, slot, &f->now);
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

/* ---- telling ------------------------------------------------------------ */

static void tell_ptes(struct pl_out *out, const struct pl_member *m)
{
	const struct pl_seen_pte *was = m->told.ptes.data, *is = m->now.ptes.data;
	const struct pl_seen_pte *was_end = was + m->told.ptes.count;
	const struct pl_seen_pte *is_end = is + m->now.ptes.count;
	struct pl_pte_record r = { .process = m->told.rss.process };

	while (was != was_end || is != is_end) {
		if (is == is_end || (was != was_end && was->index < is->index)) {
			r.index = was++->index;
			r.flags = 0;
			r.pfn = 0;
			pl_out_add(out, &r);
			continue;
		}
		if (was != was_end && was->index == is->index) {
			bool same = was->flags == is->flags && was->pfn == is->pfn;

			was++;
			if (same) {
				is++;
				continue;
			}
		}
		r.index = is->index;
		r.flags = is->flags;
		r.pfn = is++->pfn;
		pl_out_add(out, &r);
	}
}

static void tell_held(struct pl_out *out, const struct pl_held *held, u32 slot)
{
	struct pl_held_record r = { .slot = slot };
	u32 i;

	if (!held->live && !held->told)
		return;
	for (i = 0; i < held->count; i++) {
		const struct pl_held_page *h = &held->pages[i];

		r.index = i;
		r.pfn = h->page ? page_to_pfn(h->page) : 0;
		if (r.pfn != h->told)
			pl_out_add(out, &r);
	}
}

static void tell_cache(struct pl_out *out, const struct pl_open_file *f)
{
	const struct pl_cache_record *was = f->told.data, *is = f->now.data;
	const struct pl_cache_record *was_end = was + f->told.count;
	const struct pl_cache_record *is_end = is + f->now.count;

	while (was != was_end || is != is_end) {
		if (is == is_end || (was != was_end && was->index < is->index)) {
			struct pl_cache_record r = *was++;

			r.pfn = 0;
			pl_out_add(out, &r);
			continue;
		}
		if (was == was_end || was->index > is->index || was->pfn != is->pfn)
			pl_out_add(out, is);
		if (was != was_end && was->index == is->index)
			was++;
		is++;
	}
}

static void tell_vmas(struct pl_out *out, const struct pl_member *m)
{
	const struct pl_vma_record none = { .process = m->told.rss.process };
	const struct pl_list *was = &m->told.vmas, *is = &m->now.vmas;
	const struct pl_vma_record *r = is->data;
	u32 i;

	if (was->count == is->count && !memcmp(was->data, r, is->count * sizeof(*r)))
		return;
	if (!is->count)
		pl_out_add(out, &none);
	for (i = 0; i < is->count; i++)
		pl_out_add(out, &r[i]);
}

static void tell_members(struct pl_session *s)
{
	struct pl_member *m;

	pl_out_open(&s->out, PL_SECTION_RSS, sizeof(struct pl_rss_record));
	for (m = s->members; m < s->members + PL_PROCESSES_MAX; m++) {
		if (m->mm && memcmp(&m->told.rss, &m->now.rss, sizeof(m->now.rss)))
			pl_out_add(&s->out, &m->now.rss);
	}
	pl_out_close(&s->out);
	pl_out_open(&s->out, PL_SECTION_VMA, sizeof(struct pl_vma_record));
	for (m = s->members; m < s->members + PL_PROCESSES_MAX; m++) {
		if (m->mm)
			tell_vmas(&s->out, m);
	}
	pl_out_close(&s->out);
}

static void tell_files(struct pl_session *s)
{
	u32 i;

	pl_out_open(&s->out, PL_SECTION_FILE, sizeof(struct pl_file_record));
	for (i = 0; i < PL_FILES_MAX; i++) {
		struct pl_file_record r = { .file = i, .size = s->files[i].size };

		if (s->files[i].file && s->files[i].told_size != r.size)
			pl_out_add(&s->out, &r);
	}
	pl_out_close(&s->out);
}

static void tell_all(struct pl_session *s)
{
	u32 i;

	pl_out_open(&s->out, PL_SECTION_PTE, sizeof(struct pl_pte_record));
	for (i = 0; i < PL_PROCESSES_MAX; i++) {
		if (s->members[i].mm)
			tell_ptes(&s->out, &s->members[i]);
	}
	pl_out_close(&s->out);
	pl_pages_tell(s);
	pl_out_open(&s->out, PL_SECTION_HELD, sizeof(struct pl_held_record));
	for (i = 0; i < s->slots; i++)
		tell_held(&s->out, &s->held[i], i);
	pl_out_close(&s->out);
	pl_out_open(&s->out, PL_SECTION_CACHE, sizeof(struct pl_cache_record));
	for (i = 0; i < PL_FILES_MAX; i++) {
		if (s->files[i].file)
			tell_cache(&s->out, &s->files[i]);
	}
	pl_out_close(&s->out);
	tell_members(s);
	tell_files(s);
}

/* ---- done --------------------------------------------------------------- */

static void commit_held(struct pl_held *held)
{
	u32 i;

	if (!held->live && !held->told)
		return;
	held->told = 0;
	for (i = 0; i < held->count; i++) {
		struct pl_held_page *h = &held->pages[i];

		h->told = h->page ? page_to_pfn(h->page) : 0;
		held->told += !!h->page;
	}
}

static void commit(struct pl_session *s)
{
	u32 i;

	pl_pages_commit(&s->pages);
	for (i = 0; i < PL_PROCESSES_MAX; i++) {
		if (s->members[i].mm)
			swap(s->members[i].told, s->members[i].now);
	}
	for (i = 0; i < s->slots; i++)
		commit_held(&s->held[i]);
	for (i = 0; i < PL_FILES_MAX; i++) {
		swap(s->files[i].told, s->files[i].now);
		s->files[i].told_size = s->files[i].size;
	}
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
	tell_all(s);
	if (out->error)
		return out->error;
	if (copy_to_user(u64_to_user_ptr(snapshot->buffer), out->data, out->len))
		return -EFAULT;
	snapshot->len = out->len;
	commit(s);
	return 0;
}
