"""junit.xml: a testsuite an environment, a testcase a program."""

from __future__ import annotations

from pathlib import PurePath
from xml.etree import ElementTree

from ..jobs.results import Record, Result, exactness
from ..verdict import ERRORS, FAILURES, Verdict
from .text import explain, headline, place, printable, semantics, shares


def render(record: Record) -> str:
    """The record as JUnit XML (the common schema: testsuites, testsuite, testcase)."""
    root = ElementTree.Element("testsuites", _counts(record.results))
    root.set("name", "pagelab")
    root.set("time", f"{record.seconds:.3f}")
    for environment in record.environments:
        mine = [result for result in record.results if result.environment == environment.id]
        suite = ElementTree.SubElement(root, "testsuite", {"name": environment.id})
        suite.attrib.update(_counts(mine))
        suite.set("skipped", str(sum(r.verdict is Verdict.SKIPPED for r in mine)))
        suite.set("time", f"{sum(r.seconds for r in mine):.3f}")
        suite.set("timestamp", record.started.strftime("%Y-%m-%dT%H:%M:%S"))
        suite.set("hostname", "localhost")
        properties = ElementTree.SubElement(suite, "properties")
        told = {"name": "semantics", "value": semantics(environment)}
        ElementTree.SubElement(properties, "property", told)
        for name, share in shares(exactness(mine)):
            told = {"name": f"exact {name}", "value": f"{share.exact} of {share.of}"}
            ElementTree.SubElement(properties, "property", told)
        for result in mine:
            suite.append(_case(result))
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{body}\n"


def _counts(results: list[Result] | tuple[Result, ...]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(result.verdict in FAILURES for result in results)),
        "errors": str(sum(result.verdict in ERRORS for result in results)),
    }


def _case(result: Result) -> ElementTree.Element:
    path = PurePath(printable(result.program))
    folder = ".".join(part for part in path.parent.parts if part not in ("/", "..", "."))
    case = ElementTree.Element(
        "testcase",
        {"classname": folder or "pagelab", "name": path.name, "time": f"{result.seconds:.3f}"},
    )
    if result.verdict is Verdict.PASS:
        return case
    if result.verdict is Verdict.SKIPPED:
        ElementTree.SubElement(case, "skipped", {"message": headline(result)})
        return case
    kind = "failure" if result.verdict in FAILURES else "error"
    message = f"{printable(place(result))}: {headline(result)}"
    node = ElementTree.SubElement(case, kind, {"message": message, "type": result.verdict.value})
    node.text = "\n".join(explain(result))
    return case
