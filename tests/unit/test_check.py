"""The checker on traces of a guest that follows the model, or almost."""

from __future__ import annotations

import dataclasses

import fakeguest
import pytest
import shipped

from harness import abi, check, trace
from harness.check import Checked, Sign
from harness.check.observed import Observed
from harness.check.sides import sides
from harness.check.sign import fault_sign
from harness.errors import UsageError
from harness.jobs.programs import Source
from harness.model import REGISTRY
from harness.trace import Outcome, Trace
from harness.verdict import Verdict

SMALL = (
    'm = mmap(pages=2, prot=rw, flags=private|anon)\nstore(m[0], "hello")\n'
    "h = get_user_pages(m[0], nr=2, gup_flags=WRITE)\nput_page(h)\n"
)


def followed(source: Source, observe: str) -> Checked:
    """What the checker says of a guest that follows the model."""
    compiled = source.compiled
    recorded = fakeguest.run(source.text, compiled=compiled, name=source.name, observe=observe)
    return check.check_trace(recorded, compiled=compiled)


@pytest.mark.parametrize(("observe", "every"), [("each", 3), ("end", 8)])
def test_what_the_model_does_passes(observe: str, every: int) -> None:
    for source in shipped.meant_for(fakeguest.ENVIRONMENT)[::every]:
        checked = followed(source, observe)
        assert checked.verdict is not Verdict.MISMATCH, (source.name, checked.detail)
        assert checked.checked == checked.operations


def test_frames_may_be_used_again() -> None:
    text = SMALL + 'madvise(m, DONTNEED)\nstore(m[1], "a")\nstore(m[0], "b")\n'
    assert check.check_trace(fakeguest.run(text)).verdict is Verdict.PASS


def _alter_snapshot(section: abi.Section, offset: int, by: int, at: int) -> object:
    """Change a byte of the first record of a section in operation `at`'s snapshot."""

    def alter(outcome: Outcome) -> Outcome:
        if outcome.operation != at or not outcome.snapshot:
            return outcome
        body = bytearray(outcome.snapshot)
        position = 0
        while position < len(body):
            kind, size, count = abi.SECTION.unpack_from(body, position)
            position += abi.SECTION.size
            if kind == section:
                body[position + offset] = body[position + offset] + by & 0xFF
            position += size * count
        return dataclasses.replace(outcome, snapshot=bytes(body))

    return alter


@pytest.mark.parametrize(
    ("section", "offset", "at", "what"),
    [
        (abi.Section.PTE, 2, 1, "PTE main: m[0] differs"),
        (abi.Section.PAGE, 8, 2, "page #"),
        (abi.Section.PAGE, 16, 1, "page #"),
        (abi.Section.PAGE, 24, 1, "page #"),
        (abi.Section.PAGE, 32, 1, "page #"),
        (abi.Section.HELD, 8, 2, "held h[0] differs"),
        (abi.Section.RSS, 8, 1, "RSS main differs"),
        (abi.Section.VMA, 12, 0, "VMAs main differs"),
    ],
)
def test_every_field_of_a_snapshot_counts(
    section: abi.Section, offset: int, at: int, what: str
) -> None:
    alter = _alter_snapshot(section, offset, 1, at)
    checked = check.check_trace(fakeguest.run(SMALL, alter=alter))  # type: ignore[arg-type]
    assert checked.verdict is Verdict.MISMATCH
    assert checked.detail is not None
    assert what in checked.detail["text"]
    assert checked.detail["operation"] == at
    assert checked.sign is not None
    kinds = {abi.Section.PTE: "pte", abi.Section.PAGE: "page"}
    assert checked.sign.field.startswith(kinds.get(section, section.name.lower()))


@pytest.mark.parametrize(
    "change",
    [
        {"ret": 1},
        {"kind": abi.Kind.REFUSED},
        {"data": b"x"},
        {"signo": 11},
        {"si_code": 1},
        {"addr": 1},
        {"refused": abi.Refused.CAPACITY},
    ],
)
def test_every_field_of_an_outcome_counts(change: dict[str, object]) -> None:
    def alter(outcome: Outcome) -> Outcome:
        return dataclasses.replace(outcome, **change) if outcome.operation == 2 else outcome  # type: ignore[arg-type]

    checked = check.check_trace(fakeguest.run(SMALL, alter=alter))
    assert checked.verdict is Verdict.MISMATCH
    assert checked.detail is not None
    assert checked.detail["operation"] == 2
    assert checked.detail["source"].startswith("6.1 mm/gup.c")
    assert checked.sign is not None
    assert (checked.sign.call, checked.sign.field) == ("get_user_pages", "outcome")
    assert checked.sign.rule in REGISTRY


def test_both_sides_of_an_operation_are_told() -> None:
    alter = _alter_snapshot(abi.Section.PTE, 4, 1, 1)
    told = sides(fakeguest.run(SMALL, alter=alter))  # type: ignore[arg-type]
    assert told[0] == 'operation 1: store(m[0], "hello")'
    observed = told.index("observed: 5")
    allowed = told.index("allowed: 5")
    assert told[observed + 1].startswith("  PTE main: m[1]: -  ->  present write")
    assert "present write dirty young, page #" in told[allowed + 1]
    assert told[-1].startswith("  by ")
    assert "6.1 mm/" in told[-1]
    assert sides(fakeguest.run(SMALL), 3)[0] == "operation 3: put_page(h)"


def test_signs_tell_differences_apart() -> None:
    mismatch = Sign(Verdict.MISMATCH, "store", "pte write", "cow.shared")
    assert mismatch.same(dataclasses.replace(mismatch, rule="cow.copy_pte"))
    assert not mismatch.same(dataclasses.replace(mismatch, call="load"))
    assert not mismatch.same(dataclasses.replace(mismatch, field="pte page"))
    assert not mismatch.same(None)
    assert mismatch.cause == "cow.shared: pte write"
    fault = fault_sign("fork", "warn at mm/gup.c:183 try_grab_page")
    assert fault.same(fault_sign("", "warn at mm/gup.c:190 try_grab_page"))
    assert fault.cause == "fault: warn at mm/gup.c try_grab_page"
    assert fault_sign("", "oops at f+0x1c/0x30").field == "oops at f"


def _cut(whole: Trace, keep: int, complete: bool = False) -> Trace:
    return dataclasses.replace(whole, outcomes=whole.outcomes[:keep], complete=complete)


def test_what_was_not_checked_is_never_a_pass() -> None:
    whole = fakeguest.run(SMALL)
    assert check.check_trace(whole).verdict is Verdict.PASS
    for keep in range(len(whole.outcomes)):
        assert check.check_trace(_cut(whole, keep)).verdict is Verdict.UNCHECKED
    assert check.check_trace(_cut(whole, 4)).verdict is Verdict.UNCHECKED  # no end record
    assert check.check_trace(fakeguest.run("# nothing\n")).verdict is Verdict.UNCHECKED

    def blind(outcome: Outcome) -> Outcome:
        return dataclasses.replace(outcome, snapshot=None)

    checked = check.check_trace(fakeguest.run(SMALL, alter=blind))
    assert checked.verdict is Verdict.UNCHECKED


def test_a_snapshot_missed_in_between_is_made_good_by_the_next() -> None:
    def alter(outcome: Outcome) -> Outcome:
        return dataclasses.replace(outcome, ret=2) if outcome.operation == 3 else outcome

    assert check.check_trace(fakeguest.run(SMALL, observe="end", alter=alter)).verdict is (
        Verdict.PASS
    )


def test_a_warning_in_the_log_is_the_kernels_fault() -> None:
    log = b"4,100,200,-;WARNING: CPU: 0 PID: 1 at mm/gup.c:99 try_grab_page+0x1/0x2\n"

    def alter(outcome: Outcome) -> Outcome:
        return dataclasses.replace(outcome, log=log) if outcome.operation == 2 else outcome

    checked = check.check_trace(fakeguest.run(SMALL, alter=alter))
    assert checked.verdict is Verdict.KERNEL_FAULT
    assert checked.detail is not None
    assert "mm/gup.c:99" in checked.detail["text"]


def test_the_modules_own_warning_is_the_harnesss_fault() -> None:
    where = "at /x/kmod/handles.c:230 pl_session_end+0x1a0/0x1b0 [pagelab]"
    log = f"4,100,200,-;WARNING: CPU: 0 PID: 61 {where}\n".encode()
    checked = check.check_trace(dataclasses.replace(fakeguest.run(SMALL), last_log=log))
    assert checked.verdict is Verdict.HARNESS_ERROR
    assert checked.detail is not None
    assert "pl_session_end" in checked.detail["text"]


def test_a_warning_behind_the_last_operation_counts_too() -> None:
    log = b"4,100,200,-;BUG: Bad page state in process init  pfn:01234\n"
    whole = dataclasses.replace(fakeguest.run(SMALL), last_log=log)
    checked = check.check_trace(whole)
    assert checked.verdict is Verdict.KERNEL_FAULT
    assert checked.checked == checked.operations


def test_claims_are_judged_by_what_was_seen() -> None:
    text = SMALL + 'x = load(m[0], 5)\nclaim MINE-1: x == "hello" and ref(m[0]) == 1\n'
    checked = check.check_trace(fakeguest.run(text))
    assert checked.verdict is Verdict.PASS
    assert [(claim.id, claim.shown, claim.expected) for claim in checked.claims] == [
        ("MINE-1", True, None)
    ]
    wrong = text.replace('"hello" and', '"other" and')
    assert check.check_trace(fakeguest.run(wrong)).verdict is Verdict.CLAIM_FAILED


def test_a_contradicted_claim_passes_only_when_it_is_refuted() -> None:
    text = SMALL.replace("nr=2, gup_flags=WRITE)", "nr=-1, gup_flags=WRITE)\nclaim GUP-04: {}")
    assert check.check_trace(fakeguest.run(text.format("ret == 0"))).verdict is Verdict.PASS
    shown = check.check_trace(fakeguest.run(text.format("ret == 2")))
    assert shown.verdict is Verdict.CLAIM_FAILED


def test_operations_out_of_order_are_refused() -> None:
    whole = fakeguest.run(SMALL)
    mixed = dataclasses.replace(whole, outcomes=(whole.outcomes[1], whole.outcomes[0]))
    with pytest.raises(UsageError, match="out of order"):
        check.check_trace(mixed)


@pytest.mark.parametrize(
    "snapshot",
    [
        b"\x01",
        abi.SECTION.pack(99, 16, 0),
        abi.SECTION.pack(1, 8, 1) + bytes(8),
        abi.SECTION.pack(1, 16, 1000) + bytes(16),
        abi.SECTION.pack(2, 64, 0) + abi.SECTION.pack(1, 16, 0),
    ],
)
def test_snapshots_that_lie_are_refused(snapshot: bytes) -> None:
    with pytest.raises(ValueError, match="snapshot"):
        Observed().apply(snapshot)


def test_traces_survive_their_file() -> None:
    whole = fakeguest.run(SMALL)
    data = trace.encode_header(whole.header)
    assert trace.decode(data, "x").header == whole.header
