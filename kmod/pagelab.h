/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pagelab.h - what the module's files share.
 *
 * One open file is one session, that is one program: its arena, its
 * processes, files and held pages, and what the last snapshot told of them.
 */
#ifndef PAGELAB_H
#define PAGELAB_H

#include <linux/bio.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "pagelab_uapi.h"

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/* A list that grows; records of one size, which its owner knows. */
struct pl_list {
	void *data;
	u32 count;
	u32 room;
};

struct pl_held_page {
	struct page *page;	/* NULL: put */
	bool lent;		/* its frame is mapped, and nobody counts that */
	u64 told;		/* pfn in the last snapshot, 0: none */
};

/*
 * The pages that one call got. They come and go with the session's lock and
 * device_lock held.
 */
struct pl_held {
	struct pl_held_page *pages;
	u32 count;
	u32 live;		/* not yet put */
	u32 told;		/* pages with a told pfn */
	bool used;		/* a call has had this slot */
	bool pin;		/* its pages are to be unpinned, not put */
	bool busy;		/* a call works on it without the session's lock */
	bool allocated;		/* by the module itself, as PL_ALLOC_* in kind says */
	u8 kind;
};

/* A PTE that is not none, in ascending order of index in a list. */
struct pl_seen_pte {
	u32 index;
	u16 flags;
	u64 pfn;
};

/* What a snapshot reads of one process. */
struct pl_view {
	struct pl_list ptes;	/* struct pl_seen_pte; has room for the whole arena */
	struct pl_list vmas;	/* struct pl_vma_record */
	struct pl_rss_record rss;
};

struct pl_member {
	struct mm_struct *mm;		/* mmgrab()ed; NULL: slot not in use */
	struct task_struct *task;
	s64 outside[4];			/* RSS outside the arena */
	struct pl_view told;
	struct pl_view now;
};

/* What was asked of a file's disk. It may be asked of when the session is over. */
struct pl_io {
	struct kref ref;
	arch_spinlock_t lock;
	s64 base;			/* sectors count from here */
	u32 count;
	u32 bios;			/* records from here on PL_OP_BIOS has not told of */
	u32 get_blocks;			/* the same of PL_OP_GET_BLOCKS */
	struct pl_io_record record[PL_IO_MAX];
};

struct pl_open_file {
	struct file *file;		/* NULL: slot not in use */
	struct pl_list told;		/* struct pl_cache_record */
	struct pl_list now;
	u64 told_size;
	u64 size;
	struct pl_io *io;		/* NULL: nothing was asked yet */
	u32 io_told;
	u32 io_now;
};

struct pl_entry {
	u32 chain;			/* next entry of the bucket + 1 */
	u32 seen;			/* snapshot that last saw the page */
	bool known;			/* told has been sent */
	struct pl_page_record told;
	struct pl_page_record now;
};

struct pl_order {
	u64 pfn;
	u32 entry;
};

/* Every page of the last snapshot, by pfn. */
struct pl_pages {
	struct pl_entry *entries;
	u32 *buckets;			/* entry + 1 */
	struct pl_order *order;		/* scratch */
	u32 count;
	u32 room;
	u32 bits;
	u32 snapshot;			/* number of the current one, from 1 */
	u32 changed;			/* in order[] */
};

/* Sections on their way to the user; an error sticks. */
struct pl_out {
	u8 *data;
	u32 len;
	u32 room;
	u32 limit;
	u32 section;			/* where the open section starts */
	int error;
};

/* A file whose mappings the module makes. Guarded by device_lock. */
struct pl_device {
	struct pl_session *session;	/* a reference */
	unsigned long vm_flags;		/* what ->mmap sets */
	u32 calls;
	struct pl_call call[PL_ON_MMAP_MAX];	/* to be made from within ->mmap, in order */
	struct pl_call fault;		/* what ->fault does: PL_OP_ON_FAULT, or zeros */
	struct pl_call access;		/* what ->access does: PL_OP_ON_ACCESS, or zeros */
};

struct pl_session {
	struct kref references;		/* the descriptor's, and one of each device */
	/*
	 * Guards everything below. Never held over anything that may block
	 * for long, so that a snapshot never waits for an operation.
	 */
	struct mutex lock;
	/* Guards what devices do and have. Inside the mmap lock, which lock is not. */
	struct mutex device_lock;
	bool begun;
	unsigned long start;		/* of the arena, bytes */
	unsigned long end;
	u32 touches;
	u32 touch[PL_TOUCH_MAX];
	int zero_ref;			/* page_count() of the zero page at the start */
	bool zero_dirty;
	bool zero_mapped;		/* a device has had the zero page mapped */
	u32 live;			/* held pages of all sets */
	u32 slots;			/* held[] from here on were never used */
	struct pl_held held[PL_HELD_MAX];
	struct pl_member members[PL_PROCESSES_MAX];
	struct pl_open_file files[PL_FILES_MAX];
	struct pl_pages pages;
	struct pl_out out;
};

/* symbols.c: what the kernel does not export */
int pl_symbols_resolve(void);
void pl_symbols_release(void);
void pl_lru_drain(void);
void pl_clean_pools(void);
bool pl_is_shmem(struct address_space *mapping);
bool pl_page_secret(struct page *page);
u64 pl_found_features(void);
void pl_forget_types(phys_addr_t start, phys_addr_t end);
bool pl_can_zap(bool single);
void pl_zap_range(struct vm_area_struct *vma, unsigned long start, unsigned long size);
void pl_zap_range_single(struct vm_area_struct *vma, unsigned long start, unsigned long size);

/* bar.c: device memory, frames without a struct page */
int pl_bar_find(void);
void pl_bar_release(void);
u32 pl_bar_frame(u32 page, unsigned long *pfn);
u32 pl_bar_pages(unsigned long pfn);
void pl_bar_use(void);
u64 pl_frame_name(unsigned long pfn);
int pl_bar_clear(void);

/* frames.c */
u16 pl_mapped_flags(struct mm_struct *mm, unsigned long start, unsigned long end);
int pl_check_within(const struct pl_call *call);
int pl_map_frames_within(struct pl_session *s, struct vm_area_struct *vma,
			 const struct pl_call *call);
vm_fault_t pl_fault_frame(struct pl_session *s, struct vm_fault *vmf, const struct pl_call *call);
int pl_do_frames(struct pl_session *s, struct pl_call *call);

/* handles.c */
int pl_list_reserve(struct pl_list *list, u32 room, size_t size);
int pl_begin(struct pl_session *s, const struct pl_begin *begin);
int pl_add_process(struct pl_session *s, struct pl_process *process);
int pl_is_asleep(struct pl_session *s, struct pl_asleep *request);
int pl_add_file(struct pl_session *s, const struct pl_file *file);
void pl_give_pages(struct pl_session *s, struct pl_held *held, struct pl_held_page *pages,
		   u32 count);
void pl_put_pages(struct pl_held *held);
struct pl_session *pl_session_new(void);
struct pl_session *pl_session_get(struct pl_session *s);
void pl_session_put(struct pl_session *s);
void pl_session_close(struct pl_session *s);

/* gup.c */
int pl_do_get(struct pl_session *s, struct pl_call *call);
void pl_kill_here(struct pl_call *call);

/* access.c */
int pl_do_access(struct pl_session *s, struct pl_call *call);

/* held.c */
void pl_release(struct page *page, bool pin);
int pl_do_held(struct pl_session *s, struct pl_call *call);

/* zap.c */
int pl_do_zap(struct pl_session *s, struct pl_call *call);
/* alloc.c */
int pl_alloc_init(void);
void pl_alloc_exit(void);
bool pl_is_whole(const struct pl_held *held);
bool pl_is_marked(const struct pl_held *held);
void pl_free_whole(const struct pl_held *held);
int pl_do_alloc(struct pl_session *s, struct pl_call *call);

/* device.c */
int pl_device_init(void);
void pl_device_exit(void);
bool pl_is_device(const struct file *filp);
bool pl_maps_device(const struct vm_area_struct *vma);
int pl_make_device(struct pl_session *s);
int pl_do_device(struct pl_session *s, struct pl_call *call);
int pl_do_insert(struct pl_session *s, struct pl_call *call);

/* io.c: what was asked of a file's disk */
struct pl_io *pl_io_new(void);
void pl_io_get(struct pl_io *io);
void pl_io_put(struct pl_io *io);
void pl_io_add(struct pl_io *io, u16 kind, u16 flags, s64 first, u32 count);
void pl_io_add_bio(struct pl_io *io, struct bio *bio, bool failed);
u32 pl_io_text(struct pl_io *io, bool bios, char *text);
void pl_io_tell(struct pl_session *s);

/* disk.c: a disk whose every word is its number */
int pl_disk_init(void);
void pl_disk_exit(void);
struct block_device *pl_disk_bdev(void);
void pl_disk_fill(struct page *page, u32 offset, u32 len, sector_t sector);
int pl_disk_read(struct pl_io *io, sector_t sector, u32 len);

/* script.c: files whose blocks the program says */
int pl_script_init(void);
void pl_script_exit(void);
struct file *pl_script_open(struct pl_io *io, u64 size, u32 block, u32 flags);
bool pl_is_script(const struct file *filp);
u16 pl_script_run(struct file *filp, const struct pl_call *call);
void pl_script_buffers(struct file *filp, u32 page);
void pl_script_take(struct file *filp, u32 pages);
struct pl_io *pl_script_io(struct page *page);
bool pl_script_rw_page(struct page *page);
bool pl_script_bad(struct page *page, sector_t sector, u32 sectors);

/* mpage.c */
int pl_mpage_init(void);
void pl_mpage_exit(void);
int pl_do_mpage(struct pl_session *s, struct pl_call *call);

/* walk.c */
typedef void (*pl_pte_fn)(void *arg, unsigned long addr, u16 flags, unsigned long pfn,
			  unsigned long pages);
int pl_walk(struct mm_struct *mm, unsigned long start, unsigned long end, pl_pte_fn fn, void *arg);

/* pages.c */
void *pl_page_data(struct page *page);
void pl_pages_start(struct pl_pages *pages);
int pl_pages_see(struct pl_session *s, unsigned long pfn);
int pl_pages_see_leaf(struct pl_session *s, unsigned long pfn);
void pl_pages_tell(struct pl_session *s);
void pl_pages_commit(struct pl_pages *pages);
void pl_pages_free(struct pl_pages *pages);

/* snapshot.c */
int pl_do_snapshot(struct pl_session *s, struct pl_snapshot *snapshot);

/* swap.c */
#ifdef CONFIG_SWAP
int pl_swap_init(void);
void pl_swap_exit(void);
#else
static inline int pl_swap_init(void)
{
	return 0;
}

static inline void pl_swap_exit(void)
{
}
#endif

/* tell.c */
void pl_tell(struct pl_session *s);
void pl_commit(struct pl_session *s);
void pl_out_open(struct pl_out *out, u16 type, u16 size);
void pl_out_add(struct pl_out *out, const void *record);
void pl_out_close(struct pl_out *out);

#endif /* PAGELAB_H */
