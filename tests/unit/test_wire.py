"""Frames: what goes in comes out, and nothing that a guest says does harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import abi, wire
from harness.abi import FrameType


def outcome(operation: int, kind: int = 1, **parts: int | bytes) -> bytes:
    """One record; data, log and snapshot as given, the rest as named."""
    blobs = [parts.pop(name, b"") for name in ("data", "log", "snapshot")]
    lengths = [len(blob) if isinstance(blob, bytes) else blob for blob in blobs]
    head = abi.OUTCOME.pack(
        operation,
        kind,
        parts.get("signo", 0),
        parts.get("refused", 0),
        parts.get("observed", 0),
        0,
        lengths[0],
        parts.get("ret", 0),
        0,
        lengths[1],
        lengths[2],
    )
    body = b"".join(
        blob + bytes(-len(blob) % 8) if isinstance(blob, bytes) else b"" for blob in blobs
    )
    return head + body


def result(number: int, *records: bytes) -> bytes:
    return number.to_bytes(8, "little") + b"".join(records)


def end(count: int) -> bytes:
    return outcome(count, abi.Kind.END, ret=count)


HELLO = abi.HELLO.pack(abi.MAGIC, 1, 4096, 512, 1 << 47, 5, 1 << 21, 0, b"6.1.192", b"x86_64")


@given(
    st.lists(st.tuples(st.sampled_from(FrameType), st.binary(max_size=300)), max_size=5),
    st.lists(st.integers(1, 40), max_size=60),
)
def test_frames_survive_any_cutting(frames: list[tuple[FrameType, bytes]], cuts: list[int]) -> None:
    encoder, decoder = wire.Encoder(), wire.Decoder(frozenset(FrameType))
    stream = b"".join(encoder.encode(kind, payload) for kind, payload in frames)
    out: list[wire.Frame] = []
    for cut in [*cuts, len(stream)]:
        piece, stream = stream[:cut], stream[cut:]
        out += decoder.feed(piece)
    assert [(frame.kind, frame.payload) for frame in out] == frames
    assert not decoder.pending


@given(st.binary(min_size=24, max_size=200))
def test_garbage_is_an_error_at_once(data: bytes) -> None:
    decoder = wire.Decoder()
    if data[:4] == abi.FRAME_MAGIC.to_bytes(4, "little"):
        return
    with pytest.raises(wire.WireError, match="no frame"):
        decoder.feed(data)


@given(st.integers(0, 8 * 33 - 1))
def test_every_flipped_bit_is_noticed(bit: int) -> None:
    frame = bytearray(wire.Encoder().encode(FrameType.RESULT, b"123456789"))
    frame[bit // 8] ^= 1 << bit % 8
    decoder = wire.Decoder()
    # A longer length only makes the decoder wait: then the frame never ends.
    try:
        assert decoder.feed(bytes(frame)) == []
    except wire.WireError:
        return
    assert 4 <= bit // 8 < 8


def test_a_frame_longer_than_the_limit_is_refused_before_it_is_kept() -> None:
    decoder = wire.Decoder()
    head = abi.FRAME.pack(abi.FRAME_MAGIC, abi.FRAME_MAX + 1, 0, FrameType.RESULT, 0, 0)
    with pytest.raises(wire.WireError, match="the limit is"):
        decoder.feed(head)
    with pytest.raises(ValueError, match="the limit is"):
        wire.Encoder().encode(FrameType.PROGRAM, bytes(abi.FRAME_MAX + 1))


def test_order_and_direction_are_checked() -> None:
    encoder = wire.Encoder()
    encoder.encode(FrameType.RESULT, b"")
    with pytest.raises(wire.WireError, match="frame 1 where frame 0"):
        wire.Decoder().feed(encoder.encode(FrameType.RESULT, b""))
    with pytest.raises(wire.WireError, match="unknown type 2"):
        wire.Decoder().feed(wire.Encoder().encode(FrameType.PROGRAM, b""))


def test_hello() -> None:
    hello = wire.parse_hello(HELLO)
    assert (hello.release, hello.machine, hello.zero_pfn) == ("6.1.192", "x86_64", 5)
    assert hello.facts()["task_size"] == 1 << 47


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "cut short"),
        (b"\0" * 128, "wrong magic"),
        (HELLO[:4] + b"\7" + HELLO[5:], "version 7.*rebuild"),
        (HELLO[:-1], "127 bytes.*rebuild"),
        (HELLO[:8] + b"\0\0\1\0" + HELLO[12:], "pages of 65536 bytes.*rebuild"),
        (HELLO[:-16] + b"\xff" * 16, "no known character set"),
        (HELLO[:-16] + b"\x1b[2J".ljust(16, b"\0"), "unprintable"),
    ],
)
def test_a_bad_hello_says_why(payload: bytes, message: str) -> None:
    with pytest.raises(wire.WireError, match=message):
        wire.parse_hello(payload)


def test_error_text_is_one_printable_line_of_bounded_length() -> None:
    assert wire.error_text(b"no\n\x1b[31mway\xff ") == "no  [31mway\ufffd"
    assert len(wire.error_text(b"x" * 100_000)) == 4096


def test_results_are_followed_to_their_end() -> None:
    results = wire.Results(7, 2)
    first = outcome(0, data=b"hello", log=b"6,1,2,-;x\n", snapshot=b"12345678", observed=1)
    assert results.feed(result(7, first)) == first
    assert (results.ended, results.logs) == (False, [b"6,1,2,-;x\n"])
    results.feed(result(7, outcome(1), end(2)))
    assert (results.ended, results.logs) == (True, [])


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"\7\0\0\0", "proper head"),
        (b"\7\0\0\0\1\0\0\0", "proper head"),
        (result(8, outcome(0)), "program 8 while 7 runs"),
        (result(7), "without an outcome"),
        (result(7, b"\0" * 5), "stray bytes"),
        (result(7, outcome(1)), "operation 1 where 0"),
        (result(7, outcome(0), outcome(0)), "operation 0 where 1"),
        (result(7, outcome(0), outcome(1), outcome(2)), "more than the program's 2"),
        (result(7, outcome(0), end(1)), "end after 1 of 2"),
        (result(7, outcome(0), outcome(1), end(2), end(2)), "after the end"),
        (result(7, outcome(0, kind=77)), "impossible marks"),
        (result(7, outcome(0, refused=99)), "impossible marks"),
        (result(7, outcome(0, observed=2)), "impossible marks"),
        (result(7, outcome(0, snapshot=b"12345678")), "does not announce"),
        (result(7, outcome(0, data=abi.DATA_MAX + 1)), "longer than the ABI allows"),
        (result(7, outcome(0, log=abi.LOG_MAX + 1)), "longer than the ABI allows"),
        (result(7, outcome(0, snapshot=0xFFFFFFFF, observed=1)), "longer than the ABI allows"),
        (result(7, outcome(0, log=100)), "cut short"),
        (result(7, outcome(0, data=b"12345")[:-3]), "cut short"),
    ],
)
def test_a_lying_result_says_what_is_wrong(payload: bytes, message: str) -> None:
    with pytest.raises(wire.WireError, match=message):
        wire.Results(7, 2).feed(payload)


@given(st.binary(max_size=400))
def test_no_payload_does_more_than_raise(payload: bytes) -> None:
    results = wire.Results(0, 3)
    try:
        results.feed(bytes(8) + payload)
    except wire.WireError:
        return
    assert payload
