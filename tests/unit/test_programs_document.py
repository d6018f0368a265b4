"""docs/programs.md against the tables and limits that it describes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness import abi, grammar, language, layout
from harness.errors import UsageError
from harness.program import ARENA_START
from harness.signatures import CALLS, CONSTANTS, ENVIRONMENT_NAMES, FACTS, KEYWORDS, OUTCOME_NAMES

TEXT = (Path(__file__).parents[2] / "docs" / "programs.md").read_text()
WORDS = set(re.findall(r"`([^`\n]+)`", TEXT))
BLOCKS = re.findall(r"^```\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
HEAD = """\
m = mmap(pages=3, prot=rw, flags=private|anon)
h = get_user_pages(m[0], nr=2)
c = fork()
"""


def test_every_call_has_one_row() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*)$", TEXT, re.MULTILINE)
    for function in CALLS:
        (row,) = [said for name, said in rows if name == function]
        if function == "get_user_pages_fast":
            assert "the same" in row
            continue
        parameters = CALLS[function].parameters
        places = [row.find(f"`{parameter.name}=") for parameter in parameters]
        assert -1 not in places, function
        assert places == sorted(places), function
        named = {parameter.name for parameter in parameters}
        assert set(re.findall(r"`(\w+)=", row)) == named, function


def test_every_word_is_there() -> None:
    flags = {name for flags in FACTS.values() for name in flags}
    symbols = {
        name
        for signature in CALLS.values()
        for parameter in signature.parameters
        for name in parameter.symbols or ()
    }
    words = {*flags, *symbols, *CONSTANTS, *KEYWORDS, *ENVIRONMENT_NAMES, *OUTCOME_NAMES}
    assert words - WORDS == set()


def test_every_fact_is_there() -> None:
    for name, flags in FACTS.items():
        assert f"`{name}(place{', name' if flags else ''})`" in TEXT


def test_limits_are_right() -> None:
    for what, number in (
        ("operations", abi.OPERATIONS_MAX),
        ("arena, guard pages included", f"{abi.ARENA_PAGES_MAX} pages"),
        ("processes, `main` included", abi.PROCESSES_MAX),
        ("files", abi.FILES_MAX),
        ("calls that get, pin or allocate pages", abi.HELD_MAX),
        ("pages of one such call", abi.GUP_CAPACITY),
        ("bytes of one load, store, peek, poke, read or write", abi.DATA_MAX),
        (
            "bytes of one `access_process_vm`, `process_vm_readv` or `process_vm_writev`",
            abi.ACCESS_MAX,
        ),
        ("bytes of all strings to store, poke and write", abi.BLOB_MAX),
    ):
        assert f"| {what} | {number} |" in TEXT
    assert f"at most {grammar.LINE_MAX} characters" in TEXT
    assert f"at most {grammar.OPERATORS_MAX} operators" in TEXT
    assert f"begins at\n{ARENA_START:#x}:" in TEXT


def test_examples_compile() -> None:
    """Every block that is a program is one, behind the lines of HEAD that it needs."""
    compiled = 0
    for block in BLOCKS:
        if block.startswith(("program ", "broken.mm")):
            continue
        names = re.findall(r"^(\w+) =", block, re.MULTILINE)
        alone = "m" in names or "requires:" in block
        head = [line for line in HEAD.splitlines() if line.split()[0] not in names]
        text = block if alone else "\n".join((*head, block))
        program = language.parse(text, "docs/programs.md")
        compiled += len(layout.compile_program(program).ops)
    assert compiled > 25


def test_the_error_shown_is_real() -> None:
    text = "m = mmap(pages=1, prot=r, flags=private|anon)\nload(m[0], 300)\n"
    with pytest.raises(UsageError) as caught:
        layout.compile_program(language.parse(text, "broken.mm"))
    assert f"{caught.value}\n" in BLOCKS
