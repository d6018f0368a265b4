"""What all tests share: the two architectures, their builds and one booted guest of each."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from harness.arch import ARCHES, Arch

if TYPE_CHECKING:
    from harness.build import Built
    from harness.guest import Guest

KERNEL = "6.1"
# Few examples a property, so that the unit tests stay under twenty seconds; a run that looks
# for more says --hypothesis-profile=default.
settings.register_profile("quick", max_examples=40, deadline=None)
settings.load_profile("quick")
# Cheap ones first: a mistake shows before a guest is booted for it.
ORDER = {"unit": 0, "quality": 1, "integration": 2}


def pytest_configure() -> None:
    """Makes Ctrl-C work in what tests start, also where a CI runner has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests first, guests last; the order inside a folder stays."""
    items.sort(key=lambda item: ORDER.get(item.path.parent.name, len(ORDER)))


@pytest.fixture(scope="session", params=sorted(ARCHES))
def arch(request: pytest.FixtureRequest) -> Arch:
    """Each architecture in turn."""
    return ARCHES[request.param]


@pytest.fixture(scope="session")
def built(arch: Arch) -> Built:
    """The base build of the architecture, from the user's cache (built if it is not there)."""
    from harness.build import build
    from harness.cache import Cache
    from harness.progress import Silent

    return build(KERNEL, arch, cache=Cache(), progress=Silent())


@pytest.fixture(scope="session")
def guest(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """A guest that is up, for programs that leave it well. A test that hurts it boots its own."""
    from harness.guest import boot

    log = tmp_path_factory.mktemp("guest") / f"console-{built.arch.name}.log"
    booted = boot(built, console_log=log)
    yield booted
    booted.close()
