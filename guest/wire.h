/* SPDX-License-Identifier: GPL-2.0 */
/* wire.h - frames to and from the host, over a byte stream or the console. */
#ifndef PAGELAB_WIRE_H
#define PAGELAB_WIRE_H

#include <linux/time_types.h>
#include <pagelab_uapi.h>

#include "line.h"
#include "sys.h"

#define WIRE_INPUT	(256u << 10)	/* more than the longest program and a read */

struct wire {
	int in;
	int out;
	int is_line;		/* the console: frames travel in lines */
	int lost;		/* garbage was reported, no good frame since */
	__u32 sent;		/* frames */
	__u32 received;
	__u32 begin;		/* of what input holds */
	__u32 end;
	__u32 current;		/* bytes of the frame that wire_next() gave */
	__u32 padding;
	__u32 crc[8][256];
	struct line line;
	__u8 input[WIRE_INPUT];
};

void wire_open(struct wire *wire, int in, int out, int is_line);
__u32 wire_crc(const struct wire *wire, __u32 crc, const void *bytes, size_t n);

/*
 * The next whole frame, valid until the next call; NULL where the stream
 * ended. Whatever is no frame is skipped and answered with an ERROR frame.
 */
struct pl_frame *wire_next(struct wire *wire);

/* Sends a frame whose payload lies behind it. Where the host is gone, the guest ends. */
void wire_send(struct wire *wire, __u32 type, struct pl_frame *frame, __u32 len);

/* Counts what is sent from 0 again, for a host that has seen nothing of it. */
void wire_restart(struct wire *wire);

/* Sends an ERROR frame. */
void wire_error(struct wire *wire, const struct text *text);

/* Waits until a descriptor is ready: POLL* that hold, or 0 when the time is over. */
int wire_poll(int fd, int events, const struct __kernel_timespec *time);

#endif /* PAGELAB_WIRE_H */
