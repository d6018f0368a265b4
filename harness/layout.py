"""Compiling a program: names to slots, places to addresses.

Every address follows from the text alone, so that no program depends on where
a kernel would have put a mapping:

* Mappings form groups. A mapping with ``adjacent_to=`` lies directly behind the
  mapping it names, in that one's group; every other begins a group.
* A group has an unmapped guard page of its own before and behind it.
* Groups lie in the arena in the order of their first mappings. A group that
  would fit in one last-level page table (512 pages with its guards) and would
  cross into the next one begins at the next one instead.
* A group whose first mapping is aligned begins where a page table begins.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import TypeAlias

from . import abi, language
from .binding import Arguments
from .calls import COMPILE, wants_alignment
from .conditions import check_claim, check_requires
from .language import Mistake
from .program import (
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
from .scope import Scope, ScopeMark
from .signatures import CALLS, Signature

TABLE_PAGES = abi.HUGE_PAGES  # of one last-level page table

Node: TypeAlias = Operation | Claim | Requires | Blank
Mark: TypeAlias = tuple[int, int, ScopeMark]


def place_groups(sizes: list[int], aligned: Collection[int] = frozenset()) -> tuple[list[int], int]:
    """Where groups of mappings lie.

    Args:
        sizes: pages of each group, its guards not counted.
        aligned: numbers of the groups that begin where a page table begins.

    Returns:
        The first page of each group in the arena (behind its guard), and the
        pages of the whole arena (at least one).
    """
    starts = []
    end = 0
    for group, size in enumerate(sizes):
        whole = size + 2
        if group in aligned:
            end += -(end + 1) % TABLE_PAGES  # the guard ends the table below
            starts.append(end + 1)
            end += whole
            continue
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
    compiler = Compiler(*_plan(program))
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
    aligned: set[int] = set()
    members: dict[int, tuple[int, int]] = {}  # position -> group, page in it
    last: dict[str, tuple[int, int]] = {}  # mapping -> group, page behind it
    for position, line in enumerate(program.lines):
        node = line.node
        if not isinstance(node, Operation) or node.call.function != "mmap":
            continue
        try:
            arguments = Arguments(node.call)
            pages = arguments.number("pages", 1, abi.ARENA_PAGES_MAX)
            alone = wants_alignment(arguments)
        except Mistake:
            continue
        if "at" in arguments.values:
            continue  # it lies where others do
        neighbour = arguments.values.get("adjacent_to")
        if isinstance(neighbour, Ref):
            group, end = last.get(neighbour.name, (-1, 0))
            if group < 0 or sizes[group] != end:
                continue
        else:
            group, end = len(sizes), 0
            sizes.append(0)
            if alone:
                aligned.add(group)
        members[position] = group, end
        sizes[group] += pages
        if node.result is not None:
            last[node.result] = group, end + pages
    starts, arena_pages = place_groups(sizes, aligned)
    return {position: starts[group] + at for position, (group, at) in members.items()}, arena_pages


class Compiler:
    """The lines compiled so far, and the scope that the next one has.

    Args:
        starts: first page in the arena of each line that maps, by its position; whoever
            makes a program line by line adds to it.
        arena_pages: size of the arena, guard pages included.
    """

    def __init__(self, starts: dict[int, int], arena_pages: int) -> None:
        self.scope = Scope(starts, arena_pages)
        self.blob = 0  # bytes of strings
        self.ops: list[abi.Op] = []
        self.claims: list[PlacedClaim] = []
        self.requires: list[Condition] = []

    def compiled(self) -> Compiled:
        """The program of these lines."""
        scope = self.scope
        return Compiled(
            ops=tuple(self.ops),
            arena_pages=scope.arena_pages,
            touches=tuple(scope.touches),
            mappings=scope.mappings,
            processes=scope.processes,
            files=scope.files,
            held=scope.held,
            results=scope.results,
            claims=tuple(self.claims),
            requires=tuple(self.requires),
        )

    def line(self, node: Node, position: int, number: int) -> None:
        """Compile one line: its position in the program, its number for messages.

        Raises:
            Mistake: it makes no sense; what the scope knows may have changed.
        """
        if isinstance(node, Operation):
            self.operation(node, position, number)
        elif isinstance(node, Claim):
            if not self.ops:
                raise Mistake("function", "an operation above the claim", "none")
            check_claim(node.condition, self.scope, self.scope.types)
            after = len(self.ops) - 1
            self.claims.append(PlacedClaim(node.id, node.condition, number, after))
        elif isinstance(node, Requires):
            if self.ops:
                raise Mistake("function", "requires: before the first operation", "it behind one")
            check_requires(node.condition)
            self.requires.append(node.condition)

    def mark(self) -> Mark:
        """Where ``back`` gets to."""
        return len(self.ops), self.blob, self.scope.mark()

    def back(self, mark: Mark) -> None:
        """Forget what was compiled since."""
        operations, self.blob, names = mark
        del self.ops[operations:]
        self.scope.back(names)

    def operation(self, node: Operation, position: int, number: int) -> None:
        """Compile one operation and define its result."""
        if len(self.ops) == abi.OPERATIONS_MAX:
            raise Mistake("function", f"at most {abi.OPERATIONS_MAX} operations", "one more")
        arguments = Arguments(node.call)
        signature = arguments.signature
        if signature.code is abi.Code.WAIT:
            self.wait(node, arguments, number)
            return
        self.scope.enter(position, node.process)
        self.scope.check_result(node.result, signature)
        op = COMPILE[signature.code](self.scope, arguments, signature.code, number)
        if node.begin:
            op = self.begin(node, signature, op)
        self.blob += len(op.data)
        if self.blob > abi.BLOB_MAX:
            expected = f"at most {abi.BLOB_MAX} bytes of strings in a program"
            arguments.fail("data", expected, "more")
        if node.result is not None and not node.begin:
            self.scope.define(node.result, signature.result, op, len(self.ops))
        self.ops.append(op)

    def begin(self, node: Operation, signature: Signature, op: abi.Op) -> abi.Op:
        """The same operation, begun."""
        if not signature.begins:
            able = ", ".join(name for name, known in CALLS.items() if known.begins)
            raise Mistake("function", f"a call that may sleep ({able})", node.call.function)
        if op.mode:
            raise Mistake("begin", "no begin where a signal is pending", "begin")
        if node.result is None:
            raise Mistake("begin", "a name for what is begun, as in t = begin", "none")
        op = dataclasses.replace(op, mode=int(abi.Mode.BEGIN))
        self.scope.begin(node.result, signature.result, op, len(self.ops))
        return op

    def wait(self, node: Operation, arguments: Arguments, number: int) -> None:
        """Compile ``wait(t)``; its result is what the begun call gives."""
        if node.process is not None or node.begin:
            mark = "process" if node.process is not None else "begin"
            raise Mistake(mark, "wait() alone: the program waits, not a process", mark)
        self.scope.check_result(node.result, arguments.signature)
        begun = self.scope.waited(arguments)
        op = abi.Op(
            abi.Code.WAIT, begun.op.process, aux=begun.number, slot=begun.op.slot, line=number
        )
        if node.result is not None:
            self.scope.define(node.result, begun.result, op, len(self.ops))
        self.ops.append(op)
