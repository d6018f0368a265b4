// SPDX-License-Identifier: GPL-2.0
/* wire.c - frames to and from the host. */
#include <asm/poll.h>

#include "wire.h"

#define PROGRAM_MAX	(sizeof(struct pl_program) + \
			 PL_OPERATIONS_MAX * sizeof(struct pl_operation) + PL_BLOB_MAX)
#define READ_ROOM	8192u

/* CRC-32, reflected, polynomial 0x04c11db7; table k skips k more bytes. */
static void make_crc_tables(struct wire *wire)
{
	unsigned int i, k, crc;

	for (i = 0; i < 256; i++) {
		for (crc = i, k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
		wire->crc[0][i] = crc;
	}
	for (i = 0; i < 256; i++)
		for (k = 1; k < 8; k++) {
			crc = wire->crc[k - 1][i];
			wire->crc[k][i] = crc >> 8 ^ wire->crc[0][crc & 255];
		}
}

__u32 wire_crc(const struct wire *wire, __u32 crc, const void *bytes, size_t n)
{
	const __u32 (*table)[256] = wire->crc;
	const __u8 *at = bytes;

	crc = ~crc;
	for (; n >= 8; n -= 8, at += 8) {
		__u64 word = *(const __u64 *)at ^ crc;

		crc = table[7][word & 255] ^ table[6][word >> 8 & 255] ^
		      table[5][word >> 16 & 255] ^ table[4][word >> 24 & 255] ^
		      table[3][word >> 32 & 255] ^ table[2][word >> 40 & 255] ^
		      table[1][word >> 48 & 255] ^ table[0][word >> 56];
	}
	while (n--)
		crc = crc >> 8 ^ table[0][(crc ^ *at++) & 255];
	return ~crc;
}

void wire_open(struct wire *wire, int in, int out, int is_line)
{
	wire->in = in;
	wire->out = out;
	wire->is_line = is_line;
	make_crc_tables(wire);
}

int wire_poll(int fd, int events, const struct __kernel_timespec *time)
{
	struct pollfd one = { .fd = fd, .events = events };
	struct __kernel_timespec left;

	if (time)
		left = *time;
	sys_long(ppoll, &one, 1, time ? &left : NULL, 0, 0, 0);
	return one.revents;
}

static int write_bytes(struct wire *wire, const __u8 *bytes, size_t n)
{
	long ret;

	while (n) {
		ret = sys_write(wire->out, bytes, n);
		if (ret == -EAGAIN) {
			if (wire_poll(wire->out, POLLOUT, NULL) & (POLLHUP | POLLERR))
				return -EPIPE;
			continue;
		}
		if (ret == -EINTR)
			continue;
		if (ret <= 0)
			return ret ? ret : -EPIPE;
		bytes += ret;
		n -= ret;
	}
	return 0;
}

void wire_send(struct wire *wire, __u32 type, struct pl_frame *frame, __u32 len)
{
	int ret;

	*frame = (struct pl_frame){
		.magic = PL_FRAME_MAGIC,
		.len = len,
		.sequence = wire->sent++,
		.type = type,
	};
	frame->crc = wire_crc(wire, 0, frame, sizeof(*frame) + len);
	if (wire->is_line)
		ret = line_write(wire, (__u8 *)frame, sizeof(*frame) + len);
	else
		ret = write_bytes(wire, (__u8 *)frame, sizeof(*frame) + len);
	if (ret)
		power_off();
}

void wire_restart(struct wire *wire)
{
	wire->sent = 0;
	wire->line.sent = 0;
}

void wire_error(struct wire *wire, const struct text *text)
{
	struct {
		struct pl_frame frame;
		char text[sizeof(text->text)];
	} error;

	memcpy(error.text, text->text, text->len);
	wire_send(wire, PL_FRAME_ERROR, &error.frame, text->len);
}

/* Appends what comes to the input; 0 where the stream ended. */
static int read_more(struct wire *wire)
{
	long ret;

	if (WIRE_INPUT - wire->end < READ_ROOM) {
		memmove(wire->input, wire->input + wire->begin, wire->end - wire->begin);
		wire->end -= wire->begin;
		wire->begin = 0;
	}
	if (wire->is_line)
		return line_read(wire);
	for (;;) {
		ret = sys_read(wire->in, wire->input + wire->end, WIRE_INPUT - wire->end);
		if (ret == -EAGAIN)
			wire_poll(wire->in, POLLIN, NULL);
		else if (ret != -EINTR)
			break;
	}
	if (ret <= 0)
		return 0;
	wire->end += ret;
	return 1;
}

/* One message for a run of garbage, however long it is. */
static void report(struct wire *wire, const char *what, __s64 number)
{
	struct text text = {0};

	if (wire->lost)
		return;
	wire->lost = 1;
	text_add(&text, what);
	text_number(&text, number);
	wire_error(wire, &text);
}

/* Why these bytes begin no frame, or NULL. */
static const char *bad_head(const struct pl_frame *frame, __s64 *number)
{
	*number = frame->magic;
	if (frame->magic != PL_FRAME_MAGIC)
		return "no frame where one should begin: ";
	*number = frame->len;
	if (frame->len > PROGRAM_MAX)
		return "frame longer than a program can be: ";
	*number = frame->type;
	if ((frame->type != PL_FRAME_PROGRAM && frame->type != PL_FRAME_STOP &&
	     frame->type != PL_FRAME_HELLO) || frame->reserved)
		return "frame of a type that the host does not send: ";
	return NULL;
}

static int good_crc(struct wire *wire, struct pl_frame *frame)
{
	__u32 crc = frame->crc, found;

	frame->crc = 0;
	found = wire_crc(wire, 0, frame, sizeof(*frame) + frame->len);
	frame->crc = crc;
	return found == crc;
}

/* The frame that the input begins with; NULL: more is needed, or to skip. */
static struct pl_frame *take(struct wire *wire, int *more)
{
	struct pl_frame *frame = (struct pl_frame *)(wire->input + wire->begin);
	__u32 held = wire->end - wire->begin;
	const char *problem;
	__s64 number;

	*more = held < sizeof(*frame);
	if (*more)
		return NULL;
	problem = bad_head(frame, &number);
	if (!problem) {
		*more = held < sizeof(*frame) + frame->len;
		if (*more)
			return NULL;
		number = frame->sequence;
		if (!good_crc(wire, frame))
			problem = "wrong checksum of frame ";
	}
	if (problem) {
		report(wire, problem, number);
		wire->begin++;
		return NULL;
	}
	if (frame->sequence != wire->received) {
		report(wire, "frames are missing before frame ", frame->sequence);
		wire->received = frame->sequence;
	}
	wire->lost = 0;
	wire->received++;
	wire->current = sizeof(*frame) + frame->len;
	return frame;
}

struct pl_frame *wire_next(struct wire *wire)
{
	struct pl_frame *frame;
	int more;

	wire->begin += wire->current;
	wire->current = 0;
	for (;;) {
		if (wire->begin == wire->end)
			wire->begin = wire->end = 0;
		frame = take(wire, &more);
		if (frame)
			return frame;
		if (more && !read_more(wire))
			return NULL;
	}
}
