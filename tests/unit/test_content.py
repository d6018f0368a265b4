"""A page's content and digest."""

from hypothesis import given
from hypothesis import strategies as st

from harness import abi
from harness.model.content import EMPTY

WRITES = st.lists(
    st.tuples(st.integers(0, abi.PAGE_SIZE - 1), st.binary(min_size=1, max_size=40)).filter(
        lambda write: write[0] + len(write[1]) <= abi.PAGE_SIZE
    ),
    max_size=8,
)


def _digest(page: bytes) -> int:
    words = [int.from_bytes(page[at : at + 8], "little") for at in range(0, len(page), 8)]
    return sum(abi.mix(word, index) for index, word in enumerate(words)) & (1 << 64) - 1


@given(WRITES)
def test_writes_and_digest_follow_the_bytes(writes: list[tuple[int, bytes]]) -> None:
    page = bytearray(abi.PAGE_SIZE)
    content = EMPTY
    for offset, data in writes:
        page[offset : offset + len(data)] = data
        content = content.write(offset, data)
    assert content.read(0, abi.PAGE_SIZE) == bytes(page)
    assert content.digest == _digest(bytes(page))
    assert 0 not in content.words.values()


@given(WRITES, st.integers(0, abi.PAGE_SIZE - 1))
def test_clear_from_zeroes_the_tail(writes: list[tuple[int, bytes]], offset: int) -> None:
    content = EMPTY
    for at, data in writes:
        content = content.write(at, data)
    cleared = content.clear_from(offset)
    assert cleared.read(offset, abi.PAGE_SIZE - offset) == bytes(abi.PAGE_SIZE - offset)
    if offset:
        assert cleared.read(0, offset) == content.read(0, offset)
    assert cleared.digest == _digest(cleared.read(0, abi.PAGE_SIZE))


def test_an_empty_page_has_digest_zero() -> None:
    assert EMPTY.digest == 0
    assert EMPTY.write(8, b"x").write(8, b"\0") == EMPTY


def test_two_high_bits_do_not_cancel() -> None:
    one = EMPTY.write(7, b"\x80").write(15, b"\x80")
    assert one.digest != 0
