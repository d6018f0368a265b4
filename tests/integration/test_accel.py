"""Acceleration: believed only after a tiny guest ran with it."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from harness import accel, proc
from harness.arch import ARCHES, ARM64, X86_64, Arch
from harness.cache import Cache

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("arch", ARCHES.values(), ids=ARCHES)
def test_the_tiny_guests_are_their_sources(arch: Arch, tmp_path: Path) -> None:
    tools = arch.cross_compile
    source = ROOT / "images" / "probe" / f"{arch.name}.S"
    made, flat = tmp_path / "made.o", tmp_path / "made.bin"
    assemble = [f"{tools}as", "-o", str(made), str(source)]
    proc.run(assemble, timeout=60).check("assembling")
    copy = [f"{tools}objcopy", "-O", "binary", "-j", ".text", str(made), str(flat)]
    proc.run(copy, timeout=60).check("copying")
    assert flat.read_bytes() == accel.probe_image(arch)


@pytest.mark.qemu
@pytest.mark.parametrize("arch", ARCHES.values(), ids=ARCHES)
def test_a_tiny_guest_runs_to_its_end_under_emulation(arch: Arch) -> None:
    assert accel.try_boot(arch, "tcg", 30.0) == ""


@pytest.mark.qemu
@pytest.mark.parametrize("arch", ARCHES.values(), ids=ARCHES)
def test_the_finding_is_quick_and_kept(arch: Arch, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    started = time.monotonic()
    found = accel.probe(arch, cache)
    assert time.monotonic() - started < 10
    assert found.accel in ("kvm", "tcg")
    assert found.line.startswith(arch.name)
    assert "\n" not in found.line
    started = time.monotonic()
    assert accel.probe(arch, cache) == found
    assert time.monotonic() - started < 0.5


def fake_qemu(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A command in place of QEMU, first in PATH."""
    for name in ("qemu-system-x86_64", "qemu-system-aarch64"):
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def native() -> Arch:
    return next(arch for arch in (X86_64, ARM64) if arch.machine == os.uname().machine)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("sleep 1000", "did not end within 3 s"),
        ("echo 'KVM internal error. Suberror: 1' >&2; sleep 1000", "did not end within 3 s"),
        ("echo 'cannot set up guest memory' >&2; exit 1", "cannot set up guest memory"),
        ("kill -9 $$", "did not boot"),
    ],
)
def test_kvm_that_is_there_but_does_not_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, says: str
) -> None:
    device = tmp_path / "kvm"
    device.write_text("")
    monkeypatch.setattr(accel, "KVM", device)
    fake_qemu(tmp_path, monkeypatch, script)
    cache = Cache(tmp_path / "cache")
    started = time.monotonic()
    found = accel.probe(native(), cache)
    assert time.monotonic() - started < 8
    assert found.accel == "tcg"
    assert "/dev/kvm exists, but" in found.line
    assert says in found.line
    fake_qemu(tmp_path, monkeypatch, "exit 67")  # another QEMU is asked anew
    assert (accel.probe(native(), cache).accel == "kvm") is (native() is X86_64)


def test_kvm_is_not_tried_where_it_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_qemu(tmp_path, monkeypatch, "exit 1")
    cache = Cache(tmp_path / "cache")
    foreign = next(arch for arch in ARCHES.values() if arch is not native())
    assert "this host is" in accel.probe(foreign, cache).line
    monkeypatch.setattr(accel, "KVM", tmp_path / "nothing")
    assert "has no /dev/kvm" in accel.probe(native(), cache).line


def test_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_qemu(tmp_path, monkeypatch, "echo QEMU emulator version 10.0.2 '(Debian)'")
    assert accel.qemu_version(X86_64) == (10, 0)
