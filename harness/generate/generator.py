"""Programs from a seed: program i is a pure function of version, seed, i and corpus."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .. import language
from ..program import Binary, Compiled, Name, Program, Requires
from .builder import Builder
from .corpus import EMPTY, Corpus
from .draw import Draw
from .hand import Hand
from .moves import Do
from .mutate import mutant
from .swarm import EVERY, draw_swarm

# Rises with every change after which a seed gives other programs.
VERSION = 1
_MUTANTS = 60  # of a hundred programs, where there is a corpus
_LENGTH_MIN, _LENGTH_MAX = 10, 72
_IN_VAIN_MAX = 40  # moves one behind the other that added nothing
_SECRET = Requires(Binary(">=", Name("kernel"), Name("5.14")))
_PROTECTING = re.compile(r"\bWP\b")
_PROTECTS = Requires(
    Binary(
        "or",
        Binary("==", Name("arch"), Name("x86_64")),
        Binary(">=", Name("kernel"), Name("6.12")),
    )
)


@dataclass(frozen=True, slots=True)
class Generated:
    """One program.

    Attributes:
        branches: of the model, that its stepping reached.
    """

    index: int
    program: Program
    text: str
    compiled: Compiled
    branches: frozenset[str]


class Generator:
    """The programs of a seed.

    Args:
        corpus: programs to make others of.
    """

    def __init__(self, seed: int, corpus: Corpus = EMPTY) -> None:
        self.seed = seed
        self.corpus = corpus
        self._from = b"pagelab %d %d %s" % (VERSION, seed, corpus.digest)

    def program(self, index: int) -> Generated:
        """Program i, always the same."""
        draw = Draw(b"%s %d" % (self._from, index))
        builder = _made(draw, self.corpus)
        program, compiled = builder.result(f"fuzz-{self.seed}-{index}.mm")
        text = language.render(program)
        return Generated(index, program, text, compiled, frozenset(builder.reached))


def _made(draw: Draw, corpus: Corpus) -> Builder:
    """A program from nothing, or of programs of the corpus."""
    swarm = draw_swarm(draw)
    kept = corpus.kept if draw.chance(_MUTANTS) else ()
    donors = [draw.pick(kept).text, draw.pick(kept).text] if kept else []
    secret = "secret" in swarm.themes or any("memfd_secret(" in text for text in donors)
    protects = "uffd" in swarm.themes and draw.chance(40)
    protects = protects or any(_PROTECTING.search(text) for text in donors)
    requires = ((_SECRET,) if secret else ()) + ((_PROTECTS,) if protects else ())
    builder = Builder(requires, protects)
    hand = Hand(draw, builder, swarm.themes, swarm.wrong)
    if donors:
        mutant(hand, swarm.bag, donors, _LENGTH_MAX)
    for scene in swarm.openings if not donors else ():
        scene(hand)
    length = swarm.length if not donors else builder.size + swarm.length // 4
    grow(hand, swarm.bag, min(length, _LENGTH_MAX))
    builder.finish()
    return builder


def grow(hand: Hand, bag: tuple[Do, ...], length: int) -> None:
    """Make moves until the program is that long, or none adds anything any more.

    What the swarm left may be too little for any program: then all moves are made.
    """
    builder = hand.builder
    for moves, wanted in ((bag, length), (EVERY, _LENGTH_MIN)):
        vain = 0
        while moves and builder.size < wanted and vain < _IN_VAIN_MAX:
            before = builder.size
            hand.draw.pick(moves)(hand)
            vain = 0 if builder.size > before else vain + 1
