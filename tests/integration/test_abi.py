"""kmod/pagelab_uapi.h and harness/abi.py say the same: the compiler compares them.

Every size, offset and value of abi.py becomes a static assertion in a C file
that includes the header; it is compiled for each architecture whose compiler
is there. Names are compared both ways.
"""

from __future__ import annotations

import enum
import re
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import abi, proc
from harness.tree import ROOT

HEADER = ROOT / "kmod" / "pagelab_uapi.h"
COMPILERS = ("gcc", "x86_64-linux-gnu-gcc", "aarch64-linux-gnu-gcc")

# abi's enum -> what its names start with in the header
ENUMS: dict[type[enum.IntEnum] | type[enum.IntFlag], str] = {
    abi.Code: "PL_OP_",
    abi.Prot: "PL_PROT_",
    abi.Map: "PL_MAP_",
    abi.Madv: "PL_MADV_",
    abi.Open: "PL_OPEN_",
    abi.Mremap: "PL_MREMAP_",
    abi.Falloc: "PL_FALLOC_",
    abi.Uffd: "PL_UFFD_",
    abi.Ms: "PL_MS_",
    abi.Unmap: "PL_UNMAP_",
    abi.Foll: "PL_FOLL_",
    abi.Get: "PL_GET_",
    abi.Alloc: "PL_ALLOC_",
    abi.Fault: "PL_FAULT_",
    abi.Answer: "PL_ANSWER_",
    abi.Scripted: "PL_SCRIPTED_",
    abi.Block: "PL_BLOCK_",
    abi.Type: "PL_TYPE_",
    abi.Mode: "PL_MODE_",
    abi.Kind: "PL_KIND_",
    abi.Refused: "PL_REFUSED_",
    abi.Section: "PL_SECTION_",
    abi.PteFlag: "PL_PTE_",
    abi.PageFlag: "PL_PAGE_",
    abi.VmaFlag: "PL_VMA_",
    abi.Io: "PL_IO_",
    abi.IoFlag: "PL_IO_",
    abi.FrameType: "PL_FRAME_",
}
RENAMED = {"VERSION": "PL_ABI_VERSION"}
# The page size is the architecture's, not the header's.
NOT_IN_HEADER = {"PAGE_SHIFT", "PAGE_SIZE", "HUGE_PAGES"}
# Between the agent and the module alone, or used by number in the model only.
NOT_IN_ABI = re.compile(
    r"PL_(DEVICE_NAME|SWAP_NAME|MODULE_FIRST|MODULE_LAST|CALL_MADE|FOLL_KNOWN"
    r"|IOC_\w+|RSS_\w+|FEATURE_\w+)"
)
PRIVATE = {"PL_DIGEST_STEP": "_DIGEST_STEP", "PL_DIGEST_FACTOR": "_DIGEST_FACTOR"}

# struct -> its layout in abi, and its members in the layout's order (padding left out)
STRUCTS: dict[str, tuple[struct.Struct, str]] = {
    "pl_operation": (
        abi.OPERATION,
        "code process prot flags addr n aux slot index file data data_len mode",
    ),
    "pl_program": (
        abi.PROGRAM,
        "magic version number operations blob_len flags arena_start arena_pages touches"
        " touch[0] touch[1] touch[2] touch[3]",
    ),
    "pl_outcome": (
        abi.OUTCOME,
        "operation kind signo refused observed si_code data_len ret addr log_len snapshot_len",
    ),
    "pl_section": (abi.SECTION, "type size count"),
    "pl_pte_record": (abi.PTE_RECORD, "process flags index pfn"),
    "pl_page_record": (
        abi.PAGE_RECORD,
        "pfn ref map flags tail pins digest word[0] word[1] word[2] word[3]",
    ),
    "pl_gone_record": (abi.GONE_RECORD, "pfn"),
    "pl_held_record": (abi.HELD_RECORD, "slot index pfn"),
    "pl_cache_record": (abi.CACHE_RECORD, "file index pfn"),
    "pl_rss_record": (
        abi.RSS_RECORD,
        "process alive counter[0] counter[1] counter[2] counter[3]",
    ),
    "pl_vma_record": (abi.VMA_RECORD, "process start end flags file pgoff"),
    "pl_file_record": (abi.FILE_RECORD, "file size"),
    "pl_io_record": (abi.IO_RECORD, "file number kind flags count first"),
    "pl_hello": (
        abi.HELLO,
        "magic version page_size gup_capacity task_size zero_pfn table_span features"
        " release machine",
    ),
    "pl_frame": (abi.FRAME, "magic len sequence type crc reserved"),
}


def offsets(layout: struct.Struct) -> Iterator[tuple[int, int, bool]]:
    """Offset, size and signedness of each value of a layout without implied padding."""
    at = 0
    assert layout.format.startswith("<")
    for count, code in re.findall(r"(\d*)([a-zA-Z])", layout.format):
        size = struct.calcsize("<" + code)
        if code in "xs":
            if code == "s":
                yield at, int(count), False
            at += int(count or 1)
            continue
        for _ in range(int(count or 1)):
            yield at, size, code.islower()
            at += size


def constants() -> dict[str, int]:
    """Header name -> value, of everything in abi that is a number."""
    found = {
        f"{prefix}{member.name}": int(member) for kind, prefix in ENUMS.items() for member in kind
    }
    for name, value in vars(abi).items():
        if name.isupper() and type(value) is int and not name.startswith("_"):
            found[RENAMED.get(name, f"PL_{name}")] = value
    for name in NOT_IN_HEADER:
        del found[f"PL_{name}"]
    return found | {name: int(vars(abi)[private]) for name, private in PRIVATE.items()}


def header_names() -> set[str]:
    """Every constant that the header defines."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)
    names = set(re.findall(r"^#define\s+(PL_\w+)", text, re.MULTILINE))
    for body in re.findall(r"enum\s+\w+\s*\{(.*?)\}", text, re.DOTALL):
        names |= set(re.findall(r"\b(PL_\w+)\s*=", body))
    return {name for name in names if not NOT_IN_ABI.fullmatch(name)}


def assertions() -> list[str]:
    """abi.py as C: one static assertion a line."""
    lines = [f"same({name}, {value:#x});" for name, value in constants().items()]
    for name, (layout, members) in STRUCTS.items():
        lines.append(f"same(sizeof(struct {name}), {layout.size});")
        for member, (at, size, signed) in zip(members.split(), offsets(layout), strict=True):
            value = f"((struct {name} *)0)->{member}"
            lines.append(f"same(__builtin_offsetof(struct {name}, {member}), {at});")
            lines.append(f"same(sizeof({value}), {size});")
            if not (name == "pl_hello" and member in ("release", "machine")):
                lines.append(f"same((__typeof__({value}))-1 < 0, {int(signed)});")
    return lines


def compile_for(compiler: str, lines: list[str], folder: Path) -> proc.Completed:
    """Compile assertions, without linking."""
    source = folder / "abi.c"
    source.write_text(
        '#include "pagelab_uapi.h"\n'
        "#define same(c, python) "
        '_Static_assert((__u64)(c) == (__u64)(python##ull), #c " is not " #python)\n'
        + "\n".join(lines)
        + "\n"
    )
    argv = [compiler, "-std=gnu11", "-fsyntax-only", "-I", str(HEADER.parent), str(source)]
    return proc.run(argv, timeout=60)


@pytest.fixture(params=COMPILERS)
def compiler(request: pytest.FixtureRequest) -> str:
    name = str(request.param)
    if not shutil.which(name):
        pytest.skip(f"no {name} here")
    return name


def test_sizes_offsets_and_values_are_the_same(compiler: str, tmp_path: Path) -> None:
    done = compile_for(compiler, assertions(), tmp_path)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        "same(PL_OP_POKE, 36);",
        "same(sizeof(struct pl_call), 60);",
        "same(__builtin_offsetof(struct pl_outcome, ret), 12);",
    ],
)
def test_a_difference_does_not_compile(wrong: str, tmp_path: Path) -> None:
    done = compile_for("gcc", [wrong], tmp_path)
    assert done.returncode != 0
    assert b"is not" in done.stderr


def test_every_constant_is_in_both() -> None:
    assert set(constants()) == header_names()


def test_every_layout_is_compared() -> None:
    layouts = {value for value in vars(abi).values() if isinstance(value, struct.Struct)}
    assert layouts == {layout for layout, _ in STRUCTS.values()}
    assert set(abi.SECTION_RECORDS) == set(abi.Section)


def test_the_digest_is_the_headers() -> None:
    """pl_mix as the header's comment words it, by hand."""
    word, index = 0x0123456789ABCDEF, 7
    value = ((word + 8 * 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9) % 2**64
    assert abi.mix(word, index) == value ^ (value >> 32)
    assert abi.mix(0, index) == 0
