"""What can go wrong, each with the exit code that a script sees.

A message is one line that says what happened and what to do about it; the
command prints it and nothing else. Anything that is not a PagelabError and
reaches the command is a harness error as well (exit code 23).
"""

from __future__ import annotations


class PagelabError(Exception):
    """Base of every error that ends in one line and an exit code.

    Attributes:
        exit_code: what the command exits with.
        tail: the console's last lines, where there is a guest; may be "".
    """

    exit_code = 23

    def __init__(self, message: str, *, tail: str = "") -> None:
        super().__init__(message)
        self.tail = tail


class UsageError(PagelabError):
    """Wrong usage or input: bad argument, program, trace, kernel name or tree."""

    exit_code = 2


class HarnessError(PagelabError):
    """Our own fault or our machine's: missing tool, no network, full disk, own build."""

    exit_code = 23


class BootFailed(PagelabError):
    """The guest never said hello."""

    exit_code = 20


class GuestLost(PagelabError):
    """The guest ended, or its channel did, before the program's end record."""

    exit_code = 21


class GuestTimeout(PagelabError):
    """A deadline passed with the guest in user mode (or nobody could tell)."""

    exit_code = 22


class KernelFault(PagelabError):
    """Panic, oops, BUG, WARN or a hang in the kernel.

    Attributes:
        kind: one of console.FaultKind's values, e.g. "oops" or "hang".
        where: file and function, or the symbolised program counter.
    """

    exit_code = 12

    def __init__(self, message: str, *, kind: str, where: str = "", tail: str = "") -> None:
        super().__init__(message, tail=tail)
        self.kind = kind
        self.where = where
