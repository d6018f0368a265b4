"""How much of what the programs show has exactly one allowed value?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness import check
from harness.check.exact import total
from harness.trace import Trace

ALL_MIN = 0.95
KIND_MIN = 0.70

pytestmark = pytest.mark.qemu


def test_nearly_everything_is_exact(recorded: Mapping[str, Trace]) -> None:
    found = total(check.check_trace(trace).exact for trace in recorded.values())
    assert found.operations.of == sum(len(trace.outcomes) for trace in recorded.values())
    assert found.operations.ratio >= ALL_MIN, found
    loose = {name: share for name, share in found.calls.items() if share.ratio < KIND_MIN}
    assert loose == {}
    assert all(share.ratio >= ALL_MIN for share in found.fields.values()), found.fields
