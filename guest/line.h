/* SPDX-License-Identifier: GPL-2.0 */
/*
 * line.h - frames over the console, which carries the kernel's log as well.
 *
 * The bytes of the frames are cut into chunks of at most LINE_CHUNK bytes
 * (the cuts mean nothing); each chunk travels as one line of ASCII:
 *
 *	~PL<d><seq><crc>:<base64>\n
 *
 *	<d>	'g' from the guest, 'h' from the host
 *	<seq>	8 digits of lower-case hex: counts the chunks of one direction
 *		from 0
 *	<crc>	8 digits of lower-case hex: CRC-32 (as zlib's) of the ASCII
 *		bytes <d><seq><base64>
 *	<base64> the chunk, in the standard alphabet, padded with '='
 *
 * The receiver answers every good line, also one that it had before:
 *
 *	~PA<d><seq><crc>\n
 *
 * with <d> and <seq> of the line that is answered, <crc> of the ASCII bytes
 * A<d><seq>. It takes a chunk whose seq is the next one and drops others; a
 * line for which it has no room it does not answer. A damaged line is ignored.
 *
 * The sender has one line outstanding. Where no answer comes in time (the
 * guest waits LINE_WAIT_MS), it sends the line again, with a newline before
 * it, at most LINE_RESENDS times; then the channel is lost.
 *
 * The kernel's messages may cut into a line anywhere, and may end without a
 * newline: the receiver looks for "~P" anywhere in a line, ignores what stands
 * before it, and tries each one that it finds. Carriage returns are ignored.
 * The tty is raw (no echo, no signals, no translation), and no line is longer
 * than 1024 bytes: there is no flow control, and its buffer is small.
 */
#ifndef PAGELAB_LINE_H
#define PAGELAB_LINE_H

#include <linux/types.h>

#define LINE_CHUNK	720
#define LINE_MAX	1024
#define LINE_WAIT_MS	200
#define LINE_RESENDS	50

struct line {
	__u32 sent;		/* seq of the chunk that is sent or next */
	__u32 received;		/* seq of the chunk that is awaited */
	__u32 answered;		/* the host answered chunk sent */
	__u32 length;		/* of what text holds, without a newline yet */
	char text[LINE_MAX];
};

struct wire;

/* Makes the tty raw; 0 or -errno. */
int line_open(int tty);
/* Waits for input and appends the chunks to the wire's; 1, or 0 at its end. */
int line_read(struct wire *wire);
/* Sends bytes and returns when all were answered: 0, or -errno. */
int line_write(struct wire *wire, const __u8 *bytes, unsigned long n);

#endif /* PAGELAB_LINE_H */
