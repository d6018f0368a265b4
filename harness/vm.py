"""One QEMU process: its sockets, its monitor (QMP), its console."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import threading
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import proc
from .console import Console
from .errors import HarnessError
from .klog import Fault
from .qemu_cmd import Machine, argv
from .symbols import Registers, parse_registers

_LOG_MAX = 64 << 20  # bytes of console log on disk; a guest in an oops loop must not fill it
_QMP_MAX = 1 << 20
_QMP_SECONDS = 3.0
_SETTLE = 5.0  # seconds for a dead QEMU's last words to be read
_STDERR_MAX = 4096
# What QEMU keeps of translated code lies all over its heap: huge pages make it a little faster.
_ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class ConsoleLog:
    """The console as a file and as what harness.console makes of it; for several threads.

    Args:
        path: the log file; its folder exists.

    Attributes:
        size: bytes that the console said.

    Raises:
        HarnessError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._console = Console()
        self._seen = (0, 0)
        self.size = 0
        self.ended = threading.Event()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        try:
            self._file = path.open("wb", buffering=0)
        except OSError as error:
            os.close(self._wake)
            raise HarnessError(f"cannot write the console log: {error}") from None

    def fileno(self) -> int:
        """Readable when there is a new fault or announcement, or the console ended."""
        return self._wake

    def feed(self, data: bytes) -> list[bytes]:
        """Takes what arrived; returns its whole lines. Never fails: a full disk only cuts the log.

        Traces are what must not be lost; their writer reports the full disk.
        """
        with self._lock:
            self.size += len(data)
            if self.size < _LOG_MAX:
                with contextlib.suppress(OSError, ValueError):
                    self._file.write(data)
            lines = self._console.feed(data)
            now = (len(self._console.faults), len(self._console.ready))
        if now != self._seen:
            self._seen = now
            self._wake_up()
        return lines

    def end(self) -> None:
        """Says that nothing more will come."""
        self.ended.set()
        self._wake_up()

    def _wake_up(self) -> None:
        with contextlib.suppress(OSError):
            os.eventfd_write(self._wake, 1)

    def clear(self) -> None:
        """Makes fileno() unreadable until the next news."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)

    @property
    def tail(self) -> str:
        with self._lock:
            return self._console.tail

    @property
    def ready(self) -> frozenset[str]:
        """Channels that the guest's init announced."""
        with self._lock:
            return frozenset(self._console.ready)

    @property
    def faults(self) -> tuple[Fault, ...]:
        with self._lock:
            return self._console.faults

    @property
    def fatal(self) -> Fault | None:
        """The first fault after which the guest runs nothing more."""
        with self._lock:
            return self._console.fatal

    def close(self) -> None:
        with self._lock:
            self._file.close()
        wake, self._wake = self._wake, -1
        os.close(wake)


class Qmp:
    """QEMU's monitor; commands are rare, events and the end of QEMU are watched.

    Attributes:
        version: QEMU's version from its greeting, "" before that.
        ended: QEMU closed the monitor: the process is gone.
        reason: why the guest stopped, from QEMU's SHUTDOWN event ("guest-reset" ...).
        refusal: why it refused the last command that it refused.
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.version = ""
        self.ended = False
        self.reason = ""
        self.refusal = ""
        self._sock = sock
        self._buffer = bytearray()
        self._replies: deque[dict[str, Any]] = deque(maxlen=16)
        self._number = 0
        self._write({"execute": "qmp_capabilities", "id": 0})

    def fileno(self) -> int:
        return self._sock.fileno()

    def _write(self, message: dict[str, Any], fds: tuple[int, ...] = ()) -> None:
        line = json.dumps(message).encode() + b"\n"
        try:
            # A command is short: what arrives with its descriptors is all of it.
            self._sock.sendall(line) if not fds else socket.send_fds(self._sock, [line], fds)
        except OSError:
            self.ended = True

    def pump(self) -> None:
        """Takes what arrived; never blocks."""
        try:
            data = self._sock.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or len(self._buffer) > _QMP_MAX:
            self.ended = True
            return
        self._buffer += data
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        for line in lines:
            with contextlib.suppress(ValueError, KeyError):
                self._message(json.loads(line))

    def _message(self, message: dict[str, Any]) -> None:
        if "QMP" in message:
            version = message["QMP"]["version"]["qemu"]
            self.version = f"{version['major']}.{version['minor']}.{version['micro']}"
        elif message.get("event") == "SHUTDOWN":
            self.reason = str(message["data"]["reason"])
        elif "id" in message:
            self._replies.append(message)

    def execute(
        self,
        command: str,
        arguments: dict[str, Any],
        timeout: float,
        fds: tuple[int, ...] = (),
    ) -> Any:
        """One command's return value; None if QEMU refused it or gave no answer in time.

        Args:
            timeout: seconds.
            fds: descriptors that the command takes over copies of.
        """
        self._number += 1
        self._write({"execute": command, "arguments": arguments, "id": self._number}, fds)
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            while not self.ended:
                while self._replies:
                    reply = self._replies.popleft()
                    if reply["id"] == self._number:
                        self.refusal = str(reply.get("error", {}).get("desc", ""))
                        return reply.get("return")
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    return None
                self.pump()
        return None

    def close(self) -> None:
        self._sock.close()


class Vm:
    """A running QEMU with its sockets, spawned by start().

    Attributes:
        argv: as it was started.
        qmp: the monitor.
        log: the console.
        console: the console's socket, for the channel or drain() to read.
    """

    def __init__(
        self,
        process: proc.Process,
        command: tuple[str, ...],
        log: ConsoleLog,
        sockets: dict[str, socket.socket],
        stderr: int,
    ) -> None:
        self.argv = command
        self.log = log
        self.qmp = Qmp(sockets["qmp"])
        self.console = sockets["console"]
        self._port = sockets.get("port")
        self._process = process
        self._stderr = stderr
        self._drainer: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """QEMU's process id."""
        return self._process.pid

    def take_port(self) -> socket.socket:
        """The virtio-serial port's socket, for its channel to own.

        Raises:
            HarnessError: the guest has another channel.
        """
        port, self._port = self._port, None
        if port is None:
            raise HarnessError("this guest has no virtio port")
        return port

    def drain(self) -> None:
        """Reads the console in a thread from now on, so that the guest never waits for it."""
        self._drainer = threading.Thread(target=self._drain, name="console", daemon=True)
        self._drainer.start()

    def _drain(self) -> None:
        while True:
            try:
                data = self.console.recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                self.log.end()
                return
            self.log.feed(data)

    def wait(self, timeout: float) -> int | None:
        """Waits for QEMU's end and until the console's last words were read.

        Args:
            timeout: seconds.

        Returns:
            QEMU's exit code, or minus the signal; None if it still runs.
        """
        status = self._process.wait(timeout)
        if status is not None:
            self.log.ended.wait(_SETTLE)
        return status

    def sysrq(self, key: bytes) -> bool:
        """Has the kernel do what a SysRq key says: a break on the console, then the key.

        Returns:
            False, and does nothing, where the console is the channel: the next byte behind a
            break is the key, and it would be one of the channel's.
        """
        if self._drainer is None:
            return False
        self.qmp.execute("chardev-send-break", {"id": "console"}, _QMP_SECONDS)
        with contextlib.suppress(OSError):
            self.console.sendall(key)
        return True

    def registers(self, timeout: float) -> Registers | None:
        """Where the processor is now; None if QEMU does not say."""
        text = self.monitor("info registers", timeout)
        return parse_registers(text) if text else None

    def monitor(self, line: str, timeout: float) -> str:
        """A human monitor command's text; "" if QEMU gave none in time."""
        answer = self.qmp.execute("human-monitor-command", {"command-line": line}, timeout)
        return answer if isinstance(answer, str) else ""

    def stderr(self) -> str:
        """QEMU's own messages, as one line of bounded length."""
        with contextlib.suppress(OSError):
            text = os.pread(self._stderr, _STDERR_MAX, 0).decode("utf-8", "replace")
            return "; ".join(line.strip() for line in text.splitlines() if line.strip())
        return ""

    def close(self) -> None:
        """Kills QEMU if it lives, and releases everything. May be called again."""
        if self._stderr < 0:
            return
        self._process.kill()
        self._process.close()
        for sock in (self.console, self._port):
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
        if self._drainer is not None:
            self._drainer.join(_SETTLE)
        self.qmp.close()
        self.log.close()
        os.close(self._stderr)
        self._stderr = -1


def start(machine: Machine, console_log: Path, pass_fds: tuple[int, ...] = ()) -> Vm:
    """Spawns QEMU for this machine.

    Args:
        machine: its descriptors are filled in here.
        console_log: file for everything that the console says.
        pass_fds: further descriptors that the machine's paths refer to.

    Raises:
        HarnessError: QEMU is missing or cannot be started, or the log cannot be written.
    """
    log = ConsoleLog(console_log)
    names = ["qmp", "console"] + (["port"] if machine.channel == "virtio" else [])
    pairs = {name: socket.socketpair() for name in names}
    theirs = {name: pair[1] for name, pair in pairs.items()}
    numbers = {name: sock.fileno() for name, sock in theirs.items()}
    command = argv(
        replace(
            machine,
            qmp_fd=numbers["qmp"],
            console_fd=numbers["console"],
            port_fd=numbers.get("port", -1),
        )
    )
    stderr = os.memfd_create("qemu-stderr")
    try:
        process = proc.spawn(
            command,
            pass_fds=(*numbers.values(), *pass_fds),
            stdout=stderr,
            stderr=stderr,
            env=_ENVIRONMENT,
        )
    except BaseException:
        for ours, _ in pairs.values():
            ours.close()
        os.close(stderr)
        log.close()
        raise
    finally:
        for sock in theirs.values():
            sock.close()
    return Vm(process, command, log, {name: pair[0] for name, pair in pairs.items()}, stderr)
