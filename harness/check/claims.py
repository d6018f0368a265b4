"""Claims: shown or refuted by what was observed, never by what the model says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .. import abi, conditions
from ..claims import CONTRADICTED, HOLDS, catalogue
from ..conditions import Resolved, Value
from ..environment import Environment
from ..errors import UsageError
from ..program import Compiled, Fact, PlacedClaim
from ..trace import Outcome
from .observed import Observed


@dataclass(frozen=True, slots=True)
class ClaimShown:
    """One claim of a program that was reached.

    Attributes:
        shown: what was observed: shown, or refuted.
        expected: what the catalogue says of it here; None: not in the catalogue,
            the user's own, which is meant to be shown.
    """

    id: str
    line: int
    shown: bool
    expected: bool | None

    @property
    def agrees(self) -> bool:
        """Shown as expected."""
        return self.shown == (self.expected is not False)


_READS = frozenset(
    {
        abi.Code.LOAD,
        abi.Code.PEEK,
        abi.Code.PREAD,
        abi.Code.MEM_READ,
        abi.Code.PEEKDATA,
        abi.Code.VM_READ,
        abi.Code.ACCESS_PROCESS_VM,
        abi.Code.BIOS,
        abi.Code.GET_BLOCKS,
    }
)


class _Unseen(Exception):
    """A fact that no snapshot shows yet (one snapshot at the end)."""


def expected(claim: str, environment: Environment) -> bool | None:
    """Whether the catalogue expects a claim to be shown in an environment."""
    entry = catalogue().get(claim)
    status = entry.expected_in(environment) if entry is not None else None
    return {HOLDS: True, CONTRADICTED: False}.get(status or "")


class ClaimReader:
    """Evaluates a program's claims as its operations go by."""

    def __init__(self, compiled: Compiled, environment: Environment) -> None:
        self._compiled = compiled
        self._environment = environment
        self._placed: dict[int, list[PlacedClaim]] = {}
        for claim in compiled.claims:
            self._placed.setdefault(claim.after, []).append(claim)

    def after(
        self, operation: int, outcomes: Sequence[Outcome], observed: Observed, seen: bool
    ) -> list[ClaimShown]:
        """Claims that stand behind an operation; most have none.

        Args:
            operation: its index; -1 for those above the first.
            outcomes: all up to it.
            seen: the snapshot of this moment has arrived.

        Raises:
            UsageError: a comparison of values that do not compare.
        """
        if operation not in self._placed:
            return []
        shown = []
        for claim in self._placed[operation]:
            try:
                value = self._holds(claim, operation, outcomes, observed, seen)
            except _Unseen:
                continue
            wanted = expected(claim.id, self._environment)
            shown.append(ClaimShown(claim.id, claim.line, value, wanted))
        return shown

    def _holds(
        self,
        claim: PlacedClaim,
        operation: int,
        outcomes: Sequence[Outcome],
        observed: Observed,
        seen: bool,
    ) -> bool:
        def name(word: str) -> Value:
            if word in self._compiled.results:
                return _result(self._compiled, outcomes, word)
            if operation < 0:
                return 0
            if word in _ANSWERS or word == "pfn":
                return _answer(self._compiled.ops[operation], outcomes[operation], word)
            return _outcome_name(outcomes[operation], word)

        def fact(asked: Fact) -> Value:
            if not seen:
                raise _Unseen
            return _fact(conditions.resolve(asked, self._compiled), observed)

        try:
            return conditions.holds(claim.condition, name, fact)
        except UsageError as error:
            raise UsageError(f"line {claim.line}: claim {claim.id}: {error}") from None


def _result(compiled: Compiled, outcomes: Sequence[Outcome], name: str) -> Value:
    """A result's value: the bytes of a load or peek, the number of any other call."""
    at = compiled.results[name]
    if at >= len(outcomes):
        return b""
    op = compiled.ops[at]
    code = compiled.ops[op.aux].code if op.code is abi.Code.WAIT else op.code
    return outcomes[at].data if code in _READS else outcomes[at].ret


_ANSWERS = {"locked": abi.Get.LOCKED, "vmas": abi.Get.VMAS}


def _answer(op: abi.Op, outcome: Outcome, name: str) -> int:
    """What a call that gets pages, or follow_pfn, answers beside its value; 0 of others."""
    if name == "pfn":
        wanted = op.code is abi.Code.FOLLOW_PFN
    else:
        wanted = op.code in abi.GETS and bool(op.aux & _ANSWERS[name])
    if not wanted:
        return 0
    return int.from_bytes(outcome.data, "little")


def _outcome_name(outcome: Outcome, name: str) -> int:
    values: Mapping[str, int] = {
        "ret": outcome.ret,
        "signal": outcome.signo,
        "si_code": outcome.si_code,
        "refused": int(outcome.refused),
        "blocked": int(outcome.kind is abi.Kind.BLOCKED),
    }
    return values[name]


def _fact(asked: Resolved, observed: Observed) -> int:
    """What the last snapshot shows of a page or a PTE; 0 where there is none."""
    if asked.function == "vma":
        vmas = observed.vma.get(asked.process, ())
        page = asked.page or 0
        return int(any(vma[0] <= page < vma[1] and vma[2] & asked.flag for vma in vmas))
    if asked.page is not None:
        flags, pfn = observed.entry(asked.process, asked.page)
        if asked.function == "pte":
            return int(bool(flags & asked.flag))
    elif asked.slot == abi.SLOT_BAR:
        pfn = abi.FRAME_BAR + asked.index
    else:
        pfn = observed.held.get(("h", asked.slot or 0, asked.index), 0)
    if asked.function == "page":
        return pfn if pfn < abi.FRAME_SWAP else 0
    ref, mapped, flags, tail = observed.page.get(pfn, (0, 0, 0, 0))[:4]
    if tail:
        ref = observed.page.get(pfn - tail, (0,))[0]
    if asked.function == "flag":
        return int(bool(flags & asked.flag))
    return ref if asked.function == "ref" else mapped
