"""The branches of the model: what each of its rules may decide, each with a name.

They follow from the rules' annotations, so that nobody keeps a list: a rule
that says yes or no has two, ``rule=yes`` and ``rule=no``; one that may give
nothing has ``rule=none`` beside ``rule``; one that picks of an enumeration has
one for each member; any other has one, ``rule``: it was asked. One that says
the same whatever it is asked (``return True``) has that alone.

Beside them stand outcomes: that a call returned (``call:returned``), slept
(``call:slept``), or got a signal, and each reason of a refusal (``refused:reason``).
"""

from __future__ import annotations

import dis
import enum
import functools
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any

from ..abi import Code, Kind, Op, Refused
from ..program import Compiled
from ..signatures import CALLS
from .gup import Arena
from .outcome import Expected
from .rules import Rules
from .semantics import Semantics
from .step import Model

_QUIET = {"RESUME", "NOP", "CACHE"}
# bodies that are one constant, as CPython has them so far: True, 1, Fault.SIGSEGV
_CONSTANT = (
    {"LOAD_CONST", "RETURN_VALUE"},
    {"RETURN_CONST"},
    {"LOAD_SMALL_INT", "RETURN_VALUE"},
    {"LOAD_GLOBAL", "LOAD_ATTR", "RETURN_VALUE"},
)
_SIGNALS = (Code.LOAD, Code.STORE)

# Branches that no program reaches on any kernel, and why.
UNREACHABLE = {
    "get_user_pages:slept": "it keeps the mmap lock, and so its faults may not be retried "
    "(uffd.slow); it may be begun all the same",
    "refused:not_mapped": "a page without a kernel mapping is secret memory's, which no call gets",
}


class Recorded(Rules):
    """Rules that note what they decided.

    Attributes:
        reached: names of branches.
    """

    def __init__(self, semantics: Semantics) -> None:
        super().__init__(semantics)
        self.reached: set[str] = set()


def _is_constant(method: Callable[..., Any]) -> bool:
    """Does it say the same whatever it is asked?"""
    code = {one.opname for one in dis.get_instructions(method)} - _QUIET
    return code in _CONSTANT


def _told(method: Callable[..., Any]) -> Any:
    """What a rule says that does not look at what it is asked."""
    return method(*[None] * method.__code__.co_argcount)


def _outcomes(name: str, method: Callable[..., Any]) -> tuple[Callable[[Any], str], list[str]]:
    """What names a decision's branch, and all the branches there are."""
    kind = typing.get_type_hints(method)["return"]
    if kind is bool:
        yes, no = f"{name}=yes", f"{name}=no"
        every = [yes, no]
        if _is_constant(method):
            every = [yes if _told(method) else no]
        return lambda told: yes if told else no, every
    if isinstance(kind, types.UnionType) and types.NoneType in typing.get_args(kind):
        none = f"{name}=none"
        return lambda told: none if told is None else name, [name, none]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        by_member = {member: f"{name}={str(member.name).lower()}" for member in kind}
        every = [by_member[_told(method)]] if _is_constant(method) else list(by_member.values())
        return by_member.__getitem__, every
    return lambda told: name, [name]


def _rules() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Name, method's name and method of every rule."""
    for name, method in Rules.methods().items():
        yield name, method, getattr(Rules, method)


def of_outcome(op: Op, expected: Expected) -> str:
    """The branch that an operation's outcome is; "" for those that are no call's own."""
    if expected.kind is Kind.REFUSED:
        return f"refused:{str(expected.refused.name).lower()}"
    if expected.kind is Kind.VALUE:
        return _RETURNED[op.code]
    if expected.kind is Kind.BLOCKED:
        return _SLEPT.get(op.code, "")
    return _SIGNALLED.get(op.code, "") if expected.kind is Kind.SIGNAL else ""


_NAMES = {signature.code: name for name, signature in CALLS.items()}
_RETURNED = {code: f"{name}:returned" for code, name in _NAMES.items()}
_SLEPT = {
    signature.code: f"{name}:slept"
    for name, signature in CALLS.items()
    if signature.begins or signature.code is Code.WAIT
}
_SIGNALLED = {code: f"{_NAMES[code]}:signal" for code in _SIGNALS}


def _every() -> tuple[str, ...]:
    """All branches, in order."""
    found = [branch for name, _, method in _rules() for branch in _outcomes(name, method)[1]]
    found += [*_RETURNED.values(), *_SLEPT.values(), *_SIGNALLED.values()]
    found += [f"refused:{str(reason.name).lower()}" for reason in Refused if reason]
    return tuple(found)


ALL = _every()


@functools.cache
def recorded() -> type[Recorded]:
    """The rules, noting what they decide; a class of its own since nobody else wants that."""

    def noting(name: Callable[[Any], str], method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(self: Recorded, *args: Any) -> Any:
            told = method(self, *args)
            self.reached.add(name(told))
            return told

        return ask

    methods = {
        method: noting(_outcomes(name, function)[0], function)
        for name, method, function in _rules()
    }
    return type("Recorded", (Recorded,), methods)


def reached(compiled: Compiled, semantics: Semantics) -> frozenset[str]:
    """The branches that a program reaches, as one kernel has it; of several ways the first.

    Args:
        compiled: its operations, and the arena they need.
        semantics: the kernel's flags.
    """
    rules = recorded()(semantics)
    model = Model(semantics, Arena(compiled.arena_start, compiled.arena_pages), rules)
    state, outcomes = model.initial(), set()
    for op in compiled.ops:
        branch = model.step(state, op)[0]
        state = branch.state
        outcomes.add(of_outcome(op, branch.expected))
    return frozenset(rules.reached | outcomes - {""})
