// SPDX-License-Identifier: GPL-2.0
/* ops_uffd.c - userfaultfd: who registers, and who does what it is told of. */
#include <linux/userfaultfd.h>

#include "process.h"
#include "sys.h"

/* The userfaultfd of the process, made with its first range; or -errno. */
static int open_own(struct slot *slot, struct step *step)
{
	struct uffdio_api api = { .api = UFFD_API };
	__s32 *own = &slot->uffd[step->op.process];
	int fd = *own;
	long ret;

	if (fd >= 0)
		return fd;
	fd = sys(userfaultfd, O_CLOEXEC | O_NONBLOCK, 0, 0);
	if (fd < 0)
		return fd;
	ret = sys_ioctl(fd, UFFDIO_API, &api);
	if (ret < 0) {
		sys_close(fd);
		return ret;
	}
	*own = fd;
	step->report.made = fd;
	return fd;
}

_Static_assert(PL_UFFD_MISSING == UFFDIO_REGISTER_MODE_MISSING, "userfaultfd");
_Static_assert(PL_UFFD_WP == UFFDIO_REGISTER_MODE_WP, "userfaultfd");
_Static_assert(PL_UFFD_MINOR == UFFDIO_REGISTER_MODE_MINOR, "userfaultfd");

/* What the operation names is the userfaultfd's to be told of from now on. */
static long register_range(struct slot *slot, struct step *step)
{
	struct uffdio_register wanted = {
		.range = { .start = step->op.addr, .len = step->op.n },
		.mode = step->op.flags,
	};
	int fd = open_own(slot, step);

	return fd < 0 ? fd : sys_ioctl(fd, UFFDIO_REGISTER, &wanted);
}

/*
 * Fills in one page of the process in step.op.slot: with the data and zeros
 * behind it, or with nothing. The memory for snapshots is the source of the
 * copy: this operation has its turn for itself.
 */
static long fill_page(struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	int fd = slot->uffd[op->slot];
	long ret;

	if (op->code == PL_OP_UFFD_COPY) {
		struct uffdio_copy copy = {
			.dst = op->addr,
			.src = (unsigned long)slot->snapshots,
			.len = 4096,
			.mode = op->flags & PL_UFFD_WP ? UFFDIO_COPY_MODE_WP : 0,
		};

		memset(slot->snapshots, 0, 4096);
		memcpy(slot->snapshots, step->data, op->data_len);
		ret = sys_ioctl(fd, UFFDIO_COPY, &copy);
	} else {
		struct uffdio_zeropage zero = { .range = { .start = op->addr, .len = 4096 } };

		ret = sys_ioctl(fd, UFFDIO_ZEROPAGE, &zero);
	}
	return ret;
}

/* Pages of the process in op.slot can be written no more, or again. */
static long protect(int fd, const struct pl_operation *op)
{
	struct uffdio_writeprotect wanted = {
		.range = { .start = op->addr, .len = op->n },
		.mode = op->flags & PL_UFFD_WP ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return sys_ioctl(fd, UFFDIO_WRITEPROTECT, &wanted);
}

/* Maps one page that the file has. */
static long go_on(int fd, const struct pl_operation *op)
{
	struct uffdio_continue wanted = { .range = { .start = op->addr, .len = 4096 } };

	return sys_ioctl(fd, UFFDIO_CONTINUE, &wanted);
}

/* 0 where the code is none of these. */
int uffd_operation(struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	struct report *report = &step->report;

	switch (op->code) {
	case PL_OP_UFFD_REGISTER:
		report->ret = register_range(slot, step);
		break;
	case PL_OP_UFFD_COPY:
	case PL_OP_UFFD_ZEROPAGE:
		report->ret = fill_page(slot, step);
		break;
	case PL_OP_UFFD_WRITEPROTECT:
		report->ret = protect(slot->uffd[op->slot], op);
		break;
	case PL_OP_UFFD_CONTINUE:
		report->ret = go_on(slot->uffd[op->slot], op);
		break;
	default:
		return 0;
	}
	return 1;
}
