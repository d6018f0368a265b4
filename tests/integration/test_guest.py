"""Guests that do what no agent should, and ends that no program asked for: each has its name."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness import cpio, guest, language, layout, trace
from harness.arch import Arch
from harness.build import Built
from harness.errors import BootFailed, HarnessError, KernelFault, PagelabError
from harness.session import Limits

from .compiled import compile_guest

pytestmark = pytest.mark.qemu

TEXT = """\
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "hello")
h = get_user_pages(m[0], nr=2, gup_flags=WRITE)
munmap(m)
d = peek(h[0], 5)
put_page(h)
"""
QUICK = Limits(boot=3.0, silence=0.3)

Boot = Callable[..., guest.Guest]


def request(folder: Path, number: int = 0, text: str = TEXT) -> guest.Request:
    compiled = layout.compile_program(language.parse(text, "p.mm"))
    return guest.Request("p.mm", text, compiled, folder / f"{number}.trace")


@pytest.fixture(scope="module")
def strange(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The build with strange.c in place of init."""
    folder = tmp_path_factory.mktemp("strange")
    init = compile_guest(built.arch, "strange.c", folder, "wire.c", "line.c")
    image = folder / "initramfs"
    console = cpio.character_device("dev/console", 5, 1)
    image.write_bytes(cpio.write((cpio.file("init", init, 0o755), console)))
    return replace(built, initramfs=image)


@pytest.fixture
def boot(strange: Built, tmp_path: Path) -> Boot:
    """Boots the strange guest with a word."""

    def start(word: str, limits: Limits = QUICK) -> guest.Guest:
        return guest.boot(
            strange,
            boot_args=(f"pagelab.test={word}",),
            console_log=tmp_path / "console.log",
            limits=limits,
        )

    return start


def read(path: Path) -> trace.Trace:
    return trace.decode(path.read_bytes(), str(path))


@pytest.mark.parametrize(
    ("word", "verdict", "says"),
    [
        ("garbage", "HARNESS_ERROR", "no frame where one should begin"),
        ("oversized", "HARNESS_ERROR", "frame of 4294967280 bytes"),
        ("damaged", "HARNESS_ERROR", "checksum of frame 1 is wrong"),
        ("skipping", "HARNESS_ERROR", "frame 2 where frame 1 should come"),
        ("wrong-number", "HARNESS_ERROR", "result of program 2 while 1 runs"),
        ("endless", "HARNESS_ERROR", "an outcome more than the program's 6 operations"),
        ("empty", "HARNESS_ERROR", "without an outcome"),
        ("early-end", "HARNESS_ERROR", "end after 0 of 6"),
        ("refusing", "HARNESS_ERROR", "the guest refused the program: no,  [31mnever"),
        ("idle", "TIMEOUT", "the guest is idle"),
        ("spin", "TIMEOUT", "a process runs without end"),
        ("flood", "TIMEOUT", "the guest prints without end"),
        ("quit", "GUEST_LOST", "QEMU ended (guest-shutdown)"),
        ("sysrq:c", "KERNEL_FAULT", "panic: Kernel panic - not syncing: sysrq triggered crash"),
    ],
)
def test_each_misbehaviour_has_its_verdict(
    boot: Boot, tmp_path: Path, word: str, verdict: str, says: str
) -> None:
    with boot(word) as booted:
        results = list(booted.run(request(tmp_path, number) for number in range(3)))
        assert len(results) == 1
        assert not booted.usable
    ending = results[0].ending
    assert (ending.verdict, says in ending.text) == (verdict, True), ending
    recorded = read(tmp_path / "0.trace")
    assert recorded.ending == ending
    assert not recorded.complete
    assert len(recorded.outcomes) == {"endless": 6, "quit": 1}.get(word, 0)
    if word == "sysrq:c":
        assert "sysrq: Trigger a crash" in ending.tail
        assert "sysrq: Trigger a crash" in (tmp_path / "console.log").read_text()
    assert not (tmp_path / "1.trace").exists()


@pytest.mark.parametrize(
    ("word", "error", "says"),
    [
        ("mute", BootFailed, "no hello within .* s; the guest is idle"),
        ("boot-panic", KernelFault, "sysrq triggered crash"),
        ("boot-exit", KernelFault, "Attempted to kill init"),
        ("boot-garbage", HarnessError, "no frame where one should begin"),
        ("boot-version", HarnessError, "guest speaks ABI version 2, this pagelab 1: rebuild"),
        ("boot-release", HarnessError, "the guest says that it is 9.9.9"),
    ],
)
def test_a_boot_that_fails_says_why(
    boot: Boot, word: str, error: type[PagelabError], says: str
) -> None:
    limits = Limits(boot=0.6) if word == "mute" else QUICK
    with pytest.raises(error, match=says):
        boot(word, limits)


def test_a_guest_that_behaves(boot: Boot, tmp_path: Path) -> None:
    """The strange guest is strange only when asked: what it is tested for is its own doing."""
    with boot("none") as booted:
        results = list(booted.run(request(tmp_path, number) for number in range(20)))
        assert [result.ending.verdict for result in results] == [""] * 20
        again = list(booted.run([request(tmp_path, 99)]))
        assert booted.usable
    assert [result.ending.verdict for result in again] == [""]
    assert all(read(tmp_path / f"{number}.trace").complete for number in (*range(20), 99))


# ---- the real agent ------------------------------------------------------------


def long_program() -> str:
    """Keeps the guest busy for longer than a test needs to kill it."""
    lines = ["m = mmap(pages=500, prot=rw, flags=private|anon)"]
    return "\n".join(lines + ["load(m[0], 8)"] * 1000) + "\n"


def test_sigkilled_qemu_is_noticed_at_once(built: Built, tmp_path: Path) -> None:
    text = long_program()
    with guest.boot(built, console_log=tmp_path / "console.log") as booted:
        requests = (request(tmp_path, number, text) for number in range(10_000))
        killed = []

        def kill() -> None:
            killed.append(time.monotonic())
            os.kill(booted.pid, signal.SIGKILL)

        timer = threading.Timer(0.5, kill)
        timer.start()
        results = list(booted.run(requests))
        seconds = time.monotonic() - killed[0]
    assert results[-1].ending.verdict == "GUEST_LOST"
    assert "status -9" in results[-1].ending.text
    assert all(not result.ending.verdict for result in results[:-1])
    assert seconds < 2
    last = read(tmp_path / f"{len(results) - 1}.trace")
    assert (last.complete, last.ending) == (False, results[-1].ending)


def test_a_panic_from_outside_ends_the_run(built: Built, tmp_path: Path) -> None:
    with guest.boot(built, console_log=tmp_path / "console.log") as booted:
        requests = (request(tmp_path, number) for number in range(100_000))
        results = []
        for result in booted.run(requests):
            results.append(result)
            if len(results) == 5:
                booted.sysrq(b"c")
    ending = results[-1].ending
    assert ending.verdict == "KERNEL_FAULT"
    assert "sysrq triggered crash" in ending.text
    assert "Kernel panic" in ending.tail


def test_an_abandoned_run_leaves_a_dead_guest_and_readable_traces(
    built: Built, tmp_path: Path
) -> None:
    with guest.boot(built, console_log=tmp_path / "console.log") as booted:
        run = booted.run(request(tmp_path, number) for number in range(100))
        next(run)
        run.close()  # type: ignore[attr-defined]
        assert not booted.usable
    assert read(tmp_path / "0.trace").complete


def test_the_environment_is_what_was_booted(built: Built, arch: Arch, tmp_path: Path) -> None:
    with guest.boot(
        built, boot_args=("pagelab.note=1",), console_log=tmp_path / "console.log"
    ) as booted:
        environment = booted.environment
    assert environment.id == f"{built.kernel}-{arch.name}-base-pagelab.note=1"
    assert environment.accel == "tcg"
    assert environment.qemu.count(".") == 2
    assert environment.argv[0].startswith("qemu-system-")
    assert "pagelab.note=1" in environment.argv[-1]
    assert environment.facts["gup_capacity"] == 512
    assert 0 < environment.boot_seconds < 60


def test_a_trace_that_cannot_be_written_is_an_error(built: Built, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with guest.boot(built, console_log=tmp_path / "console.log") as booted:
        one = request(tmp_path / "file")
        with pytest.raises(HarnessError, match="cannot write the trace .*Not a directory"):
            list(booted.run([one]))


def test_a_console_log_that_cannot_be_written_is_an_error(built: Built, tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="cannot write the console log"):
        guest.boot(built, console_log=tmp_path / "missing" / "console.log")


def test_qemu_that_does_not_start_says_why(built: Built, tmp_path: Path) -> None:
    missing = replace(built, initramfs=tmp_path / "nothing")
    with pytest.raises(HarnessError, match=r"QEMU did not start: .*nothing"):
        guest.boot(missing, console_log=tmp_path / "console.log")
    with pytest.raises(HarnessError, match=r"QEMU did not start: .*unknown-model"):
        guest.boot(built, cpu="unknown-model", console_log=tmp_path / "console.log")
