/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tiny guest that shows whether KVM really runs a guest: a 64 KiB BIOS.
 *
 * From the reset vector through protected to long mode with paging and SSE
 * on, then what a kernel needs and half a KVM lacks (cmpxchg16b, popcnt of
 * the pinned CPU model), a loop, and 0x21 to the debug-exit port: QEMU ends
 * with status 0x43.
 *
 *	as --64 -o x86_64.o x86_64.S
 *	objcopy -O binary -j .text x86_64.o x86_64.bin
 *
 * harness/accel.py carries the bytes; a test compares them with this file.
 */
	.set	BASE, 0xfffff000	/* where start is seen below 4 GiB */

	.code16
	.org 0xf000
start:
	cli
	lgdtl	%cs:(gdtr - start + 0xf000)
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$8, $(BASE + protected - start)

	.code32
protected:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$0x8000, %esp
	/* 2 MiB pages: the first of memory, and the last below 4 GiB (this code) */
	xor	%eax, %eax
	mov	$0x1000, %edi
	mov	$0x1800, %ecx
	rep stosl
	movl	$0x2003, 0x1000
	movl	$0x3003, 0x2000
	movl	$0x4003, 0x2018
	movl	$0x0083, 0x3000
	movl	$0xffe00083, 0x4ff8
	mov	$0x1000, %eax
	mov	%eax, %cr3
	mov	$0x6a0, %eax		/* PAE, PGE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx	/* EFER: LME, NXE */
	rdmsr
	or	$0x900, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80010002, %eax	/* PG, WP, MP; not EM */
	and	$~4, %eax
	mov	%eax, %cr0
	ljmp	$24, $(BASE + long - start)

	.code64
long:
	mov	$0x10000, %ebx
	lock cmpxchg16b (%rbx)
	movdqu	(%rbx), %xmm0
	popcnt	%rbx, %rax
	mov	$2000000, %ecx
1:	add	%rcx, %rax
	mov	%rax, (%rbx)
	dec	%ecx
	jnz	1b
	mov	$0xf4, %edx
	mov	$0x21, %eax
	out	%al, %dx
2:	hlt
	jmp	2b

	.balign 8, 0xcc		/* never run; of 0x90 each assembler makes nops of its own */
gdt:	.quad 0
	.quad 0x00cf9b000000ffff	/* 8: 32-bit code */
	.quad 0x00cf93000000ffff	/* 16: data */
	.quad 0x00af9b000000ffff	/* 24: 64-bit code */
gdtr:	.word 31
	.long BASE + gdt - start

	.org 0xfff0
	.code16
	jmp	start
	.org 0x10000
