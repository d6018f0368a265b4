// SPDX-License-Identifier: GPL-2.0
/*
 * ioctl.c - stands before gup_test.c's ioctl() (ld --wrap=ioctl), which itself tells little.
 *
 * It says on standard output what the ioctl gave: its result, and of struct gup_test what the
 * kernel filled in. Before the call two things are done:
 *
 * - LRU batches are emptied, as before every operation of pagelab: a page in one has a reference
 *   more. Unmapping anything does that.
 * - FOLL_TOUCH goes, by which -z asks for pages that are absent. get_user_pages adds it itself,
 *   and the fast calls refuse it (6.1 mm/gup.c internal_get_user_pages_fast): they would never
 *   meet an absent page.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <mm/gup_test.h>

#define PAGE		4096
#define FOLL_TOUCH	0x02

int __real_ioctl(int fd, unsigned long command, struct gup_test *gup);

int __wrap_ioctl(int fd, unsigned long command, ...)
{
	struct gup_test *gup;
	va_list arguments;
	void *page;
	int i, ret;

	va_start(arguments, command);
	gup = va_arg(arguments, struct gup_test *);
	va_end(arguments);
	gup->gup_flags &= ~FOLL_TOUCH;

	page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || munmap(page, PAGE)) {
		perror("opinion: munmap");
		return -1;
	}

	ret = __real_ioctl(fd, command, gup);
	printf("opinion: ioctl %d size %llu which", ret ? -errno : 0, gup->size);
	for (i = 0; i < GUP_TEST_MAX_PAGES_TO_DUMP; i++)
		printf(" %u", gup->which_pages[i]);
	printf("\n");
	return ret;
}
