"""Drivers that a guest needs and a kernel has as modules, in the order to load them."""

from __future__ import annotations

import gzip
import io
import lzma
import re
from pathlib import Path

from . import proc
from .errors import UsageError

# What a guest cannot do without: any one of each row; its option, for messages.
NEEDED = (
    (("virtio_pci",), "CONFIG_VIRTIO_PCI"),
    (("virtio_console",), "CONFIG_VIRTIO_CONSOLE"),
    (("virtio_blk",), "CONFIG_VIRTIO_BLK"),
    (("ext2", "ext4"), "CONFIG_EXT2_FS or CONFIG_EXT4_FS with CONFIG_EXT4_USE_FOR_EXT2"),
)
# For channel ssh alone.
WELCOME = ("virtio_net", "virtio_rng")
_SUFFIX = re.compile(r"\.ko(\.(xz|gz|zst))?")
_UNPACK_SECONDS = 60.0


class Drivers:
    """The drivers that a guest needs of one kernel.

    Args:
        modules: lib/modules/RELEASE.
        name: what messages call the kernel.
        release: "6.1.0-56-amd64".

    Attributes:
        files: the modules, each behind those that it depends on.

    Raises:
        UsageError: a driver is neither in the kernel's image nor among its modules.
    """

    def __init__(self, modules: Path, name: str, release: str) -> None:
        self.files: list[Path] = []
        self._what = f"{name} ({release})"
        self._found = {_named(path.name): path for path in modules.glob("kernel/**/*.ko*")}
        builtin = modules / "modules.builtin"
        lines = builtin.read_text("utf-8").split() if builtin.is_file() else []
        self._builtin = {_named(Path(line).name) for line in lines}
        for choice, option in NEEDED:
            has = [one for one in choice if one in self._builtin or one in self._found]
            if not has:
                raise UsageError(
                    f"{self._what} has no driver {' or '.join(choice)} ({option}), neither in its "
                    "image nor as a module: build it with that, or unpack all of its packages"
                )
            self._add(has[0])
        for welcome in WELCOME:
            if welcome in self._found:
                self._add(welcome)

    def _add(self, driver: str) -> None:
        """A driver behind all that it depends on; nothing if it is in the image."""
        if driver in self._builtin:
            return
        path = self._found.get(driver)
        if path is None:
            raise UsageError(
                f"{self._what} lacks the module {driver}, on which others depend: "
                "unpack all of its packages"
            )
        if path in self.files:
            return
        depends, before = _depends(contents(path))
        for one in depends:
            self._add(_named(one))
        for one in before:
            # An algorithm, which several modules may have, as crypto/api.c asks for it.
            name = _named(one).removeprefix("crypto_")
            choice = (name, f"{name}_generic")
            has = [name for name in choice if name in self._builtin or name in self._found]
            if has:
                self._add(has[0])
        self.files.append(path)


def contents(path: Path) -> bytes:
    """A module, unpacked if it is packed.

    Raises:
        UsageError: it is damaged.
    """
    try:
        data = path.read_bytes()
        if path.suffix == ".xz":
            return lzma.decompress(data)
        if path.suffix == ".gz":
            return gzip.decompress(data)
    except (OSError, lzma.LZMAError, EOFError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    if path.suffix == ".zst":
        zstd: list[str | Path] = [proc.require("zstd"), "--decompress", "--stdout", "-q", path]
        return proc.run(zstd, timeout=_UNPACK_SECONDS).check(f"unpacking {path.name}").stdout
    return data


def _named(file: str) -> str:
    """A module's name, of its file's."""
    return _SUFFIX.sub("", file).replace("-", "_")


def _depends(module: bytes) -> tuple[list[str], list[str]]:
    """What a module cannot be loaded without, and what it asks to be loaded before it."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        section = ELFFile(io.BytesIO(module)).get_section_by_name(".modinfo")
        words = section.data().decode("utf-8", "replace").split("\0") if section else []
    except ELFError:
        words = []
    depends, before = [], []
    for word in words:
        key, _, value = word.partition("=")
        if key == "depends":
            depends += [one for one in value.split(",") if one]
        elif key == "softdep" and value.startswith("pre:"):
            before += value.removeprefix("pre:").partition("post:")[0].split()
    return depends, before
