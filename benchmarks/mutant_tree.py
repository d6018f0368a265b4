"""Linux 6.1 with the mutants of kernel-mutants/ in it, none of them on: a tree for ``-k``."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import kept, proc, sources
from harness.cache import Cache, digest_of
from harness.errors import UsageError
from harness.progress import Progress

KERNEL = "6.1"
PATCHES = Path(__file__).parent / "kernel-mutants"
PARAMETER = "pagelab_mutant"
_SWITCH = "switch"
_HEADER = re.compile(r"^(Function|Breaks|Rules|Faults): (.+)$", re.MULTILINE)
_PATCHED = re.compile(r"^--- (\S+)\n\+\+\+ b/(\S+)$", re.MULTILINE)
_PATCH_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Mutant:
    """One wrong behaviour, as the head of its patch describes it.

    Attributes:
        name: the patch's, and what the boot parameter asks for.
        function: file and function that it is in.
        breaks: what goes wrong.
        rules: of the model, which say otherwise.
        faults: calls at which a fault of the kernel is that behaviour's doing.
    """

    name: str
    function: str
    breaks: str
    rules: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def boot_arg(self) -> str:
        """The kernel parameter that turns it on."""
        return f"{PARAMETER}={self.name}"


def mutants() -> tuple[Mutant, ...]:
    """All of them, by function."""
    found = [_mutant(path) for path in PATCHES.glob("*.patch") if path.stem != _SWITCH]
    return tuple(sorted(found, key=lambda one: (one.function, one.name)))


def _mutant(path: Path) -> Mutant:
    head = path.read_text("utf-8").partition("\n---")[0]
    said = {match[1]: match[2] for match in _HEADER.finditer(head)}
    return Mutant(
        name=path.stem,
        function=said["Function"],
        breaks=said["Breaks"],
        rules=tuple(said["Rules"].split()),
        faults=tuple(said.get("Faults", "").split()),
    )


def named(names: Sequence[str]) -> tuple[Mutant, ...]:
    """Those of the given names, all when none is given.

    Raises:
        UsageError: there is no such mutant.
    """
    known = {one.name: one for one in mutants()}
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"no mutant {', '.join(unknown)}: choose of {', '.join(known)}")
    return tuple(known[name] for name in names) or tuple(known.values())


def tree(cache: Cache, progress: Progress) -> Path:
    """The patched tree, in one place of the cache: a changed mutant costs its file's compilation.

    Raises:
        HarnessError: no network, a full disk, a patch that does not apply.
    """
    source = sources.fetch(KERNEL, cache, progress)
    switch = PATCHES / f"{_SWITCH}.patch"
    patches = [switch, *sorted(set(PATCHES.glob("*.patch")) - {switch})]
    name = f"mutants-{source.version}-{source.digest[:12]}"
    what = f"the source of Linux {source.version} with mutants"
    digest = digest_of(*patches)
    with cache.disk_errors(what, 0), kept.alone(cache, name, what, progress) as folder:
        whole, made = folder / "whole", folder / "patched"
        if not whole.is_file():
            _clear(folder)
            sources.unpack(source, folder / "tree", folder / "package", progress)
            shutil.rmtree(folder / "package")
            whole.touch()
        if not made.is_file() or made.read_text("utf-8") != digest:
            made.unlink(missing_ok=True)
            _patch(folder / "tree", folder / "before", patches)
            made.write_text(digest, "utf-8")
    return folder / "tree"


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _patch(top: Path, before: Path, patches: Sequence[Path]) -> None:
    """Takes back what was patched earlier, keeps what is about to be, and patches.

    Raises:
        HarnessError: a patch does not apply.
    """
    for kept_file in [path for path in before.rglob("*") if path.is_file()]:
        shutil.copy(kept_file, top / kept_file.relative_to(before))
    for path in patches:
        for was, name in _PATCHED.findall(path.read_text("utf-8")):
            if was == "/dev/null":
                (top / name).unlink(missing_ok=True)
            elif not (before / name).exists():
                (before / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(top / name, before / name)
    for path in patches:
        command = ["patch", "--strip=1", "--fuzz=0", "--silent", "--no-backup-if-mismatch"]
        done = proc.run(command, cwd=top, stdin=path.read_bytes(), timeout=_PATCH_SECONDS)
        done.check(f"applying {path.name} to Linux {KERNEL}")
