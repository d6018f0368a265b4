// SPDX-License-Identifier: GPL-2.0
/*
 * process.c - the life of a program's process: wait, make one call, report.
 *
 * Nothing here writes anywhere but to the process's slot, its stack included.
 */
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/time_types.h>

#include "process.h"
#include "sys.h"

static void wake(__u32 *word)
{
	sys(futex, word, FUTEX_WAKE, 1);
}

static void finish(struct slot *slot)
{
	__atomic_store_n(&slot->event, 0, __ATOMIC_SEQ_CST);
	wake(&slot->event);
}

static void wait_command(struct slot *slot, __u32 seen)
{
	while (__atomic_load_n(&slot->command, __ATOMIC_SEQ_CST) == seen)
		sys_long(futex, &slot->command, FUTEX_WAIT, seen, 0, 0, 0);
}

/* Has the kernel said anything that was not read yet? */
static int log_has_more(const struct slot *slot)
{
	struct pollfd log = { .fd = slot->log, .events = POLLIN };

	return sys_long(ppoll, &log, 1, &(struct __kernel_timespec){0}, 0, 0, 0) > 0;
}

/* Takes the snapshot behind a step to snapshots[at]; 0 where the supervisor has to. */
static int step_observe(struct slot *slot, struct step *step, __u32 at)
{
	struct pl_snapshot snapshot = {
		.buffer = (unsigned long)slot->snapshots + at,
		.capacity = SNAPSHOTS_BYTES - at,
	};

	if (sys_ioctl(slot->device, PL_IOC_SNAPSHOT, &snapshot) < 0)
		return 0;
	step->snapshot = at;
	step->snapshot_len = snapshot.len;
	return 1;
}

/* Makes the operations of the slot, to the last or the first behind which it stops. */
static void make_steps(struct slot *slot)
{
	struct step *step;
	__u32 at = 0;

	for (;;) {
		step = &slot->step[slot->done];
		step->report = (struct report){ .kind = PL_KIND_VALUE };
		if (step->op.code >= PL_OP_GET_USER_PAGES)
			module_operation(slot, step);
		else
			user_operation(slot, step);
		slot->done++;
		if (slot->done == slot->steps || step->report.error || step->report.made)
			return;
		if (log_has_more(slot))
			return;
		if (step->observe && !step_observe(slot, step, at))
			return;
		if (step->observe)
			at += (step->snapshot_len + 7) & ~7u;
	}
}

/* Every page of the slot becomes the process's, before anything is counted. */
static void prefault(struct slot *slot)
{
	volatile char *page;

	for (page = (char *)slot; page < (char *)slot + SLOT_BYTES; page += 4096)
		*page = *page;
}

/* Where a new process begins, on the empty stack of its slot. */
__attribute__((noreturn, used)) static void process_main(unsigned int number)
{
	struct slot *slot = slot_of(number);
	__u32 seen;

	prefault(slot);
	slot->robust.list.next = &slot->held;
	slot->robust.futex_offset = (long)&slot->event - (long)&slot->held;
	slot->robust.list_op_pending = NULL;
	slot->held.next = &slot->robust.list;
	__atomic_store_n(&slot->event, slot->pid | FUTEX_WAITERS, __ATOMIC_SEQ_CST);
	sys(set_robust_list, &slot->robust, sizeof(slot->robust), 0);
	finish(slot);

	for (seen = 0;; seen++) {
		wait_command(slot, seen);
		if (slot->provoke_len)
			sys_write(slot->provoke_fd, slot->provoke, slot->provoke_len);
		make_steps(slot);
		finish(slot);
	}
}

/*
 * Makes the process of a slot, a copy of the caller. Its id, or -errno.
 *
 * The table of open files is one for all processes of a program: a file is a
 * handle of the program, not of the process that made it, and fork has less
 * to do.
 */
long process_start(unsigned int number, unsigned long flags)
{
	struct slot *slot = slot_of(number);
	unsigned long stack = (unsigned long)slot + SLOT_BYTES;
	long ret;

	flags |= CLONE_FILES | CLONE_FS | CLONE_CHILD_SETTID | 17 /* SIGCHLD */;
#if defined(__x86_64__)
	register long r10 asm("r10") = (long)&slot->pid;
	register long r8 asm("r8") = 0;

	asm volatile("syscall\n\t"
		     "test %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "xor %%ebp, %%ebp\n\t"
		     "mov %%ebx, %%edi\n\t"
		     "call process_main\n"
		     "1:"
		     : "=a"(ret)
		     : "a"(__NR_clone), "D"(flags), "S"(stack), "d"(0), "r"(r10), "r"(r8),
		       "b"(number)
		     : "rcx", "r11", "memory");
#else
	register long x8 asm("x8") = __NR_clone;
	register long x0 asm("x0") = flags;
	register long x1 asm("x1") = stack;
	register long x2 asm("x2") = 0;
	register long x3 asm("x3") = 0;
	register long x4 asm("x4") = (long)&slot->pid;
	register long x19 asm("x19") = number;

	asm volatile("svc #0\n\t"
		     "cbnz x0, 1f\n\t"
		     "mov x29, xzr\n\t"
		     "mov w0, w19\n\t"
		     "bl process_main\n"
		     "1:"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x19)
		     : "x30", "memory");
	ret = x0;
#endif
	return ret;
}
