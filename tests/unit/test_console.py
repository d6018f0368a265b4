"""A console's bytes: lines, faults, a tail for messages, and no trace of the channel's lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import abi, line, wire
from harness.console import TAIL_LINES, Console

LOGS = Path(__file__).resolve().parents[1] / "testdata" / "console"
ONE = line.encode_line(b"g", 0, bytes(range(200)))


@pytest.mark.parametrize("log", sorted(LOGS.glob("*.log")), ids=lambda path: path.stem)
def test_recorded_boots_give_the_same_however_they_arrive(log: Path) -> None:
    data = log.read_bytes()
    whole, pieces = Console(), Console()
    whole.feed(data)
    for at in range(0, len(data), 7):
        pieces.feed(data[at : at + 7])
    assert whole.faults == pieces.faults
    assert whole.tail == pieces.tail
    assert len(whole.tail.splitlines()) <= TAIL_LINES
    kind = log.stem.split("-")[1]
    if kind == "clean":
        assert not whole.faults
    else:
        assert whole.faults[0].kind == kind
    assert (whole.fatal is None) is (kind in ("clean", "warn"))


def test_the_tail_is_what_was_said_last() -> None:
    console = Console()
    console.feed(b"".join(b"line %d\r\n" % number for number in range(1000)) + b"not yet en")
    lines = console.tail.splitlines()
    assert len(lines) == TAIL_LINES
    assert lines[-2:] == ["line 999", "not yet en"]


def test_control_characters_do_not_reach_a_terminal() -> None:
    console = Console()
    console.feed(b"\x1b[31mred\x1b[0m \x07bell\x9b\r\n")
    assert console.tail == "red bell\ufffd"


def test_memory_is_bounded_without_any_newline() -> None:
    console = Console()
    for _ in range(100):
        lines = console.feed(b"x" * 10_000)
        assert all(len(text) <= 4096 for text in lines)
    assert len(console.tail) < TAIL_LINES * 4096
    assert console.feed(b"\nafter\n")[-1] == b"after"


def test_init_announces_channels() -> None:
    console = Console()
    console.feed(b"pagelab: ready ssh\r\n")
    assert console.ready == {"ssh"}


@pytest.mark.parametrize(
    ("data", "tail"),
    [
        (ONE, ""),
        (line.encode_answer(b"h", 7), ""),
        (b"before\n" + ONE + b"after\n", "before\nafter"),
        # the kernel's message begins in the channel's line, whose rest comes after it
        (ONE[:50] + b"[    1.234567] message\r\n" + ONE[50:], "[    1.234567] message"),
        (ONE[:9] + b"[    1.234567] one\r\n[    1.234568] two\r\n" + ONE, None),
        # a message without its newline, then the channel's line
        (b"[    1.234567] half" + ONE, "[    1.234567] half"),
        (ONE[:20] + b"[    1.234567] half" + ONE, "[    1.234567] half"),
        (b"AAAA\n", "AAAA"),  # what looks like base64 is kept unless a line was cut
    ],
)
def test_the_channels_lines_are_left_out(data: bytes, tail: str | None) -> None:
    console = Console()
    console.feed(data)
    expected = "[    1.234567] one\n[    1.234568] two" if tail is None else tail
    assert console.tail == expected


def test_a_recorded_serial_run_beside_a_talking_kernel() -> None:
    """Of a console that carried frames among messages, every line is whole or left out."""
    data = (LOGS.parent / "serial" / "x86_64-noise.log").read_bytes()
    link, console, shown = line.LineLink(), Console(), []
    cut = 0
    for raw in data.splitlines(keepends=True):
        before = console.tail
        for text in console.feed(raw):
            link.receive(text, 0.0)
        if console.tail != before:
            shown.append(console.tail.splitlines()[-1])
        cut += bool(re.search(rb"~PL.*\[ +\d", raw))
    decoder = wire.Decoder()
    frames = decoder.feed(link.take_input())
    assert frames[0].kind is abi.FrameType.HELLO
    assert len(frames) > 3
    assert cut > 5
    noise = "noise: nothing is wrong, but the kernel has a lot to say about nothing"
    assert len(shown) > 50
    assert [text.partition("] ")[2] or text for text in shown if not text.endswith(noise)] == [
        "APIC calibration not consistent with PM-Timer: 94ms instead of 100ms",
        "pagelab: loading out-of-tree module taints kernel.",
        "pagelab: ready serial",
    ]


def test_a_fault_in_the_middle_of_a_channels_line_is_seen() -> None:
    console = Console()
    fault = b"[    1.234567] Kernel panic - not syncing: x\r\n"
    console.feed(ONE[:100] + fault + ONE[100:])
    assert console.fatal is not None
    assert console.fatal.kind == "panic"


@given(st.lists(st.binary(max_size=100)))
def test_any_bytes_are_taken(pieces: list[bytes]) -> None:
    console = Console()
    for piece in pieces:
        console.feed(piece)
    assert not set(console.tail) & {chr(code) for code in (*range(9), *range(11, 32), 127, 155)}
