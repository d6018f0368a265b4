"""Why two kernels differ at an operation: the model is asked, with single flags turned.

An operation's own difference is one that the other kernel's model does not allow in the state
that this kernel was in. The cause is the smallest set of flags that, turned, makes it allowed.
What both models allow in both states follows from an earlier difference, or is free.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from .. import abi
from ..check import check_trace
from ..model import Branch, Semantics, State
from ..model.flags import differing, turned
from ..program import Compiled
from .contrast import Contrast, Item
from .side import Side, Taken

# Flags that are turned together; each is enough where there are several.
Sets = tuple[tuple[str, ...], ...]
_PAIR = 2


class Kind(enum.Enum):
    """What explains a difference. Values are the JSON's words."""

    FLAG = "flag"
    BOTH = "allowed on both"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an operation differs.

    Attributes:
        flags: sets of flags, each of which explains it; empty for another kind.
        follows: the operation does the same on both: what came before differs by these.
    """

    kind: Kind
    flags: Sets = ()
    follows: bool = False


UNEXPLAINED = Cause(Kind.UNEXPLAINED)


def smallest(passes: Callable[[tuple[str, ...]], bool], names: Sequence[str]) -> Sets | None:
    """The smallest sets of flags with which something passes.

    Args:
        passes: does it, with these turned?

    Returns:
        ((),) if it passes as it is; every single flag, or pair, that is enough; else one set
        of which none can be left out; None if all together are not enough.
    """
    if passes(()):
        return ((),)
    if not passes(tuple(names)):
        return None
    for size in range(1, _PAIR + 1):
        found = tuple(some for some in itertools.combinations(names, size) if passes(some))
        if found:
            return found
    needed = list(names)
    for name in names:
        fewer = tuple(one for one in needed if one != name)
        if passes(fewer):
            needed.remove(name)
    return (tuple(needed),)


class _Lane:
    """The second kernel with some flags as the first has them, beside the real second one."""

    def __init__(self, side: Side, sem: Semantics, compiled: Compiled, state: State) -> None:
        self._model = side.model(sem)
        self._state = state
        self._contrast = Contrast(compiled, state.pages)
        self._lost = False

    def keys(self, op: abi.Op, real: Branch, *, seen: bool, whole: bool) -> set[object]:
        """What differs newly from the real one."""
        if self._lost:
            return set()
        try:
            branches = self._model.step(self._state, op)
        except (AssertionError, LookupError, RuntimeError, ValueError):
            self._lost = True  # a state that this kernel never has
            return set()
        branch = next((one for one in branches if one.expected == real.expected), branches[0])
        self._state = branch.state
        items = self._contrast.step(op, branch, real, seen=seen, whole=whole)
        return {item.key for item in items}


class Explainer:
    """Explains the differences of one program between two sides."""

    def __init__(self, one: Side, other: Side, compiled: Compiled) -> None:
        self._one, self._other = one, other
        self._compiled = compiled
        self.flags = differing(one.sem, other.sem)
        self._names = tuple(self.flags)
        self._lanes: dict[Sets, _Lane] = {}
        self._reached: dict[tuple[str, ...], int] = {}
        self._turned: dict[tuple[bool, tuple[str, ...]], Semantics] = {}

    def explain(
        self, at: int, one: Taken, other: Taken, items: Sequence[Item], *, seen: bool
    ) -> Cause | None:
        """The cause of what differs at an operation; None if nothing does.

        To be asked of each operation, in order, as long as both sides are followed.
        """
        op = self._compiled.ops[at]
        real = other.branch
        assert real is not None
        whole = one.seen.whole or other.seen.whole
        moved = {
            flags: lane.keys(op, real, seen=seen, whole=whole)
            for flags, lane in self._lanes.items()
        }
        if not items:
            return None
        needed = self._needed(at, one, other)
        if needed is None:
            return UNEXPLAINED
        if needed != ((),):
            self._watch(needed, op, other, seen=seen, whole=whole)
            return Cause(Kind.FLAG, needed)
        keys = {item.key for item in items}
        behind = [flags for flags, found in moved.items() if not keys.isdisjoint(found)]
        if behind:
            together = dict.fromkeys(name for flags in behind for name in flags[0])
            flags = behind[0] if len(behind) == 1 else (tuple(together),)
            return Cause(Kind.FLAG, flags, follows=True)
        return self._unseen(at)

    def _needed(self, at: int, one: Taken, other: Taken) -> Sets | None:
        """The flags that this operation asks, from either side's state."""

        def here(names: tuple[str, ...]) -> bool:
            return self._other.allows(self._with(names, first=True), at, other)

        def there(names: tuple[str, ...]) -> bool:
            return self._one.allows(self._with(names, first=False), at, one)

        needed = smallest(here, self._names)
        if needed == ((),):
            return smallest(there, self._names)
        if needed is not None and len(needed) > 1:
            return tuple(names for names in needed if there(names)) or needed
        return needed

    def _with(self, names: tuple[str, ...], *, first: bool) -> Semantics:
        """One kernel's semantics with some flags as the other has them."""
        found = self._turned.get((first, names))
        if found is None:
            sides = (self._one.sem, self._other.sem)
            found = turned(*(sides if first else sides[::-1]), names)
            self._turned[first, names] = found
        return found

    def _watch(self, flags: Sets, op: abi.Op, other: Taken, *, seen: bool, whole: bool) -> None:
        """From here on, what becomes of the second kernel without this difference?"""
        if flags in self._lanes:
            return
        sem = self._with(flags[0], first=False)
        lane = _Lane(self._other, sem, self._compiled, other.before[0].state)
        assert other.branch is not None
        lane.keys(op, other.branch, seen=seen, whole=whole)
        self._lanes[flags] = lane

    def _unseen(self, at: int) -> Cause:
        """Free on both; or it follows from something that no snapshot showed."""
        known = {name for flags in self._lanes for name in flags[0]}

        def passes(names: Collection[str]) -> bool:
            return self._reach(tuple(name for name in self._names if name in {*names, *known})) > at

        found = smallest(passes, [name for name in self._names if name not in known])
        if found == ((),):
            return Cause(Kind.BOTH)
        return UNEXPLAINED if found is None else Cause(Kind.FLAG, found, follows=True)

    def _reach(self, names: tuple[str, ...]) -> int:
        """How many of the second side's operations the first kernel's model allows, so turned."""
        if names not in self._reached:
            sem = self._with(names, first=True)
            checked = check_trace(self._other.trace, compiled=self._compiled, semantics=sem)
            self._reached[names] = checked.checked
        return self._reached[names]
