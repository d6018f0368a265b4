"""By what two differences are the same one: this module alone says so.

A program that is made smaller has to go on showing the same difference: the same kind of
operation, and the same kind of thing that is not as it should be. Differences of many programs
are of one cause where the same rule decided otherwise about the same kind of thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..verdict import Verdict

OUTCOME = "outcome"
# What differs from one build, or one run, to the next: line numbers, offsets in a function.
_NUMBER = re.compile(r"\d+")
_REASON_MAX = 80
_VARIABLE = re.compile(r"(?<=\.[chS]):\d+|\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?|\.(?:isra|constprop)\.\d+")


@dataclass(frozen=True, slots=True)
class Sign:
    """What a difference is known by.

    Attributes:
        verdict: any that is not good.
        call: the kind of operation, "mprotect"; of a claim its id; "" where nobody knows.
        field: what differs: "outcome", "pte write", "page ref", "rss"; of a fault its kind and
            place; of a claim "claim"; of what no model judged the reason.
        rule: the model's rule that decided last, "" where none did.
    """

    verdict: Verdict
    call: str
    field: str
    rule: str = ""

    def same(self, other: Sign | None) -> bool:
        """Does another program show the same difference?

        A fault is known by its place alone: which operation was under way when the kernel
        noticed is not always known.
        """
        if other is None or (self.verdict, self.field) != (other.verdict, other.field):
            return False
        return self.verdict is Verdict.KERNEL_FAULT or self.call == other.call

    @property
    def cause(self) -> str:
        """What differences are grouped by: ``cow.exclusive_reuse: pte page``."""
        if self.verdict is Verdict.KERNEL_FAULT:
            return f"fault: {self.field}"
        if not self.call:
            return f"{self.verdict.value.lower()}: {self.field}"
        return f"{self.rule or self.call}: {self.field}"


def other_sign(verdict: Verdict, text: str) -> Sign:
    """The sign of what no model judged.

    Args:
        text: what happened; what stands behind its last colon is the reason.
    """
    return Sign(verdict, "", _NUMBER.sub("N", text.rpartition(": ")[2])[:_REASON_MAX])


def fault_sign(call: str, text: str) -> Sign:
    """The sign of a kernel fault.

    Args:
        text: its kind and place, as messages say it: "oops at follow_pte+0x12/0x80".
    """
    return Sign(Verdict.KERNEL_FAULT, call, _VARIABLE.sub("", text))
