"""`pagelab fuzz` and `pagelab shrink`: campaigns, and single programs made smaller."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from . import output
from .cache import Cache
from .errors import PagelabError, UsageError
from .generate import Corpus
from .interrupts import interrupts
from .jobs import shrink as shrink_job
from .jobs.backend import Backend, RealBackend
from .jobs.campaign.corpora import first_corpus
from .jobs.campaign.folder import CampaignFolder
from .jobs.campaign.memory import Asked, Memory, remembered
from .jobs.campaign.run import Run, Status
from .jobs.folder import write_atomically
from .jobs.results import Record
from .jobs.settings import Settings
from .progress import Progress
from .report import results_json
from .report.progress import Display, Steps
from .verdict import INTERRUPTED, first_code

_LABEL = "fuzz"
SEED_MAX = 1 << 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says of a campaign; None: nothing.

    Attributes:
        resume: folder of a campaign that is to go on.
        corpora: files, or folders of them, to begin with.
    """

    seed: int | None = None
    seconds: float | None = None
    programs: int | None = None
    resume: Path | None = None
    out: Path | None = None
    corpora: tuple[Path, ...] = ()

    def check(self) -> None:
        """Refuses what cannot be meant.

        Raises:
            UsageError: with what to do instead.
        """
        if self.seconds is not None and self.programs is not None:
            raise UsageError("--time or --programs: a campaign has one end")
        if self.seconds is not None and not 0 < self.seconds < 1e9:
            raise UsageError(f"--time {self.seconds:g}: expected seconds, more than 0")
        if self.programs is not None and self.programs <= 0:
            raise UsageError(f"--programs {self.programs}: expected a number, at least 1")
        if self.seed is not None and not 0 <= self.seed < SEED_MAX:
            raise UsageError(f"--seed {self.seed}: expected a number from 0 to 2^64 - 1")
        if self.resume is not None and (self.seed is not None or self.out or self.corpora):
            raise UsageError(
                "--resume goes on with its own seed, folder and corpus: leave them out"
            )


class _Sink:
    """Shows how a campaign goes."""

    def __init__(self, display: Display) -> None:
        self._display = display

    def building(self, label: str) -> AbstractContextManager[Progress]:
        return Steps(self._display, label)

    def line(self, text: str) -> None:
        self._display.line(text)

    def status(self, status: Status) -> None:
        words = [
            f"{status.rate:.0f} operations/s",
            f"{status.reached} of {status.of} branches",
            f"{status.findings} findings",
        ]
        if status.pending:
            words.append(f"{status.pending} to look into")
        self._display.state(_LABEL, ", ".join(words), status.done, status.total, status.unit)


def fuzz(
    wanted: Wanted,
    settings: Settings,
    *,
    chosen: bool,
    jobs: int,
    files: output.Files,
    quiet: bool,
    verbose: bool,
    backend: Backend | None = None,
) -> int:
    """Runs a campaign, shows and writes what it found.

    Args:
        settings: for a new campaign.
        chosen: the command line chose some of them, which a campaign that goes on has already.

    Returns:
        The exit code.

    Raises:
        PagelabError: before anything ran.
    """
    wanted.check()
    backend = backend or RealBackend(Cache())
    display = Display(sys.stderr, quiet=quiet)
    skipped = 0
    if wanted.resume is not None:
        if chosen:
            raise UsageError("--resume goes on with its own kernels and settings: leave -k, -a out")
        folder = CampaignFolder.old(wanted.resume)
        memory = remembered(folder)
        memory.asked = _longer(memory.asked, wanted)
        start, lost = _own_start(folder)
        skipped += lost + bool(memory.damaged)
        _complain(display, memory, lost=lost)
    else:
        corpora, skipped = _read_corpora(wanted.corpora, display)
        seed = secrets.randbelow(1 << 32) if wanted.seed is None else wanted.seed
        memory = Memory(Asked(seed, settings, wanted.seconds, wanted.programs))
        start = first_corpus(corpora)
    options = memory.asked.settings.options(jobs, keep_errors=verbose)
    backend.check_names(options.kernels, options.arches, options.choice.config)
    if wanted.resume is None:
        folder = CampaignFolder.new(wanted.out)
    job = Run(
        memory,
        start,
        folder,
        backend,
        _Sink(display),
        jobs=jobs,
        new=wanted.resume is None,
        skipped=skipped,
    )
    try:
        record = job.execute()
        interrupts.held = True
    except KeyboardInterrupt:
        interrupts.held = True
        record = job.record(interrupted=True)
    finally:
        display.close()
    if verbose and job.traceback:
        sys.stderr.write(job.traceback)
    record = _written(record, folder, files)
    output.show(record, quiet=quiet, verbose=verbose)
    return record.exit_code


def _written(record: Record, folder: CampaignFolder, files: output.Files) -> Record:
    """Writes the results; the record, with what kept them from being written."""
    if interrupts.count and not record.interrupted:
        record = replace(record, exit_code=INTERRUPTED)
    try:
        write_atomically(folder.path / "results.json", results_json.render(record))
        files.write(record)
    except PagelabError as error:
        code = first_code((record.exit_code, error.exit_code))
        return replace(record, exit_code=code, error=record.error or str(error))
    return record


def _longer(asked: Asked, wanted: Wanted) -> Asked:
    """A campaign that goes on, with another end if one is given."""
    if wanted.seconds is None and wanted.programs is None:
        return asked
    return replace(asked, seconds=wanted.seconds, programs=wanted.programs)


def _own_start(folder: CampaignFolder) -> tuple[Corpus, int]:
    """The corpus that a campaign began with, and whether it was lost."""
    try:
        return folder.read_corpus(0), 0
    except UsageError as error:
        raise UsageError(
            f"{error}: what the campaign began with is lost: begin a new one"
        ) from None


def _complain(display: Display, memory: Memory, *, lost: int) -> None:
    del lost
    if memory.damaged:
        display.line(
            f"{memory.damaged} damaged lines of the journal skipped: what they said is done again"
        )


def _read_corpora(paths: Sequence[Path], display: Display) -> tuple[list[Corpus], int]:
    """The corpora of the command line; how many could not be read, each of which is said.

    Raises:
        UsageError: a path that is not there.
    """
    found: list[Corpus] = []
    skipped = 0
    for path in paths:
        if not path.exists():
            raise UsageError(f"--corpus {path}: no such file or folder")
        inside = path / "corpus" if (path / "corpus").is_dir() else path
        files = sorted(inside.iterdir()) if inside.is_dir() else [inside]
        for file in files:
            try:
                found.append(Corpus.decode(file.read_bytes(), str(file)))
            except (OSError, UsageError, ValueError, TypeError, KeyError) as error:
                skipped += 1
                display.line(f"skipped: {error}")
    return found, skipped


def shrink(
    path: Path,
    settings: Settings,
    *,
    out: Path | None,
    quiet: bool,
    verbose: bool,
    backend: Backend | None = None,
) -> int:
    """Makes a program smaller as long as it shows its difference, and prints what is left.

    Args:
        path: a program, or the trace of one.
        out: a file that gets it instead of standard output.

    Returns:
        The exit code: 0, or 30 where it shows nothing (any more).

    Raises:
        PagelabError: it cannot be read, or no guest can be had.
    """
    backend = backend or RealBackend(Cache())
    display = Display(sys.stderr, quiet=quiet)
    try:
        done = shrink_job.smallest(path, settings, backend, lambda label: Steps(display, label))
    finally:
        display.close()
    for line in done.told if verbose or not done.text else done.told[:1]:
        if not quiet:
            sys.stderr.write(f"{line}\n")
    if done.text and out is not None:
        write_atomically(out, done.text)
    elif done.text:
        output.emit(done.text)
    return done.exit_code


def cpus() -> int:
    """How many guests at once, if nobody says."""
    return os.cpu_count() or 1
