// SPDX-License-Identifier: GPL-2.0
/*
 * handles.c - what a session holds: processes, files, held pages. Everything
 * is let go when the file is closed.
 */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "compat.h"
#include "pagelab.h"

/* Make room for that many records of that size in all. May sleep. */
int pl_list_reserve(struct pl_list *list, u32 room, size_t size)
{
	void *data;

	if (room <= list->room)
		return 0;
	room = max(room, 2 * list->room);
	data = kvmalloc_array(room, size, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	if (list->count)
		memcpy(data, list->data, list->count * size);
	kvfree(list->data);
	list->data = data;
	list->room = room;
	return 0;
}

static void list_free(struct pl_list *list)
{
	kvfree(list->data);
}

/* Caller holds the session's lock, here and below. */
int pl_begin(struct pl_session *s, const struct pl_begin *begin)
{
	u64 size = (u64)begin->arena_pages << PAGE_SHIFT;
	u32 i;

	if (s->begun)
		return -EEXIST;
	if (begin->magic != PL_MAGIC || begin->version != PL_ABI_VERSION)
		return -EPROTO;
	if (pl_bar_clear())
		return -ENOMEM;
	if (begin->arena_pages > PL_ARENA_PAGES_MAX || begin->touches > PL_TOUCH_MAX)
		return -E2BIG;
	if (!begin->arena_pages || !PAGE_ALIGNED(begin->arena_start) ||
	    begin->arena_start > TASK_SIZE_MAX - size)
		return -EINVAL;
	for (i = 0; i < PL_TOUCH_MAX; i++) {
		u32 touch = begin->touch[i];

		if (touch % sizeof(u64) || touch >= PAGE_SIZE || (i >= begin->touches && touch))
			return -EINVAL;
	}
	s->start = begin->arena_start;
	s->end = begin->arena_start + size;
	s->touches = begin->touches;
	memcpy(s->touch, begin->touch, sizeof(s->touch));
	pl_clean_pools();
	/* a batch may have a reference from a program before, that mapped it in locked memory */
	pl_lru_drain();
	s->zero_ref = page_count(ZERO_PAGE(0));
	s->zero_dirty = PageDirty(ZERO_PAGE(0));
	/* pairs with pagelab_ioctl(): who sees it begun sees the arena */
	smp_store_release(&s->begun, true);
	return 0;
}

static void count_outside(void *arg, unsigned long addr, u16 flags, unsigned long pfn,
			  unsigned long pages)
{
	s64 *outside = arg;

	if (flags & PL_PTE_SWAP)
		outside[PL_RSS_SWAP] += pages;
	else if (flags & PL_PTE_PRESENT && !(flags & PL_PTE_SPECIAL) && pfn_valid(pfn))
		outside[pl_rss_of_page(pfn_to_page(pfn))] += pages;
}

/*
 * Count what a process maps outside the arena, page by page: what its
 * counters are to be without the arena. Not by subtraction, so that a wrong
 * count that fork() made in the arena stays visible.
 */
static int measure_outside(struct pl_session *s, struct mm_struct *mm, s64 *outside)
{
	struct vm_area_struct *vma;
	int err = 0;

	if (!mmap_read_trylock(mm))
		return -EBUSY;
	for (vma = find_vma(mm, 0); vma && !err; vma = find_vma(mm, vma->vm_end)) {
		unsigned long below = min(vma->vm_end, s->start);
		unsigned long above = max(vma->vm_start, s->end);

		if (vma->vm_start < below)
			err = pl_walk(mm, vma->vm_start, below, count_outside, outside);
		if (!err && above < vma->vm_end)
			err = pl_walk(mm, above, vma->vm_end, count_outside, outside);
	}
	mmap_read_unlock(mm);
	return err;
}

static int fill_member(struct pl_session *s, struct pl_member *m, struct mm_struct *mm)
{
	u32 pages = (s->end - s->start) >> PAGE_SHIFT;
	int err;

	memset(m->outside, 0, sizeof(m->outside));
	err = measure_outside(s, mm, m->outside);
	if (!err)
		err = pl_list_reserve(&m->told.ptes, pages, sizeof(struct pl_seen_pte));
	if (!err)
		err = pl_list_reserve(&m->now.ptes, pages, sizeof(struct pl_seen_pte));
	return err;
}

int pl_add_process(struct pl_session *s, struct pl_process *process)
{
	struct task_struct *task;
	struct pl_member *m;
	struct mm_struct *mm;
	struct pid *pid;
	int err, i;

	if (process->slot >= PL_PROCESSES_MAX)
		return -E2BIG;
	m = &s->members[process->slot];
	if (m->mm)
		return -EEXIST;
	pid = find_get_pid(process->pid);
	task = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	if (!task)
		return -ESRCH;
	mm = get_task_mm(task);
	err = mm ? fill_member(s, m, mm) : -ESRCH;
	for (i = 0; i < PL_PROCESSES_MAX && !err; i++) {
		if (s->members[i].mm == mm)
			err = -EEXIST;
	}
	if (!err) {
		/* the struct, not the address space: exit must not wait for us */
		mmgrab(mm);
		m->mm = mm;
		m->task = task;
		m->told.rss.process = process->slot;
		m->told.rss.alive = 1;
		process->resident = m->outside[PL_RSS_ANON] + m->outside[PL_RSS_FILE] +
				    m->outside[PL_RSS_SHMEM];
	} else {
		put_task_struct(task);
	}
	if (mm)
		mmput(mm);
	return err;
}

/*
 * Does a process sleep until somebody else does something? Such a sleep lets
 * SIGKILL through. One that does not, or that waits for a disk, ends by itself.
 */
int pl_is_asleep(struct pl_session *s, struct pl_asleep *request)
{
	struct task_struct *task;
	unsigned int state;

	if (request->slot >= PL_PROCESSES_MAX)
		return -E2BIG;
	request->asleep = 0;
	task = s->members[request->slot].task;
	if (!task || READ_ONCE(task->on_rq))
		return 0;
	state = pl_task_state(task);
	request->asleep = state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL) && !task->in_iowait;
	return 0;
}

int pl_add_file(struct pl_session *s, const struct pl_file *file)
{
	struct pl_open_file *f;
	struct file *filp;

	if (file->slot >= PL_FILES_MAX)
		return -E2BIG;
	f = &s->files[file->slot];
	if (f->file)
		return -EEXIST;
	filp = fget(file->fd);
	if (!filp)
		return -EBADF;
	if (!S_ISREG(file_inode(filp)->i_mode) && !pl_is_device(filp)) {
		fput(filp);
		return -EINVAL;
	}
	f->file = filp;
	return 0;
}

/* Hand pages to a set that had none; NULL: no page. Caller holds the session's lock. */
void pl_give_pages(struct pl_session *s, struct pl_held *held, struct pl_held_page *pages,
		   u32 count)
{
	u32 i;

	mutex_lock(&s->device_lock);
	held->pages = pages;
	held->count = count;
	for (i = 0; i < count; i++)
		held->live += !!pages[i].page;
	mutex_unlock(&s->device_lock);
	s->live += held->live;
}

/* Give back every page of a set that is still there. */
void pl_put_pages(struct pl_held *held)
{
	bool whole = pl_is_whole(held);
	u32 i;

	if (whole && held->live)
		pl_free_whole(held);
	for (i = 0; i < held->count; i++) {
		if (held->pages[i].page && !whole)
			pl_release(held->pages[i].page, held->pin);
		held->pages[i].page = NULL;
	}
	held->live = 0;
}

static void free_view(struct pl_view *view)
{
	list_free(&view->ptes);
	list_free(&view->vmas);
}

struct pl_session *pl_session_new(void)
{
	struct pl_session *s = kvzalloc(sizeof(*s), GFP_KERNEL);

	if (s) {
		kref_init(&s->references);
		mutex_init(&s->lock);
		mutex_init(&s->device_lock);
	}
	return s;
}

struct pl_session *pl_session_get(struct pl_session *s)
{
	kref_get(&s->references);
	return s;
}

/* Nobody can come any more, and nothing is mapped. */
static void session_end(struct kref *references)
{
	struct pl_session *s = container_of(references, struct pl_session, references);
	u32 i;

	for (i = 0; i < PL_HELD_MAX; i++) {
		s->live -= s->held[i].live;
		pl_put_pages(&s->held[i]);
		kvfree(s->held[i].pages);
	}
	/* every page that a call got has been given back, here or before */
	WARN_ONCE(s->live, "pagelab: %u pages are still held\n", s->live);
	for (i = 0; i < PL_PROCESSES_MAX; i++) {
		struct pl_member *m = &s->members[i];

		free_view(&m->told);
		free_view(&m->now);
		if (m->mm) {
			mmdrop(m->mm);
			put_task_struct(m->task);
		}
	}
	for (i = 0; i < PL_FILES_MAX; i++) {
		list_free(&s->files[i].told);
		list_free(&s->files[i].now);
		pl_io_put(s->files[i].io);
	}
	/* set_page_dirty_lock() works on it too; the next program starts clean */
	if (s->begun && !s->zero_dirty)
		ClearPageDirty(ZERO_PAGE(0));
	if (s->zero_mapped)
		clear_page(page_address(ZERO_PAGE(0)));
	pl_pages_free(&s->pages);
	kvfree(s->out.data);
	kvfree(s);
}

void pl_session_put(struct pl_session *s)
{
	kref_put(&s->references, session_end);
}

/* The descriptor is closed. Devices, of which the session has references, hold it in turn. */
void pl_session_close(struct pl_session *s)
{
	u32 i;

	for (i = 0; i < PL_FILES_MAX; i++) {
		if (s->files[i].file)
			fput(s->files[i].file);
	}
	pl_session_put(s);
}
