"""Compiling a program: names to slots, places to addresses.

Every address follows from the text alone, so that no program depends on where
a kernel would have put a mapping:

* Mappings form groups. A mapping with ``adjacent_to=`` lies directly behind the
  mapping it names, in that one's group; every other begins a group.
* A group has an unmapped guard page of its own before and behind it.
* Groups lie in the arena in the order of their first mappings. A group that
  would fit in one last-level page table (512 pages with its guards) and would
  cross into the next one begins at the next one instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from . import abi, language
from .binding import Arguments
from .conditions import DATA, NUMBER, check_claim, check_requires
from .language import Mistake
from .program import (
    ARENA_START,
    INITIAL,
    Blank,
    Claim,
    Compiled,
    Condition,
    Operation,
    PlacedClaim,
    Program,
    Ref,
    Requires,
)
from .signatures import PRIVATE, RESERVED, Kind, Result, Signature

TABLE_PAGES = 512  # of one last-level page table, both architectures with 4 KiB pages
FILE_PAGES_MAX = abi.ARENA_PAGES_MAX
_ADDRESS_MASK = (1 << 64) - 1

T = TypeVar("T")
Node: TypeAlias = Operation | Claim | Requires | Blank

_SLOT_LIMITS = {
    Result.PROCESS: abi.PROCESSES_MAX,
    Result.FILE: abi.FILES_MAX,
    Result.HELD: abi.HELD_MAX,
}

def place_groups(sizes: list[int]) -> tuple[list[int], int]:
    """Where groups of mappings lie.

    Args:
        sizes: pages of each group, its guards not counted.

    Returns:
        The first page of each group in the arena (behind its guard), and the
        pages of the whole arena (at least one).
    """
    starts = []
    end = 0
    for size in sizes:
        whole = size + 2
        room = TABLE_PAGES - end % TABLE_PAGES
        if room < whole <= TABLE_PAGES:
            end += room
        starts.append(end + 1)
        end += whole
    return starts, max(end, 1)


def compile_program(program: Program) -> Compiled:
    """Resolve every name of a program.

    Raises:
        UsageError: "name:LINE:COLUMN: expected ..., found ...": an unknown call,
            name, flag or argument, a place outside the arena, a limit of the ABI.
    """
    compiler = _Compiler(program)
    for position, line in enumerate(program.lines):
        number = line.number or position + 1
        try:
            compiler.line(line.node, position, number)
        except Mistake as mistake:
            column = language.column_of(line, mistake.key)
            raise language.located(
                program.name, number, column, mistake.expected, mistake.found
            ) from None
    return compiler.compiled()


def _plan(program: Program) -> tuple[dict[int, int], int]:
    """Where every mapping lies, from all mmap lines together.

    A line with a mistake is left out here; compiling it reports the mistake.

    Returns:
        First page in the arena by the line's position, and the arena's pages.
    """
    sizes: list[int] = []  # of the groups
    members: dict[int, tuple[int, int]] = {}  # position -> group, page in it
    last: dict[str, tuple[int, int]] = {}  # mapping -> group, page behind it
    for position, line in enumerate(program.lines):
        node = line.node
        if not isinstance(node, Operation) or node.call.function != "mmap":
            continue
        try:
            arguments = Arguments(node.call)
            pages = arguments.number("pages", 1, abi.ARENA_PAGES_MAX)
        except Mistake:
            continue
        neighbour = arguments.values.get("adjacent_to")
        if isinstance(neighbour, Ref):
            group, end = last.get(neighbour.name, (-1, 0))
            if group < 0 or sizes[group] != end:
                continue
        else:
            group, end = len(sizes), 0
            sizes.append(0)
        members[position] = group, end
        sizes[group] += pages
        if node.result is not None:
            last[node.result] = group, end + pages
    starts, arena_pages = place_groups(sizes)
    return {position: starts[group] + at for position, (group, at) in members.items()}, arena_pages


class _Compiler:
    """What is known at one line of a program.

    Attributes:
        visible: for each process, the files whose descriptors it has: those it
            opened and those its parent had when it forked.
        types: names that have a value in a claim.
    """

    def __init__(self, program: Program) -> None:
        self.starts, self.arena_pages = _plan(program)
        self.mappings: dict[str, tuple[int, int]] = {}
        self.processes = {INITIAL: 0}
        self.files: dict[str, int] = {}
        self.held: dict[str, int] = {}
        self.types: dict[str, str] = {}
        self.results: dict[str, int] = {}
        self.defined: dict[str, int] = {}
        self.slots = {Result.PROCESS: 1, Result.FILE: 0, Result.HELD: 0}
        self.visible: list[set[int]] = [set()]
        self.touches: list[int] = []
        self.blob = 0
        self.ops: list[abi.Op] = []
        self.claims: list[PlacedClaim] = []
        self.requires: list[Condition] = []
        # of the operation at hand
        self.position = 0
        self.process = 0

    def compiled(self) -> Compiled:
        return Compiled(
            ops=tuple(self.ops),
            arena_pages=self.arena_pages,
            touches=tuple(self.touches),
            mappings=self.mappings,
            processes=self.processes,
            files=self.files,
            held=self.held,
            results=self.results,
            claims=tuple(self.claims),
            requires=tuple(self.requires),
        )

    def line(self, node: Node, position: int, number: int) -> None:
        """Compile one line: its position in the program, its number for messages."""
        self.position = position
        if isinstance(node, Operation):
            self.operation(node, number)
        elif isinstance(node, Claim):
            if not self.ops:
                raise Mistake("function", "an operation above the claim", "none")
            check_claim(node.condition, self, self.types)
            after = len(self.ops) - 1
            self.claims.append(PlacedClaim(node.id, node.condition, number, after))
        elif isinstance(node, Requires):
            if self.ops:
                raise Mistake("function", "requires: before the first operation", "it behind one")
            check_requires(node.condition)
            self.requires.append(node.condition)

    def operation(self, node: Operation, number: int) -> None:
        """Compile one operation and define its result."""
        name = INITIAL if node.process is None else node.process
        if name not in self.processes:
            raise Mistake("process", "a process's name", self.described(name))
        self.process = self.processes[name]
        if len(self.ops) == abi.OPERATIONS_MAX:
            raise Mistake("function", f"at most {abi.OPERATIONS_MAX} operations", "one more")
        arguments = Arguments(node.call)
        signature = arguments.signature
        self.check_result(node.result, signature)
        op: abi.Op = _CALLS[signature.code](self, arguments, signature.code, number)
        self.blob += len(op.data)
        if self.blob > abi.BLOB_MAX:
            arguments.fail("data", f"at most {abi.BLOB_MAX} bytes of strings in a program")
        self.ops.append(op)
        if node.result is not None:
            self.define(node.result, signature.result, op, number)

    def check_result(self, name: str | None, signature: Signature) -> None:
        if name is None:
            if signature.named:
                raise Mistake("function", "a result name, as in c = fork()", "none")
        elif signature.result is Result.NOTHING:
            raise Mistake("result", "no result name: the call gives nothing", repr(name))
        elif name in RESERVED:
            raise Mistake("result", "a name that is free for use", repr(name))
        elif name in self.defined:
            raise Mistake("result", "a new name", self.described(name))
        limit = _SLOT_LIMITS.get(signature.result)
        if limit is not None and self.slots[signature.result] >= limit:
            least = ", main included" if signature.result is Result.PROCESS else ""
            expected = f"{signature.result.value} among at most {limit} of a program{least}"
            raise Mistake("function", expected, "one more")

    def define(self, name: str, result: Result, op: abi.Op, number: int) -> None:
        """Give a name to what an operation made."""
        self.defined[name] = number
        if result is Result.MAPPING:
            self.mappings[name] = self.starts[self.position], op.n // abi.PAGE_SIZE
        elif result is Result.PROCESS:
            self.processes[name] = op.slot
        elif result is Result.FILE:
            self.files[name] = op.slot
        else:
            if result is Result.HELD:
                self.held[name] = op.slot
            self.types[name] = DATA if result is Result.DATA else NUMBER
            self.results[name] = len(self.ops) - 1

    def described(self, name: str) -> str:
        """A name as a message shows it."""
        for names, what in (
            (self.mappings, "a mapping"),
            (self.processes, "a process"),
            (self.files, "a file"),
            (self.held, "a held set"),
            (self.results, "a value"),
        ):
            if name in names:
                line = f" of line {self.defined[name]}" if name in self.defined else ""
                return f"{name!r}, {what}{line}"
        return f"{name!r}, which nothing above defines"

    def slot(self, kind: Result) -> int:
        """The next free slot for a process, a file or a held set."""
        self.slots[kind] += 1
        return self.slots[kind] - 1

    # ---- places -----------------------------------------------------------

    def look_up(self, arguments: Arguments, name: str, known: Mapping[str, T], what: str) -> T:
        """What the handle in an argument stands for."""
        handle = arguments.reference(name).name
        if handle not in known:
            arguments.fail(name, what, self.described(handle))
        return known[handle]

    def address(self, arguments: Arguments, name: str, size: int) -> int:
        """Address of a place whose ``size`` bytes all lie in the arena."""
        first, _ = self.look_up(arguments, name, self.mappings, "a mapping's name")
        ref = arguments.reference(name)
        at = (first + (ref.index or 0)) * abi.PAGE_SIZE + ref.offset
        if not 0 <= at <= at + size <= self.arena_pages * abi.PAGE_SIZE:
            pages = f"{self.arena_pages} pages, {ref.name}[0] is page {first}"
            arguments.fail(name, f"{size} bytes inside the arena ({pages})")
        return ARENA_START + at

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


# ---- calls: each fills the fields that pl_operation names for it ------------


def _mmap(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    pages = a.number("pages", 1, abi.ARENA_PAGES_MAX)
    prot = a.symbols("prot")
    flags = a.symbols("flags")
    if bool(flags & PRIVATE) == bool(flags & abi.Map.SHARED):
        a.fail("flags", "either private or shared among flags")
    if bool(flags & abi.Map.ANON) == ("file" in a.values):
        a.fail("flags", "either anon among flags or file=")
    file = c.file(a) if "file" in a.values else -1
    offset = a.number("offset", 0, FILE_PAGES_MAX, 0)
    if "offset" in a.values and file < 0:
        a.fail("offset", "offset= only with file=")
    if "adjacent_to" in a.values:
        c.look_up(a, "adjacent_to", c.mappings, Kind.MAPPING.value)
        if a.reference("adjacent_to").index is not None:
            a.fail("adjacent_to", Kind.MAPPING.value)
        if c.position not in c.starts:
            a.fail("adjacent_to", "a mapping that no other lies behind")
    start = c.starts[c.position]
    if start + pages >= abi.ARENA_PAGES_MAX:
        expected = f"an arena of at most {abi.ARENA_PAGES_MAX} pages, guard pages included"
        a.fail("pages", expected, f"{start + pages + 1}")
    return abi.Op(
        code,
        c.process,
        addr=ARENA_START + start * abi.PAGE_SIZE,
        n=pages * abi.PAGE_SIZE,
        prot=prot,
        flags=flags & ~PRIVATE,
        aux=offset * abi.PAGE_SIZE,
        file=file,
        line=line,
    )


def _munmap(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    return abi.Op(code, c.process, addr=addr, n=size, line=line)


def _mprotect(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    return abi.Op(code, c.process, addr=addr, n=size, prot=a.symbols("prot"), line=line)


def _madvise(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    return abi.Op(code, c.process, addr=addr, n=size, flags=a.symbols("advice"), line=line)


def _load(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = a.number("n", 1, abi.DATA_MAX, 1)
    addr = c.address(a, "place", size)
    c.touch(addr)
    return abi.Op(code, c.process, addr=addr, n=size, line=line)


def _store(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    data = a.data("data")
    addr = c.address(a, "place", len(data))
    c.touch(addr)
    return abi.Op(code, c.process, addr=addr, data=data, line=line)


def _fork(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    c.visible.append(set(c.visible[c.process]))
    return abi.Op(code, c.process, slot=c.slot(Result.PROCESS), line=line)


def _exit(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    return abi.Op(code, c.process, line=line)


def _memfd(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = c.size(a)
    slot = c.slot(Result.FILE)
    c.visible[c.process].add(slot)
    return abi.Op(code, c.process, n=size, slot=slot, line=line)


def _ftruncate(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    file = c.file(a)
    return abi.Op(code, c.process, n=c.size(a), file=file, line=line)


def _gup(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    # get_user_pages_fast() takes an int, get_user_pages() an unsigned long
    bits = 31 if code is abi.Code.GET_USER_PAGES_FAST else 63
    nr = a.number("nr", -(1 << bits), (1 << bits) - 1)
    start = a.values["addr"]
    addr = start & _ADDRESS_MASK if isinstance(start, int) else c.address(a, "addr", 1)
    flags = a.symbols("gup_flags")
    slot = c.slot(Result.HELD)
    return abi.Op(code, c.process, addr=addr, n=nr, flags=flags, slot=slot, line=line)


def _put(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    slot = c.look_up(a, "held", c.held, "a held set's name")
    ref = a.reference("held")
    if ref.offset:
        a.fail("held", Kind.HELD.value)
    index = abi.WHOLE if ref.index is None else c.held_index(a, "held", ref.index)
    return abi.Op(code, c.process, slot=slot, index=index, line=line)


def _peek(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = a.number("n", 1, abi.DATA_MAX, 1)
    slot, index, offset = c.held_page(a, size)
    return abi.Op(code, c.process, n=size, aux=offset, slot=slot, index=index, line=line)


def _poke(c: _Compiler, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    data = a.data("data")
    slot, index, offset = c.held_page(a, len(data))
    return abi.Op(code, c.process, aux=offset, slot=slot, index=index, data=data, line=line)


_CALLS: dict[abi.Code, Callable[[_Compiler, Arguments, abi.Code, int], abi.Op]] = {
    abi.Code.MMAP: _mmap,
    abi.Code.MUNMAP: _munmap,
    abi.Code.MPROTECT: _mprotect,
    abi.Code.MADVISE: _madvise,
    abi.Code.LOAD: _load,
    abi.Code.STORE: _store,
    abi.Code.FORK: _fork,
    abi.Code.EXIT: _exit,
    abi.Code.MEMFD: _memfd,
    abi.Code.FTRUNCATE: _ftruncate,
    abi.Code.GET_USER_PAGES: _gup,
    abi.Code.GET_USER_PAGES_FAST: _gup,
    abi.Code.PUT_PAGE: _put,
    abi.Code.SET_PAGE_DIRTY_LOCK: _put,
    abi.Code.PEEK: _peek,
    abi.Code.POKE: _poke,
}
