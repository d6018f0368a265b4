"""The guests' disk: the same bytes wherever it is made, and whatever guests wrote to theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import disk, guest, language, layout
from harness.build import Built
from harness.cache import Cache, file_digest
from harness.progress import SILENT

TEXT = """\
f = open(pages=4)
m = mmap(pages=4, prot=rw, flags=shared, file=f)
store(m[0], "to the disk")
store(m[3], "this too")
fsync(f)
"""


def test_the_same_bytes_wherever_it_is_made(tmp_path: Path) -> None:
    made = [disk.build(cache=Cache(tmp_path / name), progress=SILENT) for name in ("a", "b")]
    assert file_digest(made[0]) == file_digest(made[1])
    assert made[0].stat().st_size == disk.SIZE
    assert made[0].stat().st_blocks * 512 < disk.SIZE / 100, "it is not sparse"


@pytest.mark.qemu
def test_what_a_guest_writes_goes_with_it(built: Built, tmp_path: Path) -> None:
    before = file_digest(built.disk)
    compiled = layout.compile_program(language.parse(TEXT, "p.mm"))
    request = guest.Request("p.mm", TEXT, compiled, tmp_path / "trace")
    with guest.boot(built, console_log=tmp_path / "console.log") as booted:
        assert [result.ending.verdict for result in booted.run(iter((request,)))] == [""]
    assert file_digest(built.disk) == before
