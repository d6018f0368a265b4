"""Campaigns without processes: what comes next, what is kept, what a worker makes of its guests."""

from __future__ import annotations

import random
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from harness import abi
from harness.arch import arch_named
from harness.check import Exactness, Sign
from harness.check.exact import Share
from harness.compare import Cause, Compared, Differing, Item, Kind
from harness.environment import Environment
from harness.errors import HarnessError, UsageError
from harness.generate import BATCH, EMPTY, Corpus, Generator
from harness.generate.corpus import Kept
from harness.jobs.backend import Choice
from harness.jobs.campaign import contrast, pace
from harness.jobs.campaign import folder as folders
from harness.jobs.campaign.folder import CampaignFolder, finding_json, finding_of
from harness.jobs.campaign.journal import Journal, read
from harness.jobs.campaign.memory import Asked, Book, Memory, remembered
from harness.jobs.campaign.messages import (
    Corpora,
    GaveUp,
    Inquire,
    Link,
    Looked,
    Lost,
    Made,
    Place,
    Ran,
    Saw,
    Start,
    Work,
)
from harness.jobs.campaign.pace import Pace
from harness.jobs.campaign.plan import CHUNK, Chunk, Plan, texts_digest
from harness.jobs.campaign.station import DEATHS_MAX, Judged
from harness.jobs.campaign.values import Settled, Sighting, Tally, together
from harness.jobs.campaign.worker import Worker
from harness.jobs.results import Result
from harness.trace import Ending, Header, Recording
from harness.verdict import Verdict

from .fakes import Fate, Seen, World, boot_failed, outcome

SIGN = Sign(Verdict.MISMATCH, "store", "pte write", "cow.shared")
TEXT = "m = mmap(pages=1, prot=rw, flags=private|anon)\nmunmap(m)\n"
SIGHTING = Sighting(5, 0, SIGN, TEXT, {"text": "differs"}, ("a\n", "b\n"), b"\0trace", None, 1.5)


# ---- the journal -------------------------------------------------------------------


def test_a_journal_survives_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    for number in range(3):
        journal.add({"batch": number})
    journal.close()
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        records, damaged = read(path)
        assert not damaged
        assert records == [{"batch": n} for n in range(whole[:length].count(b"\n"))]
    again = Journal(path)  # its last line was cut
    again.add({"batch": 9})
    again.close()
    assert read(path) == ([{"batch": 0}, {"batch": 1}, {"batch": 9}], 0)


def test_a_damaged_line_is_skipped_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    for number in range(3):
        journal.add({"batch": number})
    data = bytearray(path.read_bytes())
    data[data.index(b"1}")] = ord("7")
    path.write_bytes(data)
    assert read(path) == ([{"batch": 0}, {"batch": 2}], 1)


def test_a_journal_that_cannot_be_written_says_what_to_do() -> None:
    with pytest.raises(HarnessError, match="free some space, then go on with --resume"):
        Journal(Path("/dev/full/journal"))


# ---- values ---------------------------------------------------------------------------


def test_tallies_add_up_and_come_back() -> None:
    exact = Exactness(Share(9, 10), {"mmap": Share(9, 10)}, {"pte": Share(9, 10)})
    one = Tally(2, 20, 10, {"PASS": 1, "MISMATCH": 1}, 1, {"lru_batch": 2}, exact)
    assert Tally.from_json(one.to_json()) == one
    both = together([one, one, Tally()])
    assert (both.programs, both.verdicts["PASS"], both.exact.operations) == (4, 2, Share(18, 20))
    assert both.guests_lost == 2


# ---- the plan -----------------------------------------------------------------------------


def kept(text: str, *names: str) -> Kept:
    return Kept(text, frozenset(names))


def follow(order: random.Random, members: int, programs: int) -> tuple[list[int], bytes]:
    """Programs in the order of the batches, and the last corpus, with workers that race."""
    plan = Plan(0, (EMPTY, EMPTY), programs)
    hands: list[Chunk] = []
    used: dict[int, bytes] = {}
    batches: list[int] = []
    while True:
        while len(hands) < members and (chunk := plan.take()) is not None:
            hands.append(chunk)
            used[chunk.start] = plan.corpora[chunk.batch].digest
        if not hands:
            break
        chunk = hands.pop(order.randrange(len(hands)))
        names = [f"cow.shared={'yes' if chunk.start % 3 else 'no'}"]
        made = [
            kept(f"{at} {used[chunk.start]!r}", *names) for at in range(chunk.start, chunk.stop)
        ]
        plan.made(chunk, made)
        plan.done(chunk)
        batches += [n for n in plan.completed() if n not in batches]
    assert plan.finished
    return sorted(used), plan.corpora[max(plan.corpora)].digest


def test_corpora_do_not_depend_on_who_is_faster() -> None:
    programs = 4 * BATCH + 40
    first = follow(random.Random(1), 1, programs)
    assert first[0] == list(range(0, programs, CHUNK))
    for members in (2, 5):
        assert follow(random.Random(members), members, programs) == first


def test_what_a_dead_worker_had_comes_next() -> None:
    plan = Plan(0, (EMPTY, EMPTY), None)
    chunks = [plan.take() for _ in range(3)]
    plan.give_back([chunk for chunk in chunks[1:] if chunk])
    assert [plan.take(), plan.take()] == chunks[1:]
    assert plan.take() == Chunk(3 * CHUNK, 4 * CHUNK)
    assert plan.completed() == []


def test_batches_wait_for_their_corpus() -> None:
    plan = Plan(0, (EMPTY, EMPTY), None)
    taken = []
    while (chunk := plan.take()) is not None:
        taken.append(chunk)
    assert taken[-1].stop == 2 * BATCH
    for chunk in taken:
        made = [kept(f"{at}\n") for at in range(chunk.start, chunk.stop)]
        plan.made(chunk, made)
    assert plan.take() == Chunk(2 * BATCH, 2 * BATCH + CHUNK)
    for chunk in taken[: BATCH // CHUNK]:
        plan.done(chunk)
    assert plan.completed() == [0]
    assert plan.drop(0) == tuple(f"{at}\n" for at in range(BATCH))
    assert texts_digest(["a"]) != texts_digest(["b"])


# ---- the folder and its memory ------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> CampaignFolder:
    return CampaignFolder.new(tmp_path / "c")


def settled(how: str = "alone", **other: Any) -> Settled:
    told: dict[str, Any] = {"sighting": "5-0", "index": 5, "environment": "6.1-x86_64-base"}
    told |= {"kernel": "6.1", "arch": "x86_64", "sign": SIGN, "how": how, "text": TEXT}
    told |= {"operations": 2, "detail": {"text": "differs"}, "traces": {"first": b"t"}}
    return Settled(**told | other)


def test_what_was_found_is_there_again(folder: CampaignFolder) -> None:
    asked = Asked(7, seconds=60.0)
    book = Book(folder, Memory(asked), new=True)
    assert book.saw(SIGHTING)
    assert not book.saw(SIGHTING)
    book.batch(0, "digest", Tally(BATCH, 10, 10), {SIGN.cause: 3}, 12.5)
    assert list(folder.pending()) == [SIGHTING]
    finding = folder.keep(settled(before=("a\n",)), 1, "-k 6.1", {"txt": "both"}, 3.0)
    book.settled(SIGHTING.name, finding, repeats=True)
    book.spent(20.0)
    book.close()
    memory = remembered(folder)
    assert memory.asked == asked
    assert memory.first == 1
    assert memory.seconds == 20.0
    assert (memory.findings, memory.settled) == ([finding], {"5-0"})
    assert memory.shown()[0].seen == 4
    assert list(folder.pending()) == []
    text = (folder.path / finding.program).read_text()
    assert text.endswith(TEXT)
    assert finding.command.startswith(f"pagelab run {folder.path}/findings/001-store-pte-write")
    assert (folder.path / finding.before[0]).read_text() == "a\n"
    assert finding_of(finding_json(finding)) == finding


def test_what_does_not_repeat_is_filed_apart(folder: CampaignFolder) -> None:
    finding = folder.keep(settled(""), 1, "", {}, 3.0)
    assert finding.program.startswith("flaky/")
    assert finding.verdict is Verdict.FLAKY


def test_corpora_are_kept_and_go(folder: CampaignFolder) -> None:
    corpus = Corpus((kept(TEXT, "a"),))
    for batch in range(4):
        folder.write_corpus(batch, corpus)
    folder.drop_corpora(3)
    assert folder.corpora() == [0, 3]
    assert folder.read_corpus(3) == corpus
    path = folder.path / "corpus" / "00000003"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UsageError, match="damaged"):
        folder.read_corpus(3)
    with pytest.raises(UsageError, match="cannot be read"):
        folder.read_corpus(2)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no campaign's folder"):
        CampaignFolder.old(tmp_path)
    (tmp_path / "journal").write_bytes(b"something else\n")
    with pytest.raises(UsageError, match="damaged or not a campaign's"):
        remembered(CampaignFolder.old(tmp_path))
    with pytest.raises(UsageError, match="not an empty folder"):
        CampaignFolder.new(tmp_path)


def test_another_generators_campaign_is_refused(folder: CampaignFolder) -> None:
    journal = Journal(folder.journal)
    journal.add(Asked(7).to_json() | {"generator": 0})
    journal.close()
    with pytest.raises(UsageError, match="generator of version 0"):
        remembered(folder)


def test_a_disk_too_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "ROOM", 1 << 60)
    with pytest.raises(HarnessError, match="a campaign needs"):
        CampaignFolder.new(tmp_path / "c")


# ---- a worker ----------------------------------------------------------------------------


class Campaign:
    """The other end of a worker's link."""

    def __init__(self, world: World, tmp_path: Path, arches: tuple[str, ...] = ("x86_64",)) -> None:
        ours, theirs = socket.socketpair()
        self.link = Link(ours)
        places = tuple(Place("6.1", arch_named(name), Choice()) for name in arches)
        self._theirs = Link(theirs)
        self.worker = Worker(self._theirs, Start(world, places, 7, tmp_path, 1))
        self.link.send(Corpora(0, EMPTY))

    def work(self, *chunks: Chunk, inquire: tuple[Sighting, ...] = ()) -> list[Any]:
        """What the worker says until it has done all that, and waits for more."""
        for chunk in chunks:
            self.link.send(Work(chunk))
        for sighting in inquire:
            self.link.send(Inquire(sighting))
        with ThreadPoolExecutor(1) as pool:
            run = pool.submit(self._run)
            said: list[Any] = []
            while len(of(said, Ran) + of(said, Looked)) < len(chunks) + len(inquire):
                if (message := self.link.wait()) is None:
                    break
                said.append(message)
            self.link.close()
            run.result(10)
        return said

    def _run(self) -> None:
        try:
            self.worker.run()
        finally:
            self._theirs.close()


def of(said: list[Any], kind: type[Any]) -> list[Any]:
    return [message for message in said if isinstance(message, kind)]


def test_a_worker_makes_runs_and_checks(tmp_path: Path) -> None:
    world = World()
    said = Campaign(world, tmp_path, ("x86_64", "arm64")).work(Chunk(0, 8), Chunk(8, 12))
    generator = Generator(7)
    texts = [generator.program(at).text for at in range(12)]
    assert [one.text for made in of(said, Made) for one in made.programs] == texts
    ran = of(said, Ran)
    assert [one.chunk for one in ran] == [Chunk(0, 8), Chunk(8, 12)]
    assert ran[0].tally.programs == 8
    assert ran[0].tally.verdicts == {"PASS": 16}
    assert sorted(guest.arch for guest in world.guests) == ["arm64", "x86_64"]
    assert not of(said, Saw)


def test_a_worker_tells_what_did_not_pass(tmp_path: Path) -> None:
    def script(name: str, seen: Seen) -> Fate:
        return Fate(Verdict.MISMATCH if name == "fuzz-7-3.mm" else Verdict.PASS)

    said = Campaign(World(script), tmp_path).work(Chunk(0, 8))
    (saw,) = of(said, Saw)
    assert saw.sighting.index == 3
    generator = Generator(7)
    assert saw.sighting.history == tuple(generator.program(at).text for at in range(3))
    assert saw.sighting.trace.startswith(b'{"pagelab_trace"')
    assert of(said, Ran)[0].tally.verdicts == {"PASS": 7, "MISMATCH": 1}


def test_a_lost_guest_costs_its_program_alone(tmp_path: Path) -> None:
    def script(name: str, seen: Seen) -> Fate:
        lost = (name, seen.number) in (("fuzz-7-3.mm", 1), ("fuzz-7-5.mm", 2), ("fuzz-7-5.mm", 3))
        return Fate(ending="GUEST_LOST", complete=False) if lost else Fate()

    world = World(script)
    said = Campaign(world, tmp_path).work(Chunk(0, 8))
    assert of(said, Ran)[0].tally.verdicts == {"PASS": 7, "GUEST_LOST": 1}
    assert [one.verdict for one in of(said, Lost)] == ["GUEST_LOST"] * 3
    assert [one.sighting.index for one in of(said, Saw)] == [5]
    assert len(world.guests) == 4


def test_a_kernel_that_dies_on_every_program_is_given_up(tmp_path: Path) -> None:
    world = World(lambda name, seen: Fate(Verdict.KERNEL_FAULT, "KERNEL_FAULT", False))
    said = Campaign(world, tmp_path).work(Chunk(0, 32))
    assert len(world.guests) == DEATHS_MAX
    (gave_up,) = of(said, GaveUp)
    assert gave_up.why.startswith("KERNEL_FAULT: 20 guests in a row passed no program")
    tally = of(said, Ran)[0].tally
    assert tally.verdicts == {"KERNEL_FAULT": DEATHS_MAX, "SKIPPED": 32 - DEATHS_MAX}
    assert len(of(said, Saw)) == 3  # of its like the first few


def test_a_kernel_that_does_not_boot_is_given_up(tmp_path: Path) -> None:
    world = World(boots=dict.fromkeys(range(1, 9), boot_failed()))
    said = Campaign(world, tmp_path).work(Chunk(0, 4))
    assert len(world.guests) == 3
    assert of(said, Ran)[0].tally.verdicts == {"SKIPPED": 4}
    assert of(said, GaveUp)[0].why.startswith("BOOT_FAILED: 3 guests")
    assert "no hello" in of(said, GaveUp)[0].why


def test_a_checker_that_fails_is_a_finding_too(tmp_path: Path) -> None:
    world = World(check_error=KeyError("x"))
    said = Campaign(world, tmp_path).work(Chunk(0, 2))
    assert of(said, Saw)[0].sighting.sign.field == "the checker failed with KeyError"
    assert of(said, Ran)[0].tally.verdicts == {"HARNESS_ERROR": 2}


def sighted(tmp_path: Path, script: Any, **changed: Any) -> tuple[Settled, World]:
    world = World(script)
    program = Generator(7).program(3)
    history = tuple(Generator(7).program(at).text for at in range(3))
    sign = Sign(Verdict.MISMATCH, "", "differs")
    sighting = Sighting(3, 0, sign, program.text, {"text": "differs"}, history, b"t")
    said = Campaign(world, tmp_path).work(inquire=(sighting,))
    (looked,) = of(said, Looked)
    return looked.settled, world


def test_what_repeats_alone_is_made_smaller(tmp_path: Path) -> None:
    def script(name: str, seen: Seen) -> Fate:
        return Fate(Verdict.MISMATCH)

    found, world = sighted(tmp_path, script)
    assert (found.how, found.operations, found.before) == ("alone", 1, ())
    assert world.guests[0].stream
    assert set(found.traces) == {"first", "shrunk"}


def test_what_needs_its_history_says_which(tmp_path: Path) -> None:
    def script(name: str, seen: Seen) -> Fate:
        shows = name == "fuzz-7-3.mm" and "before-1" in seen.ran
        return Fate(Verdict.MISMATCH if shows else Verdict.PASS)

    found, _ = sighted(tmp_path, script)
    assert (found.how, len(found.before)) == ("history", 1)
    assert found.operations == 1


def test_what_does_not_repeat_is_flaky(tmp_path: Path) -> None:
    found, world = sighted(tmp_path, lambda name, seen: Fate())
    assert (found.how, found.verdict) == ("", Verdict.FLAKY)
    assert len(world.guests) == 2


# ---- a guest that grows slow ---------------------------------------------------------------


def test_a_guest_that_grows_slow_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0
    monkeypatch.setattr(pace, "processor_seconds", lambda pid: clock)
    found = Pace()
    found.begin(1)
    for _ in range(100):
        clock += 0.05
        assert not found.slows(30)
    slow = 0
    for _ in range(100):
        clock += 0.5
        slow += found.slows(30)
    assert slow
    assert "grew slow" in found.text


# ---- environments against each other ----------------------------------------------------------


def two(monkeypatch: pytest.MonkeyPatch, ret: int, kind: Kind) -> tuple[list[Sighting], int]:
    """What two environments' passing traces tell, and how often they were compared."""
    compared = 0

    def compare(one: Any, other: Any, compiled: Any) -> Compared:
        nonlocal compared
        compared += 1
        items = (Item(("o", 0), "outcome", "0", "1"),)
        cause = Cause(kind)
        return Compared(2, 2, (Differing(1, 2, "munmap(m)", items, cause),), {})

    monkeypatch.setattr(contrast, "compare_traces", compare)
    program = Generator(7).program(0)
    found = contrast.Contrast(2)
    told: list[Sighting] = []
    for at, arch in enumerate(("x86_64", "arm64")):
        environment = Environment("6.1.192", arch)
        body = outcome(abi.Kind.VALUE, ret * at)
        recording = Recording(Header(environment, "p.mm", program.text), (body,), Ending())
        result = Result("p.mm", environment.id, "6.1.192", arch, Verdict.PASS)
        told += found.take(at, program, Judged(result, recording))
    return told, compared


def test_environments_are_compared_where_programs_see_a_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert two(monkeypatch, 0, Kind.UNEXPLAINED) == ([], 0)
    assert two(monkeypatch, 1, Kind.FLAG) == ([], 1)
    (told,), compared = two(monkeypatch, 1, Kind.UNEXPLAINED)
    assert compared == 1
    assert (told.place, told.other, told.sign.verdict) == (0, 1, Verdict.MISMATCH)
    assert "differs between environments" in told.sign.field
    assert told.detail["text"] == "munmap(m): outcome: 0 | 1"
