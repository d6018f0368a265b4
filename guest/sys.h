/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sys.h - system calls without a libc.
 *
 * Each call returns what the kernel does: a value, or -errno.
 */
#ifndef PAGELAB_SYS_H
#define PAGELAB_SYS_H

#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/types.h>

#define NULL	((void *)0)
#define AT_HERE	AT_FDCWD

typedef unsigned long size_t;

#if defined(__x86_64__)
static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("syscall" : "=a"(ret)
		     : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

static inline long sys3(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c)
		     : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 asm("x8") = nr;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;
	register long x4 asm("x4") = e;
	register long x5 asm("x5") = f;

	asm volatile("svc #0" : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}

static inline long sys3(long nr, long a, long b, long c)
{
	register long x8 asm("x8") = nr;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;

	asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}
#else
#error "an architecture that the agent does not know"
#endif

#define sys(name, a, b, c)	sys3(__NR_##name, (long)(a), (long)(b), (long)(c))
#define sys_long(name, a, b, c, d, e, f) \
	sys6(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline int sys_open(const char *path, int flags)
{
	return sys6(__NR_openat, AT_HERE, (long)path, flags, 0, 0, 0);
}

/* Opens a file that may have to be made. */
static inline int sys_create(const char *path, int flags)
{
	return sys6(__NR_openat, AT_HERE, (long)path, flags | O_CREAT, 0600, 0, 0);
}

#define sys_close(fd)			sys(close, fd, 0, 0)
#define sys_read(fd, buffer, n)		sys(read, fd, buffer, n)
#define sys_write(fd, buffer, n)	sys(write, fd, buffer, n)
#define sys_ioctl(fd, request, arg)	sys(ioctl, fd, request, arg)
#define sys_munmap(addr, n)		sys(munmap, addr, n, 0)
#define sys_mmap(addr, n, prot, flags, fd, offset) \
	sys_long(mmap, addr, n, prot, flags, fd, offset)

/* A system call's answer that is an error, also where it may be an address. */
static inline int is_error(long ret)
{
	return (unsigned long)ret >= -4095ul;
}

/* init.c */
#define DISK_PATH	"/disk"
#define SWAP_PATH	"/dev/" PL_SWAP_NAME

__attribute__((noreturn)) void power_off(void);

/* lib.c */
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *one, const void *other, size_t n);
size_t text_length(const char *text);
int text_equal(const char *one, const char *other);
int text_starts(const char *text, const char *start);

/* A line of text being put together; what does not fit is left out. */
struct text {
	unsigned int len;
	char text[252];
};

void text_add(struct text *text, const char *more);
void text_number(struct text *text, __s64 number);
long read_file(const char *path, char *buffer, size_t size);
int write_file(const char *path, const char *content);

#endif /* PAGELAB_SYS_H */
