// SPDX-License-Identifier: GPL-2.0
/* ops_process.c - a process as a whole: another image in its place, what it has resident. */
#include <linux/sched.h>
#include <linux/signal.h>

#include "process.h"
#include "sys.h"

/*
 * execve() of the agent's own file, which finds by its name that it has nothing
 * to do. Returns only -errno: the kernel opens the process's door when it lets
 * go of the old image.
 */
long replace_image(void)
{
	static const char *const argv[] = { STILL, NULL };
	static const char *const env[] = { NULL };

	return sys(execve, "/proc/self/exe", argv, env);
}

/*
 * The new image: it is there, and tells its parent so by stopping. The old one
 * is gone by then, memory and all.
 */
void stand_still(void)
{
	for (;;)
		sys(kill, sys(getpid, 0, 0, 0), SIGSTOP, 0);
}

/* The second number of /proc/self/statm, or -errno. */
static long resident_pages(void)
{
	char line[128], *at = line;
	long n = read_file("/proc/self/statm", line, sizeof(line));
	long pages = 0;

	if (n < 0)
		return n;
	while (*at && *at++ != ' ')
		;
	for (; *at >= '0' && *at <= '9'; at++)
		pages = pages * 10 + *at - '0';
	return pages;
}

/* What the process has resident of the arena. Outside of it nothing changes. */
long resident_in_arena(const struct slot *slot)
{
	long pages = resident_pages();

	return pages < 0 ? pages : pages - slot->resident;
}

/*
 * Kernels that let a task keep its last faults' pages to itself add them to the
 * rest when it unmaps anything. So before its first operation all are counted.
 */
void settle_counters(void)
{
	long page = sys_mmap(SCRATCH, 4096, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (!is_error(page))
		sys_munmap(page, 4096);
}
