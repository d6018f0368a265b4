"""Compiling the calls that map memory by frame number."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from harness import abi, language, layout
from harness.abi import Code, Op, Type
from harness.errors import UsageError
from harness.program import ARENA_START

HEAD = """\
b = alloc_pages(4, kind=split)
d = device()
m = mmap(pages=3, prot=rw, flags=shared, file=d)
"""
FIRST = ARENA_START + abi.PAGE_SIZE


def last(text: str) -> Op:
    return layout.compile_program(language.parse(HEAD + text + "\n", "x.mm")).ops[-1]


def test_a_frame_is_a_held_page_the_devices_or_a_number() -> None:
    held = Op(
        Code.REMAP_PFN_RANGE,
        addr=FIRST + 4096,
        n=8192,
        slot=0,
        index=1,
        aux=FIRST + 4096,
        line=4,
    )
    assert last("remap_pfn_range(m[1], b[1], pages=2)") == held
    bar = replace(held, slot=abi.SLOT_BAR, index=2, aux=FIRST, flags=int(Type.WT))
    assert last("remap_pfn_range(m[1], BAR[2], size=8192, type=WT, vma=m[0])") == bar
    rom = replace(held, slot=abi.SLOT_PHYSICAL, index=0xF0)
    assert last("remap_pfn_range(m[1], 0xf0, pages=2)") == rom


def test_an_area_may_begin_inside_a_page() -> None:
    area = Op(
        Code.VM_IOMAP_MEMORY,
        addr=0x800,
        n=-1,
        slot=abi.SLOT_BAR,
        index=4,
        aux=FIRST,
        line=4,
    )
    assert last("vm_iomap_memory(m[0], BAR[4]+0x800, len=-1)") == area


def test_what_a_device_does() -> None:
    within = Op(Code.ON_MMAP_REMAP_PFN_RANGE, file=0, n=4096, slot=0, index=3, aux=8192, line=4)
    assert last("on_mmap_remap_pfn_range(d, b[3], pages=1, at=2)") == within
    fault = Op(
        Code.ON_FAULT_INSERT,
        file=0,
        slot=abi.SLOT_BAR,
        index=0,
        aux=int(Code.VMF_INSERT_MIXED),
        line=4,
    )
    assert last("on_fault_insert(d, BAR[0], call=vmf_insert_mixed)") == fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("remap_pfn_range(m[0], BAR[0])", "pages= or size="),
        ("remap_pfn_range(m[0], m[0], pages=1)", "a held page such as h[0]"),
        ("remap_pfn_range(m[0], BAR[1]+8, pages=1)", "a whole page"),
        ("remap_pfn_range(m[0], BAR[-1], pages=1)", "a page of the device memory"),
        ("remap_pfn_range(m[0], -1, pages=1)", "frame= from 0"),
        ("remap_pfn_range(m[0], b[0], pages=1, type=WC|NC)", "one of type"),
        ("vm_iomap_memory(m[0], BAR[0]+4096, len=1)", "an offset inside the page"),
        ("vm_iomap_memory(m[0], BAR[0], len=-65537)", "len= from -65536"),
        ("on_fault_insert(d, BAR[0], call=vmf_insert_pfn, type=NC)", "type= only of"),
        ("BAR = follow_pfn(m[0])", "a name that is free for use"),
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=re.escape(expected)):
        last(text)
