// SPDX-License-Identifier: GPL-2.0
/*
 * zap.c - taking pages out of page tables: zap_page_range() of the caller's
 * memory, unmap_mapping_range() of one of the program's files.
 *
 * What would crash a kernel is refused: the walk over page tables goes on from
 * a range that begins or ends within a page (or a huge page of hugetlb) until
 * it finds an end that never comes, and a VMA has to be there. What has to lie in
 * its VMA and does not is refused too, and what a kernel does not have (ABSENT).
 */
#include <linux/file.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>

#include "compat.h"
#include "pagelab.h"

/* Does a range, cut to what lies in the VMA, cut a huge page of hugetlb? */
static bool cuts_huge(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	start = max(start, vma->vm_start);
	end = min(end, vma->vm_end);
	if (!is_vm_hugetlb_page(vma) || start >= end)
		return false;
	return (start | end) & ~huge_page_mask(hstate_vma(vma));
}

/* Why the range cannot be zapped from that VMA on. Caller holds the mmap lock. */
static u16 refuse_zap(struct mm_struct *mm, struct vm_area_struct *vma,
		      const struct pl_call *call)
{
	unsigned long start = call->addr, end = start + call->n;

	if (!pl_can_zap(call->code == PL_OP_ZAP_PAGE_RANGE_SINGLE))
		return PL_REFUSED_ABSENT;
	if (!vma)
		return PL_REFUSED_NO_VMA;
	if (!PAGE_ALIGNED(start) || !PAGE_ALIGNED(end))
		return PL_REFUSED_UNALIGNED;
	if (!PL_ZAP_CUTS && (start < vma->vm_start || end > vma->vm_end))
		return PL_REFUSED_OUTSIDE;
	for (; vma && vma->vm_start < end; vma = find_vma(mm, vma->vm_end)) {
		if (cuts_huge(vma, start, end))
			return PL_REFUSED_UNALIGNED;
		if (call->code == PL_OP_ZAP_PAGE_RANGE_SINGLE)
			break;
	}
	return PL_REFUSED_NONE;
}

static int do_zap(struct pl_session *s, struct pl_call *call)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	if (call->flags || call->n < 0)
		return -EINVAL;
	/* the rest of the process is the agent's */
	if (call->addr < s->start || call->addr > s->end || call->n > s->end - call->addr)
		return -EINVAL;

	mmap_write_lock(mm);
	vma = vma_lookup(mm, call->aux);
	call->refused = refuse_zap(mm, vma, call);
	if (call->refused)
		goto out;
	if (call->code == PL_OP_ZAP_PAGE_RANGE)
		pl_zap_range(vma, call->addr, call->n);
	else
		pl_zap_range_single(vma, call->addr, call->n);
out:
	mmap_write_unlock(mm);
	return 0;
}

/* Any hole will do: the kernel cuts it to what each VMA maps of the file. */
static int do_unmap(struct pl_session *s, struct pl_call *call)
{
	struct file *file;

	if (call->flags & ~PL_UNMAP_EVEN_COWS)
		return -EINVAL;
	if (call->index >= PL_FILES_MAX)
		return -E2BIG;
	mutex_lock(&s->lock);
	file = s->files[call->index].file;
	if (file)
		get_file(file);
	mutex_unlock(&s->lock);
	if (!file) { /* a sleeping process was to open it */
		call->ret = -EBADF;
		return 0;
	}
	unmap_mapping_range(file->f_mapping, call->aux, call->n,
			    !!(call->flags & PL_UNMAP_EVEN_COWS));
	fput(file);
	return 0;
}

int pl_do_zap(struct pl_session *s, struct pl_call *call)
{
	if (call->mode || call->data_len)
		return -EINVAL;
	return call->code == PL_OP_UNMAP_MAPPING_RANGE ? do_unmap(s, call) : do_zap(s, call);
}
