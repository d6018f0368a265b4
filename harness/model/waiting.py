"""Calls that sleep: what is known of them while they do, and how they go on.

A call that cannot go on leaves its function by ``Sleeps``; what it had done so
far is kept, and the rest of it is made when somebody wakes it. Nothing here
decides anything: the rules are in ``rules_blocking``.
"""

from __future__ import annotations

import dataclasses

from .. import abi
from .outcome import Expected


class Sleeps(Exception):
    """The call at hand sleeps until this page of a process is filled in.

    Attributes:
        process, index: of the missing page.
        data: what a load has read so far.
        done: bytes of a load or store behind the call.
        taken: pages that it has pinned and that no held set shows.
    """

    def __init__(self, process: int, index: int) -> None:
        super().__init__(process, index)
        self.process = process
        self.index = index
        self.data = b""
        self.done = 0
        self.taken: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A call that fell asleep, or was begun.

    Attributes:
        op: the operation, whole.
        number: among the program's operations.
        page: (process, page of the arena) that it waits for; None: it sleeps no more.
        data, done: as of Sleeps, of the whole call.
        taken: pages that it has references of and that no held set shows yet.
        expected: what it gave; None while it sleeps.
        told: the program knows: the last that was said of it is still so.
    """

    op: abi.Op
    number: int
    page: tuple[int, int] | None = None
    data: bytes = b""
    done: int = 0
    taken: tuple[int, ...] = ()
    expected: Expected | None = None
    told: bool = True
