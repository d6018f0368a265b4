"""Kernels: configured from fragments, built out of their tree, kept with what modules need."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from . import jobserver, kept, own, proc, sources
from .arch import Arch
from .cache import Cache, Entry, digest_of
from .configuration import Configuration
from .environment import OPTIONS
from .errors import HarnessError, UsageError
from .kconfig import (
    Request,
    lost,
    overridden,
    parse_config,
    render,
    without_modules,
)
from .mirror import Mirror
from .own import OwnSource
from .progress import Progress
from .sources import Source
from .toolchain import Toolchain

KIND = "kernel"
RECIPE = "1"  # raise it when what is below makes other entries from the same sources
CONFIG_SECONDS = 600.0
BUILD_SECONDS = 7200.0
TREE_ROOM = 900 << 20  # an unpacked source
OBJECTS_ROOM = 300 << 20  # what make leaves
ENTRY_ROOM = 60 << 20  # what is kept, and what it is packed from
LINES = {"x86_64": 1750, "arm64": 1350}  # what make prints in a build, until one was counted
LINES_UNIT = "steps of make"
STEP = re.compile(r"  [A-Z]")

CONFIGURED = "configured"  # in a build's folder, once its .config is what it shall be

SYSTEM_MAP = "System.map"
CONFIG = "config"
MODULE_TREE = "module-tree.tar.xz"

# The same bytes from the same sources, whoever builds, wherever and whenever.
FIXED = {
    "KBUILD_BUILD_TIMESTAMP": "Thu Jan  1 00:00:00 UTC 1970",
    "KBUILD_BUILD_USER": "pagelab",
    "KBUILD_BUILD_HOST": "pagelab",
    "KBUILD_BUILD_VERSION": "1",
}


@dataclass(frozen=True, slots=True)
class KernelBuild:
    """A built kernel in the cache.

    Attributes:
        version: "6.1.192".
        arch: which.
        config: the configuration's name.
        image: what QEMU boots.
        symbols: its System.map.
        module_tree: archive of what building a module needs.
        compiler: compiler and linker, as they name themselves.
        source_digest: SHA-256 of the source archive.
        config_digest: SHA-256 of the final .config.
        key: its key in the cache.
        module_digest: of all that a module's build depends on; the key where nobody noted it.
        own: where a user's own kernel comes from, or "".
        drivers: modules that a guest loads before pagelab's, in that order.
        options: those of environment.OPTIONS that it has.
    """

    version: str
    arch: Arch
    config: str
    image: Path
    symbols: Path
    module_tree: Path
    compiler: str
    source_digest: str
    config_digest: str
    key: str
    module_digest: str
    own: str
    drivers: tuple[Path, ...] = ()
    options: tuple[str, ...] = ()


def build(
    source: Source | OwnSource,
    arch: Arch,
    config: Configuration,
    toolchain: Toolchain,
    *,
    cache: Cache,
    progress: Progress,
    mirror: Mirror | None = None,
) -> KernelBuild:
    """The kernel, from the cache or built, from where an earlier build of it left off.

    Args:
        mirror: of a user's own tree: its copy, which is what `source` says.

    Raises:
        UsageError: a kernel or a fragment of the user's own with which it does not build.
        HarnessError: it does not configure or build, a requested option was lost, ...
    """
    wanted = config.requests(arch, source.line)
    key = key_of(source, arch, config, toolchain)
    entry = cache.find(KIND, key, progress)
    if entry is None:
        job = _Job(source, arch, config, toolchain, wanted, key, cache, progress)
        run = partial(job.run_in, mirror) if mirror else job.run
        needs = ENTRY_ROOM if mirror else room(source, key, cache)
        entry = cache.publish(KIND, key, run, what=job.what, needs=needs, progress=progress)
        if kept.remove(cache, _work(key)):
            kept.remove_unneeded(cache, _tree(source))
    return of_entry(entry, arch)


def key_of(
    source: Source | OwnSource, arch: Arch, config: Configuration, toolchain: Toolchain
) -> str:
    """The key of a kernel's entry."""
    wanted = render(config.requests(arch, source.line))
    parts = (RECIPE, source.digest, wanted, arch.name, toolchain.version, os.uname().machine)
    mark = "own-" if source.own else ""
    return f"{source.version}-{arch.name}-{config.name}-{mark}{digest_of(*parts)[:24]}"


def room(source: Source | OwnSource, key: str, cache: Cache) -> int:
    """Bytes of disk that a build will take beyond what an interrupted one of it left."""
    there = {one.name: one.size for one in kept.folders(cache)}
    tree = 0 if _tree(source) in there else TREE_ROOM
    return tree + max(OBJECTS_ROOM - there.get(_work(key), 0), ENTRY_ROOM)


def lines_of(line: str, arch: Arch, config: str, cache: Cache) -> int:
    """How many lines make prints in a build: counted in an earlier one, or about."""
    note = cache.note(_lines_note(line, arch, config)) or {}
    return int(note.get("lines", LINES[arch.name]))


def _lines_note(line: str, arch: Arch, config: str) -> str:
    return f"build-lines-{line}-{arch.name}-{config}"


def _tree(source: Source | OwnSource) -> str:
    """The unpacked source's name among the kept folders: it stays in its place, since make takes
    objects of a source elsewhere for objects of another one."""
    return f"source-{source.version}-{source.digest[:24]}"


def _work(key: str) -> str:
    return f"kernel-{key}"


def is_unfinished(name: str) -> bool:
    """Whether a kept folder is what a kernel's build left that did not come to its end."""
    return name.startswith(("source-", "kernel-"))


def of_entry(entry: Entry, arch: Arch) -> KernelBuild:
    """The kernel that an entry has."""
    meta = entry.meta
    return KernelBuild(
        version=meta["version"],
        arch=arch,
        config=meta["config"],
        image=entry.path / meta["image"],
        symbols=entry.path / SYSTEM_MAP,
        module_tree=entry.path / MODULE_TREE,
        compiler=meta["compiler"],
        source_digest=meta["source_digest"],
        config_digest=meta["config_digest"],
        key=entry.key,
        module_digest=meta.get("module_digest", entry.key),
        own=meta.get("own", ""),
        drivers=tuple(entry.path / name for name in meta.get("drivers", ())),
        options=_options(entry.path / CONFIG),
    )


def _options(path: Path) -> tuple[str, ...]:
    """Which of those that programs may ask for a final .config has."""
    config = parse_config(path.read_text("utf-8"))
    return tuple(name for name in OPTIONS if config.get(f"CONFIG_{name}") in ("y", "m"))


class _Job:
    """One build: configure, make, keep what is needed."""

    def __init__(
        self,
        source: Source | OwnSource,
        arch: Arch,
        config: Configuration,
        toolchain: Toolchain,
        wanted: Sequence[Request],
        key: str,
        cache: Cache,
        progress: Progress,
    ) -> None:
        self.source = source
        self.arch = arch
        self.config = config
        self.toolchain = toolchain
        self.wanted = wanted
        self.key = key
        self.cache = cache
        self.progress = progress
        self.what = f"Linux {source.version} for {arch.name} ({config.name})"
        mark = "-own" if source.own else ""
        self.log = (
            cache.root / "logs" / f"kernel-{source.version}-{arch.name}-{config.name}{mark}.log"
        )

    def run(self, folder: Path) -> Mapping[str, Any]:
        """Fill an entry's folder; what was made on the way stays, should it come to no end."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        name, what = _tree(self.source), f"the source of Linux {self.source.version}"
        with (
            jobserver.server().seat(lambda: self.progress.step(f"{self.what} waits for a CPU")),
            kept.shared(self.cache, name, what, self.progress, self.unpack) as content,
            self.work(name) as work,
        ):
            resumed = (work / CONFIGURED).is_file()
            if resumed:
                self.progress.line(f"{self.what}: going on where an earlier build ended")
                try:
                    return self.fill(content / "tree", work, folder)
                except HarnessError as error:
                    if proc.ending() or os.strerror(errno.ENOSPC) in str(error):
                        raise
                self.progress.line(f"{self.what}: nothing comes of what was left: from the start")
            for path in work.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            self.log.unlink(missing_ok=True)
            return self.fill(content / "tree", work, folder)

    def run_in(self, mirror: Mirror, folder: Path) -> Mapping[str, Any]:
        """Fill an entry's folder from the copy of a user's tree; what was made before is used."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        self.log.touch()
        work = mirror.work(self.arch.name, self.config.name)
        (work / CONFIGURED).unlink(missing_ok=True)
        with jobserver.server().seat(lambda: self.progress.step(f"{self.what} waits for a CPU")):
            try:
                return self.fill(mirror.tree, work, folder)
            except UsageError as error:
                # The compiler speaks of the copy, by the path that has no links in it.
                text = str(error).replace(f"{mirror.tree.resolve()}/", "")
                raise UsageError(text.replace(f"{mirror.tree}/", "")) from None

    def unpack(self, inside: Path) -> None:
        """Fill the folder of the source."""
        if isinstance(self.source, OwnSource):
            own.unpack(self.source, inside / "tree", self.progress)
            return
        sources.unpack(self.source, inside / "tree", inside / "package", self.progress)
        shutil.rmtree(inside / "package")

    def work(self, tree: str) -> AbstractContextManager[Path]:
        """The build's own folder, which cannot do without the unpacked source's."""
        what = f"the unfinished build of {self.what}"
        return kept.alone(self.cache, _work(self.key), what, self.progress, of=[tree])

    def fill(self, tree: Path, work: Path, folder: Path) -> Mapping[str, Any]:
        """Configure, make, and gather what is needed."""
        objects = work / "objects"
        objects.mkdir(exist_ok=True)
        resumed = (work / CONFIGURED).is_file()
        if not resumed:
            self.configure(tree, objects)
            (work / CONFIGURED).touch()
        final = (objects / ".config").read_text("utf-8")
        steps = self.make_all(tree, objects)
        if not (resumed or self.source.own):  # some were told twice, or not again
            note = _lines_note(self.source.line, self.arch, self.config.name)
            self.cache.write_note(note, {"lines": steps})
        self.progress.step(f"packing {self.what}")
        image = Path(self.arch.image_path).name
        self.keep_image(objects / self.arch.image_path, folder / image)
        shutil.copyfile(objects / "System.map", folder / SYSTEM_MAP)
        (folder / CONFIG).write_text(final, "utf-8")
        with self.cache.scratch("module-tree") as staged:
            stage_module_tree(tree, objects, staged, self.arch)
            pack(staged, folder / MODULE_TREE)
        release = (objects / "include/config/kernel.release").read_text().strip()
        return {
            "version": release,
            "arch": self.arch.name,
            "config": self.config.name,
            "asked": self.config.asked,
            "image": image,
            "compiler": self.toolchain.version,
            "source_digest": self.source.digest,
            "config_digest": digest_of(final),
            "module_digest": digest_of(self.toolchain.version, folder / MODULE_TREE),
            "own": self.source.own,
        }

    def make(
        self,
        tree: Path,
        objects: Path,
        targets: Sequence[str],
        timeout: float,
        on_line: proc.OnLine | None = None,
    ) -> None:
        """Run the kernel's make, one of several maybe; its output goes to the log.

        Raises:
            HarnessError: it fails, says the first error; UsageError of a user's own kernel.
        """
        server = jobserver.server()
        done = proc.run(
            [
                "make",
                "-C",
                tree,
                f"O={objects}",
                *self.toolchain.make_arguments(self.arch),
                *targets,
            ],
            timeout=timeout,
            env={**FIXED, "MAKEFLAGS": server.makeflags},
            log=self.log,
            on_line=on_line,
            pass_fds=server.fds,
        )
        try:
            done.check(f"building {self.what}")
        except HarnessError as error:
            if (
                self.source.own
                and not proc.ending()
                and os.strerror(errno.ENOSPC) not in str(error)
            ):
                raise UsageError(str(error)) from None
            raise

    def configure(self, tree: Path, objects: Path) -> None:
        """tinyconfig or the tree's own .config, the fragments, olddefconfig."""
        self.progress.step(f"configuring {self.what}")
        path = objects / ".config"
        start = self.own_config()
        if not start:
            self.make(tree, objects, ["tinyconfig"], CONFIG_SECONDS)
            start = path.read_text("utf-8")
        asked = {request.option for request in self.wanted}
        kept = (
            line
            for line in start.splitlines(keepends=True)
            if not asked & parse_config(line).keys()
        )
        path.write_text("".join(kept) + render(self.wanted), "utf-8")
        self.make(tree, objects, ["olddefconfig"], CONFIG_SECONDS)
        self.see_losses(lost(self.wanted, path.read_text("utf-8")))

    def own_config(self) -> str:
        """What the source's own .config has; what is not taken over is said, by name."""
        config = self.source.config_for(self.arch)
        if not config:
            return ""
        config, count = without_modules(config)
        changed = overridden(self.wanted, config)
        if changed:
            self.progress.line(f"{self.what}: its .config is overridden: {', '.join(changed)}")
        if count:
            self.progress.line(f"{self.what}: {count} modules of its .config are not built")
        return config

    def see_losses(self, losses: Sequence[str]) -> None:
        """Say what the kernel cannot have of what was asked for.

        Raises:
            UsageError: it is a user's own, of a version line that the fragments are for; or a
                fragment of the user's is among them.
            HarnessError: it is one of those that are known.
        """
        if not losses:
            return
        mine = [fragment.path for fragment in self.config.own]
        whose = f"its fragments in images/kconfig{', or' if mine else ''} {' and '.join(mine)}"
        text = f"{self.what} cannot have what {whose.rstrip()} ask for: {'; '.join(losses)}"
        if not (self.source.own or mine):
            raise HarnessError(text)
        if mine or self.source.line in sources.known():
            raise UsageError(text)
        self.progress.line(text)

    def make_all(self, tree: Path, objects: Path) -> int:
        """Build image and module symbols; returns how many steps make told, in earlier runs too."""
        self.progress.step(f"building {self.what}", LINES_UNIT)
        total = lines_of(self.source.line, self.arch, self.config.name, self.cache)
        with self.log.open(encoding="utf-8", errors="replace") as log:
            count = sum(bool(STEP.match(text)) for text in log)
        self.progress.update(min(count, total), total)

        def on_line(text: str) -> None:
            nonlocal count
            if STEP.match(text):
                count += 1
                self.progress.update(min(count, total), total)

        self.make(tree, objects, [self.arch.image_target, "modules"], BUILD_SECONDS, on_line)
        return count

    def keep_image(self, built: Path, kept: Path) -> None:
        """Copy the image; an ELF file without its symbols, which System.map has."""
        if built.name != "vmlinux":
            shutil.copyfile(built, kept)
            return
        strip = f"{self.toolchain.prefix}strip"
        proc.run([strip, "--strip-all", "-o", kept, built], timeout=120).check("strip")


def stage_module_tree(tree: Path, objects: Path, staged: Path, arch: Arch) -> None:
    """Gather what an external module's build needs, sources and objects in one tree.

    What is needed is what scripts/package/builddeb (deploy_kernel_headers) lists.
    """
    inner = f"arch/{arch.srctree}"
    names = ["Makefile", "include", "scripts", f"{inner}/include"]
    names += [path.relative_to(tree).as_posix() for path in tree.glob(f"{inner}/Makefile*")]
    names += [f"{inner}/{name}" for name in ("Kbuild", "Kbuild.platforms", "Platform")]
    for name in names:
        _copy(tree / name, staged / name)
    made = (
        ".config",
        "Module.symvers",
        "include/generated",
        f"{inner}/include/generated",
        "scripts",
    )
    # Debian's headers have the linker script where its own patch looks for it.
    for name in (*made, "tools/objtool/objtool", f"{inner}/module.lds"):
        _copy(objects / name, staged / name)
    for name in ("auto.conf", "kernel.release"):
        _copy(objects / "include/config" / name, staged / "include/config" / name)


# Half of all files, of no use to a module for memory management.
UNUSED = frozenset(
    {"dt-bindings", "drm", "media", "sound", "coccinelle", "dtc", "gcc-plugins", "kconfig"}
)


def _copy(source: Path, target: Path) -> None:
    def skip(_: str, names: list[str]) -> list[str]:
        return [
            name for name in names if name in UNUSED or name.endswith((".o", ".cmd", ".d", ".a"))
        ]

    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=skip, dirs_exist_ok=True)
    elif source.exists():
        shutil.copy2(source, target)


def pack(folder: Path, archive: Path) -> None:
    """Archive a folder's content."""
    proc.run(
        [
            "tar",
            "--create",
            f"--file={archive}",
            "--use-compress-program=xz -T0 -1",
            "--sort=name",
            "--mtime=@0",
            "--owner=0",
            "--group=0",
            "--numeric-owner",
            f"--directory={folder}",
            ".",
        ],
        timeout=600,
    ).check(f"packing {archive.name}")
