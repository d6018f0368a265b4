"""Which program comes next, and out of which corpus: the same for any number of workers.

Programs are generated in batches. What a batch reaches is fed into the corpus that the batch
after the next one begins with, so that nobody has to wait for the others at a batch's end:
corpus[b] is the starting corpus fed with batches 0 to b - 2, each in the order of its programs.
A batch is handed out in chunks, in order. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...generate import BATCH, Corpus, Generator
from ...generate.corpus import Reached

CHUNK = 32  # programs; BATCH is a multiple
LAG = 2


@dataclass(frozen=True, slots=True)
class Chunk:
    """Programs that one worker makes, of one batch."""

    start: int
    stop: int

    @property
    def batch(self) -> int:
        return self.start // BATCH


def texts_digest(texts: Iterable[str]) -> str:
    """Names programs in their order."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


@dataclass(slots=True)
class _Batch:
    """A batch that is under way.

    Attributes:
        made: what each chunk's programs reach, by the chunk's start.
        done: starts of chunks that are run and checked.
    """

    made: dict[int, Sequence[Reached]] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)


class Plan:
    """Hands out chunks and feeds the corpus.

    Args:
        first: the first batch that is to be made.
        corpora: those of this batch and of the next.
        programs: how many in all; None: as many as there is time for.
    """

    def __init__(self, first: int, corpora: tuple[Corpus, Corpus], programs: int | None) -> None:
        self.corpora = {first: corpora[0], first + 1: corpora[1]}
        self.programs = programs
        self._next = first * BATCH
        self._batches: dict[int, _Batch] = {}
        self._back: list[Chunk] = []

    # ---- chunks -----------------------------------------------------------------

    def take(self) -> Chunk | None:
        """The next chunk; None where there is none, or none yet."""
        if self._back:
            return self._back.pop(0)
        start = self._next
        stop = start + CHUNK
        if self.programs is not None:
            stop = min(stop, self.programs)
        if start >= stop or start // BATCH not in self.corpora:
            return None
        self._next = stop
        self._batches.setdefault(start // BATCH, _Batch())
        return Chunk(start, stop)

    def give_back(self, chunks: Iterable[Chunk]) -> None:
        """Chunks whose worker is gone: the next ones again."""
        self._back = sorted([*chunks, *self._back], key=lambda chunk: chunk.start)

    @property
    def finished(self) -> bool:
        """Every chunk was handed out."""
        return not self._back and self.programs is not None and self._next >= self.programs

    # ---- what became of them ------------------------------------------------------

    def made(self, chunk: Chunk, programs: Sequence[Reached]) -> list[int]:
        """Takes in what a chunk's programs reach.

        Returns:
            Numbers of batches whose corpora are known from here on.
        """
        self._batches[chunk.batch].made[chunk.start] = programs
        return [number + LAG for number in sorted(self._batches) if self._feed(number)]

    def _feed(self, number: int) -> bool:
        """Makes the corpus that a batch leads to, where that can be done and was not."""
        batch, later = self._batches[number], number + LAG
        if later in self.corpora or later - 1 not in self.corpora or not _whole(batch.made, number):
            return False
        whole = [one for start in sorted(batch.made) for one in batch.made[start]]
        self.corpora[later] = self.corpora[later - 1].feed(whole)
        return True

    def done(self, chunk: Chunk) -> None:
        """A chunk is run and checked."""
        self._batches[chunk.batch].done.add(chunk.start)

    def completed(self) -> list[int]:
        """Batches of which everything is done, and the corpus that they lead to known."""
        return [
            number
            for number, batch in sorted(self._batches.items())
            if _whole(batch.done, number) and number + LAG in self.corpora
        ]

    def starts(self, number: int) -> range:
        """Where the chunks of a batch begin."""
        return range(number * BATCH, (number + 1) * BATCH, CHUNK)

    def drop(self, number: int) -> tuple[str, ...]:
        """Forgets a batch that is done; the texts of its programs."""
        batch = self._batches.pop(number)
        return tuple(one.text for start in sorted(batch.made) for one in batch.made[start])

    def under_way(self) -> tuple[Reached, ...]:
        """The programs of batches that are not done, in order."""
        return tuple(
            one
            for number in sorted(self._batches)
            for start in sorted(self._batches[number].made)
            for one in self._batches[number].made[start]
        )

    def forget(self, before: int) -> None:
        """Corpora of batches before this one are needed no more."""
        for number in [number for number in self.corpora if number < before]:
            del self.corpora[number]


def _whole(starts: Iterable[int], number: int) -> bool:
    return {start // CHUNK for start in starts} >= set(
        range(number * BATCH // CHUNK, (number + 1) * BATCH // CHUNK)
    )


def roll(seed: int, first: int, corpora: tuple[Corpus, Corpus], to: int) -> tuple[Corpus, Corpus]:
    """The corpora of a batch and of the next, where files have only earlier ones.

    Args:
        first: the batch whose corpora are given.
        to: the one that is wanted.
    """
    for number in range(first, to):
        generator = Generator(seed, corpora[0])
        batch = [generator.program(at) for at in range(number * BATCH, (number + 1) * BATCH)]
        corpora = corpora[1], corpora[1].feed(batch)
    return corpora
