// SPDX-License-Identifier: GPL-2.0
/*
 * pages.c - every page that a snapshot shows, once, and what is known of it.
 *
 * Pages are looked at by frame number and never referenced: a count is what
 * it would be without the module. A frame's struct page and (but for secret
 * memory) its place in the direct map stay even when the page is freed.
 */
#include <linux/hash.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "compat.h"
#include "pagelab.h"

#define FIRST_ROOM	64
#define ROOM_MAX	(1u << 17)

/* Something other than memory that has a struct page all the same: a ROM, a device. */
static bool no_memory(struct page *page)
{
	unsigned long pfn = page_to_pfn(page);

	return PageReserved(page) && !is_zero_pfn(pfn) && !page_is_ram(pfn);
}

/* Where the page's bytes are, or NULL: no kernel mapping, or none to be read by. */
void *pl_page_data(struct page *page)
{
	return pl_page_secret(page) || no_memory(page) ? NULL : page_address(page);
}

/* The digest of pagelab_uapi.h. Mostly zeros: those cost one test for eight words. */
static u64 digest(const u64 *word)
{
	u64 sum = 0;
	u32 i, j;

	for (i = 0; i < PAGE_SIZE / sizeof(u64); i += 8) {
		const u64 *w = word + i;

		if (!(w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]))
			continue;
		for (j = 0; j < 8; j++) {
			u64 t = (w[j] + (i + j + 1) * PL_DIGEST_STEP) * PL_DIGEST_FACTOR;

			if (w[j])
				sum += t ^ (t >> 32);
		}
	}
	return sum;
}

static bool is_empty(const u64 *word)
{
	const u64 *end = word + PAGE_SIZE / sizeof(u64);

	for (; word < end; word += 8) {
		if (word[0] | word[1] | word[2] | word[3] | word[4] | word[5] | word[6] | word[7])
			return false;
	}
	return true;
}

/* Pages of a cache that were not read yet: what they hold is nobody's, from before. */
static bool unread(u32 flags)
{
	return (flags & (PL_PAGE_MAPPING | PL_PAGE_ANON | PL_PAGE_UPTODATE)) == PL_PAGE_MAPPING;
}

static void read_page(const struct pl_session *s, unsigned long pfn, struct pl_page_record *r)
{
	struct page *page = pfn_to_page(pfn);
	const u64 *data = pl_page_data(page);
	u32 i;

	memset(r, 0, sizeof(*r));
	r->pfn = pfn;
	r->tail = page - compound_head(page);
	if (!r->tail) {
		r->ref = page_count(page);
		r->pins = pl_pincount(page);
	}
	r->map = pl_mapcount(page);
	r->flags = pl_page_flags(page);
	if (is_zero_pfn(pfn)) {
		r->flags |= PL_PAGE_ZERO;
		r->ref -= s->zero_ref;
	}
	if (!data) {
		r->flags |= PL_PAGE_NO_DATA;
		return;
	}
	if (unread(r->flags))
		return;
	r->digest = digest(data);
	for (i = 0; i < s->touches; i++)
		r->word[i] = data[s->touch[i] / sizeof(u64)];
}

static void rehash(struct pl_pages *p)
{
	u32 i, *bucket;

	memset(p->buckets, 0, sizeof(*p->buckets) << p->bits);
	for (i = 0; i < p->count; i++) {
		bucket = &p->buckets[hash_64(p->entries[i].now.pfn, p->bits)];
		p->entries[i].chain = *bucket;
		*bucket = i + 1;
	}
}

static int grow(struct pl_pages *p)
{
	u32 room = p->room ? 2 * p->room : FIRST_ROOM;
	struct pl_entry *entries;
	struct pl_order *order;
	u32 *buckets;

	if (room > ROOM_MAX)
		return -ENOSPC;
	entries = kvmalloc_array(room, sizeof(*entries), GFP_KERNEL);
	order = kvmalloc_array(room, sizeof(*order), GFP_KERNEL);
	buckets = kvmalloc_array(room, sizeof(*buckets), GFP_KERNEL);
	if (!entries || !order || !buckets) {
		kvfree(entries);
		kvfree(order);
		kvfree(buckets);
		return -ENOMEM;
	}
	if (p->count) {
		memcpy(entries, p->entries, p->count * sizeof(*entries));
		memcpy(order, p->order, p->changed * sizeof(*order));
	}
	pl_pages_free(p);
	p->entries = entries;
	p->order = order;
	p->buckets = buckets;
	p->room = room;
	p->bits = ilog2(room);
	rehash(p);
	return 0;
}

static struct pl_entry *find(struct pl_pages *p, unsigned long pfn)
{
	u32 at;

	if (!p->room)
		return NULL;
	for (at = p->buckets[hash_64(pfn, p->bits)]; at; at = p->entries[at - 1].chain) {
		if (p->entries[at - 1].now.pfn == pfn)
			return &p->entries[at - 1];
	}
	return NULL;
}

static struct pl_entry *add(struct pl_pages *p, unsigned long pfn)
{
	struct pl_entry *entry;
	u32 *bucket;
	int err;

	if (p->count == p->room) {
		err = grow(p);
		if (err)
			return ERR_PTR(err);
	}
	entry = &p->entries[p->count++];
	bucket = &p->buckets[hash_64(pfn, p->bits)];
	entry->chain = *bucket;
	entry->known = false;
	*bucket = p->count;
	return entry;
}

/* A snapshot begins. */
void pl_pages_start(struct pl_pages *p)
{
	p->snapshot++;
	p->changed = 0;
}

static int see(struct pl_session *s, unsigned long pfn)
{
	struct pl_pages *p = &s->pages;
	struct pl_entry *entry = find(p, pfn);

	if (!entry) {
		if (!pfn_valid(pfn))
			return 0;
		entry = add(p, pfn);
		if (IS_ERR(entry))
			return PTR_ERR(entry);
	} else if (entry->seen == p->snapshot) {
		return 0;
	}
	entry->seen = p->snapshot;
	read_page(s, pfn, &entry->now);
	if (!entry->known || memcmp(&entry->now, &entry->told, sizeof(entry->now))) {
		p->order[p->changed].pfn = pfn;
		p->order[p->changed++].entry = entry - p->entries;
	}
	return 0;
}

/*
 * Something refers to that frame. Frames without a struct page are not shown.
 * What counts a tail's references is its head. May sleep.
 */
int pl_pages_see(struct pl_session *s, unsigned long pfn)
{
	unsigned long head = pfn;
	int err = 0;

	if (pfn_valid(pfn))
		head = page_to_pfn(compound_head(pfn_to_page(pfn)));
	if (head != pfn)
		err = see(s, head);
	return err ? err : see(s, pfn);
}

/*
 * The same of a leaf above the last level: of its pages those behind the first
 * that hold anything, which are few.
 */
int pl_pages_see_leaf(struct pl_session *s, unsigned long pfn)
{
	unsigned long i;
	int err = pl_pages_see(s, pfn);

	for (i = 1; i < PTRS_PER_PTE && !err; i++) {
		const u64 *data = pl_page_data(pfn_to_page(pfn + i));

		if (data && !is_empty(data))
			err = see(s, pfn + i);
	}
	return err;
}

static int by_pfn(const void *a, const void *b)
{
	u64 left = ((const struct pl_order *)a)->pfn;
	u64 right = ((const struct pl_order *)b)->pfn;

	return left < right ? -1 : left > right;
}

/* The PAGE and GONE sections. */
void pl_pages_tell(struct pl_session *s)
{
	struct pl_pages *p = &s->pages;
	struct pl_order *gone = p->order + p->changed;
	u32 i, count = 0;

	sort(p->order, p->changed, sizeof(*p->order), by_pfn, NULL);
	pl_out_open(&s->out, PL_SECTION_PAGE, sizeof(struct pl_page_record));
	for (i = 0; i < p->changed; i++)
		pl_out_add(&s->out, &p->entries[p->order[i].entry].now);
	pl_out_close(&s->out);

	/* an entry is either changed or gone, so order[] has room for all */
	for (i = 0; i < p->count; i++) {
		if (p->entries[i].known && p->entries[i].seen != p->snapshot)
			gone[count++].pfn = p->entries[i].now.pfn;
	}
	sort(gone, count, sizeof(*gone), by_pfn, NULL);
	pl_out_open(&s->out, PL_SECTION_GONE, sizeof(struct pl_gone_record));
	for (i = 0; i < count; i++)
		pl_out_add(&s->out, &(struct pl_gone_record){ .pfn = gone[i].pfn });
	pl_out_close(&s->out);
}

/* The snapshot was sent: the next one compares with it. */
void pl_pages_commit(struct pl_pages *p)
{
	u32 i, kept = 0;

	for (i = 0; i < p->changed; i++) {
		struct pl_entry *entry = &p->entries[p->order[i].entry];

		entry->told = entry->now;
		entry->known = true;
	}
	for (i = 0; i < p->count; i++) {
		if (p->entries[i].seen != p->snapshot)
			continue;
		if (kept != i)
			p->entries[kept] = p->entries[i];
		kept++;
	}
	if (kept != p->count) {
		p->count = kept;
		rehash(p);
	}
}

void pl_pages_free(struct pl_pages *p)
{
	kvfree(p->entries);
	kvfree(p->order);
	kvfree(p->buckets);
}
