"""A worker: a process that generates programs, has guests run them, and checks what they show.

It has one guest of each environment. Programs are sent ahead to all of them, so that a guest
works while another's results are checked here; there is one thread, which nothing contends with.
"""

from __future__ import annotations

import functools
import gc
import os
import signal
import socket
import sys
import traceback
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ... import proc
from ...check import Exactness
from ...check.exact import total
from ...errors import HarnessError, PagelabError
from ...generate import Corpus, Generated, Generator
from ...generate.corpus import Kept
from ...progress import SILENT
from ...verdict import Verdict
from ..backend import Prepared
from .contrast import Contrast
from .inquiry import Inquiry, Lab
from .messages import (
    Booted,
    Corpora,
    Failed,
    GaveUp,
    Inquire,
    Link,
    Looked,
    Lost,
    Made,
    Note,
    Ran,
    Saw,
    Start,
    Work,
)
from .plan import Chunk
from .station import Death, Judged, Station
from .values import Sighting, Tally

_GOOD = frozenset({Verdict.PASS, Verdict.SKIPPED})
_SENT_MAX = 3  # sightings of one cause in one environment that are sent whole
_NOTHING = Kept("", frozenset())  # in place of a program that could not be made
_YOUNG = 50_000  # objects between two looks of the garbage collector: few of ours are in circles


@dataclass(slots=True)
class _Job:
    """A chunk that is under way.

    Attributes:
        next: the program that is generated next.
        left: results that are missing.
    """

    chunk: Chunk
    next: int
    left: int
    made: list[Kept] = field(default_factory=list)
    operations: int = 0
    checked: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    allowances: Counter[str] = field(default_factory=Counter)
    exact: list[Exactness] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)


class Worker:
    """See the module's docstring.

    Args:
        link: to the campaign.
        start: what it said first.
    """

    def __init__(self, link: Link, start: Start) -> None:
        self._link = link
        self._start = start
        self._logs = 0
        self._prepared: list[Prepared] = [
            start.backend.prepare(place.kernel, place.arch, place.choice, SILENT)
            for place in start.places
        ]
        self._stations = [
            Station(
                prepared,
                start.backend,
                start.observe,
                self._more,
                self._console,
                functools.partial(self._died, at),
                self._note,
            )
            for at, prepared in enumerate(self._prepared)
        ]
        self._booted: set[int] = set()
        self._gave_up: set[int] = set()
        self._contrast = Contrast(len(self._stations))
        self._corpora: dict[int, Corpus] = {}
        self._generators: dict[int, Generator] = {}
        self._jobs: deque[_Job] = deque()  # being generated
        self._running: dict[int, _Job] = {}  # by number of the chunk's first program
        self._inquiries: deque[Inquire] = deque()
        self._sent: Counter[tuple[int, str]] = Counter()

    def run(self) -> None:
        """Works until the campaign has ended."""
        try:
            while not self._link.ended:
                if self._inquiries:
                    self._inquire(self._inquiries.popleft())
                elif not self._round() and not self._inquiries:  # that it may have been sent
                    self._heard(self._link.wait())
        finally:
            for station in self._stations:
                station.close()

    def _round(self) -> bool:
        """One result of each environment; False where nothing is under way."""
        found = False
        for at, station in enumerate(self._stations):
            told = station.next()
            if station.given_up and at not in self._gave_up:
                self._gave_up.add(at)
                self._link.send(GaveUp(at, station.given_up))
            if told is not None:
                found = True
                self._took(at, *told)
        return found

    # ---- what to do -----------------------------------------------------------------

    def _heard(self, message: Any) -> None:
        if isinstance(message, Corpora):
            self._corpora[message.batch] = message.corpus
            for old in [batch for batch in self._corpora if batch < message.batch - 2]:
                self._corpora.pop(old)
                self._generators.pop(old, None)
        elif isinstance(message, Work):
            chunk = message.chunk
            results = (chunk.stop - chunk.start) * len(self._stations)
            self._jobs.append(_Job(chunk, chunk.start, results))
        elif isinstance(message, Inquire):
            self._inquiries.append(message)

    def _more(self) -> bool:
        """Generates one more program for every station; False: none is asked for."""
        while (message := self._link.poll()) is not None:
            self._heard(message)
        if not self._jobs:
            return False
        job = self._jobs[0]
        self._running.setdefault(job.chunk.start, job)
        program = self._generated(job)
        job.next += 1
        job.made.append(Kept(program.text, program.branches) if program else _NOTHING)
        if job.next == job.chunk.stop:
            self._jobs.popleft()
            self._link.send(Made(job.chunk, tuple(job.made)))
        if program is None:
            self._left_out(job)
        else:
            for station in self._stations:
                station.add(program)
        return True

    def _generated(self, job: _Job) -> Generated | None:
        """The next program; None where the generator fails, which costs that program alone."""
        try:
            return self._generator(job.chunk.batch).program(job.next)
        except Exception as error:
            self._note(f"program {job.next} cannot be made: {type(error).__name__}: {error}")
            return None

    def _left_out(self, job: _Job) -> None:
        """A program that is run nowhere."""
        job.verdicts[Verdict.HARNESS_ERROR.value] += len(self._stations)
        job.left -= len(self._stations)
        if not job.left:
            self._ran(job)

    def _generator(self, batch: int) -> Generator:
        known = self._generators.get(batch)
        if known is None:
            known = self._generators[batch] = Generator(self._start.seed, self._corpora[batch])
        return known

    def _console(self) -> Path:
        self._logs += 1
        return self._start.console / f"{self._start.number}-{self._logs}.log"

    # ---- what was seen ----------------------------------------------------------------

    def _note(self, text: str) -> None:
        self._link.send(Note(text))

    def _died(self, at: int, death: Death) -> None:
        self._link.send(Lost(at, death.finished, death.verdict.value, death.text))

    def _took(self, at: int, program: Generated, judged: Judged) -> None:
        if at not in self._booted:
            self._booted.add(at)
            self._link.send(Booted(at, self._stations[at].environment))
        job = self._job_of(program.index)
        result = judged.result
        job.operations += result.operations
        job.checked += result.checked
        job.verdicts[result.verdict.value] += 1
        job.allowances.update(result.allowances)
        job.exact.append(result.exact)
        if result.verdict not in _GOOD:
            self._saw(job, at, program, judged)
        for sighting in self._contrast.take(at, program, judged):
            self._tell(job, sighting)
        job.left -= 1
        if not job.left:
            self._ran(job)

    def _job_of(self, index: int) -> _Job:
        start = max(start for start in self._running if start <= index)
        return self._running[start]

    def _saw(self, job: _Job, at: int, program: Generated, judged: Judged) -> None:
        result = judged.result
        assert result.sign is not None
        recording = judged.recording
        sighting = Sighting(
            index=program.index,
            place=at,
            sign=result.sign,
            text=program.text,
            detail=result.detail or {},
            history=self._stations[at].before(),
            trace=recording.encode() if recording is not None else b"",
        )
        self._tell(job, sighting)

    def _tell(self, job: _Job, sighting: Sighting) -> None:
        """Sends a sighting, or counts it where many of its like were sent."""
        key = sighting.place, sighting.sign.cause
        self._sent[key] += 1
        if self._sent[key] <= _SENT_MAX:
            self._link.send(Saw(sighting))
        else:
            job.causes[sighting.sign.cause] += 1

    def _ran(self, job: _Job) -> None:
        del self._running[job.chunk.start]
        tally = Tally(
            programs=job.chunk.stop - job.chunk.start,
            operations=job.operations,
            checked=job.checked,
            verdicts=dict(job.verdicts),
            allowances=dict(job.allowances),
            exact=total(job.exact),
        )
        self._link.send(Ran(job.chunk, tally, dict(job.causes)))

    # ---- looking into it -----------------------------------------------------------------

    def _inquire(self, asked: Inquire) -> None:
        sighting = asked.sighting
        name = f"fuzz-{self._start.seed}-{sighting.index}.mm"
        labs = [
            Lab(self._prepared[at], self._start.backend, self._console, self._start.observe)
            for at in (sighting.place, sighting.other)
            if at is not None
        ]
        if len(labs) == 1:
            settled = Inquiry(sighting, labs[0], name).settle()
        else:
            settled = self._contrast.inquire(sighting, labs, name)
        self._link.send(Looked(settled))


def main() -> int:
    """Entry point: the number of the socket is the only argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = Link(socket.socket(fileno=int(sys.argv[1])))
    try:
        start = link.wait()
        if isinstance(start, Start):
            worker = Worker(link, start)
            gc.collect()
            gc.freeze()
            gc.set_threshold(_YOUNG)
            worker.run()
    except PagelabError as error:
        link.send(Failed(str(error), error.exit_code))
    except Exception as error:
        text = f"internal error: {type(error).__name__}: {error}"
        link.send(Failed(text, HarnessError.exit_code, traceback.format_exc()))
    finally:
        proc.end_all()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
