"""The checker: a trace against the model, operation by operation.

It carries every state that agrees with what was seen so far (nearly always
one). Nothing passes that was not compared: an operation without its outcome,
or without a snapshot where one was asked for, makes the program UNCHECKED.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import abi, klog, language, layout
from ..conditions import requires_met
from ..errors import UsageError
from ..model import REGISTRY, Arena, Branch, Model, Rules, Semantics, semantics_for, traced
from ..program import Compiled
from ..trace import Outcome, Trace
from ..verdict import Verdict
from . import warnings
from .candidates import Follower
from .claims import ClaimReader, ClaimShown
from .compare import Difference
from .describe import describe_key, describe_op, outcome_text
from .exact import Exactness, Tally
from .sign import OUTCOME, Sign, fault_sign

__all__ = ["Checked", "ClaimShown", "Exactness", "Sign", "check_trace"]

_STATES_MAX = 64


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking one trace gave.

    Attributes:
        operations: of the program.
        checked: how many were compared and allowed.
        detail: of a verdict other than PASS: operation, line, text, observed,
            allowed, source; None otherwise.
        claims: those that were reached.
        allowances: name -> how often it was needed.
        exact: how much had exactly one allowed outcome and snapshot.
        rules: names of the rules that took part, where those given were traced.
        sign: by what a difference is known again.
    """

    verdict: Verdict
    operations: int
    checked: int
    detail: dict[str, Any] | None = None
    claims: tuple[ClaimShown, ...] = ()
    allowances: Mapping[str, int] | None = None
    exact: Exactness = field(default_factory=Exactness)
    rules: frozenset[str] = frozenset()
    sign: Sign | None = None


class _Checker:
    """Checks one trace; see check_trace."""

    def __init__(self, trace: Trace, compiled: Compiled, model: Model) -> None:
        self.trace = trace
        self.compiled = compiled
        self.model = model
        self.follower = Follower(trace, compiled, model.initial())
        self.observed = self.follower.observed
        self.reader = ClaimReader(compiled, trace.header.environment)
        self.claims: list[ClaimShown] = []
        self.allowances: Counter[str] = Counter()
        self.rules: set[str] = set()
        self.checked = 0
        self.tally = Tally()
        self.sign: Sign | None = None

    def run(self) -> Checked:
        """All operations, to the first that is not allowed."""
        outcomes = self.trace.outcomes
        self.claims += self.reader.after(-1, outcomes, self.observed, True)
        for at, op in enumerate(self.compiled.ops):
            if at >= len(outcomes):
                break
            faults = warnings.faults_in(outcomes[at].log) if outcomes[at].log else ()
            if faults and not self._predicted(op, faults):
                fault = warnings.fault_text(faults[0])
                told = self._detail(at, fault, {"log": fault}, [], "")
                self.sign = fault_sign(_called(op), f"{faults[0].kind} at {faults[0].where}")
                return self._result(warnings.blame(faults[0]), told)
            detail = self._operation(at, op, outcomes[at])
            if detail is not None:
                return self._result(Verdict.MISMATCH, detail)
            seen = outcomes[at].snapshot is not None
            self.claims += self.reader.after(at, outcomes, self.observed, seen)
        faults = warnings.faults_in(self.trace.last_log)
        if faults and self.compiled.ops:
            last = len(self.compiled.ops) - 1
            fault = warnings.fault_text(faults[0])
            told = self._detail(last, f"afterwards: {fault}", {"log": fault}, [], "")
            self.sign = fault_sign("", f"{faults[0].kind} at {faults[0].where}")
            return self._result(warnings.blame(faults[0]), told)
        return self._end()

    def _predicted(self, op: abi.Op, faults: tuple[klog.Fault, ...]) -> bool:
        """May the operation make the kernel report exactly these faults?"""
        return any(
            warnings.agree(branch.expected.warning, faults)
            for candidate in self.follower.candidates
            for branch in self.model.step(candidate.state, op)
        )

    def _operation(self, at: int, op: abi.Op, outcome: Outcome) -> dict[str, Any] | None:
        """Step every candidate, keep the branches that agree; a detail if none does."""
        follower = self.follower
        seen = follower.see(outcome)
        stepped = follower.step(self.model, op, seen, follower.candidates)
        for branch in stepped.allowed:
            if branch.rules:
                self.rules.update(branch.rules)
        if not stepped.kept:
            return self._mismatch(at, op, outcome, stepped.misses)
        if len(stepped.kept) > _STATES_MAX:
            raise RuntimeError(
                f"operation {at} ({self._text(at)}) leaves {len(stepped.kept)} states: "
                "the model allows too much"
            )
        used = {name for _, branch in stepped.kept for name in branch.allowances}
        follower.keep(stepped, seen)
        if used:
            self.allowances.update(used)
        self.checked += 1
        self.tally.add(op.code, stepped.allowed, seen=not follower.unseen)
        return None

    def _mismatch(
        self,
        at: int,
        op: abi.Op,
        outcome: Outcome,
        misses: list[tuple[Branch, Difference | None]],
    ) -> dict[str, Any]:
        """Observed and allowed: the outcome if no branch has it, else the first difference."""
        misses = self._with_rules(op, misses)
        near = [(branch, seen) for branch, seen in misses if seen is not None]
        observed = {"outcome": outcome_text(op, outcome)}
        allowed: list[dict[str, Any]] = []
        if not near:
            what = "outcome differs"
            allowed = [
                {"outcome": outcome_text(op, branch.expected), "rules": list(branch.rules[-4:])}
                for branch, _ in misses
            ]
        else:
            what = ""
            for branch, difference in near:
                assert difference is not None
                name = describe_key(self.compiled, difference.key)
                what = what or f"{name} differs"
                observed[name] = difference.seen or "nothing"
                allowed.append(
                    {name: difference.expected or "nothing", "rules": list(branch.rules[-4:])}
                )
        branch = (near or misses)[0][0]
        field = near[0][1].field if near else OUTCOME
        rule = branch.rules[-1] if branch.rules else ""
        self.sign = Sign(Verdict.MISMATCH, _called(op), field, rule)
        return self._detail(at, what, observed, allowed, _source(branch))

    def _with_rules(
        self, op: abi.Op, misses: list[tuple[Branch, Difference | None]]
    ) -> list[tuple[Branch, Difference | None]]:
        """The same, each branch with the rules that led to it."""
        plain = self.model
        model = Model(plain.sem, plain.arena, traced(type(plain.rules))(plain.sem))
        branches = [
            branch for one in self.follower.candidates for branch in model.step(one.state, op)
        ]
        return [(branch, seen) for branch, (_, seen) in zip(branches, misses, strict=True)]

    def _detail(
        self,
        at: int,
        what: str,
        observed: dict[str, str],
        allowed: list[dict[str, Any]],
        source: str,
    ) -> dict[str, Any]:
        text = f"{self._text(at)}: {what}"
        return _told(at, self.compiled.ops[at].line, text, observed, allowed, source)

    def _text(self, at: int) -> str:
        return describe_op(self.trace.header.text, self.compiled.ops[at])

    def _end(self) -> Checked:
        """Everything that arrived is allowed: is it everything?"""
        total = len(self.compiled.ops)
        if not total:
            detail = _told(0, 0, "the program has no operation", {}, [], "")
            return self._result(Verdict.UNCHECKED, detail)
        if self.checked < total or not self.trace.complete or self.follower.unseen:
            everything = self.checked == total and self.trace.complete
            why = "no snapshot" if everything else "the trace stops early"
            detail = self._detail(min(self.checked, total - 1), why, {}, [], "")
            return self._result(Verdict.UNCHECKED, detail)
        silent = self._not_collected()
        if silent is not None:
            why = f"what became of the call of line {silent.line} was never asked for"
            return self._result(Verdict.UNCHECKED, self._detail(total - 1, why, {}, [], ""))
        wrong = next((claim for claim in self.claims if not claim.agrees), None)
        if wrong is None:
            return self._result(Verdict.PASS, None)
        self.sign = Sign(Verdict.CLAIM_FAILED, wrong.id, "claim")
        shown, meant = ("shown", "refuted") if wrong.shown else ("refuted", "shown")
        detail = _told(
            max(claim.after for claim in self.compiled.claims if claim.line == wrong.line),
            wrong.line,
            f"claim {wrong.id} is {shown}, expected to be {meant}",
            {"claim": shown},
            [{"claim": meant}],
            "the program's own claim" if wrong.expected is None else "catalogue",
        )
        return self._result(Verdict.CLAIM_FAILED, detail)

    def _not_collected(self) -> abi.Op | None:
        """A call that fell asleep, and of which the last word may not be true any more."""
        calls = [call for one in self.follower.candidates for call in one.state.calls.values()]
        return next((call.op for call in calls if not call.told), None)

    def _result(self, verdict: Verdict, detail: dict[str, Any] | None) -> Checked:
        return Checked(
            verdict=verdict,
            operations=len(self.compiled.ops),
            checked=self.checked,
            detail=detail,
            claims=tuple(self.claims),
            allowances=dict(self.allowances),
            exact=self.tally.result(),
            rules=frozenset(self.rules),
            sign=self.sign,
        )


def _called(op: abi.Op) -> str:
    """The kind of an operation."""
    return op.code.name.lower()


def _told(
    operation: int,
    line: int,
    text: str,
    observed: dict[str, str],
    allowed: list[dict[str, Any]],
    source: str,
) -> dict[str, Any]:
    """A result's detail, as the JSON form has it."""
    return {
        "operation": operation,
        "line": line,
        "text": text,
        "observed": observed,
        "allowed": allowed,
        "source": source,
    }


def _source(branch: Branch) -> str:
    """The last rules' kernel sources, the nearest first."""
    sources: list[str] = []
    for name in reversed(branch.rules):
        rule = REGISTRY.get(name)
        if rule is not None and rule.source not in sources:
            sources.append(rule.source)
    return "; ".join(sources[:2])


def check_trace(
    trace: Trace,
    *,
    compiled: Compiled | None = None,
    semantics: Semantics | None = None,
    rules: type[Rules] = Rules,
) -> Checked:
    """Check a trace against the model.

    Args:
        compiled: the trace's program, from whoever compiled its text already;
            compiled anew if not given.
        semantics: of its environment; read from the trace if not given.
        rules: the rules; tests give wrong ones.

    Raises:
        UsageError: a program that does not compile, a kernel without semantics.
        ValueError: a snapshot that is none (a guest that lies).
    """
    header = trace.header
    if any(outcome.operation != at for at, outcome in enumerate(trace.outcomes)):
        raise UsageError(f"{header.program}: the trace's operations are out of order")
    if compiled is None:
        compiled = layout.compile_program(language.parse(header.text, header.program))
    if not all(requires_met(wanted, header.environment) for wanted in compiled.requires):
        raise UsageError(f"{header.program}: its 'requires:' is false in {header.environment.id}")
    sem = semantics or semantics_for(header.environment, header.observe)
    arena = Arena(compiled.arena_start, compiled.arena_pages)
    model = Model(sem, arena, rules(sem))
    return _Checker(trace, compiled, model).run()
