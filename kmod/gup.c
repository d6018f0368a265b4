// SPDX-License-Identifier: GPL-2.0
/*
 * gup.c - the calls, made in the context of the process that asks.
 *
 * Which calls of get_user_pages() and get_user_pages_fast() are refused, in
 * this order (the model predicts it by the same words):
 *
 * Let page be the address without its tag (arm64: the top byte of a user
 * address; x86: nothing), rounded down to a page. Its extent is the number
 * of pages from it to the end of the VMA that contains it and of the VMAs
 * that follow without a gap, whatever their kind or permissions; 0 where no
 * VMA contains it (holes, kernel and non-canonical addresses).
 *
 * 1. CAPACITY: nr is not in 0..512 (get_user_pages) or not in 1..512
 *    (get_user_pages_fast), and the extent is more than 512 pages. No such
 *    call writes more than min(nr, extent) pointers to pages[], nr being
 *    taken as unsigned.
 * 2. TABLE_END: get_user_pages_fast with nr = 0, and the extent reaches the
 *    next multiple of PMD_SIZE above page. The lockless walk ends only at a
 *    PTE that it cannot take (6.1 mm/gup.c gup_pte_range: do ... while
 *    (addr != end), where end == addr to begin with), and after the last PTE
 *    of a table it would read on in whatever lies behind it.
 *
 * A negative nr needs no rule of its own in the fast call: 6.1 mm/gup.c
 * internal_get_user_pages_fast returns before any walk, because start + len
 * overflows or, where it does not, len is above TASK_SIZE_MAX. It shares the
 * one of the slow call, where it does mean "up to the first failure".
 *
 * The extent is read under the mmap lock. The slow call keeps that lock;
 * the fast one must not have it, so another thread could change the extent
 * in between: programs are sequential.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "pagelab.h"

/* Pages from addr on without a gap; counting stops soon above the capacity. */
static unsigned long extent(struct mm_struct *mm, unsigned long page)
{
	struct vm_area_struct *vma = find_vma(mm, page);
	unsigned long end = page;

	while (vma && vma->vm_start <= end && (end - page) >> PAGE_SHIFT <= PL_GUP_CAPACITY) {
		end = vma->vm_end;
		vma = find_vma(mm, end);
	}
	return (end - page) >> PAGE_SHIFT;
}

/* enum pl_refused, by the rules above. Caller holds the mmap lock. */
static u16 refusal(const struct pl_call *call)
{
	bool fast = call->code == PL_OP_GET_USER_PAGES_FAST;
	unsigned long page, table_end, pages;

	if (call->n >= fast && call->n <= PL_GUP_CAPACITY)
		return PL_REFUSED_NONE;
	page = untagged_addr(call->addr) & PAGE_MASK;
	pages = extent(current->mm, page);
	if (pages > PL_GUP_CAPACITY)
		return PL_REFUSED_CAPACITY;
	table_end = (page & PMD_MASK) + PMD_SIZE;
	if (fast && !call->n && pages && page + (pages << PAGE_SHIFT) >= table_end)
		return PL_REFUSED_TABLE_END;
	return PL_REFUSED_NONE;
}

static long call_slow(struct pl_call *call, unsigned int flags, struct page **pages)
{
	long ret = 0;

	mmap_read_lock(current->mm);
	call->refused = refusal(call);
	if (!call->refused)
		ret = pl_get_user_pages(call->addr, call->n, flags, pages);
	mmap_read_unlock(current->mm);
	return ret;
}

static long call_fast(struct pl_call *call, unsigned int flags, struct page **pages)
{
	mmap_read_lock(current->mm);
	call->refused = refusal(call);
	mmap_read_unlock(current->mm);
	if (call->refused)
		return 0;
	return get_user_pages_fast(call->addr, call->n, flags, pages);
}

/* Hand the pages that a call got to its slot; on failure, let them go. */
static int keep(struct pl_session *s, struct pl_held *held, struct page **pages, long count)
{
	long i;

	if (WARN_ON_ONCE(count > PL_GUP_CAPACITY))
		return -EOVERFLOW;
	if (count <= 0)
		return 0;
	held->pages = kvcalloc(count, sizeof(*held->pages), GFP_KERNEL);
	if (!held->pages) {
		for (i = 0; i < count; i++)
			put_page(pages[i]);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++)
		held->pages[i].page = pages[i];
	held->count = count;
	held->live = count;
	s->live += count;
	return 0;
}

static int claim_unused(struct pl_session *s, u32 slot)
{
	struct pl_held *held = &s->held[slot];
	int err = 0;

	mutex_lock(&s->lock);
	if (held->used)
		err = -EEXIST;
	held->used = true;
	held->busy |= !err;
	s->slots = max(s->slots, slot + 1);
	mutex_unlock(&s->lock);
	return err;
}

static int do_get(struct pl_session *s, struct pl_call *call)
{
	struct pl_held *held = &s->held[call->slot];
	unsigned int flags = 0;
	struct page **pages;
	int err;

	if (call->flags & ~PL_FOLL_KNOWN || call->mode & ~(PL_MODE_BEGIN | PL_MODE_KILLED))
		return -EINVAL;
	if (call->flags & PL_FOLL_WRITE)
		flags |= FOLL_WRITE;
	if (call->flags & PL_FOLL_FORCE)
		flags |= FOLL_FORCE;
	if (call->code == PL_OP_GET_USER_PAGES_FAST && call->n != (int)call->n)
		return -EINVAL;
	err = claim_unused(s, call->slot);
	if (err)
		return err;
	pages = kcalloc(PL_GUP_CAPACITY, sizeof(*pages), GFP_KERNEL);
	if (pages && call->mode & PL_MODE_KILLED) {
		/* the process ends on its way back; its buffer is there to the end */
		send_sig(SIGKILL, current, 1);
		call->mode |= PL_CALL_MADE;
	}
	if (pages && call->code == PL_OP_GET_USER_PAGES)
		call->ret = call_slow(call, flags, pages);
	else if (pages)
		call->ret = call_fast(call, flags, pages);

	mutex_lock(&s->lock);
	err = pages ? keep(s, held, pages, call->ret) : -ENOMEM;
	held->busy = false;
	mutex_unlock(&s->lock);
	kfree(pages);
	return err;
}

/* Is there a page to work on: this one, or with PL_WHOLE any? */
static bool holds(const struct pl_held *held, u32 index)
{
	if (index == PL_WHOLE)
		return held->live;
	return index < held->count && held->pages[index].page;
}

static int do_put(struct pl_session *s, struct pl_call *call)
{
	struct pl_held *held = &s->held[call->slot];
	u32 i;

	for (i = 0; i < held->count; i++) {
		struct page *page = held->pages[i].page;

		if (!page || (call->index != PL_WHOLE && call->index != i))
			continue;
		held->pages[i].page = NULL;
		held->live--;
		s->live--;
		call->ret++;
		put_page(page);
	}
	return 0;
}

/* Waits for the page's lock, so not under the session's. */
static int do_dirty(struct pl_session *s, struct pl_call *call)
{
	struct pl_held *held = &s->held[call->slot];
	u32 i;

	held->busy = true;
	mutex_unlock(&s->lock);
	for (i = 0; i < held->count; i++) {
		struct page *page = held->pages[i].page;

		if (!page || (call->index != PL_WHOLE && call->index != i))
			continue;
		set_page_dirty_lock(page);
		call->ret++;
	}
	mutex_lock(&s->lock);
	held->busy = false;
	return 0;
}

/* peek and poke: data is the module's own copy of the caller's buffer. */
static int do_touch(struct pl_session *s, struct pl_call *call, u8 *data)
{
	struct page *page = s->held[call->slot].pages[call->index].page;

	if (!pl_page_data(page)) {
		call->refused = PL_REFUSED_NOT_MAPPED;
	} else if (call->code == PL_OP_PEEK) {
		memcpy_from_page(data, page, call->aux, call->n);
		call->ret = call->n;
	} else if (PageReserved(page)) {
		/* the zero page above all: every process would read it */
		call->refused = PL_REFUSED_RESERVED;
	} else {
		memcpy_to_page(page, call->aux, data, call->data_len);
		call->ret = call->data_len;
	}
	return 0;
}

static int do_held(struct pl_session *s, struct pl_call *call, u8 *data)
{
	struct pl_held *held = &s->held[call->slot];
	int err;

	mutex_lock(&s->lock);
	if (held->busy) {
		call->refused = PL_REFUSED_BUSY;
		err = 0;
	} else if (!holds(held, call->index)) {
		call->refused = PL_REFUSED_NOT_HELD;
		err = 0;
	} else if (call->code == PL_OP_PUT_PAGE) {
		err = do_put(s, call);
	} else if (call->code == PL_OP_SET_PAGE_DIRTY_LOCK) {
		err = do_dirty(s, call);
	} else {
		err = do_touch(s, call, data);
	}
	mutex_unlock(&s->lock);
	return err;
}

static int do_peek(struct pl_session *s, struct pl_call *call)
{
	u8 data[PL_DATA_MAX];
	int err;

	if (call->n > PL_DATA_MAX)
		return -E2BIG;
	if (call->n < 0 || call->aux > PAGE_SIZE - call->n || call->index == PL_WHOLE)
		return -EINVAL;
	err = do_held(s, call, data);
	if (!err && call->ret && copy_to_user(u64_to_user_ptr(call->data), data, call->ret))
		err = -EFAULT;
	return err;
}

static int do_poke(struct pl_session *s, struct pl_call *call)
{
	u8 data[PL_DATA_MAX];

	if (call->data_len > PL_DATA_MAX)
		return -E2BIG;
	if (call->aux > PAGE_SIZE - call->data_len || call->index == PL_WHOLE)
		return -EINVAL;
	if (copy_from_user(data, u64_to_user_ptr(call->data), call->data_len))
		return -EFAULT;
	return do_held(s, call, data);
}

int pl_do_call(struct pl_session *s, struct pl_call *call)
{
	if (call->slot >= PL_HELD_MAX)
		return -E2BIG;
	if (call->code == PL_OP_GET_USER_PAGES || call->code == PL_OP_GET_USER_PAGES_FAST)
		return do_get(s, call);
	if (call->flags || call->mode)
		return -EINVAL;
	switch (call->code) {
	case PL_OP_PUT_PAGE:
	case PL_OP_SET_PAGE_DIRTY_LOCK:
		return do_held(s, call, NULL);
	case PL_OP_PEEK:
		return do_peek(s, call);
	case PL_OP_POKE:
		return do_poke(s, call);
	}
	return -EINVAL;
}
