"""Everything that a guest is booted from, out of the cache or built into it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from . import disk, image, installed, kbuild, kmod_build, mirror, own, sources, toolchain
from .arch import Arch
from .cache import Cache
from .configuration import PLAIN, Configuration
from .environment import line_of, nearest_line
from .progress import SILENT, Progress
from .toolchain import Toolchain


@dataclass(frozen=True, slots=True)
class Built:
    """A kernel with its module and its initramfs.

    Attributes:
        kernel: full version, "6.1.192".
        arch: which.
        config: the configuration's name.
        image: what QEMU boots.
        symbols: the kernel's System.map.
        module: pagelab.ko, which is in the initramfs too.
        initramfs: init and module.
        disk: image of the disk that guests have, an empty file system.
        compiler: compiler and linker, as they name themselves.
        source_digest: SHA-256 of the kernel's source archive.
        config_digest: SHA-256 of the final .config.
        key: the kernel's in the cache.
        own, nearest, options: as Environment has them.
    """

    kernel: str
    arch: Arch
    config: str
    image: Path
    symbols: Path
    module: Path
    initramfs: Path
    disk: Path
    compiler: str
    source_digest: str
    config_digest: str
    key: str
    own: str = ""
    nearest: str = ""
    options: tuple[str, ...] = ()


def build(
    kernel: str,
    arch: Arch,
    config: Configuration = PLAIN,
    *,
    cache: Cache,
    progress: Progress = SILENT,
) -> Built:
    """Kernel, module and initramfs; what the cache has is not built, nor the network used.

    Args:
        kernel: a known name, "6.1" or "6.1.192"; or a user's own: a tree, an archive, a URL.
        arch: which.
        config: what is asked for beyond the base configuration.
        cache: where it is looked for and put.
        progress: hears what is being done.

    Raises:
        UsageError: unknown kernel; one of the user's, or his fragment, that does not build.
        HarnessError: no network, missing tool, full disk, a build that fails.
    """
    if installed.is_installed(kernel):
        return _installed(kernel, arch, config, cache, progress)
    if own.is_own(kernel):
        return _own(kernel, arch, config, cache, progress)
    source = sources.fetch(kernel, cache, progress)
    tools = toolchain.choose(arch, source.kernel.compilers, cache, own.limits(source, arch))
    built = kbuild.build(source, arch, config, tools, cache=cache, progress=progress)
    return complete(built, tools, cache=cache, progress=progress)


def _own(kernel: str, arch: Arch, config: Configuration, cache: Cache, progress: Progress) -> Built:
    """The same of a user's own kernel."""
    source = own.find(kernel, cache, progress)
    tools = toolchain.choose(arch, own.COMPILERS, cache, own.limits(source, arch))
    build = partial(kbuild.build, arch=arch, config=config, toolchain=tools)
    if not source.is_tree:
        built = build(source, cache=cache, progress=progress)
    else:
        with mirror.opened(cache, source.top, progress) as copy:
            source = own.synced(source, copy, progress)
            built = build(source, cache=cache, progress=progress, mirror=copy)
    return complete(built, tools, cache=cache, progress=progress)


def _installed(
    kernel: str, arch: Arch, config: Configuration, cache: Cache, progress: Progress
) -> Built:
    """The same of a user's kernel that is built already."""
    found = installed.find(kernel)
    found.check_choice([arch], config)
    tools = toolchain.choose(arch, found.compilers, cache)
    built = installed.take(found, tools, cache=cache, progress=progress)
    return complete(built, tools, cache=cache, progress=progress)


def complete(
    built: kbuild.KernelBuild, tools: Toolchain, *, cache: Cache, progress: Progress
) -> Built:
    """Module and initramfs for a kernel.

    Raises:
        HarnessError: one does not build, a full disk.
    """
    module = kmod_build.build(built, tools, cache=cache, progress=progress)
    initramfs = image.build(module, built, tools, cache=cache, progress=progress)
    line = line_of(built.version)
    known = sources.known()
    return Built(
        kernel=built.version,
        arch=built.arch,
        config=built.config,
        image=built.image,
        symbols=built.symbols,
        module=module.path,
        initramfs=initramfs,
        disk=disk.build(cache=cache, progress=progress),
        compiler=built.compiler,
        source_digest=built.source_digest,
        config_digest=built.config_digest,
        key=built.key,
        own=built.own,
        nearest="" if line in known else nearest_line(line, known),
        options=built.options,
    )


def ssh_initramfs(arch: Arch, *, cache: Cache, progress: Progress = SILENT) -> Path:
    """The initramfs that `--channel ssh` adds; it has no keys, each run makes its own.

    Raises:
        HarnessError: no network and an empty cache, a full disk.
    """
    return image.build_ssh(arch, cache=cache, progress=progress)
