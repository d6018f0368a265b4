"""Unit tests start no process: this makes it so."""

from __future__ import annotations

import os
import subprocess
from typing import Any, NoReturn

import pytest


@pytest.fixture(autouse=True)
def nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any way to start a process fails the test that takes it."""

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        pytest.fail("a unit test starts no process: this one belongs in tests/integration")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    for name in ("fork", "system", "posix_spawn", "posix_spawnp", "execv", "execve"):
        monkeypatch.setattr(os, name, refuse)
