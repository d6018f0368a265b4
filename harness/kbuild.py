"""Kernels: configured from fragments, built out of their tree, kept with what modules need."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import proc, sources
from .arch import ARCHES, Arch
from .cache import Cache, Entry, digest_of
from .errors import HarnessError, UsageError
from .kconfig import Request, join, lost, parse_config, parse_fragment, render
from .progress import Progress
from .sources import Source
from .toolchain import Toolchain
from .tree import KCONFIG

KIND = "kernel"
RECIPE = "1"  # raise it when what is below makes other entries from the same sources
CONFIG_SECONDS = 600.0
BUILD_SECONDS = 7200.0
ROOM = 1200 << 20
LINES = {"x86_64": 1600, "arm64": 1230}  # what make prints in a build, until one was counted

SYSTEM_MAP = "System.map"
CONFIG = "config"
LINE_FRAGMENTS = "line"  # their folder in KCONFIG, so that none is a configuration
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


def requests(config: str, arch: Arch, line: str) -> tuple[Request, ...]:
    """What a configuration asks for: base, the architecture's, the version line's, its own.

    Args:
        config: its name, "base" for none.
        arch: of which.
        line: "6.1".

    Raises:
        UsageError: no such configuration.
        HarnessError: a fragment cannot be read.
    """
    if config not in configs():
        raise UsageError(f"unknown configuration {config!r}: choose one of {', '.join(configs())}")
    names = ["base", arch.name, f"{LINE_FRAGMENTS}/{line}"]
    if config != "base":
        names += [config, f"{config}.{arch.name}"]
    fragments = []
    for name in names:
        path = KCONFIG / f"{name}.config"
        if path.is_file():
            fragments.append(parse_fragment(path.read_text("utf-8"), f"{name}.config"))
    return join(fragments)


def configs() -> list[str]:
    """The configurations that have a name, "base" among them.

    Each is a fragment of images/kconfig; one for a single architecture is called
    "NAME.ARCH.config".
    """
    names = {path.name.split(".")[0] for path in KCONFIG.glob("*.config")}
    return sorted(names - ARCHES.keys())


class Trees:
    """Unpacked sources, shared by the builds of one command and removed after them."""

    def __init__(self, cache: Cache, progress: Progress) -> None:
        self._cache = cache
        self._progress = progress
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._trees: dict[str, Path] = {}

    def get(self, source: Source) -> Path:
        """The top of the source's tree; unpacked at the first call."""
        with self._lock:
            if source.digest not in self._trees:
                scratch = self._stack.enter_context(self._cache.scratch("source"))
                sources.unpack(source, scratch / "tree", scratch / "package", self._progress)
                self._trees[source.digest] = scratch / "tree"
            return self._trees[source.digest]

    def close(self) -> None:
        """Remove them."""
        self._stack.close()


@contextmanager
def trees(cache: Cache, progress: Progress) -> Iterator[Trees]:
    """Trees that are removed at the end."""
    made = Trees(cache, progress)
    try:
        yield made
    finally:
        made.close()


def build(
    source: Source,
    arch: Arch,
    config: str,
    toolchain: Toolchain,
    *,
    trees: Trees,
    cache: Cache,
    progress: Progress,
) -> KernelBuild:
    """The kernel, from the cache or built.

    Raises:
        UsageError: no such configuration.
        HarnessError: it does not configure or build, a requested option was lost, ...
    """
    wanted = requests(config, arch, source.kernel.line)
    key = (
        f"{source.version}-{arch.name}-{config}-"
        + digest_of(
            RECIPE, source.digest, render(wanted), arch.name, toolchain.version, os.uname().machine
        )[:24]
    )
    job = _Job(source, arch, config, toolchain, wanted, cache, progress)
    entry = cache.publish(
        KIND,
        key,
        lambda folder: job.run(trees.get(source), folder),
        what=job.what,
        needs=ROOM,
        progress=progress,
    )
    return _built(entry, arch, config)


def _built(entry: Entry, arch: Arch, config: str) -> KernelBuild:
    meta = entry.meta
    return KernelBuild(
        version=meta["version"],
        arch=arch,
        config=config,
        image=entry.path / meta["image"],
        symbols=entry.path / SYSTEM_MAP,
        module_tree=entry.path / MODULE_TREE,
        compiler=meta["compiler"],
        source_digest=meta["source_digest"],
        config_digest=meta["config_digest"],
        key=entry.key,
    )


class _Job:
    """One build: configure, make, keep what is needed."""

    def __init__(
        self,
        source: Source,
        arch: Arch,
        config: str,
        toolchain: Toolchain,
        wanted: Sequence[Request],
        cache: Cache,
        progress: Progress,
    ) -> None:
        self.source = source
        self.arch = arch
        self.config = config
        self.toolchain = toolchain
        self.wanted = wanted
        self.cache = cache
        self.progress = progress
        self.what = f"Linux {source.version} for {arch.name} ({config})"
        self.log = cache.root / "logs" / f"kernel-{source.version}-{arch.name}-{config}.log"

    def run(self, tree: Path, folder: Path) -> Mapping[str, str]:
        """Fill an entry's folder."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        with self.cache.scratch("kernel") as objects:
            final = self.configure(tree, objects)
            self.make_all(tree, objects)
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
            "config": self.config,
            "image": image,
            "compiler": self.toolchain.version,
            "source_digest": self.source.digest,
            "config_digest": digest_of(final),
        }

    def make(
        self,
        tree: Path,
        objects: Path,
        targets: Sequence[str],
        timeout: float,
        on_line: proc.OnLine | None = None,
    ) -> None:
        """Run the kernel's make; its output goes to the log."""
        proc.run(
            [
                "make",
                "-C",
                tree,
                f"O={objects}",
                *self.toolchain.make_arguments(self.arch),
                *targets,
            ],
            timeout=timeout,
            env=FIXED,
            log=self.log,
            on_line=on_line,
        ).check(f"building {self.what}")

    def configure(self, tree: Path, objects: Path) -> str:
        """tinyconfig, the fragments, olddefconfig; returns the final .config."""
        self.progress.step(f"configuring {self.what}")
        self.make(tree, objects, ["tinyconfig"], CONFIG_SECONDS)
        path = objects / ".config"
        asked = {request.option for request in self.wanted}
        kept = (
            line
            for line in path.read_text("utf-8").splitlines(keepends=True)
            if not asked & parse_config(line).keys()
        )
        path.write_text("".join(kept) + render(self.wanted), "utf-8")
        self.make(tree, objects, ["olddefconfig"], CONFIG_SECONDS)
        final = path.read_text("utf-8")
        losses = lost(self.wanted, final)
        if losses:
            raise HarnessError(
                f"{self.what} cannot have what its fragments in images/kconfig ask for: "
                + "; ".join(losses)
            )
        return final

    def make_all(self, tree: Path, objects: Path) -> None:
        """Build image and module symbols, counting what make prints."""
        self.progress.step(f"building {self.what}")
        name = f"build-lines-{self.arch.name}-{self.config}"
        total = (self.cache.note(name) or {}).get("lines", LINES[self.arch.name])
        count = 0

        def on_line(line: str) -> None:
            nonlocal count
            if re.match(r"  [A-Z]", line):
                count += 1
                self.progress.update(min(count, total), total)

        jobs = f"-j{len(os.sched_getaffinity(0))}"
        self.make(tree, objects, [jobs, self.arch.image_target, "modules"], BUILD_SECONDS, on_line)
        self.cache.write_note(name, {"lines": count})

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
    for name in (*made, "tools/objtool/objtool"):
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
