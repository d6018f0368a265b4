"""Text to program and back."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import grammar, language
from harness.errors import UsageError
from harness.program import (
    Binary,
    Blank,
    Call,
    Claim,
    Condition,
    Fact,
    Line,
    Literal,
    Name,
    Operation,
    Program,
    Ref,
    Requires,
    Symbols,
    Tuple,
    Unary,
)

from . import strategies as pl

EXAMPLE = """\
# A held page is never freed: its bytes outlive munmap.
requires: arch in (x86_64, arm64)

m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "hello")
h = get_user_pages(m[0], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2
munmap(m)
d = peek(h[0], 5)
claim GUP-11: d == "hello"
put_page(h)
c = fork()
c: exit()
"""


def only(text: str) -> Operation | Claim | Requires | Blank:
    """What a text's one line says."""
    (line,) = language.parse(text, "x.mm").lines
    return line.node


def call(text: str) -> Call:
    node = only(text)
    assert isinstance(node, Operation)
    return node.call


def condition(text: str) -> Condition:
    node = only(f"claim X: {text}")
    assert isinstance(node, Claim)
    return node.condition


def made(program: Program) -> Program:
    """The same program as if it had not been parsed."""
    return Program(tuple(Line(line.node) for line in program.lines))


def test_contract_example() -> None:
    program = language.parse(EXAMPLE, "x.mm")
    assert language.render(program) == EXAMPLE
    assert len(program.lines) == 13
    assert program.lines[1].node == Requires(
        Binary("in", Name("arch"), Tuple((Name("x86_64"), Name("arm64"))))
    )
    assert program.lines[5] == Line(
        Operation(
            Call(
                "get_user_pages",
                (Ref("m", 0),),
                (("nr", 2), ("gup_flags", Symbols(("WRITE",)))),
            ),
            result="h",
        )
    )
    assert program.lines[12].node == Operation(Call("exit"), process="c")
    assert [line.number for line in program.lines] == list(range(1, 14))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n",
        "# comment without a newline",
        "load( m [ 0 ] + 0x10 ,\tn = 4 )  # why — ünïcödé\n",
        "  c  =  fork ( )",
        "claim  A-1 :ret==0x2# shown\n\n",
        'store(m[0], "# no comment \\" \\\\ \\n \\x00")',
        "load(m[0]+0)\n   \n\t\n",
    ],
)
def test_text_comes_back_exactly(text: str) -> None:
    assert language.render(language.parse(text, "x.mm")) == text


def test_values() -> None:
    assert call("get_user_pages(-0x1000, nr=INT_MIN, gup_flags=0)") == Call(
        "get_user_pages", (-4096,), (("nr", -(1 << 31)), ("gup_flags", 0))
    )
    assert call("get_user_pages(m, LONG_MAX, WRITE|FORCE)") == Call(
        "get_user_pages", (Ref("m"), (1 << 63) - 1, Symbols(("WRITE", "FORCE")))
    )
    assert call(r'store(m[-1]-8, "a\"\\\n\x00\xff")') == Call(
        "store", (Ref("m", -1, -8), b'a"\\\n\0\xff')
    )
    assert call("madvise(m, DONTNEED)") == Call("madvise", (Ref("m"), Symbols(("DONTNEED",))))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("ret == -EFAULT", Binary("==", Name("ret"), Unary("-", Name("EFAULT")))),
        ("-5", Literal(-5)),
        ("-(5)", Unary("-", Literal(5))),
        ("--5", Unary("-", Literal(-5))),
        ("1 - 5", Binary("-", Literal(1), Literal(5))),
        (
            "a or b and not c == d + 1",
            Binary(
                "or",
                Name("a"),
                Binary(
                    "and",
                    Name("b"),
                    Unary("not", Binary("==", Name("c"), Binary("+", Name("d"), Literal(1)))),
                ),
            ),
        ),
        ("(a or b) and c", Binary("and", Binary("or", Name("a"), Name("b")), Name("c"))),
        ("a - (b - c)", Binary("-", Name("a"), Binary("-", Name("b"), Name("c")))),
        ("kernel >= 6.1", Binary(">=", Name("kernel"), Name("6.1"))),
        ("a in (b)", Binary("in", Name("a"), Tuple((Name("b"),)))),
        ("page(h[0])", Fact("page", (Ref("h", 0),))),
        ("page(c, m)", Fact("page", (Name("c"), Ref("m")))),
        ("pte(c, m[1], write)", Fact("pte", (Name("c"), Ref("m", 1), Name("write")))),
    ],
)
def test_condition_trees(text: str, tree: Condition) -> None:
    assert condition(text) == tree
    assert language.render_condition(tree) == text


# text, column, what was expected (a part of it), what was found
MISTAKES = [
    ("mmap", 5, "'('", "the end of the line"),
    ("mmapp(pages=1)", 1, "an operation", "'mmapp'"),
    ("m = mapp(pages=1)", 5, "a call (mmap, munmap", "'mapp'"),
    ("m = mmap(page=1)", 10, "pages= or prot= or flags=", "'page'"),
    ("m = mmap(pages=1, pages=2)", 19, "prot= or", "'pages'"),
    ("m = mmap(pages=1, r)", 19, "mmap's next argument by name", "'r'"),
    ("munmap(m, 1, 2)", 14, "')'", "'2'"),
    ("exit(1)", 6, "')'", "'1'"),
    ("main = fork()", 1, "a name that is free", "'main'"),
    ("ret = fork()", 1, "a name that is free", "'ret'"),
    ("5 = fork()", 1, "a name that is free", "'5'"),
    ("c = d = fork()", 5, "a call", "'d'"),
    ("in: exit()", 1, "a process's name", "'in'"),
    ("t = c: begin begin load(m[0])", 14, "a call", "'begin'"),
    ("t = begin c: load(m[0])", 11, "a call", "'c'"),
    ("t = begin", 10, "a call", "the end of the line"),
    ("load(m[0]) load(m[1])", 12, "the end of the line", "'load'"),
    ("load(m[0]", 10, "','", "the end of the line"),
    ("load(m[)", 8, "a page's number", "')'"),
    ("load(m+100)", 7, "','", "'+'"),
    ("load(0x7fff0000)", 6, "a place such as m[0]+100", "'0x7fff0000'"),
    ("load(m[0], 010)", 12, "a number", "'010'"),
    ("load(m[0], 6.1)", 12, "a number", "'6.1'"),
    ("load(m[0], 0x10000000000000000)", 12, "a number of 64 bits", "'0x10000000000000000'"),
    ("store(m[0], hello)", 13, 'a string such as "hello"', "'hello'"),
    ('store(m[0], "hello)', 20, "at the string's end", "the end of the line"),
    (r'store(m[0], "a\t")', 15, "one of the escapes", r"'\\t'"),
    ('store(m[0], "é")', 14, r"ASCII (write other bytes as \xNN)", r"'\xe9'"),
    ("load(m[0]); exit()", 11, "a name, a number, a string or a sign", "';'"),
    ("load(m[0])\r", 11, "lines that end in LF alone", r"'\r'"),
    ("# nul \0", 7, "text", r"'\x00'"),
    ("# \ud800", 3, "text", r"'\ud800'"),
    ("claim: ret == 2", 6, "an id and ':'", "':'"),
    ("claim GUP-01 ret == 2", 7, "an id and ':'", "'GUP'"),
    ("claim A: ret ==", 16, "a name, a number, a string or '('", "the end of the line"),
    ("claim A: 1 < 2 < 3", 16, "'and', 'or' or the end of the line", "'<'"),
    ("claim A: ret = 2", 14, "an operator or the end of the line", "'='"),
    ("claim A: (ret == 2", 19, "')'", "the end of the line"),
    ("claim A: ret in 2", 17, "'('", "'2'"),
    ("claim A: foo(m[0])", 10, "a fact (page, ref, map, flag, pte, vma)", "'foo'"),
    ("claim A: pte(m[0])", 18, "pte(place, flag) or pte(process, place, flag)", "')'"),
    ("claim A: page(c, m[0], x)", 25, "page(place) or page(process, place)", "')'"),
    ("requires arch == arm64", 10, "':'", "'arch'"),
    ("x" * 5000, 4097, "a line of at most 4096 characters", "more"),
]


@pytest.mark.parametrize(("text", "column", "expected", "found"), MISTAKES)
def test_mistakes_name_their_place(text: str, column: int, expected: str, found: str) -> None:
    with pytest.raises(UsageError) as caught:
        language.parse(f"# first\n{text}\n", "dir/x.mm")
    message = str(caught.value)
    assert message.startswith(f"dir/x.mm:2:{column}: expected ")
    assert expected in message
    assert message.endswith(f", found {found}")
    assert "\n" not in message


def test_requires_stands_first() -> None:
    with pytest.raises(UsageError, match=re.escape("x:2:2: expected requires: before the first")):
        language.parse("c = fork()\n requires: arch == arm64\n", "x")


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(UsageError, match=r"x:2:4: expected UTF-8 text, found byte 0xff"):
        language.decode("exit()\n# é".encode() + b"\xff", "x")
    assert language.decode("# é\n".encode(), "x") == language.parse("# é\n", "x")


@pytest.mark.parametrize("opening", ["(", "not ", "- ", "a + ", "a and ", "a in (", "a == ("])
def test_deep_conditions_are_refused(opening: str) -> None:
    text = opening * (grammar.LINE_MAX // len(opening) - 4)
    with pytest.raises(UsageError, match="at most 64 operators in a condition"):
        language.parse(f"claim A: {text[:4000]}", "x")


def test_columns() -> None:
    line = language.parse("c = main: load(m[0]+8, n=4)", "x").lines[0]
    keys = ("result", "process", "function", 0, 1, 2)
    assert [language.column_of(line, key) for key in keys] == [1, 5, 11, 16, 26, 1]
    line = language.parse('claim A: not ret == -5 and d in ("a", page(m))', "x").lines[0]
    assert [language.column_of(line, leaf) for leaf in range(5)] == [14, 21, 28, 34, 39]


@given(st.text(max_size=200) | pl.scraps)
@pl.examples(300)
def test_any_text_is_a_program_or_a_usage_error(text: str) -> None:
    message = pl.complaint(lambda: language.parse(text, "x.mm"))
    if message:
        assert re.match(r"x\.mm:[0-9]+:[0-9]+: expected .+, found .+", message)
        assert message.isprintable()
        return
    program = language.parse(text, "x.mm")
    assert language.render(program) == text
    canonical = language.render(made(program))
    assert language.parse(canonical, "x.mm") == program
    text.encode()


@given(pl.programs())
@pl.examples(60)
def test_made_programs_come_back(program: Program) -> None:
    text = language.render(program)
    assert text.isascii()
    assert language.parse(text, "x.mm") == program


@given(pl.programs(), st.data())
@pl.examples(60)
def test_damaged_programs(program: Program, data: st.DataObject) -> None:
    """One character changed, removed or added."""
    text = language.render(program)
    at = data.draw(st.integers(0, len(text)))
    add = data.draw(st.sampled_from(["", *string.printable, "\0", "é"]))
    drop = data.draw(st.integers(0, 1))
    damaged = text[:at] + add + text[at + drop :]
    if not pl.complaint(lambda: language.parse(damaged, "x.mm")):
        assert language.render(language.parse(damaged, "x.mm")) == damaged
