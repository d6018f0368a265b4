"""The private apt root against the real apt, with and without a mirror."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from harness import proc, sources
from harness.cache import Cache
from harness.debian import AptRoot, Release
from harness.errors import HarnessError, UsageError
from harness.jobs import kernels
from harness.progress import SILENT, Silent

BULLSEYE_KEY = "1F89983E0081FDE018F3CC9673A4F27B8DD47936"
LISTS = Path("/var/lib/apt/lists")


class Heard(Silent):
    """A Progress that remembers its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every mirror unreachable for children, as a machine without a network has it."""
    for name in ("http_proxy", "https_proxy", "ftp_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


@pytest.fixture
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets nothing be started at all."""

    def spawn(*_: object, **__: object) -> None:
        raise AssertionError("nothing is to be started here")

    monkeypatch.setattr(proc, "spawn", spawn)


@pytest.mark.usefixtures("no_network")
def test_no_network_and_an_empty_cache_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(HarnessError) as caught:
        sources.fetch("6.1", Cache(tmp_path), SILENT)
    message = str(caught.value)
    assert message.startswith("no package lists from ")
    assert message.endswith("check the network and apt's proxy, or bring a filled PAGELAB_CACHE")
    assert "\n" not in message


def test_a_cache_that_cannot_be_one_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HarnessError, match="Not a directory.*PAGELAB_CACHE"):
        sources.fetch("6.1", Cache(tmp_path / "file"), SILENT)


@pytest.mark.network
def test_what_is_cached_needs_neither_network_nor_apt(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source = sources.fetch("6.1", Cache(), SILENT)
    copy = tmp_path / sources.KIND
    copy.mkdir()
    (copy / source.archive.parent.name).symlink_to(source.archive.parent)
    request.getfixturevalue("no_processes")
    again = sources.fetch("6.1", Cache(tmp_path), SILENT)
    assert (again.version, again.digest) == (source.version, source.digest)
    assert sources.fetch(source.version, Cache(tmp_path), SILENT) == again


@pytest.mark.network
@pytest.mark.slow
def test_a_truncated_archive_is_fetched_again_with_one_line(tmp_path: Path) -> None:
    whole = sources.fetch("6.1", Cache(), SILENT)
    folder = whole.archive.parent
    shutil.copytree(folder, tmp_path / sources.KIND / folder.name)
    copy = sources.cached("6.1", Cache(tmp_path))
    assert copy
    os.truncate(copy.archive, 1000)
    heard = Heard()
    again = sources.fetch("6.1", Cache(tmp_path), heard)
    assert again.archive.stat().st_size > 1 << 20
    damage, chosen = heard.lines
    assert "has 1000 bytes instead of" in damage
    assert again.digest in chosen
    assert again.package_version in chosen


@pytest.mark.network
def test_a_version_that_nobody_has_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown kernel '6.1.1': .* Debian offers 6\.1\.\d+ now"):
        sources.fetch("6.1.1", Cache(tmp_path), SILENT)


@pytest.mark.network
def test_what_debian_offers_is_told_and_not_taken(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    (told,) = kernels.refresh(("6.1",), cache, SILENT, take=False)
    assert re.fullmatch(r"6\.1: Debian has 6\.1\.\d+: pagelab kernels --update -k 6\.1", told)
    offer = sources.offered("6.1", cache)
    assert offer
    assert offer.version in told
    assert cache.entries(sources.KIND) == []


@pytest.mark.network
def test_only_the_named_keys_may_sign(tmp_path: Path) -> None:
    keys = (BULLSEYE_KEY,)  # a key of Debian's, but not one of this release
    suites = ("bookworm", "bookworm-updates", "bookworm-security")
    release = Release("bookworm", suites, keys, keys)
    with (
        AptRoot.open(release, "arm64", Cache(tmp_path), SILENT) as root,
        pytest.raises(HarnessError, match="is not signed by a key of images/kernels.toml"),
    ):
        root.update()


@pytest.mark.network
def test_packages_of_another_architecture_and_the_hosts_state_untouched(tmp_path: Path) -> None:
    before = sorted((path.name, path.stat().st_mtime_ns) for path in LISTS.rglob("*"))
    with AptRoot.open(sources.release("bookworm"), "arm64", Cache(tmp_path), SILENT) as root:
        root.update()
        wanted = root.closure(["dropbear-bin:arm64"])
        names = {package.file.split("_")[0] for package in wanted}
        assert {"dropbear-bin", "libc6", "libtomcrypt1"} <= names
        assert all(package.file.endswith(("_arm64.deb", "_all.deb")) for package in wanted)
        fetched = root.download_closure(["dropbear-bin:arm64"], wanted, tmp_path / "debs")
        assert all(path.stat().st_size for path in fetched)
    assert sorted((path.name, path.stat().st_mtime_ns) for path in LISTS.rglob("*")) == before
