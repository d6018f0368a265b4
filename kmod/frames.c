// SPDX-License-Identifier: GPL-2.0
/*
 * frames.c - the calls that map memory by frame number, which nobody counts,
 * and those that look at such mappings.
 *
 * A program may map the device memory, pages that the module allocated for it,
 * and where the machine has one a ROM. What is refused, in this order (the
 * model predicts it by the same words):
 *
 * 1. NOT_HELD, UNFIT, NOT_OURS: what would be mapped is no held page, is one
 *    that the module did not allocate, or reaches beyond the device memory, the
 *    ROM, or the pages that were allocated as one block.
 * 2. NOT_DEVICE, NO_VMA: at the address given for it lies no mapping of a
 *    device; for follow_pfn() and zap_vma_ptes(), which take any, none at all.
 * 3. EMPTY: remap_pfn_range() of 0 bytes (6.1 mm/memory.c: BUG_ON(addr >= end)).
 * 4. UNALIGNED: zap_vma_ptes() of what does not begin and end with a page: the
 *    walk waits for its end in vain. And remap_pfn_range() where it fails,
 *    because it zaps what it was given then.
 * 5. OUTSIDE: remap_pfn_range() beyond its VMA, which it does not check.
 * 6. MAPPED: remap_pfn_range() over an entry that is there (BUG_ON(!pte_none)).
 * 7. WRONG_VMA: vmf_insert_pfn() into a VMA that is neither or both of PFNMAP
 *    and MIXEDMAP, that is PFNMAP and would be copied on write, or that is
 *    MIXEDMAP while the frame has a struct page (BUG_ON, four times);
 *    vmf_insert_mixed() into one that is not MIXEDMAP (BUG_ON(!vm_mixed_ok)).
 *    And follow_pfn() where a leaf above the PTE level maps (VM_BUG_ON); and
 *    remap_pfn_range() and vm_iomap_memory() of a private mapping but from
 *    within ->mmap, since they change the offset by which its file finds it.
 *
 * A page that was mapped so is not given back before the session ends (LENT):
 * its frame would be somebody else's, and the mapping still there.
 */
#include <linux/mm.h>

#include "compat.h"
#include "pagelab.h"

/* A call, on its way. */
struct framing {
	const struct pl_call *call;
	struct vm_area_struct *vma;
	unsigned long addr;
	unsigned long pfn;		/* the first frame */
	u32 pages;			/* so many from it on may be mapped */
	bool linked;			/* its file knows the VMA, by the offset that it has */
};

static u64 pages_of(u64 bytes)
{
	return (bytes >> PAGE_SHIFT) + !!(bytes & ~PAGE_MASK);
}

/* How many pages that follow each other are still held from that one on. */
static u32 block_pages(const struct pl_held *held, u32 index)
{
	u32 end = index + 1;

	while (held->kind != PL_ALLOC_SINGLE && end < held->count && held->pages[end].page)
		end++;
	return end - index;
}

/* The frame that a call names, and how many from it on are the program's to map. */
static u16 find_frame(const struct pl_session *s, struct framing *f)
{
	u32 slot = f->call->slot, index = f->call->index;
	const struct pl_held *held;

	if (slot == PL_SLOT_BAR) {
		f->pages = pl_bar_frame(index, &f->pfn);
		return PL_REFUSED_NONE;
	}
	if (slot == PL_SLOT_PHYSICAL) {
		f->pfn = index;
		f->pages = pl_rom_pages(index);
		return PL_REFUSED_NONE;
	}
	held = &s->held[slot];
	if (held->busy)
		return PL_REFUSED_BUSY;
	if (index >= held->count || !held->pages[index].page)
		return PL_REFUSED_NOT_HELD;
	if (!held->allocated)
		return PL_REFUSED_UNFIT;
	f->pfn = page_to_pfn(held->pages[index].page);
	f->pages = block_pages(held, index);
	return PL_REFUSED_NONE;
}

/* From now on those held pages stay: their frames are mapped, and nobody counts it. */
static void lend(struct pl_session *s, const struct framing *f, u32 pages)
{
	const struct pl_call *call = f->call;
	u32 i;

	if (call->slot == PL_SLOT_BAR)
		pl_bar_use();
	for (i = 0; call->slot < PL_HELD_MAX && i < pages; i++)
		s->held[call->slot].pages[call->index + i].lent = true;
}

static void see_flags(void *arg, unsigned long addr, u16 flags, unsigned long pfn,
		      unsigned long pages)
{
	*(u16 *)arg |= flags;
}

/* The flags of all that is mapped between two addresses that begin pages; 0: nothing is. */
u16 pl_mapped_flags(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	u16 flags = 0;

	return pl_walk(mm, start, end, see_flags, &flags) ? PL_PTE_HUGE : flags;
}

static bool is_cow(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/*
 * May remap_pfn_range() fail here? It zaps the bytes that it was given then,
 * in steps of a page until it meets their end.
 */
static bool may_fail(const struct framing *f)
{
	const struct vm_area_struct *vma = f->vma;
	unsigned long addr = f->addr, size = f->call->n;

	if (!PAGE_ALIGNED(size))
		return false;
	if (PAGE_ALIGNED(addr))
		return true;
	return addr >= vma->vm_start && addr + size <= vma->vm_end &&
	       (addr & PMD_MASK) == ((addr + size - 1) & PMD_MASK);
}

/* Will it? A mapping of copies can be remapped whole only. */
static bool must_fail(const struct framing *f, u64 pages)
{
	unsigned long end = f->addr + (pages << PAGE_SHIFT);

	return !PAGE_ALIGNED(f->addr) ||
	       (is_cow(f->vma) && (f->addr != f->vma->vm_start || end != f->vma->vm_end));
}

static u16 refuse_remap(const struct framing *f)
{
	u64 pages = pages_of(f->call->n);
	unsigned long end = f->addr + (pages << PAGE_SHIFT);

	if (!pages)
		return PL_REFUSED_EMPTY;
	if (must_fail(f, pages))
		return may_fail(f) ? PL_REFUSED_NONE : PL_REFUSED_UNALIGNED;
	if (f->addr < f->vma->vm_start || end > f->vma->vm_end)
		return PL_REFUSED_OUTSIDE;
	return pl_mapped_flags(f->vma->vm_mm, f->addr, end) ? PL_REFUSED_MAPPED : PL_REFUSED_NONE;
}

static u16 remap(struct pl_session *s, const struct framing *f, long *ret)
{
	const struct pl_call *call = f->call;
	u64 pages = pages_of(call->n);
	u16 refused = pages > f->pages ? PL_REFUSED_NOT_OURS : refuse_remap(f);

	if (!refused && f->linked && is_cow(f->vma) && !must_fail(f, pages))
		refused = PL_REFUSED_WRONG_VMA;
	if (refused)
		return refused;
	lend(s, f, pages);
	*ret = remap_pfn_range(f->vma, f->addr, f->pfn, call->n,
			       pl_prot(f->vma->vm_page_prot, call->flags));
	return PL_REFUSED_NONE;
}

/* Does vm_iomap_memory() map the VMA, all of it, from page vm_pgoff of the area on? */
static bool iomap_fits(const struct framing *f)
{
	u64 start = PFN_PHYS((u64)f->pfn) + f->call->addr, len = f->call->n;
	u64 pages = (len + f->call->addr + ~PAGE_MASK) >> PAGE_SHIFT;

	return start + len >= start && f->vma->vm_pgoff <= pages &&
	       vma_pages(f->vma) <= pages - f->vma->vm_pgoff;
}

static u16 iomap(struct pl_session *s, const struct framing *f, long *ret)
{
	const struct pl_call *call = f->call;
	struct vm_area_struct *vma = f->vma;

	if (iomap_fits(f)) {
		if (vma->vm_pgoff > f->pages || vma_pages(vma) > f->pages - vma->vm_pgoff)
			return PL_REFUSED_NOT_OURS;
		if (pl_mapped_flags(vma->vm_mm, vma->vm_start, vma->vm_end))
			return PL_REFUSED_MAPPED;
		if (f->linked && is_cow(vma))
			return PL_REFUSED_WRONG_VMA;
		lend(s, f, f->pages);
	}
	vma->vm_page_prot = pl_prot(vma->vm_page_prot, call->flags);
	*ret = vm_iomap_memory(vma, PFN_PHYS((phys_addr_t)f->pfn) + call->addr, call->n);
	return PL_REFUSED_NONE;
}

static u16 refuse_insert(const struct framing *f, u16 code)
{
	unsigned long flags = f->vma->vm_flags;
	bool raw = flags & VM_PFNMAP, mixed = flags & VM_MIXEDMAP;

	if (!f->pages)
		return PL_REFUSED_NOT_OURS;
	if (code == PL_OP_VMF_INSERT_MIXED)
		return mixed ? PL_REFUSED_NONE : PL_REFUSED_WRONG_VMA;
	if (raw == mixed || (raw && is_cow(f->vma)) || (mixed && pfn_valid(f->pfn)))
		return PL_REFUSED_WRONG_VMA;
	return PL_REFUSED_NONE;
}

static u16 insert(struct pl_session *s, const struct framing *f, u16 code, long *ret)
{
	u16 refused = refuse_insert(f, code);

	if (refused)
		return refused;
	lend(s, f, 1);
	if (code == PL_OP_VMF_INSERT_MIXED)
		*ret = pl_vmf_insert_mixed(f->vma, f->addr, f->pfn);
	else if (code == PL_OP_VMF_INSERT_PFN_PROT)
		*ret = vmf_insert_pfn_prot(f->vma, f->addr, f->pfn,
					   pl_prot(f->vma->vm_page_prot, f->call->flags));
	else
		*ret = vmf_insert_pfn(f->vma, f->addr, f->pfn);
	return PL_REFUSED_NONE;
}

/* The VMA that a call is given; NULL: there is none. Caller holds the mmap lock. */
static struct vm_area_struct *vma_at(u64 addr)
{
	return vma_lookup(current->mm, addr);
}

static u16 map_frames(struct pl_session *s, struct pl_call *call)
{
	struct framing f = {
		.call = call,
		.vma = vma_at(call->aux),
		.addr = call->addr,
		.linked = true,
	};
	u16 refused = find_frame(s, &f);
	long ret = 0;

	if (!refused && !pl_maps_device(f.vma))
		refused = PL_REFUSED_NOT_DEVICE;
	if (refused)
		return refused;
	if (call->code == PL_OP_REMAP_PFN_RANGE)
		refused = remap(s, &f, &ret);
	else if (call->code == PL_OP_VM_IOMAP_MEMORY)
		refused = iomap(s, &f, &ret);
	else
		refused = insert(s, &f, call->code, &ret);
	call->ret = ret;
	return refused;
}

/* follow_pfn() and zap_vma_ptes(), of any VMA. */
static u16 look(struct pl_call *call)
{
	struct vm_area_struct *vma = vma_at(call->aux);
	unsigned long pfn = 0;

	if (!vma)
		return PL_REFUSED_NO_VMA;
	if (call->code == PL_OP_FOLLOW_PFN) {
		unsigned long page = call->addr & PAGE_MASK;

		if (pl_mapped_flags(current->mm, page, page + PAGE_SIZE) & PL_PTE_HUGE)
			return PL_REFUSED_WRONG_VMA;
		call->ret = pl_follow_pfn(vma, call->addr, &pfn);
		call->aux = call->ret ? 0 : pl_frame_name(pfn);
		return PL_REFUSED_NONE;
	}
	if ((call->addr | call->n) & ~PAGE_MASK)
		return PL_REFUSED_UNALIGNED;
	pl_zap_vma_ptes(vma, call->addr, call->n);
	return PL_REFUSED_NONE;
}

/* Called by ->mmap: 0 or -errno, -EPERM where the module refuses. */
int pl_map_frames_within(struct pl_session *s, struct vm_area_struct *vma,
			 const struct pl_call *call)
{
	struct framing f = { .call = call, .vma = vma, .addr = vma->vm_start + call->aux };
	long ret = 0;

	if (find_frame(s, &f))
		return -EPERM;
	if (call->code == PL_OP_ON_MMAP_REMAP_PFN_RANGE)
		return remap(s, &f, &ret) ? -EPERM : ret;
	return iomap(s, &f, &ret) ? -EPERM : ret;
}

/* Called by ->fault: the frame that lies as far behind the first as the page does in the file. */
vm_fault_t pl_fault_frame(struct pl_session *s, struct vm_fault *vmf, const struct pl_call *call)
{
	struct framing f = { .vma = vmf->vma, .addr = vmf->address };
	struct pl_call one = *call;
	long ret = 0;

	if (vmf->pgoff > PL_ARENA_PAGES_MAX)
		return VM_FAULT_SIGBUS;
	one.index += vmf->pgoff;
	f.call = &one;
	if (find_frame(s, &f) || insert(s, &f, call->aux, &ret))
		return VM_FAULT_SIGBUS;
	return ret;
}

/* Does a call name a frame as it should? */
static int check_frame(const struct pl_call *call)
{
	u32 types = PL_TYPE_WC | PL_TYPE_NC | PL_TYPE_WT;

	if (call->mode || call->flags & ~types || call->flags & (call->flags - 1))
		return -EINVAL;
	if (call->slot >= PL_HELD_MAX && call->slot != PL_SLOT_BAR &&
	    call->slot != PL_SLOT_PHYSICAL)
		return -E2BIG;
	return 0;
}

static int check(const struct pl_session *s, const struct pl_call *call)
{
	bool typed = call->code == PL_OP_REMAP_PFN_RANGE || call->code == PL_OP_VM_IOMAP_MEMORY ||
		     call->code == PL_OP_VMF_INSERT_PFN_PROT;

	if (call->file || (call->flags && !typed))
		return -EINVAL;
	if (call->code == PL_OP_VM_IOMAP_MEMORY ? call->addr >= PAGE_SIZE :
						  call->addr < s->start || call->addr >= s->end)
		return -EINVAL;
	return check_frame(call);
}

/* Is a call that a device is to make what the ABI allows? */
int pl_check_within(const struct pl_call *call)
{
	bool inserts = call->code == PL_OP_ON_FAULT_INSERT;

	if (inserts && (call->aux < PL_OP_VMF_INSERT_PFN || call->aux > PL_OP_VMF_INSERT_MIXED ||
			(call->flags && call->aux != PL_OP_VMF_INSERT_PFN_PROT)))
		return -EINVAL;
	if (call->code == PL_OP_ON_MMAP_VM_IOMAP_MEMORY && call->addr >= PAGE_SIZE)
		return -EINVAL;
	if (call->code == PL_OP_ON_MMAP_REMAP_PFN_RANGE &&
	    (call->aux & ~PAGE_MASK || call->aux >> PAGE_SHIFT > PL_ARENA_PAGES_MAX))
		return -EINVAL;
	return check_frame(call);
}

/* A call about frames, in the caller's memory. */
int pl_do_frames(struct pl_session *s, struct pl_call *call)
{
	int err = check(s, call);

	if (err)
		return err;
	mmap_write_lock(current->mm);
	mutex_lock(&s->device_lock);
	if (call->code == PL_OP_FOLLOW_PFN || call->code == PL_OP_ZAP_VMA_PTES)
		call->refused = look(call);
	else
		call->refused = map_frames(s, call);
	mutex_unlock(&s->device_lock);
	mmap_write_unlock(current->mm);
	return 0;
}
