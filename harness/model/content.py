"""What a page holds: sparse, immutable, with its digest.

Pages of programs are empty but for a few bytes, so a page is the words that
are not zero; copying one is sharing it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import abi


@dataclass(frozen=True, slots=True)
class Content:
    """A page's bytes.

    Attributes:
        words: index of a 64-bit little-endian word -> its value, never 0.
        digest: as the module computes it (abi.mix).
    """

    words: dict[int, int]
    digest: int

    def read(self, offset: int, length: int) -> bytes:
        """length bytes from offset; both stay inside the page."""
        first = offset >> 3
        last = (offset + length - 1) >> 3
        raw = b"".join(
            self.words.get(index, 0).to_bytes(8, "little") for index in range(first, last + 1)
        )
        start = offset - (first << 3)
        return raw[start : start + length]

    def write(self, offset: int, data: bytes) -> Content:
        """This page with data at offset; it stays inside the page."""
        if not data or self is UNKNOWN:
            return self
        first = offset >> 3
        last = (offset + len(data) - 1) >> 3
        old = self.read(first << 3, (last - first + 1) << 3)
        start = offset - (first << 3)
        new = old[:start] + data + old[start + len(data) :]
        words = dict(self.words)
        digest = self.digest
        for index in range(first, last + 1):
            at = (index - first) << 3
            value = int.from_bytes(new[at : at + 8], "little")
            digest += abi.mix(value, index) - abi.mix(words.pop(index, 0), index)
            if value:
                words[index] = value
        return Content(words, digest & 0xFFFFFFFFFFFFFFFF)

    def clear_from(self, offset: int) -> Content:
        """This page with everything from offset on zeroed."""
        return self.write(offset, bytes(abi.PAGE_SIZE - offset))


EMPTY = Content({}, 0)
UNKNOWN = Content({}, 0)  # of the kernel's own pages: nobody knows it, it is not compared
