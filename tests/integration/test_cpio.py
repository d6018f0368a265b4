"""The archive writer against the cpio program, both ways."""

from __future__ import annotations

import stat
from pathlib import Path

from harness import cpio, proc

ENTRIES = (
    cpio.directory("dev"),
    cpio.character_device("dev/console", 5, 1),
    cpio.file("empty", b""),
    cpio.file("init", b"\x7fELF" + bytes(range(256)) * 5, 0o755),
    cpio.file("sub/deep/odd-length", b"xyz", 0o600),
    cpio.symlink("sub/link", "../init"),
)


def test_cpio_lists_and_unpacks_what_we_write(tmp_path: Path) -> None:
    archive = cpio.write(ENTRIES)
    listed = proc.run(["cpio", "-itv", "--quiet"], timeout=30, stdin=archive).check("cpio -t")
    lines = listed.stdout.decode().splitlines()
    assert [line.split()[0] for line in lines] == [
        "drwxr-xr-x",
        "crw-------",
        "-rw-r--r--",
        "-rwxr-xr-x",
        "drwxr-xr-x",
        "drwxr-xr-x",
        "-rw-------",
        "lrwxrwxrwx",
    ]
    assert lines[1].split()[4:6] == ["5,", "1"]
    assert lines[-1].endswith("sub/link -> ../init")
    wanted = ["empty", "init", "sub*"]  # a device node needs root
    proc.run(
        ["cpio", "-id", "--quiet", "--no-preserve-owner", *wanted],
        timeout=30,
        stdin=archive,
        cwd=tmp_path,
    ).check("cpio -i")
    assert (tmp_path / "init").read_bytes() == ENTRIES[3].data
    assert stat.S_IMODE((tmp_path / "init").stat().st_mode) == 0o755
    assert (tmp_path / "empty").read_bytes() == b""
    assert (tmp_path / "sub/deep/odd-length").read_bytes() == b"xyz"
    assert (tmp_path / "sub/link").readlink() == Path("../init")


def test_we_read_what_cpio_writes(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("sub/file")
    done = proc.run(
        ["cpio", "-o", "-H", "newc", "--quiet"],
        timeout=30,
        stdin=b"sub\nsub/file\nlink\n",
        cwd=tmp_path,
    ).check("cpio -o")
    entries = {entry.name: entry for entry in cpio.read(done.stdout)}
    assert stat.S_ISDIR(entries["sub"].mode)
    assert entries["sub/file"].data == b"content"
    assert entries["link"].data == b"sub/file"
