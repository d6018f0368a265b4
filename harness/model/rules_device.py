"""Rules of a driver's pages and mappings: vm_insert_page, ->fault, what the module refuses."""

from __future__ import annotations

from ..abi import Alloc, Code, Fault, PageFlag
from .registry import (
    V_MAYWRITE,
    V_MIXEDMAP,
    V_PFNMAP,
    V_SHARED,
    V_WRITE,
    RuleBase,
    is_cow,
    rule,
)
from .rules_memory import prot_bits
from .state import G_ANON, G_COMPOUND, P_DIRTY, P_SPECIAL, P_WRITE, P_YOUNG, P_ZERO, Vma

EPERM, ENOMEM, EFAULT, ENODEV, EINVAL, ESPIPE, EHWPOISON = 1, 12, 14, 19, 22, 29, 133
SIGBUS, SIGSEGV = 7, 11
SEGV_MAPERR, BUS_ADRERR = 1, 2
G_SLAB = int(PageFlag.SLAB)
G_TYPED = int(PageFlag.TYPED)
_INSERT = "6.1 mm/memory.c vm_insert_page"
_VALIDATE = "6.1 mm/memory.c validate_page_before_insert"


class DeviceRules(RuleBase):
    """What a kernel decides about pages and mappings of a driver, and the module before it."""

    # ---- allocating ------------------------------------------------------------

    @rule("alloc.flags", "6.1 mm/page_alloc.c prep_compound_page, mm/slub.c allocate_slab")
    def alloc_flags(self, kind: int, pages: int) -> int:
        """New pages have no flags but those of a compound page (kmalloc's too), or their type.

        One page alone is never compound.
        """
        if kind == Alloc.SLAB:
            return G_SLAB | G_COMPOUND
        if kind >= Alloc.TABLE:
            return G_TYPED
        return G_COMPOUND if kind in (Alloc.COMPOUND, Alloc.KMALLOC) and pages > 1 else 0

    @rule("alloc.refs", "6.1 mm/page_alloc.c post_alloc_hook, split_page")
    def alloc_refs(self, kind: int, first: bool) -> int:
        """Of a block that is neither compound nor split only the first page has a reference.

        What a slab and kmalloc have got none of on some kernels.
        """
        if kind in (Alloc.SLAB, Alloc.KMALLOC) and self.sem.release.frozen_objects:
            return 0
        return 0 if kind == Alloc.UNCUT and not first else 1

    # ---- vm_insert_page ----------------------------------------------------------

    @rule("insert.outside", _INSERT)
    def insert_outside(self, vma: Vma, index: int) -> bool:
        """An address outside the mapping is -EFAULT."""
        return not vma.start <= index < vma.end

    @rule("insert.unreferenced", f"{_INSERT} (page_count)")
    def insert_unreferenced(self, ref: int, zero: bool) -> bool:
        """A page without a reference is -EINVAL."""
        return ref == 0 and not zero

    @rule("insert.mixedmap_first", _INSERT)
    def insert_marks_first(self) -> bool:
        """The mapping is marked before the page's references are looked at, on some kernels."""
        return self.sem.release.mixedmap_first

    @rule("insert.mixedmap", _INSERT)
    def insert_vma_flags(self, flags: int) -> int:
        """The mapping becomes VM_MIXEDMAP, also where the page's kind is wrong then."""
        return flags | V_MIXEDMAP

    @rule("insert.kind", _VALIDATE)
    def insert_bad_kind(self, flags: int) -> bool:
        """Anonymous pages and those of a slab or a type are -EINVAL; kmalloc's large are not."""
        return bool(flags & (G_ANON | G_SLAB | G_TYPED))

    @rule("insert.zero", _VALIDATE)
    def insert_bad_zero(self, vma: Vma) -> bool:
        """Where somebody could write to the zero page it is -EINVAL, or goes as any page."""
        if self.sem.release.inserts_zero or is_cow(vma):
            return False
        return bool(vma.flags & (V_WRITE | V_MAYWRITE))

    @rule("insert.busy", "6.1 mm/memory.c insert_page_into_pte_locked")
    def insert_replaces(self) -> bool:
        """A page that is there is replaced: it is not, -EBUSY."""
        return False

    @rule("insert.counts", "6.1 mm/memory.c insert_page_into_pte_locked")
    def insert_counts(self, zero: bool) -> int:
        """The page gets a reference and a mapping, and counts in RSS; the zero page on some."""
        return 1 if self.sem.release.inserts_zero or not zero else 0

    @rule("insert.pte", "6.1 mm/memory.c insert_page_into_pte_locked (vm_page_prot)")
    def inserted_pte(self, vma: Vma, zero: bool) -> int:
        """The PTE is an ordinary one, clean, writable in a shared writable mapping alone."""
        shared_write = vma.flags & (V_SHARED | V_WRITE) == V_SHARED | V_WRITE
        special = 0 if self.sem.release.inserts_zero else P_SPECIAL
        kind = P_ZERO | special if zero else 0
        return prot_bits(vma) | (P_WRITE if shared_write else 0) | kind

    # ---- ->fault -------------------------------------------------------------------

    @rule("fault.filled", "6.1 mm/memory.c finish_fault (vmf_pte_changed)")
    def fault_overwrites(self) -> bool:
        """A fault replaces what was mapped meanwhile: it does not, and drops its page."""
        return False

    @rule("fault.errno", "6.1 include/linux/mm.h vm_fault_to_errno")
    def fault_errno(self, code: int, hwpoison: bool) -> int:
        """get_user_pages makes a fault's OOM -ENOMEM, and every other failure -EFAULT.

        But for a poisoned page with FOLL_HWPOISON: -EHWPOISON.
        """
        if code == Fault.OOM:
            return -ENOMEM
        return -EHWPOISON if code == Fault.HWPOISON and hwpoison else -EFAULT

    @rule("fault.signal", "6.1 arch/x86/mm/fault.c do_sigbus, arch/arm64/mm/fault.c do_page_fault")
    def fault_signal(self, code: int) -> tuple[int, int]:
        """A user's access gets SIGBUS, or SIGSEGV as if nothing were mapped, where ->fault says so.

        A poisoned page has a code of its own on some architectures.
        """
        if code == Fault.SIGSEGV:
            return SIGSEGV, SEGV_MAPERR
        return SIGBUS, self.sem.hwpoison_code if code == Fault.HWPOISON else BUS_ADRERR

    # ---- what becomes of such mappings ---------------------------------------------------

    @rule("fork.shared_pte", "6.1 mm/memory.c copy_present_pte (VM_SHARED)")
    def fork_child_shared_pte(self, flags: int) -> int:
        """Where fork copies a shared mapping's PTE, the child's is as writable, clean and old."""
        return flags & ~(P_DIRTY | P_YOUNG)

    @rule("device.no_bytes", "6.1 fs/open.c, fs/read_write.c, fs/sync.c; kmod/device.c")
    def device_error(self, code: Code) -> int:
        """A device has neither size nor bytes: -EINVAL, -ESPIPE, or -ENODEV to fallocate."""
        if code is Code.FALLOCATE:
            return -ENODEV
        return -ESPIPE if code in (Code.PREAD, Code.PWRITE) else -EINVAL

    # ---- what the module does not ask a kernel for ----------------------------------------

    @rule("refuse.whole", "kmod/alloc.c")
    def leaves_whole(self, kind: int) -> bool:
        """A page of one block or object leaves it: it does not, but single and split ones do."""
        return kind in (Alloc.SINGLE, Alloc.SPLIT)

    @rule("refuse.not_device", "kmod/device.c")
    def device_wanted(self, device: bool) -> bool:
        """Only a device, and only a mapping of one, is a driver's."""
        return not device

    @rule("refuse.too_many_calls", "kmod/device.c")
    def too_many_calls(self, calls: int) -> bool:
        """A device makes at most 8 calls from within ->mmap."""
        return calls >= 8

    @rule("refuse.unfit", "kmod/device.c")
    def unfit_page(self, allocated: bool, anon: bool, zero: bool) -> bool:
        """A page of a page cache, or of the kernel's own, is no driver's to map."""
        return not (allocated or anon or zero)

    @rule("refuse.pfnmap", "kmod/device.c")
    def pfnmap_refused(self, flags: int) -> bool:
        """vm_insert_page stops a kernel in a VM_PFNMAP mapping (BUG_ON)."""
        return bool(flags & V_PFNMAP)

    @rule("refuse.within_mmap", "kmod/device.c")
    def mmap_refused(self) -> int:
        """What the module refuses from within ->mmap makes mmap fail with -EPERM."""
        return -EPERM

    @rule("refuse.fault_page", "kmod/device.c")
    def fault_refuses(self, allocated: bool, flags: int, ref: int, vma_flags: int) -> bool:
        """->fault gives plain pages of the module's own that have a reference, else SIGBUS."""
        if not allocated or not ref or vma_flags & V_PFNMAP:
            return True
        return bool(flags & (G_SLAB | G_TYPED))
