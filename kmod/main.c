// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the device, and which call goes where.
 *
 * An ioctl's own errno says that the request was malformed (or that the
 * module could not do its part). What a call of mm/ returns is data.
 */
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "pagelab.h"

/* The layouts that the host and the agent count on. */
static_assert(sizeof(struct pl_operation) == 64);
static_assert(sizeof(struct pl_program) == 56);
static_assert(sizeof(struct pl_outcome) == 40);
static_assert(sizeof(struct pl_section) == 8);
static_assert(sizeof(struct pl_pte_record) == 16);
static_assert(sizeof(struct pl_page_record) == 64);
static_assert(sizeof(struct pl_gone_record) == 8);
static_assert(sizeof(struct pl_held_record) == 16);
static_assert(sizeof(struct pl_cache_record) == 16);
static_assert(sizeof(struct pl_rss_record) == 40);
static_assert(sizeof(struct pl_vma_record) == 32);
static_assert(sizeof(struct pl_file_record) == 16);
static_assert(sizeof(struct pl_io_record) == 24);
static_assert(sizeof(struct pl_hello) == 128);
static_assert(sizeof(struct pl_info) == 48);
static_assert(sizeof(struct pl_begin) == 40);
static_assert(sizeof(struct pl_process) == 16);
static_assert(sizeof(struct pl_asleep) == 8);
static_assert(sizeof(struct pl_file) == 8);
static_assert(sizeof(struct pl_call) == 72);
static_assert(sizeof(struct pl_snapshot) == 16);
static_assert(sizeof(struct pl_frame) == 24);

static void note_present(void *arg, unsigned long addr, u16 flags, unsigned long pfn,
			 unsigned long pages)
{
	*(u64 *)arg = flags & PL_PTE_PRESENT ? PL_FEATURE_GATE : 0;
}

/* Is there a page to be read where the gate is? Only with vsyscall=emulate. */
static u64 gate_feature(void)
{
	unsigned long page = pl_gate_page();
	u64 feature = 0;

	if (page)
		pl_walk(current->mm, page, page + PAGE_SIZE, note_present, &feature);
	return feature;
}

static long info(struct pl_session *s, void __user *argument)
{
	struct pl_info reply = {
		.magic = PL_MAGIC,
		.version = PL_ABI_VERSION,
		.gup_capacity = PL_GUP_CAPACITY,
		.held = READ_ONCE(s->live),
		.task_size = TASK_SIZE_MAX,
		.zero_pfn = page_to_pfn(ZERO_PAGE(0)),
		.table_span = PMD_SIZE,
		.features = pl_features() | pl_found_features() | gate_feature(),
	};

	return copy_to_user(argument, &reply, sizeof(reply)) ? -EFAULT : 0;
}

static long begin(struct pl_session *s, void __user *argument)
{
	struct pl_begin request;
	int err;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	mutex_lock(&s->lock);
	err = pl_begin(s, &request);
	mutex_unlock(&s->lock);
	return err;
}

static long process(struct pl_session *s, void __user *argument)
{
	struct pl_process request;
	int err;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	mutex_lock(&s->lock);
	err = pl_add_process(s, &request);
	mutex_unlock(&s->lock);
	if (err)
		return err;
	return copy_to_user(argument, &request, sizeof(request)) ? -EFAULT : 0;
}

static long file(struct pl_session *s, void __user *argument)
{
	struct pl_file request;
	int err;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	mutex_lock(&s->lock);
	err = pl_add_file(s, &request);
	mutex_unlock(&s->lock);
	return err;
}

static long asleep(struct pl_session *s, void __user *argument)
{
	struct pl_asleep request;
	int err;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	mutex_lock(&s->lock);
	err = pl_is_asleep(s, &request);
	mutex_unlock(&s->lock);
	if (err)
		return err;
	return copy_to_user(argument, &request, sizeof(request)) ? -EFAULT : 0;
}

/* Which file makes the call. */
static int make_call(struct pl_session *s, struct pl_call *call)
{
	switch (call->code) {
	case PL_OP_ZAP_PAGE_RANGE:
	case PL_OP_ZAP_PAGE_RANGE_SINGLE:
	case PL_OP_UNMAP_MAPPING_RANGE:
		return pl_do_zap(s, call);
	case PL_OP_ACCESS_PROCESS_VM:
		return pl_do_access(s, call);
	case PL_OP_ALLOC_PAGES:
		return pl_do_alloc(s, call);
	case PL_OP_ON_MMAP:
	case PL_OP_ON_MMAP_INSERT_PAGE:
	case PL_OP_ON_FAULT:
	case PL_OP_ON_ACCESS:
	case PL_OP_ON_MMAP_REMAP_PFN_RANGE:
	case PL_OP_ON_MMAP_VM_IOMAP_MEMORY:
	case PL_OP_ON_FAULT_INSERT:
		return pl_do_device(s, call);
	case PL_OP_VM_INSERT_PAGE:
		return pl_do_insert(s, call);
	case PL_OP_SCRIPTED:
	case PL_OP_GET_BLOCK:
	case PL_OP_ADD_BUFFERS:
	case PL_OP_MPAGE_READAHEAD:
	case PL_OP_BIOS:
	case PL_OP_GET_BLOCKS:
		return pl_do_mpage(s, call);
	case PL_OP_REMAP_PFN_RANGE:
	case PL_OP_VM_IOMAP_MEMORY:
	case PL_OP_VMF_INSERT_PFN:
	case PL_OP_VMF_INSERT_PFN_PROT:
	case PL_OP_VMF_INSERT_MIXED:
	case PL_OP_FOLLOW_PFN:
	case PL_OP_ZAP_VMA_PTES:
		return pl_do_frames(s, call);
	}
	return pl_do_get(s, call);
}

static long call(struct pl_session *s, void __user *argument)
{
	struct pl_call request;
	int err;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	request.refused = PL_REFUSED_NONE;
	request.ret = 0;
	err = request.reserved ? -EINVAL : make_call(s, &request);
	if (err)
		return err;
	return copy_to_user(argument, &request, sizeof(request)) ? -EFAULT : 0;
}

static long snapshot(struct pl_session *s, void __user *argument)
{
	struct pl_snapshot request;
	int err;

	if (copy_from_user(&request, argument, sizeof(request)))
		return -EFAULT;
	mutex_lock(&s->lock);
	err = pl_do_snapshot(s, &request);
	mutex_unlock(&s->lock);
	if (err)
		return err;
	return copy_to_user(argument, &request, sizeof(request)) ? -EFAULT : 0;
}

static long pagelab_ioctl(struct file *filp, unsigned int command, unsigned long argument)
{
	struct pl_session *s = filp->private_data;
	void __user *user = (void __user *)argument;

	if (command == PL_IOC_INFO)
		return info(s, user);
	if (command == PL_IOC_BEGIN)
		return begin(s, user);
	/* pairs with pl_begin() */
	if (!smp_load_acquire(&s->begun))
		return -ENXIO;
	switch (command) {
	case PL_IOC_PROCESS:
		return process(s, user);
	case PL_IOC_FILE:
		return file(s, user);
	case PL_IOC_CALL:
		return call(s, user);
	case PL_IOC_SNAPSHOT:
		return snapshot(s, user);
	case PL_IOC_ASLEEP:
		return asleep(s, user);
	case PL_IOC_DEVICE:
		return pl_make_device(s);
	}
	return -ENOTTY;
}

static int pagelab_open(struct inode *inode, struct file *filp)
{
	struct pl_session *s = pl_session_new();

	if (!s)
		return -ENOMEM;
	filp->private_data = s;
	return nonseekable_open(inode, filp);
}

static int pagelab_release(struct inode *inode, struct file *filp)
{
	pl_session_close(filp->private_data);
	return 0;
}

static const struct file_operations pagelab_fops = {
	.owner = THIS_MODULE,
	.open = pagelab_open,
	.release = pagelab_release,
	.unlocked_ioctl = pagelab_ioctl,
	.llseek = no_llseek,
};

static struct miscdevice pagelab_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = PL_DEVICE_NAME,
	.fops = &pagelab_fops,
	.mode = 0600,
};

static int __init pagelab_init(void)
{
	int err = pl_symbols_resolve();

	if (err)
		return err;
	err = pl_bar_find();
	if (err)
		goto no_bar;
	err = pl_swap_init();
	if (err)
		goto no_swap;
	err = pl_mpage_init();
	if (err)
		goto no_mpage;
	err = pl_alloc_init();
	if (err)
		goto no_alloc;
	err = pl_device_init();
	if (err)
		goto no_device;
	err = misc_register(&pagelab_device);
	if (!err)
		return 0;

	pl_device_exit();
no_device:
	pl_alloc_exit();
no_alloc:
	pl_mpage_exit();
no_mpage:
	pl_swap_exit();
no_swap:
	pl_bar_release();
no_bar:
	pl_symbols_release();
	return err;
}

static void __exit pagelab_exit(void)
{
	misc_deregister(&pagelab_device);
	pl_device_exit();
	pl_alloc_exit();
	pl_mpage_exit();
	pl_swap_exit();
	pl_bar_release();
	pl_symbols_release();
}

module_init(pagelab_init);
module_exit(pagelab_exit);
MODULE_DESCRIPTION("Calls of mm/ on request, and snapshots of what they did");
MODULE_LICENSE("GPL");
