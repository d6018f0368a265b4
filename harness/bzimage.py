"""A built kernel's image: its architecture, its release, and what is packed in it."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable
from functools import partial
from typing import Protocol

# Linux's Documentation/arch/x86/boot.rst; Documentation/arch/arm64/booting.rst.
_X86_MAGIC, _X86_AT = b"HdrS", 0x202
_ARM64_MAGIC, _ARM64_AT = b"ARM\x64", 56
_ELF_MAGIC = b"\x7fELF"
_GZIP = b"\x1f\x8b"
_SETUP_SECTS, _VERSION, _PAYLOAD = 0x1F1, 0x20E, 0x248
_PHDR = struct.Struct("<IIQQQQQQ")
_PT_NOTE = 4
_NOTE = struct.Struct("<III")
_PVH = b"Xen\0", 18  # XEN_ELFNOTE_PHYS32_ENTRY


class _Decompressor(Protocol):
    """What the standard library has for each way to pack."""

    @property
    def eof(self) -> bool: ...
    def decompress(self, data: bytes, /) -> bytes: ...


_UNPACK: dict[bytes, Callable[[], _Decompressor]] = {
    b"\xfd7zXZ\0": partial(lzma.LZMADecompressor, lzma.FORMAT_XZ),
    b"\x5d\x00\x00": partial(lzma.LZMADecompressor, lzma.FORMAT_ALONE),
    _GZIP: partial(zlib.decompressobj, 31),
    b"BZh": bz2.BZ2Decompressor,
}


def architecture(data: bytes) -> str:
    """For which architecture an image is, by its name in harness.arch; "" if it is none."""
    if data[_X86_AT:][: len(_X86_MAGIC)] == _X86_MAGIC:
        return "x86_64"
    if data.startswith(_GZIP):
        data = zlib.decompressobj(31).decompress(data, _ARM64_AT + len(_ARM64_MAGIC))
    if data[_ARM64_AT:][: len(_ARM64_MAGIC)] == _ARM64_MAGIC:
        return "arm64"
    if data.startswith(_ELF_MAGIC):
        machine = int.from_bytes(data[18:20], "little")
        return {62: "x86_64"}.get(machine, "")  # EM_X86_64; QEMU boots no other vmlinux
    return ""


def release(data: bytes) -> str:
    """What uname -r will say, as an x86 image's header has it; "" where it has not."""
    if data[_X86_AT:][: len(_X86_MAGIC)] != _X86_MAGIC:
        return ""
    at = int.from_bytes(data[_VERSION : _VERSION + 2], "little") + 0x200
    words = data[at : data.find(b"\0", at)].split()
    return words[0].decode("ascii", "replace") if words else ""


def unpacked(data: bytes) -> bytes | None:
    """The ELF file that is packed in an x86 image, where a guest can be entered at once by PVH.

    To unpack it in an emulated guest takes longer than all the rest of the boot.

    Returns:
        None where there is none such, or it is packed in a way that Python cannot unpack.
    """
    if data[_X86_AT:][: len(_X86_MAGIC)] != _X86_MAGIC:
        return None
    sectors = data[_SETUP_SECTS] or 4
    offset, length = struct.unpack_from("<II", data, _PAYLOAD)
    packed = data[(sectors + 1) * 512 + offset :][:length]
    for magic, decompressor in _UNPACK.items():
        if packed.startswith(magic):
            unpack = decompressor()
            try:
                elf = unpack.decompress(packed)
            except (lzma.LZMAError, zlib.error, OSError):
                return None
            return elf if unpack.eof and has_pvh(elf) else None
    return None


def has_pvh(elf: bytes) -> bool:
    """Whether an ELF kernel says where it is entered by PVH."""
    if not elf.startswith(_ELF_MAGIC):
        return False
    at, size, count = (
        int.from_bytes(elf[0x20:0x28], "little"),
        *struct.unpack_from("<HH", elf, 0x36),
    )
    for number in range(count):
        kind, _, start, _, _, length, _, _ = _PHDR.unpack_from(elf, at + number * size)
        if kind == _PT_NOTE and _has_note(elf[start : start + length]):
            return True
    return False


def _has_note(notes: bytes) -> bool:
    at = 0
    while at + _NOTE.size <= len(notes):
        name_size, size, kind = _NOTE.unpack_from(notes, at)
        name = notes[at + _NOTE.size :][:name_size]
        if (name, kind) == _PVH:
            return True
        at += _NOTE.size + (name_size + 3 & ~3) + (size + 3 & ~3)
    return False
