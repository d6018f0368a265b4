"""Trace files: what was written is what is read, and damage is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import abi
from harness.environment import Environment
from harness.errors import UsageError
from harness.trace import (
    Ending,
    Header,
    Outcome,
    Recording,
    Trace,
    decode,
    encode_ending,
    encode_header,
    encode_outcomes,
    parse_outcomes,
)

ENVIRONMENT = Environment(
    kernel="6.1.192",
    arch="arm64",
    cpu="cortex-a57",
    boot_args=("a=1", "b"),
    argv=("qemu-system-aarch64", "-M", "virt"),
    facts={"zero_pfn": 7},
)
HEADER = Header(ENVIRONMENT, "programs/a.mm", "m = mmap(pages=1)\n", "each")
END = abi.OUTCOME.pack(0xFFFFFFFF, abi.Kind.END, 0, 0, 0, 0, 0, 2, 0, 0, 0)


def test_an_own_kernel_is_told_from_a_known_one() -> None:
    debian = Environment(kernel="6.1.192", arch="x86_64", source_digest="12345678ab")
    own = replace(debian, own="/src/linux", nearest="6.1")
    assert (debian.id, own.id) == ("6.1.192-x86_64-base", "6.1.192-x86_64-base-own-12345678")
    assert Environment.from_json(own.to_json()) == own


def pack(outcome: Outcome) -> bytes:
    """One record as the guest sends it."""
    parts = (outcome.data, outcome.log, outcome.snapshot or b"")
    head = abi.OUTCOME.pack(
        outcome.operation,
        outcome.kind,
        outcome.signo,
        outcome.refused,
        outcome.snapshot is not None,
        outcome.si_code,
        len(outcome.data),
        outcome.ret,
        outcome.addr,
        len(outcome.log),
        len(parts[2]),
    )
    return head + b"".join(part + b"\0" * (-len(part) % 8) for part in parts)


OUTCOMES = st.builds(
    Outcome,
    operation=st.integers(0, 1023),
    kind=st.sampled_from([kind for kind in abi.Kind if kind is not abi.Kind.END]),
    ret=st.integers(-(1 << 63), (1 << 63) - 1),
    signo=st.integers(0, 64),
    si_code=st.integers(-(1 << 31), (1 << 31) - 1),
    addr=st.integers(0, (1 << 64) - 1),
    refused=st.sampled_from(abi.Refused),
    data=st.binary(max_size=abi.DATA_MAX),
    log=st.binary(max_size=100),
    snapshot=st.none() | st.binary(max_size=100),
)


def written(*chunks: bytes, header: Header = HEADER) -> bytes:
    return b"".join((encode_header(header), *chunks))


@given(st.lists(OUTCOMES, max_size=4))
def test_outcomes_survive(outcomes: list[Outcome]) -> None:
    body = b"".join(pack(outcome) for outcome in outcomes)
    assert list(parse_outcomes(body)) == outcomes
    trace = decode(written(encode_outcomes(body)), "t")
    assert trace == Trace(HEADER, tuple(outcomes), complete=False, ending=None)


def test_a_whole_trace() -> None:
    outcomes = [Outcome(0, abi.Kind.VALUE, 5), Outcome(1, abi.Kind.DEATH, snapshot=b"")]
    body = b"".join(pack(outcome) for outcome in outcomes)
    trace = decode(written(encode_outcomes(body + END), encode_ending(Ending())), "t")
    assert trace.complete
    assert trace.ending == Ending()
    assert trace.outcomes == tuple(outcomes)
    assert trace.header == HEADER
    assert trace.header.environment.id == "6.1.192-arm64-base-a=1-b"


def test_an_end_that_counts_wrongly_completes_nothing() -> None:
    body = pack(Outcome(0, abi.Kind.VALUE)) + END
    assert not decode(written(encode_outcomes(body)), "t").complete


def test_ending_keeps_the_console() -> None:
    ending = Ending("GUEST_LOST", "QEMU ended", "line 1\nline 2")
    trace = decode(written(encode_ending(ending)), "t")
    assert trace.ending == ending
    assert not trace.complete


def test_every_cut_is_readable_or_named() -> None:
    body = pack(Outcome(0, abi.Kind.VALUE, data=b"abc"))
    whole = written(encode_outcomes(body), encode_outcomes(body), encode_ending(Ending("TIMEOUT")))
    head = len(encode_header(HEADER))
    for length in range(len(whole)):
        if length < head:
            with pytest.raises(UsageError, match="^t: damaged or not a trace"):
                decode(whole[:length], "t")
        else:
            trace = decode(whole[:length], "t")
            assert trace.ending is None
            assert len(trace.outcomes) <= 2


@given(st.data())
def test_a_changed_byte_never_crashes(data: st.DataObject) -> None:
    body = pack(Outcome(0, abi.Kind.VALUE, data=b"abc", snapshot=b"12345678"))
    whole = bytearray(written(encode_outcomes(body + END), encode_ending(Ending())))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    try:
        decode(bytes(whole), "t")
    except UsageError as error:
        assert str(error).startswith("t: damaged")


def test_a_wrong_checksum_is_named() -> None:
    whole = bytearray(written(encode_outcomes(pack(Outcome(0, abi.Kind.VALUE)))))
    whole[-1] ^= 1
    with pytest.raises(UsageError, match="checksum"):
        decode(bytes(whole), "t")


@pytest.mark.parametrize(
    "text",
    [b"", b"\n", b"{}\n", b"[]\n", b'{"pagelab_trace": 2}\n', b'{"pagelab_trace": 1}\n', b"\xff\n"],
)
def test_other_files_are_no_traces(text: bytes) -> None:
    with pytest.raises(UsageError, match="damaged or not a trace"):
        decode(text, "t")


def test_a_later_versions_environment_is_read() -> None:
    value = ENVIRONMENT.to_json() | {"colour": "blue"}
    assert Environment.from_json(value) == ENVIRONMENT


def header_with(place: tuple[str, ...], value: object) -> bytes:
    """A trace whose header has something else at a place."""
    header = json.loads(encode_header(HEADER))
    inner = header
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return json.dumps(header).encode() + b"\n"


@pytest.mark.parametrize(
    "place",
    [
        ("environment",),
        ("environment", "kernel"),
        ("environment", "arch"),
        ("environment", "boot_args"),
        ("environment", "argv"),
        ("environment", "boot_seconds"),
        ("environment", "facts"),
        ("environment", "facts", "zero_pfn"),
        ("program",),
        ("text",),
        ("observe",),
    ],
)
def test_a_header_of_another_kind_is_no_trace(place: tuple[str, ...]) -> None:
    fine: dict[tuple[str, ...], list[object]] = {
        ("environment", "kernel"): ["vax"],
        ("environment", "arch"): ["vax"],
        ("environment", "boot_args"): [[]],
        ("environment", "argv"): [[]],
        ("environment", "boot_seconds"): [1, 1.5],
        ("environment", "facts"): [{}],
        ("environment", "facts", "zero_pfn"): [1],
        ("program",): ["vax"],
        ("text",): ["vax"],
    }
    values: list[object] = [None, 1, 1.5, True, [], [1], {}, {"a": "b"}, "vax"]
    for value in values:
        same_kind = [known for known in fine.get(place, []) if type(known) is type(value)]
        if value in same_kind:
            decode(header_with(place, value), "t")
            continue
        with pytest.raises(UsageError, match="^t: damaged or not a trace"):
            decode(header_with(place, value), "t")


def test_a_header_nested_without_end() -> None:
    with pytest.raises(UsageError, match="damaged or not a trace"):
        decode(b"[" * 200_000 + b"\n", "t")


def test_a_recording_is_what_its_file_would_be() -> None:
    body = pack(Outcome(0, abi.Kind.VALUE, ret=3)) + pack(Outcome(1, abi.Kind.VALUE))
    recording = Recording(HEADER, (body, END), Ending())
    assert recording.trace() == decode(recording.encode(), "t")
    assert recording.trace().complete
    with pytest.raises(UsageError, match="damaged"):
        Recording(HEADER, (b"stray",), Ending()).trace()
