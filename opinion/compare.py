"""Both sides of a case, side by side."""

from __future__ import annotations

from collections.abc import Iterator

from harness.abi import PageFlag

from .cases import Case
from .observe import Observed
from .predict import Dump, Predictor, Told

# The zero page has one reference of its own, which the model leaves out (it counts from when a
# program began).
_ZERO_REFS = 1


def differences(case: Case, seen: Observed, predictor: Predictor) -> list[str]:
    """What the kernel told otherwise than the model predicts, a line each; none if they agree."""
    found = list(seen.wrong)
    if seen.errno or seen.status:
        found.append(f"the ioctl failed with errno {seen.errno}, gup_test with {seen.status}")
    found += _told(seen.told, predictor.predict(case))
    return found


def _told(seen: Told, predicted: Told) -> Iterator[str]:
    if seen.size != predicted.size:
        yield f"bytes gone over: observed {seen.size}, predicted {predicted.size}"
    which = predicted.which + (0,) * (len(seen.which) - len(predicted.which))
    if seen.which != which:
        yield f"pages to dump: observed {seen.which}, predicted {which}"
    if [dump.index for dump in seen.dumps] != [dump.index for dump in predicted.dumps]:
        yield f"{len(seen.dumps)} pages were dumped, {len(predicted.dumps)} predicted"
        return
    for one, other in zip(seen.dumps, predicted.dumps, strict=True):
        yield from _dump(one, other)
    if (seen.unpinned is None) != (predicted.unpinned is None):
        yield (
            f"a page does not look pinned: observed {_index(seen.unpinned)}, "
            f"predicted {_index(predicted.unpinned)}"
        )
    elif seen.unpinned is not None and predicted.unpinned is not None:
        yield from _dump(seen.unpinned, predicted.unpinned)
    if _repeated(seen) != _repeated(predicted):
        yield f"same pages: observed {_repeated(seen)}, predicted {_repeated(predicted)}"


def _index(dump: Dump | None) -> str:
    return "none" if dump is None else str(dump.index)


def _dump(seen: Dump, predicted: Dump) -> Iterator[str]:
    zero = predicted.flags & PageFlag.RESERVED
    ref = predicted.ref + (_ZERO_REFS if zero else 0)
    for name, one, other in (
        ("place", seen.index, predicted.index),
        ("refcount", seen.ref, ref),
        ("mapcount", seen.map, predicted.map),
        ("flags", _names(seen.flags), _names(predicted.flags)),
    ):
        if one != other:
            yield f"page {seen.index}: {name}: observed {one}, predicted {other}"


def _names(flags: PageFlag) -> str:
    return " ".join(str(flag.name).lower() for flag in PageFlag if flags & flag) or "none"


def _repeated(told: Told) -> list[int]:
    """For each dumped page the place of the first that is the same."""
    frames = [dump.frame for dump in told.dumps]
    return [frames.index(frame) for frame in frames]
