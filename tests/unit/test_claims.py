"""The catalogue: complete, of one form, and in step with documents and programs."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest
import shipped

from harness import claims, language
from harness.arch import ARCHES
from harness.claims import ANY, CONTRADICTED, Entry, catalogue, documents, parse, parse_document
from harness.environment import Environment
from harness.model.releases import RELEASES
from harness.program import Claim
from harness.tree import ROOT

APIS = {
    *("get_user_pages", "__get_user_pages", "get_user_pages_fast", "mpage_readpages"),
    *("unmap_vmas", "zap_page_range", "zap_page_range_single", "zap_vma_ptes"),
    *("vm_insert_page", "vm_insert_pfn", "vm_insert_pfn_prot", "remap_pfn_range"),
    *("vm_iomap_memory", "unmap_mapping_range", "do_set_pte", "follow_pfn", "access_remote_vm"),
}
LINES = tuple(RELEASES)
SENTENCES = {"S0": 30, "S1": 22, "S2": 15, "S3": 14, "S4": 63}
NOT_TESTABLE_MAX = 30
TESTABLE = [entry for entry in catalogue().values() if entry.testable]


def options(line: str, arch: str) -> tuple[str, ...]:
    """What kernels that pagelab builds have of what programs ask for."""
    secret = () if line == "5.10" else ("SECRETMEM",)
    protects = arch == "x86_64" or line not in ("5.10", "6.1")
    return (*secret, *(("HAVE_ARCH_USERFAULTFD_WP",) if protects else ()))


def answers() -> dict[str, list[Entry]]:
    """The claims that answer each sentence."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in catalogue().values():
        for sentence in entry.sentences:
            found[sentence].append(entry)
    return found


def test_every_sentence_is_there_and_answered() -> None:
    ids = [one.id for document in documents() for one in document.sentences]
    assert ids == [
        f"{name}-{n:02}" for name, count in SENTENCES.items() for n in range(1, count + 1)
    ]
    assert len(ids) == 144
    assert set(answers()) == set(ids)


def test_each_api_has_a_file() -> None:
    assert {entry.api for entry in catalogue().values()} == APIS


def test_a_testable_claim_is_expected_everywhere() -> None:
    environments = [Environment(f"{line}.1", arch) for line in LINES for arch in ARCHES]
    for entry in TESTABLE:
        without = [where.id for where in environments if not entry.expected_in(where)]
        unsaid = f"{entry.id}: say why nothing is expected of {without}"
        assert bool(without) == bool(entry.elsewhere), unsaid
        for word in " ".join(entry.expected).split():
            assert word in (ANY, *LINES, *ARCHES) or "=" in word, entry.id
        assert entry.wording, entry.id
        assert entry.source, entry.id


def test_what_is_not_testable_says_why() -> None:
    without = [entry for entry in catalogue().values() if not entry.testable]
    reasons = [entry.because for entry in without]
    assert len(set(reasons)) == len(reasons)
    assert all(reason.endswith(".") and len(reason.split()) > 5 for reason in reasons)
    alone = {
        sentence
        for sentence, entries in answers().items()
        if not any(entry.testable for entry in entries)
    }
    assert {sentence for entry in without for sentence in entry.sentences} == alone
    assert len(alone) <= NOT_TESTABLE_MAX


@pytest.mark.parametrize("arch", sorted(ARCHES))
@pytest.mark.parametrize("line", LINES)
def test_programs_claim_what_the_catalogue_expects(line: str, arch: str) -> None:
    """All of it, and nothing else: in each environment without boot parameters of its own."""
    known = catalogue()
    environment = Environment(kernel=f"{line}.1", arch=arch, options=options(line, arch))
    claimed = set()
    for source in shipped.meant_for(environment):
        for claim in source.compiled.claims:
            assert claim.id in known, f"{source.name}:{claim.line}"
            assert known[claim.id].expected_in(environment), f"{source.name}:{claim.line}"
            claimed.add(claim.id)
    assert claimed == {entry.id for entry in TESTABLE if entry.expected_in(environment)}


def test_the_document_has_the_same_sentences() -> None:
    text = (ROOT / "docs" / "sentences.md").read_text("utf-8")
    rows = re.findall(r"^\| (S.*) \|$", text, re.MULTILINE)
    assert rows == [
        f"{one.id} | {one.part} | {one.says}"
        for document in documents()
        for one in document.sentences
    ]
    for document in documents():
        assert (
            f"## {document.id}: {document.title}, {document.kernel}\n\n{document.about}\n" in text
        )


def test_the_document_has_the_same_reasons() -> None:
    text = (ROOT / "docs" / "claims.md").read_text("utf-8")
    assert re.findall(r"^- ([a-z ,]+)$", text, re.MULTILINE) == [
        reason.value for reason in claims.Untestable
    ]


def told_by(heading: str) -> dict[str, str]:
    """Sentence -> program, of one of the document's tables."""
    text = (ROOT / "docs" / "claims.md").read_text("utf-8")
    section = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    told: dict[str, str] = {}
    for ids, program in re.findall(
        r"^\| (S[^|]*) \|.*`(programs/[^`]*)` \|$", section, re.MULTILINE
    ):
        told |= dict.fromkeys(ids.split(", "), program)
    return told


def check_told(told: dict[str, str], against: dict[str, set[str]]) -> None:
    """Each sentence that has to be told of has a program that says one of its claims."""
    assert set(told) == set(against)
    for sentence, program in told.items():
        said = language.parse((ROOT / program).read_text("utf-8"), program)
        claimed = {line.node.id for line in said.lines if isinstance(line.node, Claim)}
        assert claimed & against[sentence], f"{program} says nothing of {sentence}"


def test_the_document_has_what_is_contradicted() -> None:
    plain = [Environment("6.1.1", arch) for arch in ARCHES]
    against = {
        sentence: {entry.id for entry in entries if CONTRADICTED in entry.expected.values()}
        for sentence, entries in answers().items()
        if any(entry.expected_in(one) == CONTRADICTED for entry in entries for one in plain)
    }
    check_told(told_by("What 6.1 contradicts"), against)


def test_the_document_has_what_the_newest_kernel_shows_otherwise() -> None:
    pairs = [(Environment("6.1.1", arch), Environment("7.3.1", arch)) for arch in ARCHES]

    def differs(entry: Entry) -> bool:
        shown = [(entry.expected_in(one), entry.expected_in(other)) for one, other in pairs]
        return any(one != other for one, other in shown if one and other)

    against = {
        sentence: {entry.id for entry in entries if differs(entry)}
        for sentence, entries in answers().items()
    }
    told = {sentence: ids for sentence, ids in against.items() if ids}
    check_told(told_by("What 7.3 shows otherwise"), told)


@pytest.mark.parametrize(
    ("kernel", "arch", "boot_args", "status"),
    [
        ("6.1.192", "x86_64", (), "holds"),
        ("6.1.192", "arm64", (), "contradicted"),
        ("6.1.192", "x86_64", ("a=2", "b"), "holds"),
        ("6.1.192", "x86_64", ("a=1",), "contradicted"),
        ("6.12.1", "arm64", (), "holds"),
        ("5.10.1", "arm64", (), "contradicted"),
        ("7.3.1", "x86_64", (), None),
    ],
)
def test_the_key_that_says_most_decides(
    kernel: str, arch: str, boot_args: tuple[str, ...], status: str | None
) -> None:
    expected = {
        "6.1 x86_64 a=1": "contradicted",
        "6.1": "holds",
        "6.1 arm64": "contradicted",
        "any arm64": "contradicted",
        "6.12": "holds",
    }
    entry = Entry("X-01", "f", (), "w", "s", expected)
    assert entry.expected_in(Environment(kernel, arch, boot_args=boot_args)) == status


GOOD = """
[X-01]
sentences = []
wording = "something"
source = "mm/x.c f"
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "either expected somewhere or not testable"),
        ('expected = { "6.1" = "true" }', "expects true"),
        ('expected = { "6.1" = "holds" }\nbecause = "So."', "why a claim is not testable"),
        ('not_testable = "history"', "why a claim is not testable"),
        ('not_testable = "laziness"\nbecause = "So."', "laziness"),
        ('expected = { "6.1" = "holds" }\nprograms = []', "X-01 has programs"),
        ('not_testable = "history"\nbecause = "So."\nelsewhere = "no"', "either expected"),
    ],
)
def test_what_is_malformed_is_named(more: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(GOOD + more, "x.toml")
    lacking = GOOD.replace('source = "mm/x.c f"', "") + 'expected = { "6.1" = "holds" }'
    with pytest.raises(ValueError, match="x: X-01 lacks 'source'"):
        parse(lacking, "x.toml")
    with pytest.raises(ValueError, match="lacks 'title'"):
        parse_document("[document]\n", "S9.toml")
