"""Bytes that go from or to a process's memory, page by page.

Source: 6.1 mm/memory.c __access_remote_vm, mm/process_vm_access.c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .. import abi
from ..abi import Kind
from . import device, gup, outside, populate, stack
from .content import UNKNOWN
from .gup import Arena, Getter
from .outcome import Expected, Warned
from .registry import V_IO, V_PFNMAP
from .rules import Rules
from .state import BAR_PAGE, P_WRITE, ROM_PAGE, State, Vma
from .vma import find
from .waiting import Sleeps


@dataclass(frozen=True, slots=True)
class Access:
    """What is to be transferred.

    Attributes:
        process: whose memory it is.
        data: bytes to write, size of them; None: they are read.
        force: past access rights.
        killed: SIGKILL is pending.
    """

    process: int
    addr: int
    size: int
    data: bytes | None = None
    force: bool = False
    killed: bool = False

    def part(self, start: int, size: int) -> Access:
        """The same of size bytes, from the byte start on."""
        data = None if self.data is None else self.data[start : start + size]
        return Access(self.process, self.addr + start, size, data, self.force, self.killed)

    def pages(self) -> range:
        """The pages that it lies in, by the addresses of their beginnings."""
        first = self.addr & -abi.PAGE_SIZE
        return range(first, self.addr + self.size, abi.PAGE_SIZE)


def repeated(data: bytes, size: int) -> bytes:
    """The bytes again and again, until there are so many."""
    return (data * (size // len(data) + 1))[:size]


class Copied:
    """Bytes on their way: how many, and those that were read (None: nobody knows them).

    Attributes:
        warning: that the kernel's log has of it.
    """

    __slots__ = ("data", "done", "warning")

    def __init__(self) -> None:
        self.done = 0
        self.data: bytes | None = b""
        self.warning: Warned | None = None

    @property
    def shown(self) -> bytes | None:
        """Of what was read as much as an outcome has room for."""
        return None if self.data is None else self.data[: abi.DATA_MAX]

    def add(self, data: bytes) -> None:
        """These were read."""
        self.data = None if self.data is None else self.data + data
        self.done += len(data)

    def page(self, state: State, access: Access, number: int) -> None:
        """Copy what the access wants next, as far as it lies in that page."""
        at = (access.addr + self.done) % abi.PAGE_SIZE
        length = min(access.size - self.done, abi.PAGE_SIZE - at)
        content = state.pages[number].content
        if access.data is not None:
            piece = access.data[self.done : self.done + length]
            state.page(number).content = content.write(at, piece)
        elif content is UNKNOWN or self.data is None:
            self.data = None
        else:
            self.data += content.read(at, length)
        self.done += length


def transfer(rules: Rules, state: State, arena: Arena, access: Access) -> Copied:
    """__access_remote_vm()."""
    copied = Copied()
    if rules.remote_untags():
        access = replace(access, addr=rules.untagged(access.addr))
    if not _has_mapping(rules, state, arena, access, access.addr, True):
        return copied
    write = access.data is not None
    getter = populate.getter(rules, state, access.process, write, access.force, False)
    while copied.done < access.size:
        addr = access.addr + copied.done
        if copied.done:
            _has_mapping(rules, state, arena, access, addr, False)
        number = None
        if not rules.slow_interrupted(access.killed):
            number = _page(rules, state, arena, access, getter, addr)
        if number is None:
            if not _ask_device(rules, state, arena, access, copied):
                break
            continue
        copied.page(state, access, number)
        if write:
            head = state.page(state.head(number))
            head.flags = rules.remote_dirtied(head.flags)
    return copied


def _has_mapping(
    rules: Rules, state: State, arena: Arena, access: Access, addr: int, first: bool
) -> bool:
    """Does a mapping cover that address, or may a stack grow there?"""
    index = arena.index(addr)
    if index < 0:
        return outside.has_mapping(addr) or (outside.is_gate(addr) and rules.remote_takes_gate())
    if find(state.mms[access.process].vmas, index) is not None:
        return True
    if not rules.remote_grows_stack(first, not access.size):
        return False
    return stack.grow(rules, state, access.process, index) is not None


def _ask_device(rules: Rules, state: State, arena: Arena, access: Access, copied: Copied) -> bool:
    """A device's ->access: did it transfer anything?"""
    addr = access.addr + copied.done
    index = arena.index(addr)
    vma = find(state.mms[access.process].vmas, index) if index >= 0 else None
    told = state.device(vma.file) if vma is not None else None
    if vma is None or told is None or told.access is None:
        return False
    if not rules.remote_falls_back(bool(vma.flags & (V_IO | V_PFNMAP))):
        return False
    room = abi.PAGE_SIZE - addr % abi.PAGE_SIZE
    asked = rules.remote_asks(access.size - copied.done, room)
    if told.access.flags == abi.Answer.LENGTH:
        if access.data is None:
            copied.add(repeated(asked.to_bytes(8, "little"), asked))
        return access.data is None
    if told.access.flags == abi.Answer.PHYS:
        return _phys(rules, state, access, vma, index, copied)
    page = device.held_page(state, told.access.slot, vma.pgoff + index - vma.start)
    if page is None or told.access.slot not in state.allocated:
        return False
    copied.page(state, access, page)
    return True


def _phys(rules: Rules, state: State, access: Access, vma: Vma, index: int, copied: Copied) -> bool:
    """generic_access_phys(); the module keeps it inside the device, or else one page."""
    ptes = state.mms[access.process].ptes
    pte = ptes.get(index)
    if not vma.flags & (V_IO | V_PFNMAP) or pte is None:
        return False
    write = access.data is not None
    if rules.phys_would_fault(pte.flags, write):
        return False
    if rules.phys_wants_user(pte.flags):
        return False
    if write and not rules.phys_writes(bool(pte.flags & P_WRITE)):
        return False
    if rules.phys_refuses(pte.page < ROM_PAGE):
        copied.warning = _ioremap_warning(rules, state)
        return False
    number, end = pte.page, BAR_PAGE + abi.BAR_PAGES if pte.page >= BAR_PAGE else pte.page + 1
    while 0 <= number < end and copied.done < access.size:
        copied.page(state, access, number)
        index += 1
        there = ptes.get(index)
        number = rules.phys_frames(number + 1, there.page if there else None)
    return True


def _ioremap_warning(rules: Rules, state: State) -> Warned | None:
    file, functions = rules.sem.ioremap_warning
    place = ("ioremap RAM", "")
    if not rules.ioremap_warns(place in state.warned):
        return None
    state.warned |= {place}
    return Warned(file, functions)


def _page(
    rules: Rules, state: State, arena: Arena, access: Access, getter: Getter, addr: int
) -> int | None:
    """The page that the kernel gets there; None for an error."""
    index = arena.index(addr)
    if index >= 0:
        page = getter.page(index)
        return None if getter.is_frame(index) and rules.follows_special(True, False) else page
    write = access.data is not None
    return outside.follow(
        rules,
        state,
        access.process,
        addr,
        write=write,
        force=access.force,
        pin=getter.pin,
        remote=True,
    )


# ---- process_vm_readv, process_vm_writev ----------------------------------------


def _vm_access(rules: Rules, op: abi.Op) -> Access:
    data = repeated(op.data, op.n) if op.data else None
    return Access(op.index, op.addr, op.n, data, rules.vm_forces())


def vm(rules: Rules, state: State, arena: Arena, op: abi.Op, taken: tuple[int, ...]) -> Expected:
    """The call, all of whose pages are pinned before any byte is copied.

    Args:
        taken: pages that are pinned already, from the first on.

    Raises:
        Sleeps: with all that were pinned so far.
    """
    access = _vm_access(rules, op)
    write = access.data is not None
    getter = populate.getter(rules, state, op.index, write, access.force, rules.vm_waits())
    getter.pin = rules.vm_pins()
    getter.remember()
    pages = list(taken)
    for addr in access.pages()[len(taken) :]:
        try:
            number = _page(rules, state, arena, access, getter, rules.untagged(addr))
        except Sleeps as sleep:
            sleep.taken = tuple(pages)
            raise
        if number is None:
            break
        gup.pin(rules, state, number)
        pages.append(number)
    return vm_pinned(rules, state, op, pages)


def vm_pinned(rules: Rules, state: State, op: abi.Op, pages: Sequence[int]) -> Expected:
    """Copy all that lies in the pages that were pinned, and unpin them."""
    access, copied = _vm_access(rules, op), Copied()
    for number in pages:
        copied.page(state, access, number)
    for number in pages:
        if access.data is not None:
            head = state.page(state.head(number))
            head.flags = rules.vm_dirtied(head.flags)
        gup.unpin(rules, state, number)
    return Expected(Kind.VALUE, ret=rules.vm_count(copied.done), data=copied.shown)
