"""The one place where processes are started.

Arguments are a sequence, never a shell's string. Every process has a process
group of its own and dies with pagelab, however that ends and whichever thread
asked for it: a small second process (keeper.py) forks it and holds it by a
connection that only pagelab has the other end of. The keeper is started once,
at the first need.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from .errors import HarnessError
from .host import environment, find, package_of, require

__all__ = [
    "Completed",
    "OnLine",
    "Process",
    "Spawner",
    "end_all",
    "ending",
    "environment",
    "find",
    "first_error",
    "package_of",
    "require",
    "run",
    "spawn",
    "warm",
]

START_SECONDS = 30.0
KILL_SECONDS = 10.0
KEPT_BYTES = 4 << 20

OnLine = Callable[[str], None]


class Process:
    """A running process, held by its connection to the keeper.

    A context manager: leaving it kills the whole process group. fileno() is
    readable once the process has ended, so it can be waited for with others.

    Attributes:
        pid: process id, also the process group's.
        name: what messages call it.
        returncode: exit code, or minus the signal; None while it runs.
    """

    def __init__(self, pid: int, name: str, connection: socket.socket, spawner: Spawner) -> None:
        self.pid = pid
        self.name = name
        self.returncode: int | None = None
        self._connection = connection
        self._spawner = spawner
        self._lock = threading.Lock()

    def fileno(self) -> int:
        """A descriptor that is readable once the process has ended; -1 after close()."""
        return self._connection.fileno()

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        with self._lock:
            if self.returncode is None:
                try:
                    answer = self._connection.recv(64, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    return None
                except OSError:
                    answer = b""
                # No answer at all: the keeper was killed, and its processes with it.
                self.returncode = marshal.loads(answer) if answer else -9
                self._spawner.forget(self)
            return self.returncode

    def wait(self, timeout: float) -> int | None:
        """Wait for the end, at most `timeout` seconds; None if it still runs then."""
        if self.poll() is None and self.fileno() >= 0:
            poller = select.poll()
            poller.register(self.fileno(), select.POLLIN)
            poller.poll(max(0.0, timeout) * 1000)
        return self.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the whole process group, if the process still runs."""
        with contextlib.suppress(OSError):
            self._connection.send(bytes((number,)))

    def kill(self) -> None:
        """Kill the whole process group; returns at once."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Kill it if it runs, wait for its end (ten seconds at most), let go of it."""
        if self.poll() is None:
            self.kill()
            self.wait(KILL_SECONDS)
        self._spawner.forget(self)
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Spawner:
    """Starts processes through one keeper; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._live: set[Process] = set()
        self._ended = False

    def warm(self) -> None:
        """Start the keeper now, so that the first spawn need not wait for it."""
        self._keeper()

    def spawn(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        pass_fds: Sequence[int] = (),
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a process in a group of its own.

        Args:
            argv: the command (found in PATH) and its arguments.
            pass_fds: descriptors that it gets under the same numbers.
            stdin, stdout, stderr: descriptors; /dev/null when None.
            cwd: its folder; ours when None.
            env: variables on top of environment().

        Raises:
            HarnessError: the command is missing or does not start, or end_all() was called.
        """
        words = [os.fspath(word) for word in argv]
        name = Path(words[0]).name
        words[0] = str(require(words[0]))
        body = marshal.dumps(
            (words, environment(env), str(cwd or Path.cwd()), [0, 1, 2, *pass_fds])
        )
        null = os.open(os.devnull, os.O_RDWR)
        standard = [null if fd is None else fd for fd in (stdin, stdout, stderr)]
        try:
            pid, connection = self._ask(body, [*standard, *pass_fds], words[0])
        except OSError as error:
            raise HarnessError(f"{name} could not be started: {error.strerror}") from error
        finally:
            os.close(null)
        process = Process(pid, name, connection, self)
        with self._lock:
            if not self._ended:
                self._live.add(process)
                return process
        process.close()
        raise HarnessError("interrupted")

    def _ask(self, body: bytes, fds: Sequence[int], path: str) -> tuple[int, socket.socket]:
        """Have the keeper start something; its process id, and what holds it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs, contextlib.suppress(ConnectionError):  # told by _started
                socket.send_fds(self._keeper(), [body], [theirs.fileno(), *fds])
            return _started(ours, path), ours
        except BaseException:
            ours.close()
            raise

    def end_all(self) -> None:
        """Kill everything that runs, wait for it, and start nothing any more (Ctrl-C)."""
        with self._lock:
            self._ended = True
            live = list(self._live)
        for process in live:
            process.kill()
        deadline = time.monotonic() + KILL_SECONDS
        for process in live:
            process.wait(deadline - time.monotonic())

    def ending(self) -> bool:
        """end_all() was called: whatever fails now may fail for that."""
        return self._ended

    def forget(self, process: Process) -> None:
        """Called by a process that ended."""
        with self._lock:
            self._live.discard(process)

    def after_fork(self) -> None:
        """In a fork of pagelab: let go, so that the connections end with the original."""
        if self._control is not None:
            self._control.close()
        for process in self._live:
            process._connection.close()
        self.__init__()  # type: ignore[misc]

    def _keeper(self) -> socket.socket:
        with self._lock:
            if self._ended:
                raise HarnessError("interrupted")
            if self._control is None:
                self._control = _start_keeper()
            return self._control


def _started(connection: socket.socket, path: str) -> int:
    connection.settimeout(START_SECONDS)
    answer = connection.recv(64)
    if not answer:
        raise HarnessError("the process that holds our processes was killed: run this again")
    pid, errno = marshal.loads(answer)
    if errno:
        raise HarnessError(f"{path} could not be started: {os.strerror(errno)}")
    connection.settimeout(None)
    return int(pid)


def _start_keeper() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    script = str(Path(__file__).with_name("keeper.py"))
    # A session of its own: Ctrl-C at a terminal reaches pagelab alone, which then ends the rest.
    os.posix_spawn(
        sys.executable,
        [sys.executable, "-I", "-S", script],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, theirs.fileno(), 3),
            *((os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)),
        ],
        setsid=True,
        setsigmask=(),
    )
    theirs.close()
    return ours


_spawner = Spawner()
os.register_at_fork(after_in_child=_spawner.after_fork)

spawn = _spawner.spawn
warm = _spawner.warm
end_all = _spawner.end_all
ending = _spawner.ending


@dataclass(frozen=True, slots=True)
class Completed:
    """What became of a command.

    Attributes:
        name: the command.
        returncode: exit code, or minus the signal.
        stdout, stderr: what it wrote; the last 4 MiB of each.
        log: the file that has all of both, if one was asked for.
    """

    name: str
    returncode: int
    stdout: bytes
    stderr: bytes
    log: Path | None = None

    def check(self, what: str) -> Completed:
        """Itself, if the command succeeded.

        Raises:
            HarnessError: it failed; has the first line that looks like the cause.
        """
        if self.returncode == 0:
            return self
        how = f"exit code {self.returncode}"
        if self.returncode < 0:
            how = f"signal {-self.returncode}"
        output = self.stderr if self.stderr.strip() else self.stdout
        cause = first_error(output.decode("utf-8", "replace"))
        where = f" (all of it: {self.log})" if self.log else ""
        raise HarnessError(f"{what} failed: {self.name}, {how}: {cause}{where}")


# What the line has that says best what went wrong, the best first.
_CAUSES = (
    *("No space left on device", "rror:", "ERROR:", "undefined reference", "syntax error"),
    *("E: ", "***", "ERROR", "annot "),
)


def first_error(text: str) -> str:
    """The line of an output that says best what went wrong; "no output" if there is none."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for word in _CAUSES:
        for line in lines:
            if word in line:
                return line[:300]
    return lines[-1][:300] if lines else "no output"


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    log: Path | None = None,
    on_line: OnLine | None = None,
    pass_fds: Sequence[int] = (),
) -> Completed:
    """Run a command to its end.

    Args:
        argv: the command (found in PATH) and its arguments.
        timeout: seconds; the whole process group is killed after them.
        cwd: its folder; ours when None.
        env: variables on top of environment().
        stdin: what it reads; nothing when None.
        log: a file that gets all of its output, standard error included.
        on_line: called with each line of standard output or error as it comes.
        pass_fds: descriptors that it gets under the same numbers.

    Raises:
        HarnessError: the command is missing, does not start, or ran out of time.
    """
    with contextlib.ExitStack() as stack:
        source = None if stdin is None else stack.enter_context(_input(stdin)).fileno()
        # Without a buffer: it has to say how far things were, should we be killed.
        sink = stack.enter_context(log.open("ab", buffering=0)) if log else None
        outputs: dict[int, _Output] = {}
        ends = []
        for _ in range(2):
            reading, writing = os.pipe()
            outputs[reading] = _Output(sink.write if sink else None, on_line)
            stack.callback(os.close, reading)
            ends.append(writing)
        try:
            process = spawn(
                argv,
                pass_fds=pass_fds,
                stdin=source,
                stdout=ends[0],
                stderr=ends[1],
                cwd=cwd,
                env=env,
            )
        finally:
            for writing in ends:
                os.close(writing)
        stack.enter_context(process)
        _read(process, outputs, time.monotonic() + timeout, timeout)
        stdout, stderr = (bytes(output.kept) for output in outputs.values())
        return Completed(process.name, process.returncode or 0, stdout, stderr, log)


def _input(data: bytes) -> BinaryIO:
    """A file in memory that a child reads from the start."""
    file = open(os.memfd_create("stdin"), "w+b")  # noqa: SIM115 - the caller closes it
    file.write(data)
    file.flush()
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    return file


class _Output:
    """One stream of a running command: kept, logged and cut into lines."""

    def __init__(self, write: Callable[[bytes], int] | None, on_line: OnLine | None) -> None:
        self.kept = bytearray()
        self._write = write
        self._on_line = on_line
        self._rest = b""

    def add(self, data: bytes) -> None:
        """Take what came; b"" is the end."""
        self.kept += data
        del self.kept[:-KEPT_BYTES]
        if self._write:
            self._write(data)
        if self._on_line:
            *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
            if not data and self._rest:
                lines, self._rest = [self._rest], b""
            for line in lines:
                self._on_line(line.decode("utf-8", "replace"))


def _read(
    process: Process, outputs: Mapping[int, _Output], deadline: float, timeout: float
) -> None:
    poller = select.poll()
    for fd in (*outputs, process.fileno()):
        poller.register(fd, select.POLLIN)
    waiting = {*outputs, process.fileno()}
    while waiting:
        ready = poller.poll(max(0.0, deadline - time.monotonic()) * 1000)
        if not ready:
            # Ended, yet its output is open: something that left its group holds it.
            if process.poll() is not None:
                return
            process.close()
            raise HarnessError(f"{process.name} did not end within {timeout:.0f} s and was killed")
        for fd, _ in ready:
            if fd in outputs:
                data = os.read(fd, 1 << 16)
                outputs[fd].add(data)
                if data:
                    continue
            else:
                process.poll()
                deadline = min(deadline, time.monotonic() + 2)
            poller.unregister(fd)
            waiting.discard(fd)
