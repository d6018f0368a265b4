"""The import rule, from the real imports: each layer knows only those above it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from pysource import Imports, imports_of

ROOT = Path(__file__).resolve().parents[2] / "harness"

# Above to below; inside a layer a module imports only from those to its left. A package is one
# word here; its own modules are ordered by INSIDE, or only kept free of circles.
LAYERS: dict[str, str] = {
    "L0": "errors verdict arch abi environment trace program klog kconfig"
    " signatures grammar language binding conditions scope"
    " calls_access calls_driver calls_frames calls_memory calls_mpage calls_uffd calls_zap calls"
    " layout",
    "L1": "model claims check compare generate shrink",
    "L2": "qemu_cmd console wire line cpio symbols bzimage",
    "L3": "tree host progress keeper proc cache kept jobserver debian sources archive toolchain"
    " mirror own configuration kbuild drivers installed kmod_build image disk build plan accel"
    " channel vm hang session recorder guest"
    " snapshot fresh",
    "L4": "jobs report",
    "L5": "interrupts output comparing fuzzing options fuzzing_commands commands cli __main__",
}
MAY = {
    "L0": {"L0"},
    "L1": {"L0", "L1"},
    "L2": {"L0", "L2"},
    "L3": {"L0", "L2", "L3"},
    "L4": {"L0", "L1", "L2", "L3", "L4"},
    "L5": {"L0", "L1", "L2", "L3", "L4", "L5"},
}
PURE = ("L0", "L1", "L2")
EFFECTS = {"os", "socket", "threading", "selectors", "time", "random", "tempfile"}
SPAWNERS = {"subprocess", "multiprocessing", "pty", "asyncio", "concurrent"}
STARTS = {"fork", "forkpty", "system", "popen", "posix_spawn", "posix_spawnp"}
MAY_START = {"proc", "keeper"}

LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names.split()}
PLACE = {name: at for names in LAYERS.values() for at, name in enumerate(names.split())}


def first(module: str) -> str:
    """Its first word."""
    return module.partition(".")[0]


def modules() -> list[str]:
    """All modules of the package, dotted, without the package's name."""
    found = []
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            found.append(name)
    return found


def source_of(module: str) -> Imports:
    path = ROOT.joinpath(*module.split("."))
    return imports_of(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))


def imports(module: str) -> Iterator[str]:
    """What it imports, dotted; from inside the package with a leading dot."""
    is_package = ROOT.joinpath(*module.split(".")).is_dir()
    folder = module.split(".") if is_package else module.split(".")[:-1]
    for node in source_of(module).statements:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif not node.level:
            yield node.module or ""
        else:
            base = folder[: len(folder) - node.level + 1] + (node.module or "").split(".")
            for alias in node.names:
                yield resolve([part for part in base if part], alias.name)


def resolve(base: list[str], name: str) -> str:
    """``from .x import y``: y is a module, or something that module x has."""
    whole = ".".join([*base, name])
    return "." + (whole if whole in MODULES else ".".join(base))


def wrong_imports(module: str, imported: list[str]) -> list[str]:
    """Those that the layers forbid."""
    top = first(module)
    layer = LAYER_OF[top]
    wrong = []
    for name in imported:
        if not name.startswith("."):
            if name.split(".")[0] == "harness":
                wrong.append(f"{module} imports {name} by its absolute name")
            continue
        other = name[1:].split(".")[0]
        if not other or other == top:
            continue
        if LAYER_OF[other] not in MAY[layer]:
            wrong.append(f"{module} ({layer}) imports {other} ({LAYER_OF[other]})")
        elif LAYER_OF[other] == layer and PLACE[other] > PLACE[top]:
            wrong.append(f"{module} imports {other}, which stands right of it in {layer}")
    return wrong


MODULES = frozenset(modules())
GRAPH = {module: list(imports(module)) for module in sorted(MODULES)}


def test_every_module_has_a_layer_and_keeps_to_it() -> None:
    for module, imported in GRAPH.items():
        assert first(module) in LAYER_OF, f"{module}: give it a layer here and in docs/"
        known = [name for name in imported if name[1:].split(".")[0] in LAYER_OF]
        assert not wrong_imports(module, [*known, *(n for n in imported if n[:1] != ".")])


def test_every_word_of_the_table_is_a_module() -> None:
    assert set(LAYER_OF) == {first(module) for module in GRAPH}


def test_the_rule_rejects_what_it_should() -> None:
    assert wrong_imports("check", [".guest"])
    assert wrong_imports("guest", [".model.step"])
    assert wrong_imports("errors", [".verdict"])
    assert wrong_imports("wire", [".proc"])
    assert wrong_imports("jobs.run", [".report.junit"])
    assert wrong_imports("jobs.run", ["harness.errors"])
    assert not wrong_imports("report.junit", [".jobs.results", ".verdict"])
    assert not wrong_imports("jobs.backend", [".guest", ".check", ".jobs.judge"])


def test_there_is_no_circle() -> None:
    done: set[str] = set()
    path: list[str] = []

    def visit(module: str) -> None:
        assert module not in path, " -> ".join([*path, module])
        if module in done or module not in GRAPH:
            return
        path.append(module)
        for name in GRAPH[module]:
            if name.startswith(".") and name[1:] != module:
                visit(name[1:])
        path.pop()
        done.add(module)

    for module in GRAPH:
        visit(module)


def test_who_starts_processes_and_who_is_pure() -> None:
    for module, imported in GRAPH.items():
        top = first(module)
        outside = {name.split(".")[0] for name in imported if not name.startswith(".")}
        assert not outside & SPAWNERS, f"{module}: every process starts in proc"
        starts = {
            name
            for name in source_of(module).of_os
            if name in STARTS or name.startswith(("exec", "spawn"))
        }
        assert top in MAY_START or not starts, f"{module}: every process starts in proc"
        layer = LAYER_OF[top]
        if layer in PURE:
            assert not outside & EFFECTS, module
        if layer in ("L0", "L1"):
            assert outside <= sys.stdlib_module_names | {""}, module
