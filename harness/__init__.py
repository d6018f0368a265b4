"""pagelab: real kernels, real pages, one model.

The distribution and the command are called ``pagelab``; this package holds
its layers, each of which imports only from those above it (docs/architecture.md).
"""

__version__ = "0.1.0"
