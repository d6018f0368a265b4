// SPDX-License-Identifier: GPL-2.0
/*
 * disk.c - a disk for files whose blocks a program says. It has no memory of
 * its own: the 64-bit words on it count from 1. Who reads is answered before
 * submit_bio() returns, so that a snapshot never depends on when.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/pagemap.h>

#include "compat.h"
#include "compat_block.h"
#include "pagelab.h"

#define SECTOR_WORDS	(SECTOR_SIZE / sizeof(u64))

static struct gendisk *disk;
static struct block_device *whole;

struct block_device *pl_disk_bdev(void)
{
	return whole;
}

/* What the disk has from a sector on goes to len bytes of a page. */
void pl_disk_fill(struct page *page, u32 offset, u32 len, sector_t sector)
{
	u64 number = sector * SECTOR_WORDS + 1;
	void *data = kmap_local_page(page);
	__le64 *word = data + offset;
	u32 i;

	for (i = 0; i < len / sizeof(u64); i++)
		word[i] = cpu_to_le64(number + i);
	kunmap_local(data);
	flush_dcache_page(page);
}

static pl_submitted disk_submit_bio(struct bio *bio)
{
	struct page *page = bio_has_data(bio) ? bio_first_page_all(bio) : NULL;
	struct pl_io *io = page ? pl_script_io(page) : NULL;
	struct bvec_iter iter;
	struct bio_vec bv;
	bool bad;

	if (bio_op(bio) != REQ_OP_READ) {
		bio->bi_status = BLK_STS_NOTSUPP;
		bio_endio(bio);
		return PL_SUBMITTED;
	}
	bad = io && pl_script_bad(page, bio->bi_iter.bi_sector, bio_sectors(bio));
	if (io)
		pl_io_add_bio(io, bio, bad);
	if (bad) {
		bio_io_error(bio);
		return PL_SUBMITTED;
	}
	bio_for_each_segment(bv, bio, iter)
		pl_disk_fill(bv.bv_page, bv.bv_offset, bv.bv_len, iter.bi_sector);
	bio_endio(bio);
	return PL_SUBMITTED;
}

#ifdef PL_HAS_RW_PAGE
/* A page without a bio, where its file asks for that. */
static int disk_rw_page(struct block_device *bdev, sector_t sector, struct page *page,
			pl_req_op op)
{
	if (op != REQ_OP_READ || !pl_script_rw_page(page))
		return -EOPNOTSUPP;
	if (pl_script_bad(page, sector, PAGE_SIZE >> SECTOR_SHIFT))
		return -EIO;
	pl_io_add(pl_script_io(page), PL_IO_RW_PAGE, 0, sector, PAGE_SIZE >> SECTOR_SHIFT);
	pl_disk_fill(page, 0, PAGE_SIZE, sector);
	page_endio(page, false, 0);
	return 0;
}
#endif

static const struct block_device_operations disk_operations = {
	.owner = THIS_MODULE,
	.submit_bio = disk_submit_bio,
#ifdef PL_HAS_RW_PAGE
	.rw_page = disk_rw_page,
#endif
};

/*
 * Read what maps a file's blocks, as a file system reads an indirect block:
 * the caller sleeps until it is there. Its content is nobody's.
 */
int pl_disk_read(struct pl_io *io, sector_t sector, u32 len)
{
	struct page *page = alloc_page(GFP_NOFS);
	struct bio_vec vec;
	struct bio bio;
	int err;

	if (!page)
		return -ENOMEM;
	pl_bio_init(&bio, whole, &vec, REQ_OP_READ | REQ_META);
	bio.bi_iter.bi_sector = sector;
	__bio_add_page(&bio, page, len, 0);
	pl_io_add_bio(io, &bio, false);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	__free_page(page);
	return err;
}

int pl_disk_init(void)
{
	int err;

	disk = pl_alloc_disk(SECTOR_SIZE);
	if (!disk)
		return -ENOMEM;
	disk->fops = &disk_operations;
	disk->flags |= GENHD_FL_NO_PART | PL_DISK_HIDDEN;
	strscpy(disk->disk_name, PL_DISK_NAME, DISK_NAME_LEN);
	set_capacity(disk, PL_DISK_SECTORS);
	set_disk_ro(disk, true);
	err = pl_add_disk(disk);
	if (err)
		goto put;
	whole = pl_open_disk(disk);
	if (whole)
		return 0;
	err = -ENXIO;
	del_gendisk(disk);
put:
	pl_put_disk(disk);
	return err;
}

void pl_disk_exit(void)
{
	pl_close_disk(whole);
	del_gendisk(disk);
	pl_put_disk(disk);
}
