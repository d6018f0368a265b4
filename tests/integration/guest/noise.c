// SPDX-License-Identifier: GPL-2.0
/*
 * noise.c - a kernel that talks all the time: starts a process that has it
 * print, then becomes the real init, which lies at /agent.
 *
 * Boot with printk.devkmsg=on, or the kernel soon prints no more.
 */
#include <linux/time_types.h>

#include "sys.h"

#define PAUSE_NS	20000000

void power_off(void)
{
	sys(exit_group, 1, 0, 0);
	__builtin_unreachable();
}

__attribute__((noreturn)) static void talk(void)
{
	static const char message[] =
		"<3>noise: nothing is wrong, but the kernel has a lot to say about nothing\n";
	struct __kernel_timespec time = { .tv_nsec = PAUSE_NS };
	int kmsg;

	sys(mkdirat, AT_HERE, "/dev", 0755);
	sys_long(mount, "devtmpfs", "/dev", "devtmpfs", 0, 0, 0);
	kmsg = sys_open("/dev/kmsg", O_WRONLY);
	for (;;) {
		sys_write(kmsg, message, sizeof(message) - 1);
		sys(nanosleep, &time, 0, 0);
	}
}

__attribute__((noreturn, used)) static void start(long *stack)
{
	char **argv = (char **)(stack + 1);

	if (sys(getpid, 0, 0, 0) == 1 && !sys_long(clone, 17 /* SIGCHLD */, 0, 0, 0, 0, 0))
		talk();
	sys(execve, "/agent", argv, argv + *stack + 1);
	power_off();
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
#else
asm(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x0, sp\n\tbl start\n");
#endif
