// SPDX-License-Identifier: GPL-2.0
/*
 * script.c - files whose blocks a program says: get_block answers by its script,
 * fs/mpage.c does the rest. They can be read and mapped, and not written.
 */
#include <linux/buffer_head.h>
#include <linux/file.h>
#include <linux/fs_context.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/mpage.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>

#include "compat.h"
#include "compat_block.h"
#include "pagelab.h"


/* What get_block says of some blocks of the file. */
struct run {
	u32 first;
	u32 end;
	u32 at;			/* the disk's block of the first */
	u32 metadata;		/* the disk's block that says so, PL_WHOLE: none */
	u32 flags;		/* PL_BLOCK_* */
	bool known;		/* the metadata was read */
};

struct script {
	struct pl_io *io;
	u32 flags;		/* PL_SCRIPTED_* */
	u32 take;		/* pages that ->readahead may still take */
	u32 runs;
	struct run run[PL_SCRIPT_RUNS];
	u8 run_of[PL_SCRIPT_BLOCKS];	/* by block; number in run[] + 1, 0: a hole */
	DECLARE_BITMAP(buffers, PL_SCRIPT_PAGES);
};

static struct vfsmount *mount;
static const struct address_space_operations script_aops;

static sector_t sector_of(const struct inode *inode, u32 block)
{
	return (sector_t)block << (inode->i_blkbits - SECTOR_SHIFT);
}

static int script_get_block(struct inode *inode, sector_t block, struct buffer_head *bh, int create)
{
	struct script *script = inode->i_private;
	u32 wanted = bh->b_size >> inode->i_blkbits, count = 1;
	struct run *run;
	int err;

	pl_io_add(script->io, PL_IO_GET_BLOCK, 0, block, wanted);
	if (block >= PL_SCRIPT_BLOCKS || !script->run_of[block])
		return 0;
	run = &script->run[script->run_of[block] - 1];
	if (run->flags & PL_BLOCK_ERROR)
		return -EIO;
	if (run->metadata != PL_WHOLE && !run->known) {
		err = pl_disk_read(script->io, sector_of(inode, run->metadata), i_blocksize(inode));
		if (err)
			return err;
		run->known = true;
	}
	while (!(run->flags & (PL_BLOCK_SINGLE | PL_BLOCK_UPTODATE)) && count < wanted &&
	       block + count < run->end && script->run_of[block + count] == script->run_of[block])
		count++;
	set_buffer_mapped(bh);
	bh->b_bdev = pl_disk_bdev();
	bh->b_blocknr = run->at + block - run->first;
	bh->b_size = (size_t)count << inode->i_blkbits;
	if (run->flags & PL_BLOCK_BOUNDARY && block + count == run->end)
		set_buffer_boundary(bh);
	if (run->flags & PL_BLOCK_UPTODATE) {
		pl_disk_fill(bh->b_page, (block << inode->i_blkbits) & ~PAGE_MASK,
			     i_blocksize(inode), sector_of(inode, bh->b_blocknr));
		set_buffer_uptodate(bh);
	}
	return 0;
}

/* Fresh pages have no buffers, unless the script says that this one does. It is locked. */
static void add_buffers(struct script *script, pl_folio *folio)
{
	if (folio && folio->index < PL_SCRIPT_PAGES &&
	    test_and_clear_bit(folio->index, script->buffers) && !pl_folio_buffers(folio))
		pl_create_buffers(folio, i_blocksize(folio->mapping->host));
}

/* A file system may take fewer pages than it is given; the kernel has the rest then. */
static void script_readahead(struct readahead_control *rac)
{
	struct script *script = rac->mapping->host->i_private;
	unsigned int i, taken = min(readahead_count(rac), script->take);
	unsigned int left = readahead_count(rac) - taken;

	for (i = 0; i < readahead_count(rac); i++)
		add_buffers(script, xa_load(&rac->mapping->i_pages, readahead_index(rac) + i));
	rac->_nr_pages = taken;
	mpage_readahead(rac, script_get_block);
	rac->_nr_pages += left;	/* beside what it stopped at */
	if (script->take != PL_WHOLE)
		script->take -= taken;
}

static int script_read(struct file *file, pl_folio *folio)
{
	add_buffers(folio->mapping->host->i_private, folio);
	return pl_mpage_read(folio, script_get_block);
}

static const struct address_space_operations script_aops = {
	.readahead = script_readahead,
	.pl_read_pages = script_read,
	PL_NO_DIRTY_TRACKING
};

static const struct file_operations script_fops = {
	.owner = THIS_MODULE,
	.llseek = generic_file_llseek,
	.read_iter = generic_file_read_iter,
	.mmap = generic_file_readonly_mmap,
	.fsync = noop_fsync,
};

static void script_evict(struct inode *inode)
{
	struct script *script = inode->i_private;

	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (script)
		pl_io_put(script->io);
	kvfree(script);
}

static const struct super_operations script_super = {
	.statfs = simple_statfs,
	.evict_inode = script_evict,
};

static int init_context(struct fs_context *context)
{
	struct pseudo_fs_context *pseudo = init_pseudo(context, PL_MAGIC);

	if (!pseudo)
		return -ENOMEM;
	pseudo->ops = &script_super;
	context->s_iflags &= ~SB_I_NOEXEC; /* as devices have it */
	return 0;
}

static struct file_system_type script_type = {
	.owner = THIS_MODULE,
	.name = PL_DEVICE_NAME,
	.init_fs_context = init_context,
	.kill_sb = kill_anon_super,
};

static struct inode *script_inode(struct pl_io *io, u64 size, u32 block, u32 flags)
{
	struct script *script = kvzalloc(sizeof(*script), GFP_KERNEL);
	struct inode *inode = new_inode(mount->mnt_sb);

	if (!script || !inode) {
		kvfree(script);
		iput(inode);
		return NULL;
	}
	pl_io_get(io);
	script->io = io;
	script->flags = flags;
	script->take = PL_WHOLE;
	inode->i_private = script;
	inode->i_mode = S_IFREG | 0400;
	inode->i_blkbits = ilog2(block);
	inode->i_mapping->a_ops = &script_aops;
	i_size_write(inode, size);
	return inode;
}

/* A new file, all hole. */
struct file *pl_script_open(struct pl_io *io, u64 size, u32 block, u32 flags)
{
	struct inode *inode = script_inode(io, size, block, flags);
	struct file *filp;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	/* closing the file gives it back */
	__module_get(THIS_MODULE);
	filp = alloc_file_pseudo(inode, mount, "scripted", O_RDONLY, &script_fops);
	if (IS_ERR(filp)) {
		module_put(THIS_MODULE);
		iput(inode);
		return filp;
	}
	filp->f_mode |= FMODE_LSEEK | FMODE_PREAD;
	return filp;
}

bool pl_is_script(const struct file *filp)
{
	return filp->f_op == &script_fops;
}

static struct script *script_of(const struct file *filp)
{
	return file_inode(filp)->i_private;
}

/* PL_OP_GET_BLOCK, which is checked; what was said of the blocks before holds no more. */
u16 pl_script_run(struct file *filp, const struct pl_call *call)
{
	struct script *script = script_of(filp);
	struct run *run;

	if (script->runs == PL_SCRIPT_RUNS)
		return PL_REFUSED_RUNS;
	run = &script->run[script->runs++];
	run->first = call->addr;
	run->end = call->addr + call->n;
	run->at = call->aux;
	run->metadata = call->index;
	run->flags = call->flags;
	memset(script->run_of + run->first, script->runs, call->n);
	return PL_REFUSED_NONE;
}

/* That page is to have buffers when it is read. */
void pl_script_buffers(struct file *filp, u32 page)
{
	set_bit(page, script_of(filp)->buffers);
}

/* How many pages ->readahead takes; PL_WHOLE: all. */
void pl_script_take(struct file *filp, u32 pages)
{
	script_of(filp)->take = pages;
}

static struct script *script_of_page(struct page *page)
{
	struct address_space *mapping = pl_file_mapping(page);

	return mapping && mapping->a_ops == &script_aops ? mapping->host->i_private : NULL;
}

/* What is to be noted of a page's file; NULL: it is none of these. */
struct pl_io *pl_script_io(struct page *page)
{
	struct script *script = script_of_page(page);

	return script ? script->io : NULL;
}

bool pl_script_rw_page(struct page *page)
{
	struct script *script = script_of_page(page);

	return script && script->flags & PL_SCRIPTED_RW_PAGE;
}

/* Is any of these sectors of the disk one that it cannot read, as the page's script has it? */
bool pl_script_bad(struct page *page, sector_t sector, u32 sectors)
{
	struct address_space *mapping = pl_file_mapping(page);
	const struct script *script = script_of_page(page);
	const struct run *run;

	if (!script)
		return false;
	for (run = script->run; run < script->run + script->runs; run++) {
		u32 end = run->at + run->end - run->first;

		if (run->flags & PL_BLOCK_BAD && sector < sector_of(mapping->host, end) &&
		    sector + sectors > sector_of(mapping->host, run->at))
			return true;
	}
	return false;
}

int pl_script_init(void)
{
	mount = kern_mount(&script_type);
	return PTR_ERR_OR_ZERO(mount);
}

void pl_script_exit(void)
{
	kern_unmount(mount);
}
