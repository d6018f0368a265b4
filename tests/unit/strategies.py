"""Hypothesis strategies of programs, shared by the tests of the language and the layout."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st

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
    Value,
)
from harness.signatures import CALLS, FACTS, KEYWORDS, RESERVED, Kind, Parameter


def examples(count: int) -> settings:
    """So many examples, and no deadline for one: the machine may be busy with a guest."""
    return settings(max_examples=count, deadline=None)


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True).filter(
    lambda name: name not in KEYWORDS
)
results = names.filter(lambda name: name not in RESERVED)
few = st.sampled_from(["m", "n", "h", "f", "c", "main", "d"])
numbers = st.one_of(
    st.integers(-3, 600),
    st.sampled_from([-(1 << 63), (1 << 64) - 1, 0x7FFF_0000, 0xFFFF_8000_0000_0000]),
)
offsets = st.integers(-(1 << 20), 1 << 20)
refs = st.one_of(
    st.builds(Ref, few),
    st.builds(Ref, few, st.integers(-2, 600), st.one_of(st.just(0), offsets)),
)


def values(parameter: Parameter) -> st.SearchStrategy[Value]:
    """Arguments that the grammar can say for a parameter."""
    if parameter.kind is Kind.NUMBER:
        return numbers
    if parameter.kind is Kind.DATA:
        return st.binary(max_size=300)
    if parameter.kind is Kind.SYMBOLS:
        known = st.sampled_from(sorted(parameter.symbols or ()))
        words = st.one_of(known, known, names)
        symbols = st.lists(words, min_size=1, max_size=3).map(tuple)
        return st.one_of(st.builds(Symbols, symbols), st.just(0))
    if parameter.kind in (Kind.ADDRESS, Kind.FRAME):
        return st.one_of(refs, numbers)
    return refs


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """A call with some of its arguments, some of them by position."""
    function = draw(st.sampled_from(sorted(CALLS)))
    parameters = CALLS[function].parameters
    split = draw(st.integers(0, len(parameters)))
    args = tuple(draw(values(parameter)) for parameter in parameters[:split])
    named = draw(st.permutations(parameters[split:]))
    count = draw(st.integers(0, len(named)))
    return Call(function, args, tuple((p.name, draw(values(p))) for p in named[:count]))


operations = st.builds(
    Operation,
    calls(),
    st.none() | few.filter(lambda n: n != "main"),
    st.none() | few,
    st.booleans(),
) | st.builds(Operation, calls(), st.none() | results, st.none() | names, st.booleans())


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    function = draw(st.sampled_from(sorted(FACTS)))
    process = draw(st.none() | names)
    args: list[Ref | Name] = [] if process is None else [Name(process)]
    args.append(draw(refs))
    if FACTS[function]:
        args.append(Name(draw(st.sampled_from(sorted(FACTS[function])))))
    return Fact(function, tuple(args))


versions = st.lists(st.integers(0, 999), min_size=2, max_size=3).map(
    lambda parts: ".".join(map(str, parts))
)
leaves: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Name, names),
    st.builds(Name, versions),
    st.builds(Name, st.sampled_from(["ret", "signal", "SIGSEGV", "EFAULT", "arch", "kernel"])),
    st.builds(Literal, numbers),
    st.builds(Literal, st.binary(max_size=5)),
    facts(),
)


def _grown(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    signs = ["==", "!=", "<", "<=", ">", ">=", "and", "or", "+", "-"]
    tuples = st.lists(inner, min_size=1, max_size=3).map(lambda items: Tuple(tuple(items)))
    return st.one_of(
        st.builds(Unary, st.sampled_from(["-", "not"]), inner),
        st.builds(Binary, st.sampled_from(signs), inner, inner),
        st.builds(Binary, st.just("in"), inner, tuples),
    )


conditions: st.SearchStrategy[Condition] = st.recursive(leaves, _grown, max_leaves=8)
claim_ids = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,4}(-[A-Za-z0-9_]{1,3}){0,2}", fullmatch=True)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Programs that were made, not parsed; what they say need not make sense."""
    heads = draw(st.lists(st.builds(Requires, conditions) | st.builds(Blank), max_size=2))
    rest = draw(
        st.lists(
            st.one_of(operations, operations, st.builds(Claim, claim_ids, conditions)), max_size=6
        )
    )
    return Program(tuple(Line(node) for node in (*heads, *rest)))


# Texts made of pieces of programs: far more of them are nearly right than of any text.
_PIECES = [
    *CALLS,
    *FACTS,
    *KEYWORDS,
    *("m", "h[0]", "c", " = ", ": ", "(", ")", ", ", "[", "]", "+", "-", "|", "=", "==", "<", "#"),
    *("rw", "private|anon", "pages=2", "prot=rw", "nr=1", "0x10", "010", "6.1", "7e1", "INT_MIN"),
    *('"a"', '"\\x41"', '"\\q"', '"', "ret", "GUP-01", "\t", " ", "\n", "\r", "\0", "é", "\ud800"),
    "m = mmap(pages=2, prot=rw, flags=private|anon)\n",
    "h = get_user_pages(m[0], nr=2, gup_flags=WRITE)\n",
    "t = begin load(m[0])\n",
    "wait(t)\n",
    "claim GUP-01: ",
]
scraps = st.lists(st.sampled_from(_PIECES), max_size=24).map("".join)


def complaint(call: Callable[[], object]) -> str:
    """The message of the UsageError that a call raises; "" if it raises none."""
    try:
        call()
    except UsageError as error:
        return str(error)
    return ""
