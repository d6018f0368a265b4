"""The archive writer alone; tests/integration/test_cpio.py asks the cpio program."""

from __future__ import annotations

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import cpio
from harness.cpio import CpioEntry

NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=9).filter(
        lambda part: part not in (".", "..")
    ),
    min_size=1,
    max_size=3,
).map("/".join)
FILES = st.dictionaries(NAMES, st.binary(max_size=40), max_size=6)


def test_sorted_and_with_parents() -> None:
    archive = cpio.write([cpio.file("b/c/d", b"x"), cpio.symlink("a", "b")])
    entries = cpio.read(archive)
    assert [entry.name for entry in entries] == ["a", "b", "b/c", "b/c/d"]
    assert stat.S_ISDIR(entries[1].mode)
    assert entries[0].data == b"b"


def test_the_order_given_does_not_matter() -> None:
    entries = [cpio.file("b", b"2"), cpio.directory("a"), cpio.character_device("c", 5, 1)]
    assert cpio.write(entries) == cpio.write(reversed(entries))


def test_known_bytes() -> None:
    """The format by hand: one file "a" with one byte, mode 0100644."""
    archive = cpio.write([cpio.file("a", b"x")])
    assert archive[:110] == (
        b"070701"
        b"00000001"
        b"000081A4"
        b"00000000"
        b"00000000"
        b"00000001"
        b"00000000"
        b"00000001"
        b"00000000"
        b"00000000"
        b"00000000"
        b"00000000"
        b"00000002"
        b"00000000"
    )
    assert archive[110:120] == b"a\0x\0\0\0" + b"0707"
    assert len(archive) == 512


def test_archives_may_be_joined() -> None:
    both = cpio.write([cpio.file("a", b"1")]) + cpio.write([cpio.file("b", b"2")])
    assert [entry.name for entry in cpio.read(both)] == ["a", "b"]


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "../a", "a/./b", "a\0b"])
def test_bad_names(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        cpio.write([cpio.file(name, b"")])


def test_names_twice() -> None:
    with pytest.raises(ValueError, match="a twice"):
        cpio.write([cpio.file("a", b""), cpio.directory("a")])


@given(FILES)
def test_what_is_written_is_read(files: dict[str, bytes]) -> None:
    inner = {name for name in files if any(other.startswith(f"{name}/") for other in files)}
    wanted = {name: cpio.file(name, data) for name, data in files.items() if name not in inner}
    entries = {entry.name: entry for entry in cpio.read(cpio.write(wanted.values()))}
    assert entries | wanted == entries
    assert all(stat.S_ISDIR(entries[name].mode) for name in entries.keys() - wanted.keys())


@pytest.mark.parametrize("cut", [1, 100, 111, 113])
def test_cut_short(cut: int) -> None:
    archive = cpio.write([cpio.file("a", b"xyz")])
    with pytest.raises(ValueError, match="cut short|no newc header"):
        cpio.read(archive[:cut])


def test_not_an_archive() -> None:
    with pytest.raises(ValueError, match="no newc header"):
        cpio.read(b"x" * 200)


def test_entries_keep_owner_and_device() -> None:
    entry = CpioEntry("dev/console", stat.S_IFCHR | 0o600, b"", (5, 1), 7, 8)
    assert cpio.read(cpio.write([entry]))[1] == entry
