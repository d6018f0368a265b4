"""Programs that are worth making others of: what the model reaches by no other."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from .. import language, layout
from ..errors import UsageError
from ..model import branches

BATCH = 256  # programs between two feedbacks
_MAGIC = b"pagelab corpus"
_FORMAT = 1


class Reached(Protocol):
    """A program with what it reaches: one that was generated, or kept before."""

    @property
    def text(self) -> str: ...

    @property
    def branches(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """One program of a corpus."""

    text: str
    branches: frozenset[str]


class Pairs:
    """Pairs of branches that programs reach; a branch and itself is one too."""

    def __init__(self) -> None:
        self._bits = {name: 1 << at for at, name in enumerate(branches.ALL)}
        self._seen: dict[int, int] = {}

    def add(self, reached: Iterable[str]) -> bool:
        """Takes in what one program reaches: does that have a new pair?"""
        bits = [self._bits[name] for name in reached if name in self._bits]
        mask = sum(bits)
        seen = self._seen
        new = [bit for bit in bits if mask & ~seen.get(bit, 0)]
        for bit in new:
            seen[bit] = seen.get(bit, 0) | mask
        return bool(new)


@dataclass(frozen=True, slots=True)
class Corpus:
    """An immutable value: the programs kept so far."""

    kept: tuple[Kept, ...] = ()

    @property
    def digest(self) -> bytes:
        """Names what is in it."""
        digest = hashlib.sha256()
        for one in self.kept:
            digest.update(one.text.encode() + b"\0")
        return digest.hexdigest().encode()

    def feed(self, batch: Sequence[Reached]) -> Corpus:
        """The corpus with those programs that reach a new pair of branches.

        A program goes whose pairs others have: they are looked through once more, those that
        reach most first.

        Args:
            batch: programs in the order of their indices, or what another corpus kept.
        """
        pairs = Pairs()
        for one in self.kept:
            pairs.add(one.branches)
        kept = list(self.kept)
        kept += [Kept(one.text, one.branches) for one in batch if pairs.add(one.branches)]
        if len(kept) == len(self.kept):
            return self
        pairs = Pairs()
        order = sorted(range(len(kept)), key=lambda at: (-len(kept[at].branches), at))
        needed = sorted(at for at in order if pairs.add(kept[at].branches))
        return Corpus(tuple(kept[at] for at in needed))

    def encode(self) -> bytes:
        """The content of a file."""
        programs = [[one.text, sorted(one.branches)] for one in self.kept]
        body = zlib.compress(json.dumps(programs).encode())
        head = b"%s %d %s\n" % (_MAGIC, _FORMAT, hashlib.sha256(body).hexdigest().encode())
        return head + body

    @classmethod
    def decode(cls, data: bytes, name: str) -> Corpus:
        """What a file has.

        Args:
            name: of the file, for messages.

        Raises:
            UsageError: it is no corpus, damaged, or of another version.
        """
        head, _, body = data.partition(b"\n")
        words = head.removeprefix(_MAGIC + b" ").split(b" ")
        if not head.startswith(_MAGIC + b" ") or len(words) != 2:
            raise UsageError(f"{name}: not a corpus of pagelab")
        if words[0] != b"%d" % _FORMAT:
            version = words[0].decode("ascii", "replace")
            raise UsageError(f"{name}: a corpus of version {version}, expected {_FORMAT}")
        if words[1] != hashlib.sha256(body).hexdigest().encode():
            raise UsageError(f"{name}: a damaged corpus, its digest is another")
        kept = [Kept(text, frozenset(names)) for text, names in json.loads(zlib.decompress(body))]
        for number, one in enumerate(kept):
            layout.compile_program(language.parse(one.text, f"{name}, program {number}"))
        return cls(tuple(kept))


EMPTY = Corpus()
