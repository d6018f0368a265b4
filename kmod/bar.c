// SPDX-License-Identifier: GPL-2.0
/*
 * bar.c - device memory, the same on every architecture: BAR 2 of QEMU's
 * ivshmem-plain. It has frames and no struct page, and holds what was written
 * to it, so what programs do with it is as certain as with memory.
 *
 * Where a kernel puts it is the machine's business: snapshots name its pages by
 * their number in it (PL_FRAME_BAR).
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include "pagelab.h"

#define VENDOR_REDHAT_QUMRANET	0x1af4
#define DEVICE_IVSHMEM		0x1110
#define MEMORY_BAR		2

#define BAR_BYTES		((size_t)PL_BAR_PAGES << PAGE_SHIFT)

static struct pci_dev *device;
static unsigned long first;
static bool used;

/* A machine may lack the device: then programs cannot map it. */
int pl_bar_find(void)
{
	int err;

	device = pci_get_device(VENDOR_REDHAT_QUMRANET, DEVICE_IVSHMEM, NULL);
	if (!device)
		return 0;
	err = pci_enable_device_mem(device);
	if (!err && pci_resource_len(device, MEMORY_BAR) < BAR_BYTES) {
		pci_disable_device(device);
		err = -ENXIO;
	}
	if (err) {
		pr_err("the memory of ivshmem cannot be used (%d)\n", err);
		pci_dev_put(device);
		return err;
	}
	first = PHYS_PFN(pci_resource_start(device, MEMORY_BAR));
	return 0;
}

void pl_bar_release(void)
{
	if (!device)
		return;
	pci_disable_device(device);
	pci_dev_put(device);
}

/* The frame of one of its pages, and how many there are from it on; 0: it has no such page. */
u32 pl_bar_frame(u32 page, unsigned long *pfn)
{
	*pfn = first + page;
	return device && page < PL_BAR_PAGES ? PL_BAR_PAGES - page : 0;
}

/* A program maps it. */
void pl_bar_use(void)
{
	used = true;
}

static bool bar_has(unsigned long pfn)
{
	return device && pfn - first < PL_BAR_PAGES;
}

/* How many of its pages there are from a frame on; 0: it is none of them. */
u32 pl_bar_pages(unsigned long pfn)
{
	return bar_has(pfn) ? PL_BAR_PAGES - (pfn - first) : 0;
}

/* What a snapshot calls a frame: a page of the BAR by its number there, any other as it is. */
u64 pl_frame_name(unsigned long pfn)
{
	return bar_has(pfn) ? PL_FRAME_BAR + (pfn - first) : pfn;
}

/* Every program finds zeros, whatever the one before wrote. */
int pl_bar_clear(void)
{
	void __iomem *memory;

	if (!used)
		return 0;
	pl_forget_types(PFN_PHYS(first), PFN_PHYS(first) + BAR_BYTES);
	memory = ioremap(PFN_PHYS(first), BAR_BYTES);
	if (!memory)
		return -ENOMEM;
	memset_io(memory, 0, BAR_BYTES);
	iounmap(memory);
	used = false;
	return 0;
}
