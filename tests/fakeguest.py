"""A guest that does what the model says: traces without QEMU.

For unit tests of the checker, beside the real runs. Page n of the model lies in
frame 0x1000 + n; with ``reuse`` the lowest free frame is taken, as a real
allocator might.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harness import abi, language, layout, trace
from harness.check.compare import _rss, _vmas, fixed_frame
from harness.conditions import boot_args_asked
from harness.environment import OPTIONS, Environment
from harness.model import Arena, Expected, Model, Rules, Semantics, State, semantics_for
from harness.model.semantics import (
    FEATURE_GATE,
    FEATURE_MIGRATION_AD,
    FEATURE_PAT,
    FEATURE_SPLIT_RSS,
    FEATURE_SWAP,
    FEATURE_UFFD_WP,
    FEATURE_WT,
)
from harness.model.state import FRAME_OFFSET, G_COMPOUND, ROM_PAGE, Mm
from harness.program import Compiled
from harness.trace import Header, Outcome, Trace

ZERO_PFN = 0x42
FEATURES = FEATURE_GATE | FEATURE_SPLIT_RSS | FEATURE_SWAP | FEATURE_UFFD_WP
FEATURES |= FEATURE_PAT | FEATURE_WT | FEATURE_MIGRATION_AD
FACTS = {"zero_pfn": ZERO_PFN, "features": FEATURES}
ENVIRONMENT = Environment(kernel="6.1.192", arch="x86_64", facts=FACTS, options=OPTIONS)

View = dict[tuple[int, ...], tuple[int, ...]]


class _Frames:
    """Which frame each page of the model lies in."""

    def __init__(self) -> None:
        self.of = {0: ZERO_PFN}
        # of compound pages, also of those that were split: frame and size
        self.heads: dict[int, tuple[int, int]] = {}

    def update(self, state: State) -> None:
        for page in [page for page in self.of if page not in state.pages]:
            del self.of[page]
        used = set(self.of.values())
        for page, pfn in self.of.items():
            if state.pages[page].flags & G_COMPOUND and not state.pages[page].tail:
                used.update(range(pfn, pfn + abi.HUGE_PAGES))
        for page in sorted(state.pages):
            if page >= ROM_PAGE:
                self.of[page] = fixed_frame(page)
                continue
            tail = state.pages[page].tail
            if tail:
                self.of[page] = self.of[page - tail] + tail
            elif page not in self.of:
                self.of[page] = self._part(page) or self._free(state, page, used)

    def _part(self, page: int) -> int:
        """The frame of a page that was a huge page's; 0: it was none."""
        for head, (pfn, size) in self.heads.items():
            if head < page < head + size:
                return pfn + page - head
        return 0

    def _free(self, state: State, page: int, used: set[int]) -> int:
        """The lowest frames that are free."""
        huge = state.pages[page].flags & G_COMPOUND
        pages = abi.HUGE_PAGES if huge else 1
        pfn = next(n for n in range(0x1000, 0x9000, pages) if used.isdisjoint(range(n, n + pages)))
        used.update(range(pfn, pfn + pages))
        if huge:
            self.heads[page] = (pfn, state.pages[page].size)
        return pfn


def _entries(process: int, mm: Mm, frames: dict[int, int]) -> View:
    """The entries of one process's page tables."""
    view: View = {(process, at): (pte.flags, frames[pte.page]) for at, pte in mm.ptes.items()}
    for at, absent in mm.absent.items():
        view[process, at] = (absent.flags, absent.slot and abi.FRAME_SWAP + absent.slot)
    return view


def _view(state: State, frames: dict[int, int], touches: tuple[int, ...]) -> dict[int, View]:
    """Every record that a whole snapshot has, by section."""
    view: dict[int, View] = {section: {} for section in abi.Section}
    for process, mm in state.mms.items():
        view[abi.Section.PTE] |= _entries(process, mm, frames)
        view[abi.Section.RSS][(process,)] = _rss(state, process) or ()
        for number, vma in enumerate(_vmas(state, process) or ()):
            *attributes, pgoff = vma
            pgoff = frames.get(pgoff - FRAME_OFFSET, pgoff)
            view[abi.Section.VMA][process, number] = (*attributes, pgoff)
    for number in state.pages:
        record = state.record(number)
        if record is not None:
            *counts, content = record
            words = [content.words.get(offset >> 3, 0) for offset in touches]
            words += [0] * (abi.TOUCH_MAX - len(words))
            view[abi.Section.PAGE][(frames[number],)] = (*counts, content.digest, *words)
    for slot, held in state.held.items():
        for index, kept in enumerate(held):
            if kept is not None:
                view[abi.Section.HELD][slot, index] = (frames[kept],)
    _view_files(view, state, frames)
    return view


def _view_files(view: dict[int, View], state: State, frames: dict[int, int]) -> None:
    for slot, number in state.slots.items():
        file = state.files[number]
        view[abi.Section.FILE][(slot,)] = (file.size,)
        for at, asked in enumerate(file.io.records if file.io is not None else ()):
            view[abi.Section.IO][slot, at] = asked
        for index, cached in file.cache.items():
            view[abi.Section.CACHE][slot, index] = (frames[cached],)
        for index, place in file.swapped.items():
            view[abi.Section.CACHE][slot, index] = (abi.FRAME_SWAP + place,)


def _section(kind: abi.Section, records: list[bytes]) -> bytes:
    if not records:
        return b""
    return abi.SECTION.pack(kind, len(records[0]), len(records)) + b"".join(records)


def _changes(old: dict[int, View], new: dict[int, View]) -> bytes:
    """The sections that lead from one view to the next."""
    out = b""
    for kind in abi.Section:
        before, after = old[kind], new[kind]
        changed = sorted(key for key in after if before.get(key) != after[key])
        gone = sorted(key for key in before if key not in after)
        pack = abi.SECTION_RECORDS[kind].pack
        records: list[bytes] = []
        if kind is abi.Section.PTE:
            records = [pack(key[0], after[key][0], key[1], after[key][1]) for key in changed]
            records += [pack(key[0], 0, key[1], 0) for key in gone]
        elif kind is abi.Section.GONE:
            frames = old[abi.Section.PAGE].keys() - new[abi.Section.PAGE].keys()
            records = [pack(*key) for key in sorted(frames)]
        elif kind is abi.Section.VMA:
            records = _vma_records(before, after)
        else:
            records = [pack(*key, *after[key]) for key in changed]
            if kind in (abi.Section.HELD, abi.Section.CACHE):
                records += [pack(*key, 0) for key in gone]
        out += _section(kind, records)
    return out


def _vma_records(before: View, after: View) -> list[bytes]:
    records: list[bytes] = []
    for process in sorted({key[0] for key in (*before, *after)}):
        was = [before[key] for key in sorted(before) if key[0] == process]
        now = [after[key] for key in sorted(after) if key[0] == process]
        if was != now:
            rows = now or [(0, 0, 0, 0, 0)]
            records += [abi.VMA_RECORD.pack(process, *row) for row in rows]
    return records


def _log(expected: Expected) -> bytes:
    """What a kernel says where the model expects a warning of it."""
    if expected.warning is None:
        return b""
    place = f"{expected.warning.file}:1 {expected.warning.functions[0]}+0x1/0x2"
    return f"4,1,1,-;WARNING: CPU: 0 PID: 1 at {place}\n".encode()


def _outcome(
    number: int, expected: Expected, snapshot: bytes | None, frames: dict[int, int]
) -> Outcome:
    data = expected.data or b""
    if expected.frame is not None:
        data = frames[expected.frame].to_bytes(8, "little")
    return Outcome(
        operation=number,
        kind=expected.kind,
        ret=expected.ret,
        signo=expected.signo,
        si_code=expected.si_code,
        addr=expected.addr,
        refused=expected.refused,
        data=data,
        log=_log(expected),
        snapshot=snapshot,
    )


def run(
    text: str,
    *,
    compiled: Compiled | None = None,
    observe: str = "each",
    rules: type[Rules] = Rules,
    alter: Callable[[Outcome], Outcome] = lambda outcome: outcome,
    name: str = "fake.mm",
    environment: Environment = ENVIRONMENT,
    semantics: Semantics | None = None,
) -> Trace:
    """The trace of a program on a guest that follows these rules.

    Args:
        compiled: the text's program, from whoever compiled it already.
        semantics: what the guest does; the environment's if not given.
        alter: changes each outcome on its way.
    """
    if compiled is None:
        compiled = layout.compile_program(language.parse(text, name))
    asked = [arg for one in compiled.requires for arg in boot_args_asked(one)]
    environment = replace(environment, boot_args=tuple(asked))
    sem = semantics or semantics_for(environment, observe)
    model = Model(sem, Arena(compiled.arena_start, compiled.arena_pages), rules(sem))
    state = model.initial()
    frames = _Frames()
    seen: dict[int, View] = {section: {} for section in abi.Section}
    outcomes = []
    for number, op in enumerate(compiled.ops):
        branch = model.step(state, op)[0]
        state = branch.state
        snapshot = None
        frames.update(state)
        if observe == "each" or number == len(compiled.ops) - 1:
            now = _view(state, frames.of, compiled.touches)
            snapshot = _changes(seen, now)
            seen = now
        outcomes.append(alter(_outcome(number, branch.expected, snapshot, frames.of)))
    header = Header(environment, name, text, observe)
    return Trace(header, tuple(outcomes), True, trace.Ending())
