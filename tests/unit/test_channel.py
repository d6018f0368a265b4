"""Channels without a guest: sockets, backpressure, ends, and the serial channel's thread."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from harness import abi, line
from harness.abi import FrameType
from harness.channel import Channel, ChannelClosedError
from harness.channel.serial import SerialChannel
from harness.console import Console
from harness.wire import Decoder, Encoder, WireError


@pytest.fixture
def pair() -> Iterator[tuple[Channel, socket.socket]]:
    """A channel and the guest's end of it."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


Pair = tuple[Channel, socket.socket]


def test_frames_both_ways(pair: Pair) -> None:
    channel, guest = pair
    channel.send(FrameType.PROGRAM, b"program")
    frames = Decoder(frozenset(FrameType)).feed(guest.recv(1000))
    assert [(frame.kind, frame.payload) for frame in frames] == [(FrameType.PROGRAM, b"program")]
    data = Encoder().encode(FrameType.RESULT, b"result")
    guest.sendall(data[:10])
    with pytest.raises(TimeoutError):
        channel.receive(0.05)
    guest.sendall(data[10:])
    assert channel.receive(5).payload == b"result"
    assert channel.activity == len(data)


def test_sending_never_blocks_and_nothing_is_lost(pair: Pair) -> None:
    channel, guest = pair
    payload = bytes(range(256)) * 4096
    for _ in range(4):
        channel.send(FrameType.PROGRAM, payload)
    assert channel.wants_write
    decoder, frames = Decoder(frozenset(FrameType)), 0
    guest.settimeout(5)
    while frames < 4:
        frames += len(decoder.feed(guest.recv(1 << 16)))
        channel.flush()
    assert not channel.wants_write


def test_what_was_sent_before_the_end_is_still_read(pair: Pair) -> None:
    channel, guest = pair
    guest.sendall(Encoder().encode(FrameType.RESULT, b"last words"))
    guest.close()
    with pytest.raises(ChannelClosedError):
        channel.send(FrameType.PROGRAM, b"program")
    assert channel.receive(5).payload == b"last words"
    with pytest.raises(ChannelClosedError):
        channel.receive(5)


def test_garbage_is_the_guests_fault(pair: Pair) -> None:
    channel, guest = pair
    guest.sendall(bytes(100))
    with pytest.raises(WireError):
        channel.receive(5)


class Serial:
    """A guest that speaks the line protocol, and a serial channel to it."""

    def __init__(self) -> None:
        ours, self.tty = socket.socketpair()
        self.console = Console()
        self.ended = threading.Event()
        self.channel = SerialChannel(ours, self.console.feed, self.ended.set)
        self.link = line.LineLink(b"g")
        self.encoder = Encoder()
        self.decoder = Decoder(frozenset(FrameType))
        self.frames: list[bytes] = []

    def serve(self, seconds: float, frames: int) -> None:
        """The guest's side, until it got that many frames and everything was answered."""
        deadline = time.monotonic() + seconds
        held = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.tty, selectors.EVENT_READ)
            while len(self.frames) < frames or not self.link.idle:
                assert time.monotonic() < deadline
                self.link.tick(time.monotonic())
                self.tty.sendall(self.link.take_output())
                if selector.select(0.05):
                    held += self.tty.recv(4096)
                *lines, held = held.split(b"\n")
                for text in lines:
                    self.link.receive(text, time.monotonic())
                found = self.decoder.feed(self.link.take_input())
                self.frames += [frame.payload for frame in found]
        self.tty.sendall(self.link.take_output())

    def close(self) -> None:
        self.channel.close()
        self.tty.close()


@pytest.fixture
def serial() -> Iterator[Serial]:
    made = Serial()
    yield made
    made.close()


def test_the_serial_channel_carries_frames_beside_the_log(serial: Serial) -> None:
    serial.channel.send(FrameType.PROGRAM, bytes(5000))
    serial.tty.sendall(b"[    1.000000] a message\r\n")
    serial.link.send(serial.encoder.encode(FrameType.RESULT, b"r" * 2000), time.monotonic())
    serial.serve(10, 1)
    assert serial.frames == [bytes(5000)]
    assert serial.channel.receive(5).payload == b"r" * 2000
    assert serial.console.tail == "[    1.000000] a message"
    assert serial.channel.activity > 2000


def test_the_serial_channel_sends_a_damaged_line_again(serial: Serial) -> None:
    serial.channel.send(FrameType.PROGRAM, b"program")
    serial.tty.settimeout(5)
    first = serial.tty.recv(4096)
    second = serial.tty.recv(4096)  # nobody answered
    assert second == b"\n" + first
    serial.link.receive(second, 0.0)
    frames = serial.decoder.feed(serial.link.take_input())
    assert frames[0].payload == b"program"


def test_the_end_of_the_console_ends_the_serial_channel(serial: Serial) -> None:
    serial.link.send(serial.encoder.encode(FrameType.RESULT, b"last words"), 0.0)
    serial.tty.sendall(serial.link.take_output() + b"[    2.000000] Power down\r\n")
    serial.tty.close()
    assert serial.channel.receive(5).payload == b"last words"
    with pytest.raises(ChannelClosedError):
        serial.channel.receive(5)
    assert serial.ended.wait(5)
    assert serial.console.tail.endswith("Power down")


def test_closing_the_serial_channel_ends_its_thread(serial: Serial) -> None:
    before = threading.active_count()
    serial.channel.close()
    assert threading.active_count() < before
    assert serial.ended.is_set()


def test_dropbears_key_file_has_its_layout() -> None:
    from harness.channel.ssh import make_keys

    keys = make_keys()
    data = keys.host_file
    assert data[:15] == b"\0\0\0\x0bssh-ed25519"
    assert data[15:19] == (64).to_bytes(4, "big")
    assert len(data) == 19 + 64
    assert keys.host_public.startswith("ssh-ed25519 ")
    assert keys.client_private.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
    assert make_keys() != keys


def test_the_longest_outcome_fits_a_frame() -> None:
    longest = abi.OUTCOME.size + abi.DATA_MAX + abi.LOG_MAX + abi.SNAPSHOT_MAX
    assert longest <= abi.FRAME_MAX
