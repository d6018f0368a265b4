"""Traces without the numbers of their frames: what two guests have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from harness import language, layout
from harness.abi import Code, VmaFlag
from harness.check.observed import Observed
from harness.trace import Outcome, Trace

View: TypeAlias = dict[str, object]
Vma: TypeAlias = tuple[int, ...]


def without_frames(trace: Trace) -> list[tuple[Outcome, View]]:
    """Each outcome apart from its snapshot, and everything that was known then.

    Frames are named by where they are met first, anew each time: one that was freed may be
    reused in one guest and not in another, and only what changed is in a snapshot.
    """
    program = layout.compile_program(language.parse(trace.header.text, trace.header.program))
    observed = Observed()
    said = []
    for outcome, op in zip(trace.outcomes, program.ops, strict=False):
        if outcome.snapshot is not None:
            observed.apply(outcome.snapshot)
        answer = outcome.data
        if op.code is Code.FOLLOW_PFN and not outcome.ret:
            answer = b""  # a frame's number
        said.append((replace(outcome, snapshot=None, log=b"", data=answer), _view(observed)))
    return said


def _view(observed: Observed) -> View:
    names: dict[int, int] = {}

    def name(pfn: int) -> int:
        return names.setdefault(pfn, len(names))

    def offset(vma: Vma) -> Vma:
        """Of what is mapped privately by remap_pfn_range(), the file's page is a frame."""
        kind = vma[2] & (VmaFlag.PFNMAP | VmaFlag.MAYSHARE)
        return (*vma[:4], name(vma[4])) if kind == VmaFlag.PFNMAP else vma

    view: View = {
        "pte": [(key, flags, name(pfn)) for key, (flags, pfn) in sorted(observed.pte.items())],
        "held": [(key, name(pfn)) for key, pfn in sorted(observed.held.items())],
        "cache": [(key, name(pfn)) for key, pfn in sorted(observed.cache.items())],
        "rss": dict(observed.rss),
        "vma": {process: [*map(offset, vmas)] for process, vmas in observed.vma.items()},
        "file": dict(observed.file),
    }
    view["page"] = {names[pfn]: page for pfn, page in observed.page.items() if pfn in names}
    view["rest"] = sorted(page for pfn, page in observed.page.items() if pfn not in names)
    return view
