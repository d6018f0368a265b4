// SPDX-License-Identifier: GPL-2.0
/* ops_memory.c - a process's calls on its mappings, on files, and on other processes. */
#include <linux/falloc.h>

#include "process.h"
#include "sys.h"

/* These travel as the kernel has them. */
_Static_assert(PL_FALLOC_KEEP_SIZE == FALLOC_FL_KEEP_SIZE, "fallocate");
_Static_assert(PL_FALLOC_PUNCH_HOLE == FALLOC_FL_PUNCH_HOLE, "fallocate");
_Static_assert(PL_MS_ASYNC == MS_ASYNC, "msync");
_Static_assert(PL_MS_INVALIDATE == MS_INVALIDATE, "msync");
_Static_assert(PL_MS_SYNC == MS_SYNC, "msync");

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* from 6.13 on */
#endif

long memory_advice(const struct pl_operation *op)
{
	static const int advice[] = {
		[PL_MADV_DONTNEED] = MADV_DONTNEED,
		[PL_MADV_FREE] = MADV_FREE,
		[PL_MADV_POPULATE_READ] = MADV_POPULATE_READ,
		[PL_MADV_POPULATE_WRITE] = MADV_POPULATE_WRITE,
		[PL_MADV_REMOVE] = MADV_REMOVE,
		[PL_MADV_HUGEPAGE] = MADV_HUGEPAGE,
		[PL_MADV_NOHUGEPAGE] = MADV_NOHUGEPAGE,
		[PL_MADV_PAGEOUT] = MADV_PAGEOUT,
		[PL_MADV_COLD] = MADV_COLD,
		[PL_MADV_DONTNEED_LOCKED] = MADV_DONTNEED_LOCKED,
		[PL_MADV_GUARD_INSTALL] = MADV_GUARD_INSTALL,
	};

	return sys(madvise, op->addr, op->n, advice[op->flags]);
}

static long move(const struct pl_operation *op)
{
	unsigned long flags = op->flags & PL_MREMAP_FIXED ? MREMAP_FIXED | MREMAP_MAYMOVE : 0;

	return sys_long(mremap, op->addr, op->n, (unsigned long)op->index << 12, flags, op->aux, 0);
}

/* A process that ended has no number: never 0, which kill() takes for the whole group. */
static long kill_process(const struct slot *slot, const struct pl_operation *op)
{
	__s32 pid = slot->pid[op->slot];

	return pid ? sys(kill, pid, 9 /* SIGKILL */, 0) : -ESRCH;
}

/* Waits for a child's end and buries it: its status as wait4() gives it, or -errno. */
static long wait_process(const struct slot *slot, const struct pl_operation *op)
{
	__s32 pid = slot->born[op->index];
	int status = 0;
	long ret;

	/* who was never made is nobody's child: never 0, which is any */
	if (!pid)
		return -ECHILD;
	ret = sys_long(wait4, pid, &status, 0, 0, 0, 0);
	return ret < 0 ? ret : status;
}

/* /proc/PID/mem of the operation's target, at the operation's address; descriptor or -errno. */
static long open_memory(const struct slot *slot, const struct pl_operation *op)
{
	struct text path = {0};
	long fd;

	text_add(&path, "/proc/");
	text_number(&path, slot->pid[op->slot]);
	text_add(&path, "/mem");
	fd = sys_open(path.text, O_RDWR | O_CLOEXEC);
	/* pread() refuses the addresses whose top bit is set; lseek() here does not. */
	if (fd >= 0)
		sys(lseek, fd, op->addr, 0 /* SEEK_SET */);
	return fd;
}

static long access_memory(const struct slot *slot, struct step *step)
{
	long fd = open_memory(slot, &step->op);
	long ret;

	if (fd < 0)
		return fd;
	if (step->op.code == PL_OP_MEM_READ)
		ret = sys_read(fd, step->data, step->op.n);
	else
		ret = sys_write(fd, step->data, step->op.data_len);
	sys_close(fd);
	return ret;
}

static long read_data(struct step *step, long ret)
{
	step->report.data_len = ret > 0 ? ret : 0;
	return ret;
}

/* 0 where the code is none of these. */
int memory_operation(struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	struct report *report = &step->report;
	int fd = file_of(slot, op);

	switch (op->code) {
	case PL_OP_MREMAP:
		report->ret = move(op);
		break;
	case PL_OP_SWAPON:
		report->ret = sys(swapon, SWAP_PATH, 0, 0);
		break;
	case PL_OP_SWAPOFF:
		report->ret = sys(swapoff, SWAP_PATH, 0, 0);
		break;
	case PL_OP_MLOCK:
		report->ret = sys(mlock, op->addr, op->n, 0);
		break;
	case PL_OP_MUNLOCK:
		report->ret = sys(munlock, op->addr, op->n, 0);
		break;
	case PL_OP_MSYNC:
		report->ret = sys(msync, op->addr, op->n, op->flags);
		break;
	case PL_OP_WAIT_PID:
		report->ret = wait_process(slot, op);
		break;
	case PL_OP_KILL:
		report->ret = kill_process(slot, op);
		break;
	case PL_OP_FALLOCATE:
		report->ret = sys_long(fallocate, fd, op->flags, op->aux, op->n, 0, 0);
		break;
	case PL_OP_PREAD:
		report->ret = read_data(step, sys_long(pread64, fd, step->data, op->n, op->aux,
						       0, 0));
		break;
	case PL_OP_PWRITE:
		report->ret = sys_long(pwrite64, fd, step->data, op->data_len, op->aux, 0, 0);
		break;
	case PL_OP_MEM_READ:
		report->ret = read_data(step, access_memory(slot, step));
		break;
	case PL_OP_MEM_WRITE:
		report->ret = access_memory(slot, step);
		break;
	default:
		return 0;
	}
	return 1;
}
