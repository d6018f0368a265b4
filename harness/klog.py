"""The kernel's log: records of /dev/kmsg, and which lines report a fault.

Pure. The patterns follow 6.1's own messages; each names where it is printed.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

_TIMESTAMP = re.compile(r"^(?:<\d+>)?\[\s*\d+\.\d+\] ?(?:\[ *[TC]\d+\] ?)?")
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
_FAULTS_MAX = 64
_TEXT_MAX = 400


@dataclass(frozen=True, slots=True)
class Record:
    """One record of /dev/kmsg (kernel/printk/printk.c, info_print_ext_header).

    Attributes:
        priority: facility * 8 + level; a facility other than 0 was written by user space.
        sequence: the kernel's running number.
        usec: microseconds since boot.
        text: without the dictionary lines, escapes undone.
    """

    priority: int
    sequence: int
    usec: int
    text: str

    @property
    def level(self) -> int:
        """0 (emergency) to 7 (debug)."""
        return self.priority & 7

    @property
    def from_kernel(self) -> bool:
        """False for what a process wrote into /dev/kmsg."""
        return self.priority >> 3 == 0


class FaultKind(enum.StrEnum):
    """What sort of fault the kernel reports of itself."""

    PANIC = "panic"
    OOPS = "oops"
    BUG = "bug"
    WARN = "warn"
    KASAN = "kasan"
    KFENCE = "kfence"
    KCSAN = "kcsan"
    KMSAN = "kmsan"
    UBSAN = "ubsan"
    LOCKDEP = "lockdep"
    SOFT_LOCKUP = "softlockup"
    HARD_LOCKUP = "hardlockup"
    HUNG_TASK = "hung_task"
    RCU_STALL = "rcu_stall"
    HANG = "hang"  # never in a log: a deadline passed with the processor in the kernel


# After one of these the kernel's state is not to be trusted with another program.
FATAL = frozenset(FaultKind) - {FaultKind.WARN}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        where: "mm/gup.c:1234 func", "func", or "" where the log does not say.
        text: the line that reports it, without its time.
    """

    kind: FaultKind
    where: str
    text: str


def records(raw: bytes) -> tuple[Record, ...]:
    """Records of /dev/kmsg text, in order; what is not a record is left out.

    Args:
        raw: any number of whole reads, one after another.
    """
    found = []
    for line in raw.split(b"\n"):
        head, separator, text = line.partition(b";")
        fields = head.split(b",")
        # A dictionary line (" KEY=value") and a cut record have no such head.
        if not separator or len(fields) < 4 or not all(f.isdigit() for f in fields[:3]):
            continue
        priority, sequence, usec = (int(field) for field in fields[:3])
        plain = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), text)
        found.append(Record(priority, sequence, usec, plain.decode("utf-8", "replace")))
    return tuple(found)


# What opens a fault. Groups: "where" as far as the line itself says it.
_FUNCTION = r"(?P<func>[\w.]+)(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?"
_HEADERS: tuple[tuple[FaultKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        # kernel/panic.c: panic, __warn (the second form: since 6.18)
        (FaultKind.PANIC, r"^Kernel panic - not syncing"),
        (FaultKind.WARN, rf"^WARNING: CPU: \d+ PID: \d+ at (?:(?P<file>\S+:\d+) )?{_FUNCTION}"),
        (FaultKind.WARN, rf"^WARNING: (?P<file>\S+:\d+) at {_FUNCTION}"),
        # lib/bug.c: __report_bug
        (FaultKind.BUG, r"^kernel BUG at (?P<file>\S+:\d+)!"),
        # mm/kasan/report.c, mm/kfence/report.c, kernel/kcsan/report.c, mm/kmsan/report.c
        (FaultKind.KASAN, r"^BUG: KASAN: .*? in (?P<func>[\w.]+)\+0x"),
        (FaultKind.KASAN, r"^BUG: KASAN: "),
        (FaultKind.KFENCE, rf"^BUG: KFENCE: .*? in {_FUNCTION}"),
        (FaultKind.KCSAN, rf"^BUG: KCSAN: .*? in {_FUNCTION}"),
        (FaultKind.KMSAN, rf"^BUG: KMSAN: .*? in {_FUNCTION}"),
        # lib/ubsan.c: ubsan_prologue
        (FaultKind.UBSAN, r"^UBSAN: .* in (?P<file>\S+:\d+)"),
        # kernel/watchdog.c: watchdog_timer_fn; kernel/watchdog_hld.c
        (FaultKind.SOFT_LOCKUP, r"BUG: soft lockup - CPU#"),
        (FaultKind.HARD_LOCKUP, r"Watchdog detected hard LOCKUP"),
        # kernel/hung_task.c: check_hung_task
        (FaultKind.HUNG_TASK, r"^INFO: task (?P<func>\S+) blocked for more than \d+ seconds"),
        # kernel/rcu/tree_stall.h, tree_exp.h, tasks.h
        (FaultKind.RCU_STALL, r"INFO: \S+ (?:self-detected stall|detected (?:expedited )?stalls)"),
        # kernel/locking/lockdep.c
        (FaultKind.LOCKDEP, r"^WARNING: (?:possible .*(?:dependency|locking) detected)"),
        (FaultKind.LOCKDEP, r"^WARNING: .*lock order detected"),
        (FaultKind.LOCKDEP, r"^WARNING: (?:inconsistent lock state|suspicious RCU usage)"),
        (FaultKind.LOCKDEP, r"^WARNING: (?:chain_key collision|Nested lock was not taken)"),
        (FaultKind.LOCKDEP, r"^WARNING: (?:bad (?:unlock balance|contention) detected|held lock)"),
        (FaultKind.LOCKDEP, r"^WARNING: (?:lock held when returning|\S+ still has locks held)"),
        (FaultKind.LOCKDEP, r"^\[ BUG: Invalid wait context \]"),
        # arch/x86/mm/fault.c: show_fault_oops; arch/arm64/mm/fault.c: die_kernel_fault
        (FaultKind.OOPS, r"^BUG: (?:kernel NULL pointer dereference|unable to handle)"),
        (FaultKind.OOPS, r"^Unable to handle kernel "),
        (FaultKind.OOPS, r"^Insufficient stack space to handle exception"),
        # mm/: bad_page, print_bad_pte; kernel/fork.c: check_mm; sched/core.c; mm/slub.c
        (FaultKind.BUG, r"^BUG(?:: | \S+ \()(?!.*messages suppressed)"),
        # arch/x86/kernel/traps.c, arch/arm64/kernel/traps.c: die. "[#1]" counts oopses; a trap
        # of user space has none.
        (FaultKind.OOPS, r"^\S.*: [0-9a-f]{4,16} \[#\d+\]"),
    )
)
_DIE = _HEADERS[-1][1]

# Where it was, on a later line: x86's show_ip, arm64's __show_regs.
_PLACE = re.compile(rf"^(?:RIP: [0-9a-f]{{4}}:|pc : ){_FUNCTION}")
_END = re.compile(r"^---\[ end (?:trace|Kernel panic)")
_WANTS_PLACE = FATAL - {FaultKind.HUNG_TASK, FaultKind.PANIC, FaultKind.LOCKDEP}


class FaultScanner:
    """Finds faults in a log fed line by line; memory is bounded.

    One incident is one fault: the lines that an oops prints (address, "Oops:",
    registers) are joined, its place taken from the registers. A panic that
    follows is a fault of its own.

    Attributes:
        faults: in the order they began, at most 64.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._dying = False  # the last fault's "Oops: 0002 [#1]" is still to come
        self._placing = False  # its registers are still to come

    def feed(self, line: str) -> bool:
        """Takes the next line (with or without its time); True if it opened a fault."""
        text = _TIMESTAMP.sub("", line, count=1).rstrip()
        if not text:
            return False
        if self._dying and _DIE.match(text):
            self._dying = False
            return False
        if self._placing and (place := _PLACE.match(text)):
            self._placing = False
            last = self.faults[-1]
            where = f"{last.where} {place['func']}".strip()
            self.faults[-1] = replace(last, where=where)
            return False
        if _END.match(text):
            self._dying = self._placing = False
            return False
        return self._open(text)

    def _open(self, text: str) -> bool:
        for kind, pattern in _HEADERS:
            match = pattern.search(text)
            if match is None:
                continue
            if len(self.faults) < _FAULTS_MAX:
                groups = match.groupdict()
                where = " ".join(groups[name] for name in ("file", "func") if groups.get(name))
                self.faults.append(Fault(kind, where, text[:_TEXT_MAX]))
                self._dying = kind in (FaultKind.OOPS, FaultKind.BUG) and pattern is not _DIE
                self._placing = kind in _WANTS_PLACE and not groups.get("func")
            return True
        return False


# kernel/sched/core.c: sched_show_task, of an uninterruptible task; its stack follows
_BLOCKED = re.compile(r"^task:(\S+)\s+state:D\b")
_FRAME = re.compile(rf"^ (?:\? )?{_FUNCTION}")
_WAITING = re.compile(r"_*(?:switch_to|schedule\w*|io_schedule\w*)$")


def blocked_task(lines: Iterable[str]) -> str:
    """Of SysRq-w's lines: the first uninterruptible task, "task NAME in FUNCTION"; "" if none.

    The function is the innermost that is not the scheduler's.
    """
    task = ""
    for line in lines:
        text = _TIMESTAMP.sub("", line, count=1)
        if match := _BLOCKED.match(text):
            if task:
                break
            task = f"task {match[1]}"
        elif task and (frame := _FRAME.match(text)) and not _WAITING.match(frame["func"]):
            return f"{task} in {frame['func']}"
    return task


def faults(lines: Iterable[str]) -> tuple[Fault, ...]:
    """The faults that these lines of a kernel log report, in order.

    Args:
        lines: a console's lines, or the texts of records.
    """
    scanner = FaultScanner()
    for line in lines:
        scanner.feed(line)
    return tuple(scanner.faults)
