// SPDX-License-Identifier: GPL-2.0
/* ops_uffd.c - userfaultfd: who registers, and who fills in missing pages. */
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

/* Missing pages of the range are the userfaultfd's to fill in from now on. */
long uffd_register(struct slot *slot, struct step *step)
{
	struct uffdio_register wanted = {
		.range = { .start = step->op.addr, .len = step->op.n },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = open_own(slot, step);

	return fd < 0 ? fd : sys_ioctl(fd, UFFDIO_REGISTER, &wanted);
}

/*
 * Fills in one page of the process in step.op.slot: with the data and zeros
 * behind it, or with nothing. The memory for snapshots is the source of the
 * copy: this operation has its turn for itself.
 */
long uffd_fill(struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	int fd = slot->uffd[op->slot];
	long ret;

	if (op->code == PL_OP_UFFD_COPY) {
		struct uffdio_copy copy = {
			.dst = op->addr,
			.src = (unsigned long)slot->snapshots,
			.len = 4096,
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
