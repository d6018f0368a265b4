"""The kernel's log: records of /dev/kmsg, and faults in logs of real boots."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import klog
from harness.klog import Fault, FaultKind

LOGS = Path(__file__).resolve().parents[1] / "testdata" / "console"


def faults_of(name: str) -> list[tuple[str, str]]:
    lines = (LOGS / f"{name}.log").read_text("utf-8", "replace").splitlines()
    return [(str(fault.kind), fault.where) for fault in klog.faults(lines)]


WARN = ("warn", "drivers/misc/lkdtm/bugs.c:85 lkdtm_WARNING")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x86_64-clean", []),
        ("arm64-clean", []),
        ("x86_64-panic", [("panic", "")]),
        ("arm64-panic", [("panic", "")]),
        ("x86_64-oops", [("oops", "lkdtm_EXCEPTION")]),
        ("arm64-oops", [("oops", "lkdtm_EXCEPTION")]),
        ("x86_64-bug", [("bug", "drivers/misc/lkdtm/bugs.c:78 lkdtm_BUG")]),
        ("arm64-bug", [("bug", "drivers/misc/lkdtm/bugs.c:78 lkdtm_BUG")]),
        ("x86_64-warn", [WARN, WARN]),
        ("arm64-warn", [WARN, WARN]),
        ("x86_64-softlockup", [("softlockup", "lkdtm_SOFTLOCKUP")]),
        ("arm64-softlockup", [("softlockup", "lkdtm_SOFTLOCKUP")]),
        ("x86_64-hung_task", [("hung_task", "init:24")]),
        ("arm64-hung_task", [("hung_task", "init:23")]),
    ],
)
def test_recorded_logs(name: str, expected: list[tuple[str, str]]) -> None:
    assert faults_of(name) == expected


def test_the_first_blocked_task_and_what_it_waits_in() -> None:
    lines = (LOGS / "x86_64-hung_task.log").read_text().splitlines()
    assert klog.blocked_task(lines) == "task init in direct_entry.cold"
    assert klog.blocked_task(lines[:3]) == ""
    arm64 = """\
[   10.890801] task:init            state:D stack:0     pid:23    ppid:1      flags:0x00000000
[   10.891189] Call trace:
[   10.891458]  __switch_to+0xb4/0xf0
[   10.891459]  __schedule+0x1f8/0x580
[   10.891678]  schedule+0x3d/0x90
[   10.891848]  lkdtm_HUNG_TASK+0x20/0x28"""
    assert klog.blocked_task(arm64.splitlines()) == "task init in lkdtm_HUNG_TASK"
    assert klog.blocked_task(["[ 1.0] task:kworker  state:D stack:0"]) == "task kworker"


# As their sources print them; no recorded boot has them.
@pytest.mark.parametrize(
    ("line", "kind", "where"),
    [
        ("BUG: KASAN: use-after-free in gup_pgd+0x10/0x20", "kasan", "gup_pgd"),
        ("BUG: KASAN: null-ptr-deref in range [0x0-0x7]", "kasan", ""),
        ("BUG: KFENCE: use-after-free read in f+0x1/0x2", "kfence", "f"),
        ("BUG: KCSAN: data-race in a+0x1/0x2 / b+0x3/0x4", "kcsan", "a"),
        ("BUG: KMSAN: uninit-value in f+0x1/0x2", "kmsan", "f"),
        ("UBSAN: shift-out-of-bounds in mm/gup.c:12:3", "ubsan", "mm/gup.c:12:3"),
        ("WARNING: possible circular locking dependency detected", "lockdep", ""),
        ("WARNING: possible recursive locking detected", "lockdep", ""),
        ("WARNING: suspicious RCU usage", "lockdep", ""),
        ("WARNING: inconsistent lock state", "lockdep", ""),
        ("WARNING: bad unlock balance detected!", "lockdep", ""),
        ("[ BUG: Invalid wait context ]", "lockdep", ""),
        ("BUG: sleeping function called from invalid context at mm/gup.c:1", "bug", ""),
        ("BUG: scheduling while atomic: init/1/0x00000002", "bug", ""),
        ("BUG: Bad page state in process agent  pfn:01234", "bug", ""),
        ("BUG: Bad rss-counter state mm:0 type:MM_ANONPAGES val:1", "bug", ""),
        ("BUG: non-zero pgtables_bytes on freeing mm: 4096", "bug", ""),
        ("BUG kmalloc-8 (Not tainted): Redzone overwritten", "bug", ""),
        ("rcu: INFO: rcu_sched self-detected stall on CPU", "rcu_stall", ""),
        ("rcu: INFO: rcu_sched detected stalls on CPUs/tasks:", "rcu_stall", ""),
        ("rcu: INFO: rcu_sched detected expedited stalls on CPUs/tasks: {", "rcu_stall", ""),
        ("NMI watchdog: Watchdog detected hard LOCKUP on cpu 0", "hardlockup", ""),
        ("general protection fault, probably for x: 0000 [#1] SMP", "oops", ""),
        ("Internal error: synchronous external abort: 0000000096000010 [#1] SMP", "oops", ""),
        ("WARNING: CPU: 0 PID: 1 at try_grab_page+0x1/0x2", "warn", "try_grab_page"),
        ("WARNING: CPU: 0 PID: 1 at mm/gup.c:9 f+0x1/0x2 [mod]", "warn", "mm/gup.c:9 f"),
        ("WARNING: mm/gup.c:9 at f+0x1/0x2, CPU#0: agent/7", "warn", "mm/gup.c:9 f"),
    ],
)
def test_each_kind_of_line(line: str, kind: str, where: str) -> None:
    assert klog.faults([f"[    1.234567] {line}"]) == (Fault(FaultKind(kind), where, line),)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "agent[61]: segfault at 0 ip 0000000000401000 sp 00007fff error 4 in init[401000+5000]",
        "traps: agent[61] general protection fault ip:401000 sp:7fff error:0",
        "BUG: Bad page map: 4 messages suppressed",
        "Out of memory: Killed process 61 (agent) total-vm:1kB",
        "ACPI Warning: something",
        "INFO: lockdep is turned off.",
        "pagelab: ready virtio",
    ],
)
def test_lines_that_are_no_fault(line: str) -> None:
    assert klog.faults([line]) == ()


def test_a_panic_behind_an_oops_is_a_fault_of_its_own() -> None:
    lines = (LOGS / "x86_64-oops.log").read_text().splitlines()
    lines.append("[   9.9] Kernel panic - not syncing: Fatal exception")
    assert [fault.kind for fault in klog.faults(lines)] == ["oops", "panic"]


def test_a_log_without_end_is_kept_short() -> None:
    scanner = klog.FaultScanner()
    for number in range(10_000):
        scanner.feed("BUG: scheduling while atomic: " + "x" * number)
    assert len(scanner.faults) == 64
    assert max(len(fault.text) for fault in scanner.faults) <= 400


def test_records() -> None:
    raw = (
        b"4,339,5140900,-;WARNING: CPU: 0\n"
        b" SUBSYSTEM=cpu\n"
        b"12,340,5140901,c,caller=T1;two\\x0alines; and more\n"
        b"cut off,"
    )
    first, second = klog.records(raw)
    assert (first.priority, first.sequence, first.usec, first.text) == (
        4,
        339,
        5140900,
        "WARNING: CPU: 0",
    )
    assert (first.level, first.from_kernel) == (4, True)
    assert second.text == "two\nlines; and more"
    assert (second.level, second.from_kernel) == (4, False)


@given(st.binary())
def test_any_bytes_are_records_or_nothing(raw: bytes) -> None:
    klog.faults(record.text for record in klog.records(raw))


@given(st.lists(st.text()))
def test_any_lines_can_be_scanned(lines: list[str]) -> None:
    klog.faults(lines)
