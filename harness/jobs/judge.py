"""From a trace to a result: what the checker says, joined with how the run ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from .. import language, layout
from .. import verdict as verdicts
from ..check import Exactness, Sign
from ..check.sign import fault_sign
from ..errors import (
    BootFailed,
    GuestLost,
    GuestTimeout,
    HarnessError,
    KernelFault,
    PagelabError,
    UsageError,
)
from ..trace import Ending, Trace, decode
from ..verdict import Verdict
from .results import ClaimResult, Result, infrastructure_detail


class Claim(Protocol):
    """What the checker says of one claim."""

    @property
    def id(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def shown(self) -> bool: ...
    @property
    def expected(self) -> bool | None: ...
    @property
    def agrees(self) -> bool: ...


class Checked(Protocol):
    """What the checker says of one trace (harness.check.Checked)."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def operations(self) -> int: ...
    @property
    def checked(self) -> int: ...
    @property
    def detail(self) -> Mapping[str, Any] | None: ...
    @property
    def claims(self) -> tuple[Claim, ...]: ...
    @property
    def allowances(self) -> Mapping[str, int] | None: ...
    @property
    def exact(self) -> Exactness: ...
    @property
    def sign(self) -> Sign | None: ...


Checker = Callable[[Trace], Checked]


def read_trace(path: Path) -> Trace:
    """A trace file.

    Raises:
        UsageError: unreadable, damaged, or not a trace.
    """
    try:
        return decode(path.read_bytes(), str(path))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


_ERRORS = {
    BootFailed: Verdict.BOOT_FAILED,
    GuestLost: Verdict.GUEST_LOST,
    GuestTimeout: Verdict.TIMEOUT,
    KernelFault: Verdict.KERNEL_FAULT,
}


def error_verdict(error: PagelabError) -> Verdict:
    """The verdict of programs that an error kept from running."""
    found = (verdict for kind, verdict in _ERRORS.items() if isinstance(error, kind))
    return next(found, Verdict.HARNESS_ERROR)


def ending_verdict(ending: Ending | None) -> Verdict | None:
    """The verdict that an ending names; None for a clean or a missing one."""
    if ending is None or not ending.verdict:
        return None
    try:
        return Verdict(ending.verdict)
    except ValueError:
        return Verdict.HARNESS_ERROR


def _graver(one: Verdict, other: Verdict) -> Verdict:
    codes = verdicts.EXIT_CODES
    return one if verdicts.first_code((codes[one], codes[other])) == codes[one] else other


def judge(trace: Trace, path: str, check: Checker, *, exact: bool = False) -> Result:
    """The result of one trace.

    An infrastructure's ending is the verdict, unless the part that did arrive
    shows something graver. A trace without its end, or with an operation that
    nothing judged, never passes.

    Args:
        trace: as read.
        path: where it is, for the result.
        check: the oracle.
        exact: outcomes were sent one by one, so that the first missing one is where it ended.

    Raises:
        HarnessError: the oracle itself failed.
    """
    said = _checked(trace, path, check)
    verdict, detail, sign = said.verdict, said.detail, said.sign
    ended = ending_verdict(trace.ending)
    if ended is not None and (verdict is Verdict.PASS or _graver(ended, verdict) is ended):
        verdict, detail, sign = ended, ending_detail(trace, exact=exact), None
        if verdict is Verdict.KERNEL_FAULT and trace.ending is not None:
            sign = fault_sign("", _fault(trace.ending.text))
    elif verdict is Verdict.PASS and (not trace.complete or said.checked < said.operations):
        verdict, detail = Verdict.UNCHECKED, _unchecked_detail(trace, said)
    environment = trace.header.environment
    return Result(
        program=trace.header.program,
        environment=environment.id,
        kernel=environment.kernel,
        arch=environment.arch,
        verdict=verdict,
        operations=said.operations,
        checked=said.checked,
        trace=path,
        claims=tuple(ClaimResult(c.id, c.line, c.shown, c.expected, c.agrees) for c in said.claims),
        detail=detail,
        allowances=dict(said.allowances or {}),
        exact=said.exact,
        sign=sign,
    )


def _fault(text: str) -> str:
    """Kind and place of a kernel fault, of the text that a run ended with."""
    first, _, rest = text.partition(": ")
    return rest if first.startswith("no answer") else first


def _checked(trace: Trace, path: str, check: Checker) -> Checked:
    try:
        return check(trace)
    except PagelabError:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise HarnessError(f"the checker failed on {path}: {kind}: {error}") from error


def ending_detail(trace: Trace, *, exact: bool) -> dict[str, Any]:
    """Where the run ended and what was said of it.

    Outcomes travel together, so that one may be missing without having been
    the last; the operation is named only where something says which it was.
    """
    ending = trace.ending or Ending()
    operation, line, text = None, None, ""
    at = len(trace.outcomes)
    if exact or at:
        program = language.parse(trace.header.text, trace.header.program)
        ops = layout.compile_program(program).ops
        if at < len(ops):
            operation, line = at, ops[at].line
            text = f"{program.lines[line - 1].source.strip()}: "
    return infrastructure_detail(
        text + (ending.text or ending.verdict), operation=operation, line=line, tail=ending.tail
    )


def _unchecked_detail(trace: Trace, said: Checked) -> dict[str, Any]:
    text = f"{said.operations - said.checked} of {said.operations} operations were not checked"
    if not trace.complete:
        text = f"the trace stops before operation {len(trace.outcomes)} of {said.operations}"
    return infrastructure_detail(text, operation=said.checked)
