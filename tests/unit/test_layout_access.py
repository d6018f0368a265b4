"""Compiling what is said of a device's ->access."""

from __future__ import annotations

import re

import pytest

from harness import abi, language, layout
from harness.abi import Answer, Code, Op
from harness.errors import UsageError

HEAD = """\
d = device()
b = alloc_pages(2)
"""


def last(text: str) -> Op:
    return layout.compile_program(language.parse(HEAD + text + "\n", "x.mm")).ops[-1]


def test_operations() -> None:
    pages = Op(Code.ON_ACCESS, file=0, slot=0, flags=Answer.PAGES, line=3)
    length = Op(Code.ON_ACCESS, file=0, slot=0, flags=Answer.LENGTH, line=3)
    assert last("on_access(d, b)") == pages
    assert last("on_access(d, gives=LENGTH)") == length
    assert pages.index == abi.WHOLE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on_access(d)", "either pages= or gives="),
        ("on_access(d, b, LENGTH)", "either pages= or gives="),
        ("on_access(d, b[0])", "a whole held set"),
        ("on_access(d, gives=PAGES)", "gives (LENGTH, PHYS)"),
        ("on_access(b, b)", "a file's name"),
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=re.escape(expected)):
        last(text)
