"""One operation of the model: from a state to the branches it allows.

``Model.step`` never changes the state it is given. Where the kernel may do
several things the operation is run once for each, under the name of the
allowance that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .. import abi
from ..abi import Code, Kind, Refused, VmaFlag
from . import fault, gup, pagecache, process, zap
from . import vma as vmas
from .rules import V_MAYREAD, V_MAYSHARE, V_MAYWRITE, V_SHARED, Rules
from .semantics import Semantics
from .state import ZERO_PAGE, State, Vma

EINVAL, ENOMEM, EEXIST = 22, 12, 17
SIGBUS, SIGSEGV = 7, 11
SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR = 1, 2, 2
# Plain numbers: an enum's operators are slow.
_MAP_SHARED, _PROT_WRITE = int(abi.Map.SHARED), int(abi.Prot.WRITE)
_MAYEXEC = int(VmaFlag.MAYEXEC)
_PROT_ALL = int(abi.Prot.READ | abi.Prot.WRITE | abi.Prot.EXEC)
_MAX_RUN = 16  # choices of one operation; more is a fault of the model

ALLOWANCES = {
    "lru_batch": "a page touched twice may sit in a per-CPU LRU batch, whose reference makes "
    "a write copy it (6.1 mm/swap.c folio_activate; only where batches are not drained "
    "after each operation)",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """The outcome that a branch expects: trace.Outcome without log and snapshot."""

    kind: Kind
    ret: int = 0
    signo: int = 0
    si_code: int = 0
    addr: int = 0
    refused: Refused = Refused.NONE
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Branch:
    """One thing that may happen.

    Attributes:
        state: the state afterwards; its touched and freed say what changed.
        rules: names of the rules that led here, in order.
        allowances: names of the allowances used, empty where there was no choice.
    """

    expected: Expected
    state: State
    rules: tuple[str, ...]
    allowances: tuple[str, ...]


def _value(ret: int, data: bytes = b"") -> Expected:
    return Expected(Kind.VALUE, ret=ret, data=data)


class Model:
    """The oracle for one environment and one program's arena.

    Args:
        semantics: the environment's flags.
        arena: where the program's mappings lie.
        rules: the rules; tests give wrong ones.
    """

    def __init__(self, semantics: Semantics, arena: gup.Arena, rules: Rules | None = None) -> None:
        self.sem = semantics
        self.arena = arena
        self.rules = rules or Rules(semantics)
        self._calls: dict[Code, Callable[[State, abi.Op], Expected]] = {
            Code.MMAP: self._mmap,
            Code.MUNMAP: self._munmap,
            Code.MPROTECT: self._mprotect,
            Code.MADVISE: self._madvise,
            Code.LOAD: self._load,
            Code.STORE: self._store,
            Code.FORK: self._fork,
            Code.EXIT: self._exit,
            Code.MEMFD: self._memfd,
            Code.FTRUNCATE: self._ftruncate,
            Code.GET_USER_PAGES: self._gup,
            Code.GET_USER_PAGES_FAST: self._gup,
            Code.PUT_PAGE: self._put,
            Code.SET_PAGE_DIRTY_LOCK: self._dirty,
            Code.PEEK: self._peek,
            Code.POKE: self._poke,
        }

    def initial(self) -> State:
        """Before the first operation: one process with an empty arena."""
        return State()

    def step(self, state: State, op: abi.Op) -> list[Branch]:
        """Everything that the operation may do in this state; at least one branch."""
        branches: list[Branch] = []
        pending: list[tuple[int, ...]] = [()]
        while pending:
            wanted = pending.pop()
            after = state.clone()
            after.wanted = wanted
            self.rules.trail = []
            expected = self._run(after, op)
            taken = tuple(choice for _, choice, _ in after.chosen)
            if len(taken) > _MAX_RUN:
                raise RuntimeError(f"line {op.line} leaves more than {_MAX_RUN} choices open")
            for at in range(len(wanted), len(taken)):
                ways = after.chosen[at][2]
                pending.extend((*taken[:at], other) for other in range(1, ways))
            names = tuple(name for name, _, _ in after.chosen)
            branches.append(Branch(expected, after, tuple(self.rules.trail), names))
            if self.sem.drained_each:
                zap.drained(after)
        return branches

    def _run(self, state: State, op: abi.Op) -> Expected:
        mm = state.mms.get(op.process)
        if mm is None or not mm.alive:
            return Expected(Kind.NO_PROCESS)
        return self._calls[op.code](state, op)

    # ---- addresses -------------------------------------------------------------

    def _range(self, op: abi.Op) -> tuple[int, int]:
        """Pages of the arena that an operation's range covers (it lies inside)."""
        start = (op.addr - self.arena.start) >> abi.PAGE_SHIFT
        return start, start + ((op.n + abi.PAGE_SIZE - 1) >> abi.PAGE_SHIFT)

    # ---- mappings ----------------------------------------------------------------

    def _mmap(self, state: State, op: abi.Op) -> Expected:
        """mmap(MAP_FIXED_NOREPLACE). Source: 6.1 mm/mmap.c do_mmap, mmap_region."""
        start, end = self._range(op)
        mm = state.mms[op.process]
        if vmas.overlapping(mm.vmas, start, end):
            return _value(-EEXIST)
        flags = op.prot | V_MAYREAD | V_MAYWRITE | _MAYEXEC
        shared = bool(op.flags & _MAP_SHARED)
        if shared:
            flags |= V_SHARED | V_MAYSHARE
        file, pgoff = -1, 0
        if op.file >= 0:
            file, pgoff = state.slots[op.file], op.aux >> abi.PAGE_SHIFT
        elif shared:
            file = state.new_file(-1, op.n)
        account = not shared and bool(op.prot & _PROT_WRITE)
        new = Vma(start, end, flags, file, pgoff, 0, True, account)
        state.set_vmas(op.process, vmas.insert(self.rules, mm.vmas, new))
        return _value(op.addr)

    def _munmap(self, state: State, op: abi.Op) -> Expected:
        """munmap: zap, then forget. Source: 6.1 mm/mmap.c do_mas_align_munmap."""
        if self.rules.range_starts_badly(op.addr):
            return _value(-EINVAL)
        start, end = self._range(op)
        mm = state.mms[op.process]
        if not vmas.overlapping(mm.vmas, start, end) and self.rules.munmap_hole_is_error():
            return _value(-EINVAL)
        zap.range_(self.rules, state, op.process, start, end)
        state.set_vmas(op.process, vmas.cut(mm.vmas, start, end))
        pagecache.drop_unmapped(self.rules, state)
        return _value(0)

    def _mprotect(self, state: State, op: abi.Op) -> Expected:
        """mprotect, VMA by VMA. Source: 6.1 mm/mprotect.c do_mprotect_pkey."""
        if self.rules.range_starts_badly(op.addr):
            return _value(-EINVAL)
        start, end = self._range(op)
        at = start
        while at < end:
            found = vmas.find(state.mms[op.process].vmas, at)
            if found is None:
                if not self.rules.mprotect_goes_on():
                    return _value(-ENOMEM)
                at += 1
                continue
            stop = min(found.end, end)
            self._protect(state, op, found, at, stop)
            at = stop
        return _value(0)

    def _protect(self, state: State, op: abi.Op, found: Vma, start: int, end: int) -> None:
        """mprotect_fixup(): one piece of one VMA."""
        flags = found.flags & ~_PROT_ALL | op.prot
        if flags == found.flags:
            return
        writable = bool(op.prot & _PROT_WRITE) and not flags & V_SHARED
        mm = state.mms[op.process]
        changed = vmas.part(found, start, end)._replace(
            flags=flags, account=found.account or writable
        )
        rest = vmas.cut(mm.vmas, start, end)
        state.set_vmas(op.process, vmas.insert(self.rules, rest, changed))
        for index in sorted(number for number in mm.ptes if start <= number < end):
            pte = mm.ptes[index]
            bits = self.rules.protected_pte(pte.flags, changed)
            bits = self.rules.upgraded_pte(bits, changed, state.pages[pte.page].flags)
            state.set_pte(op.process, index, bits, pte.page)

    def _madvise(self, state: State, op: abi.Op) -> Expected:
        """MADV_DONTNEED. Source: 6.1 mm/madvise.c madvise_dontneed_single_vma."""
        if self.rules.range_starts_badly(op.addr):
            return _value(-EINVAL)
        start, end = self._range(op)
        covered = 0
        at = start
        for found in vmas.overlapping(state.mms[op.process].vmas, start, end):
            low, high = max(found.start, start), min(found.end, end)
            if low > at and not self.rules.madvise_goes_on():
                return _value(-ENOMEM)
            zap.range_(self.rules, state, op.process, low, high)
            covered += high - low
            at = high
        return _value(0 if covered == end - start else -ENOMEM)

    # ---- loads and stores -----------------------------------------------------------

    def _touch(self, state: State, op: abi.Op, addr: int, write: bool) -> Expected | int:
        """Make one address accessible: the page it lies in, or the signal."""
        index = self.arena.index(addr)
        found = vmas.find(state.mms[op.process].vmas, index) if index >= 0 else None
        if found is None:
            return Expected(Kind.SIGNAL, signo=SIGSEGV, si_code=SEGV_MAPERR, addr=addr)
        allowed = self.rules.may_store(found) if write else self.rules.may_load(found)
        if not allowed:
            return Expected(Kind.SIGNAL, signo=SIGSEGV, si_code=SEGV_ACCERR, addr=addr)
        if not fault.user_access(self.rules, state, op.process, found, index, write):
            return Expected(Kind.SIGNAL, signo=SIGBUS, si_code=BUS_ADRERR, addr=addr)
        return state.mms[op.process].ptes[index].page

    def _load(self, state: State, op: abi.Op) -> Expected:
        data = b""
        while len(data) < op.n:
            addr = op.addr + len(data)
            page = self._touch(state, op, addr, False)
            if isinstance(page, Expected):
                return page
            offset = addr % abi.PAGE_SIZE
            length = min(op.n - len(data), abi.PAGE_SIZE - offset)
            data += state.pages[page].content.read(offset, length)
        return _value(op.n, data)

    def _store(self, state: State, op: abi.Op) -> Expected:
        done = 0
        while done < len(op.data):
            addr = op.addr + done
            page = self._touch(state, op, addr, True)
            if isinstance(page, Expected):
                return page
            offset = addr % abi.PAGE_SIZE
            piece = op.data[done : done + abi.PAGE_SIZE - offset]
            frame = state.page(page)
            frame.content = frame.content.write(offset, piece)
            done += len(piece)
        return _value(done)

    # ---- processes and files ----------------------------------------------------------

    def _fork(self, state: State, op: abi.Op) -> Expected:
        process.fork(self.rules, state, op.process, op.slot)
        return _value(0)

    def _exit(self, state: State, op: abi.Op) -> Expected:
        process.exit_(self.rules, state, op.process)
        return _value(0)

    def _memfd(self, state: State, op: abi.Op) -> Expected:
        state.new_file(op.slot, op.n)
        return _value(0)

    def _ftruncate(self, state: State, op: abi.Op) -> Expected:
        if op.n < 0:
            return _value(-EINVAL)
        pagecache.truncate(self.rules, state, state.slots[op.file], op.n)
        return _value(0)

    # ---- module calls -------------------------------------------------------------------

    def _gup(self, state: State, op: abi.Op) -> Expected:
        refused = gup.refusal(self.rules, state, self.arena, op)
        if refused is not Refused.NONE:
            return Expected(Kind.REFUSED, refused=refused)
        if op.code is Code.GET_USER_PAGES_FAST:
            return _value(gup.fast(self.rules, state, self.arena, op))
        return _value(gup.slow(self.rules, state, self.arena, op, op.addr, op.n))

    def _held(self, state: State, op: abi.Op) -> list[int]:
        """Indexes of the held pages that an operation means; empty if none is held."""
        pages = state.held.get(op.slot, [])
        if op.index == abi.WHOLE:
            return [index for index, page in enumerate(pages) if page is not None]
        if op.index < len(pages) and pages[op.index] is not None:
            return [op.index]
        return []

    def _put(self, state: State, op: abi.Op) -> Expected:
        held = self._held(state, op)
        if not held:
            return Expected(Kind.REFUSED, refused=Refused.NOT_HELD)
        for index in held:
            page = state.unhold(op.slot, index)
            for _ in range(self.rules.put_drops()):
                state.put(page)
        return _value(len(held))

    def _dirty(self, state: State, op: abi.Op) -> Expected:
        held = self._held(state, op)
        if not held:
            return Expected(Kind.REFUSED, refused=Refused.NOT_HELD)
        for index in held:
            number = state.held[op.slot][index]
            assert number is not None
            page = state.page(number)
            page.flags = self.rules.dirtied_flags(page.flags)
        return _value(len(held))

    def _peek(self, state: State, op: abi.Op) -> Expected:
        held = self._held(state, op)
        if not held:
            return Expected(Kind.REFUSED, refused=Refused.NOT_HELD)
        number = state.held[op.slot][op.index]
        assert number is not None
        return _value(op.n, state.pages[number].content.read(op.aux, op.n))

    def _poke(self, state: State, op: abi.Op) -> Expected:
        held = self._held(state, op)
        if not held:
            return Expected(Kind.REFUSED, refused=Refused.NOT_HELD)
        number = state.held[op.slot][op.index]
        assert number is not None
        if self.rules.poke_refused(number == ZERO_PAGE):
            return Expected(Kind.REFUSED, refused=Refused.RESERVED)
        page = state.page(number)
        page.content = page.content.write(op.aux, op.data)
        return _value(len(op.data))
