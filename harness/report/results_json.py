"""results.json, and what --json writes: one object, schema 1."""

from __future__ import annotations

import json
from typing import Any

from .. import __version__
from ..check import Exactness
from ..check.exact import Share
from ..jobs.results import ClaimReport, Probe, Record, Result, exactness
from . import campaign_json, comparison_json

SCHEMA = 1


def render(record: Record) -> str:
    """The record as JSON text: one key order always, a line an environment and a result."""
    # Not indent=: it would take json's slow encoder, and this is written again while a run goes on.
    lines = [f"{_text(name)}: {_member(value)}" for name, value in to_json(record).items()]
    return "{" + ",\n ".join(lines) + "}\n"


def _member(value: object) -> str:
    if isinstance(value, list):
        return "[" + ",".join(f"\n  {_text(item)}" for item in value) + "]"
    return _text(value)


def _text(value: object) -> str:
    return json.dumps(value, default=str)


def to_json(record: Record) -> dict[str, Any]:
    """The record as the contract's object."""
    value: dict[str, Any] = {
        "schema": SCHEMA,
        "pagelab": __version__,
        "started": record.started.isoformat(timespec="seconds"),
        "seconds": round(record.seconds, 3),
        "exit_code": record.exit_code,
        "environments": [environment.to_json() for environment in record.environments],
        "results": [_result(result) for result in record.results],
        "verdicts": record.verdicts(),
        "counts": _counts(record),
        "folder": record.folder,
        "interrupted": record.interrupted,
    }
    if record.error:
        value["error"] = record.error
    if record.survey is not None:
        value["claims"] = [_claim(report) for report in record.survey.reports]
        value["sentences"] = {
            environment.id: record.survey.sentences(environment.id)
            for environment in record.environments
        }
    if record.comparison is not None:
        value["comparison"] = comparison_json.to_json(record.comparison)
    if record.probes:
        value["probes"] = [_probe(one) for one in record.probes]
    if record.campaign is not None:
        value["campaign"] = campaign_json.to_json(record.campaign)
    return value


def _counts(record: Record) -> dict[str, Any]:
    """Of all results; of a campaign, of all that it ran."""
    tally = record.campaign.tally if record.campaign is not None else None
    if tally is not None:
        found = (tally.operations, tally.checked, tally.exact, dict(tally.allowances))
    else:
        exact = exactness(record.results)
        found = (record.operations(), record.checked(), exact, record.allowances())
    operations, checked, exact, allowances = found
    return {
        "operations": operations,
        "checked": checked,
        "exact": _exact(exact),
        "allowances": allowances,
    }


def _probe(probe: Probe) -> dict[str, Any]:
    return {
        "environments": list(probe.environments),
        "nearest": probe.nearest,
        "known": probe.known,
        "releases": list(probe.found.releases),
        "accepted": probe.accepted,
        "flags": [
            {
                "flag": told.flag,
                "standing": told.standing.value,
                "value": told.value,
                "nearest": told.start,
                "differs": told.differs,
                "programs": list(told.programs),
                "why": told.why,
            }
            for told in probe.found.flags
        ],
        "not_run": dict(probe.unrun),
    }


def _claim(report: ClaimReport) -> dict[str, Any]:
    entry = report.entry
    return {
        "id": entry.id,
        "api": entry.api,
        "sentences": list(entry.sentences),
        "wording": entry.wording,
        "source": entry.source,
        "testable": entry.testable,
        "why_not": entry.untestable.value if entry.untestable else None,
        "because": entry.because or None,
        "programs": list(report.programs),
        "changed": report.changed,
        "by_environment": [
            {
                "environment": one.environment,
                "kernel": one.kernel,
                "arch": one.arch,
                "expected": one.expected,
                "observed": one.observed,
                "agrees": one.agrees,
                "places": [
                    {"program": place.program, "line": place.line, "shown": place.shown}
                    for place in one.places
                ],
            }
            for one in report.standings
        ],
    }


def _exact(exact: Exactness) -> dict[str, Any]:
    """Of all operations, of each kind, of each field: how many were exact, of how many."""

    def pair(share: Share) -> dict[str, int]:
        return {"exact": share.exact, "of": share.of}

    return pair(exact.operations) | {
        "calls": {name: pair(share) for name, share in exact.calls.items()},
        "fields": {name: pair(share) for name, share in exact.fields.items()},
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "program": result.program,
        "environment": result.environment,
        "kernel": result.kernel,
        "arch": result.arch,
        "verdict": result.verdict.value,
        "operations": result.operations,
        "checked": result.checked,
        "exact": result.exact.operations.exact,
        "trace": result.trace,
        "claims": [
            {
                "id": claim.id,
                "line": claim.line,
                "shown": claim.shown,
                "expected": claim.expected,
                "agrees": claim.agrees,
            }
            for claim in result.claims
        ],
        "detail": None if result.detail is None else dict(result.detail),
        "seconds": round(result.seconds, 6),
        "reruns": [
            {"how": rerun.how, "verdict": rerun.verdict.value, "trace": rerun.trace}
            for rerun in result.reruns
        ],
    }
