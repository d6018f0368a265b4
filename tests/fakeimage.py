"""A kernel that is installed: image, modules and build folder, as much of each as is looked at."""

from __future__ import annotations

import lzma
import struct
from pathlib import Path

RELEASE = "6.1.0-9-amd64"
NEEDED = (
    *("MODULES", "KPROBES", "KALLSYMS_ALL", "DEBUG_FS", "BLK_DEV_INITRD", "DEVTMPFS", "PRINTK"),
    *("PROC_PAGE_MONITOR", "TRANSPARENT_HUGEPAGE", "HUGETLBFS", "USERFAULTFD"),
)
CONFIG = "".join(f"CONFIG_{name}=y\n" for name in NEEDED)


def elf(*, pvh: bool = True) -> bytes:
    """A kernel with one segment of notes."""
    name = b"Xen\0" if pvh else b"GNU\0"
    note = struct.pack("<III", 3, 2, 1) + b"AB\0\0" + b"\0\0\0\0"
    note += struct.pack("<III", 4, 4, 18) + name + b"\0\0\0\1"
    head = b"\x7fELF\2\1\1".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 4, 4, 120, 0, 0, len(note), len(note), 4) + note


def bzimage(packed: bytes, release: str = RELEASE) -> bytes:
    """An x86 image of one sector of setup."""
    data = bytearray(1024)
    data[0x1F1] = 1
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", data, 0x20E, 0x100)
    struct.pack_into("<II", data, 0x248, 16, len(packed))
    text = f"{release} (us@there) #1\0".encode()
    data[0x300 : 0x300 + len(text)] = text
    return bytes(data) + bytes(16) + packed


def module(*info: str) -> bytes:
    """A module that says such things of itself."""
    modinfo = "".join(f"{text}\0" for text in info).encode()
    names = b"\0.modinfo\0.shstrtab\0"
    at = 64 + len(modinfo) + len(names)
    head = b"\x7fELF\2\1\1".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 1, 62, 1, 0, 0, at, 0, 64, 0, 0, 64, 3, 2)
    section = struct.Struct("<IIQQQQIIQQ")
    table = section.pack(*[0] * 10)
    table += section.pack(1, 1, 0, 0, 64, len(modinfo), 0, 0, 1, 0)
    table += section.pack(10, 3, 0, 0, 64 + len(modinfo), len(names), 0, 0, 1, 0)
    return head + modinfo + names + table


class FakeImage:
    """Packages of a kernel, unpacked in a folder: virtio_blk and ext4 are in its image.

    Args:
        top: becomes that folder.
    """

    def __init__(self, top: Path) -> None:
        self.top = top
        self.modules = top / "lib/modules" / RELEASE
        self.headers = top / f"usr/src/linux-headers-{RELEASE}"
        image = bzimage(lzma.compress(elf()) + b"size")
        self.image = self.write(f"boot/vmlinuz-{RELEASE}", image)
        self.write(f"boot/config-{RELEASE}", CONFIG + "CONFIG_GCC_VERSION=120200\n")
        inner = f"lib/modules/{RELEASE}"
        self.write(f"{inner}/modules.builtin", "kernel/drivers/block/virtio_blk.ko\nfs/ext4.ko\n")
        self.driver("virtio", "depends=virtio-ring")
        self.driver("virtio-ring", "depends=")
        self.driver("virtio_pci", "depends=virtio,virtio-ring", "softdep=pre: crypto-sum absent")
        self.driver("sum_generic", "depends=")
        self.write(
            f"{inner}/kernel/drivers/virtio_console.ko.xz",
            lzma.compress(module("depends=virtio-ring,virtio")),
        )
        (self.modules / "build").symlink_to(f"/usr/src/linux-headers-{RELEASE}")
        source = f"usr/src/linux-headers-{RELEASE}"
        self.write(f"{source}/Module.symvers", "0x1\tx\tvmlinux\tEXPORT_SYMBOL\t\n")
        self.write(f"{source}/include/generated/utsrelease.h", f'#define UTS_RELEASE "{RELEASE}"\n')

    def write(self, name: str, content: bytes | str) -> Path:
        """A file of the folder."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def driver(self, name: str, *info: str) -> Path:
        """A module."""
        return self.write(f"lib/modules/{RELEASE}/kernel/drivers/{name}.ko", module(*info))
