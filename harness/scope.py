"""The names that a line of a program can use, and the places that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from . import abi
from .binding import Arguments
from .conditions import DATA, NUMBER
from .language import Mistake
from .program import ARENA_START, INITIAL
from .signatures import RESERVED, Kind, Result, Signature

FILE_PAGES_MAX = abi.ARENA_PAGES_MAX

_SLOT_LIMITS = {
    Result.PROCESS: abi.PROCESSES_MAX,
    Result.FILE: abi.FILES_MAX,
    Result.HELD: abi.HELD_MAX,
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that was begun.

    Attributes:
        number: among the program's operations.
        result: what it gives to whoever waits for it.
    """

    name: str
    number: int
    op: abi.Op
    result: Result


class ScopeMark(NamedTuple):
    """What of a Scope an operation may change; numbers where that only grows."""

    names: int
    touches: int
    slots: dict[Result, int]
    visible: list[set[int]]
    asleep: dict[int, str]
    latest: dict[int, str]
    replaced: set[int]
    waits: bool


class Scope:
    """What is known at one line of a program; the methods raise Mistake.

    Attributes:
        starts: first page in the arena of each line that maps, by its position.
        mappings, processes, files, held, results: as of a Compiled.
        types: what each of ``results`` is in a claim, conditions.NUMBER or DATA.
        visible: for each process, the files whose descriptors it has: those it
            opened, and those its parent had when it forked.
        touches: as of a Compiled.
        begun: the calls that were begun, by name.
        asleep: for each process, the begun call that nobody has waited for.
        latest: for each process, the begun call behind which it made no other.
        replaced: processes that execve was called by.
        waits: a process waits for a child.
        position: of the operation at hand, among the program's lines.
        process: slot of the operation's process.
    """

    def __init__(self, starts: Mapping[int, int], arena_pages: int) -> None:
        self.starts = starts
        self.arena_pages = arena_pages
        self.mappings: dict[str, tuple[int, int]] = {}
        self.processes = {INITIAL: 0}
        self.files: dict[str, int] = {}
        self.held: dict[str, int] = {}
        self.results: dict[str, int] = {}
        self.types: dict[str, str] = {}
        self.visible: list[set[int]] = [set()]
        self.touches: list[int] = []
        self.begun: dict[str, Begun] = {}
        self.asleep: dict[int, str] = {}
        self.latest: dict[int, str] = {}
        self.replaced: set[int] = set()
        self.waits = False
        self.position = 0
        self.process = 0
        self._defined: dict[str, int] = {}  # name -> line
        self._slots = {Result.PROCESS: 1, Result.FILE: 0, Result.HELD: 0}
        self._tables: tuple[dict[str, Any], ...] = (
            self.mappings,
            self.processes,
            self.files,
            self.held,
            self.results,
            self.types,
            self.begun,
        )

    def mark(self) -> ScopeMark:
        """Where ``back`` gets to: one operation behind, at most."""
        return ScopeMark(
            len(self._defined),
            len(self.touches),
            dict(self._slots),
            [set(files) for files in self.visible],
            dict(self.asleep),
            dict(self.latest),
            set(self.replaced),
            self.waits,
        )

    def back(self, mark: ScopeMark) -> None:
        """Forget what was done since the mark, which is used up by that."""
        for name in list(self._defined)[mark.names :]:
            del self._defined[name]
            for names in self._tables:
                names.pop(name, None)
        del self.touches[mark.touches :]
        self._slots = mark.slots
        self.visible = mark.visible
        self.asleep, self.latest = mark.asleep, mark.latest
        self.replaced, self.waits = mark.replaced, mark.waits

    # ---- names ------------------------------------------------------------

    def enter(self, position: int, process: str | None) -> None:
        """Begin an operation of that process."""
        name = INITIAL if process is None else process
        if name not in self.processes:
            raise Mistake("process", "a process's name", self.described(name))
        self.position = position
        self.process = self.processes[name]
        if self.process in self.asleep:
            begun = self.asleep[self.process]
            raise Mistake("function", f"wait({begun}) before {name} goes on", "another call of it")
        self.latest.pop(self.process, None)

    def begin(self, name: str, result: Result, op: abi.Op, number: int) -> None:
        """Give a name to a call that was begun; what it gives is what wait() gets."""
        self._defined[name] = op.line
        self.begun[name] = Begun(name, number, op, result)
        self.asleep[op.process] = self.latest[op.process] = name

    def waited(self, arguments: Arguments) -> Begun:
        """The call that wait() is to ask for."""
        found = self.look_up(arguments, "call", self.begun, Kind.BEGUN.value)
        if arguments.reference("call").index is not None:
            arguments.fail("call", Kind.BEGUN.value)
        if self.latest.get(found.op.process) != found.name:
            arguments.fail("call", "the latest call of its process")
        self.asleep.pop(found.op.process, None)
        return found

    def check_result(self, name: str | None, signature: Signature) -> None:
        """Whether a call's result may have that name, and there is a slot left for it."""
        if name is None:
            if signature.named:
                raise Mistake("function", "a result name, as in c = fork()", "none")
        elif signature.result is Result.NOTHING:
            raise Mistake("result", "no result name: the call gives nothing", repr(name))
        elif name in RESERVED:
            raise Mistake("result", "a name that is free for use", repr(name))
        elif name in self._defined:
            raise Mistake("result", "a new name", self.described(name))
        limit = _SLOT_LIMITS.get(signature.result)
        if limit is not None and self._slots[signature.result] >= limit:
            least = ", main included" if signature.result is Result.PROCESS else ""
            expected = f"{signature.result.value} among at most {limit} of a program{least}"
            raise Mistake("function", expected, "one more")

    def define(self, name: str, result: Result, op: abi.Op, number: int) -> None:
        """Give a name to what an operation made.

        Args:
            number: the operation's, among the program's operations.
        """
        self._defined[name] = op.line
        if result is Result.MAPPING:
            first = (op.addr - ARENA_START) // abi.PAGE_SIZE
            self.mappings[name] = first, op.n // abi.PAGE_SIZE
        elif result is Result.PROCESS:
            self.processes[name] = op.slot
        elif result is Result.FILE:
            self.files[name] = op.slot
        else:
            if result is Result.HELD:
                self.held[name] = op.slot
            self.types[name] = DATA if result is Result.DATA else NUMBER
            self.results[name] = number

    def described(self, name: str) -> str:
        """A name as a message shows it."""
        for names, what in (
            (self.mappings, "a mapping"),
            (self.processes, "a process"),
            (self.files, "a file"),
            (self.held, "a held set"),
            (self.begun, "a begun call"),
            (self.results, "a value"),
        ):
            if name in names:
                line = f" of line {self._defined[name]}" if name in self._defined else ""
                return f"{name!r}, {what}{line}"
        return f"{name!r}, which nothing above defines"

    def slot(self, kind: Result) -> int:
        """The next free slot for a process, a file or a held set."""
        self._slots[kind] += 1
        return self._slots[kind] - 1

    # ---- places -----------------------------------------------------------

    def look_up(self, arguments: Arguments, name: str, known: Mapping[str, T], what: str) -> T:
        """What the handle in an argument stands for."""
        handle = arguments.reference(name).name
        if handle not in known:
            arguments.fail(name, what, self.described(handle))
        return known[handle]

    def address(self, arguments: Arguments, name: str, size: int) -> int:
        """Address of a place whose ``size`` bytes all lie in the arena."""
        at = self._at(arguments, name)
        self.inside(arguments, name, size)
        return ARENA_START + at

    def _at(self, arguments: Arguments, name: str) -> int:
        first, _ = self.look_up(arguments, name, self.mappings, "a mapping's name")
        ref = arguments.reference(name)
        return (first + (ref.index or 0)) * abi.PAGE_SIZE + ref.offset

    def inside(self, arguments: Arguments, name: str, size: int) -> None:
        """Whether ``size`` bytes from a place on all lie in the arena."""
        at = self._at(arguments, name)
        if not 0 <= at <= at + size <= self.arena_pages * abi.PAGE_SIZE:
            handle = arguments.reference(name).name
            pages = f"{self.arena_pages} pages, {handle}[0] is page {self.mappings[handle][0]}"
            arguments.fail(name, f"{size} bytes inside the arena ({pages})")

    def span(self, arguments: Arguments) -> tuple[int, int]:
        """Address and bytes: a whole mapping, or pages= from a place."""
        if "pages" in arguments.values:
            size = arguments.number("pages", 0, abi.ARENA_PAGES_MAX) * abi.PAGE_SIZE
            return self.address(arguments, "place", size), size
        _, pages = self.look_up(arguments, "place", self.mappings, "a mapping's name")
        if arguments.reference("place").index is not None:
            arguments.fail("place", "a whole mapping, or pages= with a place")
        size = pages * abi.PAGE_SIZE
        return self.address(arguments, "place", size), size

    def touch(self, offset: int) -> None:
        """Have snapshots show the word at that offset (of a page, or an address)."""
        word = offset % abi.PAGE_SIZE & ~7
        if word not in self.touches and len(self.touches) < abi.TOUCH_MAX:
            self.touches.append(word)

    def file(self, arguments: Arguments) -> int:
        """Slot of a file that the operation's process has open."""
        slot = self.look_up(arguments, "file", self.files, Kind.FILE.value)
        if arguments.reference("file").index is not None:
            arguments.fail("file", Kind.FILE.value)
        if slot not in self.visible[self.process]:
            arguments.fail("file", "a file that the process, or its parent before fork(), opened")
        return slot

    def target(self, arguments: Arguments) -> int:
        """Slot of the process that an operation is about."""
        slot = self.look_up(arguments, "process", self.processes, Kind.PROCESS.value)
        if arguments.reference("process").index is not None:
            arguments.fail("process", Kind.PROCESS.value)
        if slot in self.replaced:
            arguments.fail("process", "a process that is still the program's, with no execve above")
        return slot

    def size(self, arguments: Arguments) -> int:
        """Bytes of a file: pages= or size=."""
        if ("pages" in arguments.values) == ("size" in arguments.values):
            found = "both" if "size" in arguments.values else "neither"
            raise Mistake("function", f"pages= or size= in {arguments.function}()", found)
        if "size" in arguments.values:
            return arguments.number("size", 0, FILE_PAGES_MAX * abi.PAGE_SIZE)
        return arguments.number("pages", 0, FILE_PAGES_MAX) * abi.PAGE_SIZE

    def held_page(self, arguments: Arguments, size: int) -> tuple[int, int, int]:
        """Slot, index and offset of a place whose ``size`` bytes lie in one held page."""
        slot = self.look_up(arguments, "place", self.held, "a held set's name")
        ref = arguments.reference("place")
        index = self.held_index(arguments, "place", ref.index or 0)
        if not 0 <= ref.offset <= ref.offset + size <= abi.PAGE_SIZE:
            arguments.fail("place", f"{size} bytes inside one page of {abi.PAGE_SIZE}")
        self.touch(ref.offset)
        return slot, index, ref.offset

    def held_index(self, arguments: Arguments, name: str, index: int) -> int:
        if not 0 <= index < abi.GUP_CAPACITY:
            arguments.fail(name, f"a held page from 0 to {abi.GUP_CAPACITY - 1}")
        return index
