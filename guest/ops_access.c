// SPDX-License-Identifier: GPL-2.0
/* ops_access.c - another process's memory, by ptrace and by process_vm_readv(). */
#include <linux/ptrace.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "process.h"
#include "sys.h"

/* What one vector of a long access has at most, so that few of them are needed. */
#define CHUNK		512u
#define CHUNKS_MAX	(PL_ACCESS_MAX / (CHUNK / 2) + 1)

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

/* So many bytes in vectors of CHUNK or less that all are the same buffer; how many vectors. */
static unsigned int repeat(struct iovec *vector, void *buffer, __u64 chunk, __u64 bytes)
{
	unsigned int n = 0;

	for (; bytes; n++) {
		vector[n].iov_base = buffer;
		vector[n].iov_len = bytes < chunk ? bytes : chunk;
		bytes -= vector[n].iov_len;
	}
	return n;
}

/* The first PL_DATA_MAX bytes are kept, the others only counted. */
static long read_vectors(const struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	__u64 first = op->n < PL_DATA_MAX ? op->n : PL_DATA_MAX;
	struct iovec theirs = { .iov_base = (void *)op->addr, .iov_len = op->n };
	struct iovec vector[CHUNKS_MAX + 1];
	__u8 rest[CHUNK];
	unsigned int n;

	n = repeat(vector, step->data, PL_DATA_MAX, first);
	n += repeat(vector + n, rest, CHUNK, op->n - first);
	return sys_long(process_vm_readv, slot->pid[op->index], vector, n, &theirs, 1, 0);
}

/* The data again and again, until it is enough. */
static long write_vectors(const struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	struct iovec theirs = { .iov_base = (void *)op->addr, .iov_len = op->n };
	struct iovec vector[CHUNKS_MAX];
	unsigned int len = 0, n;
	__u8 data[CHUNK];

	for (; len + op->data_len <= CHUNK; len += op->data_len)
		memcpy(data + len, step->data, op->data_len);
	n = repeat(vector, data, len, op->n);
	return sys_long(process_vm_writev, slot->pid[op->index], vector, n, &theirs, 1, 0);
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
	case PL_OP_VM_READ:
		report->ret = read_vectors(slot, step);
		if (report->ret > 0)
			report->data_len = report->ret < PL_DATA_MAX ? report->ret : PL_DATA_MAX;
		break;
	case PL_OP_VM_WRITE:
		report->ret = write_vectors(slot, step);
		break;
	default:
		return 0;
	}
	return 1;
}
