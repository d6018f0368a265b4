"""``python -m benchmarks kernel-mutants``: does pagelab find small wrong behaviours of a kernel?

One kernel has all of them (kernel-mutants/README.md); each is turned on by a boot parameter. First
none is, and every program must end there as it does on the kernel that was never patched.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import build, language, layout, program, tree
from harness.arch import ARCHES, Arch, arch_named
from harness.cache import Cache
from harness.errors import PagelabError
from harness.jobs.backend import Choice, RealBackend
from harness.jobs.folder import RunFolder
from harness.jobs.programs import Source, find, read
from harness.jobs.results import Record, Result
from harness.jobs.run import Options, Run
from harness.progress import Progress
from harness.report.progress import Display, Steps
from harness.verdict import EXIT_CODES, Verdict

from . import mutant_campaign, mutant_tree
from .machine import table
from .mutant_tree import Mutant

NAME = "kernel-mutants"
# Whoever does not pass this one was no kernel to begin with.
EMPTY = "empty"
_EMPTY_TEXT = "m = mmap(pages=1, prot=rw, flags=private|anon)\n"
_SHARE = 0.75  # of what is found, as a MISMATCH


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one mutant on one architecture.

    Attributes:
        verdict: as which it was noticed; None: it was not.
        program: which noticed it, of several the first.
        call: the operation that showed it, by name.
        operations: how many the program has up to there.
        ran: how many programs had run by then.
        seconds: that this took, differences run again included.
        unclean: why it does not count: its boot or an empty program was not clean.
    """

    mutant: Mutant
    verdict: Verdict | None = None
    program: str = ""
    call: str = ""
    operations: int = 0
    ran: int = 0
    seconds: float = 0.0
    unclean: str = ""

    def row(self) -> list[str]:
        """The columns of the table."""
        how = self.verdict.value if self.verdict else self.unclean or "NOT FOUND"
        shown = [self.program.removeprefix("programs/"), self.call] if self.verdict else ["", ""]
        count = str(self.operations) if self.verdict else ""
        where = self.mutant.function.rpartition("/")[2]
        return [self.mutant.name, where, how, *shown, count, str(self.ran), f"{self.seconds:.0f}"]


HEAD = ("mutant", "function", "found as", "program", "at", "operations", "programs", "seconds")
_PARTS = 8  # of the programs, each of all APIs; a part that finds a mutant is the last one


@dataclass(slots=True)
class _Sink:
    """Hears what a run has to say; what it found is looked at when it is over."""

    display: Display
    label: str
    told: set[str]
    done: int = field(default=0, init=False)

    def building(self, label: str) -> AbstractContextManager[Progress]:
        return Steps(self.display, self.label)

    def line(self, text: str) -> None:
        if text not in self.told:
            self.told.add(text)
            self.display.line(text)

    def result(self, result: Result, total: int) -> None:
        self.done += 1
        self.display.update(self.label, self.done, total)


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs programs on one kernel and architecture.

    Attributes:
        kernel: as ``-k`` takes it.
        jobs: guests at once.
        out: where the runs' folders go; None: nothing is kept.
        told: lines of progress that need no second time.
    """

    kernel: str
    arch: Arch
    sources: tuple[Source, ...]
    jobs: int
    out: Path | None
    cache: Cache
    display: Display
    told: set[str] = field(default_factory=set)

    def run(self, label: str, sources: Sequence[Source], boot_args: tuple[str, ...] = ()) -> Record:
        """Runs programs, with some boot parameters; differences are rerun as ever."""
        options = Options((self.kernel,), (self.arch,), Choice(boot_args=boot_args), jobs=self.jobs)
        sink = _Sink(self.display, f"{label} {self.arch.name}", self.told)
        with self._folder(label) as path:
            backend = RealBackend(self.cache)
            try:
                return Run(options, sources, RunFolder(path), backend, sink).execute()
            finally:
                self.display.finish(sink.label)

    @contextmanager
    def _folder(self, label: str) -> Iterator[Path]:
        if self.out is not None:
            yield self.out / f"{label}-{self.arch.name}"
            return
        with tempfile.TemporaryDirectory(prefix="pagelab-mutant-") as name:
            yield Path(name)

    def judge(self, mutant: Mutant) -> Found:
        """Runs programs with a mutant until some notice it."""
        started, ran, found = time.monotonic(), 0, Found(mutant)
        for number in range(_PARTS):
            part = self.sources[number::_PARTS]
            label = f"{mutant.name}-{number}"
            record = self.run(label, (empty(), *part), (mutant.boot_arg,))
            ran += len(part)
            found = judged(mutant, record.results, part)
            if found.verdict is not None or found.unclean:
                break
        return replace(found, ran=ran, seconds=time.monotonic() - started)


def judged(mutant: Mutant, results: Sequence[Result], sources: Sequence[Source]) -> Found:
    """A mutant's standing from what programs ended in.

    A mismatch counts wherever it is, since the model allows nothing else there; a fault of the
    kernel only where the mutant can be what made it.

    Args:
        results: of one run with it, the empty program's among them.
        sources: the programs.
    """
    said = {result.program: result for result in results}
    empty = said.get(EMPTY)
    if empty is None or empty.verdict is not Verdict.PASS:
        return Found(mutant, unclean=f"{EMPTY}: {empty.verdict.value if empty else 'not run'}")
    noticed: list[Found] = []
    for source in sources:
        for result in (one for one in results if one.program == source.name):
            operation, call = _shown(result, source)
            fault = result.verdict is Verdict.KERNEL_FAULT and call in mutant.faults
            if result.verdict is Verdict.MISMATCH or fault:
                noticed.append(
                    Found(mutant, result.verdict, source.name, call, operations=operation + 1)
                )
    # What is surest first: a mismatch, at the least operation.
    noticed.sort(key=lambda one: (one.verdict is not Verdict.MISMATCH, one.operations))
    return noticed[0] if noticed else Found(mutant)


def _shown(result: Result, source: Source) -> tuple[int, str]:
    """The operation that a difference is at, and its call's name."""
    operation = (result.detail or {}).get("operation")
    if operation is None:
        return -1, ""
    line = language.parse(source.text, source.name).lines[source.compiled.ops[operation].line - 1]
    call = line.node.call.function if isinstance(line.node, program.Operation) else ""
    return operation, call


def differences(base: Sequence[Result], results: Sequence[Result]) -> list[str]:
    """How programs ended otherwise than on the kernel that was never patched."""

    def ended(several: Sequence[Result]) -> dict[str, list[tuple[str, int]]]:
        found: dict[str, list[tuple[str, int]]] = {}
        for one in several:
            found.setdefault(one.program, []).append((one.verdict.value, one.checked))
        return found

    before, now = ended(base), ended(results)
    return [
        f"{name}: {_words(now.get(name))}, and {_words(before.get(name))} where nothing was patched"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]


def _words(ended: list[tuple[str, int]] | None) -> str:
    return " ".join(f"{verdict} ({checked} checked)" for verdict, checked in ended or ()) or "-"


def same_as_base(bench: Bench) -> bool:
    """Whether every program ends with no mutant on as on the kernel that was never patched."""
    record = bench.run("none", bench.sources)
    base = replace(bench, kernel=mutant_tree.KERNEL).run("base", bench.sources)
    told = differences(base.results, record.results)
    passed = sum(result.verdict is Verdict.PASS for result in record.results)
    operations = sum(result.checked for result in record.results)
    for line in told:
        print(f"  {line}")
    print(
        f"{bench.arch.name}: with no mutant on {passed} of {len(record.results)} programs pass, "
        f"{operations} operations checked; {len(told)} end otherwise than on {mutant_tree.KERNEL}",
        flush=True,
    )
    return not told and all(
        result.verdict in (Verdict.PASS, Verdict.SKIPPED) for result in record.results
    )


def empty() -> Source:
    """The program that any kernel passes."""
    compiled = layout.compile_program(language.parse(_EMPTY_TEXT, EMPTY))
    return Source(EMPTY, Path(EMPTY), _EMPTY_TEXT, compiled)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {NAME}",
        description=__doc__,
        epilog=f"Example: python -m benchmarks {NAME} -a x86_64 fast_forgets_write",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants; all when none is named")
    parser.add_argument("-a", "--arch", action="append", choices=tuple(ARCHES))
    parser.add_argument("-j", "--jobs", type=int, default=2, metavar="N", help="guests at once")
    parser.add_argument("--list", action="store_true", help="only say which mutants there are")
    parser.add_argument("--build", action="store_true", help="only build the kernel")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep the runs' folders there")
    parser.add_argument(
        "--by",
        choices=("programs", "fuzz"),
        default="programs",
        help="the shipped programs, or campaigns that know none of them",
    )
    parser.add_argument("--time", type=float, default=600, metavar="S", help="of a campaign")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the campaigns")
    return parser.parse_args(argv)


def _listed() -> str:
    rows = [[one.name, one.function, one.breaks] for one in mutant_tree.mutants()]
    return "\n".join(f"{name}  ({function})\n    {breaks}" for name, function, breaks in rows)


def _by_programs(bench: Bench, mutants: Sequence[Mutant]) -> tuple[int, int]:
    """Prints the table; how many were found, and how many of these as MISMATCH."""
    found = []
    for mutant in mutants:
        found.append(bench.judge(mutant))
        print(table(HEAD, [found[-1].row()]).splitlines()[1], flush=True)
    print(f"{bench.arch.name}, by the shipped programs:")
    print(table(HEAD, [one.row() for one in found]))
    there = [one.verdict for one in found if one.verdict is not None]
    return len(there), there.count(Verdict.MISMATCH)


def _is_right(
    wanted: argparse.Namespace, kernel: str, arch: Arch, cache: Cache, display: Display
) -> bool:
    """Prints what becomes of the mutants on one architecture; whether all is as it should be."""
    mutants = mutant_tree.named(wanted.names)
    if wanted.by == "fuzz":
        campaigns = mutant_campaign.Bench(
            kernel, arch, wanted.seed, wanted.time, wanted.jobs, wanted.out, cache, display
        )
        same, (there, mismatches) = True, mutant_campaign.measure(campaigns, mutants)
    else:
        paths = find([tree.PROGRAMS])
        programs = tuple(read(path, str(path.relative_to(tree.ROOT))) for path in paths)
        bench = Bench(kernel, arch, programs, wanted.jobs, wanted.out, cache, display)
        same = bool(wanted.names) or same_as_base(bench)
        there, mismatches = _by_programs(bench, mutants)
    print(f"{there} of {len(mutants)} found, {mismatches} of them as MISMATCH", flush=True)
    return same and there == len(mutants) and mismatches >= _SHARE * len(mutants)


def main(argv: Sequence[str]) -> int:
    """Does what the command line says; 0 if every mutant was found, 10 if one was not."""
    wanted = _arguments(argv)
    if wanted.list:
        print(_listed())
        return 0
    cache, display = Cache(), Display(sys.stderr)
    arches = [arch_named(name) for name in wanted.arch or ARCHES]
    try:
        mutant_tree.named(wanted.names)
        with Steps(display, NAME) as progress:
            kernel = str(mutant_tree.tree(cache, progress))
        for arch in arches:
            with Steps(display, f"{NAME} {arch.name}") as progress:
                build.build(kernel, arch, cache=cache, progress=progress)
        if wanted.build:
            print(kernel)
            return 0
        right = [_is_right(wanted, kernel, arch, cache, display) for arch in arches]
    except PagelabError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return error.exit_code
    finally:
        display.close()
    return 0 if all(right) else EXIT_CODES[Verdict.MISMATCH]
