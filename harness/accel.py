"""Whether KVM really runs a guest here, found out by booting a tiny one.

/dev/kvm can exist and be good for nothing: a host that emulates it runs a few
instructions and hangs at the first that it does not know. So the answer is a
boot with a deadline; it is kept in the cache under the host's fingerprint.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .arch import ARM64, Arch
from .cache import Cache
from .errors import HarnessError
from .qemu_cmd import binary, cpu_model

KVM = Path("/dev/kvm")
PROBE_SECONDS = 3.0
_VERSION_SECONDS = 20.0
_SLOWDOWN = {"kvm": 1.0, "tcg": 10.0}
_BOOT_SECONDS = 0.2  # a boot at slowdown 1, at most, on a host that is not busy

# images/probe/x86_64.S: a BIOS of 64 KiB, code at 0xf000, reset vector at 0xfff0
_X86_SIZE, _X86_CODE, _X86_RESET = 0x10000, 0xF000, 0xFFF0
_X86 = bytes.fromhex(
    "fa2e660f0116f0f00f20c00c010f22c066ea18f0ffff0800b8100000008ed88ec08ed0bc00800000"
    "31c0bf00100000b900180000f3abc7050010000003200000c7050020000003300000c70518200000"
    "03400000c7050030000083000000c705f84f00008300e0ffb8001000000f22d8b8a00600000f22e0"
    "b9800000c00f320d000900000f300f20c00d0200018083e0fb0f22c0ea9bf0ffff1800bb00000100"
    "f0480fc70bf30f6f03f3480fb8c3b980841e004801c8488903ffc975f6baf4000000b821000000ee"
    "f4ebfdcccccccccc0000000000000000ffff0000009bcf00ffff00000093cf00ffff0000009baf00"
    "1f00d0f0ffff"
)
_X86_STATUS = 0x21 << 1 | 1  # isa-debug-exit makes this of what the guest writes
# images/probe/arm64.S: a flat image
_ARM64 = bytes.fromhex("c103a05221040071e1ffff54000180520080b072020000d47f2003d5ffffff17")


@dataclass(frozen=True, slots=True)
class Finding:
    """What guests of one architecture run with on this host.

    Attributes:
        accel: "kvm" or "tcg".
        line: one line for people that says so, and why.
    """

    accel: str
    line: str


def slowdown(accel: str, boot_seconds: float = 0.0) -> float:
    """By how much every deadline of a guest is stretched.

    Args:
        accel: "kvm" or "tcg".
        boot_seconds: how long its boot took; beyond two (emulated) the host is busy or slow.
    """
    return max(_SLOWDOWN[accel], boot_seconds / _BOOT_SECONDS)


def qemu_version(arch: Arch) -> tuple[int, int]:
    """Version (major, minor) of the QEMU for this architecture.

    Raises:
        HarnessError: it is missing, or says no version.
    """
    path = proc.require(binary(arch))
    return _version_of(str(path), path.stat().st_mtime_ns)


@functools.cache
def _version_of(path: str, _mtime: int) -> tuple[int, int]:
    done = proc.run([path, "--version"], timeout=_VERSION_SECONDS).check("asking QEMU's version")
    match = re.search(rb"version (\d+)\.(\d+)", done.stdout)
    if match is None:
        raise HarnessError(f"{path} says no version: reinstall it")
    return int(match[1]), int(match[2])


def counter_khz(arch: Arch, accel: str) -> int:
    """What a guest's time-stamp counter runs with, kHz; 0 where that is not known.

    Under TCG an x86 guest sees the host's own counter (QEMU's cpu_get_host_ticks), and an
    x86 kernel whose counter never stops derives its BogoMIPS from it (lpj_fine). KVM tells
    its guests by itself.
    """
    if (arch.name, accel, platform.machine()) != ("x86_64", "tcg", "x86_64"):
        return 0
    return counter_of(Path("/proc/cpuinfo").read_text("utf-8", "replace"))


def counter_of(cpuinfo: str) -> int:
    """The host's time-stamp counter from its /proc/cpuinfo, kHz; 0 if it may change or stop."""
    first, _, _ = cpuinfo.partition("\n\n")
    fields = dict(re.findall(r"^(\S[^\t:]*?)\s*: (.*)$", first, re.MULTILINE))
    steady = {"constant_tsc", "nonstop_tsc"} <= set(fields.get("flags", "").split())
    return round(float(fields.get("bogomips", "0")) * 500) if steady else 0


def probe_image(arch: Arch) -> bytes:
    """The tiny guest, as a file for -bios (x86-64) or -kernel (arm64)."""
    if arch is ARM64:
        return _ARM64
    image = bytearray(_X86_SIZE)
    image[_X86_CODE : _X86_CODE + len(_X86)] = _X86
    image[_X86_RESET : _X86_RESET + 3] = b"\xe9" + ((_X86_CODE - _X86_RESET - 3) & 0xFFFF).to_bytes(
        2, "little"
    )
    return bytes(image)


def probe_argv(arch: Arch, accel: str, image: Path) -> tuple[str, ...]:
    """QEMU's arguments for the tiny guest."""
    cpu = cpu_model(arch, accel)
    common = (binary(arch), "-nodefaults", "-no-user-config", "-display", "none", "-m", "16")
    if arch is ARM64:
        machine = "virt" + (",gic-version=host" if accel == "kvm" else "")
        return (*common, "-machine", f"{machine},accel={accel}", "-cpu", cpu, "-kernel", str(image))
    # The pinned model in full or not at all, as guests get it.
    enforce = ",enforce" if accel == "kvm" else ""
    exit_port = ("-device", "isa-debug-exit,iobase=0xf4,iosize=4")
    machine = f"q35,accel={accel}"
    return (*common, "-machine", machine, "-cpu", cpu + enforce, "-bios", str(image), *exit_port)


def try_boot(arch: Arch, accel: str, seconds: float = PROBE_SECONDS) -> str:
    """Boots the tiny guest; "" if it ran to its end in time, else why not.

    Raises:
        HarnessError: QEMU is missing.
    """
    proc.require(binary(arch))
    with tempfile.NamedTemporaryFile(prefix="pagelab-probe-") as file:
        file.write(probe_image(arch))
        file.flush()
        try:
            done = proc.run(probe_argv(arch, accel, Path(file.name)), timeout=seconds)
        except HarnessError:
            return f"a tiny guest did not end within {seconds:g} s"
    if done.returncode == (0 if arch is ARM64 else _X86_STATUS):
        return ""
    said = proc.first_error(done.stderr.decode("utf-8", "replace"))
    return f"a tiny guest did not boot: {said}"


def probe(arch: Arch, cache: Cache, *, anew: bool = False) -> Finding:
    """What guests of this architecture run with here; boots a tiny one if that is not known yet.

    Args:
        arch: the guest's.
        cache: where the finding is kept.
        anew: find out again.

    Raises:
        HarnessError: QEMU is missing.
    """
    proc.require(binary(arch))
    if reason := _impossible(arch):
        return Finding("tcg", f"{arch.name}: emulated (TCG): {reason}")
    name = f"accel-{_fingerprint(arch)}"
    if (known := _known(cache, name)) is not None:
        return known
    started = time.monotonic()
    if reason := try_boot(arch, "kvm"):
        line = f"{arch.name}: emulated (TCG): /dev/kvm exists, but {reason}"
        finding = Finding("tcg", line)
    else:
        seconds = time.monotonic() - started
        finding = Finding("kvm", f"{arch.name}: KVM (a tiny guest booted in {seconds:.2f} s)")
    # Where it cannot be kept, the next run finds out again.
    with contextlib.suppress(OSError):
        cache.write_note(name, {"accel": finding.accel, "line": finding.line})
    return finding


def _known(cache: Cache, name: str) -> Finding | None:
    note = cache.note(name) or {}
    accel, line = note.get("accel"), note.get("line")
    if accel in _SLOWDOWN and isinstance(line, str):
        return Finding(accel, line)
    return None


def _impossible(arch: Arch) -> str:
    """Why KVM need not be tried; "" if it may work."""
    if platform.machine() != arch.machine:
        return f"this host is {platform.machine()}"
    if not KVM.exists():
        return "this host has no /dev/kvm"
    if not os.access(KVM, os.R_OK | os.W_OK):
        return "/dev/kvm may not be opened (is this user in the group kvm?)"
    return ""


def _fingerprint(arch: Arch) -> str:
    """Names host and QEMU: a finding holds for them alone."""
    qemu = proc.require(binary(arch))
    model = [
        line
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").split("\n\n")[0].split("\n")
        if line.startswith(("model name", "flags", "Features", "CPU part", "microcode"))
    ]
    parts = (arch.name, platform.release(), platform.version(), str(qemu), qemu.stat().st_mtime_ns)
    return hashlib.sha256(json.dumps([parts, model]).encode()).hexdigest()[:32]
