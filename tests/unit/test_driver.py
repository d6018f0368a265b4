"""A driver's calls: how they compile, and what the model makes of what no guest here can show."""

from __future__ import annotations

import pytest

from harness import abi, language, layout
from harness.abi import Alloc, Fault, VmaFlag
from harness.environment import Environment
from harness.errors import UsageError
from harness.model import Arena, Model, Rules, Semantics, State, semantics_for
from harness.model.semantics import BUS_ADRERR, BUS_MCEERR_AR, FEATURE_HW_AF, FEATURE_MEMORY_FAILURE
from harness.model.state import P_YOUNG

HEAD = """\
d = device()
b = alloc_pages(4)
m = mmap(pages=3, prot=rw, flags=shared, file=d)
"""


def compiled(text: str) -> tuple[abi.Op, ...]:
    return layout.compile_program(language.parse(text, "test.mm")).ops


def state_after(text: str, semantics: Semantics | None = None) -> State:
    """The state that a program leaves, each of whose operations does one thing."""
    program = layout.compile_program(language.parse(text, "test.mm"))
    model = Model(semantics or Semantics(), Arena(program.arena_start, program.arena_pages))
    state = model.initial()
    for op in program.ops:
        (branch,) = model.step(state, op)
        state = branch.state
    return state


def test_the_fields_are_as_the_abi_names_them() -> None:
    text = HEAD + (
        "on_mmap(d, vm_flags=MIXEDMAP|IO)\n"
        "on_mmap_insert_page(d, b[3], at=-1)\n"
        "on_fault(d, b, meanwhile=b)\n"
        "on_fault(d, gives=HWPOISON)\n"
        "vm_insert_page(m[0]+8, b[2], at=m[1])\n"
        "k = alloc_pages(8, kind=slab)\n"
    )
    flags, insert, fault, gives, now, alloc = compiled(text)[3:]
    assert (flags.file, flags.flags) == (0, VmaFlag.MIXEDMAP | VmaFlag.IO)
    assert (insert.file, insert.slot, insert.index, insert.n) == (0, 0, 3, -1)
    assert (fault.slot, fault.index, fault.flags) == (0, 0, Fault.PAGE)
    assert (gives.index, gives.flags) == (abi.WHOLE, Fault.HWPOISON)
    assert (now.slot, now.index, now.addr - now.aux) == (0, 2, abi.PAGE_SIZE - 8)
    assert (alloc.n, alloc.flags, alloc.slot) == (abi.SLAB_PAGES, Alloc.SLAB, 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("k = alloc_pages(3, kind=compound)", "a power of two"),
        ("k = alloc_pages(257)", "nr= from 1 to 256"),
        ("k = alloc_pages(4, kind=slab)", "nr= from 8 to 8"),
        ("k = alloc_pages(2, kind=kmalloc)", "nr= from 4 to 256"),
        ("on_fault(d)", "either pages= or gives="),
        ("on_fault(d, b, gives=OOM)", "either pages= or gives="),
        ("on_fault(d, b[1])", "a whole held set"),
        ("on_fault(d, gives=OOM, meanwhile=b)", "meanwhile= only with pages="),
        ("on_mmap(d, vm_flags=LOCKED)", "vm_flags"),
        ("on_mmap_insert_page(d, b[0]+8)", "a held page"),
        ("vm_insert_page(m[0], b[512])", "a held page from 0 to 511"),
        ("vm_insert_page(m[9], b[0])", "inside the arena"),
        ("fault_around(-1)", "n= from 0"),
    ],
)
def test_arguments_that_make_no_sense(line: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected.replace("|", r"\|")):
        compiled(HEAD + line + "\n")


@pytest.mark.parametrize(
    ("size", "page", "mapped"),
    [
        (4096, 3, {3}),
        (8192, 3, {2, 3}),
        (65536, 3, set(range(16))),
        (65536, 17, {16, 17, 18, 19}),  # no further than the mapping
        (100000, 3, set(range(16))),  # rounded down
    ],
)
def test_neighbours_are_of_an_aligned_window(size: int, page: int, mapped: set[int]) -> None:
    text = (
        "f = memfd(pages=30)\n"
        f"fault_around({size})\n"
        "m = mmap(pages=20, prot=rw, flags=shared, file=f, align=512)\n"
        "n = mmap(pages=2, prot=r, flags=shared, file=f, offset=20, adjacent_to=m)\n"
    )
    writes = "".join(f'pwrite(f, offset={at * 4096}, data="x")\n' for at in range(30))
    state = state_after(text + writes + f"load(m[{page}])\n")
    first = min(vma.start for vma in state.mms[0].vmas)
    assert {at - first for at in state.mms[0].ptes} == mapped


def test_neighbours_are_old_where_hardware_sets_young() -> None:
    assert Rules(Semantics(old_neighbours=True)).around_pte(P_YOUNG, False) == 0
    assert Rules(Semantics(old_neighbours=True)).around_pte(P_YOUNG, True) == P_YOUNG
    environment = Environment("6.1.192", "arm64", "base", facts={"features": FEATURE_HW_AF})
    assert semantics_for(environment).old_neighbours


@pytest.mark.parametrize(("arch", "code"), [("x86_64", BUS_ADRERR), ("arm64", BUS_MCEERR_AR)])
def test_a_poisoned_page_has_its_own_code_on_arm64(arch: str, code: int) -> None:
    semantics = semantics_for(Environment("6.1.192", arch, "base"))
    assert Rules(semantics).fault_signal(Fault.HWPOISON) == (7, code)
    told = Environment("6.1.192", arch, "base", facts={"features": FEATURE_MEMORY_FAILURE})
    assert Rules(semantics_for(told)).fault_signal(Fault.HWPOISON) == (7, BUS_MCEERR_AR)


def test_a_block_goes_with_its_last_user() -> None:
    text = HEAD + ("k = alloc_pages(4, kind=uncut)\nvm_insert_page(m[0], k[0])\nput_page(k)\n")
    state = state_after(text)
    (pte,) = state.mms[0].ptes.values()
    assert state.pages[pte.page].ref == 1
    before = len(state.pages)
    state = state_after(text + "munmap(m)\n")
    assert len(state.pages) == before - 1
