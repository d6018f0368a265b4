"""What the model expects of one operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..abi import Kind, Refused


@dataclass(frozen=True, slots=True)
class Warned:
    """A WARN that the kernel's log has to show, and nothing else.

    Attributes:
        file: the source file that it stands in.
        functions: those that may be named: the one that it stands in, and the
            caller that a compiler may have put it into.
        times: how often.
    """

    file: str
    functions: tuple[str, ...]
    times: int = 1


class Expected(NamedTuple):
    """The outcome that a branch expects: trace.Outcome without snapshot, its log as a warning.

    data is None where it is the kernel's own and nobody knows it, or where it is the
    number of a frame, that of the page frame.
    """

    kind: Kind
    ret: int = 0
    signo: int = 0
    si_code: int = 0
    addr: int = 0
    refused: Refused = Refused.NONE
    data: bytes | None = b""
    warning: Warned | None = None
    frame: int | None = None
