"""A console of the kernel's self-test, cut down to three cases, against the model."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from quality.variants import wrong_rules

from harness import language, layout
from harness.errors import HarnessError
from harness.model import Semantics
from harness.model.rules import Rules
from opinion import __main__ as command
from opinion.cases import CASES, MODES, Case, Memory
from opinion.compare import differences
from opinion.observe import observed
from opinion.predict import Predictor, program

LOG = Path(__file__).resolve().parents[1] / "testdata" / "opinion" / "x86_64.log"
TEXT = LOG.read_text("utf-8")
BY_NAME = {case.name: case for case in CASES}
RECORDED = (
    BY_NAME["dump pinned, anonymous, present, write, 64 a call"],
    BY_NAME["pin, anonymous, absent, read, 64 a call"],
    BY_NAME["dump, shared ext2 file, absent, write, 64 a call, file of 100 pages"],
)


def found(text: str, rules: type[Rules] = Rules) -> list[str]:
    """All differences of a console's cases."""
    predictor = Predictor(Semantics(), rules)
    cases = zip(RECORDED, observed(text), strict=True)
    return [line for case, seen in cases for line in differences(case, seen, predictor)]


def test_every_mode_meets_every_memory() -> None:
    asked = {(case.mode, case.memory, case.present, case.write) for case in CASES}
    assert len(asked) == len(MODES) * len(Memory) * 2 * 2
    assert len(BY_NAME) == len({case.line for case in CASES}) == len(CASES)


def test_what_the_kernel_told_is_read() -> None:
    pinned, zero, short = observed(TEXT)
    assert [(dump.index, dump.ref, dump.map) for dump in pinned.told.dumps] == [
        (index, 1025, 1) for index in (0, 1, 63, 255)
    ]
    assert zero.told.unpinned is not None
    assert (zero.told.unpinned.index, zero.told.unpinned.ref) == (0, 1)
    assert (short.told.size, short.told.which) == (128 * 4096, (1, 2, 64, 85, 0, 0, 0, 0))
    assert {seen.wrong for seen in (pinned, zero, short)} == {()}


def test_the_model_agrees() -> None:
    assert found(TEXT) == []


@pytest.mark.parametrize("method", ["pin_adds", "grab", "file_shared_pte", "partial"])
def test_a_wrong_model_does_not(method: str) -> None:
    assert found(TEXT, wrong_rules(method))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("refcount:1025", "refcount:1024", "page 0: refcount: observed 1024, predicted 1025"),
        ("mapcount:1 ", "mapcount:2 ", "page 0: mapcount: observed 2, predicted 1"),
        ("uptodate|lru|", "uptodate|dirty|lru|", "page 0: flags: observed dirty uptodate anon"),
        ("uptodate|lru|", "uptodate|hwpoison|", "a dumped page has the flag hwpoison"),
        ("which 1 2 64 256", "which 1 2 64 0", "pages to dump: observed (1, 2, 64, 0,"),
        ("size 524288", "size 262144", "bytes gone over: observed 262144, predicted 524288"),
        ("index:0x1 pfn:0xff86", "index:0x1 pfn:0x16c6", "same pages: observed [0, 0, 2, 3]"),
        ("pages[0] is NOT", "pages[0] is", "warn: WARNING: CPU: 0 PID: 160 at mm/gup_test.c"),
        ("mm/gup_test.c:50", "mm/gup.c:50", "warn: WARNING: CPU: 0 PID: 160 at mm/gup.c:50"),
        ("ioctl 0 size 1048576 which 1", "ioctl -12 size 1048576 which 1", "with errno 12"),
        ("status 0", "status 1", "gup_test with 1"),
    ],
)
def test_each_thing_that_differs_is_told(old: str, new: str, said: str) -> None:
    assert old in TEXT
    assert any(said in line for line in found(TEXT.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TEXT.replace("opinion: end", ""), "ended before its last case"),
        ("opinion: init failed: /disk: No such device\n", "/disk: No such device"),
        (TEXT.replace("opinion: case 1\n", "opinion: case 2\n"), "case 1 is missing"),
        (TEXT.replace("opinion: ioctl", "nothing"), "without a result"),
    ],
)
def test_a_console_that_is_not_whole(text: str, said: str) -> None:
    with pytest.raises(HarnessError, match=said):
        observed(text)


@pytest.mark.parametrize("case", CASES[::20], ids=lambda case: case.name)
def test_each_case_is_a_program(case: Case) -> None:
    assert layout.compile_program(language.parse(program(case), case.name)).ops
    assert len(case.line) < 400
    assert Predictor(Semantics()).predict(case).size > 0


def test_an_exception_that_nobody_caught_has_a_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> bool:
        raise ZeroDivisionError("no")

    monkeypatch.setattr(sys, "argv", ["opinion"])
    monkeypatch.setattr(command, "_judge", fail)
    assert command.main() == 23
    assert capsys.readouterr().err == "opinion: internal error: ZeroDivisionError: no\n"
