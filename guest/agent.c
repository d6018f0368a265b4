// SPDX-License-Identifier: GPL-2.0
/* agent.c - the supervisor: greets, takes programs, and has nothing mapped but its own. */
#include <linux/sched.h>
#include <linux/utsname.h>

#include "agent.h"

extern char image_end[];

static void send_hello(struct agent *agent)
{
	struct {
		struct pl_frame frame;
		struct pl_hello hello;
	} out = {0};
	struct pl_hello *hello = &out.hello;
	const struct pl_info *info = &agent->info;
	struct new_utsname name;

	sys(uname, &name, 0, 0);
	hello->magic = info->magic;
	hello->version = info->version;
	hello->page_size = 4096;
	hello->gup_capacity = info->gup_capacity;
	hello->task_size = info->task_size;
	hello->zero_pfn = info->zero_pfn;
	hello->table_span = info->table_span;
	hello->features = info->features;
	memcpy(hello->release, name.release, sizeof(hello->release) - 1);
	memcpy(hello->machine, name.machine, sizeof(hello->machine) - 1);
	wire_send(&agent->wire, PL_FRAME_HELLO, &out.frame, sizeof(*hello));
}

static int read_info(struct agent *agent)
{
	int device = sys_open(DEVICE_PATH, O_RDWR | O_CLOEXEC);
	long ret;

	if (device < 0)
		return device;
	ret = sys_ioctl(device, PL_IOC_INFO, &agent->info);
	sys_close(device);
	return ret;
}

/* Takes "TYPE,OPERATION" apart. */
static void provoke_open(struct provoke *provoke, const char *wanted)
{
	provoke->fd = -1;
	while (*wanted && *wanted != ',' && provoke->len < PROVOKE_MAX)
		provoke->type[provoke->len++] = *wanted++;
	if (!provoke->len || *wanted != ',')
		return;
	while (*++wanted >= '0' && *wanted <= '9')
		provoke->operation = provoke->operation * 10 + *wanted - '0';
	provoke->fd = sys_open(PROVOKE_PATH, O_WRONLY | O_CLOEXEC);
}

static void serve(struct agent *agent)
{
	struct pl_frame *frame;

	while ((frame = wire_next(&agent->wire)) && frame->type != PL_FRAME_STOP) {
		if (frame->type == PL_FRAME_PROGRAM) {
			run_program(agent, frame);
			continue;
		}
		/* This guest was restored, and its host has not seen the first hello. */
		wire_restart(&agent->wire);
		send_hello(agent);
	}
}

__attribute__((noreturn, used)) static void agent_main(void)
{
	struct agent *agent = (struct agent *)OWN_BASE;
	struct channel *channel = &agent->channel;
	int priority = 0;

	wire_open(&agent->wire, channel->in, channel->out, channel->is_line);
	log_open(agent);
	agent->once_fd = sys_open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);
	agent->log.said = 1;
	provoke_open(&agent->provoke, channel->provoke);
	process_signals();
	/*
	 * Processes of this kind do not preempt each other when they wake up: one that has
	 * woken another goes on until it sleeps or is gone.
	 */
	sys(sched_setscheduler, 0, SCHED_BATCH, &priority);
	if (!read_info(agent)) {
		send_hello(agent);
		if (channel->console >= 0)
			sys_write(channel->console, channel->ready, text_length(channel->ready));
		/* From now on a slow host holds the guest up only where it must. */
		if (!channel->is_line)
			sys(fcntl, channel->out, F_SETFL, O_RDWR | O_NONBLOCK);
		serve(agent);
	}
	power_off();
}

/* Moves the mapping of that name, which /proc/self/maps has, to a place of ours; how many bytes. */
static unsigned long move_mapping(const char *maps, const char *name, unsigned long to)
{
	unsigned long address[2] = {0}, size;
	const char *line = maps, *at;
	int i;

	for (at = maps; *at && !text_starts(at, name); at++)
		if (*at == '\n')
			line = at + 1;
	if (!*at)
		return 0;
	for (i = 0; i < 2; i++, line++)
		for (; *line != '-' && *line != ' '; line++)
			address[i] = address[i] << 4 | (*line <= '9' ? *line - '0' : *line - 'a' + 10);
	size = address[1] - address[0];
	if (is_error(sys_long(mremap, address[0], size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to, 0)))
		return 0;
	return size;
}

/* Nothing but the window, the agent's own memory, vdso and vvar stays mapped. */
static void unmap_rest(void)
{
	struct agent *agent = (struct agent *)OWN_BASE;
	unsigned long above = OWN_BASE + sizeof(struct agent) + 4095;
	unsigned long vvar, vdso;
	int bits;

	above &= ~4095ul;
	sys_munmap(WINDOW_END, OWN_BASE - WINDOW_END);
	read_file("/proc/self/maps", agent->record, sizeof(agent->record));
	vvar = move_mapping(agent->record, "[vvar]", VVAR_BASE);
	vdso = move_mapping(agent->record, "[vdso]", VDSO_BASE);
	if (!vvar || !vdso)
		power_off();
	for (bits = 56; bits > 36; bits--) {
		if (!sys_munmap(above, (1ul << bits) - above))
			return;
		if (!sys_munmap(above, (1ul << bits) - 4096 - above))
			return;
	}
}

/* Every page of the image becomes an anonymous one, and the slots' are made. */
static void prefault(void)
{
	volatile char *page;

	for (page = (char *)WINDOW_START; page < image_end; page += 4096)
		*page = *page;
	for (page = (char *)SLOTS_BASE; page < (char *)SLOTS_END; page += 4096)
		*page = 0;
}

__attribute__((noreturn, used)) static void agent_on_own_stack(void)
{
	unmap_rest();
	prefault();
	agent_main();
}

void agent_enter(const struct channel *channel)
{
	struct agent *agent = (struct agent *)OWN_BASE;
	unsigned long flags = MAP_FIXED_NOREPLACE | MAP_ANONYMOUS;
	unsigned long stack = (unsigned long)(agent->stack + sizeof(agent->stack));
	long own, slots;

	own = sys_mmap(agent, sizeof(*agent), PROT_READ | PROT_WRITE, flags | MAP_PRIVATE, -1, 0);
	slots = sys_mmap(SLOTS_BASE, SLOTS_END - SLOTS_BASE, PROT_READ | PROT_WRITE,
			 flags | MAP_SHARED, -1, 0);
	if (own != OWN_BASE || slots != SLOTS_BASE)
		power_off();
	sys(madvise, agent, sizeof(*agent), MADV_DONTFORK);
	agent->channel = *channel;
#if defined(__x86_64__)
	asm volatile("mov %0, %%rsp\n\txor %%ebp, %%ebp\n\tcall agent_on_own_stack"
		     : : "r"(stack) : "memory");
#else
	asm volatile("mov sp, %0\n\tmov x29, xzr\n\tbl agent_on_own_stack"
		     : : "r"(stack) : "memory");
#endif
	__builtin_unreachable();
}
