// SPDX-License-Identifier: GPL-2.0
/*
 * init.c - the guest's first process: runs /gup_test once for each line of /cases.
 *
 * A line is
 *
 *	FILE BYTES OPTION...
 *
 * FILE is made anew, with so many bytes and all of them a hole ("-": none is made). Everything
 * goes to the console, in order: what the kernel logs, what gup_test says, and for each line
 * "opinion: case NUMBER" before and "opinion: status NUMBER" behind it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define WORDS	32

static void give_up(const char *what)
{
	printf("opinion: init failed: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	tcdrain(1);
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		give_up(path);
	close(fd);
}

static void make_mount(const char *source, const char *type, const char *where)
{
	mkdir(where, 0755);
	/* the kernel may have mounted /dev itself */
	if (mount(source, where, type, MS_NOATIME, NULL) && errno != EBUSY)
		give_up(where);
}

/* Nothing is mapped, read ahead or written back but by the calls themselves. */
static void prepare(void)
{
	make_mount("dev", "devtmpfs", "/dev");
	make_mount("proc", "proc", "/proc");
	make_mount("sys", "sysfs", "/sys");
	make_mount("debug", "debugfs", "/sys/kernel/debug");
	make_mount("tmp", "tmpfs", "/tmp");
	put("/sys/kernel/debug/fault_around_bytes", "4096");
	put("/sys/block/vda/queue/read_ahead_kb", "0");
	put("/proc/sys/vm/dirty_writeback_centisecs", "0");
	put("/proc/sys/vm/dirty_ratio", "80");
	put("/proc/sys/vm/dirty_background_ratio", "70");
	make_mount("/dev/vda", "ext2", "/disk");
}

static void make_file(const char *path, const char *bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, atol(bytes)))
		give_up(path);
	close(fd);
}

/* Starts the program and waits for it; its exit status, or 256 plus the signal. */
static int start(char **words)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork");
	if (!pid) {
		execv(words[0], words);
		_exit(126);
	}
	if (waitpid(pid, &status, 0) != pid)
		give_up("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static void run(int number, char *line)
{
	char *words[WORDS + 1] = {"/gup_test"};
	char *file = strtok(line, " \n");
	char *bytes = strtok(NULL, " \n");
	int n = 1, status;

	while (n < WORDS && (words[n] = strtok(NULL, " \n")))
		n++;
	if (!bytes)
		give_up("/cases");
	if (strcmp(file, "-"))
		make_file(file, bytes);
	printf("opinion: case %d\n", number);
	tcdrain(1); /* what the kernel logs goes around the tty's buffer */
	status = start(words);
	tcdrain(1);
	printf("opinion: status %d\n", status);
	tcdrain(1);
	if (strcmp(file, "-"))
		unlink(file);
}

int main(void)
{
	char line[512];
	FILE *cases;
	int number;

	setvbuf(stdout, NULL, _IOLBF, 0);
	prepare();
	cases = fopen("/cases", "re");
	if (!cases)
		give_up("/cases");
	for (number = 0; fgets(line, sizeof(line), cases); number++)
		run(number, line);
	printf("opinion: end\n");
	tcdrain(1);
	reboot(RB_POWER_OFF);
	return 1;
}
