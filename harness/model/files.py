"""Files of the state: sizes, page caches, what their disk holds."""

from __future__ import annotations

from dataclasses import dataclass

from ..abi import Op
from .blockio import FileIo
from .content import EMPTY, Content
from .pages import Pages


@dataclass(frozen=True, slots=True)
class Device:
    """What a file of the module's does, as the operations said that are kept here.

    Attributes:
        vm_flags: that its mappings get.
        calls: to be made from within ->mmap, in order.
        fault: what ->fault does; None: SIGBUS.
        access: what ->access does; None: it transfers nothing.
    """

    vm_flags: int = 0
    calls: tuple[Op, ...] = ()
    fault: Op | None = None
    access: Op | None = None


class File:
    """A file that the program opened (slot >= 0), or the hidden one of a
    shared anonymous mapping (slot -1), which lives as long as its VMAs.

    swapped: page of the file -> the slot of swap that it is in, of shmem.
    disk: page of the file -> what its block on the disk holds, without the
    holes; None for shmem, which has no disk.
    secret: it is of memfd_secret().
    writable: it was opened for writing.
    device: it is one of the module's, which does this; None: any other file.
    io: what its disk was asked, and where its blocks lie; None where it has no disk.
    """

    __slots__ = ("cache", "device", "disk", "io", "secret", "size", "slot", "swapped", "writable")

    def __init__(
        self, slot: int, size: int, *, secret: bool, on_disk: bool, writable: bool
    ) -> None:
        self.slot = slot
        self.size = size
        self.secret = secret
        self.cache: dict[int, int] = {}
        self.swapped: dict[int, int] = {}
        self.disk: dict[int, Content] | None = {} if on_disk else None
        self.io = FileIo() if on_disk else None
        self.writable = writable
        self.device: Device | None = None

    def clone(self) -> File:
        other = File.__new__(File)
        other.slot = self.slot
        other.size = self.size
        other.secret = self.secret
        other.writable = self.writable
        other.device = self.device
        other.cache = self.cache.copy()
        other.swapped = self.swapped.copy()
        other.disk = None if self.disk is None else self.disk.copy()
        other.io = None if self.io is None else self.io.clone()
        return other


class Files(Pages):
    """The part of a state that has its files.

    Attributes:
        files: by number.
        slots: file slot -> number.
    """

    __slots__ = ("files", "slots")

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[int, File] = {}
        self.slots: dict[int, int] = {}

    def _copy_files(self, other: Files) -> None:
        """Make these another's files."""
        self.files = {key: file.clone() for key, file in other.files.items()}
        self.slots = other.slots.copy()

    def new_file(
        self,
        slot: int,
        size: int,
        *,
        secret: bool = False,
        on_disk: bool = False,
        writable: bool = True,
        device: bool = False,
    ) -> int:
        """A file; slot -1 for the hidden file of shared anonymous memory."""
        file = self.new_id()
        entry = File(slot, size, secret=secret, on_disk=on_disk, writable=writable)
        entry.device = Device() if device else None
        self.files[file] = entry
        if slot >= 0:
            self.slots[slot] = file
            self.touched.add(("f", slot))
        return file

    def resize(self, file: int, size: int) -> None:
        """Give a file another size."""
        entry = self.files[file]
        entry.size = size
        if entry.slot >= 0:
            self.touched.add(("f", entry.slot))

    def tracks_dirty(self, file: int) -> bool:
        """Whether a mapping's file (-1: none) learns of each page's first write."""
        return file >= 0 and self.files[file].disk is not None

    def device(self, file: int) -> Device | None:
        """What a mapping's file (-1: none) does as one of the module's; None: it is another."""
        return self.files[file].device if file >= 0 else None

    def is_secret(self, file: int) -> bool:
        """Whether a mapping's file (-1: none) is one of memfd_secret()."""
        return file >= 0 and self.files[file].secret

    def cache_new(self, file: int, index: int, flags: int, content: Content = EMPTY) -> int:
        """A fresh page in a file's cache, which has its one reference."""
        page = self.new_page(flags, content, file=file, index=index)
        entry = self.files[file]
        entry.cache[index] = page
        if entry.slot >= 0:
            self.page(page).users += 1
            self.touched.add(("c", entry.slot, index))
        return page

    def cache_remove(self, file: int, index: int) -> int:
        """Take a page out of a file's cache; its reference is the caller's."""
        entry = self.files[file]
        page = entry.cache.pop(index)
        if entry.slot >= 0:
            self.page(page).users -= 1
            self.touched.add(("c", entry.slot, index))
        return page
