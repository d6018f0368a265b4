// SPDX-License-Identifier: GPL-2.0
/*
 * swap.c - a swap area, in memory: what is written is there, and what is read
 * too, before submit_bio() returns. With any other disk it would be chance
 * whether MADV_PAGEOUT finds a page's write done and lets it go (6.1 mm/vmscan.c
 * shrink_folio_list, PAGE_SUCCESS). There is no ->rw_page, with which the swap
 * cache would be passed by (SWP_SYNCHRONOUS_IO).
 *
 * It is larger than all that programs can swap. Its memory comes with the first
 * write and goes when swap is turned off.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/swap.h>
#include <linux/xarray.h>

#include "compat.h"
#include "compat_block.h"
#include "pagelab.h"

#define AREA_PAGES	65536u

static struct gendisk *disk;
static DEFINE_XARRAY(area);	/* page of the area -> struct page */

/* The page of the area, made if it is to be written; NULL: none, all zeros. */
static struct page *area_page(unsigned long index, bool make)
{
	struct page *page = xa_load(&area, index);

	if (page || !make)
		return page;
	page = alloc_page(GFP_NOIO | __GFP_ZERO);
	if (page && xa_is_err(xa_store(&area, index, page, GFP_NOIO))) {
		__free_page(page);
		page = NULL;
	}
	return page;
}

/* What is before the first page that can be swapped to, as mkswap(8) writes it. */
static int area_begin(void)
{
	struct page *page = area_page(0, true);
	union swap_header *header;

	if (!page)
		return -ENOMEM;
	header = page_address(page);
	header->info.version = 1;
	header->info.last_page = AREA_PAGES - 1;
	memcpy(header->magic.magic, "SWAPSPACE2", sizeof(header->magic.magic));
	return 0;
}

/* All pages from that one on. */
static void area_forget(unsigned long first)
{
	struct page *page;
	unsigned long index;

	xa_for_each_start(&area, index, page, first) {
		xa_erase(&area, index);
		__free_page(page);
	}
}

static int copy(struct bio *bio, const struct bio_vec *bv, sector_t sector)
{
	struct page *page = area_page(sector >> PAGE_SECTORS_SHIFT, op_is_write(bio_op(bio)));
	size_t offset = (sector & (PAGE_SECTORS - 1)) << SECTOR_SHIFT;

	if (bv->bv_len > PAGE_SIZE - offset)
		return -EIO;
	if (op_is_write(bio_op(bio))) {
		if (!page)
			return -ENOMEM;
		memcpy_page(page, offset, bv->bv_page, bv->bv_offset, bv->bv_len);
	} else if (page) {
		memcpy_page(bv->bv_page, bv->bv_offset, page, offset, bv->bv_len);
	} else {
		memzero_page(bv->bv_page, bv->bv_offset, bv->bv_len);
	}
	return 0;
}

static pl_submitted swap_submit_bio(struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	int err = 0;

	bio_for_each_segment(bv, bio, iter) {
		err = err ? err : copy(bio, &bv, iter.bi_sector);
	}
	if (err)
		bio->bi_status = errno_to_blk_status(err);
	bio_endio(bio);
	return PL_SUBMITTED;
}

/* Somebody closed it: a swapon() that failed, too. */
static PL_RELEASE_DISK(swap_release, closed)
{
	if (!pl_disk_is_open(closed))
		area_forget(1);
}

static const struct block_device_operations swap_operations = {
	.owner = THIS_MODULE,
	.submit_bio = swap_submit_bio,
	.release = swap_release,
};

int pl_swap_init(void)
{
	int err = area_begin();

	if (err)
		return err;
	disk = pl_alloc_disk(PAGE_SIZE);
	if (!disk) {
		area_forget(0);
		return -ENOMEM;
	}
	disk->fops = &swap_operations;
	disk->flags |= GENHD_FL_NO_PART;
	strscpy(disk->disk_name, PL_SWAP_NAME, DISK_NAME_LEN);
	set_capacity(disk, (sector_t)AREA_PAGES << PAGE_SECTORS_SHIFT);
	err = pl_add_disk(disk);
	if (err) {
		pl_put_disk(disk);
		area_forget(0);
	}
	return err;
}

void pl_swap_exit(void)
{
	del_gendisk(disk);
	pl_put_disk(disk);
	area_forget(0);
}
