"""The two architectures, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import UsageError


@dataclass(frozen=True, slots=True)
class Arch:
    """Names that one architecture goes by, and what its guest is made of.

    Attributes:
        name: pagelab's (and uname -m's for x86): "x86_64" or "arm64".
        kernel: what the kernel's ARCH= takes.
        srctree: folder under arch/ in the kernel's source.
        debian: Debian's architecture name.
        cross_compile: CROSS_COMPILE= when the host is another architecture.
        machine: what uname -m says in the guest.
        image_target: make target of the bootable image.
        image_path: where that target leaves it, under the build folder.
    """

    name: str
    kernel: str
    srctree: str
    debian: str
    cross_compile: str
    machine: str
    image_target: str
    image_path: str


X86_64 = Arch(
    name="x86_64",
    kernel="x86_64",
    srctree="x86",
    debian="amd64",
    cross_compile="x86_64-linux-gnu-",
    machine="x86_64",
    image_target="vmlinux",
    image_path="vmlinux",
)
ARM64 = Arch(
    name="arm64",
    kernel="arm64",
    srctree="arm64",
    debian="arm64",
    cross_compile="aarch64-linux-gnu-",
    machine="aarch64",
    image_target="Image",
    image_path="arch/arm64/boot/Image",
)
ARCHES = {arch.name: arch for arch in (X86_64, ARM64)}


def arch_named(name: str) -> Arch:
    """The architecture of that name.

    Raises:
        UsageError: no such architecture.
    """
    try:
        return ARCHES[name]
    except KeyError:
        known = ", ".join(ARCHES)
        raise UsageError(f"unknown architecture {name!r}: choose one of {known}") from None
