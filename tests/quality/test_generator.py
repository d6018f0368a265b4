"""Do generated programs cover the language, and the model? No guest is needed for that."""

from __future__ import annotations

import dataclasses
import functools
from collections import defaultdict
from pathlib import Path

from harness import language, layout
from harness.generate import BATCH, EMPTY, Generated, Generator
from harness.model import Semantics, branches
from harness.model.releases import RELEASES
from harness.program import Compiled, Operation, Symbols
from harness.signatures import CALLS

ROOT = Path(__file__).parents[2]
SEED = 3
MISSING = 10  # branches that no shipped program reaches on any kernel, at most
# What makes a guest another beside its kernel's line.
X86 = Semantics()
ARM = Semantics(
    tagged_addresses=True,
    software_young=True,
    gate_page=False,
    hwpoison_code=4,
    uffd_wp=False,
    write_combining=True,
    write_through=False,
    tracks_types=False,
    keeps_type=False,
    rom=False,
    ioremap_warning=("arch/arm64/mm/ioremap.c", ("ioremap_prot",)),
    ioremap_warns_once=False,
    phys_by_entry=True,
)


@functools.cache
def generated() -> tuple[Generated, ...]:
    """Four batches of one campaign."""
    corpus, programs = EMPTY, []
    for first in range(0, 4 * BATCH, BATCH):
        generator = Generator(SEED, corpus)
        batch = [generator.program(index) for index in range(first, first + BATCH)]
        corpus = corpus.feed(batch)
        programs += batch
    return tuple(programs)


def reached(programs: list[Compiled]) -> set[str]:
    """The branches that they reach on the four kernels, of both architectures."""
    kernels = [
        dataclasses.replace(base, release=release)
        for release in RELEASES.values()
        for base in (X86, ARM)
    ]
    return {
        name
        for program in programs
        for kernel in kernels
        for name in branches.reached(program, kernel)
    }


def test_every_call_and_every_symbol_is_generated() -> None:
    calls: set[str] = set()
    words: dict[str, set[str]] = defaultdict(set)
    for program in generated():
        for line in program.program.lines:
            if not isinstance(line.node, Operation):
                continue
            call = line.node.call
            calls.add(call.function)
            parameters = CALLS[call.function].parameters
            named = [(one.name, value) for one, value in zip(parameters, call.args, strict=False)]
            for name, value in (*named, *call.named):
                words[name].update(value.names if isinstance(value, Symbols) else ())
    assert set(CALLS) - calls == set()
    for signature in CALLS.values():
        for parameter in signature.parameters:
            assert set(parameter.symbols or ()) - words[parameter.name] == set(), parameter.name


def test_generated_programs_reach_most_branches() -> None:
    every = set(branches.ALL) - set(branches.UNREACHABLE)
    there = reached([program.compiled for program in generated()[::4]])
    assert len(there & every) >= 0.85 * len(every), sorted(every - there)


def test_shipped_programs_reach_nearly_every_branch() -> None:
    paths = sorted((ROOT / "programs").rglob("*.mm"))
    shipped = [
        layout.compile_program(language.parse(path.read_text("utf-8"), path.name)) for path in paths
    ]
    missing = set(branches.ALL) - reached(shipped)
    assert set(branches.UNREACHABLE) <= missing
    assert len(missing - set(branches.UNREACHABLE)) <= MISSING, sorted(missing)
