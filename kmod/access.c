// SPDX-License-Identifier: GPL-2.0
/*
 * access.c - the kernel's own access to another process's memory.
 *
 * Which calls are refused, in this order (the model predicts it by the same
 * words):
 *
 * 1. NEGATIVE: a length below 0. 6.1 mm/memory.c __access_remote_vm compares it
 *    as unsigned with what is left of a page, and copies page after page, out
 *    of or over whatever follows the buffer, until a page cannot be had.
 * 2. TOO_LONG: more bytes than PL_ACCESS_MAX, which is what a buffer is made for.
 * 3. NO_TARGET: there never was such a process. One that has ended may be asked
 *    for: access_process_vm() finds out itself.
 */
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "pagelab.h"

#define ACCESS_FLAGS	(PL_FOLL_WRITE | PL_FOLL_FORCE)

static u16 refuse(const struct pl_call *call, const struct task_struct *task)
{
	if (call->n < 0)
		return PL_REFUSED_NEGATIVE;
	if (call->n > PL_ACCESS_MAX)
		return PL_REFUSED_TOO_LONG;
	return task ? PL_REFUSED_NONE : PL_REFUSED_NO_TARGET;
}

/* What is to be written: the caller's bytes, again and again. */
static int fill(const struct pl_call *call, u8 *buffer)
{
	u32 len = min_t(s64, call->data_len, call->n);
	s64 i;

	if (copy_from_user(buffer, u64_to_user_ptr(call->data), len))
		return -EFAULT;
	for (i = len; i < call->n; i++)
		buffer[i] = buffer[i - call->data_len];
	return 0;
}

/* Of what was read the caller has room for the first PL_DATA_MAX bytes. */
static int hand_over(const struct pl_call *call, const u8 *buffer)
{
	s64 len = min_t(s64, call->ret, PL_DATA_MAX);

	if (len <= 0)
		return 0;
	return copy_to_user(u64_to_user_ptr(call->data), buffer, len) ? -EFAULT : 0;
}

static int make(struct pl_call *call, struct task_struct *task)
{
	u8 *buffer = kvzalloc(PL_ACCESS_MAX, GFP_KERNEL);
	unsigned int flags;
	bool write = call->flags & PL_FOLL_WRITE;
	int err = 0;

	if (!buffer)
		return -ENOMEM;
	if (write)
		err = fill(call, buffer);
	if (!err && !pl_foll_flags(call->flags, &flags))
		err = -EINVAL;
	if (!err)
		call->ret = access_process_vm(task, call->addr, buffer, call->n, flags);
	if (!err && !write)
		err = hand_over(call, buffer);
	kvfree(buffer);
	return err;
}

/* Is the request what the ABI allows? */
static int check(const struct pl_call *call)
{
	bool write = call->flags & PL_FOLL_WRITE;

	if (call->index >= PL_PROCESSES_MAX || call->data_len > PL_DATA_MAX)
		return -E2BIG;
	if (call->flags & ~ACCESS_FLAGS || call->mode & ~PL_MODE_KILLED || call->aux ||
	    call->file || call->n != (int)call->n)
		return -EINVAL;
	return write != !!call->data_len ? -EINVAL : 0;
}

/* access_process_vm() from or to a buffer of the module's. */
int pl_do_access(struct pl_session *s, struct pl_call *call)
{
	struct task_struct *task;
	int err = check(call);

	if (err)
		return err;
	mutex_lock(&s->lock);
	task = s->members[call->index].task;
	if (task)
		get_task_struct(task);
	mutex_unlock(&s->lock);
	if (call->mode & PL_MODE_KILLED)
		pl_kill_here(call);
	call->refused = refuse(call, task);
	if (!call->refused)
		err = make(call, task);
	if (task)
		put_task_struct(task);
	return err;
}
