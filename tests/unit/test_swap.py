"""Swap: what the model says of slots, entries and the swap cache."""

from __future__ import annotations

import dataclasses

import fakeguest
import pytest

from harness import abi, check, language, layout
from harness.check.describe import outcome_text
from harness.model import Arena, Model, Semantics, State
from harness.model.state import G_DIRTY, G_EXCLUSIVE, G_SWAPCACHE, P_EXCLUSIVE, P_SWAP, SWAP
from harness.trace import Outcome
from harness.verdict import Verdict

HEAD = """\
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "swapped")
swapon()
madvise(m, PAGEOUT)
"""


def run(text: str, semantics: Semantics | None = None) -> tuple[list[str], State]:
    """Outcomes in words, and the last state."""
    compiled = layout.compile_program(language.parse(text, "test.mm"))
    model = Model(semantics or Semantics(), Arena(compiled.arena_start, compiled.arena_pages))
    state = model.initial()
    said = []
    for op in compiled.ops:
        (branch,) = model.step(state, op)
        state = branch.state
        said.append(outcome_text(op, branch.expected))
    return said, state


def test_a_page_that_is_swapped_is_gone_and_its_slot_remembers() -> None:
    state = run(HEAD)[1]
    (entry,) = state.mms[0].absent.values()
    assert entry.flags == P_SWAP | P_EXCLUSIVE
    assert state.mms[0].ptes == {}
    assert state.mms[0].rss[SWAP] == 1
    assert state.swap[entry.slot].entries == 1
    assert state.swap[entry.slot].page == 0
    assert list(state.pages) == [0]


def test_a_load_leaves_it_in_the_swap_cache_and_a_store_does_not() -> None:
    said, state = run(HEAD + "load(m[0], n=7)\n")
    assert said[-1] == "7 b'swapped'"
    (pte,) = state.mms[0].ptes.values()
    page = state.pages[pte.page]
    assert page.flags & (G_SWAPCACHE | G_EXCLUSIVE | G_DIRTY) == G_SWAPCACHE | G_EXCLUSIVE
    assert page.ref == 2
    state = run(HEAD + 'store(m[0], "S")\n')[1]
    (pte,) = state.mms[0].ptes.values()
    assert not state.pages[pte.page].flags & G_SWAPCACHE
    assert state.swap == {}


def test_fork_refers_to_the_slot_once_more_and_the_last_entry_frees_it() -> None:
    state = run(HEAD + "c = fork()\n")[1]
    (slot,) = state.swap.values()
    assert slot.entries == 2
    assert {entry.flags for mm in state.mms.values() for entry in mm.absent.values()} == {P_SWAP}
    assert run(HEAD + "c = fork()\nc: exit()\nmunmap(m)\n")[1].swap == {}


def test_a_state_that_is_stepped_on_keeps_its_slots() -> None:
    state = run(HEAD)[1]
    other = state.clone()
    other.slot_use(next(iter(other.swap)), -1)
    assert other.swap == {}
    assert len(state.swap) == 1


def test_a_kernel_that_cannot_swap_says_so() -> None:
    said, state = run(HEAD + "swapoff()\n", Semantics(swap=False))
    assert said[2:] == ["-ENOSYS", "0", "-ENOSYS"]
    assert state.mms[0].absent == {}


def test_two_entries_of_one_slot_are_told_from_two_slots() -> None:
    text = HEAD + "c = fork()\n"

    def alter(outcome: Outcome) -> Outcome:
        if not outcome.snapshot or outcome.operation != 4:
            return outcome
        body = bytearray(outcome.snapshot)
        kind, size, count = abi.SECTION.unpack_from(body)
        assert kind == abi.Section.PTE
        last = abi.SECTION.size + (count - 1) * size
        record = list(abi.PTE_RECORD.unpack_from(body, last))
        assert record[0] == 1
        record[3] += 1
        abi.PTE_RECORD.pack_into(body, last, *record)
        return dataclasses.replace(outcome, snapshot=bytes(body))

    assert check.check_trace(fakeguest.run(text)).verdict is Verdict.PASS
    assert check.check_trace(fakeguest.run(text, alter=alter)).verdict is Verdict.MISMATCH


@pytest.mark.parametrize("observe", ["each", "end"])
def test_a_file_in_swap_is_in_its_cache(observe: str) -> None:
    text = (
        "f = memfd(pages=1)\ns = mmap(pages=1, prot=rw, flags=shared, file=f)\n"
        'store(s[0], "x")\nswapon()\nmadvise(s, PAGEOUT)\n'
    )
    state = run(text)[1]
    (file,) = state.files.values()
    assert list(file.swapped) == [0]
    assert file.cache == {}
    assert check.check_trace(fakeguest.run(text, observe=observe)).verdict is Verdict.PASS
