/* SPDX-License-Identifier: GPL-2.0 */
/*
 * process.h - a program's process, and how the supervisor talks to it.
 *
 * Outside the arena a process has two mappings of its own, both in one window
 * of 2 MiB, so that one page table serves them, and the kernel's vdso and vvar,
 * which lie where programs expect them and are never touched:
 *
 *	the program's image	one segment of anonymous pages, only read
 *	the slots		shared memory, six pages for each process: what is
 *				asked and answered below, its stack above; and one
 *				page of doors, at which processes wait for each other
 *
 * fork gives a process the image's page table entries; the doors and the pages
 * of its slot it touches before it reports that it is ready. From then on
 * nothing of it changes outside the arena. Everything that the supervisor writes to lies
 * in a third mapping, which fork leaves out: so neither copies a page.
 */
#ifndef PAGELAB_PROCESS_H
#define PAGELAB_PROCESS_H

#include <linux/futex.h>
#include <pagelab_uapi.h>

#define WINDOW_START	0x400000ul
#define WINDOW_END	0x600000ul
#define SLOTS_BASE	0x500000ul
#define SLOT_BYTES	24576ul
#define STEPS_MAX	16	/* operations that a process is given at once */
#define SNAPSHOTS_BYTES	13312	/* of their snapshots' changes */
#define PROVOKE_MAX	24	/* a crash type of the kernel's LKDTM, e.g. WARNING */
#define VVAR_BASE	0x680000ul	/* the kernel's two mappings, for programs to get */
#define VDSO_BASE	0x780000ul
#define OWN_BASE	0x10000000ul	/* the supervisor's own memory */

/* What an operation gave, before the supervisor makes a pl_outcome of it. */
struct report {
	__u8 kind;		/* enum pl_kind: VALUE, SIGNAL or REFUSED */
	__u8 signo;
	__u16 refused;
	__s32 si_code;
	__u64 addr;
	__s64 ret;
	__u32 data_len;		/* of slot.data */
	__s32 error;		/* the ioctl's errno: the request was malformed */
	__s32 made;		/* process id of fork, a new descriptor, 0: none */
	__u32 padding;
};

/*
 * One operation of those that a process is given at once, and what it gave.
 * Switching between two address spaces costs more than most operations, so a
 * process goes on by itself, taking the snapshot in between: into memory that
 * is the supervisor's to read. It stops where only the supervisor can go on:
 * behind the last, where the kernel has said something, and where a snapshot
 * does not fit. Behind the program's last operation it has nothing to wait
 * for, and exits.
 */
struct step {
	struct pl_operation op;
	__u32 observe;		/* in: a snapshot is wanted */
	__u32 padding;
	struct report report;	/* out */
	__u32 snapshot;		/* out: offset in slot.snapshots */
	__u32 snapshot_len;
	__u8 data[PL_DATA_MAX];	/* of a store or poke, or from a load or peek */
};

/*
 * event holds the process's id while it has something to do, and 0 when that
 * is done. It is the lock word of the process's robust list: where the
 * process dies, the kernel puts FUTEX_OWNER_DIED there and wakes the
 * supervisor just as if the work were done.
 */
struct door {
	__u32 event;
	__u32 command;		/* raised by one for each turn */
	__s32 pid;		/* as the process knows it */
	__s32 device;		/* descriptor of the module, to be shown to it */
	__s32 refused;		/* out, of a new process: errno, the module would not take it */
	__u32 padding;
	struct robust_list_head robust;
	struct robust_list held;
};

/* What a process is given to do, and what that gave. */
struct slot {
	__s32 device;		/* descriptor of the module */
	__s32 log;		/* descriptor of the kernel's log, to ask if it has more */
	__u32 steps;		/* in: how many there are to make */
	__u32 done;		/* out: how many were made; another one killed the process */
	__u32 last;		/* in: the steps are the program's last */
	__u32 ended;		/* out: all is done, snapshots too, and the process exits */
	__s32 file[PL_FILES_MAX];	/* descriptors of the program's files */
	__s32 uffd[PL_PROCESSES_MAX];	/* of its processes' userfaultfds, or -1 */
	__s32 pid[PL_PROCESSES_MAX];	/* of its processes, 0: not alive */
	__s32 born[PL_PROCESSES_MAX];	/* the same, also of those that are gone */
	__u32 families;		/* a new process is its maker's child, not the supervisor's */
	__u32 asleep;		/* bits of its processes that sleep in a call */
	__u32 provoke_len;	/* 0: the operation provokes no fault */
	__s32 provoke_fd;
	char provoke[PROVOKE_MAX];
	__u32 measures;		/* in, of a new process: it will be asked what it has resident */
	__u32 padding;
	__s64 resident;		/* pages outside the arena */
	struct pl_call call;
	struct step step[STEPS_MAX];
	__u8 snapshots[SNAPSHOTS_BYTES];
};

_Static_assert(sizeof(struct slot) <= SLOT_BYTES - 4096, "a page is left for the stack");

/* What became of a process that was given something to do. */
#define SETTLED_DONE	0
#define SETTLED_DIED	1
#define SETTLED_ASLEEP	2	/* in its call, until somebody else does something */

#define EVENT_STARTING	(FUTEX_WAITERS | FUTEX_TID_MASK)	/* nobody's id */

#define DOORS_BASE	(SLOTS_BASE + PL_PROCESSES_MAX * SLOT_BYTES)
#define SLOTS_END	(DOORS_BASE + 4096)

#define FAULT_AROUND_PATH	"/sys/kernel/debug/fault_around_bytes"
#define FAULT_AROUND_OFF	"4096"	/* a page: as programs find it */

#define SCRATCH		SLOTS_END	/* mapped for a moment, within one operation */

_Static_assert(PL_PROCESSES_MAX * sizeof(struct door) <= 4096, "one page for all doors");

static inline struct door *door_of(unsigned int number)
{
	return (struct door *)DOORS_BASE + number;
}

static inline struct slot *slot_of(unsigned int number)
{
	return (struct slot *)(SLOTS_BASE + number * SLOT_BYTES);
}

/* The descriptor of an operation's file, or -1. */
static inline int file_of(const struct slot *slot, const struct pl_operation *op)
{
	return op->file ? slot->file[op->file - 1] : -1;
}

/* Does the module make the call? */
static inline int is_module_call(__u16 code)
{
	return code >= PL_MODULE_FIRST && code <= PL_MODULE_LAST;
}

/* Does the module make a call that gets pages? */
static inline int gets_pages(__u16 code)
{
	return code == PL_OP_GET_USER_PAGES || code == PL_OP_GET_USER_PAGES_FAST ||
	       (code >= PL_OP_GET_USER_PAGES_REMOTE && code <= PL_OP_PIN_USER_PAGES_FAST);
}

/* process.c */
void door_prepare(struct door *door, int device);
long process_start(unsigned int number, unsigned long flags);
int door_wait(struct door *door);
int door_settle(struct door *door, int device, unsigned int number);
void process_signals(void);

/* ops_process.c */
#define STILL	"still"		/* argv[0] of the image that takes a process over */

long replace_image(void);
__attribute__((noreturn)) void stand_still(void);
long resident_in_arena(const struct slot *slot);
void settle_counters(void);

/* ops_uffd.c */
int uffd_operation(struct slot *slot, struct step *step);

/* ops_*.c: make the call in step.op, fill step.report */
void user_operation(struct slot *slot, struct step *step);
void module_operation(struct slot *slot, struct step *step);
void module_report(struct slot *slot, struct step *step);
int memory_operation(struct slot *slot, struct step *step);
int access_operation(struct slot *slot, struct step *step);
long memory_advice(const struct pl_operation *op);

#endif /* PAGELAB_PROCESS_H */
