"""What the model says of a case: a program of the same operations, stepped through."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from harness import language, layout
from harness.abi import GETS, PAGE_SIZE, PageFlag
from harness.model import Arena, Model, Semantics, State
from harness.model.rules import Rules
from harness.model.rules_memory import PIN_BIAS
from harness.program import Compiled

from .cases import PAGES, Case, Memory

_MAPPED = {
    Memory.ANON: "private|anon",
    Memory.SHARED: "shared|anon",
    Memory.SHMEM: "shared, file=f",
    Memory.FILE: "shared, file=f",
    Memory.COPY: "private, file=f",
}
_MADE = {Memory.SHMEM: "memfd", Memory.FILE: "open", Memory.COPY: "open"}
# What dump_page tells; the rest of the model's flags are the module's own findings.
SHOWN = (
    PageFlag.DIRTY
    | PageFlag.UPTODATE
    | PageFlag.WRITEBACK
    | PageFlag.PRIVATE
    | PageFlag.LOCKED
    | PageFlag.ANON
    | PageFlag.SWAPBACKED
    | PageFlag.RESERVED
    | PageFlag.EXCLUSIVE
    | PageFlag.MAPPING
    | PageFlag.SLAB
    | PageFlag.COMPOUND
)


@dataclass(frozen=True, slots=True)
class Dump:
    """A page, dumped behind the calls.

    Attributes:
        index: in the mapping.
        frame: what tells it from other pages.
        flags: of SHOWN.
    """

    index: int
    frame: int
    ref: int
    map: int
    flags: PageFlag


@dataclass(frozen=True, slots=True)
class Told:
    """What one case gives.

    Attributes:
        size: struct gup_test's, behind the calls: bytes that they went over.
        which: its which_pages: those to be dumped, from 1 on, 0 where there was none.
        dumps: the others.
        unpinned: the first page that should be pinned and does not look so.
    """

    size: int
    which: tuple[int, ...]
    dumps: tuple[Dump, ...]
    unpinned: Dump | None = None


def program(case: Case) -> str:
    """The case as a program; it may make more calls than the kernel goes on to make."""
    return "".join(
        f"{line}\n" for line in (f"# gup_test: {case.name}", *_made(case), *_calls(case))
    )


def _made(case: Case) -> Iterator[str]:
    """Memory as gup_test makes it."""
    if case.memory in _MADE:
        yield f"f = {_MADE[case.memory]}(pages={case.file_pages})"
    yield f"m = mmap(pages={PAGES}, prot=rw, flags={_MAPPED[case.memory]})"
    if case.present:
        yield from (f'store(m[{page}], "\\x00")' for page in range(PAGES))


def _calls(case: Case) -> Iterator[str]:
    """The calls as the kernel makes them, if each returns what it is asked for."""
    asked = ["WRITE"] if case.write else []
    asked += ["LONGTERM"] if case.mode.longterm else []
    flags = f", gup_flags={'|'.join(asked)}" if asked else ""
    for number, at in enumerate(range(0, PAGES, case.per_call)):
        nr = min(case.per_call, PAGES - at)
        yield f"h{number} = {case.mode.call}(m[{at}], nr={nr}{flags})"


@functools.cache
def _compiled(case: Case) -> Compiled:
    return layout.compile_program(language.parse(program(case), case.name))


class Predictor:
    """The model, asked about one case after the other.

    Args:
        rules: the model's; tests give wrong ones.
    """

    def __init__(self, semantics: Semantics, rules: type[Rules] = Rules) -> None:
        self._semantics = semantics
        self._rules = rules
        self._ready: dict[tuple[Memory, bool, int], tuple[Model, State]] = {}

    def predict(self, case: Case) -> Told:
        """What the kernel has to tell of a case.

        The calls go on as in 6.1 mm/gup_test.c __gup_test_ioctl: until one returns an error
        or nothing, or one has returned less than it was asked for.
        """
        model, state = self._before(case)
        held: list[int] = []
        size = 0
        for op in _compiled(case).ops:
            if op.code not in GETS:
                continue
            (branch,) = model.step(state, op)
            state, ret = branch.state, branch.expected.ret
            if ret <= 0:
                break
            held += [page for page in state.held[op.slot] if page is not None]
            size += op.n * PAGE_SIZE
            if ret != case.per_call:
                break
        dumped = [index for index in case.dumped if index < len(held)]
        dumps = tuple(_dump(state, index, held[index]) for index in dumped)
        which = tuple(index + 1 if index in dumped else 0 for index in case.dumped)
        return Told(size, which, dumps, _unpinned(case, state, held))

    def _before(self, case: Case) -> tuple[Model, State]:
        """The model before the first call; the same for all cases on the same memory."""
        memory = (case.memory, case.present, case.file_pages)
        if memory not in self._ready:
            compiled = _compiled(case)
            arena = Arena(compiled.arena_start, compiled.arena_pages)
            model = Model(self._semantics, arena, self._rules(self._semantics))
            state = model.initial()
            for op in itertools.takewhile(lambda op: op.code not in GETS, compiled.ops):
                (branch,) = model.step(state, op)
                state = branch.state
            self._ready[memory] = model, state
        return self._ready[memory]


def _unpinned(case: Case, state: State, held: list[int]) -> Dump | None:
    """The page that the self-test warns of, in its modes that pin.

    6.1 mm/gup_test.c verify_dma_pinned, include/linux/mm.h folio_maybe_dma_pinned.
    """
    if case.mode.dumps or not case.mode.call.startswith("pin_"):
        return None
    dumps = (_dump(state, index, page) for index, page in enumerate(held))
    return next((dump for dump in dumps if dump.ref < PIN_BIAS), None)


def _dump(state: State, index: int, number: int) -> Dump:
    record = state.record(number)
    assert record is not None  # it is held
    ref, mapped, flags, *_ = record
    return Dump(index, number, ref, mapped, PageFlag(flags) & SHOWN)
