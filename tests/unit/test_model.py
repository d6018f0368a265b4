"""The model's rules: examples, and what holds for any program."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
import shipped
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import abi, language, layout
from harness.abi import Code, Kind, Refused
from harness.check.describe import outcome_text
from harness.environment import Environment
from harness.errors import UsageError
from harness.model import REGISTRY, Arena, Expected, Model, Semantics, State, semantics_for, traced
from harness.model.releases import RELEASES, nearest
from harness.model.rules import Rules
from harness.model.state import (
    G_EXCLUSIVE,
    G_PRIVATE,
    P_WRITE,
    P_ZERO,
    ZERO_PAGE,
    rss_of,
)
from harness.program import ARENA_START


def steps(text: str, **flags: object) -> list[tuple[Expected, State]]:
    """What the model says after each operation of a program."""
    compiled = layout.compile_program(language.parse(text, "test.mm"))
    model = Model(
        Semantics(**flags),  # type: ignore[arg-type]
        Arena(compiled.arena_start, compiled.arena_pages),
    )
    state = model.initial()
    after = []
    for op in compiled.ops:
        branches = model.step(state, op)
        assert len(branches) == 1
        state = branches[0].state
        after.append((branches[0].expected, state))
    return after


def outcomes(text: str, **flags: object) -> list[str]:
    """Outcomes alone, in words."""
    compiled = layout.compile_program(language.parse(text, "test.mm"))
    said = [expected for expected, _ in steps(text, **flags)]
    return [outcome_text(op, expected) for op, expected in zip(compiled.ops, said, strict=True)]


def test_reading_maps_the_zero_page_and_counts_nothing() -> None:
    state = steps("m = mmap(pages=1, prot=rw, flags=private|anon)\nload(m[0])\n")[-1][1]
    pte = state.mms[0].ptes[1]
    assert pte.page == ZERO_PAGE
    assert pte.flags & P_ZERO
    assert not pte.flags & P_WRITE
    assert state.mms[0].rss == [0, 0, 0, 0]


def test_an_exclusive_page_is_written_in_place_though_it_is_held() -> None:
    after = steps(
        "m = mmap(pages=1, prot=rw, flags=private|anon)\n"
        'store(m[0], "a")\n'
        "h = get_user_pages(m[0], nr=1)\n"
        "mprotect(m, prot=r)\nmprotect(m, prot=rw)\n"
        'store(m[0], "b")\n'
    )
    state = after[-1][1]
    assert state.held[0] == [state.mms[0].ptes[1].page]


def test_the_last_user_of_a_shared_page_gets_it_back() -> None:
    state = steps(
        'm = mmap(pages=1, prot=rw, flags=private|anon)\nstore(m[0], "a")\n'
        'c = fork()\nc: exit()\nstore(m[0], "b")\n'
    )[-1][1]
    page = state.pages[state.mms[0].ptes[1].page]
    assert (page.ref, page.map) == (1, 1)
    assert page.flags & G_EXCLUSIVE


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("get_user_pages(m[0], nr=0)", "0"),
        ("get_user_pages(m[0], nr=-1)", "2"),
        ("get_user_pages(m[0], nr=9)", "2"),
        ("get_user_pages(m[2], nr=1)", "-EFAULT"),
        ("get_user_pages_fast(m[0], nr=0)", "2"),
        ("get_user_pages_fast(m[1], nr=0)", "0"),
        ("get_user_pages_fast(m[0], nr=-1)", "0"),
        ("get_user_pages_fast(0, nr=-1)", "-EFAULT"),
        ("get_user_pages_fast(0x200000, nr=INT_MIN)", "-EFAULT"),
        ("get_user_pages_fast(0x7ffffffff000, nr=1)", "-EFAULT"),
    ],
)
def test_counts(call: str, said: str) -> None:
    text = f'm = mmap(pages=2, prot=rw, flags=private|anon)\nstore(m[0], "a")\nh = {call}\n'
    assert outcomes(text)[-1] == said


def test_tags_are_ignored_only_where_the_flag_says_so() -> None:
    text = (
        "m = mmap(pages=1, prot=rw, flags=private|anon)\n"
        f"h = get_user_pages({0xAA << 56 | ARENA_START + 4096:#x}, nr=1)\n"
    )
    assert outcomes(text)[-1] == "-EFAULT"
    assert outcomes(text, tagged_addresses=True)[-1] == "1"


def test_an_lru_batch_allows_two_outcomes_at_the_end_only() -> None:
    text = (
        'm = mmap(pages=1, prot=rw, flags=private|anon)\nstore(m[0], "a")\n'
        "g = get_user_pages(m[0], nr=1)\nh = get_user_pages(m[0], nr=1)\n"
        "put_page(g)\nput_page(h)\n"
        'c = fork()\nc: store(m[0], "c")\nstore(m[0], "b")\n'
    )
    compiled = layout.compile_program(language.parse(text, "test.mm"))
    counts = {}
    for drained in (True, False):
        arena = Arena(compiled.arena_start, compiled.arena_pages)
        model = Model(Semantics(drained_each=drained), arena)
        state = model.initial()
        for op in compiled.ops:
            branches = model.step(state, op)
            state = branches[0].state
        counts[drained] = [branch.allowances for branch in branches]
    assert counts == {True: [()], False: [("lru_batch",), ("lru_batch",)]}


def test_stepping_leaves_the_state_as_it_was() -> None:
    compiled = layout.compile_program(
        language.parse(
            'm = mmap(pages=1, prot=rw, flags=private|anon)\nstore(m[0], "a")\n', "test.mm"
        )
    )
    model = Model(Semantics(), Arena(compiled.arena_start, compiled.arena_pages))
    before = model.initial()
    model.step(before, compiled.ops[0])
    assert before.mms[0].vmas == []


def test_semantics_are_for_known_kernels_only() -> None:
    assert semantics_for(Environment(kernel="6.1.1", arch="arm64")).tagged_addresses
    assert not semantics_for(Environment(kernel="6.1.1", arch="x86_64"), "end").drained_each
    with pytest.raises(UsageError, match=r"9\.9"):
        semantics_for(Environment(kernel="9.9.1", arch="arm64"))


def test_an_unknown_kernel_starts_from_the_nearest_one() -> None:
    near = {line: nearest(line) for line in ("4.19", "5.19", "6.5", "6.6", "6.7", "6.18", "8.0")}
    assert near == {
        "4.19": "5.10",
        "5.19": "6.1",
        "6.5": "6.1",
        "6.6": "6.1",
        "6.7": "6.12",
        "6.18": "7.3",
        "8.0": "7.3",
    }
    assert all(nearest(line) == line for line in RELEASES)
    environment = Environment(kernel="6.5.0-rc1", arch="arm64", own="/linux", nearest="6.1")
    assert semantics_for(environment).release == RELEASES["6.1"]


def test_a_kernel_has_its_releases_flags() -> None:
    flags = {
        kernel: semantics_for(Environment(kernel=kernel, arch="x86_64")).release
        for kernel in ("5.10.262", "6.1.192", "6.12.117", "7.3.4")
    }
    assert flags["6.1.192"] == Semantics().release
    assert len(set(flags.values())) == 4
    assert [flags[kernel].vmas for kernel in flags] == [True, True, False, False]


MAPPED = "m = mmap(pages=2, prot=rw, flags=private|anon)\n"


@pytest.mark.parametrize(
    ("line", "program", "expected"),
    [
        ("5.10", "zap_page_range_single(m[0], pages=1)", Refused.ABSENT),
        ("6.1", "zap_page_range(m[0], pages=1)", Refused.NONE),
        ("6.12", "zap_page_range(m[0], pages=1)", Refused.ABSENT),
        ("6.12", "h = get_user_pages(m[0], nr=1, vmas=1)", Refused.ABSENT),
        ("6.12", "zap_page_range_single(m[1], pages=2)", Refused.NONE),
        ("7.3", "zap_page_range_single(m[1], pages=2)", Refused.OUTSIDE),
    ],
)
def test_calls_of_another_release(line: str, program: str, expected: Refused) -> None:
    after = steps(MAPPED + program + "\n", release=RELEASES[line])
    assert after[-1][0].refused is expected


@pytest.mark.parametrize(("line", "expected"), [("6.1", 0), ("6.12", -75)])
def test_a_range_that_wraps(line: str, expected: int) -> None:
    text = "h = get_user_pages_fast(-4096, nr=2)\n"
    assert steps(MAPPED + text, release=RELEASES[line])[-1][0].ret == expected


def test_every_rule_names_its_source() -> None:
    for rule in REGISTRY.values():
        assert rule.text.endswith((".", ":")), rule.name
        known = (*(f"{line} " for line in RELEASES), "kmod/", "guest/")
        assert rule.source.startswith(known), rule.name


def test_programs_reach_every_rule() -> None:
    # What 6.1 does not reach, the newest reaches first.
    releases = (RELEASES["6.1"], *reversed(RELEASES.values()))
    programs = [one.compiled for one in shipped.programs()]
    rules = traced(Rules)
    reached: set[str] = set()
    for release, compiled in product(releases, programs):
        if reached == set(REGISTRY):
            break
        arena = Arena(compiled.arena_start, compiled.arena_pages)
        semantics = Semantics(release=release, contpte=True)
        model = Model(semantics, arena, rules(semantics))
        state = model.initial()
        for op in compiled.ops:
            branch = model.step(state, op)[0]
            reached.update(branch.rules)
            state = branch.state
    assert set(REGISTRY) - reached == set()
    assert set(Rules.methods()) == set(REGISTRY)


# ---- what holds for any program ------------------------------------------------

PAGES = 6


def _op(code: Code, **values: object) -> abi.Op:
    return abi.Op(code, **values)  # type: ignore[arg-type]


def _any_ops() -> st.SearchStrategy[list[abi.Op]]:
    process = st.integers(0, 2)
    page = st.integers(0, PAGES)
    addr = page.map(lambda index: ARENA_START + index * abi.PAGE_SIZE)
    size = st.integers(1, 3).map(lambda pages: pages * abi.PAGE_SIZE)
    prot = st.integers(0, 7)
    slot = st.integers(0, 3)
    gup = st.sampled_from((Code.GET_USER_PAGES, Code.GET_USER_PAGES_FAST))
    held = st.sampled_from((Code.PUT_PAGE, Code.SET_PAGE_DIRTY_LOCK))
    index = st.sampled_from((0, 1, abi.WHOLE))
    b = st.builds
    return st.lists(
        st.one_of(
            b(_op, st.just(Code.MMAP), process=process, addr=addr, n=size, prot=prot,
              flags=st.sampled_from((2, 3, 2 | abi.Map.GROWSDOWN, 2 | abi.Map.POPULATE))),
            b(_op, st.just(Code.MMAP), process=process, addr=addr, n=size, prot=prot,
              flags=st.sampled_from((0, abi.Map.SHARED)), file=st.just(0)),
            b(_op, st.just(Code.MUNMAP), process=process, addr=addr, n=size),
            b(_op, st.just(Code.MPROTECT), process=process, addr=addr, n=size, prot=prot),
            b(_op, st.just(Code.MADVISE), process=process, addr=addr, n=size,
              flags=st.sampled_from(tuple(map(int, abi.Madv)))),
            b(_op, st.just(Code.MREMAP), process=process, addr=addr, n=size,
              index=st.integers(1, 3), flags=st.integers(0, 1), aux=addr),
            b(_op, st.sampled_from((Code.MLOCK, Code.MUNLOCK)), process=process, addr=addr, n=size),
            b(_op, st.just(Code.FALLOCATE), process=process, file=st.just(0),
              aux=st.integers(0, 9000), n=st.integers(1, 9000), flags=st.sampled_from((0, 1, 3))),
            b(_op, st.just(Code.PWRITE), process=process, file=st.just(0),
              aux=st.integers(0, 9000), data=st.just(b"written")),
            b(_op, st.just(Code.MEM_WRITE), process=process, slot=process, addr=addr,
              data=st.just(b"from afar")),
            b(_op, st.just(Code.KILL), process=process, slot=st.integers(1, 2)),
            b(_op, st.just(Code.LOAD), process=process, addr=addr, n=st.just(9)),
            b(_op, st.just(Code.STORE), process=process, addr=addr, data=st.just(b"data")),
            b(_op, st.just(Code.UFFD_REGISTER), process=process, addr=addr, n=size),
            b(_op, st.just(Code.UFFD_COPY), process=process, addr=addr, slot=process,
              data=st.just(b"filled")),
            b(_op, st.just(Code.UFFD_ZEROPAGE), process=process, addr=addr, slot=process),
            b(_op, st.just(Code.FORK), process=process, slot=st.integers(1, 2)),
            b(_op, st.just(Code.EXIT), process=process),
            b(_op, st.just(Code.FTRUNCATE), process=process, file=st.just(0),
              n=st.integers(0, 4).map(lambda n: n * 3000)),
            b(_op, gup, process=process, addr=addr, n=st.integers(-1, 4), slot=slot,
              flags=st.integers(0, 3)),
            b(_op, held, process=process, slot=slot, index=index),
            b(_op, st.sampled_from((Code.FSYNC, Code.DROP_CACHES)), process=process,
              file=st.just(0)),
            b(_op, st.just(Code.POKE), process=process, slot=slot, index=st.just(0),
              data=st.just(b"poke")),
        ),
        max_size=24,
    )  # fmt: skip


def _check_counts(state: State) -> None:
    """Reference, map and RSS counts are what the tables say."""
    maps: dict[int, int] = dict.fromkeys(state.pages, 0)
    holds: dict[int, int] = dict.fromkeys(state.pages, 0)
    caches: dict[int, int] = dict.fromkeys(state.pages, 0)
    for mm in state.mms.values():
        rss = [0, 0, 0, 0]
        for pte in mm.ptes.values():
            assert pte.page in state.pages
            if pte.page == ZERO_PAGE:
                assert not pte.flags & P_WRITE
                continue
            maps[pte.page] += 1
            rss[rss_of(state.pages[pte.page].flags)] += 1
        assert mm.rss == rss
    in_hand = [made.taken for made in state.calls.values()]
    kept: list[Sequence[int | None]] = [*state.held.values(), *in_hand]
    for held in kept:
        for page in held:
            if page is not None:
                holds[page] += 1
    for file in state.files.values():
        for page in file.cache.values():
            caches[page] += 2 if state.pages[page].flags & G_PRIVATE else 1
    for number, frame in state.pages.items():
        if number != ZERO_PAGE:
            assert frame.map == maps[number]
            assert frame.ref == maps[number] + holds[number] + caches[number] > 0
        else:
            assert frame.ref == holds[number]


@settings(max_examples=80, deadline=None)
@given(_any_ops(), st.sampled_from((Code.MEMFD, Code.OPEN)))
def test_counts_add_up_whatever_the_program(ops: list[abi.Op], file: Code) -> None:
    model = Model(Semantics(), Arena(ARENA_START, PAGES + 4))
    state = model.step(model.initial(), _op(file, slot=0, n=7000))[0].state
    forked = {0}
    filled: set[int] = set()
    for op in ops:
        if op.code is Code.FORK and (op.slot in forked or op.process not in forked):
            continue
        if op.code in (Code.UFFD_COPY, Code.UFFD_ZEROPAGE) and op.slot not in forked:
            continue
        if op.code in (Code.GET_USER_PAGES, Code.GET_USER_PAGES_FAST):
            if op.slot in filled:
                continue  # a slot is filled once
            filled.add(op.slot)
        branch = model.step(state, op)[0]
        if op.code is Code.FORK and branch.expected.kind is Kind.VALUE:
            forked.add(op.slot)
        state = branch.state
        _check_counts(state)


def test_what_a_slab_has_goes_also_where_it_has_no_reference() -> None:
    text = "h = alloc_pages(8, kind=slab)\nput_page(h)\n"
    after = steps(text, release=RELEASES["7.3"])
    before, gone = (state for _, state in after)
    page = before.held[0][0]
    assert page is not None
    assert before.pages[page].ref == 0
    assert page not in gone.pages
