"""A booted guest that runs programs: a pipelined window, traces on disk as they arrive."""

from __future__ import annotations

import contextlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from . import abi, cpio, klog, trace, wire
from .accel import counter_khz, qemu_version, slowdown
from .build import Built
from .channel import Channel
from .channel.virtio import VirtioChannel
from .environment import Environment
from .errors import GuestLost, GuestTimeout, HarnessError, KernelFault, PagelabError
from .program import Compiled
from .qemu_cmd import Machine, cpu_model, forwarded_port
from .recorder import Memory, Recorder, RecordError
from .session import Limits, Session
from .verdict import Verdict
from .vm import Vm, start

if TYPE_CHECKING:
    from .channel.ssh import Keys

_WINDOW_BYTES = 256 << 10
_WINDOW = {"virtio": 8, "ssh": 8, "serial": 2}
_QMP_SECONDS = 5.0
_VERDICTS: dict[type[PagelabError], Verdict] = {
    KernelFault: Verdict.KERNEL_FAULT,
    GuestLost: Verdict.GUEST_LOST,
    GuestTimeout: Verdict.TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class Request:
    """One program to run.

    Attributes:
        program, text: its name and its text, for the trace.
        trace: the file that its trace goes to; None: it is kept in memory.
        observe: a snapshot after "each" operation or at the "end".
        stream: each outcome is sent at once (slower; for reruns).
    """

    program: str
    text: str
    compiled: Compiled
    trace: Path | None
    observe: Literal["each", "end"] = "each"
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """A program that has run; its trace is on disk, or here.

    Attributes:
        ending: as in the trace; its verdict is "" where the END record arrived.
        recording: the trace of a request that names no file.
    """

    request: Request
    ending: trace.Ending
    recording: trace.Recording | None = None


@dataclass(slots=True)
class _Active:
    """A program that was sent and has not ended."""

    request: Request
    results: wire.Results
    size: int


class Guest:
    """A guest after its hello. Made by boot(); one thread at a time uses it.

    Attributes:
        environment: where programs run, for traces and reports.
        fault: the fault after which this guest is not used again, if there was one.
    """

    def __init__(self, session: Session, environment: Environment, channel: str) -> None:
        self.environment = environment
        self.fault: klog.Fault | None = None
        self._session = session
        self._window_length = _WINDOW[channel]
        self._window: deque[_Active] = deque()
        self._number = 0

    @property
    def usable(self) -> bool:
        """More programs may be run on it."""
        return not self._session.closed and self.fault is None

    @property
    def tail(self) -> str:
        """The console's last lines."""
        return self._session.vm.log.tail

    @property
    def pid(self) -> int:
        """QEMU's process id."""
        return self._session.vm.pid

    def sysrq(self, key: bytes) -> bool:
        """Has the kernel do what a SysRq key says (b"c": panic); False with channel serial."""
        return self._session.vm.sysrq(key)

    def run(self, requests: Iterable[Request | None]) -> Iterator[Result]:
        """Runs programs in order, several of them sent ahead.

        A None among the requests says that there is none just now: it is asked again once
        a program has ended, and if none is under way the run ends.

        Each trace is on disk when its result is given. The run ends early
        after a result whose ending has a verdict (the guest is dead then), or
        when the kernel reported a fault (``usable`` is False then): boot
        another guest for the rest.

        Raises:
            HarnessError: a trace cannot be written.
        """
        feed = iter(requests)
        try:
            while self.usable:
                self._fill(feed)
                if not self._window:
                    # A fault that no program's own log showed counts too.
                    self.fault = self._session.vm.log.fatal
                    return
                active = self._window[0]
                ending, recording = self._record(active)
                self._window.popleft()
                if ending.verdict:
                    self.close()
                yield Result(active.request, ending, recording)
        finally:
            if self._window:
                # Nobody waits for what was sent ahead: this guest has no further use.
                self.close()

    def close(self) -> None:
        """Ends the guest and everything that belongs to it. May be called again."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fill(self, feed: Iterator[Request | None]) -> None:
        """Sends programs ahead, so that the guest never waits for this side."""
        while (
            len(self._window) < self._window_length
            and sum(active.size for active in self._window) < _WINDOW_BYTES
            and not self._session.failing
        ):
            request = next(feed, None)
            if request is None:
                return
            self._number += 1
            payload = abi.pack_program(
                request.compiled.ops,
                arena_start=request.compiled.arena_start,
                arena_pages=request.compiled.arena_pages,
                touches=request.compiled.touches,
                number=self._number,
                observe_end=request.observe == "end",
                stream=request.stream,
            )
            results = wire.Results(self._number, len(request.compiled.ops))
            self._window.append(_Active(request, results, len(payload)))
            self._session.send(abi.FrameType.PROGRAM, payload)

    def _record(self, active: _Active) -> tuple[trace.Ending, trace.Recording | None]:
        """Follows one program to its end and writes its trace, or keeps it."""
        request = active.request
        header = trace.Header(self.environment, request.program, request.text, request.observe)
        recorder = Memory(header) if request.trace is None else Recorder(request.trace, header)
        try:
            ending = self._follow(active, recorder)
            recorder.end(ending)
        finally:
            recorder.close()
        return ending, recorder.recording if isinstance(recorder, Memory) else None

    def _follow(self, active: _Active, recorder: Recorder | Memory) -> trace.Ending:
        try:
            self._session.collect(lambda frame: self._take(frame, active, recorder))
        except RecordError:
            raise
        except PagelabError as error:
            verdict = _VERDICTS.get(type(error), Verdict.HARNESS_ERROR)
            return trace.Ending(verdict.value, str(error), error.tail)
        return trace.Ending()

    def _take(self, frame: wire.Frame, active: _Active, recorder: Recorder | Memory) -> bool:
        if frame.kind is abi.FrameType.ERROR:
            text = f"the guest refused the program: {wire.error_text(frame.payload)}"
            raise HarnessError(text, tail=self.tail)
        if frame.kind is not abi.FrameType.RESULT:
            raise self._session.broken(f"{frame.kind.name} amid a program")
        try:
            records = active.results.feed(frame.payload)
        except wire.WireError as error:
            raise self._session.broken(error) from None
        recorder.outcomes(records)
        for log in active.results.logs:
            lines = (record.text for record in klog.records(log) if record.from_kernel)
            worst = next((f for f in klog.faults(lines) if f.kind in klog.FATAL), None)
            self.fault = self.fault or worst
        return active.results.ended


def machine_of(
    built: Built,
    *,
    channel: str = "virtio",
    accel: str = "tcg",
    boot_args: tuple[str, ...] = (),
    cpu: str | None = None,
) -> Machine:
    """The machine that boots this build; its arguments are boot()'s."""
    return Machine(
        arch=built.arch,
        kernel=str(built.image),
        initrd=str(built.initramfs),
        disk=str(built.disk),
        accel=accel,
        cpu=cpu or "",
        version=qemu_version(built.arch),
        counter_khz=counter_khz(built.arch, accel),
        channel=channel,
        boot_args=boot_args,
    )


def boot(
    built: Built,
    *,
    channel: str = "virtio",
    accel: str = "tcg",
    boot_args: tuple[str, ...] = (),
    console_log: Path,
    ssh_initramfs: Path | None = None,
    cpu: str | None = None,
    limits: Limits | None = None,
) -> Guest:
    """Starts a guest and waits for its hello.

    Args:
        built: kernel, module and image.
        channel: "virtio", "serial" or "ssh".
        accel: "tcg" or "kvm", as accel.probe() found.
        boot_args: kernel parameters beyond the default ones.
        console_log: file for everything that the console says; its folder exists.
        ssh_initramfs: Dropbear's image, for channel "ssh" alone.
        cpu: QEMU's -cpu, if not the pinned model.
        limits: deadlines at slowdown 1, if not the usual ones.

    Raises:
        BootFailed: no hello, with the console's tail.
        KernelFault: panic or oops while booting.
        HarnessError: QEMU is missing or does not start; the guest is another one than built
            says, speaks another version, or garbage.
    """
    machine = machine_of(built, channel=channel, accel=accel, boot_args=boot_args, cpu=cpu)
    with contextlib.ExitStack() as stack:
        keys = None
        fds: tuple[int, ...] = ()
        if channel == "ssh":
            if ssh_initramfs is None:
                raise HarnessError("channel ssh needs Dropbear's image")
            keys, memory = _ssh_initrd(built.initramfs, ssh_initramfs)
            stack.callback(os.close, memory)
            machine, fds = replace(machine, initrd=f"/proc/self/fd/{memory}"), (memory,)
        started = time.monotonic()
        vm = start(machine, console_log, fds)
    return meet(built, machine, vm, started, limits=limits, keys=keys)


def meet(
    built: Built,
    machine: Machine,
    vm: Vm,
    started: float,
    *,
    limits: Limits | None = None,
    keys: Keys | None = None,
    first: Callable[[Channel], None] | None = None,
    boot_seconds: float = 0.0,
) -> Guest:
    """Waits for the hello of a QEMU that was started.

    Args:
        vm: owned from now on.
        started: when that was, monotonic.
        keys: this side's and the guest's, for channel "ssh" alone.
        first: what to do once the channel is open, for a guest that is restored.
        boot_seconds: how long a boot took, where this was none.

    Raises:
        BootFailed, KernelFault, HarnessError: as boot().
    """
    factor = slowdown(machine.accel)
    limits = limits or Limits()
    session = Session(vm, built.symbols, limits.scaled(factor))
    try:
        opener = _opener(vm, machine.channel, keys, factor, first)
        hello = session.hello(started, opener)
        _check_identity(built, hello)
        seconds = time.monotonic() - started
        session.limits = limits.scaled(slowdown(machine.accel, max(seconds, boot_seconds)))
        environment = _environment(built, machine, vm, hello, seconds)
        return Guest(session, environment, machine.channel)
    except BaseException:
        session.close()
        raise


def _ssh_initrd(base: Path, dropbear: Path) -> tuple[Keys, int]:
    """This run's keys, and a memory file of one initramfs after the other, theirs last."""
    from .channel.ssh import make_keys

    keys = make_keys()
    ours = cpio.write(
        (
            cpio.directory("root", 0o700),
            cpio.directory("root/.ssh", 0o700),
            cpio.file("root/.ssh/authorized_keys", f"{keys.client_public}\n".encode(), 0o600),
            cpio.file("etc/dropbear/host_key", keys.host_file, 0o600),
        )
    )
    memory = os.memfd_create("initrd")
    with open(memory, "wb", closefd=False) as file:
        for part in (base.read_bytes(), dropbear.read_bytes(), ours):
            file.write(part + bytes(-len(part) % cpio.BLOCK))
    return keys, memory


def _opener(
    vm: Vm,
    channel: str,
    keys: Keys | None,
    factor: float,
    first: Callable[[Channel], None] | None,
) -> Callable[[float], Channel | None]:
    """What opens the channel as soon as that can be done."""

    def begun(channel: Channel) -> Channel:
        if first is not None:
            first(channel)
        return channel

    def virtio(_: float) -> Channel | None:
        vm.drain()
        return begun(VirtioChannel(vm.take_port()))

    def serial(_: float) -> Channel | None:
        from .channel.serial import SerialChannel

        return begun(SerialChannel(vm.console, vm.log.feed, vm.log.end, factor))

    def ssh(deadline: float) -> Channel | None:
        from .channel.ssh import SshChannel

        if keys is None or "ssh" not in vm.log.ready:
            return None
        port = forwarded_port(vm.monitor("info usernet", _QMP_SECONDS))
        if port is None:
            raise HarnessError("QEMU does not say which port it forwards to the guest")
        return SshChannel(port, keys, factor, deadline)

    if channel == "ssh":
        vm.drain()
    return {"virtio": virtio, "serial": serial, "ssh": ssh}[channel]


def _check_identity(built: Built, hello: abi.Hello) -> None:
    if (hello.release, hello.machine) != (built.kernel, built.arch.machine):
        raise HarnessError(
            f"the guest says that it is {hello.release} on {hello.machine}, built was "
            f"{built.kernel} for {built.arch.machine}: build it anew (pagelab kernels --prune)"
        )


def _environment(
    built: Built, machine: Machine, vm: Vm, hello: abi.Hello, seconds: float
) -> Environment:
    return Environment(
        kernel=built.kernel,
        arch=built.arch.name,
        config=built.config,
        cpu=cpu_model(machine.arch, machine.accel, machine.cpu),
        boot_args=machine.boot_args,
        accel=machine.accel,
        qemu=vm.qmp.version,
        argv=vm.argv,
        compiler=built.compiler,
        source_digest=built.source_digest,
        config_digest=built.config_digest,
        boot_seconds=round(seconds, 3),
        own=built.own,
        nearest=built.nearest,
        facts=hello.facts(),
        options=built.options,
    )
