"""Conditions: checked before a run, evaluated after it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import conditions, language, layout
from harness.abi import PageFlag, PteFlag
from harness.conditions import Resolved, Value, resolve
from harness.environment import Environment
from harness.errors import UsageError
from harness.language import Mistake
from harness.program import Claim, Compiled, Condition, Fact, Name, Ref, Requires, Tuple

from . import strategies as pl

HEAD = """\
m = mmap(pages=2, prot=rw, flags=private|anon)
h = get_user_pages(m[0], nr=2)
d = load(m[0], 5)
c = fork()
"""


def condition(text: str) -> Condition:
    (line,) = language.parse(f"claim X: {text}", "x").lines
    assert isinstance(line.node, Claim)
    return line.node.condition


def compiled(text: str) -> Compiled:
    return layout.compile_program(language.parse(text, "x.mm"))


NAMES: dict[str, Value] = {"ret": -14, "signal": 11, "si_code": 2, "refused": 3, "d": b"hello"}


def worth(text: str) -> Value:
    def fact(asked: Fact) -> Value:
        return 7 if asked.function == "page" else len(asked.args)

    return conditions.evaluate(condition(text), NAMES.__getitem__, fact)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ret == -EFAULT", True),
        ("ret == -14 and signal == SIGSEGV", True),
        ("ret != -14 or not signal", False),
        ("signal == SIGBUS or si_code == SEGV_ACCERR", True),
        ("refused == not_held", True),
        ("refused in (capacity, table_end)", False),
        ('d == "hello" and d != "hell"', True),
        ('d in ("a", "hello")', True),
        ("1 + 2 - 4", -1),
        ("-(1) == -1", True),
        ("INT_MIN < INT_MAX", True),
        ("1 <= 1 and 2 >= 1 and 2 > 1", True),
        ("page(m[0]) == page(h[0])", True),
        ("pte(m[0], write)", 2),
        ("ref(c, m) == 2", True),
        ("1 == 1 or nobody == 1", True),
        ("0 and nobody", False),
    ],
)
def test_values(text: str, value: Value) -> None:
    assert worth(text) == value


@pytest.mark.parametrize(
    "text", ["d == 5", "d < 5", "d + 1", "-d", "not d", "d and 1", "1 in (1, d)[", 'd < "a"']
)
def test_values_that_do_not_go_together(text: str) -> None:
    if text.endswith("["):
        assert worth(text[:-1]) is True  # the first item decides
        return
    with pytest.raises(UsageError, match="condition"):
        worth(text)


def test_a_tuple_has_no_value() -> None:
    with pytest.raises(UsageError, match="only behind 'in'"):
        conditions.evaluate(Tuple((Name("a"),)), NAMES.__getitem__, lambda _: 0)


def test_what_a_callback_raises_passes() -> None:
    with pytest.raises(KeyError):
        worth("nobody == 1")


# ---- requires ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("arch == arm64", True),
        ("arch in (x86_64, arm64)", True),
        ("arch != arm64", False),
        ("not arch == x86_64", True),
        ("kernel >= 6.1", True),
        ("kernel == 6.1", True),
        ("kernel > 6.1", False),
        ("kernel <= 6.1", True),
        ("kernel < 6.12", True),
        ("kernel >= 6.1.200", False),
        ("kernel == 6.1.192", True),
        ("kernel >= 6", True),
        ("kernel < 6", False),
        ("kernel in (5.10, 6.1)", True),
        ("kernel in (5.10, 7)", False),
        ("config == base", True),
        ('config == "base-x" or config in (debug, kasan)', False),
        ("arch == arm64 and (kernel < 5.10 or config == base)", True),
        ('boot_arg == "x=1"', True),
        ("boot_arg == quiet", True),
        ("boot_arg != quiet", False),
        ('boot_arg == "x=2"', False),
        ('boot_arg != "x=2"', True),
        ('boot_arg in ("x=2", quiet)', True),
        ("option == SECRETMEM", True),
        ("option != SECRETMEM", False),
        ("option == HAVE_ARCH_USERFAULTFD_WP", False),
        ("option in (SECRETMEM, HAVE_ARCH_USERFAULTFD_WP)", True),
    ],
)
def test_requires(text: str, met: bool) -> None:
    (asked,) = compiled(f"requires: {text}\n").requires
    environment = Environment("6.1.192", "arm64", "base", boot_args=("x=1", "quiet"))
    environment = replace(environment, options=("SECRETMEM",))
    assert conditions.requires_met(asked, environment) is met


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ('boot_arg == "x=1"', ("x=1",)),
        ('arch == arm64 and (boot_arg == "x=1" and boot_arg == quiet)', ("x=1", "quiet")),
        ("boot_arg != quiet", ()),
        ("not boot_arg == quiet", ()),
        ("arch == arm64 or boot_arg == quiet", ()),
        ("boot_arg in (quiet, debug)", ()),
    ],
)
def test_boot_parameters_that_have_to_be_there(text: str, asked: tuple[str, ...]) -> None:
    (condition,) = compiled(f"requires: {text}\n").requires
    assert conditions.boot_args_asked(condition) == asked


@pytest.mark.parametrize(
    ("text", "column", "expected", "found"),
    [
        ("arhc == arm64", 11, "a comparison that begins with arch, kernel, config", "arhc"),
        ("arch", 11, "a comparison that begins with arch", "arch"),
        ("arch == arm", 19, "one of x86_64, arm64", "arm"),
        ("arch in (x86_64, arm)", 28, "one of x86_64, arm64", "arm"),
        ("arch < arm64", 11, "a comparison (==, !=, in) behind arch", "'<'"),
        ("kernel >= new", 21, "a version such as 6.1", "new"),
        ('kernel >= "6.1"', 21, "a version such as 6.1", '"6.1"'),
        ("kernel >= -6", 21, "a version such as 6.1", "-6"),
        ("kernel + 1", 11, "a comparison (==, !=, <, <=, >, >=, in) behind kernel", "'+'"),
        ("config == 6.1", 21, "a word or a string", "6.1"),
        ("config == 5", 21, "a word or a string", "5"),
        ("config == page(m)", 21, "a word or a string", "page(m)"),
        ('boot_arg == "two words"', 23, "a boot parameter such as", '"two words"'),
        ('boot_arg < "x"', 11, "a comparison (==, !=, in) behind boot_arg", "'<'"),
        ("option == SECRET", 21, "one of ARM64_CONTPTE, EXT2_FS, HAVE_ARCH", "SECRET"),
        ("option < SECRETMEM", 11, "a comparison (==, !=, in) behind option", "'<'"),
        ("arch == arm64 and ret == 2", 29, "a comparison that begins", "ret"),
    ],
)
def test_requires_that_cannot_be(text: str, column: int, expected: str, found: str) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(f"requires: {text}")
    assert str(caught.value).startswith(f"x.mm:1:{column}: expected {expected}"), caught.value
    assert str(caught.value).endswith(f", found {found}")


def test_facts_are_none_of_an_environment() -> None:
    node = language.parse("requires: page(m) == 0", "x").lines[0].node
    assert isinstance(node, Requires)
    with pytest.raises(UsageError, match="an environment has no such fact"):
        conditions.requires_met(node.condition, Environment("6.1", "arm64"))


def test_a_kernel_without_a_version() -> None:
    node = language.parse("requires: kernel >= 6.1", "x").lines[0].node
    assert isinstance(node, Requires)
    with pytest.raises(UsageError, match=r"a kernel version such as 6\.1, found 'next'"):
        conditions.requires_met(node.condition, Environment("next", "arm64"))


# ---- claims -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "ret == h",
        "page(m[0]) == page(c, m[0]) and page(h[1]) != 0",
        "0 != page(m[0])",
        "page(m[0]) in (page(h[0]), page(h[1]))",
        "flag(h[0], dirty) and not flag(m[1], anon)",
        "pte(c, m[-1], none_prot) == 0",
        "ref(m) - map(m) == 1",
        'd == "a" or d in ("b", "c")',
        "refused",
        "-ret == EFAULT",
    ],
)
def test_claims_that_make_sense(text: str) -> None:
    assert len(compiled(f"{HEAD}claim X: {text}").claims) == 1


@pytest.mark.parametrize(
    ("text", "column", "expected", "found"),
    [
        ("d", 10, "a comparison", "data"),
        ("page(m)", 10, "a comparison", "a page"),
        ("not page(m)", 14, "a comparison", "a page"),
        ("ret == 1 and d", 23, "a comparison", "data"),
        ("ret == d", 17, "a number to compare with a number", "data"),
        ("d == 5", 15, "data to compare with data", "a number"),
        ("d in (5)", 16, "data to compare with data", "a number"),
        ("page(m) == 1", 21, "a page to compare with a page", "a number"),
        ("page(m) == ret", 21, "a page to compare with a page", "a number"),
        ('d < "b"', 10, "'==' or '!=' behind data", "'<'"),
        ("page(m) >= page(h)", 10, "'==' or '!=' behind a page", "'>='"),
        ("-d == 1", 11, "a number", "data"),
        ('1 + d == "a"', 14, "a number", "data"),
        ("m == 1", 10, "ret, signal, si_code, refused, blocked, locked, vmas, pfn, a", "'m'"),
        ("arch == 1", 10, "ret,", "'arch'"),
        ("kernel == 6.1", 10, "ret,", "'kernel'"),
        ("page(q[0]) == 0", 10, "a mapping or a held set", "'q'"),
        ("page(c) == 0", 10, "a mapping or a held set", "'c'"),
        ("page(m, m) == 0", 10, "a process's name", "'m'"),
        ("page(c, h) == 0", 10, "a mapping's page (a held page is in no process)", "'h'"),
        ("pte(h, write)", 10, "a mapping's page", "'h'"),
        ("pte(m, writable)", 10, "one of present, write, dirty", "'writable'"),
        ("flag(m, write)", 10, "one of dirty, uptodate", "'write'"),
        ("page(m[0]+8) == 0", 10, "a page such as m[0]", "an offset of 8 bytes"),
        ("page(m[3]) == 0", 10, "a page of the arena", "m[3]"),
        ("page(h[-1]) == 0", 10, "a held page from 0 to 511", "-1"),
    ],
)
def test_claims_that_do_not(text: str, column: int, expected: str, found: str) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(f"{HEAD}claim X: {text}")
    assert str(caught.value).startswith(f"x.mm:5:{column}: expected {expected}"), caught.value
    assert str(caught.value).endswith(f", found {found}")


def test_resolve() -> None:
    program = compiled(HEAD)
    assert resolve(Fact("page", (Ref("m", 1),)), program) == Resolved("page", 0, 2, None, 0, 0)
    assert resolve(Fact("page", (Name("c"), Ref("m"))), program) == Resolved(
        "page", 1, 1, None, 0, 0
    )
    assert resolve(Fact("pte", (Ref("m", -1), Name("write"))), program) == Resolved(
        "pte", 0, 0, None, 0, PteFlag.WRITE
    )
    assert resolve(Fact("flag", (Ref("h", 1), Name("dirty"))), program) == Resolved(
        "flag", 0, None, 0, 1, PageFlag.DIRTY
    )


@pytest.mark.parametrize(
    "fact",
    [
        Fact("nothing", (Ref("m"),)),
        Fact("page", ()),
        Fact("page", (Name("c"),)),
        Fact("page", (Ref("m"), Name("dirty"))),
        Fact("flag", (Ref("m"),)),
        Fact("flag", (Name("c"), Name("c"), Ref("m"))),
    ],
)
def test_made_facts_that_are_none(fact: Fact) -> None:
    with pytest.raises(Mistake, match="a fact as docs"):
        resolve(fact, compiled(HEAD))


@given(pl.conditions, st.binary(max_size=2) | st.integers() | st.text("a6.", max_size=4))
@pl.examples(60)
def test_evaluating_anything(tree: Condition, value: Value) -> None:
    """Only UsageError, whatever a condition says and names are worth."""
    message = pl.complaint(lambda: conditions.holds(tree, lambda _: value, lambda _: value))
    assert message.isprintable()
