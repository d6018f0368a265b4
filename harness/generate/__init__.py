"""Programs that nobody wrote: from a seed, led by the model, guided by what it reaches."""

from .corpus import BATCH, EMPTY, Corpus
from .generator import VERSION, Generated, Generator

__all__ = ["BATCH", "EMPTY", "VERSION", "Corpus", "Generated", "Generator"]
