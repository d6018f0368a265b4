// SPDX-License-Identifier: GPL-2.0
/*
 * process.c - the life of a program's process: wait, make one call, report.
 *
 * Nothing here writes anywhere but to the process's slot, its stack included.
 */
#include <asm/mman.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/time_types.h>

#include "process.h"
#include "sys.h"

#define YIELDS	8	/* to a process that is about to sleep, before time goes by */

/* Waits until the door's process has done its work (0) or died (1). */
int door_wait(struct door *door)
{
	__u32 event;

	for (;;) {
		event = __atomic_load_n(&door->event, __ATOMIC_SEQ_CST);
		if (!(event & FUTEX_TID_MASK))
			return !!(event & FUTEX_OWNER_DIED);
		sys_long(futex, &door->event, FUTEX_WAIT, event, 0, 0, 0);
	}
}

/*
 * Waits until the door's process has done its work, died, or sleeps in its call
 * until somebody else does something: SETTLED_*, or -errno. Nobody can say when
 * a process falls asleep, so it is looked at; in between it has the processor.
 * One that neither returns nor sleeps is for the host's deadline to find.
 */
int door_settle(struct door *door, int device, unsigned int number)
{
	struct __kernel_timespec moment = { .tv_nsec = 1000000 };
	struct pl_asleep look = { .slot = number };
	unsigned int tries;
	__u32 event;
	int ret;

	for (tries = 0;; tries++) {
		event = __atomic_load_n(&door->event, __ATOMIC_SEQ_CST);
		if (!(event & FUTEX_TID_MASK))
			return event & FUTEX_OWNER_DIED ? SETTLED_DIED : SETTLED_DONE;
		ret = sys_ioctl(device, PL_IOC_ASLEEP, &look);
		if (ret < 0)
			return ret;
		/* Work that is done is said to be before its process sleeps at the door. */
		if (look.asleep && __atomic_load_n(&door->event, __ATOMIC_SEQ_CST) == event)
			return SETTLED_ASLEEP;
		if (tries < YIELDS)
			sys(sched_yield, 0, 0, 0);
		else
			sys_long(futex, &door->event, FUTEX_WAIT, event, &moment, 0, 0);
	}
}

/* Before a process is started. */
void door_prepare(struct door *door, int device)
{
	*door = (struct door){ .event = EVENT_STARTING, .device = device };
}

static void finish(struct door *door)
{
	__atomic_store_n(&door->event, 0, __ATOMIC_SEQ_CST);
	sys(futex, &door->event, FUTEX_WAKE, 1);
}

static void wait_command(struct door *door, __u32 seen)
{
	while (__atomic_load_n(&door->command, __ATOMIC_SEQ_CST) == seen)
		sys_long(futex, &door->command, FUTEX_WAIT, seen, 0, 0, 0);
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

/*
 * Makes the operations of the slot, to the last or the first behind which it
 * stops. 1 where nothing is left for anybody to look at.
 */
static int make_steps(struct slot *slot)
{
	struct step *step;
	__u32 at = 0;

	for (;;) {
		step = &slot->step[slot->done];
		step->report = (struct report){ .kind = PL_KIND_VALUE };
		if (is_module_call(step->op.code))
			module_operation(slot, step);
		else
			user_operation(slot, step);
		slot->done++;
		if (step->report.error || (slot->done == slot->steps && !slot->last))
			return 0;
		if (log_has_more(slot))
			return 0;
		if (step->observe && !step_observe(slot, step, at))
			return 0;
		if (slot->done == slot->steps)
			return 1;
		if (step->observe)
			at += (step->snapshot_len + 7) & ~7u;
	}
}

/*
 * The doors and every page of the slot become the process's, before anything is counted.
 * Kernels before 5.14 cannot be asked for them at once, which saves a fault for each.
 */
static void prefault(struct slot *slot, struct door *door)
{
	volatile char *page;

	sys(madvise, slot, SLOT_BYTES, MADV_POPULATE_WRITE);
	door->robust.list.next = &door->held;
	for (page = (char *)slot; page < (char *)slot + SLOT_BYTES; page += 4096)
		*page = *page;
}

/* From now on the end of the process, whatever it is, opens the door. */
static void watch(struct door *door)
{
	door->robust.futex_offset = (long)&door->event - (long)&door->held;
	door->held.next = &door->robust.list;
	__atomic_store_n(&door->event, door->pid | FUTEX_WAITERS, __ATOMIC_SEQ_CST);
	sys(set_robust_list, &door->robust, sizeof(door->robust), 0);
}

/* Shows the process, which is complete now, to the module. That counts what is mapped so far. */
static void introduce(struct door *door, struct slot *slot, unsigned int number)
{
	struct pl_process process = { .slot = number, .pid = door->pid };

	door->refused = -sys_ioctl(door->device, PL_IOC_PROCESS, &process);
	if (door->refused)
		sys(exit_group, 1, 0, 0);
	slot->resident = process.resident;
	if (slot->measures)
		settle_counters();
}

/*
 * Where a new process begins, on the empty stack of its slot. The first one
 * of a program finds its work there; a forked one says that it is ready.
 */
__attribute__((noreturn, used)) static void process_main(unsigned int number)
{
	struct slot *slot = slot_of(number);
	struct door *door = door_of(number);
	__u32 seen;

	prefault(slot, door);
	/* The first process of a program is made with its first turn: nobody knew before. */
	slot->pid[number] = door->pid;
	watch(door);
	introduce(door, slot, number);
	if (!door->command)
		finish(door);

	for (seen = 0;; seen++) {
		wait_command(door, seen);
		if (slot->provoke_len)
			sys_write(slot->provoke_fd, slot->provoke, slot->provoke_len);
		slot->ended = make_steps(slot);
		if (slot->ended)
			sys(exit_group, 0, 0, 0);
		finish(door);
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
	register long r10 asm("r10") = (long)&door_of(number)->pid;
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
	register long x4 asm("x4") = (long)&door_of(number)->pid;
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
