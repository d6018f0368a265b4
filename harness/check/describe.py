"""Naming things for people: operations, places, outcomes."""

from __future__ import annotations

import errno

from .. import abi
from ..abi import Kind
from ..model import Expected
from ..program import Compiled
from ..trace import Outcome
from .observed import Key
from .warnings import fault_text, faults_in


def describe_op(text: str, op: abi.Op) -> str:
    """An operation as its line of the program's text has it."""
    lines = text.split("\n")
    source = lines[op.line - 1] if 0 < op.line <= len(lines) else ""
    return source.partition("#")[0].strip() or str(op.code.name).lower()


def _name(table: dict[str, int], slot: int) -> str:
    return next((name for name, value in table.items() if value == slot), str(slot))


def place_name(compiled: Compiled, index: int) -> str:
    """A page of the arena as the program writes it: m[2], m[-1] for a guard page."""
    best = f"arena page {index}"
    for name, (start, pages) in compiled.mappings.items():
        if start - 1 <= index <= start + pages:
            best = f"{name}[{index - start}]"
            if start <= index < start + pages:
                break
    return best


def describe_key(compiled: Compiled, key: Key) -> str:
    """What a difference is about."""
    kind = key[0]
    if kind == "t":
        _, process, index = key  # type: ignore[misc]
        return f"PTE {_name(compiled.processes, process)}: {place_name(compiled, index)}"
    if kind == "h":
        _, slot, index = key  # type: ignore[misc]
        return f"held {_name(compiled.held, slot)}[{index}]"
    if kind == "c":
        _, file, index = key  # type: ignore[misc]
        return f"cache {_name(compiled.files, file)} page {index}"
    if kind == "r":
        return f"RSS {_name(compiled.processes, key[1])}"
    if kind == "v":
        return f"VMAs {_name(compiled.processes, key[1])}"
    if kind == "f":
        return f"size of {_name(compiled.files, key[1])}"
    if kind == "i":
        return f"what the disk of {_name(compiled.files, key[1])} was asked"
    return f"page #{key[1]}" if kind == "p" else f"frame {key[1]:#x}, unknown to the model"


_SIGNALS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV"}


def _signal_name(number: int) -> str:
    return _SIGNALS.get(number, f"signal {number}")


_ADDRESSES = (abi.Code.MMAP, abi.Code.MREMAP)


def outcome_text(op: abi.Op, outcome: Outcome | Expected) -> str:
    """An outcome in words."""
    text = _outcome_text(op, outcome)
    if isinstance(outcome, Outcome):
        found = faults_in(outcome.log)
        return f"{text}, {fault_text(found[0])}" if found else text
    if outcome.warning is None:
        return text
    functions = " or ".join(dict.fromkeys(outcome.warning.functions))
    return f"{text}, warn {outcome.warning.file} {functions}"


def _answer_text(op: abi.Op, outcome: Outcome | Expected) -> str:
    """The data of an outcome: bytes, or what a call that gets pages left in locked or vmas."""
    if not outcome.data:
        return ""
    if op.code not in abi.GETS:
        return f" {outcome.data!r}"
    name = "vmas" if op.aux & abi.Get.VMAS else "locked"
    return f", {name} {int.from_bytes(outcome.data, 'little')}"


def _outcome_text(op: abi.Op, outcome: Outcome | Expected) -> str:
    if outcome.kind is Kind.VALUE:
        answer = _answer_text(op, outcome)
        if -4096 < outcome.ret < 0:
            return f"-{errno.errorcode.get(-outcome.ret, str(-outcome.ret))}{answer}"
        return f"{outcome.ret:#x}" if op.code in _ADDRESSES else f"{outcome.ret}{answer}"
    if outcome.kind is Kind.SIGNAL:
        name = _signal_name(outcome.signo)
        return f"{name} si_code {outcome.si_code} at {outcome.addr:#x}"
    if outcome.kind is Kind.DEATH:
        return f"death by {_signal_name(outcome.signo)}" if outcome.signo else "exit"
    if outcome.kind is Kind.REFUSED:
        return f"refused({outcome.refused.name.lower()})"
    return outcome.kind.name.lower()
