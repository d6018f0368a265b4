// SPDX-License-Identifier: GPL-2.0
/* lib.c - what the compiler and the rest expect of a C library. */
#include "sys.h"

void *memcpy(void *to, const void *from, size_t n)
{
	return memmove(to, from, n);
}

void *memmove(void *to, const void *from, size_t n)
{
	const unsigned char *source = from;
	unsigned char *target = to;

	if (target > source && target < source + n) {
		while (n--)
			target[n] = source[n];
		return to;
	}
	for (; n >= 8; n -= 8, source += 8, target += 8)
		*(__u64 *)target = *(const __u64 *)source;
	while (n--)
		*target++ = *source++;
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	volatile unsigned char *target = to;

	while (n--)
		*target++ = byte;
	return to;
}

int memcmp(const void *one, const void *other, size_t n)
{
	const unsigned char *a = one, *b = other;

	for (; n--; a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}

size_t text_length(const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	return n;
}

int text_equal(const char *one, const char *other)
{
	while (*one && *one == *other)
		one++, other++;
	return *one == *other;
}

int text_starts(const char *text, const char *start)
{
	while (*start && *text == *start)
		text++, start++;
	return !*start;
}

void text_add(struct text *text, const char *more)
{
	while (*more && text->len < sizeof(text->text) - 1)
		text->text[text->len++] = *more++;
	text->text[text->len] = 0;
}

void text_number(struct text *text, __s64 number)
{
	__u64 rest = number < 0 ? -(__u64)number : (__u64)number;
	char digits[24];
	int at = sizeof(digits) - 1;

	digits[at] = 0;
	do {
		digits[--at] = '0' + rest % 10;
		rest /= 10;
	} while (rest);
	if (number < 0)
		digits[--at] = '-';
	text_add(text, digits + at);
}

/* The file's beginning as a string; how long it is, or -errno. */
long read_file(const char *path, char *buffer, size_t size)
{
	long n;
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fd;
	n = sys_read(fd, buffer, size - 1);
	sys_close(fd);
	if (n >= 0)
		buffer[n] = 0;
	return n;
}

int write_file(const char *path, const char *content)
{
	long n;
	int fd = sys_open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return fd;
	n = sys_write(fd, content, text_length(content));
	sys_close(fd);
	return n < 0 ? n : 0;
}
