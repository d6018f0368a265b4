"""A campaign for people: what it found, what it reached, one summary line, its folder. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..jobs.campaign.values import Campaign, Finding
from ..jobs.results import Record, Result
from .terminal import counted
from .text import exactness_text, explain, printable

_NEVER_SHOWN = 12


def render(record: Record, *, quiet: bool = False, verbose: bool = False) -> str:
    """Everything that a campaign shows in the end."""
    campaign = record.campaign
    assert campaign is not None
    blocks = (
        []
        if quiet
        else [_block(*pair) for pair in zip(campaign.findings, record.results, strict=True)]
    )
    end = list(_remarks(campaign, verbose=verbose)) if not quiet else []
    end.append(summary(record))
    if record.folder:
        end.append(record.folder)
    blocks.append("\n".join(end))
    return printable("\n\n".join(blocks) + "\n")


def _block(finding: Finding, result: Result) -> str:
    lines = [f"{finding.verdict.value}  {result.program}  ({finding.environment})"]
    lines.append(
        f"  cause:    {finding.cause}; program {finding.index}, {counted(finding.seen, 'time')}; "
        f"{counted(finding.operations, 'operation')}, repeats {_how(finding)}"
    )
    lines += [f"  {line}" for line in explain(result)]
    lines.append(f"  again:    {finding.command}")
    return "\n".join(lines)


def _how(finding: Finding) -> str:
    return f"behind {counted(len(finding.before), 'program')}" if finding.before else "alone"


def _remarks(campaign: Campaign, *, verbose: bool) -> Iterator[str]:
    for environment, why in campaign.given_up.items():
        yield f"{environment}: given up: {why}"
    if campaign.flaky:
        names = ", ".join(one.name for one in campaign.flaky[:5])
        yield f"{len(campaign.flaky)} flaky, filed with their traces in flaky/: {names}"
    if campaign.unsettled:
        yield f"{campaign.unsettled} seen that nobody looked into: --resume does"
    if campaign.skipped:
        yield f"{counted(campaign.skipped, 'corpus file')} skipped"
    if campaign.never:
        shown = campaign.never if verbose else campaign.never[:_NEVER_SHOWN]
        more = (
            ""
            if len(shown) == len(campaign.never)
            else f" and {len(campaign.never) - len(shown)} more (-v)"
        )
        yield f"branches never reached: {', '.join(shown)}{more}"


def summary(record: Record) -> str:
    """``512 programs, 2 environments, seed 7: 13824 operations, 13824 checked, 3021/s; ...``."""
    campaign = record.campaign
    assert campaign is not None
    tally = campaign.tally
    rate = tally.checked / campaign.seconds if campaign.seconds else 0.0
    environments = counted(len(record.environments), "environment")
    parts = [
        f"{counted(tally.programs, 'program')}, {environments}, "
        f"seed {campaign.seed}: {counted(tally.operations, 'operation')}, {tally.checked} checked, "
        f"{rate:.0f}/s",
        f"{campaign.reached} of {campaign.of} branches reached",
        counted(len(campaign.findings), "finding"),
    ]
    if campaign.flaky:
        parts.append(f"{len(campaign.flaky)} flaky")
    if tally.guests_lost:
        parts.append(f"{counted(tally.guests_lost, 'guest')} lost")
    if tally.checked:
        parts.append(exactness_text(tally.exact))
    if record.interrupted:
        parts.append("interrupted")
    return "; ".join([*parts, f"exit code {record.exit_code}"])
