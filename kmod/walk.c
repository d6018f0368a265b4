// SPDX-License-Identifier: GPL-2.0
/*
 * walk.c - page tables by address: what is there, not what a VMA says.
 *
 * Nothing is locked and no page gets a reference. Interrupts are off, which
 * keeps the tables from being freed meanwhile, exactly as the kernel's own
 * lockless walk has it (6.1 mm/gup.c lockless_pages_from_mm). That it needs
 * no page table lock also means that it never waits for one.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "compat.h"
#include "pagelab.h"

struct walk {
	pl_pte_fn fn;
	void *arg;
};

static void walk_ptes(const struct walk *w, pmd_t pmd, unsigned long addr, unsigned long end)
{
	pte_t *entry = pte_offset_kernel(&pmd, addr);

	for (; addr != end; entry++, addr += PAGE_SIZE) {
		pte_t pte = pl_ptep_get(entry);
		u16 flags = pl_pte_flags(pte);

		if (flags)
			w->fn(w->arg, addr, flags, pl_pte_frame(pte), 1);
	}
}

static void walk_leaf(const struct walk *w, pmd_t pmd, unsigned long addr, unsigned long end)
{
	u16 flags = pl_pmd_flags(pmd);
	unsigned long pfn = 0;

	if (flags & PL_PTE_PRESENT)
		pfn = pmd_pfn(pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT);
	w->fn(w->arg, addr, flags, pfn, (end - addr) >> PAGE_SHIFT);
}

static void walk_pmds(const struct walk *w, pud_t *pudp, pud_t pud, unsigned long addr,
		      unsigned long end)
{
	pmd_t *entry = pmd_offset_lockless(pudp, pud, addr);
	unsigned long next;

	for (; addr != end; entry++, addr = next) {
		pmd_t pmd = READ_ONCE(*entry);

		next = pmd_addr_end(addr, end);
		if (pmd_none(pmd))
			continue;
		if (pl_pmd_leaf(pmd))
			walk_leaf(w, pmd, addr, next);
		else
			walk_ptes(w, pmd, addr, next);
	}
}

static int walk_puds(const struct walk *w, p4d_t *p4dp, p4d_t p4d, unsigned long addr,
		     unsigned long end)
{
	pud_t *entry = pud_offset_lockless(p4dp, p4d, addr);
	unsigned long next;

	for (; addr != end; entry++, addr = next) {
		pud_t pud = READ_ONCE(*entry);

		next = pud_addr_end(addr, end);
		if (pud_none(pud))
			continue;
		/* only huge pages of 1 GiB have one: rather no snapshot than half of one */
		if (!pud_present(pud) || pud_leaf(pud))
			return -EOPNOTSUPP;
		walk_pmds(w, entry, pud, addr, next);
	}
	return 0;
}

static int walk_p4ds(const struct walk *w, pgd_t *pgdp, pgd_t pgd, unsigned long addr,
		     unsigned long end)
{
	p4d_t *entry = p4d_offset_lockless(pgdp, pgd, addr);
	unsigned long next;
	int err = 0;

	for (; addr != end && !err; entry++, addr = next) {
		p4d_t p4d = READ_ONCE(*entry);

		next = p4d_addr_end(addr, end);
		if (!p4d_none(p4d))
			err = walk_puds(w, entry, p4d, addr, next);
	}
	return err;
}

/*
 * Call fn for every page from start to end whose entry is not none, and once
 * for each leaf above the last level, in ascending order; it must not sleep.
 * Both addresses are page aligned.
 */
int pl_walk(struct mm_struct *mm, unsigned long start, unsigned long end, pl_pte_fn fn, void *arg)
{
	const struct walk w = { .fn = fn, .arg = arg };
	unsigned long addr, next, flags;
	pgd_t *entry;
	int err = 0;

	local_irq_save(flags);
	entry = pgd_offset(mm, start);
	for (addr = start; addr != end && !err; entry++, addr = next) {
		pgd_t pgd = READ_ONCE(*entry);

		next = pgd_addr_end(addr, end);
		if (!pgd_none(pgd))
			err = walk_p4ds(&w, entry, pgd, addr, next);
	}
	local_irq_restore(flags);
	return err;
}
