// SPDX-License-Identifier: GPL-2.0
/*
 * io.c - what was asked of a file's disk, in order: its bios, and the calls of
 * get_block that led to them. Nobody sleeps here: a bio may come from anywhere.
 */
#include <linux/blk_types.h>
#include <linux/slab.h>

#include "compat.h"
#include "pagelab.h"

struct pl_io *pl_io_new(void)
{
	struct pl_io *io = kvzalloc(sizeof(*io), GFP_KERNEL);

	if (io) {
		kref_init(&io->ref);
		io->lock = (arch_spinlock_t)__ARCH_SPIN_LOCK_UNLOCKED;
	}
	return io;
}

static void io_free(struct kref *ref)
{
	kvfree(container_of(ref, struct pl_io, ref));
}

void pl_io_get(struct pl_io *io)
{
	kref_get(&io->ref);
}

/* NULL: nothing to do. */
void pl_io_put(struct pl_io *io)
{
	if (io)
		kref_put(&io->ref, io_free);
}

/*
 * ext2's bios come here from a kprobe, which lockdep takes for an NMI that could
 * find its own processor holding the lock. It cannot: nothing is probed while it
 * is held. So the lock is one that lockdep does not see.
 */
void pl_io_add(struct pl_io *io, u16 kind, u16 flags, s64 first, u32 count)
{
	unsigned long irqs;

	local_irq_save(irqs);
	arch_spin_lock(&io->lock);
	if (io->count < PL_IO_MAX) {
		io->record[io->count] = (struct pl_io_record){
			.number = io->count,
			.kind = kind,
			.flags = flags,
			.first = first,
			.count = count,
		};
		io->count++;
	}
	arch_spin_unlock(&io->lock);
	local_irq_restore(irqs);
}

void pl_io_add_bio(struct pl_io *io, struct bio *bio, bool failed)
{
	u16 flags = failed ? PL_IO_FAILED : 0;

	if (bio->bi_opf & REQ_RAHEAD)
		flags |= PL_IO_RAHEAD;
	if (bio->bi_opf & REQ_META)
		flags |= PL_IO_META;
	pl_io_add(io, PL_IO_READ, flags, (s64)bio->bi_iter.bi_sector - io->base, bio_sectors(bio));
}

/* One record as blktrace would have it: "RA 800+96"; "P" is a page without a bio. */
static int record_text(const struct pl_io_record *r, char *text, u32 room)
{
	if (r->kind == PL_IO_GET_BLOCK)
		return scnprintf(text, room, "%lld+%u", r->first, r->count);
	return scnprintf(text, room, "%s%s%s %lld+%u%s", r->kind == PL_IO_RW_PAGE ? "P" : "R",
			 r->flags & PL_IO_RAHEAD ? "A" : "", r->flags & PL_IO_META ? "M" : "",
			 r->first, r->count, r->flags & PL_IO_FAILED ? " failed" : "");
}

/*
 * The bios, or else the calls of get_block, that were not told of yet, joined
 * by ", ", as many whole ones as PL_DATA_MAX bytes have room for; their length.
 */
u32 pl_io_text(struct pl_io *io, bool bios, char *text)
{
	u32 *next = bios ? &io->bios : &io->get_blocks;
	char one[64];
	u32 len = 0;

	for (; *next < io->count; (*next)++) {
		const struct pl_io_record *r = &io->record[*next];
		u32 more, comma = len ? 2 : 0;

		if (bios == (r->kind == PL_IO_GET_BLOCK))
			continue;
		more = record_text(r, one, sizeof(one));
		if (len + comma + more > PL_DATA_MAX)
			break;
		memcpy(text + len, ", ", comma);
		memcpy(text + len + comma, one, more);
		len += comma + more;
	}
	return len;
}

/* The IO section. */
void pl_io_tell(struct pl_session *s)
{
	u32 i, j;

	pl_out_open(&s->out, PL_SECTION_IO, sizeof(struct pl_io_record));
	for (i = 0; i < PL_FILES_MAX; i++) {
		struct pl_open_file *f = &s->files[i];

		if (!f->io)
			continue;
		f->io_now = READ_ONCE(f->io->count);
		for (j = f->io_told; j < f->io_now; j++) {
			struct pl_io_record r = f->io->record[j];

			r.file = i;
			pl_out_add(&s->out, &r);
		}
	}
	pl_out_close(&s->out);
}
