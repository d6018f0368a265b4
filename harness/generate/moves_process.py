"""Moves that make processes, end them, and reach into each other's memory."""

from __future__ import annotations

from ..program import INITIAL, VDSO, VSYSCALL, VVAR, Ref, Symbols, Value
from ..signatures import ACCESS, NUMBERS
from .hand import Hand
from .moves import move

_ADDRESSES = tuple(NUMBERS[name] for name in ("HOLE", "NONCANONICAL", "KERNEL", "LAST_PAGE"))
_KERNELS = (VDSO, VDSO, VVAR, VSYSCALL)
_PLENTY = 6  # processes at most, most of the time


@move("fork", theme="fork", weight=60)
@move("fork", weight=8)
def fork(g: Hand) -> bool:
    process = g.actor()
    if process is None or (len(g.builder.alive()) >= _PLENTY and not g.amiss()):
        return False
    return g.builder.add("fork", process=process)


@move("exit", "kill", theme="fork", weight=10)
@move("exit", "kill", weight=3)
def end(g: Hand) -> bool:
    """A process ends, mostly a child."""
    alive = g.builder.alive()
    if not alive or (len(alive) == 1 and not g.draw.chance(10)):
        return False
    dies = g.draw.pick(alive[1:] or alive)
    if g.draw.chance(4) and g.builder.size > 12:
        dies = INITIAL
    if g.draw.chance(50):
        killer = g.actor()
        return killer is not None and g.builder.add("kill", Ref(dies), process=killer)
    return dies in g.builder.able() and g.builder.add("exit", process=dies)


@move("execve", theme="exec", weight=20)
def execve(g: Hand) -> bool:
    able = g.builder.able()
    return len(able) > 1 and g.builder.add("execve", process=g.draw.pick(able[1:]))


@move("wait_pid", theme="wait", weight=60)
def wait_pid(g: Hand) -> bool:
    process = g.actor()
    if process is None or len(g.builder.scope.processes) < 2:
        return False
    return g.call("wait_pid", g.target(), process=process)


def address(g: Hand, target: Value) -> Value | None:
    """A place in somebody's memory, or an address of nobody's."""
    if g.draw.chance(g.wrong // 2):
        return g.pick(*_ADDRESSES)
    if "kernel" in g.themes and g.draw.chance(50):
        return g.pick(*_KERNELS)
    assert isinstance(target, Ref)
    where = g.byte(target.name)
    if where is not None and g.draw.chance(2):
        # the same with a tag, which arm64 looks through
        return (0x55 << 56) | g.address_of(where)
    return where


@move("mem_read", "mem_write", theme="remote", weight=50)
@move("mem_read", "mem_write", weight=4)
def proc_mem(g: Hand) -> bool:
    process, target = g.actor(), g.target()
    where = address(g, target)
    if process is None or where is None:
        return False
    if g.draw.chance(50):
        return g.builder.add("mem_read", target, where, process=process, n=g.length())
    return g.builder.add("mem_write", target, where, g.data(), process=process)


@move("ptrace_peekdata", "ptrace_pokedata", theme="remote", weight=30)
def ptrace(g: Hand) -> bool:
    process, target = g.actor(), g.target()
    where = address(g, target)
    if process is None or where is None:
        return False
    if g.draw.chance(50):
        return g.builder.add("ptrace_peekdata", target, where, process=process)
    return g.builder.add("ptrace_pokedata", target, where, g.data(8).ljust(8), process=process)


def _size(g: Hand) -> int | None:
    """Bytes of a call that moves up to four pages."""
    return g.draw.pick((None, None, 0, 1, 8, 8, 100, 4096, 5000, 9000, 16384))


@move("process_vm_readv", "process_vm_writev", theme="remote", weight=60)
def process_vm(g: Hand) -> bool:
    process, target = g.actor(), g.target()
    where = address(g, target)
    if process is None or where is None:
        return False
    if g.draw.chance(50):
        return g.call("process_vm_readv", target, where, process=process, n=_size(g))
    return g.call("process_vm_writev", target, where, g.data(), process=process, n=_size(g))


@move("access_process_vm", theme="remote", weight=60)
@move("access_process_vm", theme="driver", weight=10)
@move("access_process_vm", theme="frames", weight=10)
def access(g: Hand) -> bool:
    process, target = g.actor(), g.target()
    where = address(g, target)
    if process is None or where is None:
        return False
    size = g.draw.pick((-1, 16385)) if g.draw.chance(2) else _size(g)
    names = [name for name in ACCESS if g.draw.chance(50)]
    flags = Symbols(tuple(names)) if names else g.pick(0, 0, 0) if g.draw.chance(5) else None
    data = g.data() if "WRITE" in names else None
    pending = Symbols(("SIGKILL",)) if process != INITIAL and g.draw.chance(3) else None
    return g.builder.add(
        "access_process_vm",
        target,
        where,
        process=process,
        n=size,
        data=data,
        gup_flags=flags,
        pending=pending,
    )
