"""``python -m benchmarks model-mutants``: how much of the model do recorded traces hold in place?

Wrong models are made by a mutation tool's operators, one small change each, and each checks the
traces of the shipped programs that run what was changed. It is killed by a trace that does not
pass any more. Without --traces the programs are run first.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from harness import model
from harness.arch import ARCHES, arch_named
from harness.cache import Cache
from harness.errors import HarnessError, PagelabError
from harness.jobs import programs
from harness.jobs.backend import Choice, RealBackend
from harness.jobs.check import SUFFIX
from harness.jobs.folder import RunFolder
from harness.jobs.judge import read_trace
from harness.jobs.run import Options, Run
from harness.tree import PROGRAMS

from ..bench_rate import Clock
from ..machine import Judged as Limit
from ..machine import table
from . import mutate, survivors
from .judge import Judged, Recorded, judge
from .mutate import Mutant
from .reach import reach

NAME = "model-mutants"
LIMIT = 0.95
COUNT, SEED = 1500, 1
MODEL = Path(model.__file__).parent
EPILOG = "example: python -m benchmarks model-mutants --traces runs/last/traces --json mutants.json"


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks {NAME}",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", type=int, default=COUNT, help="how many mutants")
    parser.add_argument("--seed", type=int, default=SEED, help="which of all; a number")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all as JSON")
    parser.add_argument(
        "--traces", type=Path, action="append", metavar="DIR", help="of a run (--out); repeatable"
    )
    parser.add_argument(
        "-k", "--kernel", action="append", help="to run, without --traces; 6.1; repeatable"
    )
    parser.add_argument("-a", "--arch", action="append", choices=tuple(ARCHES))
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("-j", "--jobs", type=int, default=cores, help="processes at once")
    found = parser.parse_args(argv)
    if found.count < 1 or found.jobs < 1:
        parser.error("--count and --jobs are at least 1")
    return found


def main(argv: Sequence[str]) -> int:
    """0: enough are killed, and every other one has its reason; 1: not; else as pagelab's."""
    wanted = _arguments(argv)
    try:
        with tempfile.TemporaryDirectory(prefix="pagelab-mutants-") as scratch:
            folders = wanted.traces or [_record(wanted, Path(scratch))]
            return _measure(wanted, folders)
    except PagelabError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return error.exit_code


def _record(wanted: argparse.Namespace, scratch: Path) -> Path:
    """Runs all shipped programs.

    Raises:
        HarnessError: they cannot be run.
    """
    print("running all programs ...", flush=True)
    sources = [programs.read(path) for path in programs.find([PROGRAMS])]
    arches = tuple(arch_named(name) for name in wanted.arch or ARCHES)
    options = Options(tuple(wanted.kernel or ("6.1",)), arches, Choice(), jobs=wanted.jobs)
    folder = RunFolder(scratch / "run")
    record = Run(options, sources, folder, RealBackend(Cache()), Clock()).execute()
    if record.error:
        raise HarnessError(f"the programs could not be run: {record.error}")
    return folder.path


def _measure(wanted: argparse.Namespace, folders: Sequence[Path]) -> int:
    started = time.monotonic()
    known = survivors.read()
    mutants, names = mutate.sample(sorted(MODEL.glob("*.py")), wanted.count, wanted.seed)
    print(f"{len(mutants)} of {len(names)} mutants (seed {wanted.seed})", flush=True)
    reached = reach(map(read_trace, programs.find(folders, SUFFIX)), MODEL)
    print(f"{len(reached.passing)} traces that pass, {len(reached.other)} that do not", flush=True)
    work = [(mutant, reached.traces(mutant)) for mutant in mutants]
    judged = _judge_all(work, wanted.jobs)
    report = _Report(judged, known, survivors.stale(known, judged, names))
    report.show()
    print(f"{time.monotonic() - started:.0f} s with {wanted.jobs} processes")
    if wanted.json is not None:
        wanted.json.write_text(json.dumps(report.json(wanted.seed), indent=1) + "\n", "utf-8")
    return int(not report.good)


_Work = Sequence[tuple[Mutant, Sequence[Recorded]]]
_work: _Work = ()


def _judge_all(work: _Work, jobs: int) -> list[Judged]:
    """All of them, by forks that have the traces already."""
    global _work  # noqa: PLW0603 (what a fork takes along)
    _work = work
    gc.collect()
    gc.freeze()
    forks = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(jobs, mp_context=forks) as pool:
        return list(pool.map(_judge_one, range(len(work))))


def _judge_one(at: int) -> Judged:
    return judge(*_work[at])


class _Report:
    """What became of the sample."""

    def __init__(
        self,
        judged: Sequence[Judged],
        known: dict[str, survivors.Survivor],
        stale: Sequence[str],
    ) -> None:
        self._judged = judged
        self._known = known
        self._stale = stale
        self._survived = [one for one in judged if not one.killed]
        self._open = [one for one in self._survived if one.mutant.name not in known]
        share = (len(judged) - len(self._survived)) / max(1, len(judged))
        self._limit = Limit("mutants killed", share, LIMIT, at_least=True)

    @property
    def good(self) -> bool:
        """Enough are killed, and the list of the others is true."""
        return self._limit.kept and not self._open and not self._stale

    def show(self) -> None:
        """Prints it."""
        operators = sorted({one.mutant.operator for one in self._judged})
        rows = [self._row(name) for name in operators]
        print(table(("operator", "mutants", "killed", "", "not run"), [*rows, self._row("")]))
        reasons = Counter(
            self._known[one.mutant.name].reason
            for one in self._survived
            if one.mutant.name in self._known
        )
        for reason, text in survivors.REASONS.items():
            print(f"  {reasons[reason]:4} {reason}: {text}")
        for one in self._open:
            where = "no trace runs it" if not one.reached else f"{one.reached} traces run it"
            print(f"  no reason yet, {where}: {one.mutant.name}")
        for name in self._stale:
            print(f"  stale in {survivors.KNOWN.name}, killed or gone: {name}")
        print(self._limit.line())

    def _row(self, operator: str) -> list[str]:
        of = [one for one in self._judged if operator in ("", one.mutant.operator)]
        killed = sum(one.killed for one in of)
        share = f"{killed / max(1, len(of)):.1%}"
        unreached = sum(not one.reached for one in of)
        return [operator or "all", str(len(of)), str(killed), share, str(unreached)]

    def json(self, seed: int) -> dict[str, Any]:
        """The same for programs."""
        return {
            "seed": seed,
            "mutants": len(self._judged),
            "killed": len(self._judged) - len(self._survived),
            "stale": list(self._stale),
            "judged": [self._one(one) for one in self._judged],
        }

    def _one(self, one: Judged) -> dict[str, Any]:
        known = self._known.get(one.mutant.name)
        return {
            "mutant": one.mutant.name,
            "operator": one.mutant.operator,
            "lines": one.mutant.lines,
            "reached": one.reached,
            "killer": one.killer,
            "how": one.how,
            "reason": known.reason if known and not one.killed else "",
        }
