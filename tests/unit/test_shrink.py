"""Programs made smaller: one-minimal in the end, valid all the way, the same difference still."""

from __future__ import annotations

from collections.abc import Sequence

import fakeguest
import pytest

from harness import language, layout
from harness.check import Sign, check_trace
from harness.model import Rules
from harness.program import Operation, Program, Requires
from harness.shrink import shrink
from harness.shrink.cut import plain, without

TEXT = """\
# A held page is written in place, and much else.
requires: arch in (x86_64, arm64)
f = memfd(pages=4)
m = mmap(pages=4, prot=rw, flags=private|anon)
n = mmap(pages=2, prot=rw, flags=private|anon, adjacent_to=m)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
store(m[1]+8, "hello")
store(n[0], "neighbour")
store(s[1], "shared")
mprotect(m, prot=r)
h = get_user_pages(m[2], nr=1, gup_flags=WRITE|FORCE)
mprotect(m, prot=rw)
store(m[2], "in place")
c = fork()
c: store(m[1], "other")
claim GUP-01: h == 1
d = load(m[1], 5)
put_page(h)
t = c: begin madvise(m, POPULATE_READ)
wait(t)
store(m[1]+16, "again and again")
c: mprotect(m, prot=r)
c: exit()
store(m[1], "last")
munmap(s)
"""


class Wrong(Rules):
    """As kernels before 5.19: a page that nobody else has is copied all the same."""

    def reuse_exclusive(self, flags: int) -> bool:
        return False


def sign_of(program: Program, rules: type[Rules] = Wrong) -> Sign | None:
    """What the checker says with wrong rules of a guest that follows the right ones."""
    return check_trace(fakeguest.run(language.render(program)), rules=rules).sign


def smaller(program: Program) -> list[Program]:
    """Without each of its lines, but for what it asks of its environment."""
    able = [at for at, line in enumerate(program.lines) if not isinstance(line.node, Requires)]
    cut = (without(program, {at}) for at in able)
    return [left for left in cut if left is not None]


def test_a_difference_becomes_one_minimal() -> None:
    program = language.parse(TEXT, "p.mm")
    wanted = sign_of(program)
    assert wanted is not None
    asked = 0

    def shows(candidates: Sequence[Program]) -> list[bool]:
        nonlocal asked
        asked += len(candidates)
        return [wanted.same(sign_of(one)) for one in candidates]

    least = shrink(program, shows)
    text = language.render(least)
    assert wanted.same(sign_of(least))
    operations = [line for line in least.lines if isinstance(line.node, Operation)]
    assert len(operations) <= 6, text
    assert not any(wanted.same(sign_of(one)) for one in smaller(least)), text
    assert "pages=1" in text
    assert "[0]" in text
    assert "requires: arch in" in text
    assert language.render(language.parse(text, "p.mm")) == text
    assert asked < 400
    # A smaller one shows the same to the rules that are right: nothing.
    assert sign_of(least, Rules) is None


@pytest.mark.parametrize("keeps", [('store(m[1], "last")',), ("fork", "madvise"), ("shared",)])
def test_what_is_asked_for_stays_and_little_else(keeps: tuple[str, ...]) -> None:
    program = language.parse(TEXT, "p.mm")

    def one(candidate: Program) -> bool:
        layout.compile_program(candidate)
        return all(word in language.render(candidate) for word in keeps)

    least = shrink(program, lambda candidates: [one(each) for each in candidates])
    assert one(least)
    assert not any(one(left) for left in smaller(least))


def test_an_answer_may_stop_at_the_first_that_shows() -> None:
    """As where a guest dies of what it shows."""
    program = language.parse(TEXT, "p.mm")

    def shows(candidates: Sequence[Program]) -> list[bool]:
        answers = []
        for one in candidates:
            answers.append("munmap" in language.render(one))
            if answers[-1]:
                break
        return answers

    text = language.render(shrink(program, shows))
    assert [line.partition("(")[0] for line in text.splitlines()[1:]] == [
        "f = memfd",
        "s = mmap",
        "munmap",
    ]


def test_what_depends_on_a_line_goes_with_it() -> None:
    program = plain(language.parse(TEXT, "p.mm"))
    texts = language.render(program).splitlines()
    fork = without(program, {texts.index("c = fork()")})
    assert fork is not None
    assert "c:" not in language.render(fork)
    assert "wait" not in language.render(fork)
    mapping = without(program, {texts.index(next(t for t in texts if t.startswith("m =")))})
    assert mapping is not None
    text = language.render(mapping)
    assert "n = mmap(pages=2, prot=rw, flags=private|anon)\n" in text
    assert "m[" not in text
    assert without(program, range(len(program.lines))) is None
