"""How long work tells of itself, whoever listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What builders, downloads and runners report to. Safe to call from any thread."""

    def step(self, name: str, unit: str = "") -> None:
        """A step begins, and the one before has ended.

        Args:
            name: what is being done, "building Linux 6.1.192 for arm64".
            unit: what update() counts: "B" (bytes), "" (anything).
        """

    def update(self, done: float, total: float | None) -> None:
        """So much of the current step is done; total is None when nobody knows."""

    def line(self, text: str) -> None:
        """Something worth a line of its own, now."""


class Silent:
    """A Progress that nobody listens to."""

    def step(self, name: str, unit: str = "") -> None:
        """Nothing."""

    def update(self, done: float, total: float | None) -> None:
        """Nothing."""

    def line(self, text: str) -> None:
        """Nothing."""


SILENT: Progress = Silent()
