// SPDX-License-Identifier: GPL-2.0
/*
 * alloc.c - pages that the module allocates, as drivers do: a held set like
 * those of calls that get pages. What was allocated as one is given back as one.
 */
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "pagelab.h"

#define SLAB_BYTES	(PL_SLAB_PAGES * PAGE_SIZE)

/*
 * Objects of PL_SLAB_PAGES pages, as many as a slab has at most where more
 * would fit (mm/slub.c slub_max_order): nobody else's bytes lie in its pages.
 */
static struct kmem_cache *objects;

int pl_alloc_init(void)
{
	objects = kmem_cache_create("pagelab", SLAB_BYTES, PAGE_SIZE, 0, NULL);
	return objects ? 0 : -ENOMEM;
}

void pl_alloc_exit(void)
{
	kmem_cache_destroy(objects);
}

/* Is the set one allocation, that none of its pages can leave? */
bool pl_is_whole(const struct pl_held *held)
{
	return held->allocated && held->kind != PL_ALLOC_SINGLE && held->kind != PL_ALLOC_SPLIT;
}

/* Marks a page as one of a type of which the kernel says that it is nobody's to map, or not. */
static void mark(struct page *page, u32 kind, bool set)
{
	switch (kind) {
	case PL_ALLOC_TABLE:
		set ? __SetPageTable(page) : __ClearPageTable(page);
		break;
	case PL_ALLOC_GUARD:
		set ? __SetPageGuard(page) : __ClearPageGuard(page);
		break;
	case PL_ALLOC_OFFLINE:
		set ? __SetPageOffline(page) : __ClearPageOffline(page);
		break;
	}
}

/* Is the page one that must never be mapped? A fault handler is not asked (mm/memory.c). */
bool pl_is_marked(const struct pl_held *held)
{
	return held->allocated && held->kind >= PL_ALLOC_TABLE;
}

/* Give back a set that is one allocation. Its last user frees it. */
void pl_free_whole(const struct pl_held *held)
{
	struct page *page = held->pages[0].page;

	switch (held->kind) {
	case PL_ALLOC_COMPOUND:
		put_page(page);
		break;
	case PL_ALLOC_UNCUT:
		__free_pages(page, ilog2(held->count));
		break;
	case PL_ALLOC_SLAB:
		/* the slab may stay with its cache, and be used again */
		pl_clear_dirty(page);
		kmem_cache_free(objects, page_address(page));
		break;
	case PL_ALLOC_KMALLOC:
		kfree(page_address(page));
		break;
	default:
		mark(page, held->kind, false);
		put_page(page);
	}
}

/* One block of pages that follow each other, zeroed; NULL: no memory. */
static struct page *allocate_block(u32 kind, u32 count)
{
	u32 order = ilog2(count);
	struct page *page = NULL;
	void *object = NULL;

	switch (kind) {
	case PL_ALLOC_COMPOUND:
		return alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_COMP, order);
	case PL_ALLOC_SPLIT:
		page = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
		if (page)
			split_page(page, order);
		return page;
	case PL_ALLOC_UNCUT:
		return alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
	case PL_ALLOC_SLAB:
		object = kmem_cache_zalloc(objects, GFP_KERNEL);
		break;
	case PL_ALLOC_KMALLOC:
		object = kzalloc(count << PAGE_SHIFT, GFP_KERNEL);
		break;
	default:
		page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (page)
			mark(page, kind, true);
		return page;
	}
	return object ? virt_to_page(object) : NULL;
}

static int fill_single(struct pl_held_page *pages, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++) {
		pages[i].page = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!pages[i].page)
			break;
	}
	if (i == count)
		return 0;
	while (i--)
		put_page(pages[i].page);
	return -ENOMEM;
}

static int fill(struct pl_held_page *pages, u32 kind, u32 count)
{
	struct page *block;
	u32 i;

	if (kind == PL_ALLOC_SINGLE)
		return fill_single(pages, count);
	block = allocate_block(kind, count);
	for (i = 0; block && i < count; i++)
		pages[i].page = block + i;
	return block ? 0 : -ENOMEM;
}

static int check(const struct pl_call *call)
{
	if (call->slot >= PL_HELD_MAX || call->n > PL_ALLOC_MAX)
		return -E2BIG;
	if (call->n <= 0 || call->flags > PL_ALLOC_OFFLINE || call->file || call->mode)
		return -EINVAL;
	if (call->flags != PL_ALLOC_SINGLE && !is_power_of_2(call->n))
		return -EINVAL;
	if (call->flags == PL_ALLOC_SLAB && call->n != PL_SLAB_PAGES)
		return -EINVAL;
	if (call->flags >= PL_ALLOC_TABLE && call->n != 1)
		return -EINVAL;
	/* a smaller object of kmalloc() is one of a slab */
	if (call->flags == PL_ALLOC_KMALLOC && call->n << PAGE_SHIFT <= KMALLOC_MAX_CACHE_SIZE)
		return -EINVAL;
	return 0;
}

int pl_do_alloc(struct pl_session *s, struct pl_call *call)
{
	struct pl_held *held;
	struct pl_held_page *pages;
	int err = check(call);

	if (err)
		return err;
	held = &s->held[call->slot];
	pages = kvcalloc(call->n, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	err = fill(pages, call->flags, call->n);
	if (err) {
		kvfree(pages);
		return err;
	}
	mutex_lock(&s->lock);
	if (held->used) {
		struct pl_held unwanted = {
			.pages = pages,
			.count = call->n,
			.allocated = true,
			.kind = call->flags,
		};

		pl_put_pages(&unwanted);
		kvfree(pages);
		err = -EEXIST;
	} else {
		held->used = true;
		held->allocated = true;
		held->kind = call->flags;
		pl_give_pages(s, held, pages, call->n);
		s->slots = max(s->slots, call->slot + 1);
		call->ret = call->n;
	}
	mutex_unlock(&s->lock);
	return err;
}
