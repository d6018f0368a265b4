// SPDX-License-Identifier: GPL-2.0
/*
 * held.c - what is done with the pages that a call got: giving them back,
 * marking them dirty, reading and writing them.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "pagelab.h"

/* Give a page back in the way that its call wants. */
void pl_release(struct page *page, bool pin)
{
	if (pin)
		unpin_user_page(page);
	else
		put_page(page);
}

/* Is there a page to work on: this one, or with PL_WHOLE any? */
static bool holds(const struct pl_held *held, u32 index)
{
	if (index == PL_WHOLE)
		return held->live;
	return index < held->count && held->pages[index].page;
}

/* Is the frame of that page (with PL_WHOLE: of any) mapped without a reference? */
static bool is_lent(const struct pl_held *held, u32 index)
{
	u32 i;

	for (i = 0; i < held->count; i++) {
		if (held->pages[i].page && held->pages[i].lent && (index == PL_WHOLE || index == i))
			return true;
	}
	return false;
}

static int do_release(struct pl_session *s, struct pl_call *call)
{
	struct pl_held *held = &s->held[call->slot];

	if (held->pin != (call->code == PL_OP_UNPIN_USER_PAGE)) {
		call->refused = held->pin ? PL_REFUSED_IS_PIN : PL_REFUSED_NOT_PIN;
		return 0;
	}
	if (call->index != PL_WHOLE && pl_is_whole(held)) {
		call->refused = PL_REFUSED_WHOLE;
		return 0;
	}
	/* a fault may be at one of them */
	mutex_lock(&s->device_lock);
	if (is_lent(held, call->index)) {
		call->refused = PL_REFUSED_LENT;
	} else if (call->index == PL_WHOLE) {
		s->live -= held->live;
		call->ret = held->live;
		pl_put_pages(held);
	} else {
		pl_release(held->pages[call->index].page, held->pin);
		held->pages[call->index].page = NULL;
		held->live--;
		s->live--;
		call->ret = 1;
	}
	mutex_unlock(&s->device_lock);
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
		if (call->code == PL_OP_SET_PAGE_DIRTY)
			set_page_dirty(page);
		else
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
	} else if (call->code == PL_OP_PEEK || call->code == PL_OP_POKE) {
		err = do_touch(s, call, data);
	} else if (call->code == PL_OP_PUT_PAGE || call->code == PL_OP_UNPIN_USER_PAGE) {
		err = do_release(s, call);
	} else {
		err = do_dirty(s, call);
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

/* A call about pages that are held; every other was dealt with. */
int pl_do_held(struct pl_session *s, struct pl_call *call)
{
	switch (call->code) {
	case PL_OP_PUT_PAGE:
	case PL_OP_UNPIN_USER_PAGE:
	case PL_OP_SET_PAGE_DIRTY_LOCK:
	case PL_OP_SET_PAGE_DIRTY:
		return do_held(s, call, NULL);
	case PL_OP_PEEK:
		return do_peek(s, call);
	case PL_OP_POKE:
		return do_poke(s, call);
	}
	return -EINVAL;
}
