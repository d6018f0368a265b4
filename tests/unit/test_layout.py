"""Names to slots, places to addresses."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import abi, language, layout
from harness.abi import Code, Op
from harness.calls import COMPILE
from harness.errors import UsageError
from harness.program import ARENA_START, Call, Compiled, Line, Operation, Program, Ref
from harness.signatures import CALLS, FACTS, RESERVED

from . import strategies as pl

PAGE = abi.PAGE_SIZE
MAP = "mmap(pages={}, prot=rw, flags=private|anon)"


def compiled(text: str) -> Compiled:
    return layout.compile_program(language.parse(text, "x.mm"))


def at(page: int, offset: int = 0) -> int:
    """Address of a page of the arena."""
    return ARENA_START + page * PAGE + offset


HEAD = f"""\
m = {MAP.format(2)}
f = memfd(pages=3)
h = get_user_pages(m[0], nr=2)
c = fork()
"""


def last(text: str) -> Op:
    return compiled(HEAD + text).ops[-1]


def test_every_call_is_compiled() -> None:
    assert {signature.code for signature in CALLS.values()} == {*COMPILE, Code.WAIT} == set(Code)


def test_head() -> None:
    program = compiled(HEAD)
    assert program.mappings == {"m": (1, 2)}
    assert program.arena_pages == 4
    assert program.processes == {"main": 0, "c": 1}
    assert program.files == {"f": 0}
    assert program.held == {"h": 0}
    assert program.results == {"h": 2}
    assert program.ops == (
        Op(Code.MMAP, addr=at(1), n=2 * PAGE, prot=3, flags=2, line=1),
        Op(Code.MEMFD, n=3 * PAGE, slot=0, line=2),
        Op(Code.GET_USER_PAGES, addr=at(1), n=2, slot=0, line=3),
        Op(Code.FORK, slot=1, line=4),
    )


@pytest.mark.parametrize(
    ("text", "op"),
    [
        (
            "mmap(pages=1, prot=none, flags=shared|anon)",
            Op(Code.MMAP, addr=at(5), n=PAGE, prot=0, flags=3),
        ),
        (
            "mmap(pages=1, prot=rx, flags=private, file=f, offset=2, adjacent_to=m)",
            Op(Code.MMAP, addr=at(3), n=PAGE, prot=5, flags=0, file=0, aux=2 * PAGE),
        ),
        ("c: munmap(m)", Op(Code.MUNMAP, process=1, addr=at(1), n=2 * PAGE)),
        ("main: munmap(m[-1], pages=4)", Op(Code.MUNMAP, addr=at(0), n=4 * PAGE)),
        ("munmap(m, 1)", Op(Code.MUNMAP, addr=at(1), n=PAGE)),
        ("munmap(m[0]+100, pages=0)", Op(Code.MUNMAP, addr=at(1, 100))),
        ("mprotect(m, prot=wx)", Op(Code.MPROTECT, addr=at(1), n=2 * PAGE, prot=6)),
        ("mprotect(m[1], r, 1)", Op(Code.MPROTECT, addr=at(2), n=PAGE, prot=1)),
        ("madvise(m, DONTNEED)", Op(Code.MADVISE, addr=at(1), n=2 * PAGE, flags=1)),
        (
            "madvise(m[1], pages=1, advice=DONTNEED)",
            Op(Code.MADVISE, addr=at(2), n=PAGE, flags=1),
        ),
        ("load(m)", Op(Code.LOAD, addr=at(1), n=1)),
        ("c: d = load(m)", None),
        ("d = c: load(m[2]+4088, 8)", Op(Code.LOAD, process=1, addr=at(3, 4088), n=8)),
        ('store(m[1]-3, "hello")', Op(Code.STORE, addr=at(1, 4093), data=b"hello")),
        ("exit()", Op(Code.EXIT)),
        ("memfd(size=100)", Op(Code.MEMFD, n=100, slot=1)),
        ("ftruncate(f, size=0)", Op(Code.FTRUNCATE, file=0)),
        ("g = open(size=5)", Op(Code.OPEN, slot=1, n=5)),
        ("g = open(pages=1, flags=rdonly)", Op(Code.OPEN, slot=1, n=PAGE, flags=1)),
        ("fsync(f)", Op(Code.FSYNC, file=0)),
        ("c: drop_caches()", Op(Code.DROP_CACHES, process=1)),
        ("c: ftruncate(f, pages=2)", Op(Code.FTRUNCATE, process=1, file=0, n=2 * PAGE)),
        (
            "get_user_pages_fast(m[1]+7, nr=-1, gup_flags=FORCE|WRITE)",
            Op(Code.GET_USER_PAGES_FAST, addr=at(2, 7), n=-1, flags=3, slot=1),
        ),
        (
            "get_user_pages(-4096, LONG_MIN, gup_flags=0)",
            Op(Code.GET_USER_PAGES, addr=(1 << 64) - 4096, n=-(1 << 63), slot=1),
        ),
        (
            "get_user_pages(m[0], nr=1, pending=SIGKILL)",
            Op(Code.GET_USER_PAGES, addr=at(1), n=1, slot=1, mode=abi.Mode.KILLED),
        ),
        ("uffd_register(m)", Op(Code.UFFD_REGISTER, addr=at(1), n=2 * PAGE, flags=1)),
        (
            "uffd_register(m[0], pages=1, mode=WP|MINOR)",
            Op(Code.UFFD_REGISTER, addr=at(1), n=PAGE, flags=6),
        ),
        (
            "uffd_writeprotect(c, m, mode=WP)",
            Op(Code.UFFD_WRITEPROTECT, addr=at(1), n=2 * PAGE, slot=1, flags=2),
        ),
        ("c: uffd_continue(c, m[1])", Op(Code.UFFD_CONTINUE, process=1, addr=at(2), slot=1)),
        (
            'uffd_copy(c, m[1], "ab")',
            Op(Code.UFFD_COPY, addr=at(2), slot=1, data=b"ab"),
        ),
        ("c: uffd_zeropage(main, m)", Op(Code.UFFD_ZEROPAGE, process=1, addr=at(1), slot=0)),
        (
            "t = c: begin load(m[0], 2)",
            Op(Code.LOAD, process=1, addr=at(1), n=2, mode=abi.Mode.BEGIN),
        ),
        ("put_page(h)", Op(Code.PUT_PAGE, slot=0, index=abi.WHOLE)),
        ("c: put_page(h[511])", Op(Code.PUT_PAGE, process=1, slot=0, index=511)),
        ("set_page_dirty_lock(h[1])", Op(Code.SET_PAGE_DIRTY_LOCK, slot=0, index=1)),
        ("peek(h)", Op(Code.PEEK, slot=0, index=0, n=1)),
        ("peek(h[1]+4090, n=6)", Op(Code.PEEK, slot=0, index=1, aux=4090, n=6)),
        ('poke(h[1], "\\x00")', Op(Code.POKE, slot=0, index=1, data=b"\0")),
    ],
)
def test_operations(text: str, op: Op | None) -> None:
    if op is None:  # the process stands behind the result name
        with pytest.raises(UsageError, match=r"x\.mm:5:4: expected a call"):
            last(text)
        return
    got = last(text)
    for field in fields(Op):
        if field.name != "line":
            assert getattr(got, field.name) == getattr(op, field.name), field.name
    assert got.line == 5


# text behind HEAD, column, what was expected (a part), what was found (a part)
MISTAKES = [
    ("m = fork()", 1, "a new name", "'m', a mapping of line 1"),
    ("e = exit()", 1, "no result name", "'e'"),
    ("fork()", 1, "a result name, as in c = fork()", "none"),
    ("x: exit()", 1, "a process's name", "'x', which nothing above defines"),
    ("m: exit()", 1, "a process's name", "'m', a mapping of line 1"),
    ("load(h[0])", 6, "a mapping's name", "'h', a held set of line 3"),
    ("load(n[0])", 6, "a mapping's name", "'n', which nothing above defines"),
    ("load(m[0], n=0)", 14, "n= from 1 to 256", "0"),
    ("load(m[0], 257)", 12, "n= from 1 to 256", "257"),
    ("load(m[3])", 6, "1 bytes inside the arena (4 pages, m[0] is page 1)", "m[3]"),
    ("load(m[3]-1, 2)", 6, "2 bytes inside the arena", "m[3]-1"),
    ("load(m[-1]-1)", 6, "1 bytes inside the arena", "m[-1]-1"),
    ('store(m[0], "")', 13, "a string of 1 to 256 bytes", "0 bytes"),
    ("peek(h[0]+4095, 2)", 6, "2 bytes inside one page of 4096", "h[0]+4095"),
    ("peek(h[0]-1)", 6, "1 bytes inside one page of 4096", "h[0]-1"),
    ("peek(h[512])", 6, "a held page from 0 to 511", "h[512]"),
    ("peek(m[0])", 6, "a held set's name", "'m', a mapping"),
    ("put_page(h[-1])", 10, "a held page from 0 to 511", "h[-1]"),
    ("put_page(h[0]+1)", 10, "held pages such as h or h[0]", "h[0]+1"),
    ("munmap(m[1])", 8, "a whole mapping, or pages= with a place", "m[1]"),
    ("munmap(m, pages=-1)", 17, "pages= from 0 to 4096", "-1"),
    ("munmap(m, pages=4)", 8, "16384 bytes inside the arena", "m"),
    ("mprotect(m)", 1, "prot= in mprotect()", "none"),
    ("mprotect(m, rr)", 13, "prot (none, r, w, x, rw, rx, wx, rwx)", "'rr'"),
    ("mprotect(m, r|w)", 13, "one of prot", "r|w"),
    ("mprotect(m, 0)", 13, "prot (none,", "0"),
    ("madvise(m, WARM)", 12, "advice (DONTNEED, FREE,", "'WARM'"),
    ("mmap(pages=1, prot=r, flags=anon)", 29, "either private or shared", "anon"),
    ("mmap(pages=1, prot=r, flags=0)", 29, "either private or shared", "0"),
    ("mmap(pages=1, prot=r, flags=private|shared|anon)", 29, "either private or", "private"),
    ("mmap(pages=1, prot=r, flags=anon|private|anon)", 29, "each of flags once", "'anon'"),
    ("mmap(pages=1, prot=r, flags=private)", 29, "either anon among flags or file=", "private"),
    ("mmap(pages=1, prot=r, flags=shared|anon, file=f)", 29, "either anon", "shared|anon"),
    ("mmap(pages=1, prot=r, flags=shared, file=m)", 42, "a file's name", "'m', a mapping"),
    ("mmap(pages=1, prot=r, flags=shared, file=f[0])", 42, "a file's name", "f[0]"),
    ("mmap(pages=1, prot=r, flags=shared|anon, offset=0)", 49, "offset= only with file=", "0"),
    ("mmap(pages=0, prot=r, flags=shared|anon)", 12, "pages= from 1 to 4096", "0"),
    ("mmap(pages=1, prot=r, flags=shared|anon, adjacent_to=f)", 54, "a mapping's name", "'f'"),
    ("mmap(pages=1, prot=r, flags=shared|anon, adjacent_to=m[0])", 54, "a mapping's", "m[0]"),
    ("mmap(pages=4091, prot=r, flags=shared|anon)", 12, "an arena of at most 4096 pages", "4097"),
    ("mmap(pages=1, prot=r, flags=private|anon, align=2)", 49, "align=512 or none", "2"),
    ("mmap(pages=512, prot=r, flags=shared|anon|HUGETLB)", 31, "private|anon", "shared"),
    ("mmap(pages=511, prot=r, flags=private|anon|HUGETLB)", 12, "a multiple of 512", "511"),
    (
        "mmap(pages=512, prot=r, flags=private|anon|HUGETLB, adjacent_to=m)",
        65,
        "a place that begins at a multiple of 512 pages",
        "m",
    ),
    ("mmap(prot=r, flags=shared|anon)", 1, "pages= in mmap()", "none"),
    ("memfd()", 1, "pages= or size= in memfd()", "neither"),
    ("memfd(1, size=1)", 1, "pages= or size= in memfd()", "both"),
    ("ftruncate(f, size=-1)", 19, "size= from 0 to 16777216", "-1"),
    ("ftruncate(g, size=1)", 11, "a file's name", "'g', which nothing"),
    ("get_user_pages_fast(m, nr=0x80000000)", 27, "nr= from -2147483648 to 2147483647", "0x8"),
    ("get_user_pages(m, nr=0x8000000000000000)", 22, "nr= from -9223", "0x8"),
    ("get_user_pages(m, 1, WRITE|READ)", 22, "gup_flags (WRITE, FORCE, NOWAIT", "'READ'"),
    ("get_user_pages(m, 1, 1)", 22, "gup_flags (WRITE, FORCE, NOWAIT", "1"),
    ("get_user_pages(m, 1, pending=SIGBUS)", 30, "pending (SIGKILL)", "'SIGBUS'"),
    ("uffd_zeropage(m, m)", 15, "a process's name", "'m', a mapping"),
    ("uffd_zeropage(c, m[2]+1)", 18, "4096 bytes inside the arena", "m[2]+1"),
    ("t = begin munmap(m)", 11, "a call that may sleep (madvise, load", "munmap"),
    ("begin load(m)", 1, "a name for what is begun", "none"),
    ("t = begin get_user_pages(m, 1, pending=SIGKILL)", 5, "no begin where a signal", "begin"),
    ("t = c: wait(h)", 5, "wait() alone", "process"),
    ("t = begin wait(h)", 5, "wait() alone", "begin"),
    ("wait(h)", 6, "the name of a call that was begun", "'h', a held set"),
    ("claim A: d == 2", 10, "ret, signal, si_code, refused", "'d'"),
    ("claim A: ret == 2 and page(m[3]) != 0", 23, "a page of the arena", "m[3]"),
]


@pytest.mark.parametrize(("text", "column", "expected", "found"), MISTAKES)
def test_mistakes_name_their_place(text: str, column: int, expected: str, found: str) -> None:
    with pytest.raises(UsageError) as caught:
        last(text)
    message = str(caught.value)
    assert message.startswith(f"x.mm:5:{column}: expected "), message
    what, _, there = message.partition(", found ")
    assert expected in what
    assert there.startswith(found)


def test_a_begun_call_is_waited_for() -> None:
    text = HEAD + "t = c: begin get_user_pages_fast(m[0], nr=2)\nk = wait(t)\nput_page(k)\n"
    ops = compiled(text).ops
    assert (ops[-2].code, ops[-2].process, ops[-2].aux) == (Code.WAIT, 1, 4)
    assert ops[-1].slot == ops[-2].slot == ops[-3].slot
    compiled(text + "wait(t)\nc: exit()\n")


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("c: load(m[0])", 4, "wait(t) before c goes on"),
        ("u = c: begin load(m[0])", 14, "wait(t) before c goes on"),
        ("wait(t)\nc: load(m[0])\nwait(t)", 6, "the latest call of its process"),
        ("wait(t[0])", 6, "the name of a call that was begun"),
        ("put_page(t)", 10, "a held set's name"),
        (
            "claim A: t == 1",
            10,
            "ret, signal, si_code, refused, blocked, locked, vmas, pfn, a result with a value",
        ),
        ("t = fork()", 1, "a new name"),
    ],
)
def test_a_process_that_may_sleep_makes_no_other_call(
    text: str, column: int, expected: str
) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(f"{HEAD}t = c: begin get_user_pages_fast(m[0], nr=2)\n{text}\n")
    _, line, where, message = str(caught.value).split(":", 3)
    assert (int(line), int(where)) == (6 + text.count("\n"), column)
    assert message.startswith(f" expected {expected}"), message


def test_one_follower() -> None:
    behind = MAP.format(1)[:-1] + ", adjacent_to=m)\n"
    assert compiled(HEAD + f"n = {behind}").mappings["n"] == (3, 1)
    with pytest.raises(UsageError, match=r"x:6:\d+: expected a mapping that no other lies behind"):
        layout.compile_program(language.parse(HEAD + f"n = {behind}o = {behind}", "x"))


def test_files_are_where_they_were_opened() -> None:
    opened = "g = c: memfd(pages=1)\nd = c: fork()\n"
    assert last(f"{opened}d: ftruncate(g, pages=1)").file == 1
    with pytest.raises(UsageError, match="a file that the process, or its parent before fork"):
        last(f"{opened}ftruncate(g, pages=1)")


@pytest.mark.parametrize(
    ("line", "count", "message"),
    [
        ("c{} = fork()\n", 7, "a process among at most 8 of a program, main included"),
        ("memfd(pages=1)\n", 8, "a file among at most 8 of a program"),
        ("get_user_pages(0, nr=1)\n", 64, "a held set among at most 64 of a program"),
        ("exit()\n", 1024, "at most 1024 operations"),
    ],
)
def test_limits(line: str, count: int, message: str) -> None:
    def text(n: int) -> str:
        return "".join(line.format(i) for i in range(n))

    assert len(compiled(text(count)).ops) == count
    with pytest.raises(UsageError, match=rf"x\.mm:{count + 1}:\d+: expected {message}, found one"):
        compiled(text(count + 1))


def test_data_limit() -> None:
    store = f'store(m[0], "{"a" * abi.DATA_MAX}")\n'
    head = f"m = {MAP.format(1)}\n"
    compiled(head + store * 256)
    with pytest.raises(UsageError, match=r"x\.mm:258:13: expected at most 65536 bytes of strings"):
        compiled(head + store * 257)


def test_touches_are_the_first_words() -> None:
    text = HEAD + 'load(m[0]+15)\nstore(m[1]+4095, "ab")\npeek(h[0]+8)\npoke(h[0], "a")\n'
    assert compiled(text).touches == (8, 4088, 0)
    assert compiled(text + "load(m[0]+16)\nload(m[0]+24)").touches == (8, 4088, 0, 16)


def test_claims_and_requires_are_kept() -> None:
    program = compiled(
        f"requires: kernel >= 6.1\n{HEAD}d = load(m[0], 2)\n"
        'claim A-1: ret == 2\nclaim A-2: d == "ab" and page(c, m[0]) == page(h)\n'
    )
    assert len(program.requires) == 1
    assert [(claim.id, claim.line, claim.after) for claim in program.claims] == [
        ("A-1", 7, 4),
        ("A-2", 8, 4),
    ]
    assert program.results == {"h": 2, "d": 4}
    with pytest.raises(UsageError, match="x:1:1: expected an operation above the claim"):
        layout.compile_program(language.parse("claim A: 1", "x"))


def test_made_lines_are_numbered_by_position() -> None:
    program = Program((Line(Operation(Call("load", (Ref("m", 0),)))),), "made")
    with pytest.raises(UsageError, match="made:1:6: expected a mapping's name"):
        layout.compile_program(program)


def test_an_arena_has_a_page() -> None:
    assert compiled("c = fork()").arena_pages == 1


# ---- where groups lie ---------------------------------------------------------


def test_groups_do_not_straddle_a_table() -> None:
    assert layout.place_groups([]) == ([], 1)
    assert layout.place_groups([510, 1]) == ([1, 513], 515)
    assert layout.place_groups([500, 8, 1]) == ([1, 503, 513], 515)
    assert layout.place_groups([500, 9]) == ([1, 513], 523)
    assert layout.place_groups([1, 511]) == ([1, 4], 516)


def test_aligned_groups_begin_with_a_table() -> None:
    assert layout.place_groups([512], {0}) == ([512], 1025)
    assert layout.place_groups([1, 512, 1], {1}) == ([1, 512, 1026], 1028)
    assert layout.place_groups([509, 512], {1}) == ([1, 512], 1025)
    assert layout.place_groups([510, 512], {1}) == ([1, 1024], 1537)


def test_huge_mappings_are_aligned() -> None:
    huge = "mmap(pages=512, prot=rw, flags=private|anon|HUGETLB{})"
    program = compiled(f"a = {huge.format('')}\nb = {huge.format(', adjacent_to=a')}")
    assert program.mappings == {"a": (512, 512), "b": (1024, 512)}
    assert compiled(f"a = {MAP.format('1')[:-1]}, align=512)").mappings == {"a": (512, 1)}


@given(st.lists(st.integers(1, 700), max_size=8))
@pl.examples(60)
def test_group_rules(sizes: list[int]) -> None:
    starts, arena_pages = layout.place_groups(sizes)
    end = 0
    for start, size in zip(starts, sizes, strict=True):
        assert start - 1 >= end  # own guards, nothing shared
        first, end = start - 1, start + size + 1
        if size + 2 <= 512:
            assert first // 512 == (end - 1) // 512
    assert arena_pages == max(end, 1)


@given(st.lists(st.tuples(st.integers(1, 40), st.none() | st.integers(0, 9)), max_size=10))
@pl.examples(60)
def test_mappings_lie_apart(wanted: list[tuple[int, int | None]]) -> None:
    """Nothing overlaps, only adjacent_to= touches, guards are free."""
    lines = []
    free: set[int] = set()
    behind = {}
    for number, (pages, neighbour) in enumerate(wanted):
        adjacent = ""
        if neighbour in free:
            free.remove(neighbour)
            behind[number] = neighbour
            adjacent = f", adjacent_to=m{neighbour}"
        free.add(number)
        lines.append(f"m{number} = mmap(pages={pages}, prot=r, flags=private|anon{adjacent})\n")
    program = compiled("".join(lines))
    used: set[int] = set()
    for number, (pages, _) in enumerate(wanted):
        start, length = program.mappings[f"m{number}"]
        assert length == pages
        mine = set(range(start, start + pages))
        assert not mine & used
        assert min(mine) > 0
        assert max(mine) < program.arena_pages - 1
        used |= mine
    ends = {sum(program.mappings[f"m{number}"]): number for number in range(len(wanted))}
    for number in range(len(wanted)):
        start = program.mappings[f"m{number}"][0]
        assert ends.get(start) == behind.get(number)
    assert not program.arena_pages or {0, program.arena_pages - 1}.isdisjoint(used)


# ---- anything ---------------------------------------------------------------


@given(pl.programs())
@pl.examples(40)
def test_made_programs_compile_or_say_why(program: Program) -> None:
    message = pl.complaint(lambda: layout.compile_program(program))
    assert message.isprintable()
    if message:
        return
    result = layout.compile_program(program)
    abi.pack_program(
        result.ops,
        arena_start=result.arena_start,
        arena_pages=result.arena_pages,
        touches=result.touches,
    )


@given(pl.scraps)
@pl.examples(100)
def test_texts_compile_or_say_why(text: str) -> None:
    message = pl.complaint(lambda: compiled(HEAD + text))
    assert not message or message.startswith("x.mm:")


def test_reserved_words_are_no_handles() -> None:
    for word in RESERVED:
        program = Program((Line(Operation(Call("fork"), result=word)),))
        with pytest.raises(UsageError, match="a name that is free"):
            layout.compile_program(program)
    assert RESERVED & set(CALLS) == {"wait"}
    assert not RESERVED & set(FACTS)
