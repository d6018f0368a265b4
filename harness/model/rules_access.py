"""Rules of another process's memory, by each of the ways that lead there."""

from __future__ import annotations

from .registry import RuleBase, rule
from .state import G_DIRTY, P_DIRTY, P_NONE_PROT, P_YOUNG

EPERM, ENOENT, ESRCH, EIO, EFAULT = 1, 2, 3, 5, 14
_REMOTE = "6.1 mm/memory.c __access_remote_vm"
_PHYS = "6.1 mm/memory.c generic_access_phys"
_VM = "6.1 mm/process_vm_access.c"
_WORD = 8


class AccessRules(RuleBase):
    """What access_remote_vm decides, and what its callers and process_vm_readv do beyond it."""

    # ---- access_remote_vm ----------------------------------------------------

    @rule("remote.grows", f"{_REMOTE} (expand_stack)")
    def remote_grows_stack(self, first: bool, empty: bool) -> bool:
        """An access grows a stack where it begins, with nothing to transfer even.

        Some kernels grow one also where an access comes to it. Where get_user_pages does that,
        nothing grows for no bytes.
        """
        release = self.sem.release
        if empty and release.gup_grows_stack:
            return False
        return first or release.remote_grows_later

    @rule("remote.gate", f"{_REMOTE} (vma_lookup)")
    def remote_takes_gate(self) -> bool:
        """The vsyscall page, which no mapping covers, is read: not any more."""
        return self.sem.release.remote_gate

    @rule("remote.dirty", f"{_REMOTE} (set_page_dirty_lock)")
    def remote_dirtied(self, flags: int) -> int:
        """A page that was written to is marked dirty."""
        return flags | G_DIRTY

    @rule("remote.device", f"{_REMOTE} (vma->vm_ops->access)")
    def remote_falls_back(self, io: bool) -> bool:
        """Whatever keeps get_user_pages from a page, VM_IO or not, ->access is asked then.

        Some kernels ask nobody.
        """
        return self.sem.asks_devices

    @rule("remote.length", f"{_REMOTE} (vma->vm_ops->access)")
    def remote_asks(self, left: int, room: int) -> int:
        """->access is asked for all that is left, not for what lies in one page."""
        return left

    # ---- generic_access_phys -------------------------------------------------

    @rule("refuse.phys", "kmod/device.c")
    def phys_would_fault(self, flags: int, write: bool) -> bool:
        """An entry that the kernel would map as it is, old, clean or for nobody, would stop it."""
        if not self.sem.phys_keeps_bits:
            return False
        wanted = P_YOUNG | (P_DIRTY if write else 0)
        return self.sem.pan or bool(flags & P_NONE_PROT) or flags & wanted != wanted

    @rule("phys.user", "7.3 arch/arm64/include/asm/io.h ioremap_prot (PTE_USER)")
    def phys_wants_user(self, flags: int) -> bool:
        """On some kernels arm64 maps nothing of a device that its user may not access."""
        return self.sem.phys_wants_user and bool(flags & P_NONE_PROT)

    @rule("phys.write", f"{_PHYS} (pte_write)")
    def phys_writes(self, writable: bool) -> bool:
        """generic_access_phys writes where the entry lets the process write."""
        return writable

    @rule("phys.ram", f"{_PHYS} (ioremap_prot)")
    def phys_refuses(self, ram: bool) -> bool:
        """What the kernel uses as RAM cannot be mapped for it: nothing, and a warning."""
        return ram

    @rule("phys.warns", "6.1 arch/x86/mm/ioremap.c WARN_ONCE, arch/arm64/mm/ioremap.c WARN_ON")
    def ioremap_warns(self, before: bool) -> bool:
        """Mapping RAM is warned of, on x86 once; not where generic_access_phys looks first."""
        if self.sem.release.phys_one_page:
            return False
        return not (before and self.sem.ioremap_warns_once)

    @rule("phys.contiguous", f"{_PHYS} (phys_addr)")
    def phys_frames(self, first: int, mapped: int | None) -> int:
        """Behind a page's end generic_access_phys goes on in the next frame, mapped or not.

        On some kernels it ends there, and is asked again for what is mapped next.
        """
        return -1 if self.sem.release.phys_one_page else first

    @rule("remote.untag", "6.1 mm/memory.c __access_remote_vm")
    def remote_untags(self) -> bool:
        """An address's tag is looked through: it is not, on some kernels."""
        return self.sem.release.remote_untags

    # ---- access_process_vm ---------------------------------------------------

    @rule("access.gone", "6.1 mm/memory.c access_process_vm (get_task_mm)")
    def access_reaches(self, alive: bool) -> bool:
        """access_process_vm transfers nothing of a process that has ended."""
        return alive

    @rule("access.count", "6.1 mm/memory.c access_process_vm")
    def access_count(self, done: int) -> int:
        """access_process_vm returns how many bytes were transferred, 0 for every failure."""
        return done

    @rule("refuse.negative", "kmod/access.c")
    def access_negative(self, size: int) -> bool:
        """A length below 0 is refused: the kernel would copy until a page cannot be had."""
        return size < 0

    @rule("refuse.too_long", "kmod/access.c")
    def access_too_long(self, size: int, room: int) -> bool:
        """More bytes than the module has room for are refused."""
        return size > room

    @rule("refuse.no_process", "kmod/access.c")
    def access_lost(self, made: bool) -> bool:
        """A process that there never was is refused; one that has ended is not."""
        return not made

    # ---- /proc/PID/mem -------------------------------------------------------

    @rule("mem.gone", "6.1 fs/proc/base.c proc_pid_lookup")
    def mem_error(self, alive: bool) -> int:
        """A process that is gone has no /proc/PID/mem: -ENOENT."""
        return 0 if alive else -ENOENT

    @rule("mem.force", "6.1 fs/proc/base.c mem_rw, proc_mem_foll_force")
    def mem_forces(self) -> bool:
        """/proc/PID/mem reaches what get_user_pages reaches with FORCE."""
        return self.sem.proc_mem_force and self.sem.release.mem_forces

    @rule("mem.again", "6.1 fs/proc/base.c mem_rw")
    def mem_goes_on(self) -> bool:
        """/proc/PID/mem begins anew where an access got stuck, so that a stack grows there too."""
        return True

    @rule("mem.count", "6.1 fs/proc/base.c mem_rw")
    def mem_count(self, done: int, wanted: int) -> int:
        """The bytes up to the first page that cannot be had count; none of some is -EIO."""
        return -EIO if wanted and not done else done

    # ---- ptrace --------------------------------------------------------------

    @rule("ptrace.gone", "6.1 kernel/ptrace.c ptrace (find_get_task_by_vpid)")
    def trace_gone(self, alive: bool) -> int:
        """A process that is gone cannot be traced: -ESRCH."""
        return 0 if alive else -ESRCH

    @rule("ptrace.self", "6.1 kernel/ptrace.c ptrace_attach (same_thread_group)")
    def trace_self(self, own: bool) -> int:
        """No process traces itself: -EPERM."""
        return -EPERM if own else 0

    @rule("refuse.asleep", "guest/ops_access.c")
    def trace_refused(self, asleep: bool) -> bool:
        """A process that sleeps in a call would not stop: it is not asked to."""
        return asleep

    @rule("ptrace.force", "6.1 kernel/ptrace.c generic_ptrace_peekdata, generic_ptrace_pokedata")
    def trace_forces(self) -> bool:
        """ptrace reaches what get_user_pages reaches with FORCE."""
        return True

    @rule("ptrace.word", "6.1 kernel/ptrace.c generic_ptrace_peekdata, generic_ptrace_pokedata")
    def trace_result(self, done: int) -> int:
        """Less than a whole word is -EIO, though what could be written has been."""
        return 0 if done == _WORD else -EIO

    # ---- process_vm_readv, process_vm_writev -----------------------------------

    @rule("process_vm.nothing", f"{_VM} process_vm_rw (iov_iter_count)")
    def vm_returns_early(self, size: int) -> bool:
        """With nothing to transfer the process is not even looked for."""
        return size == 0

    @rule("process_vm.gone", f"{_VM} process_vm_rw_core (find_get_task_by_vpid)")
    def vm_error(self, alive: bool) -> int:
        """A process that is gone is -ESRCH."""
        return 0 if alive else -ESRCH

    @rule("process_vm.force", f"{_VM} process_vm_rw_single_vec (flags)")
    def vm_forces(self) -> bool:
        """process_vm_readv and process_vm_writev go past access rights: they do not."""
        return False

    @rule("process_vm.pins", f"{_VM} process_vm_rw_single_vec (pin_user_pages_remote)")
    def vm_pins(self) -> bool:
        """Pages are pinned, so that reading a shared anonymous page makes a copy of it."""
        return True

    @rule("process_vm.waits", f"{_VM} process_vm_rw_single_vec (locked)")
    def vm_waits(self) -> bool:
        """A page that somebody else has to fill in is waited for."""
        return True

    @rule("process_vm.dirty", "6.1 mm/gup.c unpin_user_pages_dirty_lock")
    def vm_dirtied(self, flags: int) -> int:
        """A page that process_vm_writev wrote to is marked dirty."""
        return flags | G_DIRTY

    @rule("process_vm.count", f"{_VM} process_vm_rw_core (total_len)")
    def vm_count(self, done: int) -> int:
        """The bytes up to the first page that cannot be had count; none at all is -EFAULT."""
        return done or -EFAULT
