// SPDX-License-Identifier: GPL-2.0
/*
 * gup.c - the calls that get pages, made in the context of the process that asks.
 *
 * Which are refused, in this order (the model predicts it by the same words).
 * "Fast" are get_user_pages_fast(), get_user_pages_fast_only() and
 * pin_user_pages_fast(); the others are "slow".
 *
 * 0. ABSENT: the kernel has no vmas.
 * 1. UNKNOWN_FLAG: the kernel has no such flag.
 * 2. NO_PAGES: pages is NULL, and the call is fast (the walk would write
 *    through it) or a pin, or has GET or PIN among its flags (references
 *    would be taken that nobody could give back).
 * 3. VMAS_LOCKED: vmas together with locked (6.1 mm/gup.c
 *    __get_user_pages_locked: BUG_ON(vmas)).
 * 4. GET_AND_PIN: get_user_pages_fast_only() with PIN takes a GET and, where
 *    it has to give it back, gives back a PIN: 1023 references too many (6.1
 *    mm/gup.c gup_pte_range). get_user_pages_unlocked() with both is as mixed
 *    for huge pages. The other calls turn both down themselves.
 * 5. NO_TARGET: the process whose memory is asked for does not live.
 *
 * Let page be the address without its tag (arm64: the top byte of a user
 * address; x86: nothing), rounded down to a page. Its extent is the number
 * of pages from it to the end of the VMA that contains it and of the VMAs
 * that follow without a gap, whatever their kind or permissions; 0 where no
 * VMA contains it (holes, kernel and non-canonical addresses).
 *
 * 6. CAPACITY: nr is not in 0..512 (slow) or not in 1..512 (fast), and the
 *    extent is more than 512 pages. No such call writes more than
 *    min(nr, extent) pointers to pages[] or vmas[], nr being taken as unsigned.
 * 7. TABLE_END: a fast call with nr = 0, and the extent reaches the next
 *    multiple of PMD_SIZE above page. The lockless walk ends only at a
 *    PTE that it cannot take (6.1 mm/gup.c gup_pte_range: do ... while
 *    (addr != end), where end == addr to begin with), and after the last PTE
 *    of a table it would read on in whatever lies behind it. A leaf above the
 *    PTE level ends it at once (gup_huge_pmd), so there it is not refused.
 *
 * A negative nr needs no rule of its own in a fast call: 6.1 mm/gup.c
 * internal_get_user_pages_fast returns before any walk, because start + len
 * overflows or, where it does not, len is above TASK_SIZE_MAX. It shares the
 * one of the slow calls, where it does mean "up to the first failure".
 *
 * The extent is read under the mmap lock. Calls that want that lock keep it;
 * the others must not have it, so another thread could change the extent in
 * between: programs are sequential.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "pagelab.h"

/* A call that gets pages, on its way. */
struct get {
	struct pl_call *call;
	struct mm_struct *mm;		/* whose memory it is */
	unsigned int flags;		/* FOLL_* */
	struct page **pages;		/* NULL: only fault in */
	struct vm_area_struct **vmas;	/* NULL: not asked for */
};

static bool is_fast(u16 code)
{
	return code == PL_OP_GET_USER_PAGES_FAST || code == PL_OP_GET_USER_PAGES_FAST_ONLY ||
	       code == PL_OP_PIN_USER_PAGES_FAST;
}

/* Are the pages that the call gets to be unpinned? */
static bool is_pin(const struct pl_call *call)
{
	if (call->code == PL_OP_GET_USER_PAGES_UNLOCKED)
		return call->flags & PL_FOLL_PIN;
	return call->code == PL_OP_PIN_USER_PAGES || call->code == PL_OP_PIN_USER_PAGES_FAST;
}

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

/* Rules 1 to 4 above. */
static u16 refuse_arguments(const struct pl_call *call, unsigned int *flags)
{
	bool get = call->flags & PL_FOLL_GET, pin = call->flags & PL_FOLL_PIN;

	if (call->aux & PL_GET_VMAS && !pl_has_vmas())
		return PL_REFUSED_ABSENT;
	if (!pl_foll_flags(call->flags, flags))
		return PL_REFUSED_UNKNOWN_FLAG;
	if (call->aux & PL_GET_NO_PAGES && (is_fast(call->code) || is_pin(call) || get || pin))
		return PL_REFUSED_NO_PAGES;
	if (call->aux & PL_GET_VMAS && call->aux & PL_GET_LOCKED)
		return PL_REFUSED_VMAS_LOCKED;
	if (pin && (call->code == PL_OP_GET_USER_PAGES_FAST_ONLY ||
		    (call->code == PL_OP_GET_USER_PAGES_UNLOCKED && get)))
		return PL_REFUSED_GET_AND_PIN;
	return PL_REFUSED_NONE;
}

static void see_leaf(void *arg, unsigned long addr, u16 flags, unsigned long pfn,
		     unsigned long pages)
{
	*(bool *)arg = flags & PL_PTE_HUGE;
}

/* Does a leaf above the PTE level map that page? */
static bool is_leaf(struct mm_struct *mm, unsigned long page)
{
	bool leaf = false;

	return !pl_walk(mm, page, page + PAGE_SIZE, see_leaf, &leaf) && leaf;
}

/* Rules 6 and 7. Caller holds the mmap lock. */
static u16 refuse_extent(const struct get *get)
{
	const struct pl_call *call = get->call;
	bool fast = is_fast(call->code);
	unsigned long page, table_end, pages;

	if (call->n >= fast && call->n <= PL_GUP_CAPACITY)
		return PL_REFUSED_NONE;
	page = untagged_addr(call->addr) & PAGE_MASK;
	pages = extent(get->mm, page);
	if (pages > PL_GUP_CAPACITY)
		return PL_REFUSED_CAPACITY;
	table_end = (page & PMD_MASK) + PMD_SIZE;
	if (fast && !call->n && pages && page + (pages << PAGE_SHIFT) >= table_end &&
	    !is_leaf(get->mm, page))
		return PL_REFUSED_TABLE_END;
	return PL_REFUSED_NONE;
}

/* How many entries of vmas[] are what they should be. Caller holds the mmap lock. */
static u64 right_vmas(const struct get *get)
{
	unsigned long addr = untagged_addr(get->call->addr) & PAGE_MASK;
	u64 right = 0;
	s64 i;

	for (i = 0; i < get->call->ret; i++, addr += PAGE_SIZE) {
		struct vm_area_struct *vma = find_vma(get->mm, addr);

		right += vma && vma->vm_start <= addr && get->vmas[i] == vma;
	}
	return right;
}

/* A call that wants the mmap lock. */
static void call_locked(struct get *get)
{
	struct pl_call *call = get->call;
	int locked = 1;

	mmap_read_lock(get->mm);
	call->refused = refuse_extent(get);
	if (call->refused)
		call->aux = 0;
	else if (call->code == PL_OP_GET_USER_PAGES)
		call->ret = pl_get_user_pages(call->addr, call->n, get->flags, get->pages,
					      get->vmas);
	else if (call->code == PL_OP_PIN_USER_PAGES)
		call->ret = pl_pin_user_pages(call->addr, call->n, get->flags, get->pages,
					      get->vmas);
	else
		call->ret = pl_get_user_pages_remote(get->mm, call->addr, call->n, get->flags,
						     get->pages, get->vmas,
						     call->aux & PL_GET_LOCKED ? &locked : NULL);
	if (get->vmas)
		call->aux = right_vmas(get);
	else if (call->aux & PL_GET_LOCKED)
		call->aux = locked;
	if (locked)
		mmap_read_unlock(get->mm);
}

/* A call that takes the mmap lock itself, if at all. */
static void call_unlocked(struct get *get)
{
	struct pl_call *call = get->call;

	mmap_read_lock(get->mm);
	call->refused = refuse_extent(get);
	mmap_read_unlock(get->mm);
	if (call->refused)
		return;
	if (call->code == PL_OP_GET_USER_PAGES_UNLOCKED)
		call->ret = get_user_pages_unlocked(call->addr, call->n, get->pages, get->flags);
	else if (call->code == PL_OP_GET_USER_PAGES_FAST)
		call->ret = get_user_pages_fast(call->addr, call->n, get->flags, get->pages);
	else if (call->code == PL_OP_GET_USER_PAGES_FAST_ONLY)
		call->ret = get_user_pages_fast_only(call->addr, call->n, get->flags, get->pages);
	else
		call->ret = pin_user_pages_fast(call->addr, call->n, get->flags, get->pages);
}

static bool wants_lock(u16 code)
{
	return code == PL_OP_GET_USER_PAGES || code == PL_OP_GET_USER_PAGES_REMOTE ||
	       code == PL_OP_PIN_USER_PAGES;
}

/*
 * Hand the pages that a call got to its slot; on failure, let them go. 5.10 counts
 * for a pin what is no page to it, and leaves its place in pages[] as it was
 * (mm/gup.c follow_pfn_pte).
 */
static int keep(struct pl_session *s, struct pl_held *held, struct page **pages, long count)
{
	struct pl_held_page *own;
	long i;

	if (WARN_ON_ONCE(count > PL_GUP_CAPACITY))
		return -EOVERFLOW;
	if (count <= 0)
		return 0;
	own = kvcalloc(count, sizeof(*own), GFP_KERNEL);
	if (!own) {
		for (i = 0; i < count; i++) {
			if (pages[i])
				pl_release(pages[i], held->pin);
		}
		return -ENOMEM;
	}
	for (i = 0; i < count; i++)
		own[i].page = pages[i];
	pl_give_pages(s, held, own, count);
	return 0;
}

static int claim_unused(struct pl_session *s, const struct pl_call *call)
{
	struct pl_held *held = &s->held[call->slot];
	int err = 0;

	mutex_lock(&s->lock);
	if (held->used) {
		err = -EEXIST;
	} else {
		held->used = true;
		held->busy = true;
		held->pin = is_pin(call);
		s->slots = max(s->slots, call->slot + 1);
	}
	mutex_unlock(&s->lock);
	return err;
}

/* The memory that the call is about, with a user's reference; NULL: nobody's. */
static struct mm_struct *target(struct pl_session *s, const struct pl_call *call)
{
	struct mm_struct *mm = current->mm;

	mutex_lock(&s->lock);
	if (call->code == PL_OP_GET_USER_PAGES_REMOTE)
		mm = s->members[call->index].mm;
	if (mm && !mmget_not_zero(mm))
		mm = NULL;
	mutex_unlock(&s->lock);
	return mm;
}

/* Make the call, which may be refused; the arrays are there. */
static void make(struct pl_session *s, struct get *get)
{
	struct pl_call *call = get->call;

	get->mm = target(s, call);
	if (!get->mm) {
		call->refused = PL_REFUSED_NO_TARGET;
		return;
	}
	if (wants_lock(call->code))
		call_locked(get);
	else
		call_unlocked(get);
	mmput(get->mm);
}

/* Have SIGKILL pending: the process ends on its way back, its buffer is there to the end. */
void pl_kill_here(struct pl_call *call)
{
	send_sig(SIGKILL, current, 1);
	call->mode |= PL_CALL_MADE;
}

static int do_get(struct pl_session *s, struct pl_call *call)
{
	struct pl_held *held = &s->held[call->slot];
	struct get get = { .call = call };
	int err;

	err = claim_unused(s, call);
	if (err)
		return err;
	if (call->mode & PL_MODE_KILLED)
		pl_kill_here(call);
	call->refused = refuse_arguments(call, &get.flags);
	if (!call->refused && !(call->aux & PL_GET_NO_PAGES)) {
		get.pages = kcalloc(PL_GUP_CAPACITY, sizeof(*get.pages), GFP_KERNEL);
		err = get.pages ? 0 : -ENOMEM;
	}
	if (!call->refused && call->aux & PL_GET_VMAS) {
		get.vmas = kcalloc(PL_GUP_CAPACITY, sizeof(*get.vmas), GFP_KERNEL);
		err = get.vmas ? err : -ENOMEM;
	}
	if (!call->refused && !err)
		make(s, &get);

	mutex_lock(&s->lock);
	if (!err && get.pages)
		err = keep(s, held, get.pages, call->ret);
	held->busy = false;
	mutex_unlock(&s->lock);
	kfree(get.pages);
	kfree(get.vmas);
	return err;
}

/* Is the request what the ABI allows? */
static int check_get(const struct pl_call *call)
{
	u64 options = PL_GET_NO_PAGES;

	if (wants_lock(call->code))
		options |= PL_GET_VMAS;
	if (call->code == PL_OP_GET_USER_PAGES_REMOTE) {
		options |= PL_GET_LOCKED;
		if (call->index >= PL_PROCESSES_MAX)
			return -E2BIG;
	}
	if (call->flags & ~PL_FOLL_KNOWN || call->aux & ~options ||
	    call->mode & ~(PL_MODE_BEGIN | PL_MODE_KILLED))
		return -EINVAL;
	if (is_fast(call->code) && call->n != (int)call->n)
		return -EINVAL;
	return 0;
}

/* A call that gets pages, or that is about held ones. */
int pl_do_get(struct pl_session *s, struct pl_call *call)
{
	int err;

	if (call->slot >= PL_HELD_MAX)
		return -E2BIG;
	if (call->file)
		return -EINVAL;
	switch (call->code) {
	case PL_OP_GET_USER_PAGES:
	case PL_OP_GET_USER_PAGES_FAST:
	case PL_OP_GET_USER_PAGES_REMOTE:
	case PL_OP_GET_USER_PAGES_UNLOCKED:
	case PL_OP_GET_USER_PAGES_FAST_ONLY:
	case PL_OP_PIN_USER_PAGES:
	case PL_OP_PIN_USER_PAGES_FAST:
		err = check_get(call);
		return err ? err : do_get(s, call);
	}
	return call->flags || call->mode ? -EINVAL : pl_do_held(s, call);
}
