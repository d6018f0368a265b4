"""The oracle: what a kernel may do with an operation, and the state it leaves."""

from .calls import Expected
from .gup import Arena
from .registry import traced
from .rules import REGISTRY, Rule, Rules
from .semantics import Semantics, semantics_for
from .state import State
from .step import ALLOWANCES, Branch, Model

__all__ = [
    "ALLOWANCES",
    "REGISTRY",
    "Arena",
    "Branch",
    "Expected",
    "Model",
    "Rule",
    "Rules",
    "Semantics",
    "State",
    "semantics_for",
    "traced",
]
