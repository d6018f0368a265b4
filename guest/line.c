// SPDX-License-Identifier: GPL-2.0
/* line.c - frames over the console: see line.h for how lines look. */
#include <asm/poll.h>
#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "line.h"
#include "wire.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int line_open(int tty)
{
	struct termios mode;
	long ret = sys_ioctl(tty, TCGETS, &mode);

	if (ret < 0)
		return ret;
	mode.c_iflag = IGNBRK | IGNPAR;
	mode.c_oflag = 0;
	mode.c_lflag = 0;
	mode.c_cc[VMIN] = 1;
	mode.c_cc[VTIME] = 0;
	return sys_ioctl(tty, TCSETS, &mode);
}

static char *put_hex(char *at, __u32 number)
{
	int shift;

	for (shift = 28; shift >= 0; shift -= 4)
		*at++ = "0123456789abcdef"[number >> shift & 15];
	return at;
}

static int get_hex(const char *at, __u32 *number)
{
	int i;

	for (*number = 0, i = 0; i < 8; i++, at++) {
		*number <<= 4;
		if (*at >= '0' && *at <= '9')
			*number |= *at - '0';
		else if (*at >= 'a' && *at <= 'f')
			*number |= *at - 'a' + 10;
		else
			return 0;
	}
	return 1;
}

static char *put_base64(char *at, const __u8 *bytes, unsigned long n)
{
	__u32 three;

	for (; n >= 3; n -= 3, bytes += 3) {
		three = bytes[0] << 16 | bytes[1] << 8 | bytes[2];
		*at++ = alphabet[three >> 18];
		*at++ = alphabet[three >> 12 & 63];
		*at++ = alphabet[three >> 6 & 63];
		*at++ = alphabet[three & 63];
	}
	if (!n)
		return at;
	three = bytes[0] << 16 | (n > 1 ? bytes[1] << 8 : 0);
	*at++ = alphabet[three >> 18];
	*at++ = alphabet[three >> 12 & 63];
	*at++ = n > 1 ? alphabet[three >> 6 & 63] : '=';
	*at++ = '=';
	return at;
}

static int digit_of(char letter)
{
	if (letter >= 'A' && letter <= 'Z')
		return letter - 'A';
	if (letter >= 'a' && letter <= 'z')
		return letter - 'a' + 26;
	if (letter >= '0' && letter <= '9')
		return letter - '0' + 52;
	return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/* Decodes n letters; how many bytes they make, or -1. */
static int get_base64(const char *letters, unsigned int n, __u8 *bytes)
{
	__u8 *at = bytes;
	__u32 held = 0;
	int bits = 0, digit;

	while (n && letters[n - 1] == '=')
		n--;
	for (; n; n--) {
		digit = digit_of(*letters++);
		if (digit < 0)
			return -1;
		held = held << 6 | digit;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*at++ = held >> bits;
		}
	}
	return at - bytes;
}

static int put_text(struct wire *wire, const char *text, unsigned long n)
{
	long ret;

	for (; n; text += ret, n -= ret) {
		ret = sys_write(wire->out, text, n);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static void answer(struct wire *wire, __u32 sequence)
{
	char text[32], *at = text;

	memcpy(at, "~PAh", 4);
	at = put_hex(at + 4, sequence);
	at = put_hex(at, wire_crc(wire, 0, text + 2, at - text - 2));
	*at++ = '\n';
	put_text(wire, text, at - text);
}

/* "<d><seq><crc>:<base64>" of a chunk: text stands on <d>, n bytes to the line's end. */
static void take_chunk(struct wire *wire, const char *text, unsigned int n)
{
	__u32 sequence, crc, letters = 0, found;
	int bytes;

	if (n < 18 || *text != 'h' || text[17] != ':')
		return;
	if (!get_hex(text + 1, &sequence) || !get_hex(text + 9, &crc))
		return;
	while (letters < n - 18 && (digit_of(text[18 + letters]) >= 0 || text[18 + letters] == '='))
		letters++;
	found = wire_crc(wire, 0, text, 9);
	if (wire_crc(wire, found, text + 18, letters) != crc)
		return;
	if (sequence == wire->line.received) {
		if (WIRE_INPUT - wire->end < LINE_CHUNK + 3)
			return;
		bytes = get_base64(text + 18, letters, wire->input + wire->end);
		if (bytes < 0)
			return;
		wire->end += bytes;
		wire->line.received++;
	} else if (sequence > wire->line.received) {
		return;
	}
	answer(wire, sequence);
}

/* "A<d><seq><crc>": text stands on 'A'. */
static void take_answer(struct wire *wire, const char *text, unsigned int n)
{
	__u32 sequence, crc;

	if (n < 18 || text[1] != 'g' || !get_hex(text + 2, &sequence) || !get_hex(text + 10, &crc))
		return;
	if (crc == wire_crc(wire, 0, text, 10) && sequence == wire->line.sent)
		wire->line.answered = 1;
}

static void take_line(struct wire *wire)
{
	const char *text = wire->line.text;
	unsigned int n = wire->line.length, i;

	for (i = 0; i + 3 < n; i++) {
		if (text[i] != '~' || text[i + 1] != 'P')
			continue;
		if (text[i + 2] == 'L')
			take_chunk(wire, text + i + 3, n - i - 3);
		else if (text[i + 2] == 'A')
			take_answer(wire, text + i + 2, n - i - 2);
	}
}

int line_read(struct wire *wire)
{
	struct line *line = &wire->line;
	char bytes[512];
	long n, i;

	n = sys_read(wire->in, bytes, sizeof(bytes));
	if (n == -EINTR)
		return 1;
	if (n <= 0)
		return 0;
	for (i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			take_line(wire);
			line->length = 0;
		} else if (line->length < LINE_MAX) {
			line->text[line->length++] = bytes[i];
		}
	}
	return 1;
}

static __s64 now_ms(void)
{
	struct __kernel_timespec now;

	sys(clock_gettime, CLOCK_MONOTONIC, &now, 0);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes input until the outstanding chunk is answered or the time is over. */
static int wait_answer(struct wire *wire)
{
	__s64 end = now_ms() + LINE_WAIT_MS, left;

	while (!wire->line.answered) {
		struct __kernel_timespec time;

		left = end - now_ms();
		if (left <= 0)
			return 0;
		time = (struct __kernel_timespec){ .tv_nsec = left * 1000000 };
		if (wire_poll(wire->in, POLLIN, &time) && !line_read(wire))
			return -EPIPE;
	}
	return 1;
}

static int send_chunk(struct wire *wire, const __u8 *bytes, unsigned long n)
{
	char text[LINE_MAX], *at = text, *crc;
	int resends, ret;

	memcpy(at, "\n~PLg", 5);
	crc = put_hex(at + 5, wire->line.sent);
	crc[8] = ':';
	at = put_base64(crc + 9, bytes, n);
	put_hex(crc, wire_crc(wire, wire_crc(wire, 0, text + 4, 9), crc + 9, at - crc - 9));
	*at++ = '\n';

	wire->line.answered = 0;
	for (resends = 0; resends <= LINE_RESENDS; resends++) {
		ret = resends ? put_text(wire, text, at - text)
			      : put_text(wire, text + 1, at - text - 1);
		if (!ret)
			ret = wait_answer(wire);
		if (ret) {
			wire->line.sent++;
			return ret < 0 ? ret : 0;
		}
	}
	return -ETIMEDOUT;
}

int line_write(struct wire *wire, const __u8 *bytes, unsigned long n)
{
	unsigned long part;
	int ret = 0;

	for (; n && !ret; bytes += part, n -= part) {
		part = n < LINE_CHUNK ? n : LINE_CHUNK;
		ret = send_chunk(wire, bytes, part);
	}
	return ret;
}
