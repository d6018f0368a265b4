"""A result's detail as lines of text, for every format that has room for some."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..check.exact import Exactness, Share
from ..environment import KNOWN, Environment
from ..jobs.results import Result
from ..model.releases import RELEASES

_TAIL_LINES = 12
_QUOTE_MIN = 12
_LOOSE_MAX = 4
_STAMP = re.compile(r"^\[ *\d+\.\d{6}\] ")
# What XML 1.0 and terminals cannot take; a guest may have printed anything.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def printable(text: str) -> str:
    """Text without control characters but newline and tab."""
    return _CONTROL.sub("?", text)


def semantics(environment: Environment) -> str:
    """``probed (6.12, but for zap_range)``: how sure its flags are, and whence; "known" is all."""
    if environment.semantics == KNOWN:
        return KNOWN
    line = environment.judged_as
    other = [name for name, value in environment.learnt.items() if value != _flag(line, name)]
    but = f", but for {', '.join(other)}" if other else ""
    return f"{environment.semantics} ({line}{but})"


def _flag(line: str, name: str) -> object:
    return getattr(RELEASES.get(line), name, None)


def place(result: Result) -> str:
    """``programs/gup/basic.mm:9``, or the program alone where no line is to blame."""
    line = result.detail.get("line") if result.detail else None
    return f"{result.program}:{line}" if line else result.program


def headline(result: Result) -> str:
    """What happened, in one line."""
    said = str(result.detail.get("text") or "") if result.detail else ""
    return printable(said).replace("\n", " ")


def explain(result: Result, *, console: int = _TAIL_LINES) -> list[str]:
    """The whole detail, a line each.

    Args:
        result: any; a PASS gives no line.
        console: how many of the console's last lines.
    """
    detail = result.detail
    if detail is None:
        return []
    lines = []
    where = detail.get("operation")
    if where is not None:
        lines.append(f"operation {where}: {headline(result)}")
    else:
        lines.append(headline(result))
    observed = dict(detail.get("observed") or {})
    tail = observed.pop("console", [])
    if observed:
        lines.append(f"observed: {value_text(observed)}")
    for number, branch in enumerate(detail.get("allowed") or ()):
        lines.append(f"{'allowed: ' if not number else '      or '} {value_text(branch)}".rstrip())
        if branch.get("rules"):
            lines.append(f"    by    {', '.join(branch['rules'])}")
    if detail.get("source"):
        lines.append(f"rule:     {detail['source']}")
    if result.trace:
        lines.append(f"trace:    {result.trace}")
    for rerun in result.reruns:
        lines.append(f"rerun:    {rerun.how}: {rerun.verdict.value}  {rerun.trace}".rstrip())
    if tail and console:
        lines.append("console:")
        lines += [f"  {line}" for line in _telling(tail, headline(result), console)]
    return [printable(line) for line in lines]


def _telling(tail: Sequence[str], text: str, count: int) -> Sequence[str]:
    """The console's lines that matter: from the one that the text quotes on, else the last ones."""
    for at, line in enumerate(tail):
        said = _STAMP.sub("", line)
        if len(said) > _QUOTE_MIN and said in text:
            return tail[at : at + count]
    return tail[-count:]


def shares(exact: Exactness) -> list[tuple[str, Share]]:
    """What was exact, by name: all operations, each kind, each field."""
    return [
        ("operations", exact.operations),
        *((f"call {name}", share) for name, share in exact.calls.items()),
        *((f"field {name}", share) for name, share in exact.fields.items()),
    ]


def exactness_text(exact: Exactness) -> str:
    """``99.8% exact (call mprotect 96%, field ref 99.9%)``: of all, and where it is least."""
    loose = sorted(
        (one for one in shares(exact)[1:] if one[1].exact < one[1].of), key=lambda one: one[1].ratio
    )
    named = ", ".join(f"{name} {_percent(share)}" for name, share in loose[:_LOOSE_MAX])
    if len(loose) > _LOOSE_MAX:
        named += f" and {len(loose) - _LOOSE_MAX} more"
    return f"{_percent(exact.operations)} exact" + (f" ({named})" if named else "")


def _percent(share: Share) -> str:
    """Never 100% of what is not all."""
    return f"{math.floor(1000 * share.ratio) / 10:g}%"


def value_text(value: object) -> str:
    """An observed or allowed value for people: ``outcome: 2; m[0]: present write``."""
    if isinstance(value, Mapping):
        shown: Mapping[str, Any] = {k: v for k, v in value.items() if k != "rules"}
        return "; ".join(f"{name}: {_plain(item)}" for name, item in shown.items())
    return _plain(value)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
