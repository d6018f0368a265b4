// SPDX-License-Identifier: GPL-2.0
/* init.c - the least that a guest can do: say a word and switch the machine off. */
#include <linux/reboot.h>
#include <asm/unistd.h>

static void sys(long nr, long a, long b, long c)
{
#if defined(__x86_64__)
	asm volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
#else
	register long x8 asm("x8") = nr;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;

	asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
#endif
}

void _start(void)
{
	static const char word[] = "bare-boot-is-up\n";

	sys(__NR_write, 1, (long)word, sizeof(word) - 1);
	sys(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF);
	for (;;)
		;
}
