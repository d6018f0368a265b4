// SPDX-License-Identifier: GPL-2.0
/* ops_user.c - the calls that a program's process makes itself. */
#include <linux/memfd.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

#include "process.h"
#include "sys.h"

#define NUMBER_SEGV	11
#define NUMBER_BUS	7
#define NUMBER_PIPE	13
#define DISK_FILE	DISK_PATH "/file"

struct kernel_sigaction {
	void (*handler)(int number, siginfo_t *info, struct ucontext *context);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

/*
 * The two instructions that touch a program's memory. Each loop moves n bytes
 * between the address and a buffer, one by one, ascending; a fault in it ends
 * it at touch_faulted, which answers 1 instead of 0.
 */
long touch_read(__u64 addr, __u8 *to, __s64 n);
long touch_write(__u64 addr, const __u8 *from, __s64 n);
void touch_restorer(void);
extern const char touch_load[], touch_store[], touch_faulted[];

#if defined(__x86_64__)
asm(".pushsection .text\n"
    "touch_read:\n"
    "	xor %ecx, %ecx\n"
    "1:	cmp %rdx, %rcx\n"
    "	jae 3f\n"
    "touch_load:\n"
    "	movb (%rdi,%rcx), %al\n"
    "	movb %al, (%rsi,%rcx)\n"
    "	inc %rcx\n"
    "	jmp 1b\n"
    "touch_write:\n"
    "	xor %ecx, %ecx\n"
    "2:	cmp %rdx, %rcx\n"
    "	jae 3f\n"
    "	movb (%rsi,%rcx), %al\n"
    "touch_store:\n"
    "	movb %al, (%rdi,%rcx)\n"
    "	inc %rcx\n"
    "	jmp 2b\n"
    "3:	xor %eax, %eax\n"
    "	ret\n"
    "touch_faulted:\n"
    "	mov $1, %eax\n"
    "	ret\n"
    "touch_restorer:\n"
    "	mov $15, %eax\n"	/* rt_sigreturn */
    "	syscall\n"
    ".popsection");
#define context_pc(context)	((context)->uc_mcontext.rip)
#else
asm(".pushsection .text\n"
    "touch_read:\n"
    "	mov x3, xzr\n"
    "1:	cmp x3, x2\n"
    "	b.hs 3f\n"
    "touch_load:\n"
    "	ldrb w4, [x0, x3]\n"
    "	strb w4, [x1, x3]\n"
    "	add x3, x3, #1\n"
    "	b 1b\n"
    "touch_write:\n"
    "	mov x3, xzr\n"
    "2:	cmp x3, x2\n"
    "	b.hs 3f\n"
    "	ldrb w4, [x1, x3]\n"
    "touch_store:\n"
    "	strb w4, [x0, x3]\n"
    "	add x3, x3, #1\n"
    "	b 2b\n"
    "3:	mov x0, xzr\n"
    "	ret\n"
    "touch_faulted:\n"
    "	mov x0, #1\n"
    "	ret\n"
    "touch_restorer:\n"
    "	mov x8, #139\n"		/* rt_sigreturn */
    "	svc #0\n"
    ".popsection");
#define context_pc(context)	((context)->uc_mcontext.pc)
#endif

/* The slot of the process that runs, from the stack that it runs on. */
static struct slot *slot_here(void)
{
	unsigned long here = (unsigned long)__builtin_frame_address(0);

	return slot_of((here - SLOTS_BASE) / SLOT_BYTES);
}

static void on_fault(int number, siginfo_t *info, struct ucontext *context)
{
	struct kernel_sigaction standard = {0};
	unsigned long at = context_pc(context);
	struct slot *slot = slot_here();
	struct report *report = &slot->step[slot->done].report;

	if (at != (unsigned long)touch_load && at != (unsigned long)touch_store) {
		/* Not a program's access: let the same fault come again and kill. */
		sys_long(rt_sigaction, number, &standard, 0, 8, 0, 0);
		return;
	}
	report->kind = PL_KIND_SIGNAL;
	report->signo = number;
	report->si_code = info->si_code;
	report->addr = (__u64)info->si_addr;
	context_pc(context) = (unsigned long)touch_faulted;
}

/* Before the first process is made: they inherit it. A host that is gone is an errno. */
void process_signals(void)
{
	struct kernel_sigaction ignore = { .handler = (void *)1 /* SIG_IGN */ };
	struct kernel_sigaction action = {
		.handler = on_fault,
		.flags = SA_SIGINFO | SA_NODEFER | 0x04000000 /* SA_RESTORER */,
		.restorer = touch_restorer,
	};

	sys_long(rt_sigaction, NUMBER_SEGV, &action, 0, 8, 0, 0);
	sys_long(rt_sigaction, NUMBER_BUS, &action, 0, 8, 0, 0);
	sys_long(rt_sigaction, NUMBER_PIPE, &ignore, 0, 8, 0, 0);
}

static long map(const struct slot *slot, const struct step *step)
{
	const struct pl_operation *op = &step->op;
	unsigned long flags = op->flags & PL_MAP_FIXED ? MAP_FIXED : MAP_FIXED_NOREPLACE;

	flags |= op->flags & PL_MAP_SHARED ? MAP_SHARED : MAP_PRIVATE;
	if (op->flags & PL_MAP_ANON)
		flags |= MAP_ANONYMOUS;
	if (op->flags & PL_MAP_HUGETLB)
		flags |= MAP_HUGETLB;
	if (op->flags & PL_MAP_GROWSDOWN)
		flags |= MAP_GROWSDOWN;
	if (op->flags & PL_MAP_POPULATE)
		flags |= MAP_POPULATE;
	return sys_mmap(op->addr, op->n, op->prot, flags, file_of(slot, op), op->aux);
}

/* Makes a descriptor, or -errno, the program's file. */
static long keep_file(struct slot *slot, struct step *step, long fd)
{
	struct pl_file file = { .slot = step->op.slot, .fd = fd };

	if (fd < 0)
		return fd;
	step->report.made = fd;
	slot->file[step->op.slot] = fd;
	step->report.error = -sys_ioctl(slot->device, PL_IOC_FILE, &file);
	return 0;
}

/* How many bytes of a file a read fault looks at. */
static long set_fault_around(__u64 bytes)
{
	struct text text = {0};

	text_number(&text, bytes);
	return write_file(FAULT_AROUND_PATH, text.text);
}

static long make_memfd(const struct step *step)
{
	int secret = step->op.code == PL_OP_SECRETMEM;
	long fd = secret ? sys(memfd_secret, 0, 0, 0) : sys(memfd_create, "pagelab", 0, 0);
	long ret = fd < 0 ? fd : sys(ftruncate, fd, step->op.n, 0);

	if (ret < 0 && fd >= 0)
		sys_close(fd);
	return ret < 0 ? ret : fd;
}

/* A new file on the disk, of that size and without a name: it goes with its last user. */
static long make_disk_file(const struct step *step)
{
	long fd = sys_create(DISK_FILE, O_RDWR | O_EXCL);
	long ret, again;

	if (fd < 0)
		return fd;
	ret = sys(ftruncate, fd, step->op.n, 0);
	if (!ret && step->op.flags & PL_OPEN_RDONLY) {
		again = sys_open(DISK_FILE, O_RDONLY);
		sys_close(fd);
		fd = ret = again;
	}
	sys(unlinkat, AT_HERE, DISK_FILE, 0);
	if (ret < 0 && fd >= 0)
		sys_close(fd);
	return ret < 0 ? ret : fd;
}

/*
 * Drops the page cache. Pages in an LRU batch have a reference more and would
 * stay, so the batches are emptied first: unmapping anything does that.
 */
static long drop_caches(void)
{
	long page = sys_mmap(SCRATCH, 4096, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (is_error(page))
		return page;
	sys_munmap(page, 4096);
	return write_file("/proc/sys/vm/drop_caches", "1");
}

/* Forks, and waits until the child is ready to be counted. */
static long make_process(struct slot *slot, struct step *step)
{
	struct door *child = door_of(step->op.slot);
	long pid;

	door_prepare(child, slot->device);
	pid = process_start(step->op.slot, slot->families ? 0 : CLONE_PARENT);
	if (pid < 0)
		return pid;
	step->report.made = pid;
	slot->pid[step->op.slot] = pid;
	slot->born[step->op.slot] = pid;
	if (door_wait(child))
		step->report.error = child->refused ? child->refused : ECHILD;
	return 0;
}

static long load(struct step *step)
{
	if (touch_read(step->op.addr, step->data, step->op.n))
		return 0;
	step->report.data_len = step->op.n;
	return step->op.n;
}

static long store(struct step *step)
{
	return touch_write(step->op.addr, step->data, step->op.data_len) ? 0 : step->op.data_len;
}

void user_operation(struct slot *slot, struct step *step)
{
	const struct pl_operation *op = &step->op;
	struct report *report = &step->report;

	switch (op->code) {
	case PL_OP_MMAP:
		report->ret = map(slot, step);
		break;
	case PL_OP_MUNMAP:
		report->ret = sys_munmap(op->addr, op->n);
		break;
	case PL_OP_MPROTECT:
		report->ret = sys(mprotect, op->addr, op->n, op->prot);
		break;
	case PL_OP_MADVISE:
		report->ret = memory_advice(op);
		break;
	case PL_OP_LOAD:
		report->ret = load(step);
		break;
	case PL_OP_STORE:
		report->ret = store(step);
		break;
	case PL_OP_FORK:
		report->ret = make_process(slot, step);
		break;
	case PL_OP_EXIT:
		sys(exit_group, 0, 0, 0);
		break;
	case PL_OP_EXECVE:
		report->ret = replace_image();
		break;
	case PL_OP_STATM:
		report->ret = resident_in_arena(slot);
		break;
	case PL_OP_MEMFD:
	case PL_OP_SECRETMEM:
		report->ret = keep_file(slot, step, make_memfd(step));
		break;
	case PL_OP_OPEN:
		report->ret = keep_file(slot, step, make_disk_file(step));
		break;
	case PL_OP_DEVICE:
		report->ret = keep_file(slot, step, sys_ioctl(slot->device, PL_IOC_DEVICE, NULL));
		break;
	case PL_OP_FAULT_AROUND:
		report->ret = set_fault_around(op->n);
		break;
	case PL_OP_FSYNC:
		report->ret = sys(fsync, file_of(slot, op), 0, 0);
		break;
	case PL_OP_DROP_CACHES:
		report->ret = drop_caches();
		break;
	case PL_OP_FTRUNCATE:
		report->ret = sys(ftruncate, file_of(slot, op), op->n, 0);
		break;
	default:
		if (!memory_operation(slot, step) && !uffd_operation(slot, step) &&
		    !access_operation(slot, step))
			report->error = EINVAL;
	}
}
