"""The oracle alone: traces that are there, checked again without a guest."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from .. import verdict as verdicts
from ..check import check_trace
from ..environment import Environment
from .judge import Checker, judge, read_trace
from .programs import find
from .results import Record, Result

SUFFIX = ".trace"


def check(
    paths: Sequence[Path],
    on_result: Callable[[Result, int], None],
    checker: Checker = check_trace,
) -> Record:
    """Checks traces; a difference cannot be rerun here, so any is a MISMATCH.

    Args:
        paths: traces, or folders of them.
        on_result: hears of each result and of how many are expected.
        checker: the oracle.

    Raises:
        UsageError: a path that is not there, or a damaged trace.
        HarnessError: the oracle failed.
    """
    started, clock = datetime.now().astimezone(), time.monotonic()
    files = find(paths, SUFFIX)
    environments: dict[str, Environment] = {}
    results = []
    for path in files:
        trace = read_trace(path)
        environment = trace.header.environment
        environments.setdefault(environment.id, environment)
        result = judge(trace, str(path), checker)
        results.append(result)
        on_result(result, len(files))
    return Record(
        started=started,
        seconds=time.monotonic() - clock,
        exit_code=verdicts.exit_code(result.verdict for result in results),
        environments=tuple(environments.values()),
        results=tuple(results),
    )
