// SPDX-License-Identifier: GPL-2.0
/*
 * tell.c - sections: the differences between what the last snapshot told and
 * what is now, in the layout of pagelab_uapi.h.
 *
 * What a new process, file or page is compared with is nothing at all: no
 * PTEs, no VMAs, counters of 0 but alive, no cache, a size of 0.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "pagelab.h"

#define FIRST_OUT	4096

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
		r.pfn = pl_frame_name(is++->pfn);
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

/* Every section, in order. */
void pl_tell(struct pl_session *s)
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
	pl_io_tell(s);
}

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

/* The snapshot was sent: the next one compares with it. */
void pl_commit(struct pl_session *s)
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
		s->files[i].io_told = s->files[i].io_now;
	}
}
