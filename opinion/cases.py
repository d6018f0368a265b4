"""What the kernel's self-test is asked to do: each of its modes on each kind of memory."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from harness.abi import PAGE_SIZE

PAGES = 256  # what gup_test maps at the least: -m 1
_BATCH = 15  # pages of an LRU batch (6.1 include/linux/pagevec.h PAGEVEC_SIZE)


@dataclass(frozen=True, slots=True)
class Mode:
    """One of the self-test's commands.

    Attributes:
        options: by which gup_test is told.
        call: the call that the kernel makes, as programs write it.
        longterm: with LONGTERM.
        dumps: pages are dumped.
    """

    name: str
    options: tuple[str, ...]
    call: str
    longterm: bool = False
    dumps: bool = False


MODES = (
    Mode("get", ("-U",), "get_user_pages"),
    Mode("get fast", ("-u",), "get_user_pages_fast"),
    Mode("pin", ("-b",), "pin_user_pages"),
    Mode("pin fast", ("-a",), "pin_user_pages_fast"),
    Mode("pin longterm", ("-L",), "pin_user_pages", longterm=True),
    Mode("dump", ("-c",), "get_user_pages", dumps=True),
    Mode("dump pinned", ("-c", "-p"), "pin_user_pages", dumps=True),
)


class Memory(enum.Enum):
    """What is mapped; the value says how, to people."""

    ANON = "anonymous"
    SHARED = "shared anonymous"
    SHMEM = "shared tmpfs file"
    FILE = "shared ext2 file"
    COPY = "private ext2 file"

    @property
    def path(self) -> str:
        """The file in the guest; "" where gup_test's own /dev/zero will do."""
        folder = {Memory.SHMEM: "/tmp", Memory.FILE: "/disk", Memory.COPY: "/disk"}.get(self)
        return f"{folder}/file" if folder else ""

    @property
    def is_shared(self) -> bool:
        return self in (Memory.SHARED, Memory.SHMEM, Memory.FILE)


@dataclass(frozen=True, slots=True)
class Case:
    """One run of gup_test.

    Attributes:
        present: every page was written before the call.
        write: with WRITE.
        per_call: pages that each call asks for.
        file_pages: how long the file is, where there is one.
    """

    mode: Mode
    memory: Memory
    present: bool
    write: bool
    per_call: int = 64
    file_pages: int = PAGES

    @property
    def name(self) -> str:
        """What it is, in words."""
        return ", ".join(
            (
                self.mode.name,
                self.memory.value,
                "present" if self.present else "absent",
                "write" if self.write else "read",
                f"{self.per_call} a call",
                *((f"file of {self.file_pages} pages",) if self.file_pages != PAGES else ()),
            )
        )

    @property
    def dumped(self) -> tuple[int, ...]:
        """Which pages are to be dumped, some of them beyond the end.

        None that the call brings in last: it may still lie in an LRU batch, and the
        model's counts are without the batches'.
        """
        if not self.mode.dumps:
            return ()
        last = self.file_pages - 1 if self.present else self.file_pages - 1 - _BATCH
        return tuple(dict.fromkeys((0, 1, 63, last, self.file_pages, PAGES)))

    @property
    def line(self) -> str:
        """What opinion/guest/init.c reads."""
        path = self.memory.path
        words = [path or "-", str(self.file_pages * PAGE_SIZE), "-m", "1", *self.mode.options]
        words += ["-n", str(self.per_call), "-w" if self.write else "-W"]
        words += ["-f", path] if path else []
        words += ["-S"] if self.memory.is_shared else []
        words += [] if self.present else ["-z"]
        return " ".join((*words, *map(str, self.dumped)))


def _cases() -> Iterator[Case]:
    for mode, memory, present, write in itertools.product(
        MODES, Memory, (True, False), (True, False)
    ):
        yield Case(mode, memory, present, write)
        if memory.path and not present:
            # The file ends behind the last call but one, and in the middle of a call.
            yield Case(mode, memory, present, write, per_call=100, file_pages=100)
            yield Case(mode, memory, present, write, file_pages=100)
    for mode, per_call in itertools.product(MODES, (5, 100, PAGES)):
        yield Case(mode, Memory.ANON, present=False, write=True, per_call=per_call)


CASES = tuple(_cases())
