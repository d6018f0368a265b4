"""A trace: one program with every outcome and snapshot, in one versioned file.

The file is written as it arrives and read even when it stops early:

    one line of JSON (the header), then chunks until the end of the file;
    chunk: u32 kind, u32 length, u32 CRC-32 of the body, body

A chunk of kind OUTCOMES holds whole ``pl_outcome`` records as a RESULT frame
carried them; one of kind ENDING, the last, says in JSON how the run ended.

Everything here is pure: bytes in, values out. Writing is for the runner.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from . import abi
from .environment import Environment
from .errors import UsageError

VERSION = 1
_CHUNK = struct.Struct("<III")
# An enum's members by value: asking the enum costs a call of Python.
_KINDS = {int(kind): kind for kind in abi.Kind}
_REFUSED = {int(reason): reason for reason in abi.Refused}
_OUTCOMES = 1
_ENDING = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one operation gave: struct pl_outcome with its data, log and snapshot.

    Attributes:
        operation: index in the program.
        ret: the call's value; -errno below 0.
        log: kernel-log records as /dev/kmsg gives them.
        snapshot: encoded sections, or None where none was taken.
    """

    operation: int
    kind: abi.Kind
    ret: int = 0
    signo: int = 0
    si_code: int = 0
    addr: int = 0
    refused: abi.Refused = abi.Refused.NONE
    data: bytes = b""
    log: bytes = b""
    snapshot: bytes | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What a trace says before its first outcome.

    Attributes:
        program: path as the user gave it, or a generated name.
        text: the program's text, whole.
        observe: "each" or "end".
    """

    environment: Environment
    program: str
    text: str
    observe: str = "each"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: verdict name of an infrastructure fault, or "" for a clean end."""

    verdict: str = ""
    text: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole trace as read.

    Attributes:
        outcomes: in order, without the END record.
        complete: the guest's END record arrived and counted every operation.
        ending: how the runner says that it ended; None where the file stops early.
        last_log: what the kernel said when the program's processes and pages were
            let go, behind its last operation.
    """

    header: Header
    outcomes: tuple[Outcome, ...]
    complete: bool
    ending: Ending | None
    last_log: bytes = b""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a trace file would have in it, in memory.

    Attributes:
        bodies: the outcome records of each RESULT frame, in order.
    """

    header: Header
    bodies: tuple[bytes, ...]
    ending: Ending

    def encode(self) -> bytes:
        """The file's content."""
        chunks = (encode_outcomes(body) for body in self.bodies)
        return b"".join((encode_header(self.header), *chunks, encode_ending(self.ending)))

    def trace(self) -> Trace:
        """The trace, as decode() gives it from the file's content.

        Raises:
            UsageError: an outcome that cannot be.
        """
        try:
            return _trace(self.header, self.bodies, self.ending)
        except ValueError as error:
            name = self.header.program
            raise UsageError(f"{name}: damaged or not a trace: {error}") from None


def parse_outcomes(body: bytes) -> Iterator[Outcome]:
    """Outcome records of one RESULT payload (after its number).

    Raises:
        ValueError: lengths or enums that cannot be; the guest is not trusted.
    """
    at, end = 0, len(body)
    while at < end:
        if end - at < abi.OUTCOME.size:
            raise ValueError(f"{end - at} stray bytes after the last outcome")
        (op, kind, signo, refused, observed, si_code, data_len, ret, addr, log_len, snap_len) = (
            abi.OUTCOME.unpack_from(body, at)
        )
        at += abi.OUTCOME.size
        if data_len > abi.DATA_MAX or log_len > abi.LOG_MAX or snap_len > abi.SNAPSHOT_MAX:
            raise ValueError(f"outcome of operation {op}: a part is longer than the ABI allows")
        log_at = at + (data_len + 7 & ~7)
        snap_at = log_at + (log_len + 7 & ~7)
        data_at, at = at, snap_at + (snap_len + 7 & ~7)
        if at > end:
            raise ValueError(f"outcome of operation {op} is cut short")
        if observed > 1 or (snap_len and not observed):
            raise ValueError(f"outcome of operation {op}: impossible snapshot mark")
        yield Outcome(
            operation=op,
            kind=_KINDS[kind] if kind in _KINDS else abi.Kind(kind),
            ret=ret,
            signo=signo,
            si_code=si_code,
            addr=addr,
            refused=_REFUSED[refused] if refused in _REFUSED else abi.Refused(refused),
            data=body[data_at : data_at + data_len],
            log=body[log_at : log_at + log_len],
            snapshot=body[snap_at : snap_at + snap_len] if observed else None,
        )


def encode_header(header: Header) -> bytes:
    """The first line of a trace file."""
    value = {
        "pagelab_trace": VERSION,
        "environment": header.environment.to_json(),
        "program": header.program,
        "observe": header.observe,
        "text": header.text,
    }
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _chunk(kind: int, body: bytes) -> bytes:
    return _CHUNK.pack(kind, len(body), zlib.crc32(body)) + body


def encode_outcomes(body: bytes) -> bytes:
    """One chunk around the outcome records of a RESULT frame."""
    return _chunk(_OUTCOMES, body)


def encode_ending(ending: Ending) -> bytes:
    """The last chunk of a trace file."""
    value = {"verdict": ending.verdict, "text": ending.text, "tail": ending.tail}
    return _chunk(_ENDING, json.dumps(value).encode())


def _chunks(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Whole chunks; a chunk cut short at the end of the file ends the walk.

    Raises:
        ValueError: a whole chunk whose checksum is wrong.
    """
    while at + _CHUNK.size <= len(data):
        kind, length, crc = _CHUNK.unpack_from(data, at)
        body = data[at + _CHUNK.size : at + _CHUNK.size + length]
        if len(body) < length:
            return
        if zlib.crc32(body) != crc:
            raise ValueError(f"checksum of the chunk at byte {at} is wrong")
        yield kind, body
        at += _CHUNK.size + length


def decode_header(line: bytes) -> Header:
    """The inverse of encode_header.

    Raises:
        ValueError: not a trace of a version known here.
    """
    value = json.loads(line)
    if not isinstance(value, dict) or "pagelab_trace" not in value:
        raise ValueError("not a trace")
    if value["pagelab_trace"] != VERSION:
        raise ValueError(f"trace version {value['pagelab_trace']}, this pagelab reads {VERSION}")
    texts = (value["program"], value["text"], value["observe"])
    if not all(isinstance(text, str) for text in texts) or texts[2] not in ("each", "end"):
        raise ValueError("its program, text or observe is of another kind")
    return Header(
        environment=Environment.from_json(value["environment"]),
        program=value["program"],
        text=value["text"],
        observe=value["observe"],
    )


def decode(data: bytes, name: str) -> Trace:
    """A trace file's content.

    Args:
        data: the whole file.
        name: its path, for messages.

    Raises:
        UsageError: damaged, or not a trace.
    """
    line, newline, _ = data.partition(b"\n")
    bodies: list[bytes] = []
    ending = None
    try:
        if not newline:
            raise ValueError("no header line")
        header = decode_header(line)
        for kind, body in _chunks(data, len(line) + 1):
            if kind == _ENDING:
                ending = Ending(**json.loads(body))
                break
            bodies.append(body)
        return _trace(header, bodies, ending)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{name}: damaged or not a trace: {error}") from None


def _trace(header: Header, bodies: Iterable[bytes], ending: Ending | None) -> Trace:
    """A trace of its chunks.

    Raises:
        ValueError: as parse_outcomes.
    """
    outcomes: list[Outcome] = []
    complete = False
    last_log = b""
    for body in bodies:
        for outcome in parse_outcomes(body):
            if outcome.kind is abi.Kind.END:
                complete = outcome.ret == len(outcomes)
                last_log = outcome.log
            else:
                outcomes.append(outcome)
    return Trace(header, tuple(outcomes), complete, ending, last_log)
