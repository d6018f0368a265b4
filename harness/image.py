"""Initramfs images: manifests of images/ turned into archives."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import cpio, proc, sources
from .arch import Arch
from .cache import Cache, digest_of
from .debian import AptRoot
from .errors import HarnessError
from .kbuild import KernelBuild
from .kmod_build import ModuleBuild, no_warnings
from .progress import Progress
from .toolchain import Toolchain
from .tree import GUEST, IMAGES, UAPI

KIND = "image"
SSH_KIND = "ssh"
RECIPE = "1"
NAME = "initramfs.cpio"
DRIVERS = "drivers.list"
COMPILE_SECONDS = 300.0
ROOM = 16 << 20
SSH_ROOM = 64 << 20
LIBRARY_FOLDERS = ("lib/{0}", "usr/lib/{0}", "lib64", "usr/lib64", "lib", "usr/lib")


def read_manifest(text: str, name: str, folders: Mapping[str, Path]) -> list[cpio.CpioEntry]:
    """The entries that a manifest describes.

    Args:
        text: the manifest; images/initramfs.txt says what its lines mean.
        name: what messages call it.
        folders: where a SOURCE's first part lies.

    Raises:
        HarnessError: a line that cannot be understood, or a file that is missing.
    """
    entries: list[cpio.CpioEntry] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            entries += _line(words, folders)
        except (ValueError, IndexError, KeyError):
            raise HarnessError(f"{name}:{number}: cannot read {line.strip()!r}") from None
        except OSError as error:
            raise HarnessError(f"{name}:{number}: {error.strerror}: {error.filename}") from error
    return list({entry.name: entry for entry in entries}.values())


def _line(words: list[str], folders: Mapping[str, Path]) -> Iterator[cpio.CpioEntry]:
    def at(source: str) -> Path:
        top, _, rest = source.partition("/")
        return folders[top] / rest

    kind, path, *rest = words
    name = path.removeprefix("/")
    if kind == "program":
        yield from _program(name, at(rest[0]), folders[rest[0].partition("/")[0]])
        return
    if kind == "slink":
        yield cpio.symlink(name, rest[0])
        return
    source = rest.pop(0) if kind == "file" else ""
    mode, uid, gid = int(rest[0], 8), int(rest[1]), int(rest[2])
    if kind == "dir":
        made = cpio.directory(name, mode)
    elif kind == "file":
        made = cpio.file(name, at(source).read_bytes(), mode)
    elif kind == "nod" and rest[3] == "c":
        made = cpio.character_device(name, int(rest[4]), int(rest[5]), mode)
    else:
        raise ValueError(kind)
    yield cpio.CpioEntry(made.name, made.mode, made.data, made.device, uid, gid)


@dataclass(frozen=True, slots=True)
class _Dynamic:
    interpreter: str
    needed: tuple[str, ...]
    triplet: str


def _program(name: str, path: Path, packages: Path) -> Iterator[cpio.CpioEntry]:
    """A program, its interpreter, and all libraries that they name, from unpacked packages."""
    program = _dynamic(path)
    yield cpio.file(name, path.read_bytes(), 0o755)
    if not program.interpreter:
        return
    loader = program.interpreter.removeprefix("/")
    yield cpio.file(loader, _library(Path(loader).name, program, packages).read_bytes(), 0o755)
    wanted, seen = list(program.needed), {Path(loader).name}
    while wanted:
        library = wanted.pop()
        if library in seen:
            continue
        seen.add(library)
        found = _library(library, program, packages)
        wanted += _dynamic(found).needed
        yield cpio.file(f"lib/{program.triplet}/{library}", found.read_bytes(), 0o755)


def _library(name: str, program: _Dynamic, packages: Path) -> Path:
    for folder in LIBRARY_FOLDERS:
        path = packages / folder.format(program.triplet) / name
        if path.exists():
            return path
    raise HarnessError(f"no package of the guest's has {name}")


def _dynamic(path: Path) -> _Dynamic:
    """What an ELF file asks its loader for."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile
    from elftools.elf.segments import InterpSegment

    try:
        elf = ELFFile(io.BytesIO(path.read_bytes()))
        triplets = {"EM_X86_64": "x86_64-linux-gnu", "EM_AARCH64": "aarch64-linux-gnu"}
        interpreter, needed = "", []
        for segment in elf.iter_segments():
            if isinstance(segment, InterpSegment):
                interpreter = segment.get_interp_name()
            elif isinstance(segment, DynamicSegment):
                tags = segment.iter_tags("DT_NEEDED")
                # The library's name is an attribute that only such tags have.
                needed = [tag.needed for tag in tags]  # type: ignore[attr-defined]
        return _Dynamic(interpreter, tuple(needed), triplets[elf["e_machine"]])
    except (ELFError, KeyError) as error:
        raise HarnessError(f"{path.name} is no program for a guest: {error}") from error


def guest_sources(folder: Path = GUEST) -> list[Path]:
    """What init is compiled from."""
    return sorted([*folder.glob("*.[ch]"), folder / "flags", folder / "init.lds"])


def compile_guest(toolchain: Toolchain, output: Path, folder: Path = GUEST) -> None:
    """Compile init (which is the agent too), static, as guest/Makefile does.

    Raises:
        HarnessError: it does not compile, or not without warnings.
    """
    files = [path.name for path in guest_sources(folder) if path.suffix == ".c"]
    done = proc.run(
        [toolchain.cc, "@flags", f"-I{UAPI.parent}", "-o", output, *files],
        timeout=COMPILE_SECONDS,
        cwd=folder,
    ).check("compiling guest/")
    no_warnings(done, "guest/")


def build(
    module: ModuleBuild,
    kernel: KernelBuild,
    toolchain: Toolchain,
    *,
    cache: Cache,
    progress: Progress,
) -> Path:
    """The initramfs with init, the module and the kernel's drivers, from the cache or made.

    Raises:
        HarnessError: guest/ does not compile, a manifest cannot be read, ...
    """
    manifest = IMAGES / "initramfs.txt"
    files = guest_sources()
    names = [path.name for path in files]
    drivers: list[str | Path] = [*(path.name for path in kernel.drivers), *kernel.drivers]
    digest = digest_of(
        RECIPE, module.key, toolchain.version, *names, *files, UAPI, manifest, *drivers
    )
    arch = kernel.arch

    def make(made: Path) -> Mapping[str, str]:
        progress.step(f"making the initramfs for {arch.name}")
        with cache.scratch("guest") as scratch:
            compile_guest(toolchain, scratch / "init")
            folders = {"guest": scratch, "module": module.path.parent, "images": IMAGES}
            entries = read_manifest(manifest.read_text("utf-8"), manifest.name, folders)
            entries += driver_entries(kernel.drivers)
            (made / NAME).write_bytes(cpio.write(entries))
        return {"module": module.key}

    key = f"{arch.name}-{digest[:24]}"
    what = f"the initramfs for {arch.name}"
    entry = cache.publish(KIND, key, make, what=what, needs=ROOM, progress=progress)
    return entry.path / NAME


def driver_entries(drivers: Sequence[Path]) -> list[cpio.CpioEntry]:
    """The modules that init loads first, and the list that says so (guest/init.c)."""
    if not drivers:
        return []
    paths = [f"drivers/{path.name}" for path in drivers]
    files = [cpio.file(at, path.read_bytes()) for at, path in zip(paths, drivers, strict=True)]
    listed = "".join(f"/{at}\n" for at in paths)
    return [*files, cpio.file(DRIVERS, listed.encode())]


def build_ssh(arch: Arch, *, cache: Cache, progress: Progress) -> Path:
    """The second initramfs, with the ssh server; no keys are in it.

    The network is used only when the cache has none.

    Raises:
        HarnessError: no network, a full disk, a package without what is needed.
    """
    manifest = IMAGES / "ssh.txt"
    guest = sources.table()["guest"]
    packages = [f"{package}:{arch.debian}" for package in guest["packages"]]
    extra = sorted(path for path in (IMAGES / "guest").iterdir() if path.is_file())
    digest = digest_of(RECIPE, guest["release"], *packages, manifest, *extra)
    what = f"the ssh server for {arch.name}"

    def make(made: Path) -> Mapping[str, list[str]]:
        release = sources.release(guest["release"])
        with (
            AptRoot.open(release, arch.debian, cache, progress) as root,
            cache.scratch("packages") as scratch,
        ):
            root.update()
            wanted = root.closure(packages)
            archives = root.download_closure(packages, wanted, scratch / "archives")
            for archive in archives:
                proc.run(["dpkg-deb", "-x", archive, scratch / "root"], timeout=120).check(
                    f"unpacking {archive.name}"
                )
            folders = {"packages": scratch / "root", "images": IMAGES}
            entries = read_manifest(manifest.read_text("utf-8"), manifest.name, folders)
            (made / NAME).write_bytes(cpio.write(entries))
        return {"packages": [package.file for package in wanted]}

    key = f"{arch.name}-{digest[:24]}"
    entry = cache.publish(SSH_KIND, key, make, what=what, needs=SSH_ROOM, progress=progress)
    return entry.path / NAME
