"""Builds against real compilers: from the cache, into it, and all that can go wrong."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import build, configuration, cpio, image, kbuild, kmod_build, proc, sources, toolchain
from harness.arch import X86_64, Arch
from harness.cache import Cache
from harness.configuration import PLAIN
from harness.errors import HarnessError, UsageError
from harness.jobs import kernels
from harness.kbuild import KernelBuild
from harness.progress import SILENT, Silent
from harness.toolchain import Toolchain
from harness.tree import KCONFIG, KMOD, ROOT

pytestmark = pytest.mark.timeout(7200)  # the first test of all may have to build the kernels

# Another pagelab that builds into the cache of PAGELAB_CACHE and says its steps.
PAGELAB = """
import sys
from harness.arch import X86_64
from harness.build import build
from harness.cache import Cache
from harness.errors import PagelabError
from harness.progress import Silent

class Said(Silent):
    def step(self, name, unit=""):
        print("step", name, flush=True)

    def line(self, text):
        print("line", text, flush=True)

try:
    print("built", build("6.1", X86_64, cache=Cache(), progress=Said()).initramfs)
except PagelabError as error:
    print("error", error.exit_code, error)
"""


class Heard(Silent):
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[str] = []

    def step(self, name: str, unit: str = "") -> None:
        self.steps.append(name)

    def line(self, text: str) -> None:
        self.lines.append(text)


def link(entry: Path, cache: Cache) -> None:
    """Lets a cache have an entry of the user's, as one that was restored elsewhere would."""
    kind = cache.root / entry.parent.name
    kind.mkdir(parents=True, exist_ok=True)
    (kind / entry.name).symlink_to(entry)


@pytest.fixture(scope="module")
def tools() -> Toolchain:
    return toolchain.choose(X86_64, ("gcc",), Cache())


@pytest.fixture(scope="module")
def kernel(tools: Toolchain) -> KernelBuild:
    """The base kernel of the user's cache."""
    cache = Cache()
    source = sources.fetch("6.1", cache, SILENT)
    return kbuild.build(source, X86_64, PLAIN, tools, cache=cache, progress=SILENT)


@pytest.fixture
def cache(tmp_path: Path, kernel: KernelBuild) -> Cache:
    """A cache that has source and kernel, and nothing else."""
    made = Cache(tmp_path / "cache")
    link(kernel.image.parent, made)
    link(sources.fetch("6.1", Cache(), SILENT).archive.parent, made)
    return made


@pytest.fixture
def pagelab(cache: Cache) -> Iterator[list[subprocess.Popen[str]]]:
    """Two other pagelabs on the same cache, started at once."""
    env = {**os.environ, "PAGELAB_CACHE": str(cache.root)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PAGELAB], stdout=subprocess.PIPE, env=env, cwd=ROOT, text=True
        )
        for _ in range(2)
    ]
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def test_the_second_time_starts_nothing(arch: Arch, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build.build("6.1", arch, cache=Cache())

    def spawn(*_: object, **__: object) -> None:
        raise AssertionError("nothing is to be started here")

    monkeypatch.setattr(proc, "spawn", spawn)
    heard = Heard()
    assert build.build("6.1", arch, cache=Cache(), progress=heard) == first
    assert build.build(first.kernel, arch, cache=Cache(), progress=heard) == first
    assert heard.steps == []


def test_what_a_build_has(arch: Arch) -> None:
    built = build.build("6.1", arch, cache=Cache())
    assert built.kernel.startswith("6.1.")
    assert built.arch == arch
    assert " T __get_user_pages\n" in built.symbols.read_text() or " t __get_user_pages\n" in (
        built.symbols.read_text()
    )
    entries = {entry.name: entry for entry in cpio.read(built.initramfs.read_bytes())}
    assert entries["pagelab.ko"].data == built.module.read_bytes()
    assert f"vermagic={built.kernel} ".encode() in entries["pagelab.ko"].data
    assert entries["init"].data.startswith(b"\x7fELF")
    assert entries["dev/console"].device == (5, 1)
    # It is in use, so that pruning leaves it.
    found = kernels.survey(Cache())
    mine = [one for known in found.known for one in known.builds if one.arch == arch.name]
    assert (built.kernel, built.config, True) in [(o.version, o.config, o.ready) for o in mine]
    paths = [built.image, built.module, built.initramfs]
    assert not {path.parent.name for path in paths} & {entry.key for entry in found.unused}


def test_entries_are_small(arch: Arch) -> None:
    """Those of every kernel, module and image that was ever built here.

    What was built elsewhere is as large as it is.
    """
    cache = Cache()
    build.build("6.1", arch, cache=cache)
    kinds = (kbuild.KIND, kmod_build.KIND, image.KIND, image.SSH_KIND)
    sizes = {f"{kind}/{one.key}": one.size for kind in kinds for one in cache.entries(kind)}
    sizes = {name: size for name, size in sizes.items() if "-built-" not in name}
    assert {name: size for name, size in sizes.items() if size > 40_000_000} == {}


def test_the_same_bytes_again(cache: Cache, tmp_path: Path) -> None:
    """Module and initramfs, built in another place, are those of the user's cache."""
    usual = build.build("6.1", X86_64, cache=Cache())
    again = build.build("6.1", X86_64, cache=cache)
    assert again.initramfs.read_bytes() == usual.initramfs.read_bytes()
    assert again.initramfs.is_relative_to(tmp_path)


def test_a_truncated_entry_is_rebuilt_with_one_line(cache: Cache) -> None:
    built = build.build("6.1", X86_64, cache=cache)
    good = built.module.read_bytes()
    os.truncate(built.module, 100)
    heard = Heard()
    assert build.build("6.1", X86_64, cache=cache, progress=heard) == built
    assert built.module.read_bytes() == good
    assert len(heard.lines) == 1
    assert "pagelab.ko has 100 bytes" in heard.lines[0]


def test_two_at_once_build_once(pagelab: list[subprocess.Popen[str]]) -> None:
    outputs = [process.communicate(timeout=600)[0].splitlines() for process in pagelab]
    steps = [line for output in outputs for line in output if line.startswith("step building")]
    assert len(steps) == 1
    assert outputs[0][-1].startswith("built ")
    assert outputs[0][-1] == outputs[1][-1]


def test_kill_9_in_a_build_leaves_no_process_and_no_entry(cache: Cache) -> None:
    shutil.rmtree(cache.root / "kernel")
    env = {**os.environ, "PAGELAB_CACHE": str(cache.root)}
    process = subprocess.Popen(
        [sys.executable, "-c", PAGELAB], stdout=subprocess.PIPE, env=env, cwd=ROOT, text=True
    )
    assert process.stdout
    assert process.stdout.readline().startswith("step unpacking")
    children = working_in(cache.root)
    process.kill()
    process.wait(10)
    process.stdout.close()
    for child in children:
        poller = select.poll()
        poller.register(child, select.POLLIN)
        assert poller.poll(10_000), "a child goes on"
        os.close(child)
    assert not list(cache.root.glob("kernel/*"))
    with cache.scratch("next"):
        folders = [path.name for path in (cache.root / "tmp").iterdir() if path.is_dir()]
        assert [name.split("-")[0] for name in folders] == ["next"]


def working_in(folder: Path) -> list[int]:
    """Descriptors of the processes whose arguments name the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if bytes(folder) in path.read_bytes():
                found.append(os.pidfd_open(int(path.parent.name)))
    return found


def test_a_missing_compiler_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(HarnessError, match=r"^\S+-gcc is missing: apt-get install gcc\S*$"):
        build.build("6.1", X86_64, cache=Cache())


def test_wrong_names(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="unknown kernel '9.9': choose one of 5.10, 6.1, 6.12, 7.3"
    ):
        build.build("9.9", X86_64, cache=Cache(tmp_path))
    for config in ("nothing", "x86_64", "arm64"):
        with pytest.raises(UsageError, match=f"unknown configuration '{config}': .*base.*lkdtm"):
            configuration.find([config])


def altered_kmod(tmp_path: Path, addition: str) -> Path:
    folder = tmp_path / "kmod"
    shutil.copytree(KMOD, folder)
    with (folder / "main.c").open("a") as file:
        file.write(addition)
    return folder


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("static void unused(void) { }\n", r"gave a warning: .*main\.c.*unused"),
        ("int broken(\n", r"failed: make, exit code 2: .*main\.c:\d+:\d+: error: "),
    ],
)
def test_a_module_that_does_not_build(
    cache: Cache,
    kernel: KernelBuild,
    tools: Toolchain,
    tmp_path: Path,
    addition: str,
    message: str,
) -> None:
    folder = altered_kmod(tmp_path, addition)
    with pytest.raises(HarnessError, match=message):
        kmod_build.build(kernel, tools, cache=cache, progress=SILENT, folder=folder)
    assert not list(cache.root.glob("module/*"))


def test_another_module_is_another_entry(
    cache: Cache, kernel: KernelBuild, tools: Toolchain, tmp_path: Path
) -> None:
    folder = altered_kmod(tmp_path, "/* more */\n")
    ours = kmod_build.build(kernel, tools, cache=cache, progress=SILENT)
    theirs = kmod_build.build(kernel, tools, cache=cache, progress=SILENT, folder=folder)
    assert ours.key != theirs.key


@pytest.mark.slow
def test_a_lost_option_fails_by_name(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fragments = tmp_path / "kconfig"
    shutil.copytree(KCONFIG, fragments)
    (fragments / "odd.config").write_text("CONFIG_NO_SUCH_OPTION=y\n# CONFIG_PRINTK is not set\n")
    with (fragments / "x86_64.config").open("a") as file:
        file.write("# optional\nCONFIG_NOT_EVEN_THIS=y\nCONFIG_KASAN=y\n")
    monkeypatch.setattr(configuration, "KCONFIG", fragments)
    with pytest.raises(HarnessError) as caught:
        build.build("6.1", X86_64, configuration.find(["odd"]), cache=cache)
    message = str(caught.value)
    assert "CONFIG_NO_SUCH_OPTION=y (came out as nothing)" in message
    assert "CONFIG_NOT_EVEN_THIS" not in message


def test_a_full_disk(cache: Cache, kernel: KernelBuild) -> None:
    """A real one: a small file system of the test's own, filled by us and by a child."""
    script = f"""
mount -t tmpfs -o size=3m none {cache.root} || exit 99
cd {ROOT} && exec {sys.executable} - <<'END'
from pathlib import Path
from harness import proc
from harness.cache import Cache
from harness.errors import HarnessError
cache = Cache(Path("{cache.root}"))
def ours(folder):
    (folder / "big").write_bytes(bytes(5 << 20))
def childs(folder):
    proc.run(["cp", "{kernel.image}", folder], timeout=60).check("copying")
for build in (ours, childs):
    try:
        cache.publish("kernel", "k", build, what="a kernel", needs=2 << 20)
    except HarnessError as error:
        print(error)
    print(sorted(path.name for path in cache.root.glob("kernel/*")))
    print(sorted(path.name for path in cache.root.glob("tmp/*")))
END
"""
    done = proc.run(["unshare", "-rm", "sh", "-c", script], timeout=60)
    if done.returncode == 99 or b"unshare" in done.stderr:
        pytest.skip("this machine lets nobody mount a file system")
    lines = done.stdout.decode().splitlines()
    for first in (0, 3):
        assert lines[first].startswith("disk full: a kernel needs 2 MB, "), done
        assert lines[first].endswith("or set PAGELAB_CACHE to a folder on another disk")
        assert lines[first + 1 : first + 3] == ["[]", "[]"]


@pytest.mark.network
def test_the_ssh_initramfs_has_a_server_and_no_keys(arch: Arch) -> None:
    path = build.ssh_initramfs(arch, cache=Cache())
    names = {entry.name for entry in cpio.read(path.read_bytes())}
    assert "usr/sbin/dropbear" in names
    assert any(name.startswith("lib") and "ld-linux" in name for name in names)
    assert not any("key" in name for name in names)
    assert build.ssh_initramfs(arch, cache=Cache()) == path
    assert image.SSH_KIND in path.parts
