"""Wrong variants of the rules of another process's memory; ``variants`` has what they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.state import P_YOUNG

EPERM, EIO, EFAULT = 1, 5, 14

# method of Rules -> what it wrongly says; the comment is the mistake in words
ACCESS: dict[str, Callable[..., Any]] = {
    # the other way round about tags
    "remote_untags": lambda self: not self.sem.release.remote_untags,
    # a stack grows wherever an access comes to, as in 5.10 and from 6.12 on
    "remote_grows_stack": lambda self, first, empty: True,
    # the gate page is read, as in 5.10
    "remote_takes_gate": lambda self: True,
    # the page is written to and stays clean
    "remote_dirtied": lambda self, flags: flags,
    # ->access is for VM_IO and VM_PFNMAP alone
    "remote_falls_back": lambda self, io: io,
    # ->access is asked page by page
    "remote_asks": lambda self, left, room: min(left, room),
    # an old entry is refused on the other architecture
    "phys_would_fault": lambda self, flags, write: (
        not self.sem.phys_keeps_bits and not flags & P_YOUNG
    ),
    # what nobody may access can be mapped
    "phys_wants_user": lambda self, flags: False,
    # a write goes past what the entry allows
    "phys_writes": lambda self, writable: True,
    # RAM is memory like any other
    "phys_refuses": lambda self, ram: False,
    # every failure warns on the one architecture, the first one alone on the other
    "ioremap_warns": lambda self, before: not (before and not self.sem.ioremap_warns_once),
    # the next page is what is mapped there
    "phys_frames": lambda self, first, mapped: first if mapped is None else mapped,
    # the memory of an ended process is there as long as somebody has the process
    "access_reaches": lambda self, alive: True,
    # a failure is an errno, as /proc/PID/mem makes it
    "access_count": lambda self, done: done or -EIO,
    # a length below 0 is none
    "access_negative": lambda self, size: False,
    # the buffer is as long as it has to be
    "access_too_long": lambda self, size, room: False,
    # whoever was not made has ended
    "access_lost": lambda self, made: False,
    # a dead process's memory ends at once
    "mem_error": lambda self, alive: 0 if alive else -EIO,
    # /proc/PID/mem obeys access rights
    "mem_forces": lambda self: not self.sem.release.mem_forces,
    # /proc/PID/mem is one access
    "mem_goes_on": lambda self: False,
    # what came before the error is lost
    "mem_count": lambda self, done, wanted: done if done == wanted else -EIO,
    # a dead process is not permitted
    "trace_gone": lambda self, alive: 0 if alive else -EPERM,
    # a process is its own debugger
    "trace_self": lambda self, own: 0,
    # a process stops wherever it sleeps
    "trace_refused": lambda self, asleep: False,
    # ptrace obeys access rights
    "trace_forces": lambda self: False,
    # a part of a word is better than nothing
    "trace_result": lambda self, done: 0 if done else -EIO,
    # the process is looked for first
    "vm_returns_early": lambda self, size: False,
    # a dead process has no memory
    "vm_error": lambda self, alive: 0 if alive else -EFAULT,
    # process_vm_writev goes past access rights, as its siblings do
    "vm_forces": lambda self: True,
    # pages are got, not pinned
    "vm_pins": lambda self: False,
    # a missing page is an error
    "vm_waits": lambda self: False,
    # the page is written to and stays clean
    "vm_dirtied": lambda self, flags: flags,
    # what came before the error is lost
    "vm_count": lambda self, done: -EFAULT,
}
