// SPDX-License-Identifier: GPL-2.0
/* steps.c - what a process's turn gave, on record, and what became of the process. */
#include <linux/signal.h>
#include <linux/wait.h>
#include <asm/poll.h>

#include "agent.h"

/* Waits for a process's end and buries it; the signal that it died of, or 0. */
int reap(int pid)
{
	siginfo_t info = {0};

	while (sys_long(waitid, P_PID, pid, &info, WEXITED, 0, 0) == -EINTR)
		;
	return info.si_code == CLD_EXITED ? 0 : info.si_status;
}

/* Waits until a process has ended, whosever child it is, if nobody has waited for it yet. */
void await_end(int pid)
{
	int fd = sys(pidfd_open, pid, 0, 0);

	if (fd < 0)
		return;
	wire_poll(fd, POLLIN, NULL);
	sys_close(fd);
}

/*
 * A process that has ended is gone: its signal, or 0. Of another process's child nobody
 * but that one is told: such a child has ended as it was to, or was killed.
 */
int gone(struct run *run, unsigned int process, const struct pl_operation *op)
{
	int pid = run->pid[process];

	run->pid[process] = 0;
	if (!run->families || !process)
		return reap(pid);
	await_end(pid);
	return op->code == PL_OP_EXIT && op->process == process ? 0 : 9;
}

/* Waits until a process has ended or, which only execve's image does, stopped itself. */
static int has_stopped(int pid)
{
	siginfo_t info = {0};

	while (sys_long(waitid, P_PID, pid, &info, WEXITED | WSTOPPED | WNOWAIT, 0, 0) == -EINTR)
		;
	return info.si_code == CLD_STOPPED;
}

void say(struct agent *agent, int operation, const char *what, long error)
{
	struct text text = {0};

	text_add(&text, "program");
	if (agent->run.program) {
		text_add(&text, " ");
		text_number(&text, agent->run.program->number);
	}
	if (operation >= 0) {
		text_add(&text, ": operation ");
		text_number(&text, operation);
	}
	text_add(&text, ": ");
	text_add(&text, what);
	if (error) {
		text_add(&text, ": errno ");
		text_number(&text, error < 0 ? -error : error);
	}
	result_flush(agent);
	wire_error(&agent->wire, &text);
}

/* What the operation made becomes the program's. */
static void adopt(struct run *run, const struct step *step)
{
	if (step->report.made <= 0)
		return;
	if (step->op.code == PL_OP_FORK)
		run->pid[step->op.slot] = run->born[step->op.slot] = step->report.made;
	else if (step->op.code == PL_OP_UFFD_REGISTER)
		run->uffd[step->op.process] = step->report.made;
	else
		run->file[step->op.slot] = step->report.made;
}

/* Records one operation behind which the supervisor has to look; 0 or -errno. */
int record(struct agent *agent, __u32 operation, const struct report *report,
	   const __u8 *data)
{
	const struct pl_program *program = agent->run.program;
	int observe = !(program->flags & PL_PROGRAM_OBSERVE_END) ||
		      operation == program->operations - 1;
	int ret = result_add(agent, operation, report, data, observe);

	if (ret)
		say(agent, operation, "no snapshot", ret);
	return ret;
}

/* Records an operation with which the process became something else; 0 or -errno. */
static int record_execve(struct agent *agent, __u32 operation)
{
	const struct report report = { .kind = PL_KIND_VALUE };
	unsigned int process = agent->run.ops[operation].process;

	agent->run.still[process] = agent->run.pid[process];
	agent->run.pid[process] = 0;
	return record(agent, operation, &report, NULL);
}

/*
 * Records an operation that killed its process; 0 or -errno. A call that was made
 * with SIGKILL pending has left in the slot what it gave.
 */
static int record_death(struct agent *agent, __u32 operation, struct slot *slot)
{
	const struct pl_operation *op = &agent->run.ops[operation];
	struct report report = { .kind = PL_KIND_DEATH };

	if (op->code == PL_OP_EXECVE && has_stopped(agent->run.pid[op->process]))
		return record_execve(agent, operation);
	report.signo = gone(&agent->run, op->process, op);
	if (op->code == PL_OP_EXIT && !report.signo) {
		report.kind = PL_KIND_VALUE;
	} else if (op->mode & PL_MODE_KILLED && slot->call.mode & PL_CALL_MADE) {
		module_report(slot, &slot->step[slot->done]);
		report = slot->step[slot->done].report;
	}
	return record(agent, operation, &report, slot->step[slot->done].data);
}

/* A process that another one killed is gone before anybody looks. */
static void bury(struct run *run, const struct step *step)
{
	if (step->op.code != PL_OP_KILL || step->report.ret)
		return;
	if (run->pid[step->op.slot])
		gone(run, step->op.slot, &step->op);
}

/* Records the last step that was made, behind which the process stopped; 0 or -errno. */
int record_last(struct agent *agent, __u32 operation, const struct step *step)
{
	if (!step->report.error) {
		bury(&agent->run, step);
		return record(agent, operation, &step->report, step->data);
	}
	say(agent, operation, "the module would not take it", step->report.error);
	return -step->report.error;
}

/* Records what the steps of a slot gave; how many, or -errno behind the last of them. */
int record_steps(struct agent *agent, struct slot *slot, __u32 first, int died)
{
	struct step *step = slot->step;
	__u32 ready = slot->done - !died;
	__u32 i;
	int ret;

	for (i = 0; i < slot->done; i++)
		adopt(&agent->run, &step[i]);
	/* The last that was made is the supervisor's, unless the process went on behind it. */
	for (i = 0; i < ready; i++)
		result_ready(agent, first + i, slot, &step[i]);
	agent->recorded = first + i;
	if (!died)
		ret = record_last(agent, first + i, &step[i]);
	else if (slot->ended)
		return i;
	else
		ret = record_death(agent, first + i, slot);
	return ret ? ret : (int)i + 1;
}
