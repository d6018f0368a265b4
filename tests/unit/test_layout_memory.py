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
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=re.escape(expected)):
        last(text)
