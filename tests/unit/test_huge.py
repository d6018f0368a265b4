"""Compound pages: who counts, what a snapshot shows of them, and where a leaf is looked up."""

from __future__ import annotations

import fakeguest

from harness import abi, check
from harness.check.observed import Observed
from harness.environment import Environment
from harness.model import semantics_for
from harness.model.state import G_COMPOUND, G_DIRTY, P_HUGE, P_PRESENT, State
from harness.model.thp import NEW_HUGE
from harness.verdict import Verdict

SPLIT = """\
m = mmap(pages=512, prot=rw, flags=private|anon, align=512)
madvise(m, HUGEPAGE)
store(m[7], "seven")
h = get_user_pages(m[7], nr=1)
claim X-1: pte(m[511], huge) and ref(h[0]) == 2 and page(m[7]) == page(h[0])
munmap(m[1], pages=1)
claim X-2: not pte(m[7], huge) and ref(h[0]) == 512 and map(m[7]) == 1
"""


def mapped() -> tuple[State, int]:
    """A state in which a leaf at page 512 maps a compound page."""
    state = State()
    head = state.new_huge(NEW_HUGE)
    state.page(head).entire = 1
    state.set_pte(0, 512, P_PRESENT | P_HUGE, head)
    return state, head


def test_a_head_counts_for_its_tails() -> None:
    state, head = mapped()
    tail = state.subpage(head, 5)
    state.get(tail, 2)
    assert state.pages[head].ref == 3
    state.put(tail)
    state.put(tail)
    state.clear_pte(0, 512)
    state.unmap_leaf(head)
    assert head not in state.pages
    assert tail not in state.pages
    assert set(range(head, head + abi.HUGE_PAGES)) <= set(state.freed)


def test_a_tail_is_shown_only_with_something_in_it() -> None:
    state, head = mapped()
    tail = state.subpage(head, 5)
    assert state.record(tail) is None
    page = state.page(tail)
    page.content = page.content.write(0, b"x")
    state.page(head).flags |= G_DIRTY
    record = state.record(tail)
    assert record is not None
    ref, mappings, flags, behind, pins, content = record
    assert (ref, mappings, behind, pins) == (0, 1, 5, 0)
    assert flags & (G_DIRTY | G_COMPOUND) == G_DIRTY | G_COMPOUND
    assert content.read(0, 1) == b"x"


def test_a_clone_does_not_share_tails() -> None:
    state, head = mapped()
    tail = state.subpage(head, 5)
    other = state.clone()
    page = other.page(tail)
    page.content = page.content.write(0, b"x")
    assert not state.pages[tail].content.words


def test_a_leaf_is_found_from_each_of_its_pages() -> None:
    observed = Observed()
    observed.pte["t", 0, 512] = (P_PRESENT | P_HUGE, 0x4000)
    assert observed.entry(0, 512) == (P_PRESENT | P_HUGE, 0x4000)
    assert observed.entry(0, 700) == (P_PRESENT | P_HUGE, 0x4000 + 188)
    assert observed.entry(0, 1024) == (0, 0)
    observed.pte["t", 0, 512] = (P_PRESENT, 0x4000)
    assert observed.entry(0, 513) == (0, 0)


def test_claims_see_through_a_leaf() -> None:
    checked = check.check_trace(fakeguest.run(SPLIT))
    assert checked.verdict is Verdict.PASS, checked.detail
    assert [claim.shown for claim in checked.claims] == [True, True]


def test_the_pool_is_what_the_first_parameter_says() -> None:
    kernel = Environment(kernel="6.1.192", arch="x86_64")
    assert semantics_for(kernel).huge_pool == 4
    more = Environment(kernel="6.1.192", arch="x86_64", boot_args=("hugepages=1", "hugepages=7"))
    assert semantics_for(more).huge_pool == 1
