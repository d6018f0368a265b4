"""The states that agree with everything seen so far, and their step over one operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .. import abi, klog
from ..model import Branch, Model
from ..model.state import State
from ..program import Compiled
from ..trace import Outcome, Trace
from . import compare, warnings
from .compare import Difference, Pairs
from .observed import Key, Observed


@dataclass(slots=True)
class Candidate:
    """A state that agrees with everything seen so far."""

    state: State
    pairs: Pairs

    def clone(self) -> Candidate:
        """The same, to try something with; a step leaves the state as it is."""
        return Candidate(self.state, self.pairs.clone())


class Seen(NamedTuple):
    """What was seen of one operation.

    Attributes:
        faults: that its log reports.
        keys, frames: what its snapshot changed.
        whole: the first snapshot since a while: all of it is compared.
    """

    outcome: Outcome
    faults: tuple[klog.Fault, ...]
    keys: Sequence[Key]
    frames: Sequence[int]
    whole: bool


class Stepped(NamedTuple):
    """All branches of all candidates.

    Attributes:
        kept: what agrees, and the branch that led there.
        misses: what does not, with the first difference; None where the outcome differs.
        allowed: all branches.
    """

    kept: list[tuple[Candidate, Branch]]
    misses: list[tuple[Branch, Difference | None]]
    allowed: list[Branch]


class Follower:
    """Goes along a trace.

    Attributes:
        observed: what the snapshots show so far.
        candidates: nearly always one.
        unseen: operations went by without a snapshot.
    """

    def __init__(self, trace: Trace, compiled: Compiled, initial: State) -> None:
        facts = trace.header.environment.facts
        self.observed = Observed()
        self.candidates = [Candidate(initial, Pairs(facts.get("zero_pfn", 0)))]
        self.unseen = False
        self._words = compare.shown_words(compiled.touches)

    def see(self, outcome: Outcome) -> Seen:
        """Takes in the next operation; once for each, in order.

        Raises:
            ValueError: a snapshot that is none (a guest that lies).
        """
        keys: Sequence[Key] = ()
        frames: Sequence[int] = ()
        if outcome.snapshot is not None:
            keys, frames = self.observed.apply(outcome.snapshot)
        faults = warnings.faults_in(outcome.log) if outcome.log else ()
        return Seen(outcome, faults, keys, frames, self.unseen)

    def step(
        self, model: Model, op: abi.Op, seen: Seen, candidates: Sequence[Candidate]
    ) -> Stepped:
        """Steps candidates over the operation that was just seen; their pairs are made use of."""
        stepped = Stepped([], [], [])
        for candidate in candidates:
            branches = model.step(candidate.state, op)
            stepped.allowed.extend(branches)
            for branch in branches:
                pairs = candidate.pairs.clone() if len(branches) > 1 else candidate.pairs
                if not _same_outcome(branch, pairs, seen):
                    stepped.misses.append((branch, None))
                    continue
                difference = self._snapshot(branch, pairs, seen)
                if difference is not None:
                    stepped.misses.append((branch, difference))
                else:
                    stepped.kept.append((Candidate(branch.state, pairs), branch))
        return stepped

    def keep(self, stepped: Stepped, seen: Seen) -> None:
        """Goes on with what agrees."""
        self.candidates = [candidate for candidate, _ in stepped.kept]
        self.unseen = seen.outcome.snapshot is None

    def _snapshot(self, branch: Branch, pairs: Pairs, seen: Seen) -> Difference | None:
        state = branch.state
        for page in state.freed:
            pairs.drop(page)
        if seen.outcome.snapshot is None:
            return None
        numbers = set(state.own)
        wanted = state.touched.union(seen.keys)
        if seen.whole:
            wanted |= all_keys(state)
            numbers |= state.pages.keys()
        difference = compare.entries(state, pairs, self.observed, wanted)
        if difference is not None:
            # The same again in order, so that the message does not depend on hashing.
            return compare.entries(state, pairs, self.observed, sorted(wanted)) or difference
        return compare.pages(state, pairs, self.observed, numbers, seen.frames, self._words)


def _same_outcome(branch: Branch, pairs: Pairs, seen: Seen) -> bool:
    wanted, outcome = branch.expected, seen.outcome
    if wanted.frame is not None:
        frame = int.from_bytes(outcome.data, "little")
        if outcome.ret or not pairs.match(branch.state, wanted.frame, frame):
            return False
    return (
        outcome.kind == wanted.kind
        and outcome.ret == wanted.ret
        and wanted.data in (None, outcome.data)
        and outcome.signo == wanted.signo
        and outcome.si_code == wanted.si_code
        and outcome.addr == wanted.addr
        and outcome.refused == wanted.refused
        and warnings.agree(wanted.warning, seen.faults)
    )


def all_keys(state: State) -> set[Key]:
    """Every entry that a snapshot of this state shows, pages apart."""
    keys: set[Key] = set()
    for process, mm in state.mms.items():
        keys.update((("r", process), ("v", process)))
        keys.update(("t", process, index) for index in (*mm.ptes, *mm.absent))
    for slot, held in state.held.items():
        keys.update(("h", slot, index) for index in range(len(held)))
    for slot, file in state.slots.items():
        keys.update((("f", slot), ("i", slot)))
        entry = state.files[file]
        keys.update(("c", slot, index) for index in (*entry.cache, *entry.swapped))
    return keys
