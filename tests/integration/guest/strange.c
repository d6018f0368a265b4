// SPDX-License-Identifier: GPL-2.0
/*
 * strange.c - a guest for tests: answers programs in ways that no agent should.
 *
 * "pagelab.test=WORD" on the kernel's command line says how; the words are in
 * behaviours[] below. It speaks over the virtio port /dev/vport*p1.
 */
#include <linux/reboot.h>
#include <linux/utsname.h>
#include <linux/time_types.h>

#include "wire.h"

static struct wire wire;
static struct {
	struct pl_frame frame;
	__u8 payload[64 << 10];
} out;
static __u32 out_len;
static __u32 operations;
static char argument[64];

static void mount_at(const char *type, const char *where)
{
	sys(mkdirat, AT_HERE, where, 0755);
	sys_long(mount, type, where, type, 0, 0, 0);
}

__attribute__((noreturn)) static void pause_for_good(void)
{
	struct __kernel_timespec time = { .tv_sec = 1 << 20 };

	for (;;)
		sys(nanosleep, &time, 0, 0);
}

void power_off(void)
{
	sys_long(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF,
		 0, 0, 0);
	pause_for_good();
}

static void add(const void *bytes, __u32 n)
{
	memcpy(out.payload + out_len, bytes, n);
	out_len += n;
}

static void begin(__u32 number)
{
	out_len = 0;
	add(&(__u64){ number }, 8);
}

static void add_outcome(__u32 operation, int kind, __s64 ret, const char *log, __u32 log_len)
{
	struct pl_outcome outcome = { .operation = operation, .kind = kind, .ret = ret };

	outcome.log_len = log_len;
	add(&outcome, sizeof(outcome));
	add(log, log_len);
	while (out_len & 7)
		add("", 1);
}

static void flush(void)
{
	wire_send(&wire, PL_FRAME_RESULT, &out.frame, out_len);
}

/* An outcome for each operation and the end; the log belongs to the first. */
static void honest(__u32 number, const char *log, __u32 log_len)
{
	__u32 i;

	begin(number);
	for (i = 0; i < operations; i++)
		add_outcome(i, PL_KIND_VALUE, 0, log, i ? 0 : log_len);
	add_outcome(operations, PL_KIND_END, operations, 0, 0);
	flush();
}

/* ---- what the words do ---------------------------------------------------- */

static void garbage(__u32 number)
{
	memset(out.payload, 0x5a, sizeof(out.payload));
	sys_write(wire.out, out.payload, sizeof(out.payload));
	(void)number;
}

static void oversized(__u32 number)
{
	struct pl_frame frame = {
		.magic = PL_FRAME_MAGIC, .len = 0xfffffff0u, .sequence = wire.sent,
		.type = PL_FRAME_RESULT,
	};

	sys_write(wire.out, &frame, sizeof(frame));
	for (;;)
		sys_write(wire.out, out.payload, sizeof(out.payload));
	(void)number;
}

static void damaged(__u32 number)
{
	struct pl_frame frame = {
		.magic = PL_FRAME_MAGIC, .sequence = wire.sent, .type = PL_FRAME_RESULT, .crc = 1,
	};

	sys_write(wire.out, &frame, sizeof(frame));
	(void)number;
}

static void skipping(__u32 number)
{
	wire.sent++;
	honest(number, 0, 0);
}

static void wrong_number(__u32 number)
{
	honest(number + 1, 0, 0);
}

static void endless(__u32 number)
{
	__u32 i;

	for (i = 0;; i++) {
		begin(number);
		add_outcome(i, PL_KIND_VALUE, 0, 0, 0);
		flush();
	}
}

static void empty(__u32 number)
{
	for (;;) {
		begin(number);
		flush();
	}
}

static void early_end(__u32 number)
{
	begin(number);
	add_outcome(0, PL_KIND_END, 0, 0, 0);
	flush();
}

static void refusing(__u32 number)
{
	struct text text = {0};

	text_add(&text, "no, \033[31mnever\n");
	wire_error(&wire, &text);
	(void)number;
}

static void idle(__u32 number)
{
	pause_for_good();
	(void)number;
}

static void spin(__u32 number)
{
	for (;;)
		asm volatile("" : : "r"(number));
}

static void quit(__u32 number)
{
	begin(number);
	add_outcome(0, PL_KIND_VALUE, 7, 0, 0);
	flush();
	power_off();
}

static void flood(__u32 number)
{
	int console = sys_open("/dev/console", O_RDWR);

	memset(out.payload, 'x', 4096);
	for (;;)
		sys_write(console, out.payload, 4096);
	(void)number;
}

/* Has a child write the argument to a file that makes the kernel do something. */
static void provoke(__u32 number, const char *path)
{
	static char log[PL_LOG_MAX];
	int records = sys_open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	__u32 len = 0;
	long pid, n;

	sys(lseek, records, 0, 2 /* SEEK_END */);
	pid = sys_long(clone, 17 /* SIGCHLD */, 0, 0, 0, 0, 0);
	if (!pid) {
		write_file(path, argument);
		sys(exit_group, 0, 0, 0);
	}
	sys_long(wait4, pid, 0, 0, 0, 0, 0);
	while ((n = sys_read(records, log + len, 1024)) > 0 && len < sizeof(log) - 2048)
		len += n;
	honest(number, log, len);
}

static void lkdtm(__u32 number)
{
	provoke(number, "/sys/kernel/debug/provoke-crash/DIRECT");
}

static void sysrq(__u32 number)
{
	provoke(number, "/proc/sysrq-trigger");
}

static const struct {
	const char *word;
	void (*run)(__u32 number);
} behaviours[] = {
	{ "garbage", garbage },		/* no frame at all */
	{ "oversized", oversized },	/* a frame of 4 GiB */
	{ "damaged", damaged },		/* a wrong checksum */
	{ "skipping", skipping },	/* a sequence number too many */
	{ "wrong-number", wrong_number },
	{ "endless", endless },		/* outcomes beyond the last operation */
	{ "empty", empty },		/* results without outcomes, for ever */
	{ "early-end", early_end },	/* an end record before the outcomes */
	{ "refusing", refusing },	/* an ERROR frame with control characters */
	{ "idle", idle },		/* silence, asleep */
	{ "spin", spin },		/* silence, busy */
	{ "quit", quit },		/* one outcome, then the power goes off */
	{ "flood", flood },		/* endless text on the console */
	{ "lkdtm:", lkdtm },		/* lkdtm:PANIC and so on */
	{ "sysrq:", sysrq },		/* sysrq:c and so on */
};

/* ---- start ---------------------------------------------------------------- */

static void hello(int version, const char *release)
{
	struct pl_hello *hello = (struct pl_hello *)out.payload;
	struct new_utsname name;

	sys(uname, &name, 0, 0);
	*hello = (struct pl_hello){
		.magic = PL_MAGIC, .version = version, .page_size = 4096,
		.gup_capacity = PL_GUP_CAPACITY, .table_span = 2 << 20,
	};
	if (!release)
		release = name.release;
	memcpy(hello->release, release, text_length(release));
	memcpy(hello->machine, name.machine, sizeof(hello->machine) - 1);
	wire_send(&wire, PL_FRAME_HELLO, &out.frame, sizeof(*hello));
}

static const char *word_of(char *line)
{
	char *at, *word = "";

	for (at = line; *at; at++)
		if (text_starts(at, "pagelab.test="))
			word = at + text_length("pagelab.test=");
	for (at = word; *at > ' '; at++)
		;
	if (*word)
		*at = 0;
	return word;
}

static void answer(const char *word, __u32 number)
{
	unsigned int i;

	for (i = 0; i < sizeof(behaviours) / sizeof(*behaviours); i++) {
		const char *known = behaviours[i].word;

		if (!text_starts(word, known))
			continue;
		memcpy(argument, word + text_length(known), text_length(word) + 1 -
		       text_length(known));
		behaviours[i].run(number);
		return;
	}
	honest(number, 0, 0);
}

__attribute__((noreturn, used)) static void start(void)
{
	static char line[2048];
	const char *word;
	struct pl_frame *frame;
	int port;

	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("debugfs", "/sys/kernel/debug");
	read_file("/proc/cmdline", line, sizeof(line));
	word = word_of(line);
	if (text_equal(word, "mute"))
		pause_for_good();
	if (text_equal(word, "boot-panic"))
		write_file("/proc/sysrq-trigger", "c");
	if (text_equal(word, "boot-exit"))
		sys(exit_group, 3, 0, 0);
	port = sys_open("/dev/vport0p1", O_RDWR);
	if (port < 0)
		port = sys_open("/dev/vport1p1", O_RDWR);
	wire_open(&wire, port, port, 0);
	if (text_equal(word, "boot-garbage"))
		garbage(0);
	hello(text_equal(word, "boot-version") ? PL_ABI_VERSION + 1 : PL_ABI_VERSION,
	      text_equal(word, "boot-release") ? "9.9.9" : NULL);
	while ((frame = wire_next(&wire)) && frame->type == PL_FRAME_PROGRAM) {
		struct pl_program *program = (struct pl_program *)(frame + 1);

		operations = program->operations;
		answer(word, program->number);
	}
	power_off();
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall start\n");
#else
asm(".globl _start\n_start:\n\tmov x29, xzr\n\tbl start\n");
#endif
