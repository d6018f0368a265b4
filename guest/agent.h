/* SPDX-License-Identifier: GPL-2.0 */
/*
 * agent.h - the supervisor: takes programs, runs their processes, sends results.
 *
 * All that it writes to, its stack too, is one struct agent at OWN_BASE, which
 * fork leaves out.
 */
#ifndef PAGELAB_AGENT_H
#define PAGELAB_AGENT_H

#include <pagelab_uapi.h>

#include "process.h"
#include "wire.h"

#define DEVICE_PATH	"/dev/" PL_DEVICE_NAME
#define PROVOKE_PATH	"/sys/kernel/debug/provoke-crash/DIRECT"
#define LOG_RECORD_MAX	8192u
#define FLUSH_AT	(256u << 10)
/* What one turn of a process can add: its steps, the last with a log and a whole snapshot. */
#define RECORD_MAX	(STEPS_MAX * (sizeof(struct pl_outcome) + PL_DATA_MAX) + \
			 SNAPSHOTS_BYTES + PL_LOG_MAX + PL_SNAPSHOT_MAX + 32)

/* How the agent reaches the host. */
struct channel {
	int in;
	int out;
	int is_line;
	int console;		/* where ready goes when hello is sent; -1: nowhere */
	const char *ready;
	char provoke[PROVOKE_MAX + 8];	/* pagelab.provoke=TYPE,OPERATION; "": nothing */
};

/*
 * A fault to provoke before one operation of each program, in the process that
 * makes it: how tests get a kernel to oops, warn and hang. It takes a kernel
 * with CONFIG_LKDTM.
 */
struct provoke {
	int fd;			/* -1: nothing is provoked */
	__u32 operation;
	__u32 len;
	char type[PROVOKE_MAX];
};

/* Kernel log that was read and belongs to no outcome yet. */
struct log {
	__u32 len;
	int warned;		/* a record of priority 4 or worse is among it */
	int said;		/* anything at all, since WARN_ON_ONCE and its like were reset */
	char text[PL_LOG_MAX];
};

/* The program that runs. */
struct run {
	const struct pl_program *program;
	const struct pl_operation *ops;
	const __u8 *blob;
	int started;		/* there was a first process */
	int families;		/* processes are their parents' children, to be waited for */
	__s32 born[PL_PROCESSES_MAX];	/* as pid, also of those that are gone */
	int alone;		/* each operation is sent before the next one is made */
	__s32 device;
	__s32 pid[PL_PROCESSES_MAX];	/* 0: not alive */
	__s32 still[PL_PROCESSES_MAX];	/* id of one that execve took over, 0: none */
	__s32 file[PL_FILES_MAX];	/* descriptor, or -1 */
	__s32 uffd[PL_PROCESSES_MAX];	/* descriptor of a process's userfaultfd, or -1 */
	__u32 making[PL_PROCESSES_MAX];	/* operation that the process's slot holds */
	__u32 asleep;		/* bits of the processes that sleep in a call */
	__u32 killed;		/* bits of those that died there */
};

struct agent {
	__u8 stack[64 << 10];
	struct channel channel;
	int log_fd;
	int once_fd;
	struct provoke provoke;
	struct pl_info info;
	int has_disk;		/* it is mounted */
	struct run run;
	struct log log;
	char record[LOG_RECORD_MAX];
	struct wire wire;
	struct {
		struct pl_frame frame;
		__u32 number;
		__u32 zero;
		__u8 records[FLUSH_AT + RECORD_MAX];
	} out;
	__u32 out_len;		/* of out.records */
	__u32 recorded;		/* operations of the program that are in them or sent */
};

/* Sets the process up as the agent and serves the channel until it ends. */
__attribute__((noreturn)) void agent_enter(const struct channel *channel);

/* validate.c: NULL, or what is wrong with a program; *operation: where, or -1. */
const char *program_problem(const struct pl_program *program, __u32 len, __u64 task_size,
			    int *operation);

/* disk.c */
long disk_mount(void);

/* run.c */
void run_program(struct agent *agent, const struct pl_frame *frame);

/* steps.c */
int reap(int pid);
void await_end(int pid);
int gone(struct run *run, unsigned int process, const struct pl_operation *op);
void say(struct agent *agent, int operation, const char *what, long error);
int record(struct agent *agent, __u32 operation, const struct report *report,
	   const __u8 *data);
int record_last(struct agent *agent, __u32 operation, const struct step *step);
int record_steps(struct agent *agent, struct slot *slot, __u32 first, int died);

/* results.c */
void log_open(struct agent *agent);
void log_read(struct agent *agent, int all);
void log_once_again(struct agent *agent);
int result_add(struct agent *agent, __u32 operation, const struct report *report,
	       const __u8 *data, int observe);
void result_ready(struct agent *agent, __u32 operation, const struct slot *slot,
		  const struct step *step);
void result_end(struct agent *agent, __u32 done);
void result_flush(struct agent *agent);

#endif /* PAGELAB_AGENT_H */
