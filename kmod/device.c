// SPDX-License-Identifier: GPL-2.0
/*
 * device.c - files whose mappings the module makes: a driver's.
 *
 * Each has an inode, and so a page cache (an empty one) and a list of mappings,
 * of its own. What its ->mmap, ->fault and ->access do is said before by calls of the
 * program. A mapping holds its file and a device the session, so what a device
 * maps from outlives its mappings.
 *
 * All three run with the mmap lock held, so they must not wait for the
 * session's: a snapshot takes that one first. What they look at is guarded by
 * device_lock, the innermost.
 */
#include <linux/file.h>
#include <linux/fs_context.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/pseudo_fs.h>
#include <linux/slab.h>

#include "compat.h"
#include "pagelab.h"

static struct vfsmount *mount;

/*
 * May a driver map that page? Those that it allocated itself; and of others
 * anonymous ones, which a kernel turns down, and the zero page. A page of a
 * page cache would leave it while it is mapped.
 */
static bool is_fit(const struct pl_held *held, struct page *page)
{
	return held->allocated || PageAnon(page) || is_zero_pfn(page_to_pfn(page));
}

/* The page that a set has at an index; NULL: none. */
static struct page *page_at(struct pl_session *s, u32 slot, u64 index)
{
	const struct pl_held *held = &s->held[slot];

	return index < held->count ? held->pages[index].page : NULL;
}

/*
 * vm_insert_page() may take the zero page where the process can write: what it
 * writes there everybody reads, until the session's end clears it. Kernels that
 * have it read-only do not take it there.
 */
static int insert(struct pl_session *s, struct vm_area_struct *vma, unsigned long addr,
		  struct page *page)
{
	unsigned long writable = VM_SHARED | VM_MAYWRITE;
	int err = vm_insert_page(vma, addr, page);

	if (!err && is_zero_pfn(page_to_pfn(page)) && (vma->vm_flags & writable) == writable)
		s->zero_mapped = true;
	return err;
}

/* ---- calls from within ->mmap --------------------------------------------- */

static int insert_page(struct pl_session *s, struct vm_area_struct *vma,
		       const struct pl_call *call)
{
	struct page *page = page_at(s, call->slot, call->index);

	if (!page || !is_fit(&s->held[call->slot], page) || vma->vm_flags & VM_PFNMAP)
		return -EPERM;
	return insert(s, vma, vma->vm_start + (call->n << PAGE_SHIFT), page);
}

/*
 * Makes a call that the program asked for. What the module would refuse else
 * makes mmap fail with -EPERM.
 */
static int make(struct pl_session *s, struct vm_area_struct *vma, const struct pl_call *call)
{
	switch (call->code) {
	case PL_OP_ON_MMAP_INSERT_PAGE:
		return insert_page(s, vma, call);
	case PL_OP_ON_MMAP_REMAP_PFN_RANGE:
	case PL_OP_ON_MMAP_VM_IOMAP_MEMORY:
		return pl_map_frames_within(s, vma, call);
	}
	return -EPERM;
}

/* ---- faults ---------------------------------------------------------------- */

/* Map a page of a held set: one that finish_fault() may give to the page table. */
static vm_fault_t fault_page(struct pl_session *s, struct vm_fault *vmf,
			     const struct pl_call *call)
{
	const struct pl_held *held = &s->held[call->slot];
	struct page *page = page_at(s, call->slot, vmf->pgoff), *other;

	if (!page || !held->allocated || pl_is_slab(page) || !page_count(page) ||
	    pl_is_marked(held) || vmf->vma->vm_flags & VM_PFNMAP)
		return VM_FAULT_SIGBUS;
	if (call->index != PL_WHOLE) {
		/* somebody else fills the entry in meanwhile */
		other = page_at(s, call->index, vmf->pgoff);
		if (!other || !is_fit(&s->held[call->index], other) ||
		    !(vmf->vma->vm_flags & VM_MIXEDMAP) ||
		    insert(s, vmf->vma, vmf->address, other))
			return VM_FAULT_SIGBUS;
	}
	get_page(page);
	vmf->page = page;
	return 0;
}

static vm_fault_t fault(struct pl_session *s, struct vm_fault *vmf, const struct pl_call *call)
{
	if (call->code == PL_OP_ON_FAULT_INSERT)
		return pl_fault_frame(s, vmf, call);
	switch (call->flags) {
	case PL_FAULT_PAGE:
		return fault_page(s, vmf, call);
	case PL_FAULT_OOM:
		/* a user's access would be made again for ever */
		return vmf->flags & FAULT_FLAG_USER ? VM_FAULT_SIGBUS : VM_FAULT_OOM;
	case PL_FAULT_HWPOISON:
		return VM_FAULT_HWPOISON;
	case PL_FAULT_SIGSEGV:
		return VM_FAULT_SIGSEGV;
	}
	return VM_FAULT_SIGBUS;
}

static vm_fault_t device_fault(struct vm_fault *vmf)
{
	struct pl_device *device = vmf->vma->vm_file->private_data;
	struct pl_session *s = device->session;
	vm_fault_t ret;

	mutex_lock(&s->device_lock);
	ret = fault(s, vmf, &device->fault);
	mutex_unlock(&s->device_lock);
	return ret;
}

/* That there is such a function keeps mappings from being merged: each has its ->mmap. */
static void device_close(struct vm_area_struct *vma)
{
}

/* ---- accesses by the kernel ------------------------------------------------- */

/* Copy from or to the page of a held set, as far as it goes. */
static int access_page(struct pl_session *s, struct vm_area_struct *vma, unsigned long addr,
		       void *buf, int len, int write)
{
	struct pl_device *device = vma->vm_file->private_data;
	u32 slot = device->access.slot;
	u64 index = ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
	struct page *page = page_at(s, slot, index);
	int offset = offset_in_page(addr);

	if (!page || !s->held[slot].allocated)
		return -EINVAL;
	len = min_t(int, len, PAGE_SIZE - offset);
	if (write)
		memcpy_to_page(page, offset, buf, len);
	else
		memcpy_from_page(buf, page, offset, len);
	return len;
}

/* Tell how many bytes were asked for, again and again. */
static int access_length(u8 *buf, int len, int write)
{
	__le64 length = cpu_to_le64(len);
	int i;

	if (write)
		return -EINVAL;
	for (i = 0; i < len; i++)
		buf[i] = ((u8 *)&length)[i % sizeof(length)];
	return len;
}

/*
 * The kernel's own way to what has no pages. It maps as many frames behind the
 * first as the length wants, whatever the VMA has there: they have to be the
 * device's. Of all others one page is enough. What would stop the kernel is not
 * asked for.
 */
static int access_phys(struct vm_area_struct *vma, unsigned long addr, void *buf, int len,
		       int write)
{
	unsigned long pfn, pages = 1, page = addr & PAGE_MASK;
	u16 flags = pl_mapped_flags(vma->vm_mm, page, page + PAGE_SIZE);

	if (flags & PL_PTE_PRESENT && pl_phys_faults(flags, write))
		return -EPERM;
	if (!pl_follow_pfn(vma, addr, &pfn))
		pages = max(pl_bar_pages(pfn), 1u);
	len = min_t(unsigned long, len, (pages << PAGE_SHIFT) - offset_in_page(addr));
	return pl_access_phys(vma, addr, buf, len, write);
}

static int device_access(struct vm_area_struct *vma, unsigned long addr, void *buf, int len,
			 int write)
{
	struct pl_device *device = vma->vm_file->private_data;
	struct pl_session *s = device->session;
	int ret = -EINVAL;

	mutex_lock(&s->device_lock);
	if (device->access.flags == PL_ANSWER_PAGES)
		ret = access_page(s, vma, addr, buf, len, write);
	else if (device->access.flags == PL_ANSWER_LENGTH)
		ret = access_length(buf, len, write);
	else if (device->access.flags == PL_ANSWER_PHYS)
		ret = access_phys(vma, addr, buf, len, write);
	mutex_unlock(&s->device_lock);
	return ret;
}

static const struct vm_operations_struct device_vm_ops = {
	.fault = device_fault,
	.access = device_access,
	.close = device_close,
};

/* ---- the file ---------------------------------------------------------------- */

static int device_mmap(struct file *filp, struct vm_area_struct *vma)
{
	struct pl_device *device = filp->private_data;
	struct pl_session *s = device->session;
	int err = 0;
	u32 i;

	mutex_lock(&s->device_lock);
	pl_vm_flags_set(vma, device->vm_flags);
	vma->vm_ops = &device_vm_ops;
	for (i = 0; i < device->calls && !err; i++)
		err = make(s, vma, &device->call[i]);
	mutex_unlock(&s->device_lock);
	return err;
}

static int device_release(struct inode *inode, struct file *filp)
{
	struct pl_device *device = filp->private_data;

	pl_session_put(device->session);
	kfree(device);
	return 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.mmap = device_mmap,
	.release = device_release,
	.llseek = no_llseek,
};

bool pl_is_device(const struct file *filp)
{
	return filp->f_op == &device_fops;
}

/* Is that a VMA, and one of a device? */
bool pl_maps_device(const struct vm_area_struct *vma)
{
	return vma && vma->vm_file && pl_is_device(vma->vm_file);
}

static int init_fs_context(struct fs_context *fc)
{
	if (!init_pseudo(fc, PL_MAGIC))
		return -ENOMEM;
	/* 7.x makes that of every such file system, others of none */
	fc->s_iflags &= ~SB_I_NOEXEC;
	return 0;
}

/* Without an owner: each file has a reference to the module, its mount must not. */
static struct file_system_type device_fs = {
	.name = PL_DEVICE_NAME,
	.init_fs_context = init_fs_context,
	.kill_sb = kill_anon_super,
};

int pl_device_init(void)
{
	mount = kern_mount(&device_fs);
	return PTR_ERR_OR_ZERO(mount);
}

void pl_device_exit(void)
{
	kern_unmount(mount);
}

static struct file *open_device(struct pl_device *device)
{
	struct inode *inode = alloc_anon_inode(mount->mnt_sb);
	struct file *filp;

	if (IS_ERR(inode))
		return ERR_CAST(inode);
	filp = alloc_file_pseudo(inode, mount, PL_DEVICE_NAME, O_RDWR, &device_fops);
	if (IS_ERR(filp)) {
		iput(inode);
		return filp;
	}
	/* the file's end lets it go */
	__module_get(THIS_MODULE);
	filp->private_data = device;
	return filp;
}

/* A new device of the session: a descriptor, or -errno. */
int pl_make_device(struct pl_session *s)
{
	struct pl_device *device = kzalloc(sizeof(*device), GFP_KERNEL);
	struct file *filp;
	int fd;

	if (!device)
		return -ENOMEM;
	fd = get_unused_fd_flags(0);
	if (fd < 0) {
		kfree(device);
		return fd;
	}
	filp = open_device(device);
	if (IS_ERR(filp)) {
		put_unused_fd(fd);
		kfree(device);
		return PTR_ERR(filp);
	}
	device->session = pl_session_get(s);
	fd_install(fd, filp);
	return fd;
}

/* ---- calls ------------------------------------------------------------------- */

/* What a call says of the device in its file slot, which is there. */
static int set_up(struct pl_device *device, struct pl_call *call)
{
	switch (call->code) {
	case PL_OP_ON_MMAP:
		device->vm_flags = pl_vm_flags(call->flags);
		device->calls = 0;
		return 0;
	case PL_OP_ON_FAULT:
	case PL_OP_ON_FAULT_INSERT:
		device->fault = *call;
		return 0;
	case PL_OP_ON_ACCESS:
		device->access = *call;
		return 0;
	}
	if (device->calls == PL_ON_MMAP_MAX)
		call->refused = PL_REFUSED_CAPACITY;
	else
		device->call[device->calls++] = *call;
	return 0;
}

/* The device in a file slot; NULL: something else, or nothing. */
static struct pl_device *device_of(struct pl_session *s, u32 file)
{
	struct file *filp = s->files[file - 1].file;

	return filp && pl_is_device(filp) ? filp->private_data : NULL;
}

static int check(const struct pl_call *call)
{
	u32 flags = call->code == PL_OP_ON_MMAP ? PL_ON_MMAP_FLAGS : 0;

	if (call->mode)
		return -EINVAL;
	if (!call->file || call->file > PL_FILES_MAX)
		return -E2BIG;
	if (call->code >= PL_OP_ON_MMAP_REMAP_PFN_RANGE)
		return pl_check_within(call);
	if (call->code != PL_OP_ON_MMAP && call->slot >= PL_HELD_MAX)
		return -E2BIG;
	if (call->code == PL_OP_ON_ACCESS)
		return call->flags && call->flags <= PL_ANSWER_PHYS ? 0 : -EINVAL;
	if (call->code == PL_OP_ON_FAULT) {
		if (call->flags > PL_FAULT_SIGSEGV)
			return -EINVAL;
		return call->index != PL_WHOLE && call->index >= PL_HELD_MAX ? -E2BIG : 0;
	}
	return call->flags & ~flags ? -EINVAL : 0;
}

/* A call that says what a device does. */
int pl_do_device(struct pl_session *s, struct pl_call *call)
{
	struct pl_device *device;
	int err = check(call);

	if (err)
		return err;
	mutex_lock(&s->lock);
	device = device_of(s, call->file);
	if (device) {
		mutex_lock(&s->device_lock);
		err = set_up(device, call);
		mutex_unlock(&s->device_lock);
	} else {
		call->refused = PL_REFUSED_NOT_DEVICE;
	}
	mutex_unlock(&s->lock);
	return err;
}

/* vm_insert_page() as an ioctl has it. Caller holds the mmap lock for writing. */
static void insert_now(struct pl_session *s, struct pl_call *call)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, call->aux);
	struct page *page = page_at(s, call->slot, call->index);

	if (s->held[call->slot].busy)
		call->refused = PL_REFUSED_BUSY;
	else if (!page)
		call->refused = PL_REFUSED_NOT_HELD;
	else if (!is_fit(&s->held[call->slot], page))
		call->refused = PL_REFUSED_UNFIT;
	else if (!pl_maps_device(vma))
		call->refused = PL_REFUSED_NOT_DEVICE;
	else if (vma->vm_flags & VM_PFNMAP)
		call->refused = PL_REFUSED_PFNMAP;
	else
		call->ret = insert(s, vma, call->addr, page);
}

int pl_do_insert(struct pl_session *s, struct pl_call *call)
{
	if (call->flags || call->file || call->mode)
		return -EINVAL;
	if (call->slot >= PL_HELD_MAX)
		return -E2BIG;
	mmap_write_lock(current->mm);
	mutex_lock(&s->device_lock);
	insert_now(s, call);
	mutex_unlock(&s->device_lock);
	mmap_write_unlock(current->mm);
	return 0;
}
