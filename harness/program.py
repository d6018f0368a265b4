"""A program: what the text says (AST), and what it resolves to.

The text form is parsed and rendered by ``language``; this module holds the
values and resolves names to slots and addresses. docs/programs.md has the
grammar.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from . import abi

# The arena: far above the agent's own image, below 2^39 (arm64 tinyconfig).
ARENA_START = 0x10_0000_0000
# Where the agent keeps the kernel's own mappings, and where x86 has the vsyscall page.
VVAR, VDSO = 0x680000, 0x780000
VSYSCALL = 0xFFFFFFFFFF600000
INITIAL = "main"  # the process that operations without a prefix run in


@dataclass(frozen=True, slots=True)
class Ref:
    """``m``, ``m[2]``, ``m[2]+100``, ``h[0]``: a handle, or a place in it.

    Attributes:
        index: page (any sign: m[-1] is the guard page below), None: the whole.
        offset: bytes added.
    """

    name: str
    index: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Symbols:
    """``rw``, ``private|anon``, ``WRITE|FORCE``, ``DONTNEED``: names joined by ``|``."""

    names: tuple[str, ...]


# An argument: a number (also an absolute address), bytes, symbols, or a place.
Value: TypeAlias = int | bytes | Symbols | Ref


@dataclass(frozen=True, slots=True)
class Call:
    """``function(positional, name=value)``."""

    function: str
    args: tuple[Value, ...] = ()
    named: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """``result = process: begin call``; process None is the initial one.

    Attributes:
        begin: the call is begun and may be left asleep.
    """

    call: Call
    result: str | None = None
    process: str | None = None
    begin: bool = False


# ---- conditions: of ``requires:`` and of claims ---------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a condition: ``ret``, ``arch``, ``d``, ``x86_64``, ``EFAULT``."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    value: int | bytes


@dataclass(frozen=True, slots=True)
class Fact:
    """``page(m[0])``, ``pte(c, m[0], write)``: something a snapshot shows."""

    function: str
    args: tuple[Ref | Name, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x`` or ``not x``."""

    operator: str
    operand: Condition


@dataclass(frozen=True, slots=True)
class Binary:
    """``==  !=  <  <=  >  >=  and  or  +  -``; ``in`` takes a Tuple on the right."""

    operator: str
    left: Condition
    right: Condition


@dataclass(frozen=True, slots=True)
class Tuple:
    """``(x86_64, arm64)`` behind ``in``."""

    items: tuple[Condition, ...]


Condition: TypeAlias = Name | Literal | Fact | Unary | Binary | Tuple


@dataclass(frozen=True, slots=True)
class Claim:
    """``claim GUP-01: ret == 2``: shown or refuted by what was observed alone."""

    id: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Requires:
    condition: Condition


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty line or one with only a comment."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a program.

    Attributes:
        node: what it says.
        source: its text as written, without the newline; "" for a line that was
            made, not parsed. Not part of its value.
        number: from 1; 0 for a line that was made. Not part of its value.
    """

    node: Operation | Claim | Requires | Blank
    source: str = field(default="", compare=False)
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Program:
    """Lines in order.

    Attributes:
        name: path or generated name, for messages; not part of its value.
        final_newline: False where the text's last line had none. Not part of its value.
    """

    lines: tuple[Line, ...]
    name: str = field(default="", compare=False)
    final_newline: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class PlacedClaim:
    """A claim and the operation it stands behind.

    Attributes:
        after: index of the last operation above it; -1 if none.
    """

    id: str
    condition: Condition
    line: int
    after: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program with every symbol resolved.

    Attributes:
        ops: what travels and what the model steps through.
        arena_pages: size of the arena, guard pages included.
        touches: offsets in a page (multiples of 8) that snapshots show.
        mappings: name -> (first page in the arena, pages).
        processes, files, held: name -> slot.
        results: name -> index of the operation whose data or value it holds.
    """

    ops: tuple[abi.Op, ...]
    arena_pages: int
    touches: tuple[int, ...]
    mappings: dict[str, tuple[int, int]]
    processes: dict[str, int]
    files: dict[str, int]
    held: dict[str, int]
    results: dict[str, int]
    claims: tuple[PlacedClaim, ...]
    requires: tuple[Condition, ...]
    arena_start: int = ARENA_START
