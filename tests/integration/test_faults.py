"""What can go wrong, against the real thing: one line, the right exit code, nothing lost."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.jobs.judge import read_trace

from .command import ROOT, Ended, Running, pagelab, results, verdicts

PROGRAM = """# Shows that the kernel may fail at any operation.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "x")
h = get_user_pages(m[0], nr=1, gup_flags=WRITE)
put_page(h)
munmap(m)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """One small program."""
    path = tmp_path / "p.mm"
    path.write_text(PROGRAM)
    return path


def without(folder: Path, part: str) -> dict[str, str]:
    """Variables with a PATH that has every command but those with this in their name."""
    folder.mkdir()
    for place in os.environ["PATH"].split(os.pathsep):
        for command in Path(place).glob("*"):
            link = folder / command.name
            if part not in command.name and not link.is_symlink():
                link.symlink_to(command)
    return {"PATH": str(folder)}


# ---- the machine -------------------------------------------------------------------


@pytest.mark.qemu
def test_a_missing_qemu(program: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    env = without(tmp_path / "bin", "qemu-system")
    done = pagelab("run", program, "--out", out, "-a", "x86_64", env=env)
    assert done.code == 23, done
    line = done.one_line()
    assert "qemu-system-x86_64 is missing: apt-get install qemu-system-x86" in line
    assert verdicts(out) == {("p.mm", "x86_64"): "HARNESS_ERROR"}
    assert done.out.splitlines()[-2].endswith("exit code 23")


@pytest.mark.qemu
def test_a_cpu_model_that_nobody_has(program: Path, tmp_path: Path) -> None:
    done = pagelab("run", program, "--out", tmp_path / "r", "--cpu", "abacus", "-q")
    assert done.code == 2, done
    assert "--cpu abacus: " in done.one_line()


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("arch", "command", "package"),
    [("x86_64", "x86_64-linux-gnu-gcc", "gcc"), ("arm64", "aarch64-linux-gnu-gcc", "gcc-aarch")],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="names an x86-64 host's packages")
def test_a_missing_compiler(
    program: Path, tmp_path: Path, arch: str, command: str, package: str
) -> None:
    env = without(tmp_path / "bin", "gcc")
    done = pagelab("run", program, "--out", tmp_path / "r", "-a", arch, env=env)
    assert done.code == 23, done
    assert f"{command} is missing: apt-get install {package}" in done.one_line()


def test_no_network_and_an_empty_cache(program: Path, tmp_path: Path) -> None:
    # Nothing listens on the discard port of this machine.
    nowhere = {f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https")}
    env = nowhere | {"PAGELAB_CACHE": str(tmp_path / "cache")}
    done = pagelab("run", program, "--out", tmp_path / "r", "-q", env=env)
    assert done.code == 23, done
    assert "check the network" in done.one_line()
    assert set(verdicts(tmp_path / "r").values()) == {"HARNESS_ERROR"}


def test_a_cache_that_cannot_be_written(program: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    env = {"PAGELAB_CACHE": str(tmp_path / "cache")}
    done = pagelab("run", program, "--out", tmp_path / "r", "-q", env=env)
    assert done.code == 23, done
    assert "PAGELAB_CACHE" in done.one_line()


@pytest.mark.qemu
@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system is for root to mount")
def test_a_full_disk_keeps_what_was_recorded(tmp_path: Path) -> None:
    programs, small, kept = tmp_path / "programs", tmp_path / "small", tmp_path / "kept"
    for folder in (programs, small):
        folder.mkdir()
    for number in range(100):
        (programs / f"{number:03}.mm").write_text(PROGRAM)
    # The mount lives in a namespace of its own and ends with it.
    script = (
        'mount -t tmpfs -o size=600k none "$1" && shift && "$@"; code=$?; '
        f"cp -r {small} {kept}; exit $code"
    )
    out = small / "run"
    done = pagelab(
        "run",
        programs,
        "--out",
        out,
        "-a",
        "x86_64",
        "-j",
        "1",
        before=["unshare", "-m", "sh", "-c", script, "sh", str(small)],
    )
    assert done.code == 23, done
    assert "Traceback" not in done.out + done.err
    assert "No space left on device" in done.err
    traces = sorted((kept / "run").rglob("*.trace"))
    whole = [path for path in traces if is_whole(path)]
    assert len(whole) >= 10
    assert len(traces) < 100
    passed = re.search(r"(\d+) PASS", done.out)
    assert passed
    assert int(passed[1]) == len(whole)


def is_whole(path: Path) -> bool:
    """A trace with its end; one that the disk had no room for may lack its first line."""
    try:
        return read_trace(path).complete
    except UsageError:
        return False


# ---- the kernel --------------------------------------------------------------------


@pytest.fixture(scope="session")
def lkdtm() -> None:
    """Kernels that can be told to fail, built before any test's own time runs."""
    done = pagelab("build", "-c", "lkdtm", "-q", seconds=5400)
    assert done.code == 0, done


def provoke(program: Path, out: Path, arch: str, what: str, *args: str) -> Ended:
    """Runs a program on a kernel that fails before its third operation."""
    return pagelab(
        "run",
        program,
        "--out",
        out,
        "-a",
        arch,
        "-c",
        "lkdtm",
        "--boot-arg",
        f"pagelab.provoke={what},2",
        *args,
        seconds=600,
    )


def detail(out: Path) -> dict[str, Any]:
    """The detail of the one result."""
    (one,) = results(out)["results"]
    found = one["detail"]
    assert isinstance(found, dict)
    return found


@pytest.mark.qemu
@pytest.mark.slow
@pytest.mark.usefixtures("lkdtm")
@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("WARNING", "warn"),
        ("BUG", "bug"),
        ("EXCEPTION", "oops"),
        ("PANIC", "panic"),
    ],
)
def test_a_kernel_fault_is_named_with_its_operation(
    program: Path, tmp_path: Path, arch: str, what: str, says: str
) -> None:
    out = tmp_path / "r"
    done = provoke(program, out, arch, what)
    assert done.code == 12, done
    assert verdicts(out) == {("p.mm", arch): "KERNEL_FAULT"}
    found = detail(out)
    assert says in found["text"].lower()
    assert (found["operation"], found["line"]) == (2, 4)
    assert "KERNEL_FAULT" in done.out


@pytest.mark.qemu
@pytest.mark.slow
@pytest.mark.usefixtures("lkdtm")
@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
@pytest.mark.parametrize(
    ("what", "boot", "says"),
    [
        ("HARDLOCKUP", (), "the kernel hangs in lkdtm_HARDLOCKUP"),
        ("SOFTLOCKUP", ("watchdog_thresh=1",), "BUG: soft lockup"),
        ("HUNG_TASK", ("sysctl.kernel.hung_task_timeout_secs=2",), "hung_task"),
    ],
)
def test_a_kernel_that_hangs(
    program: Path, tmp_path: Path, arch: str, what: str, boot: tuple[str, ...], says: str
) -> None:
    out = tmp_path / "r"
    args = [word for name in boot for word in ("--boot-arg", name)]
    done = provoke(program, out, arch, what, *args)
    assert done.code == 12, done
    assert verdicts(out) == {("p.mm", arch): "KERNEL_FAULT"}
    assert says in detail(out)["text"]


@pytest.mark.qemu
@pytest.mark.slow
def test_a_panic_at_boot_is_a_kernel_fault(program: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    done = pagelab(
        "run", program, "--out", out, "-a", "x86_64", "--boot-arg", "rdinit=/nowhere", seconds=600
    )
    assert done.code == 12, done
    assert "Kernel panic" in done.out


@pytest.mark.qemu
@pytest.mark.usefixtures("lkdtm")
def test_the_other_programs_go_on_after_a_fault(program: Path, tmp_path: Path) -> None:
    """A guest that is lost costs its program alone; see test_interrupts for QEMU killed."""
    folder, out = tmp_path / "programs", tmp_path / "r"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.mm").write_text("m = mmap(pages=1, prot=rw, flags=private|anon)\n")
    (folder / "c.mm").write_text(PROGRAM)
    done = provoke(folder, out, "x86_64", "EXCEPTION")
    assert done.code == 12, done
    assert verdicts(out) == {
        ("a.mm", "x86_64"): "PASS",
        ("b.mm", "x86_64"): "PASS",
        ("c.mm", "x86_64"): "KERNEL_FAULT",
    }


# ---- the cache ---------------------------------------------------------------------


def copy_cache(to: Path) -> Path:
    """The user's cache elsewhere, as a CI system restores it."""
    from harness.cache import default_root

    passing = shutil.ignore_patterns("tmp", "locks", "logs", "kept")  # nothing that is published
    shutil.copytree(default_root(), to, ignore=passing)
    return to


@pytest.mark.qemu
@pytest.mark.slow
@pytest.mark.parametrize("harm", ["truncated", "altered"])
def test_a_damaged_cache_entry_is_made_anew(program: Path, tmp_path: Path, harm: str) -> None:
    assert pagelab("build", "-a", "x86_64", seconds=1500).code == 0
    cache = copy_cache(tmp_path / "cache")
    victims = [path for path in cache.glob("image/*/*") if path.name != "manifest.json"]
    assert victims
    for path in victims:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data if harm == "altered" else data[: len(data) // 2])
    env = {"PAGELAB_CACHE": str(cache)}
    done = pagelab("run", program, "--out", tmp_path / "r", "-a", "x86_64", env=env)
    assert done.code == 0, done
    assert "is damaged" in done.err
    again = pagelab("run", program, "--out", tmp_path / "r2", "-a", "x86_64", env=env)
    assert again.code == 0
    assert "is damaged" not in again.err
    assert "building" not in again.err


@pytest.mark.qemu
@pytest.mark.slow
def test_two_runs_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    programs = ROOT / "programs" / "fork"
    runs = [
        Running(tmp_path / f"tmp{n}", "run", programs, "--out", tmp_path / f"r{n}", "-q")
        for n in range(2)
    ]
    assert [run.end(seconds=600).code for run in runs] == [0, 0]
    assert time.monotonic() - started < 600
