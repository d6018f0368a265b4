"""`pagelab compare`: programs that are run in several environments, or traces that are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import output
from .errors import UsageError
from .jobs import compare as compare_job
from .jobs.backend import Backend
from .jobs.programs import find, read
from .jobs.settings import Settings


def compare(
    settings: Settings,
    paths: Sequence[Path],
    *,
    jobs: int,
    out: Path | None,
    files: output.Files,
    quiet: bool,
    verbose: bool,
    backend: Backend | None = None,
) -> int:
    """Shows what differs between environments.

    Args:
        paths: programs, which are run; or traces of several environments, which are not.

    Returns:
        The exit code.

    Raises:
        PagelabError: before anything ran.
    """
    traces = compare_job.recorded(paths)
    if traces:
        return output.check(
            traces,
            files,
            quiet=quiet,
            verbose=verbose,
            judged=lambda record: compare_job.compared(compare_job.in_order(record)),
        )
    if len(settings.kernels) * len(settings.arches) == 1:
        raise UsageError(compare_job.ALONE)
    return output.run(
        settings,
        [read(path) for path in find(paths)],
        jobs=jobs,
        out=out,
        files=files,
        quiet=quiet,
        verbose=verbose,
        backend=backend,
        judged=compare_job.compared,
    )
