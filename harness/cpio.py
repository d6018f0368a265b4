"""Initramfs archives in the kernel's newc format (Documentation/driver-api/early-userspace/
buffer-format.rst), the same bytes from the same entries.

The kernel unpacks several archives one after the other from one initrd, so
write() ends at a 512-byte boundary and results may be concatenated.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass

MAGIC = b"070701"
TRAILER = "TRAILER!!!"
BLOCK = 512
HEADER_BYTES = 110


@dataclass(frozen=True, slots=True)
class CpioEntry:
    """One node of an archive.

    Attributes:
        name: path without a leading slash.
        mode: type and permissions, as in st_mode.
        data: a file's content, or where a symbolic link leads.
        device: (major, minor) of a device node.
        uid, gid: owner.
    """

    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)
    uid: int = 0
    gid: int = 0


def directory(name: str, mode: int = 0o755) -> CpioEntry:
    """A folder."""
    return CpioEntry(name, stat.S_IFDIR | mode)


def file(name: str, data: bytes, mode: int = 0o644) -> CpioEntry:
    """A regular file."""
    return CpioEntry(name, stat.S_IFREG | mode, data)


def symlink(name: str, target: str) -> CpioEntry:
    """A symbolic link."""
    return CpioEntry(name, stat.S_IFLNK | 0o777, target.encode())


def character_device(name: str, major: int, minor: int, mode: int = 0o600) -> CpioEntry:
    """A character device node."""
    return CpioEntry(name, stat.S_IFCHR | mode, device=(major, minor))


def write(entries: Iterable[CpioEntry]) -> bytes:
    """The archive of these entries, sorted by name; times are 0, inode numbers counted.

    Folders that entries lie in but nobody listed are added.

    Raises:
        ValueError: a name twice, a bad name, or a file of 4 GiB or more.
    """
    named: dict[str, CpioEntry] = {}
    for entry in entries:
        if entry.name in named:
            raise ValueError(f"{entry.name} twice in one archive")
        parts = entry.name.split("/")
        if "" in parts or "." in parts or ".." in parts or "\0" in entry.name:
            raise ValueError(f"{entry.name!r} is no name for an archive's entry")
        if len(entry.data) >= 1 << 32:
            raise ValueError(f"{entry.name} is too large for the newc format")
        named[entry.name] = entry
    for name in list(named):
        parts = name.split("/")
        for depth in range(1, len(parts)):
            parent = "/".join(parts[:depth])
            named.setdefault(parent, directory(parent))
    out = bytearray()
    for inode, name in enumerate(sorted(named), 1):
        _append(out, inode, named[name])
    _append(out, 0, CpioEntry(TRAILER, 0))
    out += bytes(-len(out) % BLOCK)
    return bytes(out)


def _append(out: bytearray, inode: int, entry: CpioEntry) -> None:
    name = entry.name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (
        inode,
        entry.mode,
        entry.uid,
        entry.gid,
        links,
        0,  # mtime
        len(entry.data),
        0,  # device the file was on
        0,
        *entry.device,
        len(name),
        0,  # checksum, which newc has not
    )
    out += MAGIC + b"".join(b"%08X" % value for value in fields)
    out += name + bytes(-(HEADER_BYTES + len(name)) % 4)
    out += entry.data + bytes(-len(entry.data) % 4)


def read(archive: bytes) -> tuple[CpioEntry, ...]:
    """The entries of one or more concatenated archives, trailers and times left out.

    Raises:
        ValueError: not a newc archive, or cut short.
    """
    entries = []
    at = 0
    while at < len(archive):
        if archive[at] == 0:
            at += 1
            continue
        header = archive[at : at + HEADER_BYTES]
        if len(header) < HEADER_BYTES or header[:6] != MAGIC:
            raise ValueError(f"no newc header at byte {at}")
        fields = [int(header[i : i + 8], 16) for i in range(6, HEADER_BYTES, 8)]
        _, mode, uid, gid, _, _, size, _, _, major, minor, name_size, _ = fields
        start = at + HEADER_BYTES
        name = archive[start : start + name_size - 1].decode()
        start += name_size + -(HEADER_BYTES + name_size) % 4
        data = archive[start : start + size]
        if len(data) < size:
            raise ValueError(f"{name} is cut short")
        at = start + size + -size % 4
        if name != TRAILER:
            entries.append(CpioEntry(name, mode, data, (major, minor), uid, gid))
    return tuple(entries)
