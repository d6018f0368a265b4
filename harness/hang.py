"""What a silent guest is doing: QEMU says where the processor is, several times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import klog
from .symbols import Registers, Symbols, is_idle, load
from .vm import Vm

_QMP_SECONDS = 3.0
_SAMPLES = 8  # a process that calls the kernel in a loop shows in one of them


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen.

    Attributes:
        kernel: it hangs in the kernel.
        where: function and offset, or the task that is blocked; "" where unknown.
        text: the same for people.
    """

    kernel: bool
    where: str
    text: str


def look(vm: Vm, symbols: Path, pause: Callable[[], bool]) -> Finding | None:
    """Tells a hang in the kernel from a process that never ends.

    Args:
        vm: the guest, silent for longer than its deadline.
        symbols: ELF kernel or System.map.
        pause: lets the guest run for a moment; True if it spoke meanwhile.

    Returns:
        None if the guest spoke.
    """
    printed = vm.log.size
    samples: list[Registers] = []
    for _ in range(_SAMPLES):
        if samples and pause():
            return None
        sample = vm.registers(_QMP_SECONDS)
        if sample is None:
            return Finding(False, "", "QEMU does not say where its processor is")
        samples.append(sample)
    # A process that prints is at times found between two writes.
    if vm.log.size != printed:
        return Finding(False, "", "the guest prints without end")
    if any(sample.user for sample in samples):
        return Finding(False, "", "a process runs without end")
    table = _load(symbols)
    # Interrupts leave idle for a moment; a kernel that hangs never comes back to it.
    if any(is_idle(table.function(sample.pc)) for sample in samples):
        return _idle(vm, pause)
    return _busy(samples, table)


def _load(path: Path) -> Symbols:
    """The kernel's symbols; without them addresses are shown bare."""
    try:
        with path.open("rb") as file:
            return load(file, str(path))
    except (OSError, ValueError):
        return Symbols(())


def _busy(samples: list[Registers], table: Symbols) -> Finding:
    first, second = (table.name(sample.pc) for sample in (samples[0], samples[-1]))
    text = f"the kernel hangs in {second}" + (f" (before: {first})" if first != second else "")
    return Finding(True, second, text)


def _idle(vm: Vm, pause: Callable[[], bool]) -> Finding | None:
    """Nothing runs: everybody waits. The kernel says for whom through sysrq-w on the console."""
    for key in (b"9", b"w"):  # everything to the console; then the blocked tasks
        if not vm.sysrq(key):
            break
        for _ in range(_SAMPLES):
            if pause():
                return None
    shown = vm.log.tail.rpartition("Show Blocked State")[2]
    blocked = klog.blocked_task(shown.splitlines())
    if blocked:
        return Finding(True, blocked, f"{blocked} is blocked in the kernel for good")
    return Finding(False, "", "the guest is idle: everybody waits")
