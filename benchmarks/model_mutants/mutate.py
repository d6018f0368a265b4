"""Mutants of a module's source, by mutmut's operators.

mutmut itself leaves decorated functions alone, because it keeps each mutant beside the original in
one file. The model's rules and calls are such functions; so only its operators are used, and each
mutant is a source of its own.
"""

from __future__ import annotations

import ast
import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import HarnessError

REQUIREMENTS = "benchmarks/requirements.txt"
# Names whose values decide nothing: what a module exports, where attributes are kept, what
# reports say of an allowance.
_NO_BEHAVIOUR = frozenset({"__all__", "__slots__", "ALLOWANCES"})
# Modules that no check asks: what branches and flags are called, which programs tell them apart.
APART = frozenset({"branches", "flags", "telling"})
# Functions that none asks either: who reads sources and learns which rules took part.
_REPORTS = frozenset({"rule", "traced", "_traced", "RuleBase.methods"})
# Records of which a kernel's traces can show no other than its own line's.
RECORDS = frozenset({"releases"})
# The call whose string is a name for reports.
_NAMED = frozenset({"choose"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module.

    Attributes:
        module: "zap".
        function: "range_", "ZapRules.zap_spares"; "" outside of functions.
        old, new: code of what is changed, and what it becomes.
        nth: which of several that are the same in all this, from 1.
        operator: mutmut's name of it.
        source: the module's whole text with the change.
        lines: first and last line (of the original) one of which has to run for the change to
            matter; None if that is the import.
    """

    module: str
    function: str
    old: str
    new: str
    nth: int
    operator: str
    source: str
    lines: tuple[int, int] | None

    @property
    def name(self) -> str:
        """By what it is known, wherever in its function it is."""
        return _name(self.module, self.function, self.old, self.new, self.nth)


@dataclass(frozen=True, slots=True)
class _Change:
    """A node that an operator changes.

    Attributes:
        within: nodes around it, the module first.
        line: where it begins.
        default: it is the default of a parameter.
    """

    name: tuple[str, str, str, str, int]
    operator: str
    node: Any
    changed: Any
    within: Sequence[Any]
    line: int
    default: bool


def _name(module: str, function: str, old: str, new: str, nth: int) -> str:
    text = f"{module}:{function or '<module>'}: {old} -> {new}"
    return text if nth == 1 else f"{text} #{nth}"


def _plain(operator: Any) -> str:
    return str(operator.__name__).removeprefix("operator_").replace("_", " ")


def sample(paths: Sequence[Path], count: int, seed: int) -> tuple[list[Mutant], frozenset[str]]:
    """So many mutants of these modules, or all where there are fewer; and the names of all.

    Each mutant has its own place in the order of a seed: an edit of the model exchanges only the
    mutants of what was edited.

    Raises:
        HarnessError: mutmut is not installed.
    """
    modules = {path.stem: _Module(path) for path in paths if path.stem not in APART}
    order = [
        (hashlib.sha256(f"{seed}:{_name(*change.name)}".encode()).digest(), at, change)
        for module in modules.values()
        for at, change in enumerate(module.changes())
    ]
    names = frozenset(_name(*change.name) for _, _, change in order)
    heapq.heapify(order)
    taken: dict[tuple[str, str], Mutant] = {}
    while order and len(taken) < count:
        _, _, change = heapq.heappop(order)
        made = modules[change.name[0]].made(change)
        if made is not None:
            taken.setdefault((made.module, made.source), made)
    return list(taken.values()), names


class _Module:
    """One module's source, parsed by libcst."""

    def __init__(self, path: Path) -> None:
        try:
            import libcst as cst
            from libcst.metadata import MetadataWrapper, PositionProvider
            from mutmut.mutation.mutators import mutation_operators
        except ImportError:
            raise HarnessError(
                f"mutmut is missing: .venv/bin/pip install -r {REQUIREMENTS}"
            ) from None
        self._cst = cst
        self._operators = mutation_operators
        self._name = path.stem
        self._text = path.read_text("utf-8")
        self._tree = ast.parse(self._text)
        wrapper = MetadataWrapper(cst.parse_module(self._text))
        self._module = wrapper.module
        self._positions = wrapper.resolve(PositionProvider)
        self._parts = [self._module.code_for_node(one) for one in self._module.body]
        self._head = "".join(self._module.code_for_node(one) for one in self._module.header)

    def changes(self) -> Iterator[_Change]:
        """Everything that the operators would change."""
        seen: Counter[tuple[str, str, str]] = Counter()
        for node, within in self._behaviour(self._module, ()):
            function = self._function(within)
            if function in _REPORTS or (not function and self._name in RECORDS):
                continue
            for kind, operator in self._operators:
                if not isinstance(node, kind):
                    continue
                for changed in operator(node):
                    old, new = (self._text_of(one) for one in (node, changed))
                    if old == new:
                        continue
                    seen[function, old, new] += 1
                    name = (self._name, function, old, new, seen[function, old, new])
                    default = any(isinstance(one, self._cst.Param) for one in within)
                    line = self._line(node, within)
                    around = (*within, node)
                    yield _Change(name, _plain(operator), node, changed, around, line, default)

    def _text_of(self, node: Any) -> str:
        """Its code on one line."""
        return " ".join(self._module.code_for_node(node).split())

    def _behaviour(self, node: Any, within: tuple[Any, ...]) -> Iterator[tuple[Any, Sequence[Any]]]:
        """Every node that has to do with what the module does, and the nodes around it."""
        if self._idle(node, within):
            return
        yield node, within
        for child in node.children:
            yield from self._behaviour(child, (*within, node))

    def _idle(self, node: Any, within: Sequence[Any]) -> bool:
        """Annotations, decorators, docstrings, assertions, texts of errors, names of reports."""
        cst = self._cst
        match node:
            case (
                cst.Annotation() | cst.Decorator() | cst.Assert() | cst.Import() | cst.ImportFrom()
            ):
                return True
            case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString()):
                return True
            case cst.If(test=cst.Name(value="TYPE_CHECKING")):
                return True
            case cst.Assign(value=cst.Call(func=cst.Name(value="TypeVar"))):
                return True
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
                return name in _NO_BEHAVIOUR
            case cst.AnnAssign(annotation=cst.Annotation(annotation=cst.Name(value="TypeAlias"))):
                return True
            case cst.Raise(exc=cst.Call(args=args)):
                return all(isinstance(one.value, cst.BaseString) for one in args)
            case cst.BaseString():
                return any(self._tells(one) for one in within)
        return False

    def _tells(self, node: Any) -> bool:
        """Is a string in it only told to people?"""
        cst = self._cst
        match node:
            case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))):
                return name in _NAMED
        return False

    def _function(self, within: Sequence[Any]) -> str:
        """The classes' and functions' names around something, if a function is one of them."""
        cst = self._cst
        named = [one for one in within if isinstance(one, cst.ClassDef | cst.FunctionDef)]
        if not any(isinstance(one, cst.FunctionDef) for one in named):
            return ""
        return ".".join(one.name.value for one in named)

    def _line(self, node: Any, within: Sequence[Any]) -> int:
        """Where it, or what it is part of, begins; operators have no place of their own."""
        placed = (one for one in (node, *reversed(within)) if one in self._positions)
        return int(self._positions[next(placed)].start.line)

    def made(self, change: _Change) -> Mutant | None:
        """The mutant; None if the change is none, or gives no Python."""
        statement = change.within[1]
        at = next(at for at, one in enumerate(self._module.body) if one is statement)
        changed = statement.deep_replace(change.node, change.changed)
        text = self._module.code_for_node(changed)
        try:
            same = ast.dump(ast.parse(text)) == ast.dump(ast.parse(self._parts[at]))
        except SyntaxError:
            return None
        if same:
            return None
        source = "".join((self._head, *self._parts[:at], text, *self._parts[at + 1 :]))
        return Mutant(*change.name, change.operator, source, self._lines(change))

    def _lines(self, change: _Change) -> tuple[int, int] | None:
        """The innermost statement's lines, without those of the statements inside of it."""
        if not change.name[1]:
            return None
        around = [
            node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.stmt) and node.lineno <= change.line <= (node.end_lineno or 0)
        ]
        if change.default:
            around = [one for one in around if isinstance(one, ast.FunctionDef)]
        inner = max(around, key=lambda one: (one.lineno, -(one.end_lineno or 0)))
        body = getattr(inner, "body", None)
        if change.default and body:
            return body[0].lineno, inner.end_lineno or inner.lineno
        return inner.lineno, body[0].lineno - 1 if body else inner.end_lineno or inner.lineno
