"""A campaign's folder: everything that is known, so that it can go on from there.

journal       what was done, a record a batch; what was seen, and what came of it
corpus/       the corpora of the next batches
findings/     the smallest program of each cause, its traces, and both sides as text
flaky/        what did not repeat, with its traces
pending/      what was seen and nobody has looked into yet
console/      console logs of the guests that live, and of those that ended before they should
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import secrets
import shutil
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from ...check import Sign
from ...errors import HarnessError, UsageError
from ...generate import Corpus
from ...verdict import Verdict
from ..folder import safe_part
from .values import Finding, Settled, Sighting

JOURNAL = "journal"
ROOM = 64 << 20  # bytes that a campaign should find free
_FOLDERS = ("corpus", "findings", "flaky", "pending", "console")
_LOGS_MAX = 40  # console logs that are kept of guests that ended
_PLAIN = re.compile(r"[^a-z0-9]+")


class CampaignFolder:
    """Names a campaign's files, writes and reads them.

    Args:
        path: the folder.

    Raises:
        HarnessError: from here and from every method that writes: the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def new(cls, out: Path | None) -> CampaignFolder:
        """A new folder.

        Args:
            out: new or empty; None: one under ./runs.

        Raises:
            UsageError: `out` has something in it, or is no folder.
            HarnessError: it cannot be made, or the disk is too small.
        """
        now = datetime.now().astimezone()
        fresh = Path("runs") / f"fuzz-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        path = fresh if out is None else out
        try:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise UsageError(f"--out {path}: not an empty folder: name a new one")
            path.mkdir(parents=True, exist_ok=True)
            folder = cls(path)
            folder.check_room()
            for name in _FOLDERS:
                (path / name).mkdir(exist_ok=True)
        except OSError as error:
            raise HarnessError(f"{path} cannot be made: {error.strerror}") from None
        return folder

    @classmethod
    def old(cls, path: Path) -> CampaignFolder:
        """The folder of a campaign that is to go on.

        Raises:
            UsageError: it is none.
            HarnessError: it cannot be written.
        """
        if not (path / JOURNAL).is_file():
            raise UsageError(
                f"--resume {path}: no campaign's folder: there is no {JOURNAL} in it "
                "(pagelab fuzz --out DIR makes one)"
            )
        folder = cls(path)
        folder.check_room()
        with _disk(path):
            for name in _FOLDERS:
                (path / name).mkdir(exist_ok=True)
            for log in folder.console.glob("*.log"):
                log.unlink(missing_ok=True)
        return folder

    def check_room(self) -> None:
        """Says before anything is begun that the disk is too small.

        Raises:
            HarnessError: it is.
        """
        with _disk(self.path):
            free = shutil.disk_usage(self.path).free
        if free < ROOM:
            raise HarnessError(
                f"{self.path}: {free >> 20} MB are free, a campaign needs {ROOM >> 20}: "
                "free some space or name another folder (--out)"
            )

    @property
    def journal(self) -> Path:
        """The journal's path."""
        return self.path / JOURNAL

    @property
    def console(self) -> Path:
        """Folder of the console logs."""
        return self.path / "console"

    def trim_console(self) -> None:
        """Removes the oldest console logs, so that the disk's part of them stays small."""
        with contextlib.suppress(OSError):
            logs = sorted(self.console.glob("*.log"), key=lambda log: log.stat().st_mtime_ns)
            for log in logs[:-_LOGS_MAX]:
                log.unlink(missing_ok=True)

    # ---- corpora ------------------------------------------------------------------

    def write_corpus(self, batch: int, corpus: Corpus) -> None:
        """Keeps the corpus that a batch begins with."""
        self._write(self._corpus(batch), corpus.encode())

    def read_corpus(self, batch: int) -> Corpus:
        """The corpus of a batch.

        Raises:
            UsageError: it is not there, or damaged.
        """
        path = self._corpus(batch)
        try:
            return Corpus.decode(path.read_bytes(), str(path))
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from None

    def corpora(self) -> list[int]:
        """Batches whose corpora are here."""
        names = (path.name for path in (self.path / "corpus").iterdir())
        return sorted(int(name) for name in names if name.isdigit())

    def drop_corpora(self, before: int) -> None:
        """Removes what is needed no more, but for the one that everything began with."""
        for batch in self.corpora():
            if 0 < batch < before:
                self._corpus(batch).unlink(missing_ok=True)

    def _corpus(self, batch: int) -> Path:
        return self.path / "corpus" / f"{batch:08d}"

    # ---- sightings ------------------------------------------------------------------

    def write_pending(self, sighting: Sighting) -> None:
        """Keeps a sighting until somebody has looked into it."""
        value = asdict(sighting) | {"trace": base64.b64encode(sighting.trace).decode()}
        value["sign"]["verdict"] = sighting.sign.verdict.value
        text = json.dumps(value, default=str).encode()
        self._write(self._pending(sighting.name), zlib.compress(text))

    def pending(self) -> Iterator[Sighting]:
        """Those that were kept; damaged ones are left out: their programs are run again."""
        for path in sorted((self.path / "pending").iterdir()):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, zlib.error):
                value = json.loads(zlib.decompress(path.read_bytes()))
                value["sign"] = Sign(
                    **value["sign"] | {"verdict": Verdict(value["sign"]["verdict"])}
                )
                value["trace"] = base64.b64decode(value["trace"])
                value["history"] = tuple(value["history"])
                yield Sighting(**value)

    def settle(self, name: str) -> None:
        """A sighting was looked into."""
        self._pending(name).unlink(missing_ok=True)

    def _pending(self, name: str) -> Path:
        return self.path / "pending" / safe_part(name)

    # ---- findings -------------------------------------------------------------------

    def keep(
        self, settled: Settled, number: int, options: str, told: Mapping[str, str], seconds: float
    ) -> Finding:
        """Writes what became of a sighting.

        Args:
            number: of the finding, for its name.
            options: of the command that shows it again, without the programs.
            told: texts to keep beside it, by suffix.
            seconds: from first sight to now.
        """
        what = _PLAIN.sub("-", f"{settled.sign.call} {settled.sign.field}".lower()).strip("-")
        name = f"{number:03d}-{safe_part(what)[:60]}"
        top = self.path / ("findings" if settled.repeats else "flaky")
        program = top / f"{name}.mm"
        how = settled.how or "does not repeat"
        head = f"# {settled.sign.cause}; program {settled.index} of the campaign; {how}.\n"
        self._write(program, (head + settled.text).encode())
        before = []
        for at, text in enumerate(settled.before, 1):
            path = top / f"{name}.before" / f"{at:04d}.mm"
            self._write(path, text.encode())
            before.append(path)
        traces = {}
        for kind, data in settled.traces.items():
            if data:
                traces[kind] = top / f"{name}.{kind}.trace"
                self._write(traces[kind], data)
        paths = [str(path) for path in (*before, program)]
        verb = "compare" if settled.other else "run"
        command = f"pagelab {verb} {' '.join(paths)} {options}".strip()
        for suffix, text in told.items():
            whole = f"{text}\nshown again by: {command}\n"
            self._write(top / f"{name}.{suffix}", whole.encode())
        return Finding(
            name=name,
            cause=settled.sign.cause,
            verdict=settled.verdict,
            index=settled.index,
            environment=settled.environment,
            kernel=settled.kernel,
            arch=settled.arch,
            how=settled.how,
            program=str(program.relative_to(self.path)),
            operations=settled.operations,
            detail=settled.detail,
            before=tuple(str(path.relative_to(self.path)) for path in before),
            traces={kind: str(path.relative_to(self.path)) for kind, path in traces.items()},
            command=command,
            seconds=round(seconds, 3),
        )

    # ---- writing ----------------------------------------------------------------------

    def _write(self, path: Path, data: bytes) -> None:
        """Replaces a file's content, for good when this returns; whole or not at all."""
        with _disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            scratch = path.with_name(f".{path.name}.new")
            try:
                with scratch.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                scratch.replace(path)
            finally:
                scratch.unlink(missing_ok=True)


@contextlib.contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HarnessError(
            f"{path} cannot be written: {error.strerror}: free some space, then go on with --resume"
        ) from None


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as the journal and the results have it."""
    return asdict(finding) | {"verdict": finding.verdict.value}


def finding_of(value: Mapping[str, Any]) -> Finding:
    """The inverse of finding_json.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    known = dict(value) | {"verdict": Verdict(value["verdict"]), "before": tuple(value["before"])}
    return Finding(**known)
