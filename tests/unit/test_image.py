"""Manifests of initramfs images."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import cpio
from harness.errors import HarnessError
from harness.image import read_manifest
from harness.kmod_build import source_files
from harness.tree import IMAGES

MANIFEST = """\
# comment
dir /proc 0555 0 0

nod /dev/console 0600 0 0 c 5 1   # and after a line
slink /bin/sh /init 0777 0 0
file /init guest/init 0755 1 2
"""


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "init").write_bytes(b"program")
    return {"guest": tmp_path}


def test_every_kind_of_line(folders: dict[str, Path]) -> None:
    assert read_manifest(MANIFEST, "m", folders) == [
        cpio.directory("proc", 0o555),
        cpio.character_device("dev/console", 5, 1),
        cpio.symlink("bin/sh", "/init"),
        cpio.CpioEntry("init", 0o100755, b"program", uid=1, gid=2),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "pipe /x 0600 0 0",
        "dir /x",
        "dir /x 0888 0 0",
        "nod /dev/sda 0600 0 0 b 8 0",
        "file /init elsewhere/init 0755 0 0",
        "slink /x",
    ],
)
def test_a_bad_line_is_named(line: str, folders: dict[str, Path]) -> None:
    with pytest.raises(HarnessError, match="^m:2: cannot read"):
        read_manifest(f"# first\n{line}\n", "m", folders)


def test_a_missing_file_is_named(folders: dict[str, Path]) -> None:
    with pytest.raises(HarnessError, match="^m:1: No such file or directory: .*/nothing$"):
        read_manifest("file /x guest/nothing 0644 0 0", "m", folders)


def test_what_is_no_elf_file_is_no_program(folders: dict[str, Path]) -> None:
    with pytest.raises(HarnessError, match="^init is no program for a guest"):
        read_manifest("program /x guest/init", "m", folders)


@pytest.mark.parametrize("name", ["initramfs.txt", "ssh.txt"])
def test_the_shipped_manifests_use_known_words(name: str) -> None:
    for line in (IMAGES / name).read_text().splitlines():
        words = line.split("#", 1)[0].split()
        assert not words or words[0] in ("dir", "nod", "slink", "file", "program")


def test_what_a_build_left_beside_the_module_is_no_source(tmp_path: Path) -> None:
    for name in ("Kbuild", "main.c", "pagelab.h", "pagelab.mod.c", "main.o", "Module.symvers"):
        (tmp_path / name).write_text("")
    assert [path.name for path in source_files(tmp_path)] == ["Kbuild", "main.c", "pagelab.h"]
