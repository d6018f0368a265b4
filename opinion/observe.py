"""The console of an opinion's guest, read: what the kernel told of each case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness import klog
from harness.abi import PageFlag
from harness.errors import HarnessError

from .predict import Dump, Told

_LOGGED = re.compile(r"^\[ *\d+\.\d+\] ")
_CASE = re.compile(r"^opinion: case (\d+)$")
_STATUS = re.compile(r"^opinion: status (\d+)$")
_IOCTL = re.compile(r"^opinion: ioctl (-?\d+) size (\d+) which((?: \d+)+)$")
# 6.1 mm/gup_test.c dump_pages_test, mm/debug.c __dump_page
_WHICH = re.compile(r"^---- page #(\d+), starting from user virt addr: ")
_PAGE = re.compile(
    r"^page:\S+ refcount:(-?\d+) mapcount:(-?\d+) mapping:(\S+) index:\S+ pfn:(0x[0-9a-f]+)$"
)
_FLAGS = re.compile(r"^(anon |ksm )?flags: 0x[0-9a-f]+\((.*)\)$")
# 6.1 mm/gup_test.c verify_dma_pinned: it warns, and dumps the page
_UNPINNED = re.compile(r"^pages\[(\d+)\] is NOT dma-pinned$")
_WARNS = "mm/gup_test.c:"

# include/trace/events/mmflags.h: the kernel's names of what the model knows
_NAMES = {
    "dirty": PageFlag.DIRTY,
    "uptodate": PageFlag.UPTODATE,
    "writeback": PageFlag.WRITEBACK,
    "private": PageFlag.PRIVATE,
    "locked": PageFlag.LOCKED,
    "swapbacked": PageFlag.SWAPBACKED,
    "reserved": PageFlag.RESERVED,
    "slab": PageFlag.SLAB,
    "head": PageFlag.COMPOUND,
}
# One bit with two meanings (include/linux/page-flags.h PG_anon_exclusive).
_EXCLUSIVE = "mappedtodisk"
# Reclaim's own, where the page lies, and what arm64 keeps of its caches: no call's business.
_UNMODELLED = re.compile(
    r"lru|active|referenced|workingset|arch_1|(?:zone|node|section|lastcpupid)=.*"
)


@dataclass(frozen=True, slots=True)
class Observed:
    """One case as it was seen.

    Attributes:
        told: what the ioctl filled in and the dumps showed.
        errno: that the ioctl gave, 0 for none.
        status: gup_test's exit status.
        wrong: what there should never be: faults in the kernel's log, unknown flags.
    """

    told: Told
    errno: int
    status: int
    wrong: tuple[str, ...]


def observed(console: str) -> list[Observed]:
    """Every case of a console's log, in order.

    Raises:
        HarnessError: it ends early, or a case lacks a line.
    """
    lines = console.splitlines()
    if "opinion: end" not in lines:
        said = next((line for line in lines if line.startswith("opinion: init failed")), "")
        raise HarnessError(said or "the guest ended before its last case", tail=console[-2000:])
    return [_case(part) for part in _parts(lines)]


def _parts(lines: list[str]) -> Iterator[list[str]]:
    """The lines of each case, the last its status."""
    part: list[str] = []
    number = 0
    for line in lines:
        if match := _CASE.match(line):
            if int(match[1]) != number:
                raise HarnessError(f"case {number} is missing on the console")
            part = []
        part.append(line)
        if _STATUS.match(line):
            yield part
            number += 1


def _case(lines: list[str]) -> Observed:
    logged = [_LOGGED.sub("", line) for line in lines if _LOGGED.match(line)]
    result = next((match for line in lines if (match := _IOCTL.match(line))), None)
    status = _STATUS.match(lines[-1])
    if result is None or status is None:
        raise HarnessError(f"a case without a result: {lines}")
    wrong: list[str] = []
    dumps = tuple(_dumps(logged, wrong))
    unpinned = next((int(match[1]) for line in logged if (match := _UNPINNED.match(line))), None)
    for fault in klog.faults(logged):
        if unpinned is None or not fault.where.startswith(_WARNS):
            wrong.append(f"{fault.kind}: {fault.text}")
    which = tuple(int(word) for word in result[3].split())
    if unpinned is None:
        told = Told(int(result[2]), which, dumps)
    else:
        told = Told(int(result[2]), which, (), next(iter(dumps), None))
    return Observed(told, -int(result[1]), int(status[1]), tuple(wrong))


def _dumps(logged: list[str], wrong: list[str]) -> Iterator[Dump]:
    index, page = -1, None
    for line in logged:
        if match := _WHICH.match(line) or _UNPINNED.match(line):
            index = int(match[1])
        elif match := _PAGE.match(line):
            page = match
        elif (match := _FLAGS.match(line)) and page is not None:
            flags = _flags(match[1] == "anon ", match[2].split("|"), wrong)
            if flags & PageFlag.ANON or page[3].strip("0"):
                flags |= PageFlag.MAPPING
            yield Dump(index, int(page[4], 16), int(page[1]), int(page[2]), flags)
            page = None


def _flags(anon: bool, names: list[str], wrong: list[str]) -> PageFlag:
    flags = PageFlag.ANON if anon else PageFlag(0)
    for name in names:
        if name in _NAMES:
            flags |= _NAMES[name]
        elif name == _EXCLUSIVE:
            flags |= PageFlag.EXCLUSIVE if anon else PageFlag(0)
        elif not _UNMODELLED.fullmatch(name):
            wrong.append(f"a dumped page has the flag {name}")
    return flags
