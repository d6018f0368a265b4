"""Conditions of ``requires:`` and ``claim``: checked when compiled, evaluated when observed.

A condition knows nothing of guests or models: what a name or a fact is worth
comes from the caller. Checking finds every mistake that can be found without
running, so that a claim is not found to be senseless after a boot.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, TypeAlias

from . import abi
from .arch import ARCHES
from .environment import CONFIG_MARK, OPTIONS, Environment
from .errors import UsageError
from .language import Mistake, render_condition
from .program import Binary, Condition, Fact, Literal, Name, Ref, Tuple, Unary
from .signatures import BAR, CONSTANTS, ENVIRONMENT_NAMES, FACTS, OUTCOME_NAMES

# A version as it is written in a program: 6.1 is (6, 1).
Version: TypeAlias = tuple[int, ...]
# What a name, a fact or a condition is worth; true and false are 1 and 0.
# Of several things at once (boot parameters, a configuration's parts) any may be equal.
Value: TypeAlias = int | bytes | str | Version | frozenset[str]

_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_BOOT_ARG = re.compile(r"[!#-~]+")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUALITY = ("==", "!=", "in")

NUMBER, DATA, PAGE = "a number", "data", "a page"


class Places(Protocol):
    """What names of places stand for: a Compiled, or one that is being made."""

    @property
    def arena_pages(self) -> int: ...
    @property
    def mappings(self) -> Mapping[str, tuple[int, int]]: ...
    @property
    def processes(self) -> Mapping[str, int]: ...
    @property
    def held(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class Resolved:
    """A fact with its names resolved.

    Attributes:
        function: "page", "ref", "map", "flag", "pte" or "vma".
        process: slot of the process whose page table is meant.
        page: page of the arena; None for a held page.
        slot: slot of the held set, or abi.SLOT_BAR; None for a page of the arena.
        index: page of the held set.
        flag: bit of abi.PageFlag, abi.PteFlag or abi.VmaFlag; 0 where the fact takes none.
    """

    function: str
    process: int
    page: int | None
    slot: int | None
    index: int
    flag: int


def resolve(fact: Fact, places: Places) -> Resolved:
    """What a fact asks for, in slots and pages.

    Raises:
        Mistake: a name that is unknown or of another kind, a place outside the arena.
    """
    flags = FACTS.get(fact.function)
    at = next((i for i, arg in enumerate(fact.args) if isinstance(arg, Ref)), None)
    if flags is None or at is None or at > 1 or len(fact.args) - at != (2 if flags else 1):
        _mistake("a fact as docs/programs.md has them", render_condition(fact))
    names = [arg.name for arg in fact.args if isinstance(arg, Name)]
    place = fact.args[at]
    assert isinstance(place, Ref)
    if at and names[0] not in places.processes:
        _mistake("a process's name", repr(names[0]))
    if flags and names[-1] not in flags:
        _mistake(f"one of {', '.join(flags)}", repr(names[-1]))
    if place.offset:
        _mistake("a page such as m[0]", f"an offset of {place.offset} bytes")
    process = places.processes[names[0]] if at else 0
    flag = flags[names[-1]] if flags else 0
    index = place.index or 0
    if place.name in places.mappings:
        page = places.mappings[place.name][0] + index
        if not 0 <= page < places.arena_pages:
            _mistake("a page of the arena", f"{place.name}[{index}]")
        return Resolved(fact.function, process, page, None, 0, flag)
    if place.name == BAR and fact.function == "page":
        return Resolved(fact.function, process, None, abi.SLOT_BAR, index, flag)
    if place.name not in places.held:
        _mistake("a mapping or a held set", repr(place.name))
    if at or fact.function in ("pte", "vma"):
        _mistake("a mapping's page (a held page is in no process)", repr(place.name))
    if not 0 <= index < abi.GUP_CAPACITY:
        _mistake(f"a held page from 0 to {abi.GUP_CAPACITY - 1}", str(index))
    return Resolved(fact.function, 0, None, places.held[place.name], index, flag)


def _mistake(expected: str, found: str) -> NoReturn:
    raise Mistake(0, expected, found)


# ---- checking ---------------------------------------------------------------


def check_claim(condition: Condition, places: Places, results: Mapping[str, str]) -> None:
    """Find what can be wrong with a claim before it runs.

    Args:
        places: the handles defined above the claim.
        results: names defined above the claim that have a value: NUMBER or DATA.

    Raises:
        Mistake: an unknown name, a comparison of things that do not compare.
    """
    checker = _ClaimChecker(places, results)
    checker.truth(condition)


class _ClaimChecker:
    """Types of a claim's parts; ``leaf`` counts names, literals and facts as written."""

    def __init__(self, places: Places, results: Mapping[str, str]) -> None:
        self.places = places
        self.results = results
        self.leaf = -1

    def fail(self, expected: str, found: str) -> NoReturn:
        raise Mistake(max(self.leaf, 0), expected, found)

    def truth(self, condition: Condition) -> None:
        kind = self.kind(condition)
        if kind != NUMBER:
            self.fail("a comparison", kind)

    def number(self, condition: Condition) -> None:
        kind = self.kind(condition)
        if kind != NUMBER:
            self.fail(NUMBER, kind)

    def kind(self, condition: Condition) -> str:
        """NUMBER, DATA or PAGE."""
        if isinstance(condition, Unary):
            (self.truth if condition.operator == "not" else self.number)(condition.operand)
            return NUMBER
        if isinstance(condition, Binary):
            self.pair(condition)
            return NUMBER
        if isinstance(condition, Tuple):
            self.fail("a value", "a tuple")
        self.leaf += 1
        if isinstance(condition, Literal):
            return NUMBER if isinstance(condition.value, int) else DATA
        if isinstance(condition, Name):
            return self.named(condition.name)
        try:
            resolve(condition, self.places)
        except Mistake as mistake:
            self.fail(mistake.expected, mistake.found)
        return PAGE if condition.function == "page" else NUMBER

    def named(self, name: str) -> str:
        if name == "pfn":
            return PAGE
        if name in CONSTANTS or name in OUTCOME_NAMES:
            return NUMBER
        if name not in self.results:
            known = ", ".join(OUTCOME_NAMES)
            self.fail(f"{known}, a result with a value or a constant", repr(name))
        return self.results[name]

    def pair(self, condition: Binary) -> None:
        """The two sides of an operator."""
        sign = condition.operator
        if sign in ("and", "or"):
            self.truth(condition.left)
            self.truth(condition.right)
        elif sign in ("+", "-"):
            self.number(condition.left)
            self.number(condition.right)
        else:
            left = self.kind(condition.left)
            if left != NUMBER and sign not in _EQUALITY:
                self.fail(f"'==' or '!=' behind {left}", repr(sign))
            right = condition.right
            for side in right.items if isinstance(right, Tuple) else (right,):
                kind = self.kind(side)
                nothing = Literal(0) in (condition.left, side) and PAGE in (left, kind)
                if kind != left and not nothing:
                    self.fail(f"{left} to compare with {left}", kind)


def check_requires(condition: Condition) -> None:
    """Find what can be wrong with a ``requires:`` before it is asked.

    Raises:
        Mistake: a name that no environment has, or a word that it cannot be.
    """
    _check_requires(condition, [-1])


def _check_requires(condition: Condition, leaf: list[int]) -> None:
    if isinstance(condition, Unary) and condition.operator == "not":
        _check_requires(condition.operand, leaf)
        return
    if isinstance(condition, Binary) and condition.operator in ("and", "or"):
        _check_requires(condition.left, leaf)
        _check_requires(condition.right, leaf)
        return
    leaf[0] += 1
    left = condition.left if isinstance(condition, Binary) else condition
    subject = left.name if isinstance(left, Name) else ""
    if not isinstance(condition, Binary) or subject not in ENVIRONMENT_NAMES:
        expected = f"a comparison that begins with {', '.join(ENVIRONMENT_NAMES)}"
        raise Mistake(leaf[0], expected, render_condition(left))
    comparisons = (*_COMPARE, "in") if subject == "kernel" else _EQUALITY
    if condition.operator not in comparisons:
        expected = f"a comparison ({', '.join(comparisons)}) behind {subject}"
        raise Mistake(leaf[0], expected, repr(condition.operator))
    right = condition.right
    for item in right.items if isinstance(right, Tuple) else (right,):
        leaf[0] += 1
        _check_word(subject, item, leaf[0])


def _check_word(subject: str, item: Condition, leaf: int) -> None:
    """What an environment's name may be compared with."""
    text = _word(item)
    found = render_condition(item)
    if subject == "kernel":
        number = isinstance(item, Literal) and isinstance(item.value, int) and item.value >= 0
        if not number and not (isinstance(item, Name) and _VERSION.fullmatch(text)):
            raise Mistake(leaf, "a version such as 6.1", found)
        return
    if not text or _VERSION.fullmatch(text) or text in ENVIRONMENT_NAMES:
        raise Mistake(leaf, "a word or a string", found)
    if subject == "arch" and text not in ARCHES:
        raise Mistake(leaf, f"one of {', '.join(ARCHES)}", found)
    if subject == "option" and text not in OPTIONS:
        raise Mistake(leaf, f"one of {', '.join(OPTIONS)}", found)
    if subject == "boot_arg" and not _BOOT_ARG.fullmatch(text):
        raise Mistake(leaf, 'a boot parameter such as "hugepages=0"', found)


# ---- evaluating -------------------------------------------------------------


def holds(
    condition: Condition, names: Callable[[str], Value], facts: Callable[[Fact], Value]
) -> bool:
    """Whether a condition is true. Arguments and errors as of ``evaluate``."""
    return _truth(evaluate(condition, names, facts))


def requires_met(condition: Condition, environment: Environment) -> bool:
    """Whether an environment is what a program's ``requires:`` asks for."""
    known: dict[str, Value] = {
        "arch": environment.arch,
        "kernel": environment.kernel,
        "config": frozenset(environment.config.split(CONFIG_MARK)),
        "option": frozenset(environment.options),
        "boot_arg": frozenset(environment.boot_args),
    }

    def no_fact(fact: Fact) -> Value:
        raise UsageError(f"requires: {render_condition(fact)}: an environment has no such fact")

    return holds(condition, lambda name: known.get(name, name), no_fact)


def boot_args_asked(condition: Condition) -> tuple[str, ...]:
    """The boot parameters that a ``requires:`` names as what has to be there, in order."""
    if not isinstance(condition, Binary):
        return ()
    if condition.operator == "and":
        return boot_args_asked(condition.left) + boot_args_asked(condition.right)
    if condition.operator == "==" and condition.left == Name("boot_arg"):
        return (_word(condition.right),)
    return ()


def _word(item: Condition) -> str:
    """What a word or a string says."""
    if isinstance(item, Literal) and isinstance(item.value, bytes):
        return item.value.decode("latin-1")
    return item.name if isinstance(item, Name) else ""


def evaluate(
    condition: Condition, names: Callable[[str], Value], facts: Callable[[Fact], Value]
) -> Value:
    """What a condition is worth. ``and`` and ``or`` stop at the first that decides.

    Args:
        names: value of a name that is neither a constant nor a version.
        facts: value of a fact; of ``page`` a number, 0 where there is none. What
            either raises passes through.

    Raises:
        UsageError: values that do not compare or add.
    """
    if isinstance(condition, Name):
        if condition.name in CONSTANTS:
            return CONSTANTS[condition.name]
        if _VERSION.fullmatch(condition.name):
            return _version(condition.name)
        return names(condition.name)
    if isinstance(condition, Literal):
        return condition.value
    if isinstance(condition, Fact):
        return facts(condition)
    if isinstance(condition, Tuple):
        raise UsageError(f"{render_condition(condition)}: a tuple stands only behind 'in'")
    if isinstance(condition, Unary):
        value = evaluate(condition.operand, names, facts)
        return not _truth(value) if condition.operator == "not" else -_number(value)
    sign = condition.operator
    left = evaluate(condition.left, names, facts)
    if sign in ("and", "or"):
        if _truth(left) == (sign == "or"):
            return sign == "or"
        return _truth(evaluate(condition.right, names, facts))
    if sign == "in":
        items = condition.right.items if isinstance(condition.right, Tuple) else ()
        return any(_compare("==", left, evaluate(item, names, facts)) for item in items)
    right = evaluate(condition.right, names, facts)
    if sign in _COMPARE:
        return _compare(sign, left, right)
    return _number(left) + (_number(right) if sign == "+" else -_number(right))


def _truth(value: Value) -> bool:
    if not isinstance(value, int):
        raise UsageError(f"expected a comparison in a condition, found {value!r}")
    return value != 0


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise UsageError(f"expected a number in a condition, found {value!r}")
    return value


def _version(text: str) -> Version:
    """The numbers at the beginning of a version: 6.1.192-1 is (6, 1, 192)."""
    match = _RELEASE.match(text)
    if match is None:
        raise UsageError(f"expected a kernel version such as 6.1, found {text!r}")
    return tuple(int(part) for part in match[0].split("."))


def _compare(sign: str, left: Value, right: Value) -> bool:
    """Compare two values of one kind; a version as far as the shorter one goes."""
    if isinstance(left, str | frozenset) and isinstance(right, bytes):
        right = right.decode("latin-1")
    if isinstance(left, frozenset) and isinstance(right, str) and sign in ("==", "!="):
        return (right in left) == (sign == "==")
    if isinstance(left, str) and isinstance(right, int | tuple):
        left = _version(left)
        right = (right,) if isinstance(right, int) else right
    if isinstance(left, tuple) and isinstance(right, tuple):
        length = min(len(left), len(right))
        return _COMPARE[sign](left[:length], right[:length])
    alike = any(isinstance(left, kind) and isinstance(right, kind) for kind in (int, bytes, str))
    if not alike or (sign not in ("==", "!=") and not isinstance(left, int)):
        raise UsageError(f"a condition cannot compare {left!r} {sign} {right!r}")
    return _COMPARE[sign](left, right)
