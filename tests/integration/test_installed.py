"""A user's kernel that is built: one that is made up, and Debian's own packages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from fakeimage import RELEASE, FakeImage, elf

from harness import installed, proc, sources
from harness.cache import Cache
from harness.debian import AptRoot
from harness.image import driver_entries
from harness.progress import SILENT
from harness.toolchain import Toolchain

from .command import ROOT, pagelab, results

PROGRAMS = ("get_user_pages/held_over_munmap.mm", "do_set_pte/errors.mm", "ext2/rdonly.mm")


def test_what_is_taken_stays_when_the_folder_goes(tmp_path: Path) -> None:
    fake = FakeImage(tmp_path / "root")
    cache = Cache(tmp_path / "cache")
    tools = Toolchain("", "cc", "a compiler")
    found = installed.find(str(fake.top))
    built = installed.take(found, tools, cache=cache, progress=SILENT)
    assert installed.take(found, tools, cache=cache, progress=SILENT) == built
    fake.write(f"usr/src/linux-headers-{RELEASE}/Module.symvers", "others\n")
    assert installed.take(found, tools, cache=cache, progress=SILENT).key != built.key
    shutil.rmtree(fake.top)
    elsewhere = FakeImage(tmp_path / "elsewhere")
    again = installed.find(str(elsewhere.top))
    assert installed.take(again, tools, cache=cache, progress=SILENT).own == str(elsewhere.top)
    assert built.image.read_bytes() == elf()
    assert (built.version, built.config, built.own) == (RELEASE, "built", str(fake.top))
    names = [entry.name for entry in driver_entries(built.drivers)]
    assert names == [
        *("drivers/virtio-ring.ko", "drivers/virtio.ko", "drivers/sum_generic.ko"),
        *("drivers/virtio_pci.ko", "drivers/virtio_console.ko", "drivers.list"),
    ]
    listed = driver_entries(built.drivers)[-1].data.decode().splitlines()
    assert listed == [f"/{name}" for name in names[:-1]]
    assert driver_entries(()) == []


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Debian's linux-image and linux-headers of bookworm, unpacked in a folder."""
    folder = tmp_path_factory.mktemp("debian")
    wanted, seen = ["linux-image-amd64", "linux-headers-amd64"], set()
    (folder / "packages").mkdir()
    with AptRoot.open(sources.release("bookworm"), "amd64", Cache(), SILENT) as root:
        root.update()
        while wanted:
            name = wanted.pop()
            if name in seen:
                continue
            seen.add(name)
            package = root.download(name, root.offered(name), folder / "packages")
            proc.run(["dpkg-deb", "-x", package, folder / "root"], timeout=300).check(name)
            field = proc.run(["dpkg-deb", "-f", package, "Depends"], timeout=30).check(name)
            depends = re.findall(r"\blinux-(?:image|headers|kbuild)[\w.+-]*", field.stdout.decode())
            wanted += depends
    return folder / "root"


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.qemu
@pytest.mark.timeout(3600)
def test_debians_own_kernel(debian: Path, tmp_path: Path) -> None:
    """Its drivers are modules, its image is packed, and its configuration nobody asked us for."""
    programs = [ROOT / "programs" / name for name in PROGRAMS]
    out = tmp_path / "run"
    done = pagelab("run", *programs, "-k", debian, "-a", "x86_64", "--out", out, seconds=1800)
    assert done.code == 0, done.out + done.err
    (environment,) = results(out)["environments"]
    assert environment["id"].startswith(f"{installed.find(str(debian)).release}-x86_64-built-own-")
    assert (environment["own"], environment["semantics"]) == (str(debian), "assumed")
    done = pagelab("run", *programs, "-k", debian, "--out", tmp_path / "both")
    assert done.code == 2
    assert done.one_line().endswith("is for x86_64 alone: add -a x86_64")
    shutil.rmtree(next(debian.glob("usr/src/linux-headers-*-amd64")))
    done = pagelab("run", *programs, "-k", debian, "-a", "x86_64", "--out", tmp_path / "none")
    assert done.code == 2
    assert "has no Module.symvers" in done.one_line()
