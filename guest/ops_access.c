// SPDX-License-Identifier: GPL-2.0
/* ops_access.c - another process's memory, by ptrace. */
#include <linux/ptrace.h>
#include <linux/wait.h>

#include "process.h"
#include "sys.h"

static long trace(long request, __s32 pid, __u64 addr, void *data)
{
	return sys_long(ptrace, request, pid, addr, data, 0, 0);
}

/*
 * A word of another process, which is stopped for it and then goes on waiting
 * for work as before: seized, it gets no signal that anybody could see. One that
 * sleeps in a call would not stop.
 */
static long access_word(const struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	__s32 pid = slot->pid[op->index];
	long ret;

	ret = trace(PTRACE_SEIZE, pid, 0, NULL);
	if (ret)
		return ret;
	ret = trace(PTRACE_INTERRUPT, pid, 0, NULL);
	if (!ret)
		ret = sys_long(waitid, P_PID, pid, 0, WSTOPPED | __WALL, 0, 0);
	if (!ret && op->code == PL_OP_PEEKDATA)
		ret = trace(PTRACE_PEEKDATA, pid, op->addr, step->data);
	else if (!ret)
		ret = trace(PTRACE_POKEDATA, pid, op->addr, *(void **)step->data);
	if (trace(PTRACE_DETACH, pid, 0, NULL))
		step->report.error = ECHILD;
	return ret;
}

/* 0 where the code is none of these. */
int access_operation(struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	struct report *report = &step->report;
	int word = op->code == PL_OP_PEEKDATA || op->code == PL_OP_POKEDATA;

	if (word && slot->asleep & 1u << op->index) {
		report->kind = PL_KIND_REFUSED;
		report->refused = PL_REFUSED_BUSY;
		return 1;
	}
	switch (op->code) {
	case PL_OP_PEEKDATA:
		report->ret = access_word(slot, step);
		report->data_len = report->ret ? 0 : sizeof(__u64);
		break;
	case PL_OP_POKEDATA:
		report->ret = access_word(slot, step);
		break;
	default:
		return 0;
	}
	return 1;
}
