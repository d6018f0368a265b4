// SPDX-License-Identifier: GPL-2.0
/* validate.c - is a program what the ABI allows? Nothing of it ran before. */
#include "agent.h"

#define FILE_BYTES_MAX	((__u64)PL_ARENA_PAGES_MAX << 12)

/* May the range touch what a process has outside the arena? */
static int hits(__u64 start, __u64 bytes, __u64 low, __u64 high)
{
	return start + bytes >= start && start < high && start + bytes > low;
}

static int is_uffd(const struct pl_operation *op)
{
	return op->code == PL_OP_UFFD_REGISTER || op->code == PL_OP_UFFD_COPY ||
	       op->code == PL_OP_UFFD_ZEROPAGE || op->code == PL_OP_UFFD_WRITEPROTECT ||
	       op->code == PL_OP_UFFD_CONTINUE;
}

/* Of the calls in ops_uffd.c. */
static const char *uffd_problem(const struct pl_operation *op)
{
	int one_page = op->code != PL_OP_UFFD_REGISTER && op->code != PL_OP_UFFD_WRITEPROTECT;
	__u32 known = 0;

	if (op->code == PL_OP_UFFD_REGISTER)
		known = PL_UFFD_MISSING | PL_UFFD_WP | PL_UFFD_MINOR;
	else if (op->code == PL_OP_UFFD_COPY || op->code == PL_OP_UFFD_WRITEPROTECT)
		known = PL_UFFD_WP;
	if (op->flags & ~known)
		return "unknown userfaultfd flags";
	if (op->code != PL_OP_UFFD_REGISTER && op->slot >= PL_PROCESSES_MAX)
		return "process slot out of range";
	if (hits(op->addr, one_page ? 4096 : op->n, WINDOW_START, WINDOW_END))
		return "the range holds the agent's own memory";
	return NULL;
}

static const char *user_problem(const struct pl_operation *op)
{
	__u64 bytes = op->code == PL_OP_STORE ? op->data_len : (__u64)op->n;

	if (op->code == PL_OP_MMAP && op->flags & ~(PL_MAP_SHARED | PL_MAP_ANON | PL_MAP_GROWSDOWN |
						    PL_MAP_POPULATE | PL_MAP_HUGETLB |
						    PL_MAP_FIXED))
		return "unknown mmap flags";
	if (op->code == PL_OP_MADVISE && (op->flags < PL_MADV_DONTNEED ||
					  op->flags > PL_MADV_COLD) &&
	    op->flags != PL_MADV_DONTNEED_LOCKED && op->flags != PL_MADV_GUARD_INSTALL)
		return "unknown madvise advice";
	if (op->code == PL_OP_LOAD && bytes > PL_DATA_MAX)
		return "load of more bytes than one operation carries";
	if (op->code == PL_OP_OPEN && op->flags & ~PL_OPEN_RDONLY)
		return "unknown open flags";
	if (op->code <= PL_OP_STORE && hits(op->addr, bytes, WINDOW_START, WINDOW_END))
		return "the range holds the agent's own memory";
	return NULL;
}

/* Of the calls in ops_memory.c. */
static const char *memory_problem(const struct pl_operation *op)
{
	__u64 bytes = op->code == PL_OP_MEM_WRITE ? op->data_len : (__u64)op->n;
	int reads = op->code == PL_OP_PREAD || op->code == PL_OP_MEM_READ;
	__u64 file_end = op->aux + (op->code == PL_OP_PWRITE ? op->data_len : (__u64)op->n);

	if (op->code == PL_OP_MREMAP && (op->flags & ~PL_MREMAP_FIXED || op->n <= 0))
		return "unknown mremap flags, or a mremap of nothing";
	if (op->code == PL_OP_FALLOCATE && op->flags & ~(PL_FALLOC_KEEP_SIZE | PL_FALLOC_PUNCH_HOLE))
		return "unknown fallocate mode";
	if (op->code == PL_OP_MSYNC && op->flags & ~(PL_MS_ASYNC | PL_MS_INVALIDATE | PL_MS_SYNC))
		return "unknown msync flags";
	if (op->code == PL_OP_WAIT_PID)
		return op->index < PL_PROCESSES_MAX ? NULL : "process out of range";
	if ((op->code == PL_OP_KILL || op->code >= PL_OP_MEM_READ) && op->slot >= PL_PROCESSES_MAX)
		return "process slot out of range";
	if (reads && bytes > PL_DATA_MAX)
		return "read of more bytes than one operation carries";
	if (op->code == PL_OP_FALLOCATE || op->code == PL_OP_PREAD || op->code == PL_OP_PWRITE) {
		if (op->aux > FILE_BYTES_MAX || file_end > FILE_BYTES_MAX)
			return "beyond the end of the largest file";
		return NULL;
	}
	if (hits(op->addr, bytes, WINDOW_START, WINDOW_END) ||
	    (op->code == PL_OP_MREMAP &&
	     (hits(op->addr, (__u64)op->index << 12, WINDOW_START, WINDOW_END) ||
	      (op->flags & PL_MREMAP_FIXED &&
	       hits(op->aux, (__u64)op->index << 12, WINDOW_START, WINDOW_END)))))
		return "the range holds the agent's own memory";
	return NULL;
}

/* What kinds of pages are there, and of how many at once? */
static int can_allocate(const struct pl_operation *op)
{
	if (op->n <= 0 || op->n > PL_ALLOC_MAX || op->flags > PL_ALLOC_OFFLINE)
		return 0;
	if (op->flags == PL_ALLOC_SLAB)
		return op->n == PL_SLAB_PAGES;
	if (op->flags >= PL_ALLOC_TABLE)
		return op->n == 1;
	if (op->flags == PL_ALLOC_KMALLOC && op->n < 4)
		return 0;
	return op->flags == PL_ALLOC_SINGLE || !(op->n & (op->n - 1));
}

/* Of a driver's pages and its file. */
static const char *driver_problem(const struct pl_operation *op)
{
	if (op->code == PL_OP_ALLOC_PAGES)
		return can_allocate(op) ? NULL : "pages that cannot be allocated so";
	if (op->code == PL_OP_VM_INSERT_PAGE)
		return op->flags ? "unknown flags" : NULL;
	if (!op->file)
		return "no file";
	if (op->code == PL_OP_ON_ACCESS)
		return op->flags && op->flags <= PL_ANSWER_PHYS ? NULL : "unknown answer";
	if (op->code == PL_OP_ON_FAULT)
		return op->flags > PL_FAULT_SIGSEGV ? "unknown fault" : NULL;
	if (op->flags & ~(op->code == PL_OP_ON_MMAP ? PL_ON_MMAP_FLAGS : 0))
		return "unknown VMA flags";
	return NULL;
}

/* Of the calls on another process's memory: in ops_access.c, and the module's. */
static const char *access_problem(const struct pl_operation *op)
{
	int writes = op->code == PL_OP_POKEDATA || op->code == PL_OP_VM_WRITE ||
		     (op->code == PL_OP_ACCESS_PROCESS_VM && op->flags & PL_FOLL_WRITE);
	int word = op->code == PL_OP_PEEKDATA || op->code == PL_OP_POKEDATA;
	__u64 bytes = word ? sizeof(__u64) : (__u64)op->n;

	if (op->index >= PL_PROCESSES_MAX)
		return "process slot out of range";
	if (op->code == PL_OP_ACCESS_PROCESS_VM) {
		if (op->flags & ~(PL_FOLL_WRITE | PL_FOLL_FORCE))
			return "unknown access flags";
		if (bytes > PL_ACCESS_MAX)
			bytes = 0; /* the module refuses it */
	}
	if (bytes > PL_ACCESS_MAX)
		return "access of more bytes than one operation makes";
	if (op->code == PL_OP_POKEDATA ? op->data_len != bytes : writes != !!op->data_len)
		return "data where the access has none, or none where it has";
	if (hits(op->addr, bytes, WINDOW_START, WINDOW_END))
		return "the range holds the agent's own memory";
	return NULL;
}

/* Of the calls about frames. */
static const char *frames_problem(const struct pl_operation *op)
{
	if (op->code >= PL_OP_ON_MMAP_REMAP_PFN_RANGE && !op->file)
		return "no file";
	if (op->flags & ~(PL_TYPE_WC | PL_TYPE_NC | PL_TYPE_WT))
		return "unknown memory type";
	return NULL;
}

/* Which calls can be left asleep, or be made with a signal pending? */
static int has_mode(const struct pl_operation *op)
{
	switch (op->mode) {
	case 0:
		return 1;
	case PL_MODE_BEGIN:
		return op->code == PL_OP_LOAD || op->code == PL_OP_STORE ||
		       op->code == PL_OP_MLOCK || op->code == PL_OP_MADVISE ||
		       op->code == PL_OP_VM_READ || op->code == PL_OP_VM_WRITE ||
		       op->code == PL_OP_WAIT_PID || gets_pages(op->code);
	case PL_MODE_KILLED:
		return gets_pages(op->code) || op->code == PL_OP_ACCESS_PROCESS_VM;
	}
	return 0;
}

static const char *module_problem(const struct pl_operation *op)
{
	if (op->flags & ~PL_FOLL_KNOWN)
		return "unknown gup flags";
	if (op->code == PL_OP_PEEK && (__u64)op->n > PL_DATA_MAX)
		return "peek of more bytes than one operation carries";
	if (!gets_pages(op->code) || op->n <= 0 || op->n > PL_ARENA_PAGES_MAX)
		return NULL;
	if (hits(op->addr, (__u64)op->n << 12, WINDOW_START, WINDOW_END))
		return "the range holds the agent's own memory";
	return NULL;
}

/* What get_block is to say. */
static const char *script_problem(const struct pl_operation *op)
{
	const __u64 blocks = PL_DISK_SECTORS / 8;	/* of the largest size */

	if (op->n < 1 || op->n > PL_SCRIPT_BLOCKS || op->addr > PL_SCRIPT_BLOCKS - (__u64)op->n)
		return "blocks that no script has";
	if (op->aux >= blocks || op->aux + op->n > blocks ||
	    (op->index != PL_WHOLE && op->index >= blocks))
		return "blocks behind the end of the disk";
	if (op->flags & ~(PL_BLOCK_BOUNDARY | PL_BLOCK_UPTODATE | PL_BLOCK_ERROR | PL_BLOCK_SINGLE |
			  PL_BLOCK_BAD))
		return "unknown flags of a block";
	return NULL;
}

/* About reading ahead; the module checks the rest. */
static const char *mpage_problem(const struct pl_operation *op)
{
	if (!op->file != (op->code == PL_OP_SCRIPTED))
		return "no file, or one that is only made";
	if (op->code == PL_OP_SCRIPTED && (__u64)op->n > PL_SCRIPT_PAGES * 4096)
		return "a larger file than a script can have";
	if (op->code == PL_OP_SCRIPTED &&
	    (op->aux < 512 || op->aux > 4096 || op->aux & (op->aux - 1)))
		return "blocks of a size that no disk has";
	if (op->code == PL_OP_MPAGE_READAHEAD &&
	    (op->n < 1 || op->n > PL_SCRIPT_PAGES || op->addr > PL_ARENA_PAGES_MAX ||
	     op->aux > (__u64)op->n))
		return "more pages than one readahead has";
	if (op->code == PL_OP_ADD_BUFFERS && op->addr >= PL_SCRIPT_PAGES)
		return "a page that no script has";
	return op->code == PL_OP_GET_BLOCK ? script_problem(op) : NULL;
}

/* made: bits of the process slots, and from 8 on of the file slots, made so far. */
static const char *operation_problem(const struct pl_operation *op, __u32 blob_len, __u32 *made)
{
	__u32 bit = 0;

	if (op->process >= PL_PROCESSES_MAX || op->file > PL_FILES_MAX)
		return "process or file slot out of range";
	if (op->prot & ~(PL_PROT_READ | PL_PROT_WRITE | PL_PROT_EXEC))
		return "unknown protection";
	if (op->reserved[0] | op->reserved[1])
		return "reserved fields are not zero";
	if (!has_mode(op))
		return "a mode that the call has not";
	if (op->data_len > PL_DATA_MAX || op->data > blob_len || op->data_len > blob_len - op->data)
		return "data outside the blob";
	if (op->code == PL_OP_FORK || op->code == PL_OP_MEMFD || op->code == PL_OP_SECRETMEM ||
	    op->code == PL_OP_OPEN || op->code == PL_OP_DEVICE || op->code == PL_OP_SCRIPTED) {
		if (op->slot >= (op->code == PL_OP_FORK ? PL_PROCESSES_MAX : PL_FILES_MAX))
			return "slot out of range";
		bit = 1u << (op->slot + (op->code == PL_OP_FORK ? 0 : PL_PROCESSES_MAX));
	}
	if (*made & bit)
		return "slot is made twice";
	*made |= bit;
	if ((op->code >= PL_OP_MMAP && op->code <= PL_OP_FTRUNCATE) ||
	    op->code == PL_OP_SECRETMEM || op->code == PL_OP_DEVICE ||
	    op->code == PL_OP_FAULT_AROUND ||
	    (op->code >= PL_OP_OPEN && op->code <= PL_OP_DROP_CACHES))
		return user_problem(op);
	if ((op->code >= PL_OP_MREMAP && op->code <= PL_OP_MUNLOCK) ||
	    (op->code >= PL_OP_WAIT_PID && op->code <= PL_OP_MEM_WRITE))
		return memory_problem(op);
	if (is_uffd(op))
		return uffd_problem(op);
	if (op->code == PL_OP_ACCESS_PROCESS_VM ||
	    (op->code >= PL_OP_PEEKDATA && op->code <= PL_OP_VM_WRITE))
		return access_problem(op);
	if (op->code >= PL_OP_GET_USER_PAGES && op->code <= PL_OP_SET_PAGE_DIRTY)
		return module_problem(op);
	if (op->code == PL_OP_EXECVE || op->code == PL_OP_STATM ||
	    op->code == PL_OP_SWAPON || op->code == PL_OP_SWAPOFF)
		return NULL;
	/* the module sees to it that these touch nothing of the agent's */
	if (op->code >= PL_OP_ZAP_PAGE_RANGE && op->code <= PL_OP_UNMAP_MAPPING_RANGE)
		return NULL;
	if (op->code == PL_OP_ON_ACCESS ||
	    (op->code >= PL_OP_ALLOC_PAGES && op->code <= PL_OP_VM_INSERT_PAGE))
		return driver_problem(op);
	if (op->code >= PL_OP_SCRIPTED && op->code <= PL_OP_GET_BLOCKS)
		return mpage_problem(op);
	if (op->code >= PL_OP_REMAP_PFN_RANGE && op->code <= PL_OP_ON_FAULT_INSERT)
		return frames_problem(op);
	return "unknown code";
}

static const char *wait_problem(const struct pl_operation *ops, __u32 at)
{
	const struct pl_operation *op = &ops[at];

	if (op->aux >= at || !(ops[op->aux].mode & PL_MODE_BEGIN))
		return "wait for an operation that was not begun";
	if (op->process != ops[op->aux].process)
		return "wait for an operation of another process";
	if (op->mode | op->reserved[0] | op->reserved[1])
		return "reserved fields are not zero";
	return NULL;
}

static const char *arena_problem(const struct pl_program *program, __u64 task_size)
{
	__u64 start = program->arena_start, bytes = (__u64)program->arena_pages << 12;
	__u32 i;

	if (program->arena_pages > PL_ARENA_PAGES_MAX)
		return "arena has too many pages";
	if (start & 4095 || start >= task_size || bytes > task_size - start)
		return "arena is not where a process can have it";
	if (start < OWN_BASE + sizeof(struct agent) && start + bytes > WINDOW_START)
		return "arena lies over the agent's own memory";
	if (program->touches > PL_TOUCH_MAX)
		return "too many touches";
	for (i = 0; i < program->touches; i++)
		if (program->touch[i] & 7 || program->touch[i] >= 4096)
			return "touch is no offset of a word in a page";
	return NULL;
}

const char *program_problem(const struct pl_program *program, __u32 len, __u64 task_size,
			    int *operation)
{
	const struct pl_operation *ops = (const struct pl_operation *)(program + 1);
	const char *problem;
	__u32 made = 1, i;

	*operation = -1;
	if (len < sizeof(*program))
		return "cut short";
	if (program->magic != PL_MAGIC || program->version != PL_ABI_VERSION)
		return "not a program of this version";
	if (program->operations > PL_OPERATIONS_MAX || program->blob_len > PL_BLOB_MAX)
		return "too many operations or too much data";
	if (len != sizeof(*program) + program->operations * sizeof(*ops) + program->blob_len)
		return "its length is not what its counts say";
	if (program->flags & ~(PL_PROGRAM_OBSERVE_END | PL_PROGRAM_STREAM))
		return "unknown flags";
	problem = arena_problem(program, task_size);
	for (i = 0; !problem && i < program->operations; i++) {
		problem = ops[i].code == PL_OP_WAIT ?
			  wait_problem(ops, i) :
			  operation_problem(&ops[i], program->blob_len, &made);
		if (problem)
			*operation = i;
	}
	return problem;
}
