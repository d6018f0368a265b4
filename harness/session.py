"""A guest as something to wait for: console, monitor and channel at once, one thread, deadlines.

What goes wrong ends in the error that names it, with the console's tail.
"""

from __future__ import annotations

import contextlib
import selectors
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import abi, hang, klog, wire
from .channel import Channel, ChannelClosedError
from .errors import (
    BootFailed,
    GuestLost,
    GuestTimeout,
    HarnessError,
    KernelFault,
    PagelabError,
)
from .vm import Vm

_END_SECONDS = 2.0  # for a dying QEMU to be gone


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines in seconds at slowdown 1 (KVM); a slower guest's are longer in proportion.

    Attributes:
        boot: from the start to the hello.
        silence: of a program, without a word from the guest.
        program: of a program, in all.
        fault: of a program, in silence after the kernel reported a fault.
        sample: between two looks at where the processor is.
    """

    boot: float = 6.0
    silence: float = 2.0
    program: float = 60.0
    fault: float = 0.3
    sample: float = 0.005

    def scaled(self, slowdown: float) -> Limits:
        """The deadlines of a guest that is so many times slower."""
        return Limits(
            self.boot * slowdown,
            self.silence * slowdown,
            self.program * slowdown,
            self.fault * slowdown,
            self.sample * slowdown,
        )


class Clock:
    """One program's deadlines, in monotonic time.

    Attributes:
        end: of the whole program.
        limit: the next one that counts.
    """

    def __init__(self, limits: Limits) -> None:
        now = time.monotonic()
        self.end = now + limits.program
        self.limit = now + limits.silence
        self._limits = limits
        self._heard = now
        self._activity = -1
        self._failed: float | None = None

    def update(self, activity: int, *, failing: bool) -> None:
        """Moves the limit.

        Args:
            activity: a number that grows whenever the guest says anything.
            failing: the kernel reported a fault, or QEMU is gone.
        """
        now = time.monotonic()
        if activity != self._activity:
            self._activity, self._heard = activity, now
        self.limit = min(self.end, self._heard + self._limits.silence)
        if failing:
            self._failed = self._failed or now
            last_words = max(self._heard, self._failed) + self._limits.fault
            self.limit = min(self.limit, last_words)


class Session:
    """A running guest with its channel; one thread at a time uses it.

    Args:
        vm: owned from now on.
        symbols: ELF kernel or System.map, for a hang's place.
        limits: scaled to the guest.

    Attributes:
        frames: what arrived and was not taken yet.
        channel: None until attach().
    """

    def __init__(self, vm: Vm, symbols: Path, limits: Limits) -> None:
        self.vm = vm
        self.limits = limits
        self.frames: deque[wire.Frame] = deque()
        self.channel: Channel | None = None
        self._symbols = symbols
        self._events = 0
        self._closed = False
        self._selector = selectors.DefaultSelector()
        self._selector.register(vm.log, selectors.EVENT_READ)
        self._selector.register(vm.qmp, selectors.EVENT_READ)

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def failing(self) -> bool:
        """The kernel reported a fault that ends its use, or QEMU is gone."""
        return self.vm.qmp.ended or self.vm.log.fatal is not None

    def attach(self, channel: Channel) -> None:
        """Watches this channel too, and owns it."""
        self.channel = channel

    def send(self, kind: abi.FrameType, payload: bytes) -> None:
        """Queues a frame. A guest that is gone is noticed where its frames are read."""
        if self.channel is not None:
            with contextlib.suppress(ChannelClosedError):
                self.channel.send(kind, payload)

    def round(self, limit: float) -> None:
        """Waits until something happens, at most until limit (monotonic), and takes it in.

        Raises:
            KernelFault, GuestLost: the guest or its channel ended.
            HarnessError: it broke the protocol.
        """
        self._watch_channel()
        for key, _ in self._selector.select(max(0.0, limit - time.monotonic())):
            if key.fileobj is self.vm.qmp:
                self.vm.qmp.pump()
                if self.vm.qmp.ended:
                    self._selector.unregister(self.vm.qmp)
            elif key.fileobj is self.vm.log:
                self.vm.log.clear()
            elif self.channel is not None:
                self._pump(self.channel)

    def _watch_channel(self) -> None:
        if self.channel is None:
            return
        events = selectors.EVENT_READ
        if self.channel.wants_write:
            events |= selectors.EVENT_WRITE
        if events != self._events:
            change = self._selector.modify if self._events else self._selector.register
            change(self.channel, events)
            self._events = events

    def _pump(self, channel: Channel) -> None:
        try:
            # What a guest said before it ended is read first: a failed write says nothing.
            with contextlib.suppress(ChannelClosedError):
                channel.flush()
            self.frames.extend(channel.pump())
        except ChannelClosedError:
            raise self.lost() from None
        except wire.WireError as error:
            raise self.broken(error) from None

    @property
    def _activity(self) -> int:
        return self.channel.activity if self.channel else 0

    def pause(self) -> bool:
        """Lets the guest run for a moment; True if it spoke."""
        activity = self._activity
        limit = time.monotonic() + self.limits.sample
        while time.monotonic() < limit and self._activity == activity:
            self.round(limit)
        return self._activity != activity

    def collect(self, take: Callable[[wire.Frame], bool]) -> None:
        """Hands frames to take() until it returns True: the program ended.

        Raises:
            KernelFault, GuestLost, GuestTimeout, HarnessError: what ended it otherwise.
        """
        clock = Clock(self.limits)
        while True:
            while self.frames:
                if take(self.frames.popleft()):
                    return
            clock.update(self._activity, failing=self.failing)
            if time.monotonic() >= clock.limit and (error := self._unfinished(clock)):
                raise error
            self.round(clock.limit)

    # ---- what went wrong -------------------------------------------------

    def lost(self) -> PagelabError:
        """The guest or its channel ended: why."""
        status = self.vm.wait(_END_SECONDS)
        if (fault := self.vm.log.fatal) is not None:
            return self.kernel_fault(fault)
        if status is None:
            why = self.channel.error if self.channel else ""
            text = f"the channel ended: {why or 'the agent is gone'}"
        else:
            how = self.vm.qmp.reason or f"status {status}"
            text = f"QEMU ended ({how}) before the guest had finished"
        return GuestLost(text, tail=self.vm.log.tail)

    def kernel_fault(self, fault: klog.Fault) -> KernelFault:
        """The error that names a fault."""
        where = f" at {fault.where}" if fault.where else ""
        text = f"{fault.kind}{where}: {fault.text}"
        return KernelFault(text, kind=fault.kind, where=fault.where, tail=self.vm.log.tail)

    def broken(self, error: Exception | str) -> HarnessError:
        """The guest said what it may not."""
        return HarnessError(f"the guest broke the protocol: {error}", tail=self.vm.log.tail)

    def _unfinished(self, clock: Clock) -> PagelabError | None:
        """A program's deadline passed: what that means; None if the guest spoke after all."""
        if (fault := self.vm.log.fatal) is not None:
            return self.kernel_fault(fault)
        if self.vm.qmp.ended:
            return self.lost()
        if time.monotonic() >= clock.end:
            text = f"still not finished after {self.limits.program:g} s"
            return GuestTimeout(text, tail=self.vm.log.tail)
        finding = hang.look(self.vm, self._symbols, self.pause)
        if finding is None:
            return None
        # The kernel may have reported itself just while somebody looked.
        if (fault := self.vm.log.fatal) is not None:
            return self.kernel_fault(fault)
        text, tail = f"no answer within {self.limits.silence:g} s: {finding.text}", self.vm.log.tail
        if finding.kernel:
            return KernelFault(text, kind=klog.FaultKind.HANG, where=finding.where, tail=tail)
        return GuestTimeout(text, tail=tail)

    # ---- the start -------------------------------------------------------

    def hello(self, started: float, connect: Callable[[float], Channel | None]) -> abi.Hello:
        """Waits for the guest's first frame.

        Args:
            started: when QEMU was spawned, monotonic.
            connect: gives the channel when it can be opened; its argument is the deadline.

        Raises:
            BootFailed: none came.
            KernelFault: panic or oops while booting.
            HarnessError: QEMU did not start, or what came is no hello of this version.
        """
        limit = started + self.limits.boot
        try:
            while not self.frames:
                if self.channel is None and (channel := connect(limit)):
                    self.attach(channel)
                if self.failing:
                    limit = min(limit, time.monotonic() + self.limits.fault)
                if time.monotonic() >= limit:
                    seconds = time.monotonic() - started
                    finding = hang.look(self.vm, self._symbols, self.pause)
                    raise self._not_booted(seconds, finding.text if finding else "")
                self.round(limit)
            frame = self.frames.popleft()
            if frame.kind is not abi.FrameType.HELLO:
                raise wire.WireError(f"{frame.kind.name} where the hello should come")
            return wire.parse_hello(frame.payload)
        except (GuestLost, ChannelClosedError):
            # The latter: QEMU ended before the first word to the agent was out.
            raise self._not_booted(time.monotonic() - started) from None
        except wire.WireError as error:
            raise self.broken(error) from None

    def _not_booted(self, seconds: float, doing: str = "") -> PagelabError:
        status = self.vm.wait(_END_SECONDS if self.failing else 0.0)
        tail = self.vm.log.tail
        if (fault := self.vm.log.fatal) is not None:
            return self.kernel_fault(fault)
        if status and not tail:
            return HarnessError(f"QEMU did not start: {self.vm.stderr() or f'status {status}'}")
        said = [line for line in tail.splitlines() if "init failed" in line]
        why = said[-1] if said else f"no hello within {seconds:.1f} s"
        if self.channel is not None and self.channel.error:
            why += f"; {self.channel.error}"
        if status is not None:
            why += f"; QEMU ended ({self.vm.qmp.reason or f'status {status}'})"
        elif doing:
            why += f"; {doing}"
        return BootFailed(f"the guest did not boot: {why}", tail=tail)

    def close(self) -> None:
        """Ends QEMU and everything around it. May be called again."""
        if self._closed:
            return
        self._closed = True
        self._selector.close()
        if self.channel is not None:
            self.channel.close()
        self.vm.close()
