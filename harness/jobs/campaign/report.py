"""Texts that are kept beside a finding."""

from __future__ import annotations

import contextlib

from ...check.sides import sides
from ...errors import PagelabError
from ...trace import decode
from .values import Settled


def texts_of(settled: Settled) -> dict[str, str]:
    """By the file's suffix: both sides of the smallest program's last run."""
    detail = settled.detail
    lines = [f"{settled.verdict.value}  {settled.sign.cause}  ({settled.environment})"]
    if settled.other:
        lines.append(f"against {settled.other}")
    lines += ["", settled.text, str(detail.get("text") or "")]
    if detail.get("source"):
        lines.append(f"rule: {detail['source']}")
    shown = settled.traces.get("shrunk")
    if shown and not settled.other:
        with contextlib.suppress(PagelabError, ValueError):
            lines += ["", *sides(decode(shown, "shrunk"))]
    return {"txt": "\n".join(lines) + "\n"}
