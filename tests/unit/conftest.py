"""Unit tests start no process and wait for no disk: this makes it so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest


@pytest.fixture(autouse=True, scope="module")
def nothing_is_started() -> Iterator[None]:
    """Any way to start a process fails the test that takes it; nothing is made durable."""

    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        pytest.fail("a unit test starts no process: this one belongs in tests/integration")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", refuse)
        for name in ("fork", "system", "posix_spawn", "posix_spawnp", "execv", "execve"):
            patch.setattr(os, name, refuse)
        patch.setattr(os, "fsync", lambda _fd: None)
        yield
