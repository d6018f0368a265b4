"""The corpora that a campaign begins with, or goes on with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...errors import PagelabError
from ...generate import EMPTY, Corpus
from .folder import CampaignFolder
from .memory import Memory
from .plan import Plan, roll


def first_corpus(corpora: Sequence[Corpus]) -> Corpus:
    """Several corpora as one: what the first has goes first."""
    start = EMPTY
    for one in corpora:
        start = start.feed(one.kept)
    return start


def planned(
    folder: CampaignFolder,
    memory: Memory,
    start: Corpus,
    *,
    new: bool,
    say: Callable[[str], None],
) -> tuple[Plan, int]:
    """The plan from the first batch on that is not done, with its corpora.

    Args:
        start: what everything began with.
        say: hears of corpora that were lost.

    Returns:
        It, and how many corpora could not be read.
    """
    first, seed = memory.first, memory.asked.seed
    lost = 0
    if new:
        folder.write_corpus(0, start)
        at, corpora = 0, (start, start)
    else:
        at, corpora, lost = _known(folder, first, start, say)
    if at < first:
        say(f"making batches {at} to {first - 1} once more: a corpus was lost")
        corpora = roll(seed, at, corpora, first)
    for number, corpus in zip((first, first + 1), corpora, strict=True):
        folder.write_corpus(number, corpus)
    return Plan(first, corpora, memory.asked.programs), lost


def _known(
    folder: CampaignFolder, first: int, start: Corpus, say: Callable[[str], None]
) -> tuple[int, tuple[Corpus, Corpus], int]:
    """The latest batch whose corpora, and the next one's, can be read; how many could not."""
    lost = 0
    for number in range(first, 0, -1):
        try:
            return number, (folder.read_corpus(number), folder.read_corpus(number + 1)), lost
        except PagelabError as error:
            if number == first:
                lost += 1
                say(str(error))
    return 0, (start, start), lost
