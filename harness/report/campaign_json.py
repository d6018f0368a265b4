"""A campaign as results.json has it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..jobs.campaign.values import Campaign, Finding


def to_json(campaign: Campaign) -> dict[str, Any]:
    """The contract's object, and more."""
    tally = campaign.tally
    return {
        "seed": campaign.seed,
        "programs": tally.programs,
        "operations": tally.operations,
        "checked": tally.checked,
        "seconds": round(campaign.seconds, 3),
        "mismatches": [_finding(one) for one in campaign.findings],
        "flaky": [_finding(one) for one in campaign.flaky],
        "unsettled": campaign.unsettled,
        "guests_lost": tally.guests_lost,
        "given_up": dict(campaign.given_up),
        "verdicts": dict(tally.verdicts),
        "branches_reached": campaign.reached,
        "branches_total": campaign.of,
        "branches_never": list(campaign.never),
        "corpus": campaign.kept,
        "corpora_skipped": campaign.skipped,
        "programs_digest": campaign.digest,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    """Paths are relative to the campaign's folder."""
    return asdict(finding) | {"verdict": finding.verdict.value}
