"""Guests for tests, in C like the real one."""

from __future__ import annotations

from pathlib import Path

from harness import proc
from harness.arch import Arch

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    *("-static", "-nostdlib", "-ffreestanding", "-std=gnu11", "-O2", "-fno-pie", "-no-pie", "-s"),
    *("-mgeneral-regs-only", "-fno-stack-protector", "-fno-strict-aliasing", "-fno-builtin"),
    *("-Wall", "-Wextra", "-Werror"),
    *("-I", str(ROOT / "guest"), "-I", str(ROOT / "kmod")),
)


def compile_guest(arch: Arch, name: str, folder: Path, *also: str) -> bytes:
    """The program that tests/integration/guest/NAME makes.

    Args:
        folder: for what the compiler writes.
        also: sources of guest/ that it needs besides lib.c.
    """
    out = folder / "program"
    sources = [Path(__file__).with_name("guest") / name]
    sources += [ROOT / "guest" / source for source in ("lib.c", *also)]
    argv = [f"{arch.cross_compile}gcc", *FLAGS, "-o", str(out), *map(str, sources)]
    proc.run(argv, timeout=60).check(f"compiling {name}")
    return out.read_bytes()
