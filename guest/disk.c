// SPDX-License-Identifier: GPL-2.0
/* disk.c - the ext2 file system that programs open their files in. */
#include <linux/mount.h>

#include "agent.h"

#define DISK		"/dev/vda"
#define SYSCTL_VM	"/proc/sys/vm/"

struct setting {
	const char *path;
	const char *value;
};

/*
 * Mounts the disk so that pages of its files change only where a program makes
 * them: nothing is read ahead, nothing is written back but by fsync. 0 or -errno.
 *
 * It is done before the first program that asks for it, since it is the longest
 * part of making a guest ready; another agent of the same guest may have been first.
 */
long disk_mount(void)
{
	static const struct setting settings[] = {
		{ "/sys/block/vda/queue/read_ahead_kb", "0" },
		/* a disk that wrote nothing yet has no share of what may be dirty */
		{ "/sys/block/vda/bdi/min_ratio", "99" },
		{ SYSCTL_VM "dirty_writeback_centisecs", "0" },
		{ SYSCTL_VM "dirty_ratio", "80" },
		{ SYSCTL_VM "dirty_background_ratio", "70" },
		/* 4: that caches are dropped is not logged each time */
		{ SYSCTL_VM "drop_caches", "4" },
	};
	unsigned int i;
	long ret;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		ret = write_file(settings[i].path, settings[i].value);
		if (ret < 0)
			return ret;
	}
	sys(mkdirat, AT_HERE, DISK_PATH, 0755);
	ret = sys_long(mount, DISK, DISK_PATH, "ext2", MS_NOATIME, 0, 0);
	return ret == -EBUSY ? 0 : ret;
}
