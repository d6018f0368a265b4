"""Compiling the calls on mappings, files and other processes."""

from __future__ import annotations

import re

import pytest

from harness import abi, language, layout
from harness.abi import Code, Op
from harness.errors import UsageError
from harness.program import ARENA_START

HEAD = """\
m = mmap(pages=2, prot=rw, flags=private|anon)
n = mmap(pages=4, prot=rw, flags=private|anon|GROWSDOWN|POPULATE)
f = memfd(pages=2)
c = fork()
"""
PAGE = abi.PAGE_SIZE
FIXED = int(abi.Map.FIXED)
SYNC, INVALIDATE = int(abi.Ms.SYNC), int(abi.Ms.INVALIDATE)


def at(page: int, offset: int = 0) -> int:
    return ARENA_START + page * PAGE + offset


def last(text: str) -> Op:
    """The operation of a line behind HEAD."""
    return layout.compile_program(language.parse(HEAD + text + "\n", "x.mm")).ops[-1]


@pytest.mark.parametrize(
    ("text", "op"),
    [
        ("mremap(m, new_pages=1)", Op(Code.MREMAP, addr=at(1), n=2 * PAGE, index=1, line=5)),
        (
            "c: mremap(m[1], 2, pages=1, to=n[1])",
            Op(Code.MREMAP, 1, addr=at(2), n=PAGE, index=2, flags=1, aux=at(6), line=5),
        ),
        ("mlock(m[0]+8, pages=1)", Op(Code.MLOCK, addr=at(1, 8), n=PAGE, line=5)),
        ("munlock(n)", Op(Code.MUNLOCK, addr=at(5), n=4 * PAGE, line=5)),
        (
            "msync(m, SYNC|INVALIDATE)",
            Op(Code.MSYNC, addr=at(1), n=2 * PAGE, flags=SYNC | INVALIDATE, line=5),
        ),
        ("kill(c)", Op(Code.KILL, slot=1, line=5)),
        ("c: kill(main)", Op(Code.KILL, 1, slot=0, line=5)),
        ("wait_pid(c)", Op(Code.WAIT_PID, index=1, line=5)),
        (
            "fallocate(f, 100, n=0, mode=PUNCH_HOLE|KEEP_SIZE)",
            Op(Code.FALLOCATE, file=0, aux=100, n=0, flags=3, line=5),
        ),
        ("fallocate(f, 0, 1)", Op(Code.FALLOCATE, file=0, n=1, line=5)),
        ("pread(f, offset=7)", Op(Code.PREAD, file=0, aux=7, n=1, line=5)),
        ('pwrite(f, 4090, "data")', Op(Code.PWRITE, file=0, aux=4090, data=b"data", line=5)),
        ("mem_read(c, m[1], 4)", Op(Code.MEM_READ, addr=at(2), n=4, slot=1, line=5)),
        (
            'mem_write(main, -4096, "x")',
            Op(Code.MEM_WRITE, addr=(1 << 64) - PAGE, data=b"x", slot=0, line=5),
        ),
        (
            "mmap(pages=3, prot=r, flags=shared, file=f, at=m[1])",
            Op(Code.MMAP, addr=at(2), n=3 * PAGE, prot=1, flags=1 | FIXED, file=0, line=5),
        ),
        (
            "o = c: mmap(pages=1, prot=none, flags=private|anon, at=m[-1])",
            Op(Code.MMAP, 1, addr=at(0), n=PAGE, flags=2 | FIXED, line=5),
        ),
        ("zap_page_range(m)", Op(Code.ZAP_PAGE_RANGE, addr=at(1), n=2 * PAGE, aux=at(1), line=5)),
        (
            "c: zap_page_range_single(m[0]+8, size=9, vma=n[0]+1)",
            Op(Code.ZAP_PAGE_RANGE_SINGLE, 1, addr=at(1, 8), n=9, aux=at(5, 1), line=5),
        ),
        (
            "unmap_mapping_range(f, -4096, LONG_MAX, even_cows=1)",
            Op(
                Code.UNMAP_MAPPING_RANGE,
                aux=(1 << 64) - PAGE,
                n=(1 << 63) - 1,
                index=0,
                flags=1,
                line=5,
            ),
        ),
        ("c: execve()", Op(Code.EXECVE, 1, line=5)),
        ("statm()", Op(Code.STATM, line=5)),
        ("ptrace_peekdata(c, m[0]+1)", Op(Code.PEEKDATA, addr=at(1, 1), index=1, line=5)),
        (
            'ptrace_pokedata(main, -4096, "one word")',
            Op(Code.POKEDATA, addr=(1 << 64) - PAGE, data=b"one word", index=0, line=5),
        ),
        ("process_vm_readv(c, m[0], 0)", Op(Code.VM_READ, addr=at(1), n=0, index=1, line=5)),
        (
            'process_vm_writev(c, m[0], "ab")',
            Op(Code.VM_WRITE, addr=at(1), n=2, data=b"ab", index=1, line=5),
        ),
        (
            "access_process_vm(c, m[0], n=-1, pending=SIGKILL)",
            Op(Code.ACCESS_PROCESS_VM, addr=at(1), n=-1, index=1, mode=2, line=5),
        ),
        (
            'access_process_vm(c, m[0], 5000, "ab", WRITE|FORCE)',
            Op(Code.ACCESS_PROCESS_VM, addr=at(1), n=5000, flags=3, data=b"ab", index=1, line=5),
        ),
    ],
)
def test_operations(text: str, op: Op) -> None:
    assert last(text) == op


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mremap(m[0], new_pages=1, pages=0)", "pages= from 1"),
        ("mremap(n, new_pages=6)", "24576 bytes inside the arena"),
        ("mremap(m, new_pages=2, to=n[4])", "8192 bytes inside the arena"),
        ("msync(m, DIRTY)", "flags (ASYNC, INVALIDATE, SYNC)"),
        ("kill(m)", "a process's name"),
        ("kill(c[0])", "a process's name"),
        ("fallocate(f, offset=16777216, n=1)", "n= from 0 to 0"),
        ("pread(f, offset=16777216)", "offset= from 0 to 16777215"),
        ("pread(f, offset=0, n=257)", "n= from 1 to 256"),
        ('pwrite(m, 0, "x")', "a file's name"),
        (f"mem_read(c, {ARENA_START - PAGE:#x})", "not just below the arena"),
        ("mem_read(c, m[9])", "1 bytes inside the arena"),
        ("mmap(pages=10, prot=r, flags=private|anon, at=m[0])", "40960 bytes inside the arena"),
        ("mmap(pages=1, prot=r, flags=private|anon, at=m[0]+8)", "a place where a page begins"),
        ("mmap(pages=1, prot=r, flags=private|anon, at=x[0])", "a mapping's name"),
        (
            "mmap(pages=1, prot=r, flags=private|anon, at=m[0], adjacent_to=n)",
            "no adjacent_to= beside at=",
        ),
        ("mmap(pages=1, prot=r, flags=private|anon, at=m[0], align=1)", "no align= beside at="),
        (
            "mmap(pages=512, prot=r, flags=private|anon|HUGETLB, at=m[0])",
            "2097152 bytes inside the arena",
        ),
        ("zap_page_range(m[0])", "a whole mapping, or pages= with a place"),
        ("zap_page_range(m[0], pages=1, size=1)", "pages= or size="),
        ("zap_page_range(m[0], pages=10)", "40960 bytes inside the arena"),
        ("zap_page_range(0x1000, pages=1)", "a place such as m[0]+100"),
        ("unmap_mapping_range(f, 0, 0, even_cows=2)", "even_cows= from 0 to 1"),
        ("unmap_mapping_range(m, 0, 0, even_cows=0)", "a file's name"),
        ("o = execve()\nload(o[0])", "a mapping's name"),
        ("c: execve()\nkill(c)", "a process that is still the program's"),
        ("execve()\nc: mem_read(main, m[0])", "with no execve above"),
        ("wait_pid(c)\nc: execve()", "no execve in a program with wait_pid"),
        ("c: execve()\nwait_pid(main)", "no wait_pid in a program with execve"),
        ('ptrace_pokedata(c, m[0], "word")', "a string of 8 bytes"),
        ("process_vm_readv(c, m[0], n=16385)", "n= from 0 to 16384"),
        ('access_process_vm(c, m[0], data="x")', "data= together with WRITE"),
        ("access_process_vm(c, m[0], gup_flags=WRITE)", "data= together with WRITE"),
        ("access_process_vm(c, m[0], gup_flags=GET)", "gup_flags (WRITE, FORCE)"),
        ("access_process_vm(c, m[0], n=2147483648)", "n= from -2147483648 to 2147483647"),
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=re.escape(expected)):
        last(text)
