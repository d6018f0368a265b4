// SPDX-License-Identifier: GPL-2.0
/*
 * requests.c - a guest for tests: random requests to the module, well-formed and malformed.
 *
 * Kernel command line:
 *	pagelab.requests=N	how many
 *	pagelab.seed=N
 *	pagelab.codes=N,N...	the calls that there are
 *
 * Workers make them, since a request may kill who makes it; what became of them is
 * said on the console, behind "requests:".
 */
#include <linux/prctl.h>
#include <linux/reboot.h>
#include <asm/mman.h>

#include <pagelab_uapi.h>

#include "sys.h"

#define ARENA		0x1000000000ul
#define ARENA_PAGES	64u
#define PAGE		4096ul
#define TURN		250		/* requests to one descriptor */
#define CODES_MAX	96
#define DEVICE_PATH	"/dev/" PL_DEVICE_NAME
#define MODULE_PATH	"/pagelab.ko"
#define SHARED		0x30000000ul
#define BUFFER		0x31000000ul	/* what a call may read or write, and nothing behind it */
#define BUFFER_BYTES	65536ul

/* What the workers have come to and learnt; it outlives each of them. */
struct tally {
	__u64 state;		/* of the random numbers */
	__u64 requests;
	__u64 made;		/* by the module: the call returned */
	__u64 refused;		/* by name */
	__u64 malformed;	/* the ioctl said so */
	__u64 workers;
	struct pl_call good[CODES_MAX];	/* the last well-formed request for each call */
};

static struct tally *tally = (struct tally *)SHARED;
static unsigned int codes[CODES_MAX], code_count;
static int console;

void power_off(void)
{
	for (;;)
		sys_long(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			 LINUX_REBOOT_CMD_POWER_OFF, 0, 0, 0);
}

static void say(const char *what, __s64 number)
{
	struct text text = {0};

	text_add(&text, what);
	text_number(&text, number);
	text_add(&text, "\n");
	sys_write(console, text.text, text.len);
}

static void need(const char *what, long ret)
{
	if (ret >= 0)
		return;
	say(what, ret);
	power_off();
}

/* ---- random numbers ------------------------------------------------------- */

static __u64 draw(void)
{
	__u64 x = tally->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	tally->state = x;
	return x * 0x2545f4914f6cdd1dull;
}

static __u64 below(__u64 limit)
{
	return (draw() >> 16) % limit;
}

#define ONE_OF(table)	((table)[below(sizeof(table) / sizeof((table)[0]))])

/* ---- requests ------------------------------------------------------------- */

static __u64 some_address(void)
{
	static const __u64 wild[] = {
		0, -4096ull, 1ull << 47, 1ull << 48, 0xffffffff81000000ull, 0xffffffffff600000ull,
		0x2000000000ull, 0x680000, 0x780000, 1ull << 63, 1ull << 56 | ARENA,
	};

	if (!below(8))
		return ONE_OF(wild);
	return ARENA + below(ARENA_PAGES) * PAGE + (below(4) ? 0 : below(PAGE));
}

static __u64 some_flags(void)
{
	static const __u32 usual[] = { 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 0x400, 0x800 };

	return below(4) ? ONE_OF(usual) : 1u << below(16) | 1u << below(16);
}

static __s64 some_count(void)
{
	static const __s64 usual[] = { 0, 1, 1, 1, 2, 3, 4, 8, 16, 100, 512, 513, 4096, 8192, 12288 };
	static const __s64 odd[] = { -1, -4096, 1ll << 31, -(1ll << 31), (1ll << 31) - 1,
				     1ll << 62, (__s64)(1ull << 63) };

	return below(8) ? ONE_OF(usual) : ONE_OF(odd);
}

/* One member becomes something that it is in some call. */
static void vary(struct pl_call *call)
{
	static const __u64 aux[] = {
		0, 0, 1, 2, 4, 8, 512, 1024, 4088, 4096, PL_OP_VMF_INSERT_PFN,
	};
	static const __u32 index[] = { 0, 0, 1, 1, 2, 7, 300, PL_WHOLE, PL_WHOLE };
	static const __u32 data[] = { 0, 0, 8, 256 };

	switch (below(7)) {
	case 0:
		call->flags = below(3) ? some_flags() : 0;
		break;
	case 1:
		call->addr = below(6) ? some_address() : 0;
		break;
	case 2:
		call->n = below(3) ? some_count() : 0;
		break;
	case 3:
		call->aux = below(3) ? ONE_OF(aux) : some_address();
		break;
	case 4:
		call->index = ONE_OF(index);
		break;
	case 5:
		call->data_len = ONE_OF(data);
		break;
	default:
		call->file = below(3);
	}
}

static int names_frames(unsigned int code)
{
	return code >= PL_OP_REMAP_PFN_RANGE && code <= PL_OP_ON_FAULT_INSERT;
}

/* What may be a request: not far from one that was. What each call takes, nobody says here. */
static void make_request(unsigned int which, struct pl_call *call)
{
	int i;

	*call = tally->good[which];
	for (i = below(3) + (call->code ? 0 : 3); i; i--)
		vary(call);
	call->code = codes[which];
	call->slot = below(below(2) ? 8 : PL_HELD_MAX);
	if (names_frames(call->code) && below(2))
		call->slot = PL_SLOT_BAR;
	call->data = BUFFER;
	call->mode = below(500) ? 0 : PL_MODE_KILLED;
}

/* One member becomes what it cannot be. */
static void spoil(struct pl_call *call)
{
	switch (below(9)) {
	case 0:
		call->code = draw();
		break;
	case 1:
		call->flags |= 1u << (16 + below(16));
		break;
	case 2:
		call->aux |= 1ull << (16 + below(48));
		break;
	case 3:
		call->slot = PL_HELD_MAX + below(1u << 31);
		break;
	case 4:
		call->index = 512 + below(1u << 31);
		break;
	case 5:
		call->data = draw();
		break;
	case 6:
		call->data_len = 257 + below(1u << 31);
		break;
	case 7:
		call->file = PL_FILES_MAX + 1 + below(1u << 31);
		break;
	default:
		call->mode = 1u << (1 + below(31));
		call->reserved = below(2);
	}
}

static long send_call(int device)
{
	unsigned int which = below(code_count);
	struct pl_call sent, call;
	long ret;

	make_request(which, &call);
	if (below(3) == 0)
		spoil(&call);
	sent = call;
	ret = sys_ioctl(device, PL_IOC_CALL, &call);
	if (!ret && sent.code == codes[which])
		tally->good[which] = sent;
	if (!ret && call.refused)
		tally->refused++;
	else if (!ret)
		tally->made++;
	return ret;
}

/* Anything but a call. */
static long send_other(int device)
{
	static const unsigned int commands[] = {
		PL_IOC_INFO, PL_IOC_BEGIN, PL_IOC_PROCESS, PL_IOC_FILE, PL_IOC_SNAPSHOT,
		PL_IOC_ASLEEP, PL_IOC_CALL, 0, 0x5001, 0xffffffff,
	};
	unsigned int i, command = ONE_OF(commands);
	__u64 *word = (__u64 *)BUFFER;
	long ret;

	for (i = 0; i < 16; i++)
		word[i] = below(2) ? below(16) : draw();
	if (command == PL_IOC_SNAPSHOT && below(2))
		*(struct pl_snapshot *)word = (struct pl_snapshot){
			.buffer = BUFFER, .capacity = below(2 * BUFFER_BYTES),
		};
	ret = sys_ioctl(device, command, below(4) ? BUFFER : some_address());
	tally->made += !ret;
	return ret;
}

/* ---- a worker ------------------------------------------------------------- */

static const __u32 parts[] = { 1, 20, 32 };	/* of the arena: memory, a file, the device */

/* What a process may do with its memory meanwhile; nothing that it could die of. */
static void stir(const int *file)
{
	__u64 at = ARENA + below(40) * PAGE;
	unsigned int part = below(3);

	switch (below(6)) {
	case 0:
		sys(munmap, at, (1 + below(3)) * PAGE, 0);
		break;
	case 1:
		sys(mprotect, at, (1 + below(3)) * PAGE, below(4));
		break;
	case 2:
		sys(madvise, at, (1 + below(3)) * PAGE, MADV_DONTNEED);
		break;
	case 3:
		sys(pread64, file[0], at, PAGE);
		break;
	default:
		sys_mmap(ARENA + parts[part] * PAGE, 8 * PAGE, 3,
			 MAP_FIXED | (part ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS),
			 part ? file[part - 1] : -1, 0);
	}
}

static void show(int device, unsigned int slot, int pid)
{
	struct pl_process process = { .slot = slot, .pid = pid };

	need("requests: PL_IOC_PROCESS ", sys_ioctl(device, PL_IOC_PROCESS, &process));
}

/* Another process, whose memory is the worker's as it was; it goes with the worker. */
static int stand_by(void)
{
	int pid = sys_long(clone, 17 /* SIGCHLD */, 0, 0, 0, 0, 0);

	if (pid)
		return pid;
	sys(prctl, PR_SET_PDEATHSIG, 9, 0);
	for (;;)
		sys_long(ppoll, 0, 0, 0, 0, 0, 0);
}

/* One descriptor: a session, its requests, its end. */
static void turn(__u64 wanted)
{
	struct pl_begin begin = {
		.magic = PL_MAGIC,
		.version = PL_ABI_VERSION,
		.arena_start = ARENA,
		.arena_pages = ARENA_PAGES,
	};
	int device = sys_open(DEVICE_PATH, O_RDWR), file[2], other, i;

	need("requests: " DEVICE_PATH " ", device);
	need("requests: PL_IOC_BEGIN ", sys_ioctl(device, PL_IOC_BEGIN, &begin));
	file[0] = sys(memfd_create, "file", 0, 0);
	sys(ftruncate, file[0], 8 * PAGE, 0);
	file[1] = sys_ioctl(device, PL_IOC_DEVICE, 0);
	for (i = 0; i < 2; i++) {
		struct pl_file shown = { .slot = i, .fd = file[i] };

		need("requests: PL_IOC_FILE ", sys_ioctl(device, PL_IOC_FILE, &shown));
	}
	sys_munmap(ARENA, ARENA_PAGES * PAGE);
	for (i = 0; i < 40; i++)
		stir(file);
	other = stand_by();
	show(device, 0, sys(getpid, 0, 0, 0));
	show(device, 1, other);
	for (i = 0; i < TURN && tally->requests < wanted; i++) {
		tally->requests++;
		if ((below(16) ? send_call(device) : send_other(device)) < 0)
			tally->malformed++;
		if (!below(4))
			stir(file);
	}
	sys(kill, other, 9, 0);
	sys_long(wait4, other, 0, 0, 0, 0, 0);
	/* those that a call has made, too */
	sys(close_range, device, -1u, 0);
}

/* ---- start ---------------------------------------------------------------- */

/* Numbers behind "name=", with commas between them; how many. */
static unsigned int numbers(const char *line, const char *name, __u64 *values, unsigned int room)
{
	unsigned int count = 0;

	while (*line && !text_starts(line, name))
		line++;
	if (!*line)
		return 0;
	line += text_length(name) - 1;
	while (count < room && (*line == '=' || *line == ',')) {
		values[count] = 0;
		while (*++line >= '0' && *line <= '9')
			values[count] = values[count] * 10 + *line - '0';
		count++;
	}
	return count;
}

static void mount_at(const char *type, const char *where)
{
	sys(mkdirat, AT_HERE, where, 0755);
	need("requests: mount ", sys_long(mount, type, where, type, 0, 0, 0));
}

__attribute__((noreturn, used)) static void start(void)
{
	static char line[2048];
	__u64 wanted = 0, seed = 0, given[CODES_MAX];
	int fd, worker;

	mount_at("devtmpfs", "/dev");
	console = sys_open("/dev/console", O_RDWR);
	mount_at("proc", "/proc");
	read_file("/proc/cmdline", line, sizeof(line));
	numbers(line, "pagelab.requests=", &wanted, 1);
	numbers(line, "pagelab.seed=", &seed, 1);
	code_count = numbers(line, "pagelab.codes=", given, CODES_MAX);
	for (fd = 0; fd < (int)code_count; fd++)
		codes[fd] = given[fd];
	fd = sys_open(MODULE_PATH, O_RDONLY);
	need("requests: " MODULE_PATH " ", fd);
	need("requests: module ", sys(finit_module, fd, "", 0));
	sys_close(fd);
	sys_mmap(tally, sizeof(*tally), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	sys_mmap(BUFFER, BUFFER_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	tally->state = seed * 2 + 1;
	while (code_count && tally->requests < wanted) {
		tally->workers++;
		worker = sys_long(clone, 17 /* SIGCHLD */, 0, 0, 0, 0, 0);
		while (!worker && tally->requests < wanted)
			turn(wanted);
		if (!worker)
			sys(exit_group, 0, 0, 0);
		/* who stood by for one that died comes here too */
		while (sys_long(wait4, -1, 0, 0, 0, 0, 0) != worker)
			;
	}
	say("requests: ", tally->requests);
	say("made: ", tally->made);
	say("refused: ", tally->refused);
	say("malformed: ", tally->malformed);
	say("workers: ", tally->workers);
	for (fd = 0; fd < (int)code_count; fd++)
		if (!tally->good[fd].code)
			say("never: ", codes[fd]);
	say("done: ", 0);
	power_off();
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall start\n");
#else
asm(".globl _start\n_start:\n\tmov x29, xzr\n\tbl start\n");
#endif
