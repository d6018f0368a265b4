"""Frames between host and guest: encoding, decoding, and what a guest may say.

Pure and incremental. The guest is not trusted: every length, count and enum
is checked when it arrives, and no input makes the decoder keep more than one
frame of the largest size.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import abi

_FROM_GUEST = frozenset((abi.FrameType.HELLO, abi.FrameType.RESULT, abi.FrameType.ERROR))
_TYPES = {int(kind): kind for kind in abi.FrameType}
_KINDS = frozenset(int(kind) for kind in abi.Kind)
_REFUSED = frozenset(int(reason) for reason in abi.Refused)
_RESULT_HEAD = 8
_ERROR_MAX = 4096


class WireError(Exception):
    """The guest sent what the protocol does not allow; the stream cannot be followed further."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame whose checksum was right."""

    kind: abi.FrameType
    payload: bytes


class Encoder:
    """Numbers and packs the frames of one direction."""

    def __init__(self) -> None:
        self._sequence = 0

    def encode(self, kind: abi.FrameType, payload: bytes) -> bytes:
        """One frame as it travels.

        Raises:
            ValueError: the payload is longer than FRAME_MAX.
        """
        if len(payload) > abi.FRAME_MAX:
            raise ValueError(f"frame of {len(payload)} bytes, the limit is {abi.FRAME_MAX}")
        crc = abi.frame_crc(len(payload), self._sequence, kind, payload)
        head = abi.FRAME.pack(abi.FRAME_MAGIC, len(payload), self._sequence, kind, crc, 0)
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        return head + payload


class Decoder:
    """Takes bytes as they come, gives whole frames.

    Args:
        allowed: the types that the other side may send.
    """

    def __init__(self, allowed: frozenset[abi.FrameType] = _FROM_GUEST) -> None:
        self._allowed = allowed
        self._buffer = bytearray()
        self._sequence = 0

    @property
    def pending(self) -> int:
        """Bytes of a frame that has begun and is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete.

        Raises:
            WireError: bad magic, length, type, sequence or checksum.
        """
        self._buffer += data
        frames = []
        at = 0
        while len(self._buffer) - at >= abi.FRAME.size:
            length, crc = self._head(at)
            end = at + abi.FRAME.size + length
            if end > len(self._buffer):
                break
            payload = bytes(self._buffer[at + abi.FRAME.size : end])
            frames.append(self._finish(at, crc, payload))
            at = end
        if at:
            del self._buffer[:at]
        return frames

    def _head(self, at: int) -> tuple[int, int]:
        magic, length, sequence, kind, crc, reserved = abi.FRAME.unpack_from(self._buffer, at)
        if magic != abi.FRAME_MAGIC:
            raise WireError(f"no frame where one should begin (0x{magic:08x})")
        if length > abi.FRAME_MAX:
            raise WireError(f"frame of {length} bytes, the limit is {abi.FRAME_MAX}")
        if sequence != self._sequence:
            raise WireError(f"frame {sequence} where frame {self._sequence} should come")
        if _TYPES.get(kind) not in self._allowed or reserved:
            raise WireError(f"frame of unknown type {kind}")
        return length, crc

    def _finish(self, at: int, crc: int, payload: bytes) -> Frame:
        kind = abi.FRAME.unpack_from(self._buffer, at)[3]
        if abi.frame_crc(len(payload), self._sequence, kind, payload) != crc:
            raise WireError(f"checksum of frame {self._sequence} is wrong")
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        return Frame(_TYPES[kind], payload)


def parse_hello(payload: bytes) -> abi.Hello:
    """The guest's first word.

    Raises:
        WireError: not a hello, or of another version or capacity than this host's.
    """
    if len(payload) < 8:
        raise WireError("hello is cut short")
    magic, version = int.from_bytes(payload[:4], "little"), int.from_bytes(payload[4:8], "little")
    if magic != abi.MAGIC:
        raise WireError("hello has a wrong magic")
    if version != abi.VERSION:
        raise WireError(f"guest speaks ABI version {version}, this pagelab {abi.VERSION}: rebuild")
    if len(payload) != abi.HELLO.size:
        raise WireError(f"hello of {len(payload)} bytes, not {abi.HELLO.size}: rebuild")
    _, _, page_size, capacity, task_size, zero_pfn, span, features, release, machine = (
        abi.HELLO.unpack(payload)
    )
    if page_size != abi.PAGE_SIZE or capacity != abi.GUP_CAPACITY:
        raise WireError(f"guest has pages of {page_size} bytes and capacity {capacity}: rebuild")
    try:
        names = [raw.rstrip(b"\0").decode("ascii") for raw in (release, machine)]
    except UnicodeDecodeError:
        raise WireError("hello names its kernel in no known character set") from None
    if not all(name.isprintable() for name in names):
        raise WireError("hello names its kernel in unprintable characters")
    return abi.Hello(page_size, capacity, task_size, zero_pfn, span, features, names[0], names[1])


def error_text(payload: bytes) -> str:
    """The text of an ERROR frame as one printable line of bounded length."""
    text = payload[:_ERROR_MAX].decode("utf-8", "replace")
    return "".join(char if char.isprintable() else " " for char in text).strip()


class Results:
    """Follows the outcome records of one program.

    Args:
        number: the program's, as it was sent.
        operations: how many it has.

    Attributes:
        ended: its END record arrived.
        logs: kernel-log records of the last payload, where there were any.
    """

    def __init__(self, number: int, operations: int) -> None:
        self.number = number
        self.ended = False
        self.logs: list[bytes] = []
        self._operations = operations
        self._next = 0

    def feed(self, payload: bytes) -> bytes:
        """The records of one RESULT payload, all of them proved well-formed.

        Raises:
            WireError: another program's number, a record that cannot be, records out of
                order, or records after the end.
        """
        if len(payload) < _RESULT_HEAD or payload[4:8] != b"\0\0\0\0":
            raise WireError("result frame without a proper head")
        number = int.from_bytes(payload[:4], "little")
        if number != self.number:
            raise WireError(f"result of program {number} while {self.number} runs")
        if len(payload) == _RESULT_HEAD:
            raise WireError(f"result of program {number} without an outcome")
        self.logs = []
        at = _RESULT_HEAD
        while at < len(payload):
            at = self._record(payload, at)
        return payload[_RESULT_HEAD:]

    def _record(self, payload: bytes, at: int) -> int:
        """Checks the record there and returns where the next one begins."""
        if len(payload) - at < abi.OUTCOME.size:
            raise WireError("stray bytes after the last outcome")
        operation, kind, _, refused, observed, _, data_len, ret, _, log_len, snapshot_len = (
            abi.OUTCOME.unpack_from(payload, at)
        )
        at += abi.OUTCOME.size
        if data_len > abi.DATA_MAX or log_len > abi.LOG_MAX or snapshot_len > abi.SNAPSHOT_MAX:
            raise WireError(f"outcome {operation} has a part longer than the ABI allows")
        log = at + (data_len + 7 & ~7)
        end: int = log + (log_len + 7 & ~7) + (snapshot_len + 7 & ~7)
        if end > len(payload):
            raise WireError(f"outcome {operation} is cut short")
        if kind not in _KINDS or refused not in _REFUSED or observed > 1:
            raise WireError(f"outcome {operation} has impossible marks")
        if snapshot_len and not observed:
            raise WireError(f"outcome {operation} has a snapshot that it does not announce")
        if self.ended:
            raise WireError(f"outcome {operation} after the end of program {self.number}")
        if log_len:
            self.logs.append(payload[log : log + log_len])
        self._advance(operation, kind, ret)
        return end

    def _advance(self, operation: int, kind: int, ret: int) -> None:
        if kind == abi.Kind.END:
            if ret != self._next or ret != self._operations:
                raise WireError(f"end after {self._next} of {self._operations} says {ret}")
            self.ended = True
            return
        if operation != self._next:
            raise WireError(f"outcome of operation {operation} where {self._next} should come")
        if operation >= self._operations:
            raise WireError(f"an outcome more than the program's {self._operations} operations")
        self._next += 1
