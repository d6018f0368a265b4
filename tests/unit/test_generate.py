"""Generated programs: what they are a function of, that they compile, what they cover."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Iterator

import pytest
from unit.strategies import complaint

from harness import abi, language, layout
from harness.generate import EMPTY, Corpus, Generated, Generator
from harness.generate.corpus import Kept
from harness.generate.draw import Draw
from harness.generate.moves import MOVES
from harness.generate.swarm import THEMES
from harness.model import branches
from harness.program import Operation
from harness.signatures import CALLS

SEED = 1


@functools.cache
def some() -> tuple[Generated, ...]:
    """Programs from nothing."""
    generator = Generator(SEED)
    return tuple(generator.program(index) for index in range(24))


@functools.cache
def mutants() -> tuple[Generated, ...]:
    """Programs of a corpus."""
    generator = Generator(SEED, EMPTY.feed(some()))
    return tuple(generator.program(index) for index in range(24, 48))


def operations(program: Generated) -> Iterator[Operation]:
    for line in program.program.lines:
        if isinstance(line.node, Operation):
            yield line.node


def test_a_program_follows_from_seed_index_and_corpus_alone() -> None:
    again = Generator(SEED)
    assert [again.program(one.index).text for one in reversed(some()[:8])] == [
        one.text for one in reversed(some()[:8])
    ]
    corpus = EMPTY.feed(some())
    other = pickle.loads(pickle.dumps(Generator(SEED, corpus)))
    assert other.program(24) == mutants()[0]
    assert Generator(SEED + 1).program(0).text != some()[0].text
    assert Generator(SEED).program(24).text != mutants()[0].text


def test_text_parses_back_and_compiles_to_the_same() -> None:
    for one in (*some(), *mutants()):
        parsed = language.parse(one.text, one.program.name)
        assert parsed == one.program
        assert language.render(parsed) == one.text
        assert layout.compile_program(parsed) == one.compiled


def test_what_was_begun_is_waited_for() -> None:
    for one in (*some(), *mutants()):
        last: dict[int, abi.Op] = {}
        for op in one.compiled.ops:
            if op.mode & abi.Mode.BEGIN or op.code is abi.Code.WAIT:
                last[op.process] = op
            elif last.get(op.process) is not None and last[op.process].mode & abi.Mode.BEGIN:
                raise AssertionError(one.text)
        assert all(op.code is abi.Code.WAIT for op in last.values()), one.text


def test_programs_are_neither_empty_nor_long() -> None:
    sizes = [len(one.compiled.ops) for one in (*some(), *mutants())]
    assert min(sizes) >= 1
    assert max(sizes) <= 400
    assert sum(sizes) / len(sizes) > 15


def test_moves_cover_every_call() -> None:
    assert {call for move in MOVES for call in move.calls} == set(CALLS)
    assert {move.theme for move in MOVES} - {""} <= set(THEMES)


def test_every_branch_has_one_name() -> None:
    every = branches.ALL
    assert len(set(every)) == len(every)
    reached = frozenset[str]().union(*(one.branches for one in (*some(), *mutants())))
    assert reached - {""} <= set(every)


def test_a_corpus_keeps_what_is_new_and_drops_what_others_have() -> None:
    corpus = EMPTY.feed(some())
    assert 0 < len(corpus.kept) <= len(some())
    lesser = Kept("load(m[0])\n", frozenset(sorted(some()[0].branches)[:-1]))
    assert EMPTY.feed([lesser, *some()]) == corpus
    assert corpus.feed(some()) == corpus
    assert corpus.feed(corpus.kept) is corpus

    def union(programs: tuple[Generated, ...]) -> set[str]:
        return set().union(*(one.branches for one in programs))

    kept = set().union(*(one.branches for one in corpus.kept))
    assert kept == union(some())
    for one in corpus.kept:
        others = Corpus(tuple(other for other in corpus.kept if other is not one))
        assert len(others.feed([one]).kept) >= len(others.kept)


def test_a_corpus_comes_back_from_its_bytes() -> None:
    corpus = EMPTY.feed(some())
    data = corpus.encode()
    assert Corpus.decode(data, "c") == corpus
    assert Corpus.decode(EMPTY.encode(), "c") == EMPTY
    assert "not a corpus" in complaint(lambda: Corpus.decode(b"", "c"))
    assert "not a corpus" in complaint(lambda: Corpus.decode(data[3:], "c"))
    assert "version 7, expected 1" in complaint(
        lambda: Corpus.decode(data.replace(b"corpus 1 ", b"corpus 7 ", 1), "c")
    )
    assert "damaged" in complaint(lambda: Corpus.decode(data[:-1], "c"))


def test_chances_are_the_same_everywhere() -> None:
    draw = Draw(b"seed")
    assert [draw.below(1000) for _ in range(6)] == [69, 613, 838, 719, 328, 757]
    assert {draw.between(3, 5) for _ in range(99)} == {3, 4, 5}
    assert all(len(draw.some("abcd", 9)) <= 4 for _ in range(20))
    assert not draw.chance(0)
    assert draw.chance(100)


@pytest.mark.parametrize("name", sorted(branches.UNREACHABLE))
def test_what_is_called_unreachable_is_a_branch(name: str) -> None:
    assert name in branches.ALL
    assert branches.UNREACHABLE[name]
