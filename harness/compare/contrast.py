"""Two kernels' states beside each other, operation by operation: what is new in how they differ.

Both states agree with what their kernels showed, so that they stand for it, with the model's
pages in place of frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import abi
from ..check.candidates import all_keys
from ..check.compare import cached, plain
from ..check.describe import describe_key
from ..check.observed import Key
from ..model import Branch, Expected, State
from ..model.content import UNKNOWN, Content
from ..model.state import FRAME_OFFSET, Absent, Pte
from ..program import Compiled
from . import wording
from .twins import Twins

OUTCOME: Key = ("o", 0)
_SAME = (None, "", "")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that two kernels show differently.

    Attributes:
        key: as the checker names it; ("o", 0) is the outcome, a page is the second side's.
        what: the same in words.
        one, other: what each has.
    """

    key: Key
    what: str
    one: str
    other: str


class Contrast:
    """Goes along two sides of one program.

    Args:
        same: pages that both have by the same numbers.
    """

    def __init__(self, compiled: Compiled, same: Iterable[int] = ()) -> None:
        self._compiled = compiled
        self._twins = Twins(same)
        self._standing: dict[Key, object] = {}

    def step(
        self, op: abi.Op, one: Branch, other: Branch, *, seen: bool, whole: bool
    ) -> tuple[Item, ...]:
        """What differs now, and did not do so before.

        Args:
            seen: both sides have a snapshot.
            whole: the first since a while.
        """
        items = list(self._outcome(op, one.expected, other.expected))
        if not seen:
            return tuple(items)
        mine, yours = one.state, other.state
        keys: set[Key] = {*mine.touched, *yours.touched}
        keys |= {key for key in self._standing if key[0] != "p"}
        if whole:
            keys |= all_keys(mine) | all_keys(yours)
        for key in sorted(keys):
            items += self._told(key, *self._entry(key, mine, yours))
        pairs = self._twins.changed(mine, yours)
        pairs |= {self._twins.of_other(key[1]) for key in self._standing if key[0] == "p"}
        for page, twin in sorted(pairs):
            items += self._told(("p", twin), *self._page(page, twin, mine, yours))
        return tuple(items)

    def _told(self, key: Key, sign: object, one: str, other: str) -> Iterable[Item]:
        """An item where the difference, which the sign stands for, is another than before."""
        if sign is None:
            self._standing.pop(key, None)
        elif self._standing.get(key) != sign:
            self._standing[key] = sign
            page = key[0] == "p"
            what = self._twins.name_of_other(key[1]) if page else describe_key(self._compiled, key)
            yield Item(key, what, one, other)

    def _outcome(self, op: abi.Op, one: Expected, other: Expected) -> Iterable[Item]:
        mine, yours = one._replace(frame=None), other._replace(frame=None)
        if None in (mine.data, yours.data):  # nobody knows what it says
            mine, yours = mine._replace(data=None), yours._replace(data=None)
        same = one.frame == other.frame
        if one.frame is not None and other.frame is not None:
            same = self._twins.match(one.frame, other.frame)
        if mine != yours or not same:
            yield Item(
                OUTCOME,
                "outcome",
                wording.outcome(self._compiled, op, one, self._twins.name_of_one),
                wording.outcome(self._compiled, op, other, self._twins.name_of_other),
            )

    # ---- each gives a difference's sign and both sides in words ---------------------

    def _entry(self, key: Key, one: State, other: State) -> tuple[object, str, str]:
        kind, number = key[0], key[1]
        if kind == "t":
            return self._mapped(key, one, other)
        if kind in ("h", "c"):
            return self._listed(key, one, other)
        mine, yours = plain(one, kind, number), plain(other, kind, number)
        if kind == "v":
            return self._vmas(mine, yours)
        if mine == yours or mine is UNKNOWN or yours is UNKNOWN:
            return _SAME
        if kind == "r":
            return _rss(mine, yours)
        if kind == "i":
            return _asked(mine, yours)
        return (mine, yours), str(mine), str(yours)

    def _mapped(self, key: Key, one: State, other: State) -> tuple[object, str, str]:
        mine, yours = _in_table(one, key), _in_table(other, key)
        same = mine == yours
        if mine is not None and yours is not None and mine[1] and yours[1]:
            same = self._twins.match(mine[1], yours[1]) and mine[0] == yours[0]
        if same:
            return _SAME
        texts = (
            "nothing" if mine is None else wording.entry(*mine, self._twins.name_of_one),
            "nothing" if yours is None else wording.entry(*yours, self._twins.name_of_other),
        )
        return texts, *texts

    def _listed(self, key: Key, one: State, other: State) -> tuple[object, str, str]:
        mine, yours = _in_list(one, key), _in_list(other, key)
        both = mine is not None and yours is not None
        if (both and self._twins.match(mine or 0, yours or 0)) or mine is yours:
            return _SAME
        texts = (
            "nothing" if mine is None else self._twins.name_of_one(mine),
            "nothing" if yours is None else self._twins.name_of_other(yours),
        )
        return texts, *texts

    def _vmas(self, one: object, other: object) -> tuple[object, str, str]:
        assert isinstance(one, tuple)
        assert isinstance(other, tuple)
        here = {self._as_other(vma): vma for vma in one}
        mine = tuple(vma for moved, vma in here.items() if moved not in other)
        yours = tuple(vma for vma in other if vma not in here)
        if not mine and not yours:
            return _SAME
        texts = (
            wording.vmas(mine, yours, self._compiled, self._twins.name_of_one),
            wording.vmas(yours, mine, self._compiled, self._twins.name_of_other),
        )
        return texts, *texts

    def _as_other(self, vma: tuple[int, ...]) -> tuple[int, ...]:
        """With the second side's page where its offset is a frame."""
        *rest, pgoff = vma
        twin = self._twins.twin(pgoff - FRAME_OFFSET) if pgoff >= FRAME_OFFSET else None
        return vma if twin is None else (*rest, twin + FRAME_OFFSET)

    def _page(self, page: int, twin: int, one: State, other: State) -> tuple[object, str, str]:
        mine, yours = one.record(page), other.record(twin)
        if mine is None or yours is None:
            return _SAME  # one side has it nowhere: the entries say so
        *counts, content = mine
        *others, another = yours
        known = content is not UNKNOWN and another is not UNKNOWN
        if counts == others and (content.digest == another.digest or not known):
            return _SAME
        ref, mapped, flags, tail, pins = counts
        changed = flags ^ others[2]
        bytes_of = (content.digest, another.digest) if known else ()
        more = (ref - others[0], mapped - others[1], pins - others[4])
        return (
            (more, flags & changed, others[2] & changed, tail, others[3], bytes_of),
            _page_text(counts, others, content, another if known else content),
            _page_text(others, counts, another, content if known else another),
        )


def _in_table(state: State, key: Key) -> tuple[int, int] | None:
    """Flags and page of an entry; a slot of swap is a negative number."""
    mm = state.mms.get(key[1])
    if mm is None:
        return None
    found: Pte | Absent | None = mm.ptes.get(key[-1]) or mm.absent.get(key[-1])
    return (found.flags, -found.slot) if isinstance(found, Absent) else found


def _in_list(state: State, key: Key) -> int | None:
    """The page that a held set, or a file's cache, has in a place."""
    if key[0] == "c":
        return cached(state, key[1], key[-1])
    held = state.held.get(key[1], [])
    return held[key[-1]] if key[-1] < len(held) else None


def _rss(one: object, other: object) -> tuple[object, str, str]:
    sign: object = (one, other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        sign = tuple(mine - yours for mine, yours in zip(one, other, strict=True))
    return sign, wording.rss(one, other), wording.rss(other, one)


def _asked(one: object, other: object) -> tuple[object, str, str]:
    """From the first thing that differs on, to the last."""
    assert isinstance(one, tuple)
    assert isinstance(other, tuple)
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return (one, other), wording.asked(one), wording.asked(other)


def _page_text(mine: list[int], other: list[int], content: Content, another: Content) -> str:
    """The fields that differ."""
    names = ("ref", "map", "", "tail", "pins")
    told = [
        f"{name} {value}"
        for name, value, there in zip(names, mine, other, strict=True)
        if name and value != there
    ]
    told += wording.flags(mine[2], mine[2] ^ other[2], abi.PageFlag)
    if content.digest != another.digest:
        told.append(wording.content(content, another))
    return ", ".join(told)
