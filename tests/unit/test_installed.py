"""A user's kernel that is built: what is found of it, and what is said of what is not."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fakeimage import CONFIG, RELEASE, FakeImage, bzimage, elf, module

from harness import bzimage as images
from harness import configuration, installed
from harness.arch import ARM64, X86_64
from harness.configuration import PLAIN
from harness.drivers import contents
from harness.errors import UsageError


@pytest.fixture
def fake(tmp_path: Path) -> FakeImage:
    return FakeImage(tmp_path / "root")


# ---- images ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pack",
    [lzma.compress, lambda elf: lzma.compress(elf, lzma.FORMAT_ALONE), gzip.compress, bz2.compress],
)
def test_an_image_is_unpacked(pack: Callable[[bytes], bytes]) -> None:
    data = bzimage(pack(elf()) + b"size")
    assert (images.architecture(data), images.release(data)) == ("x86_64", RELEASE)
    assert images.unpacked(data) == elf()


def test_an_image_that_stays_packed() -> None:
    assert images.unpacked(bzimage(lzma.compress(elf(pvh=False)))) is None
    assert images.unpacked(bzimage(b"\x28\xb5\x2f\xfd" + b"zstd")) is None
    assert images.unpacked(bzimage(lzma.compress(elf())[:60])) is None
    assert images.unpacked(elf()) is None
    assert images.has_pvh(elf())


def test_other_images() -> None:
    arm64 = bytes(56) + b"ARM\x64" + bytes(100)
    assert [images.architecture(data) for data in (arm64, gzip.compress(arm64))] == ["arm64"] * 2
    assert images.architecture(elf()) == "x86_64"
    assert images.architecture(b"something") == images.architecture(b"") == ""
    assert images.release(arm64) == ""


# ---- what is found ------------------------------------------------------------------


def test_a_folder_and_an_image_are_the_same_kernel(fake: FakeImage) -> None:
    found = installed.find(str(fake.top))
    assert (found.release, found.arch, found.image) == (RELEASE, X86_64, fake.image)
    assert found.modules == fake.modules
    assert found.objects == found.tree == fake.headers  # the link leads into the folder
    assert found.compilers == ("gcc-12", "gcc")
    named = installed.find(str(fake.image))
    assert (named.objects, named.config, named.modules) == (
        found.objects,
        found.config,
        found.modules,
    )
    assert installed.is_installed(str(fake.top))
    assert installed.is_installed(str(fake.image))
    assert not installed.is_installed(str(fake.headers))
    for other in ("linux-6.1.tar.xz", "6.1", f"https://there/vmlinuz-{RELEASE}#sha256=0"):
        assert not installed.is_installed(other)


def test_drivers_come_behind_what_they_depend_on(fake: FakeImage) -> None:
    files = installed.find(str(fake.top)).drivers().files
    assert [path.name for path in files] == [
        *("virtio-ring.ko", "virtio.ko", "sum_generic.ko", "virtio_pci.ko"),
        "virtio_console.ko.xz",
    ]
    assert contents(files[-1]) == module("depends=virtio-ring,virtio")


# ---- what is not ---------------------------------------------------------------------


def _of_another_release(fake: FakeImage) -> None:
    path = f"usr/src/linux-headers-{RELEASE}/include/generated/utsrelease.h"
    fake.write(path, '#define UTS_RELEASE "6.1.0-8-amd64"\n')


def _without_kprobes(fake: FakeImage) -> None:
    fake.write(f"boot/config-{RELEASE}", CONFIG.replace("CONFIG_KPROBES=y\n", ""))


def _signed(fake: FakeImage) -> None:
    fake.write(f"boot/config-{RELEASE}", CONFIG + "CONFIG_MODULE_SIG_FORCE=y\n")


BAD: list[tuple[Callable[[FakeImage], object], str]] = [
    (lambda fake: fake.image.unlink(), "has modules, but no image: unpack its linux-image"),
    (
        lambda fake: shutil.rmtree(fake.modules),
        f"vmlinuz-{RELEASE} is {RELEASE}, of which there are no modules: .*/lib/modules/{RELEASE}",
    ),
    (
        lambda fake: shutil.rmtree(fake.headers),
        f"build has no Module.symvers, .*: unpack linux-headers-{RELEASE} there too",
    ),
    (_of_another_release, f"is of 6.1.0-8-amd64, the image of {RELEASE}: unpack linux-headers"),
    (
        lambda fake: (fake.modules / "kernel/drivers/virtio_console.ko.xz").unlink(),
        r"has no driver virtio_console \(CONFIG_VIRTIO_CONSOLE\), neither in its image nor",
    ),
    (
        lambda fake: (fake.modules / "kernel/drivers/virtio-ring.ko").unlink(),
        "lacks the module virtio_ring, on which others depend: unpack all of its packages",
    ),
    (_without_kprobes, "has no CONFIG_KPROBES, which pagelab's guests need"),
    (_signed, "takes signed modules alone"),
    (lambda fake: fake.image.write_bytes(b"no kernel"), "is no kernel that a guest boots"),
    (
        lambda fake: fake.write("boot/vmlinuz-6.1.0-8-amd64", bzimage(b"", "6.1.0-8-amd64")),
        "has several kernels: name one of .*vmlinuz-6.1.0-8-amd64, .*vmlinuz-6.1.0-9-amd64",
    ),
]


@pytest.mark.parametrize(("breaks", "says"), BAD)
def test_what_is_missing_is_said(
    fake: FakeImage, breaks: Callable[[FakeImage], object], says: str
) -> None:
    breaks(fake)
    with pytest.raises(UsageError, match=says) as caught:
        installed.find(str(fake.top)).drivers()
    assert "\n" not in str(caught.value)


def test_a_damaged_module_is_said(fake: FakeImage) -> None:
    path = fake.write(f"lib/modules/{RELEASE}/kernel/drivers/virtio_console.ko.xz", b"\xfd7zXZ")
    with pytest.raises(UsageError, match=f"{path.name} cannot be read"):
        installed.find(str(fake.top)).drivers()


def test_what_cannot_be_asked_of_it(fake: FakeImage) -> None:
    found = installed.find(str(fake.top))
    found.check_choice([X86_64], PLAIN)
    with pytest.raises(UsageError, match="is for x86_64 alone: add -a x86_64"):
        found.check_choice([X86_64, ARM64], PLAIN)
    with pytest.raises(UsageError, match="is built already: -c debug cannot change it"):
        found.check_choice([X86_64], configuration.find(["debug"]))
