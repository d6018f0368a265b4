"""One operation of the model: from a state to the branches it allows.

``Model.step`` never changes the state it is given. Where the kernel may do
several things the operation is run once for each, under the name of the
allowance that says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .. import abi
from ..abi import Kind

# The modules whose functions make the calls; they register themselves.
from . import (  # noqa: F401
    calls_access,
    calls_advice,
    calls_blocking,
    calls_driver,
    calls_file,
    calls_frames,
    calls_gup,
    calls_mapping,
    calls_module,
    calls_mpage,
    calls_others,
    calls_shmem,
    calls_swap,
    calls_uffd,
    calls_user,
    calls_zap,
    family,
    gup,
    process,
    reclaim,
)
from .calls import Expected, value
from .rules import Rules
from .semantics import Semantics
from .state import G_EXCLUSIVE, State

EBADF = 9
_MAX_RUN = 16  # choices of one operation; more is a fault of the model

ALLOWANCES = {
    "lru_batch": "a page touched twice may sit in a per-CPU LRU batch, whose reference makes "
    "a write copy it (6.1 mm/swap.c folio_activate; only where batches are not drained "
    "after each operation)",
    "split_rss": "a task's last faults may not be in its mm's counters yet "
    "(6.1 mm/memory.c check_sync_rss_stat; only where page tables have split locks)",
    "warn_once": "a check that the compiler put into each of its callers warns once in each "
    "(6.1 mm/gup.c is_valid_gup_flags)",
}


class Branch(NamedTuple):
    """One thing that may happen.

    Attributes:
        state: the state afterwards; its own, touched and freed say what changed.
        rules: names of the rules that led here, in order, where the model's are traced.
        allowances: names of the allowances used, empty where there was no choice.
    """

    expected: Expected
    state: State
    rules: tuple[str, ...]
    allowances: tuple[str, ...]


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

    def initial(self) -> State:
        """Before the first operation: one process with an empty arena."""
        state = State()
        state.hidden = 0 if self.sem.release.exclusive else G_EXCLUSIVE
        return state

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
            names: tuple[str, ...] = ()
            if after.chosen:
                pending += self._others(op, after.chosen, len(wanted))
                names = tuple(name for name, _, _ in after.chosen)
            branches.append(Branch(expected, after, tuple(self.rules.trail), names))
            if self.sem.drained_each:
                after.drained()
        return branches

    @staticmethod
    def _others(
        op: abi.Op, chosen: list[tuple[str, int, int]], known: int
    ) -> Iterator[tuple[int, ...]]:
        """The choices that were not made, of those behind the first so many."""
        if len(chosen) > _MAX_RUN:
            raise RuntimeError(f"line {op.line} leaves more than {_MAX_RUN} choices open")
        taken = tuple(choice for _, choice, _ in chosen)
        for at in range(known, len(taken)):
            for other in range(1, chosen[at][2]):
                yield (*taken[:at], other)

    def _run(self, state: State, op: abi.Op) -> Expected:
        state.number += 1
        if op.code is abi.Code.WAIT:
            return calls_blocking.collect(state, op)
        if not state.lives(op.process):
            return Expected(Kind.NO_PROCESS)
        if calls_blocking.sleeps(state, op.process):
            return Expected(Kind.BLOCKED)
        file = op.index if op.code is abi.Code.UNMAP_MAPPING_RANGE else op.file
        if file >= 0 and file not in state.slots and op.code not in calls_driver.TOLD:
            return value(-EBADF)  # a sleeping process was to open it (6.1 fs/file.c __fget_light)
        expected = calls_blocking.make(self, state, op)
        if op.mode & gup.KILLED:
            process.end(self.rules, state, op.process, family.SIGKILL)
        if state.dead:
            process.bury(self.rules, state)
        return expected
