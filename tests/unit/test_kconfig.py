"""Fragments, and the comparison with the final .config."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import kbuild, sources
from harness.arch import ARCHES, Arch
from harness.errors import HarnessError
from harness.kconfig import Request, join, lost, parse_config, parse_fragment, render
from harness.tree import KCONFIG

FRAGMENT = """\
# A comment.

CONFIG_SMP=y
CONFIG_NR_CPUS=2
CONFIG_LOCALVERSION="-x y"
# CONFIG_SWAP is not set
# optional
CONFIG_NEWER=y
# optional
# CONFIG_OLDER is not set
"""


def test_a_fragment_is_read() -> None:
    assert parse_fragment(FRAGMENT) == (
        Request("CONFIG_SMP", "y", line=3),
        Request("CONFIG_NR_CPUS", "2", line=4),
        Request("CONFIG_LOCALVERSION", '"-x y"', line=5),
        Request("CONFIG_SWAP", "n", line=6),
        Request("CONFIG_NEWER", "y", optional=True, line=8),
        Request("CONFIG_OLDER", "n", optional=True, line=10),
    )


def test_render_is_what_config_has() -> None:
    text = render(parse_fragment(FRAGMENT))
    assert text.splitlines() == [line for line in FRAGMENT.splitlines() if "CONFIG" in line]
    assert parse_config(text)["CONFIG_SWAP"] == "n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CONFIG_SMP=y\nSMP=y\n", "base:2: 'SMP=y' is neither"),
        ("CONFIG_SMP\n", "base:1: 'CONFIG_SMP' is neither"),
        ("CONFIG_SMP=\n", "base:1: 'CONFIG_SMP=' is neither"),
        ("CONFIG_SMP=y\n# CONFIG_SMP is not set\n", "base:2: CONFIG_SMP again, see line 1"),
    ],
)
def test_a_bad_fragment_names_its_line(text: str, message: str) -> None:
    with pytest.raises(HarnessError, match=f"^{message}"):
        parse_fragment(text, "base")


def test_nothing_is_lost_when_all_came_out() -> None:
    final = 'CONFIG_SMP=y\nCONFIG_NR_CPUS=2\nCONFIG_LOCALVERSION="-x y"\nCONFIG_NEWER=y\n'
    assert lost(parse_fragment(FRAGMENT), final) == []
    assert lost(parse_fragment(FRAGMENT), final.replace("CONFIG_NEWER=y\n", "")) == []


@pytest.mark.parametrize(
    ("final", "loss"),
    [
        ("", "CONFIG_SMP=y (came out as nothing)"),
        ("# CONFIG_SMP is not set", "CONFIG_SMP=y (came out as n)"),
        ("CONFIG_SMP=m", "CONFIG_SMP=y (came out as m)"),
        ("CONFIG_SMP=y\nCONFIG_SWAP=y", "# CONFIG_SWAP is not set (came out as y)"),
        ("CONFIG_SMP=y\nCONFIG_NEWER=m", "CONFIG_NEWER=y (came out as m)"),
        ("CONFIG_SMP=y\nCONFIG_OLDER=m", "# CONFIG_OLDER is not set (came out as m)"),
    ],
)
def test_a_lost_option_is_named(final: str, loss: str) -> None:
    requests = [
        request
        for request in parse_fragment(FRAGMENT)
        if request.option not in ("CONFIG_NR_CPUS", "CONFIG_LOCALVERSION")
    ]
    assert lost(requests, final) == [loss]


def test_of_two_fragments_the_later_holds() -> None:
    base = parse_fragment("CONFIG_A=y\nCONFIG_B=y\n")
    more = parse_fragment("# CONFIG_A is not set\nCONFIG_C=y\n")
    assert [str(request) for request in join([base, more])] == [
        "# CONFIG_A is not set",
        "CONFIG_B=y",
        "CONFIG_C=y",
    ]


@pytest.mark.parametrize("path", sorted(KCONFIG.rglob("*.config")), ids=lambda path: path.stem)
def test_the_shipped_fragments_are_read(path: Path) -> None:
    assert parse_fragment(path.read_text(), path.name)


@pytest.mark.parametrize("arch", ARCHES.values(), ids=lambda arch: arch.name)
def test_a_line_changes_what_is_asked_for(arch: Arch) -> None:
    asked = {
        line: {request.option: request.value for request in kbuild.requests("base", arch, line)}
        for line in sources.known()
    }
    assert asked["6.1"]["CONFIG_SECRETMEM"] == "y"
    assert asked["5.10"]["CONFIG_SECRETMEM"] == "n"
    assert asked["7.3"] == asked["6.12"] | {
        "CONFIG_PREEMPT_NONE": "n",
        "CONFIG_PREEMPT_LAZY": "y",
        "CONFIG_PROC_SYSCTL": "n",
        "CONFIG_SYSCTL": "y",
    }


def test_a_line_is_no_configuration() -> None:
    lines = {path.stem for path in (KCONFIG / kbuild.LINE_FRAGMENTS).glob("*")}
    assert lines <= sources.known().keys()
    assert not {"line", *lines} & set(kbuild.configs())
