"""A mutant in the place of the true model, in this process: nothing brings that back."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from harness import check

from .mutate import Mutant

PACKAGE = "harness.model"
_AGAIN = (PACKAGE, "harness.check")

Check = Callable[..., check.Checked]


def in_place(mutant: Mutant) -> Check | None:
    """Gives the changed function its code, whoever knows it; check_trace, or None if it cannot.

    What was made by the function while the model was imported stays as it was.
    """
    module = sys.modules[f"{PACKAGE}.{mutant.module}"]
    code: CodeType | None = compile(mutant.source, str(module.__file__), "exec")
    where: Any = module
    for name in mutant.function.split("."):
        inner = [one for one in code.co_consts if isinstance(one, CodeType)] if code else []
        code = next((one for one in inner if one.co_name == name), None)
        where = vars(where).get(name)
        where = getattr(where, "fget", None) or getattr(where, "__func__", None) or where
        if isinstance(where, FunctionType):
            break
        if not isinstance(where, type):
            return None
    if code is None or not isinstance(where, FunctionType) or where.__code__ == code:
        return None
    try:
        where.__code__ = code
    except ValueError:  # it uses other variables from outside
        return None
    return check.check_trace


def anew(mutant: Mutant) -> Check:
    """Imports everything again, the mutant in its module's place; check_trace of that."""
    for name in list(sys.modules):
        if name in _AGAIN or name.startswith(tuple(f"{one}." for one in _AGAIN)):
            del sys.modules[name]
    sys.meta_path.insert(0, _Finder(mutant))
    found: Check = importlib.import_module("harness.check").check_trace
    return found


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module: the mutated one."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = f"{PACKAGE}.{mutant.module}"
        self._source = mutant.source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name or path is None:
            return None
        where = str(Path(path[0]) / f"{fullname.rpartition('.')[2]}.py")
        loader = _Loader(fullname, where, self._source)
        return importlib.util.spec_from_file_location(fullname, where, loader=loader)


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module's file with another text."""

    def __init__(self, fullname: str, path: str, source: str) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._source.encode(), self.path)
