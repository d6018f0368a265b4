"""Reading ahead: what the text of a program may say, what was asked as text, where blocks lie."""

from __future__ import annotations

import pytest

from harness import abi, language, layout
from harness.abi import Io, IoFlag
from harness.environment import Environment
from harness.errors import UsageError
from harness.model import Rules, blockio, semantics_for
from harness.model.blockio import FileIo, Record, Run, Script
from harness.model.semantics import FEATURE_EXT4
from harness.model.state import G_PRIVATE


def _compiled(*lines: str) -> tuple[abi.Op, ...]:
    return layout.compile_program(language.parse("\n".join(lines), "a.mm")).ops


def test_a_script_is_compiled() -> None:
    _, run, ahead = _compiled(
        "f = scripted(pages=4, block=1024)",
        "get_block(f, 2, n=3, at=100, flags=BOUNDARY|SINGLE, metadata=7)",
        "mpage_readahead(f, page=1, nr=3, take=2, late=1)",
    )
    assert (run.addr, run.n, run.aux, run.index) == (2, 3, 100, 7)
    assert run.flags == abi.Block.BOUNDARY | abi.Block.SINGLE
    assert (ahead.addr, ahead.n, ahead.index, ahead.aux) == (1, 3, 2, 1)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("g = scripted(pages=4, block=600)", "block=512, 1024, 2048 or 4096"),
        ("g = scripted(pages=257)", "at most 256 pages"),
        ("get_block(f, 0)", "either at= or ERROR"),
        ("get_block(f, 0, at=1, flags=ERROR)", "either at= or ERROR"),
        ("get_block(f, 2047, n=2, at=1)", "n= from 1 to 1"),
        ("mpage_readahead(f, page=0, nr=2, take=3)", "take= from 0 to 2"),
        ("add_buffers(f, page=256)", "page= from 0 to 255"),
    ],
)
def test_what_makes_no_sense_is_a_mistake(line: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        _compiled("f = scripted(pages=4)", line)


def test_text_is_told_once_and_fits() -> None:
    io = FileIo(Script(4096, False))
    io.add(Record(int(Io.GET_BLOCK), 0, 4, 0))
    for number in range(40):
        io.add(Record(int(Io.READ), int(IoFlag.RAHEAD), 8, 1000 + number))
    text = io.text(True)
    assert text.startswith("RA 1000+8, RA 1001+8")
    assert len(text) <= abi.DATA_MAX
    more = io.text(True)
    assert more.endswith("RA 1039+8")
    assert len(f"{text}, {more}".split(", ")) == 40
    assert io.text(True) == ""
    assert io.text(False) == "0+4"


def test_no_more_is_noted_than_there_is_room_for() -> None:
    io = FileIo()
    for number in range(abi.IO_MAX + 1):
        io.add(Record(int(Io.RW_PAGE), 0, 8, number))
    assert len(io.records) == abi.IO_MAX


def test_the_last_word_on_a_block_holds() -> None:
    script = Script(512, False)
    script.add(Run(0, 8, 100, abi.WHOLE, 0))
    script.add(Run(3, 4, 50, abi.WHOLE, 0))
    assert [script.run_of[block] for block in range(8)] == [0, 0, 0, 1, 0, 0, 0, 0]


def test_ext2_puts_an_indirect_block_before_the_first_that_it_leads_to() -> None:
    io = FileIo()
    for block in (0, 11, 12, 13, 1036):
        io.allocate(block, blockio.path(block))
    first, second = blockio.path(1036)
    assert blockio.path(11) == ()
    assert blockio.path(12) == (-1,)
    assert io.place == {0: 0, 11: 1, -1: 2, 12: 3, 13: 4, first: 5, second: 6, 1036: 7}
    assert io.known
    io.shrink(13)
    assert io.place == {0: 0, 11: 1, -1: 2, 12: 3}
    assert not io.known


def test_nobody_knows_where_ext2_puts_what_is_not_written_in_order() -> None:
    io = FileIo()
    io.allocate(1, ())
    io.allocate(1, ())
    assert io.known
    io.allocate(0, ())
    assert not io.known


def test_words_of_the_disk_count_from_one() -> None:
    sectors = blockio.sectors_of([25, None], 2048)
    content = blockio.filled(sectors)
    assert content.read(0, 8) == (25 * 256 + 1).to_bytes(8, "little")
    assert content.read(2040, 16) == (26 * 256).to_bytes(8, "little") + bytes(8)
    assert content.digest == sum(abi.mix(word, at) for at, word in content.words.items()) % 2**64


def test_ext4_serves_ext2_in_its_own_way() -> None:
    facts = {"features": FEATURE_EXT4}
    served, alone = (
        Rules(semantics_for(Environment("6.1.192", "x86_64", facts=told))) for told in (facts, {})
    )
    assert (served.mkwrite_buffers(), alone.mkwrite_buffers()) == (G_PRIVATE, 0)
    assert (served.truncate_looks(True), served.truncate_looks(False)) == (False, True)
    assert alone.truncate_looks(True)
    assert (served.ext2_path(12), alone.ext2_path(12)) == ((), (-1,))
    assert (served.ext2_boundary(12, 11), alone.ext2_boundary(12, 11)) == (False, True)
