"""Rules of waiting for a child's end."""

from __future__ import annotations

from .registry import RuleBase, rule

_SOURCE = "6.1 kernel/exit.c"


class WaitRules(RuleBase):
    """What wait4() decides."""

    @rule("wait.children", f"{_SOURCE} do_wait_pid, is_effectively_child")
    def wait_is_for(self, child: bool) -> bool:
        """A process waits for its own children, not for theirs, and not for others."""
        return child

    @rule("wait.nobody", f"{_SOURCE} do_wait (notask_error)")
    def wait_error(self) -> int:
        """Where there is nobody to wait for it is -ECHILD."""
        return -10

    @rule("wait.once", f"{_SOURCE} wait_task_zombie, release_task")
    def wait_buries(self) -> bool:
        """Who was waited for is nobody's child any more."""
        return True

    @rule("wait.status", f"{_SOURCE} do_exit (tsk->exit_code), wait_task_zombie")
    def wait_status(self, signal: int) -> int:
        """The status of who was killed is the signal, of who exited its code times 256."""
        return signal
