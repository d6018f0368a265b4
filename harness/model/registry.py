"""The registry of rules: what each is called, and the kernel source it restates.

A rule is a small function from facts to a decision. What carries a decision
out (counts, lists, page tables) is in the other modules of this package; they
ask here. A wrong kernel, or a wrong model, differs in one of these:
tests/quality turns each one round and expects a shipped program to notice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ..abi import VmaFlag
from .semantics import Semantics
from .state import Vma

V_READ = int(VmaFlag.READ)
V_WRITE = int(VmaFlag.WRITE)
V_ACCESS = int(VmaFlag.READ | VmaFlag.WRITE | VmaFlag.EXEC)
V_SHARED = int(VmaFlag.SHARED)
V_MAYREAD = int(VmaFlag.MAYREAD)
V_MAYWRITE = int(VmaFlag.MAYWRITE)
V_MAYSHARE = int(VmaFlag.MAYSHARE)
V_GROWSDOWN = int(VmaFlag.GROWSDOWN)
V_LOCKED = int(VmaFlag.LOCKED)
V_PFNMAP = int(VmaFlag.PFNMAP)
V_MIXEDMAP = int(VmaFlag.MIXEDMAP)
V_IO = int(VmaFlag.IO)
V_DONTEXPAND = int(VmaFlag.DONTEXPAND)
V_HUGETLB = int(VmaFlag.HUGETLB)
V_PFNMAP = int(VmaFlag.PFNMAP)
V_UFFD_MISSING = int(VmaFlag.UFFD_MISSING)
V_UFFD_WP = int(VmaFlag.UFFD_WP)
V_UFFD_MINOR = int(VmaFlag.UFFD_MINOR)
V_MAYBE_GUARD = int(VmaFlag.MAYBE_GUARD)
V_UFFD = V_UFFD_MISSING | V_UFFD_WP | V_UFFD_MINOR


@dataclass(frozen=True, slots=True)
class Rule:
    """What the registry knows of a rule.

    Attributes:
        name: "cow.exclusive_reuse".
        source: kernel version, file and function(s).
        text: first line of its docstring.
    """

    name: str
    source: str
    text: str


REGISTRY: dict[str, Rule] = {}
_F = TypeVar("_F", bound=Callable[..., Any])
_R = TypeVar("_R", bound="RuleBase")


def rule(name: str, source: str) -> Callable[[_F], _F]:
    """Register a method of Rules."""

    def register(method: _F) -> _F:
        text = (method.__doc__ or "").strip().splitlines()[0]
        REGISTRY[name] = Rule(name, source, text)
        method.rule = name  # type: ignore[attr-defined]
        return method

    return register


def is_cow(vma: Vma) -> bool:
    """is_cow_mapping(): private, and may become writable."""
    return vma.flags & (V_SHARED | V_MAYWRITE) == V_MAYWRITE


class RuleBase:
    """Rules under one environment's semantics.

    Attributes:
        trail: names of the rules asked since it was last emptied; stays empty but in
            what ``traced`` gives.
    """

    def __init__(self, semantics: Semantics) -> None:
        self.sem = semantics
        self.trail: list[str] = []

    @classmethod
    def methods(cls) -> dict[str, str]:
        """Rule name -> method name, of every rule there is."""
        return {
            vars(base)[name].rule: name
            for base in cls.__mro__
            for name in vars(base)
            if hasattr(vars(base)[name], "rule")
        }


_TRACED: dict[type[RuleBase], type[RuleBase]] = {}


def traced(kind: type[_R]) -> type[_R]:
    """The same rules; each call leaves the rule's name on the trail.

    Apart, because most of the time nobody asks, and rules are asked very often. Made once
    for each kind: there are hundreds of rules.
    """
    if kind not in _TRACED:
        _TRACED[kind] = _traced(kind)
    found = _TRACED[kind]
    assert issubclass(found, kind)
    return found


def _traced(kind: type[_R]) -> type[_R]:

    def leaving(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(self: RuleBase, *args: Any) -> Any:
            self.trail.append(name)
            return method(self, *args)

        return ask

    methods = {
        method: leaving(name, getattr(kind, method)) for name, method in kind.methods().items()
    }
    return type(kind.__name__, (kind,), methods)
