/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pagelab_uapi.h - the one ABI between host, agent and module.
 *
 * Shared by kmod/ and guest/, mirrored by harness/abi.py, and compared with
 * it by a compiled test. Everything is little-endian, fixed-width, naturally
 * aligned and explicitly padded; padding is zero and checked to be zero.
 *
 * Three conversations use it:
 *   host  <-> agent   struct pl_hello, pl_program + pl_operation[], pl_outcome
 *   agent <-> module  the PL_IOC_* calls
 *   module -> host    struct pl_section streams (a snapshot's changes), which
 *                     the agent carries without looking inside
 *
 * The kernel's flag values differ between versions, so flags are symbolic
 * here and the module translates. Counts are signed 64-bit.
 */
#ifndef PAGELAB_UAPI_H
#define PAGELAB_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define PL_MAGIC		0x4c474150u	/* "PAGL" */
#define PL_ABI_VERSION		1u

#define PL_DEVICE_NAME		"pagelab"
#define PL_SWAP_NAME		"pagelab-swap"	/* the disk that is a swap area */

/* Limits. A request beyond one is malformed (the ioctl fails with E2BIG). */
#define PL_GUP_CAPACITY		512	/* length of pages[] in one call */
#define PL_PROCESSES_MAX	8
#define PL_FILES_MAX		8
#define PL_HELD_MAX		64	/* held page sets of one program */
#define PL_ARENA_PAGES_MAX	4096
#define PL_TOUCH_MAX		4	/* watched 8-byte words of each page */
#define PL_DATA_MAX		256	/* bytes of one load/store/peek/poke */
#define PL_ACCESS_MAX		16384	/* bytes of one access to a process's memory */
#define PL_OPERATIONS_MAX	1024
#define PL_BAR_PAGES		16	/* of the device memory that programs map */
#define PL_BLOB_MAX		65536	/* all store/poke data of a program */
#define PL_SNAPSHOT_MAX		(1u << 20)
#define PL_LOG_MAX		16384	/* kernel log carried by one operation */

/* ---- operations (pl_operation.code) ------------------------------------ */
enum pl_code {
	/* user calls, made by the operation's process */
	PL_OP_MMAP = 1,		/* addr, n=bytes, prot, flags=PL_MAP_*, file, aux=offset */
	PL_OP_MUNMAP = 2,	/* addr, n=bytes */
	PL_OP_MPROTECT = 3,	/* addr, n=bytes, prot */
	PL_OP_MADVISE = 4,	/* addr, n=bytes, flags=PL_MADV_* */
	PL_OP_LOAD = 5,		/* addr, n=bytes: reads one by one, ascending */
	PL_OP_STORE = 6,	/* addr, data: writes one by one, ascending */
	PL_OP_FORK = 7,		/* slot=new process */
	PL_OP_EXIT = 8,		/* the operation's process ends */
	PL_OP_MEMFD = 9,	/* slot=file, n=size in bytes */
	PL_OP_FTRUNCATE = 10,	/* file, n=size in bytes */
	PL_OP_MREMAP = 11,	/* addr, n=bytes, index=new pages, flags=PL_MREMAP_*, aux=to */
	PL_OP_MLOCK = 12,	/* addr, n=bytes */
	PL_OP_MUNLOCK = 13,	/* addr, n=bytes */
	PL_OP_WAIT_PID = 14,	/* index=process: the status of one's own child, when it has ended */
	PL_OP_KILL = 15,	/* slot=process that gets SIGKILL */
	PL_OP_FALLOCATE = 16,	/* file, aux=offset, n=bytes, flags=PL_FALLOC_* */
	PL_OP_MSYNC = 17,	/* addr, n=bytes, flags=PL_MS_* */
	PL_OP_PREAD = 18,	/* file, aux=offset, n=bytes */
	PL_OP_PWRITE = 19,	/* file, aux=offset, data */
	PL_OP_MEM_READ = 20,	/* slot=process, addr, n=bytes: its /proc/PID/mem */
	PL_OP_MEM_WRITE = 21,	/* slot=process, addr, data: its /proc/PID/mem */
	PL_OP_SECRETMEM = 22,	/* slot=file, n=size in bytes */
	PL_OP_UFFD_REGISTER = 23,	/* addr, n=bytes, flags=PL_UFFD_* */
	PL_OP_UFFD_COPY = 24,	/* slot=process registered, addr, data, flags=PL_UFFD_WP or 0 */
	PL_OP_UFFD_ZEROPAGE = 28,	/* slot=process registered, addr: one page */
	PL_OP_WAIT = 29,	/* aux=operation begun: what became of it; by the supervisor */
	PL_OP_OPEN = 25,	/* slot=file, n=size in bytes, flags=PL_OPEN_* */
	PL_OP_FSYNC = 26,	/* file */
	PL_OP_DROP_CACHES = 27,	/* no LRU batch keeps a page from it */
	PL_OP_FAULT_AROUND = 31,	/* n=bytes: until the program ends */
	PL_OP_DEVICE = 30,	/* slot=file: the module's, which does as it is told below */
	/* module calls, made in the context of the operation's process */
	PL_OP_GET_USER_PAGES = 32,	/* slot, addr, n=nr_pages, flags=PL_FOLL_* */
	PL_OP_GET_USER_PAGES_FAST = 33,	/* slot, addr, n=nr_pages (int), flags */
	PL_OP_PUT_PAGE = 34,		/* slot, index or PL_WHOLE */
	PL_OP_SET_PAGE_DIRTY_LOCK = 35,	/* slot, index or PL_WHOLE */
	PL_OP_PEEK = 36,		/* slot, index, aux=offset, n=bytes */
	PL_OP_POKE = 37,		/* slot, index, aux=offset, data */
	PL_OP_GET_USER_PAGES_REMOTE = 38,	/* as 32; index=process whose memory it is */
	PL_OP_GET_USER_PAGES_UNLOCKED = 39,	/* as 32 */
	PL_OP_GET_USER_PAGES_FAST_ONLY = 40,	/* as 33 */
	PL_OP_PIN_USER_PAGES = 41,		/* as 32 */
	PL_OP_PIN_USER_PAGES_FAST = 42,		/* as 33 */
	PL_OP_UNPIN_USER_PAGE = 43,		/* slot, index or PL_WHOLE */
	PL_OP_SET_PAGE_DIRTY = 44,		/* slot, index or PL_WHOLE */
	PL_OP_ACCESS_PROCESS_VM = 45,	/* index=process, addr, n=bytes, flags, data: to write */
	PL_OP_ON_ACCESS = 46,		/* file, flags=PL_ANSWER_*, slot */
	/* a driver's pages, and its file */
	PL_OP_ALLOC_PAGES = 64,		/* slot, n=pages, flags=PL_ALLOC_* */
	PL_OP_ON_MMAP = 65,		/* file, flags=PL_VMA_* that its mappings get */
	PL_OP_ON_MMAP_INSERT_PAGE = 66,	/* file, slot, index, n=page of the VMA */
	PL_OP_ON_FAULT = 67,		/* file, flags=PL_FAULT_*, slot, index=PL_WHOLE or another */
	PL_OP_VM_INSERT_PAGE = 68,	/* addr, slot, index, aux=address in the VMA */
	/* reading ahead, and what came of it */
	PL_OP_SCRIPTED = 90,		/* slot=file, n=size, aux=block size, flags=PL_SCRIPTED_* */
	PL_OP_GET_BLOCK = 91,		/* file, addr=block, n=blocks, aux=at, flags=PL_BLOCK_*,
					 * index=metadata's block or PL_WHOLE: none */
	PL_OP_ADD_BUFFERS = 92,		/* file, addr=page: has buffers when it is to be read */
	PL_OP_MPAGE_READAHEAD = 93,	/* file, addr=page, n=pages, aux=how many of them are
					 * async, index=pages taken or PL_WHOLE */
	PL_OP_BIOS = 94,		/* file; data: the bios that it has not told of yet */
	PL_OP_GET_BLOCKS = 95,		/* file; data: the calls of get_block, the same */
	PL_OP_ZAP_PAGE_RANGE = 110,		/* addr, n=bytes, aux=address in the VMA */
	PL_OP_ZAP_PAGE_RANGE_SINGLE = 111,	/* as 110 */
	PL_OP_UNMAP_MAPPING_RANGE = 112,	/* index=file slot, aux=holebegin, n=holelen,
						 * flags=PL_UNMAP_* */
	/* more user calls */
	PL_OP_EXECVE = 128,	/* an image that only stops itself takes the process over */
	PL_OP_STATM = 129,	/* resident pages of the arena, by /proc/self/statm */
	PL_OP_PEEKDATA = 134,	/* index=process, addr: PTRACE_PEEKDATA of a word */
	PL_OP_POKEDATA = 135,	/* index=process, addr, data: PTRACE_POKEDATA of a word */
	PL_OP_VM_READ = 136,	/* index=process, addr, n=bytes: process_vm_readv() */
	PL_OP_VM_WRITE = 137,	/* index=process, addr, n=bytes, data: process_vm_writev() */
	PL_OP_UFFD_WRITEPROTECT = 144,	/* slot=process registered, addr, n=bytes, flags=PL_UFFD_WP
					 * or 0, which ends it */
	PL_OP_UFFD_CONTINUE = 145,	/* slot=process registered, addr: one page */
	PL_OP_SWAPON = 146,	/* swapping to the module's area begins */
	PL_OP_SWAPOFF = 147,	/* it ends: all that was swapped comes back */
	/*
	 * Frames: slot (a held set, or PL_SLOT_*) and index name the first. aux is
	 * an address in the VMA that is passed.
	 */
	PL_OP_REMAP_PFN_RANGE = 80,	/* addr, n=bytes, frame, flags=PL_TYPE_* */
	PL_OP_VM_IOMAP_MEMORY = 81,	/* addr=offset in the frame, n=len, frame, flags=PL_TYPE_* */
	PL_OP_VMF_INSERT_PFN = 82,	/* addr, frame */
	PL_OP_VMF_INSERT_PFN_PROT = 83,	/* addr, frame, flags=PL_TYPE_* */
	PL_OP_VMF_INSERT_MIXED = 84,	/* addr, frame */
	PL_OP_FOLLOW_PFN = 85,		/* addr */
	PL_OP_ZAP_VMA_PTES = 86,	/* addr, n=bytes */
	PL_OP_ON_MMAP_REMAP_PFN_RANGE = 87,	/* file, n=bytes, frame, aux=offset in the VMA */
	PL_OP_ON_MMAP_VM_IOMAP_MEMORY = 88,	/* file, as 81 */
	PL_OP_ON_FAULT_INSERT = 89,	/* file, frame, aux=code of the call that inserts, flags */
};

/* The module makes the calls from PL_MODULE_FIRST to PL_MODULE_LAST, a process all others. */
#define PL_MODULE_FIRST		32u
#define PL_MODULE_LAST		127u

#define PL_WHOLE		0xffffffffu	/* every page of a held set */
#define PL_SLOT_BAR		0xfffffffeu	/* index: page of the device memory */
#define PL_SLOT_PHYSICAL	0xfffffffdu	/* index: frame number of the machine */

/* A mapping's memory type; 0: as the VMA has it. */
#define PL_TYPE_WC		1u	/* write-combining */
#define PL_TYPE_NC		2u	/* uncached */
#define PL_TYPE_WT		4u	/* write-through (arm64: uncached) */

#define PL_PROT_READ		1u
#define PL_PROT_WRITE		2u
#define PL_PROT_EXEC		4u

#define PL_MAP_SHARED		1u	/* else private */
#define PL_MAP_ANON		2u
#define PL_MAP_GROWSDOWN	4u
#define PL_MAP_POPULATE		8u
#define PL_MAP_HUGETLB		16u
#define PL_MAP_FIXED		32u	/* in place of whatever is there; else it is an error */

#define PL_MADV_DONTNEED	1u
#define PL_MADV_FREE		2u
#define PL_MADV_POPULATE_READ	3u
#define PL_MADV_POPULATE_WRITE	4u
#define PL_MADV_REMOVE		5u
#define PL_MADV_HUGEPAGE	6u
#define PL_MADV_NOHUGEPAGE	7u
#define PL_MADV_PAGEOUT		8u
#define PL_MADV_COLD		9u
#define PL_MADV_DONTNEED_LOCKED	10u
#define PL_MADV_GUARD_INSTALL	11u

#define PL_OPEN_RDONLY		1u	/* else for reading and writing */

#define PL_MREMAP_FIXED		1u	/* to aux, of whatever was there */

#define PL_FALLOC_KEEP_SIZE	1u
#define PL_FALLOC_PUNCH_HOLE	2u

/* What a userfaultfd is told of. */
#define PL_UFFD_MISSING		1u
#define PL_UFFD_WP		2u	/* writes to what was write-protected */
#define PL_UFFD_MINOR		4u	/* pages that the file has and the page table has not */

#define PL_MS_ASYNC		1u
#define PL_MS_INVALIDATE	2u
#define PL_MS_SYNC		4u

#define PL_UNMAP_EVEN_COWS	1u	/* private copies too */

#define PL_FOLL_WRITE		1u
#define PL_FOLL_FORCE		2u
#define PL_FOLL_NOWAIT		4u
#define PL_FOLL_LONGTERM	8u
#define PL_FOLL_ANON		16u
#define PL_FOLL_HWPOISON	32u
#define PL_FOLL_SPLIT_PMD	64u
#define PL_FOLL_GET		128u
#define PL_FOLL_PIN		256u
#define PL_FOLL_PCI_P2PDMA	512u
#define PL_FOLL_KNOWN		1023u

/*
 * What else a call that gets pages is given (pl_operation.aux). With VMAS or
 * LOCKED the outcome's data is a u32: how many entries of vmas[] are the VMA
 * that covers their page, or what locked was in the end.
 */
#define PL_GET_NO_PAGES		1u	/* pages is NULL: only fault in */
#define PL_GET_VMAS		2u	/* a vmas array, where the kernel has it */
#define PL_GET_LOCKED		4u	/* a pointer to locked, which is 1 */

#define PL_SCRIPT_PAGES		256	/* pages of the largest scripted file, or of one readahead */
#define PL_SCRIPT_BLOCKS	2048	/* blocks of the largest scripted file, of the least size */
#define PL_SCRIPT_RUNS		255	/* PL_OP_GET_BLOCK of one file */
#define PL_DISK_SECTORS		(1u << 23)	/* of the module's disk, 512 bytes each */

#define PL_SCRIPTED_RW_PAGE	1u	/* the disk takes whole pages without a bio */

#define PL_BLOCK_BOUNDARY	1u	/* BH_Boundary on the last of the blocks */
#define PL_BLOCK_UPTODATE	2u	/* get_block fills in the page: BH_Uptodate */
#define PL_BLOCK_ERROR		4u	/* get_block returns -EIO */
#define PL_BLOCK_SINGLE		8u	/* one block a call */
#define PL_BLOCK_BAD		16u	/* the disk cannot read them */

#define PL_MODE_BEGIN		1u	/* a PL_OP_WAIT will ask what became of it */
#define PL_MODE_KILLED		2u	/* SIGKILL is pending when the module makes the call */

/* What alloc_pages() allocates. */
#define PL_ALLOC_SINGLE		0u	/* pages one by one */
#define PL_ALLOC_COMPOUND	1u	/* one block with __GFP_COMP */
#define PL_ALLOC_SPLIT		2u	/* one block, cut up by split_page() */
#define PL_ALLOC_UNCUT		3u	/* one block without either: its tails have no count */
#define PL_ALLOC_SLAB		4u	/* one object of a slab cache, PL_SLAB_PAGES long */
#define PL_ALLOC_KMALLOC	5u	/* one object of kmalloc() that is too large for a slab */
#define PL_ALLOC_TABLE		6u	/* one page marked as one of page tables (PageTable) */
#define PL_ALLOC_GUARD		7u	/* ... as one that must not be touched (PageGuard) */
#define PL_ALLOC_OFFLINE	8u	/* ... as one that is given back to somebody (PageOffline) */
#define PL_ALLOC_MAX		256u	/* pages; of one block a power of two */
#define PL_SLAB_PAGES		8u

#define PL_ON_MMAP_MAX		8u	/* calls that a device makes within ->mmap */
/* What a device's ->mmap may set. */
#define PL_ON_MMAP_FLAGS	(PL_VMA_PFNMAP | PL_VMA_MIXEDMAP | PL_VMA_IO | \
				 PL_VMA_DONTEXPAND | PL_VMA_DONTDUMP)

/* What a device's ->fault returns. */
#define PL_FAULT_SIGBUS		0u
#define PL_FAULT_PAGE		1u	/* the held page of the number that the file's page has */
#define PL_FAULT_OOM		2u	/* of a user's access SIGBUS: it would come again for ever */
#define PL_FAULT_HWPOISON	3u
#define PL_FAULT_SIGSEGV	4u

/* What a device's ->access does; without PL_OP_ON_ACCESS it transfers nothing. */
#define PL_ANSWER_PAGES		1u	/* bytes of the held page, up to its end */
#define PL_ANSWER_LENGTH	2u	/* all, each u64 the length asked for; -EINVAL to write */
#define PL_ANSWER_PHYS		3u	/* generic_access_phys() */

/* One operation of a program: 64 bytes. */
struct pl_operation {
	__u16 code;		/* enum pl_code */
	__u8 process;		/* slot of the process that makes the call */
	__u8 prot;		/* PL_PROT_* */
	__u32 flags;
	__u64 addr;		/* user address, any value */
	__s64 n;		/* count or bytes, by code */
	__u64 aux;		/* offset, by code */
	__u32 slot;		/* handle made or used, by code */
	__u32 index;		/* page of a held set, or PL_WHOLE */
	__u32 file;		/* file slot + 1, 0: none */
	__u32 data;		/* offset of the data in the program's blob */
	__u32 data_len;
	__u32 mode;		/* PL_MODE_* */
	__u32 reserved[2];
};

/* A program as it travels: this header, the operations, the blob. */
struct pl_program {
	__u32 magic;
	__u32 version;
	__u32 number;		/* the host's; comes back with the results */
	__u32 operations;
	__u32 blob_len;
	__u32 flags;		/* PL_PROGRAM_* */
	__u64 arena_start;	/* page aligned */
	__u32 arena_pages;
	__u32 touches;		/* how many of touch[] are set */
	__u32 touch[PL_TOUCH_MAX];	/* offsets in a page, multiples of 8 */
};
#define PL_PROGRAM_OBSERVE_END	1u	/* one snapshot, after the last operation */
#define PL_PROGRAM_STREAM	2u	/* send each outcome at once (reruns) */

/* ---- outcomes ----------------------------------------------------------- */
enum pl_kind {
	PL_KIND_VALUE = 1,	/* ret, data: the call returned; ret < 0 is -errno */
	PL_KIND_SIGNAL = 2,	/* signo, si_code, addr: of a load or store */
	PL_KIND_DEATH = 3,	/* signo (0: exit(2)): the process ended in the call */
	PL_KIND_REFUSED = 4,	/* refused: enum pl_refused */
	PL_KIND_NO_PROCESS = 5,	/* the operation's process is not alive */
	PL_KIND_BLOCKED = 6,	/* it sleeps, in this call or still in an earlier one */
	PL_KIND_END = 0x80,	/* last record of a program; ret: operations done */
};

/* Why the module would not make a call: it would crash or corrupt the kernel. */
enum pl_refused {
	PL_REFUSED_NONE = 0,
	PL_REFUSED_CAPACITY = 1,	/* the reachable extent does not fit pages[] */
	PL_REFUSED_TABLE_END = 2,	/* fast nr=0 would walk off the page table */
	PL_REFUSED_NOT_HELD = 3,	/* no such held page (never got, or put) */
	PL_REFUSED_NOT_MAPPED = 4,	/* page has no kernel mapping to peek or poke */
	PL_REFUSED_RESERVED = 5,	/* poke of a page the kernel owns: the zero page */
	PL_REFUSED_IS_PIN = 6,		/* put_page of a pin */
	PL_REFUSED_NOT_PIN = 7,		/* unpin_user_page of a reference */
	PL_REFUSED_NO_PAGES = 8,	/* pages is NULL and references would be taken */
	PL_REFUSED_VMAS_LOCKED = 9,	/* vmas together with locked */
	PL_REFUSED_GET_AND_PIN = 10,	/* a GET would be taken and a PIN given back */
	PL_REFUSED_UNKNOWN_FLAG = 11,	/* the kernel has no such FOLL flag */
	PL_REFUSED_NO_TARGET = 12,	/* the process whose memory it is does not live */
	PL_REFUSED_BUSY = 28,		/* a call that sleeps has that held set, or process */
	PL_REFUSED_WHOLE = 32,		/* what was allocated as one is given back as one */
	PL_REFUSED_NOT_DEVICE = 33,	/* neither a device nor a mapping of one */
	PL_REFUSED_PFNMAP = 34,		/* vm_insert_page() in a VM_PFNMAP mapping */
	PL_REFUSED_UNFIT = 35,		/* a page that no driver may map: of a page cache, the kernel's */
	PL_REFUSED_UNALIGNED = 48,	/* a range that begins or ends within a page */
	PL_REFUSED_NO_VMA = 49,		/* no VMA covers the address that names it */
	PL_REFUSED_NOT_OURS = 40,	/* frames that are not the program's to map */
	PL_REFUSED_LENT = 41,		/* a held page whose frame is mapped, and nobody counts it */
	PL_REFUSED_MAPPED = 42,		/* frames over an entry that is there */
	PL_REFUSED_OUTSIDE = 43,	/* frames beyond the mapping */
	PL_REFUSED_EMPTY = 44,		/* frames of no bytes */
	PL_REFUSED_WRONG_VMA = 46,	/* a mapping that the call stops a kernel with */
	PL_REFUSED_NEGATIVE = 52,	/* a length below 0: copied until a fault */
	PL_REFUSED_TOO_LONG = 53,	/* more bytes than the module has a buffer for */
	PL_REFUSED_NO_READAHEAD = 56,	/* nothing reads that file ahead */
	PL_REFUSED_NOT_SCRIPTED = 57,	/* no file whose blocks the program says */
	PL_REFUSED_ABSENT = 64,		/* a call, or part of one, that the kernel does not have */
	PL_REFUSED_RUNS = 58,		/* the file has PL_SCRIPT_RUNS already */
};

/*
 * What one operation gave, followed by data_len bytes of data, log_len bytes
 * of kernel log (records as /dev/kmsg gives them) and snapshot_len bytes of
 * sections. Each part is padded with zeros to a multiple of 8; the lengths
 * are without padding.
 */
struct pl_outcome {
	__u32 operation;	/* index in the program */
	__u8 kind;		/* enum pl_kind */
	__u8 signo;
	__u8 refused;		/* enum pl_refused */
	__u8 observed;		/* 1: a snapshot follows (it may be empty) */
	__s32 si_code;
	__u32 data_len;
	__s64 ret;
	__u64 addr;		/* si_addr of a signal */
	__u32 log_len;
	__u32 snapshot_len;
};

/* ---- snapshot sections -------------------------------------------------- */
/*
 * A snapshot is sent as what changed since the previous one of this program
 * (the first compares with an empty arena). Sections come in ascending type,
 * each at most once; records in ascending order of their first members.
 */
enum pl_section_type {
	PL_SECTION_PTE = 1,
	PL_SECTION_PAGE = 2,
	PL_SECTION_GONE = 3,
	PL_SECTION_HELD = 4,
	PL_SECTION_CACHE = 5,
	PL_SECTION_RSS = 6,
	PL_SECTION_VMA = 7,
	PL_SECTION_FILE = 8,
	PL_SECTION_IO = 10,
};

struct pl_section {
	__u16 type;		/* enum pl_section_type */
	__u16 size;		/* bytes of one record */
	__u32 count;
};

#define PL_PTE_PRESENT		0x0001u	/* pte_present(), also of PROT_NONE */
#define PL_PTE_WRITE		0x0002u	/* pte_write() */
#define PL_PTE_DIRTY		0x0004u	/* pte_dirty() */
#define PL_PTE_YOUNG		0x0008u	/* pte_young() */
#define PL_PTE_SPECIAL		0x0010u	/* pte_special() */
#define PL_PTE_NONE_PROT	0x0020u	/* present to the kernel, not to the user */
#define PL_PTE_SWAP		0x0040u	/* a swap-type entry */
#define PL_PTE_ZERO		0x0080u	/* pfn is the zero page */
#define PL_PTE_HUGE		0x0100u	/* part of a leaf above the PTE level */
#define PL_PTE_WC		0x0200u	/* memory type: write-combining (arm64: normal uncached) */
#define PL_PTE_NC		0x0400u	/* memory type: uncached (arm64: device); with WC: write-through */
#define PL_PTE_UFFD_WP		0x0800u	/* pte_uffd_wp(); alone: a marker that remembers it */
#define PL_PTE_EXCLUSIVE	0x1000u	/* of a swap entry: its page was exclusive */
#define PL_PTE_GUARD		0x2000u	/* a marker: MADV_GUARD_INSTALL */

/* Page i of the device memory is frame PL_FRAME_BAR + i, wherever the machine has it. */
#define PL_FRAME_BAR		(1ull << 60)
/* Slot i of the swap area is frame PL_FRAME_SWAP + i. */
#define PL_FRAME_SWAP		(1ull << 61)

/* A leaf above the PTE level is one record, of its first page in the arena. */
struct pl_pte_record {
	__u8 process;
	__u8 reserved;
	__u16 flags;		/* PL_PTE_*; 0: none */
	__u32 index;		/* page of the arena */
	__u64 pfn;		/* 0 unless present or, of a swap entry, a slot */
};

#define PL_PAGE_DIRTY		0x0001u
#define PL_PAGE_UPTODATE	0x0002u
#define PL_PAGE_WRITEBACK	0x0004u
#define PL_PAGE_PRIVATE		0x0008u
#define PL_PAGE_LOCKED		0x0010u
#define PL_PAGE_ANON		0x0020u
#define PL_PAGE_SWAPBACKED	0x0040u
#define PL_PAGE_RESERVED	0x0080u
#define PL_PAGE_EXCLUSIVE	0x0100u	/* PageAnonExclusive, of anonymous pages */
#define PL_PAGE_MAPPING		0x0200u	/* page->mapping is set (anon or cache) */
#define PL_PAGE_SLAB		0x0400u
#define PL_PAGE_COMPOUND	0x0800u
#define PL_PAGE_ZERO		0x1000u	/* the zero page; ref is a difference */
#define PL_PAGE_NO_DATA		0x2000u	/* no kernel mapping: digest, word are 0 */
#define PL_PAGE_SWAPCACHE	0x10000u	/* a slot of the swap area is kept for it */
#define PL_PAGE_TYPED		0x20000u	/* PageTable, PageGuard or PageOffline */

/*
 * A page that a PTE of the arena, a held set, a file or the module refers to,
 * and the head of its compound page. A leaf above the PTE level refers to its
 * first page and to those of its others that are not empty.
 * ref: page_count(), without the snapshot's own; of the zero page the
 * difference to when the program began; of a compound page all of them, in the
 * record of its head. map: page_mapcount(). tail: pages between the head and
 * this one. pins: in the record of a head, FOLL_PINs (others are in ref alone).
 *
 * digest: the sum (mod 2^64) over the 512 little-endian 64-bit words w_i of
 * the page that are not zero of pl_mix(w_i, i), so an empty page gives 0:
 *	t = (w + (i + 1) * 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
 *	pl_mix = t ^ (t >> 32)
 * word[k]: the 8 bytes at the program's touch[k], zero beyond its touches.
 * Both are 0 of a page that is in a cache and not up to date.
 */
struct pl_page_record {
	__u64 pfn;
	__s32 ref;
	__s32 map;
	__u32 flags;		/* PL_PAGE_* */
	__u16 tail;
	__u16 pins;
	__u64 digest;
	__u64 word[PL_TOUCH_MAX];
};
#define PL_DIGEST_STEP		0x9e3779b97f4a7c15ull
#define PL_DIGEST_FACTOR	0xbf58476d1ce4e5b9ull

/* A page that was in the snapshot before and that nothing refers to now. */
struct pl_gone_record {
	__u64 pfn;
};

struct pl_held_record {
	__u32 slot;
	__u32 index;
	__u64 pfn;		/* 0: put */
};

struct pl_cache_record {
	__u32 file;		/* file slot */
	__u32 index;		/* page of the file */
	__u64 pfn;		/* or the slot that the page is in; 0: neither any more */
};

#define PL_RSS_ANON		0
#define PL_RSS_FILE		1
#define PL_RSS_SHMEM		2
#define PL_RSS_SWAP		3

/* Exact counters of the arena alone: the mm's, less what lies outside it. */
struct pl_rss_record {
	__u32 process;
	__u32 alive;		/* 0: the mm is gone, counters are 0 */
	__s64 counter[4];
};

#define PL_VMA_READ		0x0001u
#define PL_VMA_WRITE		0x0002u
#define PL_VMA_EXEC		0x0004u
#define PL_VMA_SHARED		0x0008u
#define PL_VMA_MAYREAD		0x0010u
#define PL_VMA_MAYWRITE		0x0020u
#define PL_VMA_MAYEXEC		0x0040u
#define PL_VMA_MAYSHARE		0x0080u
#define PL_VMA_GROWSDOWN	0x0100u
#define PL_VMA_PFNMAP		0x0200u
#define PL_VMA_MIXEDMAP		0x0400u
#define PL_VMA_IO		0x0800u
#define PL_VMA_LOCKED		0x1000u
#define PL_VMA_DONTEXPAND	0x2000u
#define PL_VMA_DONTDUMP		0x4000u
#define PL_VMA_HUGETLB		0x8000u
#define PL_VMA_UFFD_MISSING	0x10000u
#define PL_VMA_HUGEPAGE		0x20000u
#define PL_VMA_NOHUGEPAGE	0x40000u
#define PL_VMA_UFFD_WP		0x80000u
#define PL_VMA_UFFD_MINOR	0x100000u
#define PL_VMA_PAT		0x200000u	/* x86: its memory type is kept */
#define PL_VMA_MAYBE_GUARD	0x400000u	/* it has had guard pages */

#define PL_FILE_NONE		0u		/* anonymous private */
#define PL_FILE_OTHER		0xffffffffu	/* a file the program did not open */

/*
 * All VMAs of one process, clipped to the arena and joined where neighbours
 * have equal flags and file and continuing offsets; sent whole when anything
 * in the list changed. An empty list is one record with start == end == 0.
 */
struct pl_vma_record {
	__u32 process;
	__u32 start;		/* first page, in the arena */
	__u32 end;		/* one past the last */
	__u32 flags;		/* PL_VMA_* */
	__u32 file;		/* file slot + 1, PL_FILE_NONE or PL_FILE_OTHER */
	__u32 reserved;
	__u64 pgoff;		/* of files; 0 where file is PL_FILE_NONE/OTHER */
};

struct pl_file_record {
	__u32 file;
	__u32 reserved;
	__u64 size;		/* i_size, bytes */
};

#define PL_IO_MAX		1024	/* what is remembered of one file; the rest is lost */
#define PL_IO_READ		1	/* a bio: first=sector, count=sectors */
#define PL_IO_RW_PAGE		2	/* a page without a bio: first=sector, count=sectors */
#define PL_IO_GET_BLOCK		3	/* a call of get_block: first=block, count=blocks wanted */

#define PL_IO_RAHEAD		1	/* REQ_RAHEAD */
#define PL_IO_META		2	/* REQ_META */
#define PL_IO_FAILED		4	/* the module's disk could not read it all */

/*
 * What was asked of a file's disk, in order: of a scripted file always, of one
 * on the guest's disk by PL_OP_MPAGE_READAHEAD, whose sectors count from the
 * first that such a call read.
 */
struct pl_io_record {
	__u32 file;
	__u32 number;		/* of this file's, from 0 */
	__u16 kind;		/* PL_IO_* */
	__u16 flags;
	__u32 count;
	__s64 first;
};

/* ---- hello: the agent's first frame ------------------------------------- */
struct pl_hello {
	__u32 magic;
	__u32 version;
	__u32 page_size;
	__u32 gup_capacity;
	__u64 task_size;	/* TASK_SIZE_MAX: first address no user can map */
	__u64 zero_pfn;
	__u64 table_span;	/* bytes one last-level page table maps (PMD_SIZE) */
	__u64 features;		/* PL_FEATURE_* */
	char release[64];	/* uname -r, NUL padded */
	char machine[16];	/* uname -m, NUL padded */
};
#define PL_FEATURE_PKU		1u	/* x86 protection keys in use */
#define PL_FEATURE_EPAN		2u	/* arm64: exec-only really is */
#define PL_FEATURE_HW_AF	4u	/* arm64: young set by hardware */
#define PL_FEATURE_HW_DBM	8u	/* arm64: dirty set by hardware */
#define PL_FEATURE_GATE		16u	/* x86: the vsyscall page can be read (vsyscall=emulate) */
#define PL_FEATURE_SPLIT_RSS	32u	/* a task keeps its last RSS changes to itself */
#define PL_FEATURE_UFFD_WP	64u	/* a userfaultfd can write-protect pages */
#define PL_FEATURE_WC		128u	/* write-combining is a memory type of its own */
#define PL_FEATURE_PAN		256u	/* arm64: the kernel faults at what a user could touch */
#define PL_FEATURE_SWAP		512u	/* pages can be swapped */
#define PL_FEATURE_WT		1024u	/* write-through is a memory type of its own */
#define PL_FEATURE_PAT		2048u	/* x86: memory types of devices' mappings are kept */
#define PL_FEATURE_MEMORY_FAILURE 4096u	/* poisoned pages are told apart */
#define PL_FEATURE_MIGRATION_AD	8192u	/* a migration entry keeps young and dirty */
#define PL_FEATURE_EXT4		16384u	/* ext4 serves file systems of ext2 */

/* ---- the module's calls -------------------------------------------------- */
struct pl_info {		/* PL_IOC_INFO: out */
	__u32 magic;
	__u32 version;
	__u32 gup_capacity;
	__u32 held;		/* pages held by this descriptor now */
	__u64 task_size;
	__u64 zero_pfn;
	__u64 table_span;
	__u64 features;
};

struct pl_begin {		/* PL_IOC_BEGIN: in, once for each descriptor */
	__u32 magic;
	__u32 version;
	__u64 arena_start;
	__u32 arena_pages;
	__u32 touches;
	__u32 touch[PL_TOUCH_MAX];
};

struct pl_process {		/* PL_IOC_PROCESS: in and out; by the process */
	__u32 slot;		/* in */
	__s32 pid;		/* in */
	__s64 resident;		/* out: pages that it has mapped outside the arena */
};

struct pl_asleep {		/* PL_IOC_ASLEEP: in and out; by the supervisor */
	__u32 slot;		/* in: process */
	__u32 asleep;		/* out: 1: until somebody else does something */
};

struct pl_file {		/* PL_IOC_FILE: in; by the process that opened it */
	__u32 slot;
	__s32 fd;
};

struct pl_call {		/* PL_IOC_CALL: in and out; by the calling process */
	__u16 code;		/* in: PL_MODULE_FIRST to PL_MODULE_LAST */
	__u16 refused;		/* out: enum pl_refused */
	__u32 flags;		/* in: PL_FOLL_* */
	__u64 addr;		/* in */
	__s64 n;		/* in: nr_pages, or bytes */
	__u64 aux;		/* in: offset in the page, PL_GET_*, ...; out: as VMAS, LOCKED say,
				 * or bytes of text */
	__u32 slot;		/* in: held set */
	__u32 index;		/* in: page of it, or PL_WHOLE; process whose memory it is */
	__u64 data;		/* in: address of the caller's buffer */
	__u32 data_len;		/* in: of poke; n bytes come back of peek */
	__u32 mode;		/* in: PL_MODE_KILLED or 0; out: then PL_CALL_MADE */
	__s64 ret;		/* out: what the mm call returned */
	__u32 file;		/* in: file slot + 1, 0: none */
	__u32 reserved;
};

#define PL_CALL_MADE		0x80000000u	/* its process does not live to say so */

struct pl_snapshot {		/* PL_IOC_SNAPSHOT: in and out; by the supervisor */
	__u64 buffer;		/* in: where the sections go */
	__u32 capacity;		/* in: bytes */
	__u32 len;		/* out: bytes written */
};

#define PL_IOC_INFO		_IOR('P', 1, struct pl_info)
#define PL_IOC_BEGIN		_IOW('P', 2, struct pl_begin)
#define PL_IOC_PROCESS		_IOWR('P', 3, struct pl_process)
#define PL_IOC_FILE		_IOW('P', 4, struct pl_file)
#define PL_IOC_CALL		_IOWR('P', 5, struct pl_call)
#define PL_IOC_SNAPSHOT		_IOWR('P', 6, struct pl_snapshot)
#define PL_IOC_ASLEEP		_IOWR('P', 7, struct pl_asleep)
#define PL_IOC_DEVICE		_IO('P', 8)	/* gives a descriptor; to be shown by PL_IOC_FILE */

/* ---- frames: virtio-serial and ssh carry them as they are ---------------- */
/*
 * A frame is this header and len bytes. crc is CRC-32 (IEEE 802.3, as zlib's
 * crc32) of the header with crc = 0, then the payload. sequence counts the
 * frames of one direction from 0. The serial console carries the same frames
 * in acknowledged lines (see guest/line.h).
 */
enum pl_frame_type {
	PL_FRAME_HELLO = 1,	/* guest: struct pl_hello; host, empty: asks for it again, the
				 * guest's frames and lines count from 0 then */
	PL_FRAME_PROGRAM = 2,	/* host: struct pl_program ... */
	PL_FRAME_RESULT = 3,	/* guest: u32 number, u32 0, then whole pl_outcome records */
	PL_FRAME_STOP = 4,	/* host: power off */
	PL_FRAME_ERROR = 5,	/* guest: text; a malformed program or request */
};

struct pl_frame {
	__u32 magic;		/* PL_FRAME_MAGIC */
	__u32 len;		/* of the payload */
	__u32 sequence;
	__u32 type;		/* enum pl_frame_type */
	__u32 crc;
	__u32 reserved;
};
#define PL_FRAME_MAGIC		0x4d524c50u	/* "PLRM" */
#define PL_FRAME_MAX		(4u << 20)

#endif /* PAGELAB_UAPI_H */
