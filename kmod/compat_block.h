/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat_block.h - disks of the module's own, and what a file system does about
 * its files' pages.
 */
#ifndef PAGELAB_COMPAT_BLOCK_H
#define PAGELAB_COMPAT_BLOCK_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/buffer_head.h>
#include <linux/pagemap.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#include <linux/genhd.h>
#endif

#ifndef PAGE_SECTORS
#define PAGE_SECTORS_SHIFT	(PAGE_SHIFT - SECTOR_SHIFT)
#define PAGE_SECTORS		(1 << PAGE_SECTORS_SHIFT)
#endif

/* ---- disks ------------------------------------------------------------------ */

/*
 * ->submit_bio returns nothing since 5.16 (3e08773c3841 "block: switch polling to
 * be bio based"), and a blk_qc_t before.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
typedef void pl_submitted;
#define PL_SUBMITTED
#else
typedef blk_qc_t pl_submitted;
#define PL_SUBMITTED	BLK_QC_T_NONE
#endif

/*
 * Before 6.3 (3222d8c2a7f8 "block: remove ->rw_page") a disk may take a whole
 * page without a bio.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define PL_HAS_RW_PAGE
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 0, 0)
typedef enum req_op pl_req_op;
#else
typedef unsigned int pl_req_op;
#endif

/* ->release had a mode until 6.5 (ae220766d87c "block: remove the unused mode argument"). */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define PL_RELEASE_DISK(name, disk)	void name(struct gendisk *disk)
#else
#define PL_RELEASE_DISK(name, disk)	void name(struct gendisk *disk, fmode_t mode)
#endif

/* No partition is looked for (before 5.17 it has another name). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
#define GENHD_FL_NO_PART	(GENHD_FL_NO_PART_SCAN | GENHD_FL_EXT_DEVT)
#endif

/*
 * A disk without requests, on which one block is so many bytes; NULL: no memory.
 * 5.14 made that one call (f525464a8000 "block: add blk_alloc_disk and
 * blk_cleanup_disk APIs"), and 6.9 took the sizes along (74fa8f9c553f "block: pass
 * a queue_limits argument to blk_alloc_disk").
 */
static inline struct gendisk *pl_alloc_disk(unsigned int block)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	struct queue_limits limits = { .logical_block_size = block };
	struct gendisk *disk = blk_alloc_disk(&limits, NUMA_NO_NODE);

	return IS_ERR(disk) ? NULL : disk;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	struct gendisk *disk = blk_alloc_disk(NUMA_NO_NODE);

	if (disk)
		blk_queue_logical_block_size(disk->queue, block);
	return disk;
#else
	struct gendisk *disk = alloc_disk(0);

	if (!disk)
		return NULL;
	disk->queue = blk_alloc_queue(NUMA_NO_NODE);
	if (!disk->queue) {
		put_disk(disk);
		return NULL;
	}
	blk_queue_logical_block_size(disk->queue, block);
	return disk;
#endif
}

/* Let go of a disk that nobody can find, with its queue. */
static inline void pl_put_disk(struct gendisk *disk)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
	blk_cleanup_queue(disk->queue);
#endif
	put_disk(disk);
}

/* Before 5.15 (83cbce957446 "block: add error handling for device_add_disk") it cannot fail. */
static inline int pl_add_disk(struct gendisk *disk)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 15, 0)
	return add_disk(disk);
#else
	add_disk(disk);
	return 0;
#endif
}

/*
 * The whole disk, for reading. Before 5.11 it is none before it is opened, which
 * one that is hidden cannot be.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define PL_DISK_HIDDEN	GENHD_FL_HIDDEN
#define PL_DISK_NAME	PL_DEVICE_NAME

static inline struct block_device *pl_open_disk(struct gendisk *disk)
{
	return disk->part0;
}

static inline void pl_close_disk(struct block_device *bdev)
{
}
#else
#define PL_DISK_HIDDEN	0
#define PL_DISK_NAME	PL_DEVICE_NAME "-disk" /* in /dev, where the module's own is */

static inline struct block_device *pl_open_disk(struct gendisk *disk)
{
	struct block_device *bdev = blkdev_get_by_dev(disk_devt(disk), FMODE_READ, NULL);

	return IS_ERR(bdev) ? NULL : bdev;
}

static inline void pl_close_disk(struct block_device *bdev)
{
	blkdev_put(bdev, FMODE_READ);
}
#endif

/* Is it open? */
static inline bool pl_disk_is_open(struct gendisk *disk)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
	return disk_openers(disk);
#else
	struct block_device *bdev = bdget_disk(disk, 0);
	bool open = bdev && bdev->bd_openers;

	if (bdev)
		bdput(bdev);
	return open;
#endif
}

/* A read of one segment. 5.18 has disk and operation given (49add4966d79). */
static inline void pl_bio_init(struct bio *bio, struct block_device *bdev, struct bio_vec *vec,
			       unsigned int operation)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
	bio_init(bio, bdev, vec, 1, operation);
#else
	bio_init(bio, vec, 1);
	bio_set_dev(bio, bdev);
	bio->bi_opf = operation;
#endif
}

/* ---- files' pages -------------------------------------------------------------- */

/* Wait until nobody reads a page of a mapping; one that is not there is not read. */
static inline void pl_wait_read(struct address_space *mapping, pgoff_t index)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	struct folio *folio = filemap_get_folio(mapping, index);

	if (IS_ERR(folio))
		return;
	folio_wait_locked(folio);
	folio_put(folio);
#else
	struct page *page = find_get_page(mapping, index);

	if (!page)
		return;
	wait_on_page_locked(page);
	put_page(page);
#endif
}

/* Read pages ahead. The file's state is a member since 5.13 (fcd9ae4f7f3b). */
static inline void pl_read_ahead(struct file *filp, struct file_ra_state *ra, pgoff_t index,
				 unsigned long pages, unsigned long lookahead)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 13, 0)
	DEFINE_READAHEAD(ractl, filp, ra, filp->f_mapping, index);
#else
	DEFINE_READAHEAD(ractl, filp, filp->f_mapping, index);
#endif

	page_cache_ra_unbounded(&ractl, pages, lookahead);
}

/*
 * What 5.19 calls a folio in an address space's operations (7e0a126519b8 "mm,fs:
 * Remove aops->readpage") is a page before, and each has another name.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
typedef struct folio pl_folio;
#define pl_read_pages		read_folio
#define pl_mpage_read		mpage_read_folio
#define PL_NO_DIRTY_TRACKING	.dirty_folio = noop_dirty_folio, \
				.invalidate_folio = block_invalidate_folio,
#define pl_folio_buffers	folio_buffers
#else
typedef struct page pl_folio;
#define pl_read_pages		readpage
#define pl_mpage_read		mpage_readpage
#define PL_NO_DIRTY_TRACKING	.set_page_dirty = noop_set_page_dirty, \
				.invalidatepage = block_invalidatepage,
#define pl_folio_buffers	page_has_buffers
#endif

/* 6.7 takes a folio (0a88810d9b76 "buffer: remove folio_create_empty_buffers()"). */
static inline void pl_create_buffers(pl_folio *folio, unsigned int size)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	create_empty_buffers(folio, size, 0);
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
	create_empty_buffers(&folio->page, size, 0);
#else
	create_empty_buffers(folio, size, 0);
#endif
}

#endif /* PAGELAB_COMPAT_BLOCK_H */
