"""A campaign from its first program to its record."""

from __future__ import annotations

import math
import time
import traceback
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from ... import verdict as verdicts
from ...environment import Environment
from ...errors import PagelabError
from ...generate import Corpus
from ...generate.corpus import Kept
from ...model import branches
from ...progress import Progress
from ...verdict import EXIT_CODES, Verdict
from ..backend import Backend
from ..results import Record
from ..session import unexpected
from .corpora import planned
from .crew import Crew, Member, WorkerError, start_of
from .desk import Desk, result_of
from .folder import CampaignFolder
from .memory import Book, Memory
from .messages import Booted, Corpora, GaveUp, Looked, Lost, Made, Note, Place, Ran, Saw
from .plan import Plan, texts_digest
from .values import Campaign, Tally, together

_LOOK_SECONDS = 0.5
_OVERTIME = 180.0  # seconds that looking into what was seen may take beyond the campaign's time


@dataclass(frozen=True, slots=True)
class Status:
    """How a campaign goes.

    Attributes:
        done, total: seconds, or programs; total None: nobody said how long.
        unit: of these two.
        rate: checked operations a second, of late.
    """

    done: float
    total: float | None
    unit: str
    rate: float
    reached: int
    of: int
    findings: int
    pending: int


class Sink(Protocol):
    """Hears what happens."""

    def building(self, label: str) -> AbstractContextManager[Progress]:
        """Progress of one environment's build."""

    def line(self, text: str) -> None:
        """Something that the user should know."""

    def status(self, status: Status) -> None:
        """How far it is."""


class Run:
    """One campaign. Used once.

    Args:
        memory: what is known from before; of a new one nothing.
        start: the corpus that it begins with.
        skipped: corpora that could not be read.
        jobs: how many workers.
    """

    def __init__(
        self,
        memory: Memory,
        start: Corpus,
        folder: CampaignFolder,
        backend: Backend,
        sink: Sink,
        *,
        jobs: int,
        new: bool,
        skipped: int = 0,
    ) -> None:
        self._asked = memory.asked
        self._memory = memory
        self._folder = folder
        self._backend = backend
        self._sink = sink
        self._jobs = jobs
        self._new = new
        self._start = start
        self._skipped = skipped
        self._started = datetime.now().astimezone()
        self._clock = time.monotonic()
        self._before = memory.seconds
        options = self._asked.settings.options(jobs, keep_errors=False)
        self._options = options
        self._places = [
            Place(kernel, arch, options.choice)
            for kernel in options.kernels
            for arch in options.arches
        ]
        self._environments: list[Environment] = []
        self._given_up: dict[int, str] = {}
        self._book: Book | None = None
        self._plan: Plan | None = None
        self._crew: Crew | None = None
        self._tallies: dict[int, Tally] = {}  # of chunks of batches that are under way
        self._causes: dict[int, Counter[str]] = {}
        self._lost: Counter[int] = Counter()
        self._desk: Desk | None = None
        self._reached: set[str] = set()
        self._recent: list[tuple[float, int]] = []
        self._error: PagelabError | None = None
        self.traceback = ""

    # ---- the whole -------------------------------------------------------------------

    def execute(self) -> Record:
        """Runs it; interrupted or not, what was learnt is in the record and on the disk."""
        interrupted = False
        try:
            self._prepare()
            self._clock = time.monotonic()  # building does not count
            self._go_on()
        except KeyboardInterrupt:
            interrupted = True
        except WorkerError as error:
            self._error, self.traceback = error, error.traceback
        except PagelabError as error:
            self._error = error
        except Exception as unknown:
            self._error, self.traceback = unexpected(unknown), traceback.format_exc()
        try:
            self._wind_up()
        except PagelabError as error:
            self._error = self._error or error
        return self.record(interrupted=interrupted)

    def _wind_up(self) -> None:
        if self._crew is not None:
            self._crew.close()
        self._folder.trim_console()
        if self._book is not None:
            self._book.spent(self._spent())
            self._book.close()

    def record(self, *, interrupted: bool = False) -> Record:
        """What is known now."""
        code = self._code()
        if self._error is not None:
            code = verdicts.first_code((self._error.exit_code, code))
        campaign = self._campaign()
        return Record(
            started=self._started,
            seconds=time.monotonic() - self._clock,
            exit_code=verdicts.INTERRUPTED if interrupted else code,
            environments=tuple(self._environments),
            results=tuple(result_of(one, self._folder) for one in campaign.findings),
            folder=str(self._folder.path),
            error=str(self._error or ""),
            campaign=campaign,
        )

    def _code(self) -> int:
        codes = [EXIT_CODES[one.verdict] for one in self._memory.findings]
        codes += [EXIT_CODES[Verdict(why.partition(":")[0])] for why in self._given_up.values()]
        tally = self._tally()
        if tally.verdicts.get(Verdict.HARNESS_ERROR.value):
            codes.append(EXIT_CODES[Verdict.HARNESS_ERROR])
        if not tally.checked:
            codes.append(verdicts.NOTHING_CHECKED)
        return verdicts.first_code(codes)

    def _tally(self) -> Tally:
        lost = Tally(guests_lost=sum(self._lost.values()))
        return self._memory.tally([*self._tallies.values(), lost])

    def _campaign(self) -> Campaign:
        plan = self._plan
        partial = plan.under_way() if plan is not None else ()
        reached = self._reached & set(branches.ALL)
        corpus = plan.corpora[max(plan.corpora)] if plan is not None else self._start
        return Campaign(
            seed=self._asked.seed,
            tally=self._tally(),
            seconds=self._spent(),
            findings=self._memory.shown(),
            flaky=tuple(self._memory.flaky),
            unsettled=self._desk.unsettled if self._desk is not None else 0,
            reached=len(reached),
            of=len(branches.ALL),
            never=tuple(sorted(set(branches.ALL) - reached)),
            digest=self._memory.digest(texts_digest(one.text for one in partial)),
            kept=len(corpus.kept),
            skipped=self._skipped,
            given_up={self._environments[at].id: why for at, why in self._given_up.items()},
        )

    # ---- the beginning -----------------------------------------------------------------

    def _prepare(self) -> None:
        """Builds what is missing, and knows what was done before."""
        known: dict[str, Place] = {}
        for place in self._places:
            label = f"{place.kernel} {place.arch.name}"
            with self._sink.building(label) as progress:
                prepared = self._backend.prepare(place.kernel, place.arch, place.choice, progress)
            if prepared.note:
                self._sink.line(prepared.note)
            if prepared.environment.id not in known:
                known[prepared.environment.id] = place
                self._environments.append(prepared.environment)
        self._places = list(known.values())
        self._plan, lost = planned(
            self._folder, self._memory, self._start, new=self._new, say=self._sink.line
        )
        self._skipped += lost
        for corpus in self._plan.corpora.values():
            self._reached.update(*(kept.branches for kept in corpus.kept))
        self._book = Book(self._folder, self._memory, new=self._new)
        told = start_of(
            self._backend,
            places=tuple(self._places),
            seed=self._asked.seed,
            console=self._folder.console,
            observe=self._options.observe,
        )
        self._crew = Crew(told)
        self._desk = Desk(
            self._book,
            self._folder,
            self._asked.settings,
            self._places,
            self._environments,
            self._sink.line,
        )
        for sighting in self._folder.pending():
            if sighting.name not in self._memory.settled:
                self._desk.take_in(sighting)

    # ---- on and on -----------------------------------------------------------------------

    def _go_on(self) -> None:
        assert self._crew is not None
        for _ in range(self._jobs):
            self._crew.hire()
        while not self._over():
            self._give()
            for member, message in self._crew.listen(_LOOK_SECONDS):
                self._heard(member, message)
            self._book_batches()
            self._sink.status(self._status())

    def _spent(self) -> float:
        return self._before + time.monotonic() - self._clock

    def _time_is_up(self, grace: float = 0.0) -> bool:
        limit = self._asked.seconds
        return limit is not None and self._spent() >= limit + grace

    def _ending(self) -> bool:
        """No further programs are handed out."""
        assert self._plan is not None
        return (
            self._time_is_up()
            or self._plan.finished
            or len(self._given_up) == len(self._environments)
        )

    def _over(self) -> bool:
        assert self._crew is not None
        if not self._ending():
            return False
        if self._time_is_up(_OVERTIME):
            return True
        assert self._desk is not None
        return all(member.idle for member in self._crew.members) and not self._desk.waiting

    def _give(self) -> None:
        """Everybody gets something to do."""
        assert self._crew is not None
        assert self._plan is not None
        assert self._desk is not None
        for member in self._crew.members:
            if member.inquiry is None and self._desk.waiting:
                busy = sum(one.inquiry is not None for one in self._crew.members)
                if busy < max(1, len(self._crew.members) - 1) or self._ending():
                    member.inquire(self._desk.begin())
        while not self._ending():
            wanting = [member for member in self._crew.members if member.wants]
            if not wanting or (chunk := self._plan.take()) is None:
                return
            least = min(wanting, key=lambda member: len(member.chunks))
            least.work(chunk, self._corpora)

    def _corpora(self, batch: int) -> Corpora:
        """A batch's corpus as workers need it: generating asks for texts alone."""
        assert self._plan is not None
        kept = tuple(Kept(one.text, frozenset()) for one in self._plan.corpora[batch].kept)
        return Corpora(batch, Corpus(kept))

    def _heard(self, member: Member, message: Any) -> None:
        assert self._plan is not None
        assert self._desk is not None
        assert self._crew is not None
        if message is None:
            self._gone(member)
        elif isinstance(message, Made):
            for one in message.programs:
                self._reached |= one.branches
            for number in self._plan.made(message.chunk, message.programs):
                self._folder.write_corpus(number, self._plan.corpora[number])
        elif isinstance(message, Ran):
            self._crew.praise()
            del member.chunks[message.chunk.start]
            self._tallies[message.chunk.start] = message.tally
            self._causes[message.chunk.start] = Counter(message.causes)
            self._recent.append((time.monotonic(), message.tally.checked))
            self._plan.done(message.chunk)
        elif isinstance(message, Saw):
            self._desk.saw(replace(message.sighting, seconds=self._spent()))
        elif isinstance(message, Looked):
            self._crew.praise()
            assert member.inquiry is not None
            sighting, member.inquiry = member.inquiry, None
            self._desk.settle(sighting, message.settled, self._spent())
        elif isinstance(message, Booted):
            self._environments[message.place] = message.environment
        elif isinstance(message, Lost):
            self._lost[message.place] += message.verdict != Verdict.KERNEL_FAULT.value
            self._folder.trim_console()
        elif isinstance(message, GaveUp):
            self._gave_up(message)
        elif isinstance(message, Note):
            self._sink.line(message.text)

    def _gone(self, member: Member) -> None:
        """A worker was killed: another one does what it had to do."""
        assert self._crew is not None
        assert self._plan is not None
        assert self._desk is not None
        self._sink.line(f"worker {member.number} ended without a word: another one goes on")
        self._plan.give_back(member.chunks.values())
        if member.inquiry is not None:
            self._desk.put_back(member.inquiry)
        self._crew.bury(member)
        self._crew.hire()

    def _gave_up(self, message: GaveUp) -> None:
        if message.place not in self._given_up:
            self._given_up[message.place] = message.why
            self._sink.line(f"{self._environments[message.place].id}: given up: {message.why}")

    def _book_batches(self) -> None:
        """Writes down what is done for good, in order."""
        assert self._plan is not None
        assert self._book is not None
        for number in self._plan.completed():
            if number != self._memory.first:
                return
            chunks = [start for start in self._tallies if start in self._plan.starts(number)]
            lost = Tally(guests_lost=sum(self._lost.values()))
            self._lost.clear()
            tally = together([*(self._tallies.pop(start) for start in chunks), lost])
            causes: Counter[str] = Counter()
            for start in chunks:
                causes.update(self._causes.pop(start))
            digest = texts_digest(self._plan.drop(number))
            self._book.batch(number, digest, tally, causes, self._spent())
            self._plan.forget(number + 1)
            self._folder.drop_corpora(number + 1)

    # ---- how it goes ---------------------------------------------------------------------------

    def _status(self) -> Status:
        assert self._desk is not None
        now = time.monotonic()
        self._recent = [one for one in self._recent if now - one[0] < 10.0]
        window = min(10.0, max(0.1, now - self._clock))
        rate = sum(checked for _, checked in self._recent) / window
        asked = self._asked
        done, total, unit = self._spent(), asked.seconds, "s"
        if asked.programs is not None:
            done, total, unit = float(self._tally().programs), float(asked.programs), "programs"
        return Status(
            done=min(done, total or math.inf),
            total=total,
            unit=unit,
            rate=rate,
            reached=len(self._reached),
            of=len(branches.ALL),
            findings=len(self._memory.findings),
            pending=self._desk.waiting,
        )
