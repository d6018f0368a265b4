"""KTAP version 1 (Documentation/dev-tools/ktap.rst): a subtest an environment."""

from __future__ import annotations

from ..environment import Environment
from ..jobs.results import Record, Result, exactness
from ..verdict import FAILURES, Verdict
from .text import explain, headline, printable, semantics, shares


def render(record: Record) -> str:
    """The record as KTAP text."""
    lines = ["KTAP version 1", f"1..{len(record.environments)}"]
    for number, environment in enumerate(record.environments, 1):
        mine = [result for result in record.results if result.environment == environment.id]
        lines += [f"  {line}" for line in _suite(environment, mine)]
        lines.append(_line(number, environment.id, *_suite_outcome(mine)))
    return "\n".join(lines) + "\n"


def _suite(environment: Environment, results: list[Result]) -> list[str]:
    lines = ["KTAP version 1", f"# Subtest: {_name(environment.id)}", f"1..{len(results)}"]
    lines.append(f"# semantics: {semantics(environment)}")
    for number, result in enumerate(results, 1):
        if result.verdict not in (Verdict.PASS, Verdict.SKIPPED):
            lines += [f"# {line}" for line in (result.verdict.value, *explain(result))]
        lines.append(_line(number, result.program, *_outcome(result)))
    lines += [f"# exact {n}: {s.exact} of {s.of}" for n, s in shares(exactness(results))]
    return lines


def _outcome(result: Result) -> tuple[bool, str]:
    """Whether it is ok, and the directive."""
    verdict = result.verdict
    if verdict is Verdict.PASS:
        return True, ""
    if verdict is Verdict.SKIPPED:
        return True, f"SKIP {headline(result)}"
    if verdict is Verdict.TIMEOUT:
        return False, f"TIMEOUT {headline(result)}"
    if verdict in FAILURES:
        return False, ""
    return False, f"ERROR {verdict.value} {headline(result)}"


def _suite_outcome(results: list[Result]) -> tuple[bool, str]:
    if not all(_outcome(result)[0] for result in results):
        return False, ""
    if all(result.verdict is Verdict.SKIPPED for result in results):
        return True, "SKIP every program" if results else "SKIP nothing ran"
    return True, ""


def _line(number: int, name: str, good: bool, directive: str) -> str:
    line = f"{'ok' if good else 'not ok'} {number} {_name(name)}"
    return f"{line} # {directive}" if directive else line


def _name(text: str) -> str:
    """A description: '#' would begin a directive."""
    return printable(text).replace("#", "_").replace("\n", " ")
