"""Where a processor is: QEMU's register dump, and program counter → function and offset."""

from __future__ import annotations

import bisect
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

_FURTHEST = 1 << 20  # bytes; beyond this from the nearest symbol an address is not in it
_TEXT = frozenset("tTwW")
_ELF_MAGIC = b"\x7fELF"
_ELF_SYMBOL = struct.Struct("<IBBHQQ")  # Elf64_Sym
_ELF_CODE = (0, 2)  # STT_NOTYPE (assembly), STT_FUNC

# QEMU's "info registers": x86 (target/i386/cpu-dump.c), arm64 (target/arm/cpu.c)
_X86 = re.compile(r"\b[RE]IP=([0-9a-f]+).*?\bCPL=(\d)")
_ARM64 = re.compile(r"\bPC=([0-9a-f]+).*?\bPSTATE=[0-9a-f]+ \S* (?:\S+ )?EL(\d)", re.DOTALL)
_IDLE = re.compile(r"(?:default|acpi|mwait|amd_e400|arch_cpu|cpu_do|do|native_safe|cpuidle)_\w*")
_IDLE_WORDS = ("idle", "halt", "do_idle")


@dataclass(frozen=True, slots=True)
class Registers:
    """Where the processor is.

    Attributes:
        user: it runs a process, not the kernel.
    """

    pc: int
    user: bool


def parse_registers(text: str) -> Registers | None:
    """What ``info registers`` says; None if it is not such a dump."""
    if match := _X86.search(text):
        return Registers(int(match[1], 16), user=match[2] == "3")
    if match := _ARM64.search(text):
        return Registers(int(match[1], 16), user=match[2] == "0")
    return None


def is_idle(function: str) -> bool:
    """The function is where a kernel with nothing to do waits."""
    return bool(_IDLE.fullmatch(function)) and any(word in function for word in _IDLE_WORDS)


class Symbols:
    """Function symbols of one kernel, sorted by address.

    Args:
        pairs: (address, name), in any order.
    """

    def __init__(self, pairs: Iterable[tuple[int, str]]) -> None:
        ordered = sorted(pairs)
        self._addresses = [address for address, _ in ordered]
        self._names = [name for _, name in ordered]

    def __len__(self) -> int:
        return len(self._names)

    def function(self, address: int) -> str:
        """The function that the address lies in; "" if none is known."""
        at = bisect.bisect_right(self._addresses, address) - 1
        if at < 0 or address - self._addresses[at] >= _FURTHEST:
            return ""
        return self._names[at]

    def name(self, address: int) -> str:
        """``function+0x1a``, or the bare address where no function is known."""
        function = self.function(address)
        if not function:
            return f"0x{address:x}"
        at = bisect.bisect_right(self._addresses, address) - 1
        return f"{function}+0x{address - self._addresses[at]:x}"


def parse_system_map(text: str) -> Symbols:
    """Symbols of a System.map (what ``nm -n vmlinux`` prints).

    Raises:
        ValueError: a line that is not ``address type name``.
    """
    pairs = []
    for line in text.splitlines():
        text, kind, name = line.split(None, 2)
        address = int(text, 16)
        if kind in _TEXT and not name.startswith("$"):
            pairs.append((address, name))
    return Symbols(pairs)


def load(file: BinaryIO, name: str) -> Symbols:
    """Symbols of an ELF kernel or a System.map, told apart by content.

    Args:
        file: opened for reading, seekable.
        name: what messages call it.

    Raises:
        ValueError: neither of the two.
    """
    start = file.read(len(_ELF_MAGIC))
    file.seek(0)
    if start == _ELF_MAGIC:
        return _load_elf(file, name)
    return parse_system_map(file.read().decode("ascii", "replace"))


def _load_elf(file: BinaryIO, name: str) -> Symbols:
    # Only a hang needs symbols: nobody else waits for this import.
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    try:
        table = ELFFile(file).get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            raise ValueError(f"{name}: has no symbol table")
        names: bytes = table.stringtable.data()
        # The library's own symbol objects take seconds for a kernel's tens of thousands.
        entries = list(_ELF_SYMBOL.iter_unpack(table.data()))
    except (ELFError, struct.error) as error:
        raise ValueError(f"{name}: {error}") from None
    pairs = []
    for offset, info, _, section, address, _ in entries:
        text = names[offset : names.find(b"\0", offset)].decode("ascii", "replace")
        if info & 15 in _ELF_CODE and section and text and not text.startswith("$"):
            pairs.append((address, text))
    return Symbols(pairs)
