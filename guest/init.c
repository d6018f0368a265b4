// SPDX-License-Identifier: GPL-2.0
/*
 * init.c - the guest's first process: makes the guest ready, becomes the agent.
 *
 * Kernel command line:
 *	pagelab.channel=virtio|serial|ssh	how the host speaks (virtio)
 *	pagelab.tty=NAME			the console's tty under /dev, where
 *						it is not the one /proc/consoles says
 *
 * Started as anything but process 1 (by the ssh server, as a login's command
 * or as its shell), it is the agent on standard input and output.
 */
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/reboot.h>
#include <asm/poll.h>
#include <asm/socket.h>

#include "agent.h"

#define MODULE_PATH	"/pagelab.ko"
#define DRIVERS_PATH	"/drivers.list"
#define PORT_NAME	"pagelab\n"
#define PORTS		"/sys/class/virtio-ports"
#define PORT_WAIT_S	20
#define SSH_SERVER	"/usr/sbin/dropbear"
#define AF_NETLINK	16
#define THP		"/sys/kernel/mm/transparent_hugepage/"
#define HUGE_BASE	0x20000000ul
#define HUGE_BYTES	(2ul << 20)

static int console = -1;

void power_off(void)
{
	for (;;)
		sys_long(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			 LINUX_REBOOT_CMD_POWER_OFF, 0, 0, 0);
}

/* Says on the console why there is no agent, and ends the guest. */
__attribute__((noreturn)) static void give_up(const char *what, long error)
{
	struct text text = {0};

	text_add(&text, "\npagelab: init failed: ");
	text_add(&text, what);
	if (error) {
		text_add(&text, ": errno ");
		text_number(&text, -error);
	}
	text_add(&text, "\n");
	sys_write(console, text.text, text.len);
	power_off();
}

static void need(const char *what, long ret)
{
	if (ret < 0)
		give_up(what, ret);
}

static long mount(const char *type, const char *where)
{
	sys(mkdirat, AT_HERE, where, 0755);
	return sys_long(mount, type, where, type, 0, 0, 0);
}

/*
 * Huge pages come where a program asks for them, zeroed and never shared, and
 * stay until it lets them go: khugepaged would make some by itself. It looks
 * at memory at once when the first process has a huge page, and then only as
 * often as it is told to: never again, if that process stays.
 */
static void prepare_huge(void)
{
	void *page = (void *)HUGE_BASE;
	long keeper;

	/* the kernel turns them off where there is less than 512 MiB of memory */
	need("transparent_hugepage", write_file(THP "enabled", "madvise"));
	need("transparent_hugepage", write_file(THP "defrag", "madvise"));
	need("use_zero_page", write_file(THP "use_zero_page", "0"));
	need("scan_sleep_millisecs", write_file(THP "khugepaged/scan_sleep_millisecs", "4294967295"));
	keeper = sys_long(clone, 17 /* SIGCHLD */, 0, 0, 0, 0, 0);
	need("fork", keeper);
	if (keeper)
		return;
	sys_mmap(page, HUGE_BYTES, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (!sys(madvise, page, HUGE_BYTES, MADV_HUGEPAGE))
		*(volatile char *)page = 1;
	for (;;)
		sys_long(ppoll, 0, 0, 0, 0, 0, 0);
}

static void load(const char *path)
{
	long ret;
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC);

	need(path, fd);
	ret = sys(finit_module, fd, "", 0);
	if (ret != -EEXIST)
		need(path, ret);
	sys_close(fd);
}

/* Drivers that the kernel has not in its image: a path a line, in order. */
static void load_drivers(void)
{
	char list[2048], *path = list, *end;
	long n = read_file(DRIVERS_PATH, list, sizeof(list));

	if (n == -ENOENT)
		return;
	need(DRIVERS_PATH, n);
	for (end = list; *end; end++) {
		if (*end != '\n')
			continue;
		*end = 0;
		load(path);
		path = end + 1;
	}
}

static void prepare(void)
{

	mount("devtmpfs", "/dev");
	console = sys_open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
	need("mount of /proc", mount("proc", "/proc"));
	need("mount of /sys", mount("sysfs", "/sys"));
	need("mount of debugfs", mount("debugfs", "/sys/kernel/debug"));
	need("fault_around_bytes", write_file(FAULT_AROUND_PATH, FAULT_AROUND_OFF));
	/* what is swapped is read by itself */
	need("page-cluster", write_file("/proc/sys/vm/page-cluster", "0"));
	prepare_huge();
	load_drivers();
	load(MODULE_PATH);
}

/* ---- command line --------------------------------------------------------- */

/* Copies the value of the last "name=" in a line of words; its length, or -1. */
static int parameter(const char *line, const char *name, char *value, int size)
{
	int found = -1;

	while (*line) {
		while (*line == ' ' || *line == '\n')
			line++;
		if (text_starts(line, name)) {
			line += text_length(name);
			for (found = 0; *line > ' ' && found < size - 1; )
				value[found++] = *line++;
			value[found] = 0;
		}
		while (*line > ' ')
			line++;
	}
	return found;
}

/* ---- virtio-serial -------------------------------------------------------- */

struct directory_entry {	/* struct linux_dirent64 */
	__u64 inode;
	__s64 offset;
	__u16 length;
	__u8 type;
	char name[];
};

/* Opens the port if its name is the agent's; -1 if not. */
static int open_port(const char *name)
{
	struct text path = {0};
	char content[64];

	text_add(&path, PORTS "/");
	text_add(&path, name);
	text_add(&path, "/name");
	if (read_file(path.text, content, sizeof(content)) < 0 || !text_equal(content, PORT_NAME))
		return -1;
	path.len = 0;
	text_add(&path, "/dev/");
	text_add(&path, name);
	return sys_open(path.text, O_RDWR | O_CLOEXEC);
}

/* Looks once through the ports that there are; a descriptor or -1. */
static int find_port(void)
{
	char entries[1024] __attribute__((aligned(8)));
	int directory = sys_open(PORTS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int port = -1;
	long n, at;

	if (directory < 0)
		return -1;
	while (port < 0 && (n = sys(getdents64, directory, entries, sizeof(entries))) > 0) {
		for (at = 0; port < 0 && at < n; ) {
			struct directory_entry *entry = (struct directory_entry *)(entries + at);

			if (entry->name[0] != '.')
				port = open_port(entry->name);
			at += entry->length;
		}
	}
	sys_close(directory);
	return port;
}

/* The host may name the port only after the agent has started to look. */
static int wait_port(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct __kernel_timespec time = { .tv_sec = PORT_WAIT_S };
	char event[2048];
	int port, events;

	port = find_port();
	if (port >= 0)
		return port;
	events = sys(socket, AF_NETLINK, 2 /* SOCK_DGRAM */, NETLINK_KOBJECT_UEVENT);
	need("uevent socket", events);
	need("uevent socket", sys(bind, events, &address, sizeof(address)));
	while ((port = find_port()) < 0) {
		if (!wire_poll(events, POLLIN, &time))
			give_up("no virtio port named pagelab", -ENODEV);
		sys_read(events, event, sizeof(event));
	}
	sys_close(events);
	return port;
}

/* ---- console -------------------------------------------------------------- */

/* The name of the tty behind /dev/console, from lines as "ttyS0 -W- (EC p a) 4:64". */
static void console_name(char *name, int size)
{
	char consoles[512], *line = consoles, *at;
	int i, chosen;

	if (read_file("/proc/consoles", consoles, sizeof(consoles)) <= 0)
		return;
	for (chosen = 0; *line && !chosen; ) {
		for (i = 0; line[i] > ' ' && i < size - 1; i++)
			name[i] = line[i];
		name[i] = 0;
		for (at = line; *at && *at != '\n' && *at != '('; at++)
			;
		for (; *at && *at != '\n'; at++)
			chosen |= *at == 'C';
		line = *at ? at + 1 : at;
	}
}

static int open_console(const char *line)
{
	struct text path = {0};
	char name[32] = "console";
	int tty;

	if (parameter(line, "pagelab.tty=", name, sizeof(name)) < 0)
		console_name(name, sizeof(name));
	text_add(&path, "/dev/");
	text_add(&path, name);
	tty = sys_open(path.text, O_RDWR | O_NOCTTY | O_CLOEXEC);
	need(path.text, tty);
	need("raw mode of the console", line_open(tty));
	return tty;
}

/* ---- ssh ------------------------------------------------------------------ */

struct request {		/* struct ifreq: linux/if.h wants a libc */
	char name[16];
	union {
		struct {
			__u16 family;
			__u16 port;
			__u8 address[4];
		};
		__u16 flags;
		char padding[24];
	};
};

#define SIOCSIFADDR	0x8916
#define SIOCSIFNETMASK	0x891c
#define SIOCSIFFLAGS	0x8914
#define IFF_UP		1

static void interface_up(const char *name, const __u8 *address, const __u8 *mask)
{
	struct request request = {0};
	int fd = sys(socket, 2 /* AF_INET */, 2 /* SOCK_DGRAM */, 0);

	need("network", fd);
	memcpy(request.name, name, text_length(name));
	request.family = 2;
	memcpy(request.address, address, 4);
	need(name, sys_ioctl(fd, SIOCSIFADDR, &request));
	memcpy(request.address, mask, 4);
	need(name, sys_ioctl(fd, SIOCSIFNETMASK, &request));
	memset(request.padding, 0, sizeof(request.padding));
	request.flags = IFF_UP;
	need(name, sys_ioctl(fd, SIOCSIFFLAGS, &request));
	sys_close(fd);
}

/* Starts the ssh server and stays process 1; each login runs an agent. */
__attribute__((noreturn)) static void serve_ssh(void)
{
	static const char *const argv[] = { SSH_SERVER, "-F", "-E", "-s", "-r",
		"/etc/dropbear/host_key", "-p", "22", NULL };
	static const char *const env[] = { "HOME=/root", "PATH=/usr/sbin:/usr/bin", NULL };
	static const char ready[] = "pagelab: ready ssh\n";
	long server, pid;

	interface_up("lo", (const __u8[]){ 127, 0, 0, 1 }, (const __u8[]){ 255, 0, 0, 0 });
	interface_up("eth0", (const __u8[]){ 10, 0, 2, 15 }, (const __u8[]){ 255, 255, 255, 0 });
	server = sys_long(clone, 17 /* SIGCHLD */, 0, 0, 0, 0, 0);
	need("fork", server);
	if (!server) {
		sys(dup3, console, 0, 0);
		sys(dup3, console, 1, 0);
		sys(dup3, console, 2, 0);
		server = sys(execve, SSH_SERVER, argv, env);
		give_up(SSH_SERVER, server);
	}
	sys_write(console, ready, sizeof(ready) - 1);
	do {
		pid = sys_long(wait4, -1, 0, 0, 0, 0, 0);
	} while (pid != server);
	give_up(SSH_SERVER " ended", 0);
}

/* ---- start ---------------------------------------------------------------- */

/* stack: as the kernel left it, how many arguments and then each. */
__attribute__((noreturn, used)) static void start(const unsigned long *stack)
{
	struct channel channel = { .in = 0, .out = 1, .console = -1 };
	char line[2048] = "", name[16] = "virtio";

	if (stack[0] && text_equal((const char *)stack[1], STILL))
		stand_still();
	if (sys(getpid, 0, 0, 0) != 1)
		agent_enter(&channel);
	prepare();
	read_file("/proc/cmdline", line, sizeof(line));
	parameter(line, "pagelab.channel=", name, sizeof(name));
	parameter(line, "pagelab.provoke=", channel.provoke, sizeof(channel.provoke));
	channel.console = console;
	if (text_equal(name, "virtio")) {
		channel.in = channel.out = wait_port();
		channel.ready = "pagelab: ready virtio\n";
	} else if (text_equal(name, "serial")) {
		channel.in = channel.out = open_console(line);
		channel.is_line = 1;
		channel.ready = "pagelab: ready serial\n";
	} else if (text_equal(name, "ssh")) {
		serve_ssh();
	} else {
		give_up("unknown pagelab.channel", -EINVAL);
	}
	agent_enter(&channel);
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n\tmov %rsp, %rdi\n\txor %ebp, %ebp\n\tand $-16, %rsp\n\tcall start\n");
#else
asm(".globl _start\n_start:\n\tmov x0, sp\n\tmov x29, xzr\n\tbl start\n");
#endif
