"""Is a mutant of the model judged as it should be? By a guest that does what the model says."""

from __future__ import annotations

from pathlib import Path

import fakeguest
import pytest

from benchmarks.model_mutants.judge import Recorded, compiled, judge
from benchmarks.model_mutants.mutate import Mutant
from harness import check, model
from harness.verdict import Verdict

TEXT = (
    'm = mmap(pages=2, prot=rw, flags=private|anon)\nstore(m[0], "hello")\nmadvise(m, DONTNEED)\n'
)
ZAP = (Path(model.__file__).parent / "zap.py").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "how"),
    [
        ("start >= end", "start > end", ""),
        ("-rules.zap_rss(special)", "+rules.zap_rss(special)", "MISMATCH"),
        ("state.clear_pte(process, index)", "state.clear_pte(process)", "TypeError"),
        ("    if start >= end:\n        return", "    while start:\n        pass", "too slow"),
        ("from .rules import Rules", "from .rules import Nothing", "ImportError"),
    ],
)
def test_a_mutant_is_judged(old: str, new: str, how: str) -> None:
    assert old in ZAP
    trace = fakeguest.run(TEXT)
    checked = check.check_trace(trace)
    assert checked.verdict is Verdict.PASS
    recorded = Recorded("small", trace, compiled(trace), 0.01, checked.exact)
    for lines in [(1, 2), None]:  # changed in place, and imported
        mutant = Mutant("zap", "range_", old, new, 1, "", ZAP.replace(old, new, 1), lines)
        judged = judge(mutant, [recorded])
        assert judged.how == how
        assert judged.killed is bool(how)
