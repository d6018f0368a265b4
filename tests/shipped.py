"""The shipped programs, read and compiled once for all tests that go through them."""

from __future__ import annotations

import functools

from harness.environment import Environment
from harness.jobs.programs import Source, find, read, unmet
from harness.tree import PROGRAMS, ROOT


@functools.cache
def programs() -> tuple[Source, ...]:
    """All of them, by name."""
    return tuple(read(path, str(path.relative_to(ROOT))) for path in find([PROGRAMS]))


def meant_for(*environments: Environment) -> list[Source]:
    """Those whose ``requires:`` is true in each of these."""
    return [one for one in programs() if all(unmet(one, where) is None for where in environments)]
