"""Where a job's record goes: standard output, the run folder, the files asked for."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from .cache import Cache
from .errors import HarnessError, PagelabError, UsageError
from .interrupts import interrupts
from .jobs import build as build_job
from .jobs import check as check_job
from .jobs import claims as claims_job
from .jobs import doctor as doctor_job
from .jobs import folder as folders
from .jobs import kernels as kernels_job
from .jobs import probe as probe_job
from .jobs.backend import Backend, RealBackend
from .jobs.folder import RunFolder, write_atomically
from .jobs.programs import Source
from .jobs.results import Record, Result
from .jobs.run import Run
from .jobs.settings import Settings
from .model.semantics import require_line
from .plan import Order
from .progress import Progress
from .report import (
    campaign_text,
    claims_page,
    claims_table,
    comparison_page,
    comparison_text,
    junit,
    ktap,
    listing,
    probe_table,
    results_json,
    terminal,
)
from .report.progress import Display, Steps
from .verdict import INTERRUPTED, Verdict, first_code

_REWRITE_SECONDS = 2.0
_REWRITE_SHARE = 50
_PLAIN_WIDTH = 160  # columns where standard output is no terminal
_LABEL = "programs"


def emit(text: str) -> None:
    """Writes results to standard output; a reader who left is no error.

    Raises:
        HarnessError: it cannot be written, as on a full disk.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise HarnessError(f"standard output cannot be written: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class Files:
    """What the command line wants besides; None: nothing."""

    json: Path | None = None
    junit: Path | None = None
    ktap: Path | None = None
    html: Path | None = None

    def check(self) -> None:
        """Finds now what would only be found after the run.

        Raises:
            UsageError: a file in a folder that is not there.
        """
        for path in (self.json, self.junit, self.ktap, self.html):
            if path is not None and (path.is_dir() or not path.resolve().parent.is_dir()):
                raise UsageError(f"{path}: no such folder, or a folder itself: name a file")

    def write(self, record: Record) -> None:
        """Writes them all.

        Raises:
            HarnessError: one cannot be written.
        """
        for path, render in (
            (self.json, results_json.render),
            (self.junit, junit.render),
            (self.ktap, ktap.render),
            (self.html, _page),
        ):
            if path is not None:
                write_atomically(path, render(record))


def _page(record: Record) -> str:
    """The page of what a record was made for."""
    if record.comparison is not None:
        return comparison_page.render(record)
    return claims_page.render(record)


class _Sink:
    """Shows a run's progress and keeps results.json fresh while it goes on."""

    def __init__(self, display: Display, folder: RunFolder, *, verbose: bool) -> None:
        self._display = display
        self._folder = folder
        self._verbose = verbose
        self._count = 0
        self._due = time.monotonic() + _REWRITE_SECONDS
        self.run: Run | None = None

    def building(self, label: str) -> AbstractContextManager[Progress]:
        return Steps(self._display, label)

    def line(self, text: str) -> None:
        self._display.line(text)

    def result(self, result: Result, total: int) -> None:
        self._count += 1
        if self._verbose:
            self._display.line(f"{result.verdict.value}  {result.program}  ({result.environment})")
        self._display.update(_LABEL, self._count, total)
        if self.run is not None and time.monotonic() >= self._due:
            began = time.monotonic()
            text = results_json.render(self.run.record())
            write_atomically(self._folder.path / "results.json", text)
            ended = time.monotonic()
            # However many results there are, this takes a small part of the time.
            self._due = ended + max(_REWRITE_SECONDS, _REWRITE_SHARE * (ended - began))


def run(
    settings: Settings,
    sources: Sequence[Source],
    *,
    jobs: int,
    out: Path | None,
    files: Files,
    quiet: bool,
    verbose: bool,
    backend: Backend | None = None,
    judged: Callable[[Record], Record] = lambda record: record,
) -> int:
    """Runs, shows and writes everything.

    Args:
        judged: what is made of the record before it is shown.

    Returns:
        The exit code.

    Raises:
        PagelabError: before anything ran.
    """
    options = settings.options(jobs, keep_errors=verbose)
    backend = backend or RealBackend(Cache())
    backend.check_names(options.kernels, options.arches, options.choice.config)
    folder = RunFolder(out)
    kept = [
        (source.name, str(folder.keep(source).relative_to(folder.path)), source.digest)
        for source in sources
    ]
    display = Display(sys.stderr, quiet=quiet)
    sink = _Sink(display, folder, verbose=verbose)
    job = Run(options, sources, folder, backend, sink)
    sink.run = job
    try:
        record = job.execute()
        interrupts.held = True
    except KeyboardInterrupt:
        interrupts.held = True
        record = job.record(interrupted=True)
    finally:
        display.close()
    record = judged(record)
    rerun = folders.render_rerun(settings.to_toml(), kept, record)
    failed = _write(record, folder, files, rerun)
    if interrupts.count and not record.interrupted:
        # Too late to stop anything, and yet the command ends as one that was interrupted.
        record = replace(record, exit_code=INTERRUPTED)
        failed = _write(record, folder, files, rerun)
    elif failed:
        code = first_code((record.exit_code, failed.exit_code))
        record = replace(record, exit_code=code, error=record.error or str(failed))
    show(record, quiet=quiet, verbose=verbose)
    return record.exit_code


def claims(
    settings: Settings,
    *,
    jobs: int,
    out: Path | None,
    files: Files,
    quiet: bool,
    verbose: bool,
    backend: Backend | None = None,
    sources: Sequence[Source] | None = None,
) -> int:
    """Runs the programs of the catalogue's claims, and shows what became of the claims.

    Args:
        sources: other programs than the shipped ones.

    Returns:
        The exit code.

    Raises:
        PagelabError: before anything ran.
    """
    programs = claims_job.sources() if sources is None else sources
    return run(
        settings,
        programs,
        jobs=jobs,
        out=out,
        files=files,
        quiet=quiet,
        verbose=verbose,
        backend=backend,
        judged=lambda record: claims_job.judged(record, programs),
    )


def probe(
    settings: Settings,
    asked: probe_job.Asked,
    *,
    jobs: int,
    out: Path | None,
    files: Files,
    quiet: bool,
    verbose: bool,
) -> int:
    """Runs the programs that tell kernels' flags, and shows which values these have.

    Returns:
        The exit code.

    Raises:
        PagelabError: before anything ran.
    """
    cache = Cache()
    recorder = probe_job.Recorder(RealBackend(cache))
    if asked.nearest is not None:
        require_line(asked.nearest)
    return run(
        settings,
        probe_job.sources(),
        jobs=jobs,
        out=out,
        files=files,
        quiet=quiet,
        verbose=verbose,
        backend=recorder,
        judged=lambda record: probe_job.judged(record, recorder.keys, cache, asked),
    )


def _write(record: Record, folder: RunFolder, files: Files, rerun: str) -> PagelabError | None:
    """Writes all files that can be written; why the first of the others could not."""
    inside = Files(folder.path / "results.json", folder.path / "junit.xml")
    attempts: tuple[Callable[[], None], ...] = (
        lambda: inside.write(record),
        lambda: write_atomically(folder.path / folders.RERUN, rerun),
        lambda: files.write(record),
    )
    failed: PagelabError | None = None
    for attempt in attempts:
        try:
            attempt()
        except PagelabError as error:
            failed = failed or error
    return failed


def show(record: Record, *, quiet: bool, verbose: bool) -> None:
    """The record on standard output; what ended it early on standard error."""
    terminal_width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    width = terminal_width or _PLAIN_WIDTH
    early = early_failures(record)
    for text in early:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"pagelab: {text}\n")
    brief = bool(early) and not any(result.trace for result in record.results)
    if record.campaign is not None:
        emit(campaign_text.render(record, quiet=quiet, verbose=verbose))
    elif record.probes:
        emit(probe_table.render(record, quiet=quiet, verbose=verbose))
    elif record.comparison is not None:
        emit(comparison_text.render(record, width=terminal_width, quiet=quiet, verbose=verbose))
    elif record.survey is not None and not brief:
        emit(claims_table.render(record, width=terminal_width, quiet=quiet, verbose=verbose))
    elif record.results or not record.error:
        emit(terminal.render(record, width=width, quiet=quiet, verbose=verbose, brief=brief))


def early_failures(record: Record) -> tuple[str, ...]:
    """What kept a whole run from happening, a line each; nothing where something ran."""
    if record.error:
        return (record.error,)
    if any(one.trace or one.verdict is not Verdict.HARNESS_ERROR for one in record.results):
        return ()
    texts = (str((result.detail or {}).get("text", "")) for result in record.results)
    return tuple(dict.fromkeys(texts))


def check(
    paths: Sequence[Path],
    files: Files,
    *,
    quiet: bool,
    verbose: bool,
    judged: Callable[[Record], Record] = lambda record: record,
) -> int:
    """Checks traces and shows what came of it.

    Args:
        judged: gives the record what it is made for besides.

    Returns:
        The exit code.

    Raises:
        PagelabError: as jobs.check.check, and as judged.
    """
    display = Display(sys.stderr, quiet=quiet)
    count = 0

    def on_result(result: Result, total: int) -> None:
        nonlocal count
        count += 1
        display.update("traces", count, total)

    try:
        record = judged(check_job.check(paths, on_result))
    finally:
        display.close()
    files.write(record)
    show(record, quiet=quiet, verbose=verbose)
    return record.exit_code


def build(settings: Settings, *, quiet: bool, verbose: bool) -> int:
    """Builds what is not in the cache and says where everything is.

    Returns:
        The exit code: 0, or that of the worst failure.

    Raises:
        PagelabError: before anything is built.
    """
    options = settings.options(1, keep_errors=verbose)
    cache = Cache()
    RealBackend(cache).check_names(options.kernels, options.arches, options.choice.config)
    config = options.choice.config
    orders = [Order(kernel, arch, config) for kernel in options.kernels for arch in options.arches]
    display = Display(sys.stderr, quiet=quiet)
    try:
        with Steps(display, "all") as whole:
            ended = build_job.build_all(orders, cache, partial(Steps, display), whole)
    finally:
        display.close()
    for one in ended:
        if one.built:
            emit(listing.built(one.built, verbose=verbose))
        else:
            trace = one.trace if verbose else ""
            with contextlib.suppress(OSError):
                sys.stderr.write(f"{trace}pagelab: {one.order.label}: {one.error}\n")
    return first_code([one.error.exit_code for one in ended if one.error])


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What `kernels` shall do before it tells what there is.

    Attributes:
        look: ask Debian's mirror for newer point releases.
        update: fetch them, and mean them from now on.
        prune: remove what no build uses.
        archives: with that, old sources too.
        lines: only these version lines are looked for; all when empty.
    """

    look: bool = False
    update: bool = False
    prune: bool = False
    archives: bool = False
    lines: tuple[str, ...] = ()


def kernels(upkeep: Upkeep, *, quiet: bool, verbose: bool) -> int:
    """Says what the cache has, looked after before if asked for.

    Raises:
        UsageError: an unknown version line.
        HarnessError: no network, a cache that cannot be written.
    """
    cache = Cache()
    if upkeep.look or upkeep.update:
        display = Display(sys.stderr, quiet=quiet)
        try:
            with Steps(display, "kernels") as steps:
                for text in kernels_job.refresh(upkeep.lines, cache, steps, take=upkeep.update):
                    emit(f"{text}\n")
        finally:
            display.close()
    if upkeep.prune:
        emit(listing.pruned(kernels_job.prune(cache, archives=upkeep.archives)))
    if not (upkeep != Upkeep() and quiet):
        emit(listing.kernels(kernels_job.survey(cache), verbose=verbose))
    return 0


def doctor(*, quiet: bool, verbose: bool) -> int:
    """Says what this machine has and lacks.

    Returns:
        0, or 23 where `make check` could not run.
    """
    display = Display(sys.stderr, quiet=quiet)
    try:
        with Steps(display, "doctor") as steps:
            findings = list(doctor_job.examine(Cache(), steps))
    finally:
        display.close()
    shown = [finding for finding in findings if not (quiet and finding.good)]
    emit(listing.doctor(shown, verbose=verbose))
    return 0 if all(finding.good for finding in findings) else HarnessError.exit_code
