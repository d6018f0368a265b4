"""What the model expects of one operation."""

from __future__ import annotations

from dataclasses import dataclass

from ..abi import Kind, Refused


@dataclass(frozen=True, slots=True)
class Expected:
    """The outcome that a branch expects: trace.Outcome without log and snapshot."""

    kind: Kind
    ret: int = 0
    signo: int = 0
    si_code: int = 0
    addr: int = 0
    refused: Refused = Refused.NONE
    data: bytes = b""
