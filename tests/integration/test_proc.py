"""The spawner against real processes: ends, deadlines, and death with pagelab."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import proc
from harness.errors import HarnessError
from harness.tree import ROOT

# A pagelab-like process: a pooled worker, which then ends, starts something that would go on.
VICTIM = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from harness import proc
with ThreadPoolExecutor(1) as pool:
    child = pool.submit(proc.spawn, ["sh", "-c", "sleep 1000 & sleep 1000"], stdout=1).result()
print(child.pid, flush=True)
time.sleep(1000)
"""
# One that is killed somewhere in its start-up, keeper or child half made.
EARLY = """
from harness import proc
print("go", flush=True)
while True:
    proc.spawn(["sh", "-c", "sleep 1000 & sleep 1000"], stdout=1)
"""


def gone(reading: int, seconds: float = 10) -> bool:
    """Whether everything that holds the other end of a pipe ends within `seconds`."""
    poller = select.poll()
    poller.register(reading, select.POLLIN)
    deadline = time.monotonic() + seconds
    while poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
        if not os.read(reading, 65536):
            return True
    return False


def victim(code: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)


@pytest.fixture
def spawner() -> Iterator[proc.Spawner]:
    """A spawner of the test's own, so that end_all() ends nobody else's processes."""
    made = proc.Spawner()
    yield made
    made.end_all()


def test_output_input_and_exit_code() -> None:
    lines: list[str] = []
    done = proc.run(
        ["sh", "-c", "cat; echo two; echo three >&2; exit 4"],
        timeout=10,
        stdin=b"one\n",
        on_line=lines.append,
    )
    assert (done.returncode, done.stdout, done.stderr) == (4, b"one\ntwo\n", b"three\n")
    assert sorted(lines) == ["one", "three", "two"]


def test_log_has_everything(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = proc.run(["sh", "-c", "echo out; echo err >&2; exit 1"], timeout=10, log=log)
    assert sorted(log.read_text().split()) == ["err", "out"]
    with pytest.raises(HarnessError, match=r"^a step failed: sh, exit code 1: err .*log\)$"):
        done.check("a step")


def test_large_output_keeps_the_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = proc.run(["sh", "-c", "head -c 9000000 /dev/zero; echo end"], timeout=30, log=log)
    assert len(done.stdout) == proc.KEPT_BYTES
    assert done.stdout.endswith(b"end\n")
    assert log.stat().st_size == 9000004


def test_deadline_kills_the_whole_group() -> None:
    reading, writing = os.pipe()
    process = proc.spawn(["sh", "-c", "sleep 1000 & sleep 1000"], stdout=writing)
    os.close(writing)
    assert process.wait(0.05) is None
    process.close()
    assert process.returncode == -signal.SIGKILL
    assert gone(reading)
    os.close(reading)
    with pytest.raises(HarnessError, match="did not end within"):
        proc.run(["sleep", "1000"], timeout=0.05)


def test_what_a_process_leaves_behind_is_killed() -> None:
    reading, writing = os.pipe()
    process = proc.spawn(["sh", "-c", "sleep 1000 & exit 5"], stdout=writing)
    os.close(writing)
    assert process.wait(10) == 5
    assert gone(reading)
    os.close(reading)
    process.close()


def test_signals_and_descriptors_reach_the_process(spawner: proc.Spawner) -> None:
    reading, writing = os.pipe()
    script = f"trap 'exit 7' TERM; echo up >/proc/self/fd/{writing}; while :; do sleep 0.1; done"
    with spawner.spawn(["sh", "-c", script], pass_fds=(writing,)) as process:
        os.close(writing)
        assert os.read(reading, 10) == b"up\n"
        process.signal(signal.SIGTERM)
        assert process.wait(10) == 7
    os.close(reading)


def test_only_what_was_passed_is_open() -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    done = proc.run(["ls", "/proc/self/fd"], timeout=10)
    os.close(reading)
    os.close(writing)
    assert done.stdout.split() == [b"0", b"1", b"2", b"3"]  # 3: the folder that ls reads


def test_environment_is_small_and_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "-j --jobserver-auth=3,4")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    out = proc.run(["env"], timeout=10, env={"MORE": "1"}).stdout.decode().split("\n")
    assert "LC_ALL=C" in out
    assert "MORE=1" in out
    assert not any(line.startswith(("MAKEFLAGS", "LANG=")) for line in out)


def test_missing_command_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(HarnessError, match=r"^bison is missing: apt-get install bison$"):
        proc.run(["bison"], timeout=10)
    with pytest.raises(HarnessError, match=r"^no-such-command is missing: install it"):
        proc.run(["no-such-command"], timeout=10)


def test_what_cannot_be_executed_is_one_line(tmp_path: Path) -> None:
    script = tmp_path / "broken"
    script.write_text("#!/nonexistent/interpreter\n")
    script.chmod(0o755)
    with pytest.raises(HarnessError, match="broken could not be started: No such file"):
        proc.run([script], timeout=10)


def test_many_threads_at_once() -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(proc.run, ["echo", str(i)], timeout=60) for i in range(100)]
        assert [int(run.result().stdout) for run in runs] == list(range(100))


def test_kill_9_from_a_pooled_thread_leaves_nothing() -> None:
    pagelab = victim(VICTIM)
    assert pagelab.stdout
    int(pagelab.stdout.readline())
    pagelab.kill()
    pagelab.wait(10)
    assert gone(pagelab.stdout.fileno())
    pagelab.stdout.close()


@pytest.mark.parametrize("delay", [0, 0.005, 0.01, 0.02, 0.03, 0.05])
def test_kill_9_during_start_leaves_nothing(delay: float) -> None:
    pagelab = victim(EARLY)
    assert pagelab.stdout
    assert pagelab.stdout.readline() == b"go\n"
    time.sleep(delay)
    pagelab.kill()
    pagelab.wait(10)
    assert gone(pagelab.stdout.fileno())
    pagelab.stdout.close()


def test_kill_9_of_the_keeper_ends_its_processes(spawner: proc.Spawner) -> None:
    process = spawner.spawn(["sleep", "1000"])
    status = Path(f"/proc/{process.pid}/status").read_text()
    keeper = next(line for line in status.splitlines() if line.startswith("PPid:")).split()[1]
    os.kill(int(keeper), signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    with pytest.raises(HarnessError, match="keeper|killed"):
        spawner.spawn(["true"])


def test_end_all_ends_other_threads_runs_and_starts_nothing_more(spawner: proc.Spawner) -> None:
    started = threading.Event()

    def wait_long() -> int | None:
        process = spawner.spawn(["sleep", "1000"])
        started.set()
        return process.wait(60)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait_long)
        assert started.wait(10)
        spawner.end_all()
        assert waiting.result(10) == -signal.SIGKILL
    with pytest.raises(HarnessError, match="interrupted"):
        spawner.spawn(["true"])


def test_a_fork_of_pagelab_does_not_hold_its_processes() -> None:
    code = VICTIM.replace(
        "print(child",
        "import os\nif not os.fork():\n    os.close(1)\n    time.sleep(20)\nprint(child",
    )
    pagelab = victim(code)
    assert pagelab.stdout
    int(pagelab.stdout.readline())
    pagelab.kill()
    pagelab.wait(10)
    assert gone(pagelab.stdout.fileno())
    pagelab.stdout.close()
