"""``python -m benchmarks``: measures, prints tables, says which limits were kept."""

from __future__ import annotations

import argparse
import sys

from harness.arch import ARCHES, arch_named
from harness.cache import Cache
from harness.errors import PagelabError

from . import (
    bench_boot,
    bench_fuzz,
    bench_memory,
    bench_rate,
    bench_restore,
    bench_virtme,
    kernel_mutants,
)
from .machine import Plan, facts
from .model_mutants import command as model_mutants

BENCHMARKS = {
    "boot": bench_boot.run,
    "restore": bench_restore.run,
    "rate": bench_rate.run,
    "fuzz": bench_fuzz.run,
    "memory": bench_memory.run,
}
# Runs only if named: it needs a package and a kernel of its own.
OTHERS = {"virtme": bench_virtme.run}
# Commands of their own, with arguments of their own.
COMMANDS = {kernel_mutants.NAME: kernel_mutants.main, model_mutants.NAME: model_mutants.main}
EPILOG = f"Commands of their own (NAME --help): {', '.join(COMMANDS)}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, epilog=EPILOG
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS | OTHERS)}"
    )
    parser.add_argument("-a", "--arch", action="append", choices=tuple(ARCHES))
    parser.add_argument("-k", "--kernel", default="6.1")
    parser.add_argument("--boots", type=int, default=9, help="of each kind")
    parser.add_argument("--programs", type=int, default=2000, help="in one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of the rate")
    found = parser.parse_args()
    if unknown := set(found.names) - set(BENCHMARKS | OTHERS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}")
    return found


def main() -> int:
    """Runs what the command line names; 0 also where a limit was missed: only people judge."""
    if len(sys.argv) > 1 and sys.argv[1] in COMMANDS:
        return COMMANDS[sys.argv[1]](sys.argv[2:])
    wanted = _arguments()
    plan = Plan(
        arches=tuple(arch_named(name) for name in wanted.arch or ARCHES),
        kernel=wanted.kernel,
        boots=wanted.boots,
        programs=wanted.programs,
        rounds=wanted.rounds,
        cache=Cache(),
    )
    try:
        print(facts(plan), flush=True)
        for name in wanted.names or BENCHMARKS:
            print()
            for judged in (BENCHMARKS | OTHERS)[name](plan):
                print(judged.line(), flush=True)
    except PagelabError as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
