"""What a record looks like: terminal, JSON, JUnit, KTAP, progress."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from harness.check.exact import Exactness, Share
from harness.jobs.results import Record
from harness.report import junit, ktap, results_json, terminal
from harness.report.progress import Display, Steps
from harness.report.text import exactness_text, explain
from harness.verdict import ERRORS, FAILURES, Verdict

from .records import ARM, MISMATCH, X86, full_record, infrastructure, record, result

# ---- terminal --------------------------------------------------------------------


def test_the_summary_line() -> None:
    exact = Exactness(Share(12, 12))
    many = [result(f"p{n}.mm", env, exact=exact) for n in range(31) for env in (X86, ARM)]
    assert terminal.summary(record(*many)) == (
        "31 programs, 2 environments: 62 PASS; 744 operations, 744 checked; 100% exact; exit code 0"
    )
    one = record(result(operations=1, checked=1, exact=Exactness(Share(1, 1))), environments=(X86,))
    assert terminal.summary(one) == (
        "1 program, 1 environment: 1 PASS; 1 operation, 1 checked; 100% exact; exit code 0"
    )
    assert terminal.summary(record()).endswith("nothing ran; 0 operations, 0 checked; exit code 30")
    stopped = record(result(), exit_code=130)
    assert terminal.summary(stopped).endswith("; interrupted; exit code 130")


def test_table_then_summary_then_folder() -> None:
    lines = terminal.render(record(result(), result(environment=ARM))).splitlines()
    assert lines[-1] == "runs/r"
    assert re.fullmatch(r".*; exit code 0", lines[-2])
    assert lines[0].split() == ["program", X86.id, ARM.id]
    assert lines[1].split() == ["programs/gup/a.mm", "PASS", "PASS"]


def test_what_went_wrong_comes_first() -> None:
    text = terminal.render(full_record())
    first = text.index("MISMATCH  programs/gup/b.mm:9  (6.1.192-x86_64-base)")
    assert first == 0
    for wanted in (
        "  operation 2: h = get_user_pages(m[0], nr=2): outcome differs",
        "  observed: outcome: 2",
        "  allowed:  outcome: -EFAULT",
        "        or  outcome: 1",
        "  rule:     6.1 mm/gup.c check_vma_flags",
        "  trace:    runs/r/traces/programs/gup/b.mm.trace",
        "  rerun:    alone: PASS  t1",
        "    Kernel panic",
    ):
        assert wanted in text.splitlines(), wanted
    assert text.index("console:") < text.index("program  ")
    assert "\x1b" not in text
    assert "\x00" not in text


def test_quiet_has_no_table_but_what_went_wrong() -> None:
    text = terminal.render(full_record(), quiet=True)
    assert "MISMATCH  programs/gup/b.mm:9" in text
    assert not re.search(r"^program ", text, re.MULTILINE)
    assert text.splitlines()[-2].endswith("exit code 12")


def test_a_wide_table_numbers_its_environments() -> None:
    lines = terminal.render(record(result(), result(environment=ARM)), width=40).splitlines()
    assert lines[:3] == [f"[1] {X86.id}", f"[2] {ARM.id}", "program            [1]   [2]"]


def test_many_programs_are_grouped_by_folder() -> None:
    many = [result(f"programs/{f}/{n}.mm", e) for f in "ab" for n in range(50) for e in (X86, ARM)]
    many[7] = result("programs/a/3.mm", ARM, Verdict.TIMEOUT, detail=infrastructure("slow"))
    rows = [line.split() for line in terminal.render(record(*many)).splitlines()]
    assert ["programs/a/3.mm", "PASS", "TIMEOUT"] in rows
    assert ["programs/a/", "49", "PASS", "49", "PASS"] in rows
    assert ["programs/b/", "50", "PASS", "50", "PASS"] in rows


def test_what_never_ran_for_one_reason_is_told_once() -> None:
    detail = infrastructure("no network")
    many = [
        result(f"{n}.mm", verdict=Verdict.HARNESS_ERROR, trace=None, detail=detail)
        for n in range(9)
    ]
    text = terminal.render(record(*many))
    assert text.count("no network") == 1
    assert "0.mm and 8 other programs" in text


def test_many_differences_are_cut_unless_asked_for() -> None:
    many = [
        result(f"{n}.mm", verdict=Verdict.MISMATCH, detail=infrastructure(f"<{n}>"))
        for n in range(30)
    ]
    assert "<25>" not in terminal.render(record(*many))
    assert "and 10 more" in terminal.render(record(*many))
    assert "<25>" in terminal.render(record(*many), verbose=True)


def test_the_console_is_shown_from_the_fault_on() -> None:
    tail = [f"[    1.00000{n}] line {n}" for n in range(9)]
    tail[3] = "[    1.000003] kernel BUG at mm/x.c:1!"
    detail = infrastructure("bug at f: kernel BUG at mm/x.c:1!", observed={"console": tail})
    one = result(verdict=Verdict.KERNEL_FAULT, detail=detail)
    assert explain(one, console=2)[-2:] == [f"  {line}" for line in tail[3:5]]
    detail = infrastructure("nothing of it", observed={"console": tail})
    assert explain(result(detail=detail), console=2)[-2:] == [f"  {line}" for line in tail[-2:]]


# ---- JSON ------------------------------------------------------------------------

SHA = str
SCHEMA: dict[str, Any] = {
    "schema": 1,
    "pagelab": str,
    "started": str,
    "seconds": float,
    "exit_code": int,
    "environments": [
        {
            "id": str,
            "kernel": str,
            "arch": str,
            "config": str,
            "cpu": str,
            "boot_args": [str],
            "accel": str,
            "qemu": str,
            "argv": [str],
            "compiler": str,
            "source_digest": SHA,
            "config_digest": SHA,
            "boot_seconds": float,
            "snapshot": str,
        }
    ],
    "results": [
        {
            "program": str,
            "environment": str,
            "kernel": str,
            "arch": str,
            "verdict": str,
            "operations": int,
            "checked": int,
            "trace": (str, type(None)),
            "claims": [{"id": str, "line": int, "shown": bool}],
            "detail": (dict, type(None)),
        }
    ],
    "verdicts": dict,
    "counts": {
        "operations": int,
        "checked": int,
        "allowances": dict,
        "exact": {"exact": int, "of": int, "calls": dict, "fields": dict},
    },
}
DETAIL: dict[str, Any] = {
    "operation": (int, type(None)),
    "line": (int, type(None)),
    "text": str,
    "observed": dict,
    "allowed": [dict],
    "source": str,
}


def conforms(value: Any, schema: Any, at: str = "$") -> None:
    """Fails where a value lacks a field or has another type; more fields are welcome."""
    if isinstance(schema, dict):
        assert isinstance(value, dict), at
        for name, inner in schema.items():
            assert name in value, f"{at}.{name}"
            conforms(value[name], inner, f"{at}.{name}")
    elif isinstance(schema, list):
        assert isinstance(value, list), at
        for number, item in enumerate(value):
            conforms(item, schema[0], f"{at}[{number}]")
    elif isinstance(schema, (type, tuple)):
        assert isinstance(value, schema), f"{at}: {value!r}"
    else:
        assert value == schema, at


def test_json_is_as_the_contract_says() -> None:
    value = json.loads(results_json.render(full_record()))
    conforms(value, SCHEMA)
    for one in value["results"]:
        if one["detail"] is not None:
            conforms(one["detail"], DETAIL)
    assert value["exit_code"] == 12
    assert value["verdicts"]["PASS"] == 12
    assert sum(value["verdicts"].values()) == len(value["results"]) == 22
    assert value["counts"]["operations"] == sum(one["operations"] for one in value["results"])
    assert value["counts"]["allowances"] == {"reuse": 11}
    assert {env["id"] for env in value["environments"]} == {
        one["environment"] for one in value["results"]
    }


# ---- JUnit -----------------------------------------------------------------------


def test_junit_has_a_suite_an_environment_and_a_case_a_program() -> None:
    mine = full_record()
    root = ElementTree.fromstring(junit.render(mine).encode())
    assert root.tag == "testsuites"
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites] == [X86.id, ARM.id]
    assert root.get("tests") == str(len(mine.results))
    for suite in suites:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        for kind, attribute in (
            ("failure", "failures"),
            ("error", "errors"),
            ("skipped", "skipped"),
        ):
            assert suite.get(attribute) == str(len(suite.findall(f"testcase/{kind}")))
        assert float(suite.get("time", "x")) >= 0
    kinds = {
        case.get("name"): [child.tag for child in case] for case in suites[0].findall("testcase")
    }
    for one in mine.results:
        if one.environment != X86.id:
            continue
        expected = (
            ["failure"]
            if one.verdict in FAILURES
            else ["error"]
            if one.verdict in ERRORS
            else ["skipped"]
            if one.verdict is Verdict.SKIPPED
            else []
        )
        assert kinds[one.program.rpartition("/")[2]] == expected
    failure = suites[0].find("testcase[@name='b.mm']/failure")
    assert failure is not None
    assert failure.get("type") == "MISMATCH"
    assert "programs/gup/b.mm:9" in (failure.get("message") or "")
    assert "mm/gup.c check_vma_flags" in (failure.text or "")


# ---- KTAP ------------------------------------------------------------------------

LINE = re.compile(r"(?P<in> *)(?P<ok>ok|not ok) (?P<n>\d+) (?P<name>[^#]+?)(?: # (?P<word>\S+).*)?")


def test_ktap_is_nested_numbered_and_marks_what_was_skipped() -> None:
    lines = ktap.render(full_record()).splitlines()
    assert lines[:2] == ["KTAP version 1", "1..2"]
    assert lines[2:5] == ["  KTAP version 1", f"  # Subtest: {X86.id}", "  1..11"]
    seen: dict[str, list[re.Match[str]]] = {"": [], "  ": []}
    for line in lines[2:]:
        if re.match(r" *(#|KTAP|1\.\.)", line):
            continue
        match = LINE.fullmatch(line)
        assert match, line
        seen[match["in"]].append(match)
    assert [(m["ok"], m["n"], m["name"]) for m in seen[""]] == [
        ("not ok", "1", X86.id),
        ("ok", "2", ARM.id),
    ]
    inner = seen["  "]
    assert [int(m["n"]) for m in inner] == [*range(1, 12), *range(1, 12)]
    words = {m["name"]: (m["ok"], m["word"]) for m in inner[:11]}
    assert words["programs/gup/a.mm"] == ("ok", None)
    assert words["programs/gup/b.mm"] == ("not ok", None)
    assert words["programs/gup/c_1.mm"] == ("not ok", None)
    assert words["programs/TIMEOUT.mm"] == ("not ok", "TIMEOUT")
    assert words["programs/GUEST_LOST.mm"] == ("not ok", "ERROR")
    assert words["programs/z.mm"] == ("ok", "SKIP")


def test_ktap_of_nothing() -> None:
    text = ktap.render(record(environments=(X86,)))
    assert text.splitlines()[-1] == f"ok 1 {X86.id} # SKIP nothing ran"


# ---- exactness -------------------------------------------------------------------


def test_every_report_says_what_was_exact() -> None:
    mine = record(result("a.mm"), result("b.mm"), result("c.mm", ARM))
    counts = json.loads(results_json.render(mine))["counts"]
    assert counts["exact"] == {
        "exact": 33,
        "of": 36,
        "calls": {"mmap": {"exact": 15, "of": 15}, "store": {"exact": 18, "of": 21}},
        "fields": {"outcome": {"exact": 36, "of": 36}, "ref": {"exact": 33, "of": 36}},
    }
    said = "36 checked; 91.6% exact (call store 85.7%, field ref 91.6%); exit code 0"
    assert said in terminal.render(mine)
    suite = ElementTree.fromstring(junit.render(mine).encode()).find("testsuite")
    assert suite is not None
    told = {one.get("name"): one.get("value") for one in suite.findall("properties/property")}
    assert told["exact operations"] == "22 of 24"
    assert told["exact call store"] == "12 of 14"
    assert "  # exact field ref: 22 of 24" in ktap.render(mine).splitlines()


def test_nothing_checked_says_nothing_of_exactness() -> None:
    assert "exact" not in terminal.render(record(result(checked=0, exact=Exactness())))


def test_all_but_one_are_not_all() -> None:
    assert exactness_text(Exactness(Share(9999, 10000))) == "99.9% exact"
    assert exactness_text(Exactness(Share(10000, 10000))) == "100% exact"


def test_only_the_least_exact_are_named() -> None:
    fields = {name: Share(at, 10) for at, name in enumerate("abcdef", 1)}
    said = exactness_text(Exactness(Share(1, 10), {}, fields))
    assert said == "10% exact (field a 10%, field b 20%, field c 30%, field d 40% and 2 more)"


def test_a_mismatch_names_the_rules() -> None:
    one = result(verdict=Verdict.MISMATCH, detail=MISMATCH)
    at = explain(one).index("allowed:  outcome: -EFAULT")
    assert explain(one)[at + 1 : at + 3] == ["    by    gup.a", "      or  outcome: 1"]


# ---- progress --------------------------------------------------------------------


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, *, quiet: bool = False) -> str:
    display = Display(stream, quiet=quiet)
    steps = Steps(display, "6.1 arm64")
    steps.step("compile the kernel")
    steps.update(10, 100)
    steps.step("compile the kernel")
    steps.update(100, 100)
    steps.line("a [bold]line[/bold]")
    steps.step("compile the module")
    display.close()
    return stream.getvalue()


def test_without_a_terminal_progress_is_plain_lines() -> None:
    assert told(io.StringIO()).splitlines() == [
        "6.1 arm64: compile the kernel",
        "6.1 arm64: a [bold]line[/bold]",
        "6.1 arm64: compile the module",
    ]


def test_quiet_says_nothing() -> None:
    assert told(io.StringIO(), quiet=True) == told(Terminal(), quiet=True) == ""


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = told(Terminal())
    assert "━" in text
    assert "\x1b[" in text
    assert "a [bold]line[/bold]" in text


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    text = told(Terminal())
    assert "━" in text
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", text)


def test_a_reader_who_left_stops_no_job() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    display = Display(Closed())
    display.line("nobody reads this")
    display.step("x", "y")
    display.close()


def test_record_counts() -> None:
    mine: Record = full_record()
    assert mine.programs()[0] == "programs/gup/a.mm"
    assert len(mine.programs()) == 11
    assert list(mine.verdicts())[:3] == ["PASS", "SKIPPED", "MISMATCH"]
