"""A comparison as JSON, for results.json and --json."""

from __future__ import annotations

from typing import Any

from ..jobs.comparison import Comparison, Found, Group


def to_json(comparison: Comparison) -> dict[str, Any]:
    """The value of the key "comparison"."""
    return {
        "pairs": [
            {"one": one, "other": other} | _counted(comparison, one, other)
            for one, other in comparison.pairs()
        ],
        "operations": comparison.operations,
        "differing": comparison.differing,
        "unexplained": comparison.unexplained,
        "causes": [_group(group) for group in comparison.groups],
        "not_compared": [
            {
                "program": left.program,
                "environment": left.environment,
                "verdict": left.verdict.value,
                "why": left.why,
            }
            for left in comparison.left
        ],
    }


def _counted(comparison: Comparison, one: str, other: str) -> dict[str, int]:
    mine = [found for found in comparison.between if (found.one, found.other) == (one, other)]
    return {
        "programs": len(mine),
        "operations": sum(found.operations for found in mine),
        "differing": sum(len(found.differing) for found in mine),
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "cause": group.name,
        "kind": group.kind.name.lower(),
        "flags": [list(names) for names in group.flags],
        "values": [
            {
                "flag": flag.name,
                "meaning": flag.meaning,
                "one": _value(flag.one),
                "other": _value(flag.other),
            }
            for flag in group.values
        ],
        "differing": [_found(found) for found in group.found],
    }


def _value(value: object) -> object:
    return value if isinstance(value, (bool, int, str)) else str(value)


def _found(found: Found) -> dict[str, Any]:
    between, differing = found.between, found.differing
    return {
        "program": between.program,
        "one": between.one,
        "other": between.other,
        "operation": differing.operation,
        "line": differing.line,
        "text": differing.text,
        "follows": differing.cause.follows,
        "items": [
            {"what": item.what, "one": item.one, "other": item.other} for item in differing.items
        ],
    }
