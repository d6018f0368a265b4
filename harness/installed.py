"""A user's own kernel that is built: its image, its modules, and the folder that modules build in.

It lies as packages and `make modules_install` leave it, in a folder or on the machine itself:

    boot/vmlinuz-RELEASE          its image; also lib/modules/RELEASE/vmlinuz
    lib/modules/RELEASE/kernel    its modules; also under usr/
    lib/modules/RELEASE/build     where modules build, and source beside it: links, which in a
                                  folder lead into that folder
    boot/config-RELEASE           its configuration; else what the build folder has
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import bzimage, kbuild
from .arch import Arch, arch_named
from .cache import Cache, digest_of
from .configuration import Configuration
from .drivers import Drivers, contents
from .errors import UsageError
from .kbuild import KernelBuild
from .kconfig import parse_config
from .own import is_own
from .progress import Progress
from .toolchain import Toolchain

CONFIG_NAME = "built"  # what environments call its configuration, which is none of ours
_MODULES = ("lib/modules", "usr/lib/modules")
_IMAGES = (
    "boot/vmlinuz-*",
    "boot/vmlinux-*",
    "boot/Image-*",
    *(f"{m}/*/vmlinuz" for m in _MODULES),
)
_NAMED = re.compile(r"(?:vmlinuz|vmlinux|Image)-(.+)")
_LINKS_MAX = 8
RECIPE = "1"
_ROOM = 400 << 20
DRIVERS = "drivers"
# What pagelab's module and agent cannot do without, whoever configured the kernel.
_NEEDED = (
    *("CONFIG_MODULES", "CONFIG_KPROBES", "CONFIG_KALLSYMS_ALL", "CONFIG_DEBUG_FS"),
    *("CONFIG_BLK_DEV_INITRD", "CONFIG_DEVTMPFS", "CONFIG_PROC_PAGE_MONITOR"),
    *("CONFIG_TRANSPARENT_HUGEPAGE", "CONFIG_HUGETLBFS", "CONFIG_USERFAULTFD", "CONFIG_PRINTK"),
)


@dataclass(frozen=True, slots=True)
class Installed:
    """A built kernel of the user's.

    Attributes:
        name: as it was named, absolute.
        release: what uname -r will say, "6.1.0-56-amd64".
        arch: for which architecture it is.
        image: its image.
        modules: the folder of its modules, lib/modules/RELEASE.
        objects: where modules build.
        tree: the source folder that goes with that, or the same.
        config: the text of its configuration.
        symbols: its System.map, or None.
    """

    name: str
    release: str
    arch: Arch
    image: Path
    modules: Path
    objects: Path
    tree: Path
    config: str
    symbols: Path | None

    @property
    def compilers(self) -> tuple[str, ...]:
        """The compilers to try for its modules, first the one of its own version."""
        number = parse_config(self.config).get("CONFIG_GCC_VERSION", "")
        major = int(number) // 10000 if number.isdecimal() else 0
        return (f"gcc-{major}", "gcc") if major else ("gcc",)

    def check_choice(self, arches: Sequence[Arch], config: Configuration) -> None:
        """Refuses what cannot be asked of a kernel that is built.

        Raises:
            UsageError: another architecture, or a configuration.
        """
        if any(arch != self.arch for arch in arches):
            raise UsageError(f"{self.name} is for {self.arch.name} alone: add -a {self.arch.name}")
        if config.parts:
            raise UsageError(f"{self.name} is built already: -c {config.asked[0]} cannot change it")

    def drivers(self) -> Drivers:
        """The drivers that a guest needs.

        Raises:
            UsageError: the kernel has one of them neither in its image nor as a module.
        """
        return Drivers(self.modules, self.name, self.release)


def is_installed(name: str) -> bool:
    """Whether a place has a built kernel, or what is left of one, rather than a source."""
    if not is_own(name) or "://" in name:
        return False
    path = Path(name).expanduser()
    if path.is_dir():
        return any(any(path.glob(pattern)) for pattern in _IMAGES) or any(
            (path / folder).is_dir() for folder in _MODULES
        )
    return bool(_NAMED.fullmatch(path.name)) or path.name == "vmlinuz"


def find(name: str) -> Installed:
    """The built kernel of a place: a folder that packages were unpacked in, or an image.

    Raises:
        UsageError: there is none, or several, or something of it is missing; says what to do.
    """
    path = Path(name).expanduser().absolute()
    image = _image(path)
    data = _read(image)
    arch = bzimage.architecture(data)
    if not arch:
        raise UsageError(f"{image} is no kernel that a guest boots: name its vmlinuz")
    release = bzimage.release(data) or _release_of(image)
    top, modules = _modules(image, release)
    objects = _inside(top, modules / "build")
    if not (objects / "Module.symvers").is_file():
        raise UsageError(
            f"{name}: {modules / 'build'} has no Module.symvers, for pagelab's module to be built: "
            f"unpack linux-headers-{release} there too, with the packages that it depends on"
        )
    tree = _inside(top, modules / "source")
    tree = tree if (tree / "Makefile").is_file() else objects
    _check_headers(objects, release)
    config = _text(image.parent / f"config-{release}") or _text(objects / ".config")
    _check_config(parse_config(config), f"{name} ({release})")
    symbols = image.parent / f"System.map-{release}"
    return Installed(
        name=str(path),
        release=release,
        arch=arch_named(arch),
        image=image,
        modules=modules,
        objects=objects,
        tree=tree,
        config=config,
        symbols=symbols if symbols.is_file() else None,
    )


def take(
    kernel: Installed, toolchain: Toolchain, *, cache: Cache, progress: Progress
) -> KernelBuild:
    """What guests and modules need of a built kernel, from the cache or copied into it.

    Raises:
        UsageError: the kernel has no driver that a guest needs, or a file of it cannot be read.
        HarnessError: a full disk.
    """
    drivers = kernel.drivers()
    symvers = kernel.objects / "Module.symvers"
    try:
        source = digest_of(kernel.release, kernel.image, kernel.config, symvers, *drivers.files)
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}") from None
    what = f"Linux {kernel.release} for {kernel.arch.name} (built)"

    def fill(folder: Path) -> Mapping[str, Any]:
        progress.step(f"taking {what}")
        image = _keep_image(kernel, folder)
        (folder / kbuild.CONFIG).write_text(kernel.config, "utf-8")
        symbols = kernel.symbols.read_bytes() if kernel.symbols else b""
        (folder / kbuild.SYSTEM_MAP).write_bytes(symbols)
        (folder / DRIVERS).mkdir()
        kept = [f"{DRIVERS}/{path.name.partition('.')[0]}.ko" for path in drivers.files]
        for name, path in zip(kept, drivers.files, strict=True):
            (folder / name).write_bytes(contents(path))
        with cache.scratch("module-tree") as staged:
            kbuild.stage_module_tree(kernel.tree, kernel.objects, staged, kernel.arch)
            kbuild.pack(staged, folder / kbuild.MODULE_TREE)
        return {
            "version": kernel.release,
            "arch": kernel.arch.name,
            "config": CONFIG_NAME,
            "image": image,
            "compiler": parse_config(kernel.config).get("CONFIG_CC_VERSION_TEXT", "").strip('"'),
            "source_digest": source,
            "config_digest": digest_of(kernel.config),
            "module_digest": digest_of(toolchain.version, folder / kbuild.MODULE_TREE),
            "own": kernel.name,
            "drivers": kept,
        }

    digest = digest_of(RECIPE, source, toolchain.version)[:24]
    key = f"{kernel.release}-{kernel.arch.name}-{CONFIG_NAME}-own-{digest}"
    entry = cache.publish(kbuild.KIND, key, fill, what=what, needs=_ROOM, progress=progress)
    # The same packages may have been unpacked somewhere else when the entry was made.
    return replace(kbuild.of_entry(entry, kernel.arch), own=kernel.name)


def _keep_image(kernel: Installed, folder: Path) -> str:
    """What a guest boots; the name of its file."""
    data = _read(kernel.image)
    elf = bzimage.unpacked(data)
    name = "vmlinux" if elf else "vmlinuz"
    (folder / name).write_bytes(elf or data)
    return name


def _image(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    found = {one for pattern in _IMAGES for one in path.glob(pattern)}
    releases = {_release_of(one) for one in found}
    if not found:
        raise UsageError(f"{path} has modules, but no image: unpack its linux-image package there")
    if len(releases) > 1:
        names = ", ".join(sorted(str(one) for one in found))
        raise UsageError(f"{path} has several kernels: name one of {names}")
    return min(found)


def _release_of(image: Path) -> str:
    match = _NAMED.fullmatch(image.name)
    return match[1] if match else image.parent.name


def _modules(image: Path, release: str) -> tuple[Path, Path]:
    """The top of all that belongs together, and the folder of modules."""
    for top in list(image.parents)[:5]:
        for folder in _MODULES:
            if (top / folder / release / "kernel").is_dir():
                return top, top / folder / release
    top = image.parent.parent
    raise UsageError(
        f"{image} is {release}, of which there are no modules: {top / _MODULES[0] / release} "
        "is what its package, or `make modules_install INSTALL_MOD_PATH=`, makes"
    )


def _inside(top: Path, path: Path) -> Path:
    """Where a link leads: an absolute one into the folder that it was unpacked in."""
    for _ in range(_LINKS_MAX):
        if not path.is_symlink():
            break
        target = path.readlink()
        inner = top / target.relative_to("/") if target.is_absolute() else path.parent / target
        path = inner if inner.exists() or not target.is_absolute() else target
    return path


def _check_headers(objects: Path, release: str) -> None:
    # Not include/config/kernel.release: Debian's names its source alone.
    found = re.search(r'UTS_RELEASE "(\S+)"', _text(objects / "include/generated/utsrelease.h"))
    said = found[1] if found else ""
    if said != release:
        raise UsageError(
            f"{objects} is of {said or 'no release'}, the image of {release}: "
            f"unpack linux-headers-{release}"
        )


def _check_config(options: Mapping[str, str], what: str) -> None:
    lacking = [option for option in _NEEDED if options.get(option) != "y"]
    if options and lacking:
        raise UsageError(f"{what} has no {', '.join(lacking)}, which pagelab's guests need")
    if options.get("CONFIG_MODULE_SIG_FORCE") == "y":
        raise UsageError(
            f"{what} takes signed modules alone (CONFIG_MODULE_SIG_FORCE): pagelab's has no key"
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
