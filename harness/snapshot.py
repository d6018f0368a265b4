"""A guest's state out of a QEMU and into another: by migration, without its memory.

The memory is a file. The guest that is saved shares it (qemu_cmd.py), so that the stream
leaves it out; what is restored maps the same file privately. Many may be restored at once.
"""

from __future__ import annotations

import time
from typing import Any

from .errors import HarnessError
from .vm import Vm

_QMP_SECONDS = 10.0
_SAVE_SECONDS = 30.0
_LOOK_SECONDS = 0.005
_CALM_SECONDS = 0.1  # for the guest to be idle behind its hello


def save(vm: Vm, channel: str, stream: int) -> None:
    """Writes everything but the memory to a file.

    The guest has said hello, and stands still afterwards: its memory is the file's for ever.

    Args:
        channel: whose announcement on the console is waited for.
        stream: the file's descriptor.

    Raises:
        HarnessError: QEMU refuses, or does not finish.
    """
    deadline = time.monotonic() + _SAVE_SECONDS
    while channel not in vm.log.ready:
        _wait(vm, deadline)
    time.sleep(_CALM_SECONDS)
    _leave_out_memory(vm)
    _command(vm, "migrate", {"uri": _given(vm, stream)})
    while (status := _command(vm, "query-migrate", {}).get("status")) != "completed":
        if status in ("failed", "cancelled"):
            raise HarnessError(f"QEMU could not save the guest: {vm.stderr() or status}")
        _wait(vm, deadline)


def load(vm: Vm, stream: int) -> None:
    """Has a QEMU that waits for a machine's state read it from a file's descriptor.

    The guest goes on by itself when that is done.

    Raises:
        HarnessError: QEMU refuses, or is gone.
    """
    _leave_out_memory(vm)
    _command(vm, "migrate-incoming", {"uri": _given(vm, stream)})


def _leave_out_memory(vm: Vm) -> None:
    capability = {"capability": "x-ignore-shared", "state": True}
    _command(vm, "migrate-set-capabilities", {"capabilities": [capability]})


def _given(vm: Vm, stream: int) -> str:
    """Gives QEMU a descriptor; how commands name it."""
    _command(vm, "getfd", {"fdname": "state"}, (stream,))
    return "fd:state"


def _command(
    vm: Vm, command: str, arguments: dict[str, Any], fds: tuple[int, ...] = ()
) -> dict[str, Any]:
    answer = vm.qmp.execute(command, arguments, _QMP_SECONDS, fds)
    if isinstance(answer, dict):
        return answer
    why = vm.qmp.refusal or vm.stderr() or "no answer"
    raise HarnessError(f"QEMU refused {command}: {why}")


def _wait(vm: Vm, deadline: float) -> None:
    if vm.qmp.ended or time.monotonic() > deadline:
        raise HarnessError(f"QEMU did not save the guest: {vm.stderr() or 'it does not finish'}")
    time.sleep(_LOOK_SECONDS)
