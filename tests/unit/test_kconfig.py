"""Fragments, and the comparison with the final .config."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import configuration, language, layout, sources
from harness.arch import ARCHES, X86_64, Arch
from harness.conditions import requires_met
from harness.configuration import Configuration
from harness.environment import Environment
from harness.errors import HarnessError, UsageError
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
        line: {request.option: request.value for request in Configuration().requests(arch, line)}
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
    lines = {path.stem for path in (KCONFIG / configuration.LINE_FRAGMENTS).glob("*")}
    assert lines <= sources.known().keys()
    assert not {"line", *lines} & set(configuration.names())


def test_a_configuration_has_a_name_of_its_parts(tmp_path: Path) -> None:
    assert configuration.find([]) == configuration.find(["base"]) == Configuration()
    assert Configuration().name == "base"
    both = configuration.find(["base", "memcg", "lru_gen", "memcg"])
    assert both.name == "memcg+lru_gen"
    assert configuration.find(both.asked) == both
    path = tmp_path / "my own+.config"
    path.write_text("CONFIG_NUMA=y\n")
    mine = configuration.find(["memcg", str(path)])
    assert mine.asked == ["memcg", str(path)]
    name = mine.name
    assert name.startswith("memcg+my_own_-")
    path.write_text("CONFIG_NUMA=y\nCONFIG_KSM=y\n")
    assert configuration.find(mine.asked).name != name


def test_of_two_that_ask_for_an_option_the_later_one_holds(tmp_path: Path) -> None:
    path = tmp_path / "mine.config"
    path.write_text("# CONFIG_DEBUG_VM is not set\nCONFIG_NUMA=y\n")

    def asked(*words: str) -> dict[str, str]:
        found = configuration.find(words).requests(X86_64, "6.1")
        return {request.option: request.value for request in found}

    assert asked()["CONFIG_DEBUG_VM"] == asked("debug", str(path))["CONFIG_DEBUG_VM"] == "n"
    assert asked(str(path), "debug")["CONFIG_DEBUG_VM"] == "y"
    assert asked(str(path))["CONFIG_NUMA"] == "y"
    assert asked("lru_gen") == asked() | {"CONFIG_LRU_GEN": "y", "CONFIG_LRU_GEN_ENABLED": "y"}


@pytest.mark.parametrize(
    ("word", "text", "says"),
    [
        ("nothing", None, "unknown configuration 'nothing': choose of base, debug, kasan"),
        ("./no.config", None, "no.config cannot be read: No such file"),
        ("a.config", "", "a.config asks for nothing: expected lines such as CONFIG_MEMCG=y"),
        ("a.config", "MEMCG=y\n", "a.config:1: 'MEMCG=y' is neither CONFIG_X=value nor a comment"),
        ("a.config", "CONFIG_A=y\nCONFIG_A=n\n", "a.config:2: CONFIG_A again, see line 1"),
    ],
)
def test_what_is_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, text: str | None, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path(word).write_text(text)
    with pytest.raises(UsageError, match=says):
        configuration.find([word])


def test_a_program_may_require_a_part_of_a_configuration() -> None:
    text = "requires: config == memcg and not config in (debug, kasan)\nstatm()\n"
    (condition,) = layout.compile_program(language.parse(text, "p")).requires
    met = {"memcg+lru_gen": True, "memcg": True, "memcg+debug": False, "base": False}
    for config, expected in met.items():
        assert requires_met(condition, Environment("6.1.192", "x86_64", config)) is expected
