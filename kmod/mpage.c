// SPDX-License-Identifier: GPL-2.0
/*
 * mpage.c - the calls about reading ahead: files whose blocks a program says,
 * mpage_readahead() of them and of files on the guest's disk, and what became
 * of it.
 *
 * Refused are, in this order:
 *
 * 1. NOT_SCRIPTED: the script of a file that has none.
 * 2. RUNS: the script is full.
 * 3. NO_READAHEAD: a file whose mapping has no ->readahead (memfd, secret
 *    memory): the kernel would call a ->read_folio that is not there either.
 */
#include <linux/blkdev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/log2.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "compat_block.h"
#include "pagelab.h"

/* Whose bios are noted where: of one task, for the time of one call. */
static struct {
	struct mutex lock;
	struct task_struct *task;
	struct pl_io *io;
	bool based;
} watch = {
	.lock = __MUTEX_INITIALIZER(watch.lock),
};

static int note_bio(struct kprobe *probe, struct pt_regs *regs)
{
	struct bio *bio = (struct bio *)regs_get_kernel_argument(regs, 0);

	if (current != watch.task || bio_op(bio) != REQ_OP_READ)
		return 0;
	if (!watch.based) {
		/* of the file's first call; where it lies is the file system's to choose */
		watch.io->base = bio->bi_iter.bi_sector;
		watch.based = true;
	}
	pl_io_add_bio(watch.io, bio, false);
	return 0;
}

static struct kprobe submit_probe = {
	.symbol_name = "submit_bio",
	.pre_handler = note_bio,
	.flags = KPROBE_FLAG_DISABLED,
};

static void wait_read(struct address_space *mapping, pgoff_t index, u32 pages)
{
	u32 i;

	for (i = 0; i < pages; i++)
		pl_wait_read(mapping, index + i);
}

static void read_ahead(struct file *filp, const struct pl_call *call)
{
	struct file_ra_state ra = { .size = call->n, .async_size = call->aux };

	pl_read_ahead(filp, &ra, call->addr, call->n, call->aux);
	wait_read(filp->f_mapping, call->addr, call->n);
}

/*
 * Of a file on the guest's disk. What leads to its blocks is let go before, so
 * that it has to be read again. An fsync() leaves its page dirty with clean
 * buffers, and dirty pages are not let go: so it is written first.
 */
static int read_disk_ahead(struct file *filp, struct pl_io *io, const struct pl_call *call)
{
	struct block_device *bdev = filp->f_mapping->host->i_sb->s_bdev;
	int err;

	err = sync_blockdev(bdev);
	if (err)
		return err;
	invalidate_bdev(bdev);
	mutex_lock(&watch.lock);
	watch.io = io;
	watch.based = io->count;
	watch.task = current;
	err = enable_kprobe(&submit_probe);
	if (!err) {
		read_ahead(filp, call);
		disable_kprobe(&submit_probe);
	}
	watch.task = NULL;
	mutex_unlock(&watch.lock);
	return err;
}

/* The file, and what is noted of it, which is there from now on; both are the caller's to put. */
static struct file *get_noted(struct pl_session *s, u32 slot, struct pl_io **io)
{
	struct pl_open_file *f = &s->files[slot];
	struct file *filp = NULL;

	mutex_lock(&s->lock);
	if (f->file && !f->io)
		f->io = pl_io_new();
	if (f->file && f->io) {
		filp = get_file(f->file);
		*io = f->io;
		pl_io_get(*io);
	}
	mutex_unlock(&s->lock);
	return filp;
}

static int do_readahead(struct file *filp, struct pl_io *io, struct pl_call *call)
{
	int err = 0;

	if (!filp->f_mapping->a_ops->readahead) {
		call->refused = PL_REFUSED_NO_READAHEAD;
	} else if (pl_is_script(filp)) {
		pl_script_take(filp, call->index);
		read_ahead(filp, call);
		pl_script_take(filp, PL_WHOLE);
	} else {
		err = read_disk_ahead(filp, io, call);
	}
	return err;
}

static int do_text(struct pl_io *io, struct pl_call *call)
{
	char text[PL_DATA_MAX];
	u32 len;

	len = pl_io_text(io, call->code == PL_OP_BIOS, text);
	call->aux = len;
	return copy_to_user(u64_to_user_ptr(call->data), text, len) ? -EFAULT : 0;
}

static int do_noted(struct file *filp, struct pl_io *io, struct pl_call *call)
{
	if (call->code == PL_OP_MPAGE_READAHEAD)
		return do_readahead(filp, io, call);
	if (call->code == PL_OP_BIOS || call->code == PL_OP_GET_BLOCKS)
		return do_text(io, call);
	if (!pl_is_script(filp))
		call->refused = PL_REFUSED_NOT_SCRIPTED;
	else if (call->code == PL_OP_GET_BLOCK)
		call->refused = pl_script_run(filp, call);
	else
		pl_script_buffers(filp, call->addr);
	return 0;
}

/* Caller holds the session's lock. */
static int open_scripted(struct pl_session *s, struct pl_call *call)
{
	struct pl_open_file *f = &s->files[call->slot];
	struct pl_io *io;
	struct file *filp;
	int fd;

	if (f->file)
		return -EEXIST;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	io = pl_io_new();
	filp = io ? pl_script_open(io, call->n, call->aux, call->flags) : ERR_PTR(-ENOMEM);
	if (IS_ERR(filp)) {
		put_unused_fd(fd);
		pl_io_put(io);
		return PTR_ERR(filp);
	}
	f->io = io;
	f->file = get_file(filp);
	fd_install(fd, filp);
	call->ret = fd;
	return 0;
}

/* Do so many blocks from one on lie on the disk? Each has so many sectors. */
static bool on_disk(u64 block, u64 blocks, u32 sectors)
{
	return block < PL_DISK_SECTORS && (block + blocks) * sectors <= PL_DISK_SECTORS;
}

/* Is the request what the ABI allows? The largest block fits wherever a block has to. */
static int check(const struct pl_call *call)
{
	u32 flags = 0;

	if (call->file > PL_FILES_MAX)
		return -E2BIG;
	if (call->mode || !call->file != (call->code == PL_OP_SCRIPTED))
		return -EINVAL;
	switch (call->code) {
	case PL_OP_SCRIPTED:
		flags = PL_SCRIPTED_RW_PAGE;
		if (call->slot >= PL_FILES_MAX || call->n < 0 ||
		    call->n > PL_SCRIPT_PAGES * PAGE_SIZE)
			return -E2BIG;
		if (!is_power_of_2(call->aux) || call->aux < SECTOR_SIZE || call->aux > PAGE_SIZE)
			return -EINVAL;
		break;
	case PL_OP_GET_BLOCK:
		flags = PL_BLOCK_BOUNDARY | PL_BLOCK_UPTODATE | PL_BLOCK_ERROR | PL_BLOCK_SINGLE |
			PL_BLOCK_BAD;
		if (call->n < 1 || call->n > PL_SCRIPT_BLOCKS ||
		    call->addr > PL_SCRIPT_BLOCKS - call->n ||
		    !on_disk(call->aux, call->n, PAGE_SIZE >> SECTOR_SHIFT) ||
		    (call->index != PL_WHOLE && !on_disk(call->index, 1, PAGE_SIZE >> SECTOR_SHIFT)))
			return -E2BIG;
		break;
	case PL_OP_ADD_BUFFERS:
		if (call->addr >= PL_SCRIPT_PAGES)
			return -E2BIG;
		break;
	case PL_OP_MPAGE_READAHEAD:
		if (call->n < 1 || call->n > PL_SCRIPT_PAGES || call->aux > call->n ||
		    call->addr > PL_ARENA_PAGES_MAX)
			return -E2BIG;
		break;
	}
	return call->flags & ~flags ? -EINVAL : 0;
}

int pl_do_mpage(struct pl_session *s, struct pl_call *call)
{
	struct pl_io *io;
	struct file *filp;
	int err = check(call);

	if (err)
		return err;
	if (call->code == PL_OP_SCRIPTED) {
		mutex_lock(&s->lock);
		err = open_scripted(s, call);
		mutex_unlock(&s->lock);
		return err;
	}
	filp = get_noted(s, call->file - 1, &io);
	if (!filp) {
		call->ret = -EBADF;
		return 0;
	}
	err = do_noted(filp, io, call);
	pl_io_put(io);
	fput(filp);
	return err;
}

int pl_mpage_init(void)
{
	int err = pl_disk_init();

	if (err)
		return err;
	err = pl_script_init();
	if (err)
		goto disk;
	err = register_kprobe(&submit_probe);
	if (err)
		goto script;
	return 0;

script:
	pl_script_exit();
disk:
	pl_disk_exit();
	return err;
}

void pl_mpage_exit(void)
{
	unregister_kprobe(&submit_probe);
	pl_script_exit();
	pl_disk_exit();
}
