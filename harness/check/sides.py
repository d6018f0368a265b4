"""Both sides of one operation, for people: what page tables had before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .. import abi, language, layout
from ..model import Arena, Branch, Model, State, semantics_for, traced
from ..model.registry import REGISTRY
from ..model.rules import Rules
from ..program import Compiled
from ..trace import Trace
from .candidates import Candidate, Follower
from .compare import flag_names, page_name
from .describe import describe_key, describe_op, outcome_text
from .observed import Observed

Entries = Mapping[tuple[int, int], tuple[int, int]]
_BRANCHES_MAX = 4


def sides(trace: Trace, operation: int | None = None) -> list[str]:
    """What an operation did, and what it might have done.

    Args:
        operation: which one; the first that the model does not allow if not given, or the last.

    Returns:
        Lines; none where the trace has no such operation.

    Raises:
        UsageError: a program that does not compile, a kernel without semantics.
        ValueError: a snapshot that is none.
    """
    header = trace.header
    compiled = layout.compile_program(language.parse(header.text, header.program))
    sem = semantics_for(header.environment, header.observe)
    model = Model(sem, Arena(compiled.arena_start, compiled.arena_pages), traced(Rules)(sem))
    follower = Follower(trace, compiled, model.initial())
    last = min(len(trace.outcomes), len(compiled.ops)) - 1
    for at, op in enumerate(compiled.ops[: last + 1]):
        before = _entries(follower.observed)
        candidates = [one.clone() for one in follower.candidates]
        seen = follower.see(trace.outcomes[at])
        stepped = follower.step(model, op, seen, follower.candidates)
        if not stepped.kept or at in (operation, last):
            told = _Told(compiled, candidates[0], before, _entries(follower.observed))
            lines = [f"operation {at}: {describe_op(header.text, op)}"]
            lines += ["", f"observed: {outcome_text(op, trace.outcomes[at])}", *told.observed()]
            for branch in stepped.allowed[:_BRANCHES_MAX]:
                lines += ["", f"allowed: {outcome_text(op, branch.expected)}"]
                lines += [*told.allowed(branch), *_rules(branch)]
            return lines
        follower.keep(stepped, seen)
    return []


def _entries(observed: Observed) -> Entries:
    return {(key[1], key[-1]): entry for key, entry in observed.pte.items()}


def _rules(branch: Branch) -> Iterator[str]:
    """The rules that decided it, the last ones, with their sources."""
    for name in dict.fromkeys(branch.rules[-4:]):
        yield f"  by {name} ({REGISTRY[name].source})"


class _Told:
    """Names the entries of both sides alike.

    Args:
        candidate: a state that agrees with all that was seen before.
        before, after: the guest's entries.
    """

    def __init__(
        self, compiled: Compiled, candidate: Candidate, before: Entries, after: Entries
    ) -> None:
        self._compiled = compiled
        self._state: State = candidate.state
        self._page = candidate.pairs.page
        self._before = before
        self._after = after

    def observed(self) -> Iterator[str]:
        """The guest's entries, before and after."""
        for key in sorted({*self._before, *self._after}):
            yield self._line(key, self._seen(self._before, key), self._seen(self._after, key))

    def allowed(self, branch: Branch) -> Iterator[str]:
        """The model's."""
        keys = {*_keys(self._state), *_keys(branch.state)}
        for key in sorted(keys):
            yield self._line(key, _entry(self._state, key), _entry(branch.state, key))

    def _line(self, key: tuple[int, int], before: str, after: str) -> str:
        name = describe_key(self._compiled, ("t", *key))
        return f"  {name}: {before}" + ("" if after == before else f"  ->  {after}")

    def _seen(self, entries: Entries, key: tuple[int, int]) -> str:
        found = entries.get(key)
        if found is None:
            return "-"
        flags, pfn = found
        page = self._page.get(pfn)
        name = "another page" if page is None else page_name(page)
        return f"{flag_names(flags, abi.PteFlag)}, {name}"


def _keys(state: State) -> Iterable[tuple[int, int]]:
    for process, mm in state.mms.items():
        yield from ((process, index) for index in (*mm.ptes, *mm.absent))


def _entry(state: State, key: tuple[int, int]) -> str:
    mm = state.mms.get(key[0])
    if mm is None:
        return "-"
    if (pte := mm.ptes.get(key[1])) is not None:
        return f"{flag_names(pte.flags, abi.PteFlag)}, {page_name(pte.page)}"
    absent = mm.absent.get(key[1])
    return "-" if absent is None else flag_names(absent.flags, abi.PteFlag)
