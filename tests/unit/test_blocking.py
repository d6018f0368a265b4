"""Calls that sleep: what the model says of them, and what the checker asks for."""

from __future__ import annotations

import dataclasses

import fakeguest
import pytest

from harness import check, language, layout
from harness.abi import Kind
from harness.check.describe import outcome_text
from harness.model import Arena, Expected, Model, Semantics, State
from harness.model.state import P_UFFD_WP
from harness.trace import Outcome
from harness.verdict import Verdict

HEAD = """\
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[1], "there")
c = fork()
c: uffd_register(m)
"""


def run(text: str) -> tuple[list[str], State]:
    """Outcomes behind HEAD in words, and the last state."""
    compiled = layout.compile_program(language.parse(HEAD + text, "test.mm"))
    model = Model(Semantics(), Arena(compiled.arena_start, compiled.arena_pages))
    state = model.initial()
    said = []
    for op in compiled.ops:
        (branch,) = model.step(state, op)
        state = branch.state
        said.append(outcome_text(op, branch.expected))
    return said[4:], state


def test_a_load_goes_on_where_it_slept() -> None:
    said, _ = run('t = c: begin load(m[0]+4094, n=4)\nuffd_copy(c, m[0], "x")\nd = wait(t)\n')
    assert said == ["blocked", "0", "4 b'\\x00\\x00th'"]


def test_a_store_across_two_missing_pages_sleeps_twice() -> None:
    said, state = run(
        'c: madvise(m, DONTNEED)\nt = c: begin store(m[0]+4094, "abcd")\nwait(t)\n'
        "uffd_zeropage(c, m[0])\nwait(t)\nuffd_zeropage(c, m[1])\nwait(t)\n"
    )
    assert said == ["0", "blocked", "blocked", "0", "blocked", "0", "4"]
    assert state.calls[1].expected == Expected(Kind.VALUE, ret=4)


def test_pages_in_hand_are_in_no_held_set() -> None:
    said, state = run("t = c: begin get_user_pages_fast(m[1], nr=2)\n")
    assert said == ["blocked"]
    assert state.held == {}
    (page,) = state.calls[1].taken
    assert state.pages[page].ref == 3
    said, state = run(
        "t = c: begin get_user_pages_fast(m[1], nr=2)\nuffd_zeropage(c, m[2])\nwait(t)\n"
    )
    assert said[-1] == "2"
    assert len(state.held[0]) == 2


def test_who_sleeps_does_nothing_else() -> None:
    said, _ = run("t = c: begin load(m[0])\nwait(t)\nc: munmap(m)\nc: exit()\n")
    assert said == ["blocked"] * 4


def test_a_call_that_returned_at_once_is_there_to_be_collected() -> None:
    said, _ = run("t = c: begin load(m[1], n=5)\nd = wait(t)\nwait(t)\n")
    assert said == ["5 b'there'"] * 3


def test_nobody_waits_for_a_call_that_was_never_made() -> None:
    said, _ = run("c: exit()\nt = c: begin load(m[0])\nwait(t)\n")
    assert said == ["0", "no_process", "no_process"]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("t = c: begin load(m[0])\n", Verdict.PASS),
        ("t = c: begin load(m[0])\nload(m[1])\n", Verdict.UNCHECKED),
        ("t = c: begin load(m[0])\nload(m[1])\nwait(t)\n", Verdict.PASS),
        ("t = c: begin load(m[0])\nwait(t)\nuffd_zeropage(c, m[0])\n", Verdict.UNCHECKED),
        ("t = c: begin load(m[1])\nload(m[1])\n", Verdict.PASS),
        ("c: load(m[0])\n", Verdict.PASS),
        ("c: load(m[0])\nload(m[1])\n", Verdict.UNCHECKED),
    ],
)
@pytest.mark.parametrize("observe", ["each", "end"])
def test_the_last_word_of_a_call_is_asked_for(text: str, verdict: Verdict, observe: str) -> None:
    checked = check.check_trace(fakeguest.run(HEAD + text, observe=observe))
    assert checked.verdict is verdict, checked.detail


def test_a_sleeper_that_returned_is_noticed() -> None:
    def alter(outcome: Outcome) -> Outcome:
        if outcome.kind is not Kind.BLOCKED:
            return outcome
        return dataclasses.replace(outcome, kind=Kind.VALUE, ret=1, data=b"\0")

    checked = check.check_trace(fakeguest.run(HEAD + "t = c: begin load(m[0])\n", alter=alter))
    assert checked.verdict is Verdict.MISMATCH


def test_a_state_that_is_stepped_on_keeps_its_calls() -> None:
    state = State()
    state.uffds.add(1)
    other = state.clone()
    other.uffds.add(2)
    assert state.uffds == {1}


def test_a_protected_page_is_read_and_not_written() -> None:
    said, state = run(
        "c: uffd_register(m, mode=WP)\nuffd_writeprotect(c, m, mode=WP)\nc: load(m[1], n=5)\n"
        't = c: begin store(m[1], "later")\nuffd_writeprotect(c, m)\nwait(t)\n'
    )
    assert said == ["0", "0", "5 b'there'", "blocked", "0", "5"]
    assert not state.mms[1].ptes[2].flags & P_UFFD_WP


def test_where_nothing_can_be_protected_nobody_registers_for_it() -> None:
    text = HEAD + "c: uffd_register(m, mode=WP)\n"
    compiled = layout.compile_program(language.parse(text, "test.mm"))
    model = Model(Semantics(uffd_wp=False), Arena(compiled.arena_start, compiled.arena_pages))
    state = model.initial()
    for op in compiled.ops:
        (branch,) = model.step(state, op)
        state = branch.state
    assert branch.expected.ret == -22


def test_a_marker_stays_until_its_memory_goes() -> None:
    text = "s = mmap(pages=2, prot=rw, flags=shared|anon)\nuffd_register(s, mode=WP)\n"
    text += 'store(s[0], "x")\nuffd_writeprotect(main, s, mode=WP)\nmadvise(s, DONTNEED)\n'
    said, state = run(text)
    assert set(said) == {"0", "0x1000006000", "1"}
    assert {entry.flags for entry in state.mms[0].absent.values()} == {P_UFFD_WP}
    assert len(state.mms[0].absent) == 2
    assert run(text + "munmap(s)\n")[1].mms[0].absent == {}


def test_a_file_that_a_sleeper_was_to_open_is_none() -> None:
    text = (
        "m = mmap(pages=1, prot=rw, flags=private|anon)\nc = fork()\nc: uffd_register(m)\n"
        't = c: begin load(m[0])\nwait(t)\nf = c: memfd(pages=1)\nuffd_copy(c, m[0], "awake")\n'
        "c: ftruncate(f, pages=2)\nc: unmap_mapping_range(f, 0, 0, 1)\nc: on_mmap(f)\n"
    )
    compiled = layout.compile_program(language.parse(text, "test.mm"))
    model = Model(Semantics(), Arena(compiled.arena_start, compiled.arena_pages))
    state, said = model.initial(), []
    for op in compiled.ops:
        (branch,) = model.step(state, op)
        state = branch.state
        said.append(outcome_text(op, branch.expected))
    assert said[-5:] == ["blocked", "0", "-EBADF", "-EBADF", "refused(not_device)"]
