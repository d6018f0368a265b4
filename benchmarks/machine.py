"""What every benchmark needs: the machine's facts, builds, tables."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness import accel, build
from harness.arch import Arch
from harness.cache import Cache


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, as the command line says.

    Attributes:
        kernel: a name that build.build() knows.
        boots: boots of each kind, alternating.
        programs: programs of one measurement of the rate.
        rounds: measurements of the rate, checked and unchecked alternating.
    """

    arches: tuple[Arch, ...]
    kernel: str
    boots: int
    programs: int
    rounds: int
    cache: Cache

    def built(self, arch: Arch) -> build.Built:
        """The kernel, out of the cache or built."""
        return build.build(self.kernel, arch, cache=self.cache)

    def machines(self) -> Iterator[tuple[build.Built, str]]:
        """Each architecture's kernel, and the acceleration that its guests have."""
        for arch in self.arches:
            yield self.built(arch), accel.probe(arch, self.cache).accel


@dataclass(frozen=True, slots=True)
class Judged:
    """One number that has a limit.

    Attributes:
        text: what it is.
        value, limit: in the same unit.
        at_least: the limit is a minimum.
    """

    text: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        sign = ">=" if self.at_least else "<="
        return f"  {self.text}: {self.value:.4g} ({sign} {self.limit:g}) " + (
            "kept" if self.kept else "MISSED"
        )


def facts(plan: Plan) -> str:
    """One block about the machine; the load average says whether anybody else works on it."""
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "?")
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    found = []
    for arch in plan.arches:
        version = ".".join(map(str, accel.qemu_version(arch)))
        found.append(f"{arch.name}: QEMU {version}, {accel.probe(arch, plan.cache).accel}")
    return "\n".join(
        (
            f"{datetime.now().astimezone():%Y-%m-%d %H:%M}  {len(os.sched_getaffinity(0))} cores "
            f"({model}), Linux {platform.release()}, Python {platform.python_version()}",
            f"load average {load}; " + "; ".join(found),
        )
    )


def processor_seconds(pid: int) -> float:
    """Processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def median(values: Sequence[float]) -> float:
    """The middle one; 0 of none."""
    return statistics.median(values) if values else 0.0


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they have to be, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = []
    for row in (head, *rows):
        cells = (
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  " + "  ".join(cells))
    return "\n".join(lines)
