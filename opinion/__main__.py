"""``python -m opinion``: runs the kernel's self-test and compares it with the model."""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

from harness.arch import ARCHES, Arch, arch_named
from harness.cache import Cache
from harness.environment import Environment
from harness.errors import PagelabError
from harness.jobs.session import unexpected
from harness.model import semantics_for
from harness.progress import SILENT
from harness.verdict import EXIT_CODES, Verdict

from . import boot, predict
from .cases import CASES, Case
from .compare import differences

KERNEL = "6.1"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m opinion", description=__doc__)
    parser.add_argument("-a", "--arch", action="append", choices=tuple(ARCHES))
    parser.add_argument("-k", "--kernel", action="append")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep the consoles there")
    parser.add_argument("--list", action="store_true", help="only say what is asked")
    found = parser.parse_args()
    if found.logs is not None and not found.logs.is_dir():
        parser.error(f"no folder {found.logs}")
    return found


def _tell(case: Case, arch: str, found: list[str]) -> None:
    print(f"MISMATCH  {case.name}  ({arch})")
    print(f"  gup_test {' '.join(case.line.split()[2:])}")
    for line in found:
        print(f"  {line}")
    operations = [line for line in predict.program(case).splitlines() if "store(" not in line]
    print(textwrap.indent("\n".join(operations), "  | "))


def _judge(kernel: str, arch: Arch, logs: Path | None) -> bool:
    """Does the model agree with the self-test everywhere?"""
    built, programs = boot.prepared(kernel, arch, Cache(), SILENT)
    semantics = semantics_for(Environment(kernel=built.kernel, arch=arch.name))
    predictor = predict.Predictor(semantics)
    seen = boot.run(built, programs, CASES, logs)
    wrong = 0
    for case, observed in zip(CASES, seen, strict=True):
        if found := differences(case, observed, predictor):
            wrong += 1
            _tell(case, arch.name, found)
    dumps = sum(len(one.told.dumps) + (one.told.unpinned is not None) for one in seen)
    print(
        f"{built.kernel}-{arch.name}: {len(seen)} runs of gup_test, {dumps} dumped pages; "
        f"{len(seen) - wrong} as the model predicts, {wrong} otherwise",
        flush=True,
    )
    return not wrong


def main() -> int:
    """Judges what the command line names; 0 if the two agree everywhere, 10 if not."""
    wanted = _arguments()
    if wanted.list:
        for case in CASES:
            print(f"{case.name}: {' '.join(case.line.split()[2:])}")
        return 0
    try:
        agreed = [
            _judge(kernel, arch_named(arch), wanted.logs)
            for kernel in wanted.kernel or [KERNEL]
            for arch in wanted.arch or ARCHES
        ]
    except PagelabError as error:
        tail = textwrap.indent(error.tail, "  | ")
        print(f"opinion: {error}", *filter(None, [tail]), sep="\n", file=sys.stderr)
        return error.exit_code
    except Exception as unknown:
        # Not a code that says anything of the kernel, and never Python's own 1.
        print(f"opinion: {unexpected(unknown)}", file=sys.stderr)
        return EXIT_CODES[Verdict.HARNESS_ERROR]
    return EXIT_CODES[Verdict.PASS if all(agreed) else Verdict.MISMATCH]


if __name__ == "__main__":
    sys.exit(main())
