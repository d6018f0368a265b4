/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tiny guest that shows whether KVM really runs a guest: a flat image
 * that runs a loop and powers the machine off through PSCI, so that QEMU ends
 * with status 0.
 *
 *	aarch64-linux-gnu-as -o arm64.o arm64.S
 *	aarch64-linux-gnu-objcopy -O binary -j .text arm64.o arm64.bin
 *
 * harness/accel.py carries the bytes; a test compares them with this file.
 */
	movz	w1, #0x1e, lsl #16
1:	subs	w1, w1, #1
	b.ne	1b
	movz	w0, #0x0008		/* PSCI SYSTEM_OFF: 0x84000008 */
	movk	w0, #0x8400, lsl #16
	hvc	#0
2:	wfi
	b	2b
