"""Addresses to functions, and where QEMU says that a processor is."""

from __future__ import annotations

import io
import struct

import pytest

from harness import symbols
from harness.symbols import Registers, Symbols

MAP = """\
ffffffff81000000 T _stext
ffffffff81001000 t default_idle
ffffffff81001040 T do_idle
ffffffff81002000 W __get_user_pages
ffffffff81900000 D some_data
ffffffff81002080 t $x
"""


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (0xFFFFFFFF81001000, "default_idle+0x0"),
        (0xFFFFFFFF8100103F, "default_idle+0x3f"),
        (0xFFFFFFFF81002090, "__get_user_pages+0x90"),
        (0xFFFFFFFF80FFFFFF, "0xffffffff80ffffff"),
        (0xFFFFFFFFC0000000, "0xffffffffc0000000"),
        (0, "0x0"),
    ],
)
def test_names_from_a_system_map(address: int, name: str) -> None:
    table = symbols.load(io.BytesIO(MAP.encode()), "System.map")
    assert len(table) == 4
    assert table.name(address) == name


def elf(pairs: list[tuple[int, int, str]]) -> bytes:
    """An ELF with nothing but a symbol table: (address, info, name)."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for *_, name in pairs)
    table, at = bytes(24), 1
    for address, info, name in pairs:
        table += struct.pack("<IBBHQQ", at, info, 0, 1, address, 0)
        at += len(name) + 1
    names = b"\0.symtab\0.strtab\0.shstrtab\0"
    parts = [table, strings, names]
    offsets = [64 + sum(len(part) for part in parts[:i]) for i in range(3)]
    sections = bytes(64)
    for index, (start, kind, link, size) in enumerate(((1, 2, 2, 24), (9, 3, 0, 0), (17, 3, 0, 0))):
        where, length = offsets[index], len(parts[index])
        sections += struct.pack("<IIQQQQIIQQ", start, kind, 0, 0, where, length, link, 0, 8, size)
    where = 64 + sum(len(part) for part in parts)
    ident = b"\x7fELF\2\1\1" + bytes(9)
    head = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, where, 0, 64, 56, 0, 64, 4, 3)
    return ident + head + b"".join(parts) + sections


def test_names_from_an_elf() -> None:
    data = elf([(0x1000, 2, "one"), (0x2000, 1, "data"), (0x3000, 0, "two"), (0x3004, 0, "$d")])
    table = symbols.load(io.BytesIO(data), "vmlinux")
    assert len(table) == 2
    assert table.name(0x1010) == "one+0x10"
    assert table.name(0x3005) == "two+0x5"


@pytest.mark.parametrize("data", [b"\x7fELF", b"\x7fELF" + bytes(60), b"what is this", b"zz T x"])
def test_what_is_neither_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        symbols.load(io.BytesIO(data), "file")


X86 = """
CPU#0
RAX=0000000000000000 RBX=ffffffff81a0a980 RCX=0000000000000001 RDX=4000000000000000
R12=0000000000000000 R13=0000000000000000 R14=0000000000000000 R15=0000000000000000
RIP=ffffffff81384406 RFL=00000206 [-----P-] CPL=0 II=0 A20=1 SMM=0 HLT=1
ES =0000 0000000000000000 00000000 00000000
"""
ARM = """
CPU#0
 PC=ffffffc0083567f8 X00=00000000000000e0 X01=ffffffc008957d00
X29=ffffffc00893be00  SP=ffffffc00893be00
PSTATE=600000c5 -ZC- EL1h    FPU disabled
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (X86, Registers(0xFFFFFFFF81384406, user=False)),
        (X86.replace("CPL=0", "CPL=3"), Registers(0xFFFFFFFF81384406, user=True)),
        (ARM, Registers(0xFFFFFFC0083567F8, user=False)),
        (ARM.replace("EL1h", "EL0t"), Registers(0xFFFFFFC0083567F8, user=True)),
        (ARM.replace("-ZC- EL1h", "-ZC- NS EL1h"), Registers(0xFFFFFFC0083567F8, user=False)),
        ("unknown command", None),
    ],
)
def test_registers(text: str, expected: Registers | None) -> None:
    assert symbols.parse_registers(text) == expected


@pytest.mark.parametrize(
    ("function", "idle"),
    [
        ("default_idle", True),
        ("default_idle_call", True),
        ("do_idle", True),
        ("cpu_do_idle", True),
        ("arch_cpu_idle", True),
        ("native_safe_halt", True),
        ("acpi_idle_do_entry", True),
        ("cpuidle_enter_state", True),
        ("page_idle_clear_pte_refs", False),
        ("lkdtm_HARDLOCKUP", False),
        ("do_anonymous_page", False),
        ("", False),
    ],
)
def test_idle(function: str, *, idle: bool) -> None:
    assert symbols.is_idle(function) is idle


def test_no_symbols_at_all() -> None:
    assert Symbols(()).name(0x1234) == "0x1234"
