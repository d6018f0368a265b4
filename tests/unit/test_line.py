"""The console's line protocol: whatever the kernel's log does to the lines, the bytes arrive."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import line
from harness.line import LineLink


def test_a_line_and_its_answer_as_they_are_specified() -> None:
    crc = zlib.crc32(b"h00000003aGVsbG8=")
    assert line.encode_line(b"h", 3, b"hello") == b"~PLh00000003%08x:aGVsbG8=\n" % crc
    assert line.encode_answer(b"g", 10) == b"~PAg0000000a%08x\n" % zlib.crc32(b"Ag0000000a")


def test_the_longest_line_fits_the_guests_buffer() -> None:
    assert len(line.encode_line(b"h", 0, bytes(line.CHUNK))) < 1024


class Console:
    """Two ends and a console between them; the guest's side shares it with the kernel's log."""

    def __init__(self, seed: int, spoil: float) -> None:
        self.random = random.Random(seed)
        self.spoil = spoil
        self.host, self.guest = LineLink(b"h"), LineLink(b"g")
        self.now = 0.0
        self.got = {b"h": b"", b"g": b""}

    def spoiled(self, text: bytes) -> bytes:
        """The lines with a message of the kernel somewhere among or in them."""
        if self.random.random() >= self.spoil:
            return text
        at = self.random.randrange(len(text) + 1)
        message = self.random.choice((b"[    1.234567] hello\r\n", b"[    1.2", b"\r\n", b"~PLg"))
        lost = self.random.choice((0, 0, 0, 5))
        return text[:at] + message + text[at + lost :]

    def step(self) -> None:
        self.now += 0.02
        for one, other, name in ((self.host, self.guest, b"g"), (self.guest, self.host, b"h")):
            one.tick(self.now)
            output = one.take_output()
            if one is self.guest:
                output = self.spoiled(output)
            for text in output.split(b"\n"):
                other.receive(text, self.now)
            self.got[name] += other.take_input()

    def run(self) -> None:
        for _ in range(4000):
            self.step()
            if self.host.idle and self.guest.idle:
                return


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.binary(max_size=1500), max_size=4),
    st.lists(st.binary(max_size=1500), max_size=4),
    st.integers(0, 2**32),
    st.sampled_from((0.0, 0.3)),
)
def test_bytes_arrive_in_order_and_once(
    to_guest: list[bytes], to_host: list[bytes], seed: int, spoil: float
) -> None:
    console = Console(seed, spoil)
    for data in to_guest:
        console.host.send(data, 0.0)
    for data in to_host:
        console.guest.send(data, 0.0)
    console.run()
    assert console.got == {b"g": b"".join(to_guest), b"h": b"".join(to_host)}
    assert console.host.idle
    assert console.guest.idle


def test_a_repeated_line_is_answered_again_and_dropped() -> None:
    link = LineLink()
    text = line.encode_line(b"g", 0, b"data")
    link.receive(text, 0.0)
    link.receive(text, 0.0)
    assert link.take_input() == b"data"
    assert link.take_output() == line.encode_answer(b"g", 0) * 2


def test_a_line_is_found_behind_a_message_and_two_in_one_line() -> None:
    link = LineLink()
    link.receive(b"[    1.0] x ~PLg0000" + line.encode_line(b"g", 0, b"one"), 0.0)
    both = line.encode_line(b"g", 1, b"two")[:-1] + line.encode_line(b"g", 2, b"three")
    link.receive(both, 0.0)
    assert link.take_input() == b"onetwothree"


@pytest.mark.parametrize(
    "text",
    [
        b"~PLg0000000000000000:AAAA",  # wrong crc
        b"~PLh00000000" + b"%08x" % zlib.crc32(b"h00000000AAAA") + b":AAAA",  # our own, echoed
        b"~PLg00000005" + b"%08x" % zlib.crc32(b"g00000005AAAA") + b":AAAA",  # not yet its turn
        b"~PLg00000000" + b"%08x" % zlib.crc32(b"g00000000AAA") + b":AAA",  # no base64
    ],
)
def test_what_is_not_the_next_good_line_is_ignored(text: bytes) -> None:
    link = LineLink()
    link.receive(text, 0.0)
    assert link.take_input() == b""
    assert link.take_output() == b""


def test_one_line_is_outstanding_until_it_is_answered() -> None:
    link = LineLink()
    link.send(bytes(line.CHUNK + 1), 0.0)
    assert link.take_output().count(b"~PL") == 1
    link.receive(line.encode_answer(b"h", 1), 0.0)  # of a line that was not sent
    link.receive(line.encode_answer(b"g", 0), 0.0)  # of the other direction
    assert link.take_output() == b""
    link.receive(line.encode_answer(b"h", 0), 0.0)
    assert link.take_output().startswith(b"~PLh00000001")
    link.receive(line.encode_answer(b"h", 1), 0.0)
    assert (link.idle, link.due) == (True, None)


def test_a_line_that_is_never_answered_ends_in_an_error() -> None:
    link = LineLink(slowdown=2.0)
    link.send(b"x", 0.0)
    sent = [link.take_output()]
    now = 0.0
    for _ in range(line.RESENDS_MAX):
        assert link.due is not None
        now = link.due
        link.tick(now - 0.001)
        assert link.take_output() == b""
        link.tick(now)
        sent.append(link.take_output())
    with pytest.raises(line.LineError, match="not answered in 50"):
        link.tick(now + 10)
    assert all(sent)
    assert sent[1] == b"\n" + sent[0]
    assert 30 < now < 60
