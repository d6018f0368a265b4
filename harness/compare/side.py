"""One side of a comparison: a trace, followed under its own kernel's semantics."""

from __future__ import annotations

from dataclasses import dataclass

from ..check.candidates import Candidate, Follower, Seen
from ..check.observed import Key
from ..model import Arena, Branch, Model, Semantics, semantics_for
from ..program import Compiled
from ..trace import Trace


@dataclass(frozen=True, slots=True)
class Taken:
    """One operation of one side.

    Attributes:
        before: the states that agreed with everything before it.
        branch: one of those that agree with what was seen of it; None if none does.
        lost: the first thing that is not as the model has it; None where that is the outcome.
    """

    seen: Seen
    before: tuple[Candidate, ...]
    branch: Branch | None
    lost: Key | None = None


class Side:
    """Follows a trace; ``take`` is called once for each of its operations, in order."""

    def __init__(self, trace: Trace, compiled: Compiled) -> None:
        self.trace = trace
        self.sem = semantics_for(trace.header.environment, trace.header.observe)
        self._ops = compiled.ops
        self._arena = Arena(compiled.arena_start, compiled.arena_pages)
        self._models: dict[Semantics, Model] = {}
        own = self.model(self.sem)
        self._follower = Follower(trace, compiled, own.initial())

    def model(self, sem: Semantics) -> Model:
        """The oracle of this program under any semantics."""
        found = self._models.get(sem)
        if found is None:
            found = self._models[sem] = Model(sem, self._arena)
        return found

    def take(self, at: int) -> Taken:
        """Goes over an operation.

        Raises:
            ValueError: its snapshot is none (a guest that lies).
        """
        follower = self._follower
        before = tuple(one.clone() for one in follower.candidates)
        seen = follower.see(self.trace.outcomes[at])
        stepped = follower.step(self.model(self.sem), self._ops[at], seen, follower.candidates)
        if not stepped.kept:
            near = (miss.key for _, miss in stepped.misses if miss is not None)
            return Taken(seen, before, None, next(near, None))
        follower.keep(stepped, seen)
        return Taken(seen, before, stepped.kept[0][1])

    def allows(self, sem: Semantics, at: int, taken: Taken) -> bool:
        """Would other semantics, in the same state, allow what was just seen?

        A kernel may have states that another never has: of those its model knows nothing.
        """
        again = [one.clone() for one in taken.before]
        try:
            stepped = self._follower.step(self.model(sem), self._ops[at], taken.seen, again)
        except (AssertionError, LookupError, RuntimeError, ValueError):
            return False
        return bool(stepped.kept)
