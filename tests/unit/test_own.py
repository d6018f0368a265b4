"""A user's own kernel: what its name means, and what its tree says. No process is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from faketree import FakeTree

from harness import mirror, own, sources
from harness.arch import ARM64, X86_64
from harness.cache import Cache
from harness.environment import nearest_line
from harness.errors import UsageError
from harness.jobs.settings import Settings
from harness.kconfig import architecture, overridden, parse_fragment, without_modules
from harness.model.releases import RELEASES
from harness.proc import first_error
from harness.progress import SILENT
from harness.toolchain import Limits, version_number

DIGEST = "a1" * 32
CONFIG = "# Linux/arm64 6.1.0 Kernel Configuration\nCONFIG_A=y\nCONFIG_B=m\n# CONFIG_C is not set\n"


@pytest.fixture
def tree(tmp_path: Path) -> FakeTree:
    return FakeTree(tmp_path / "linux", "6.5")


def test_what_is_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "linux").mkdir()
    (tmp_path / "6.1").mkdir()
    places = ("linux", "./6.1", "../x", "/x", "~/x", ".", "x.tar.xz", "https://x/y.tar")
    assert all(own.is_own(name) for name in places)
    assert not any(own.is_own(name) for name in ("6.1", "6.1.192", "6.2", "next", "v6.1"))
    assert own.whole_name("linux") == str(tmp_path / "linux")
    assert own.whole_name("6.1") == "6.1"
    assert own.whole_name("https://x/y.tar") == "https://x/y.tar"
    assert Settings().but(kernels=["6.1", "linux"]).kernels == ("6.1", str(tmp_path / "linux"))


def test_a_url_has_its_digest() -> None:
    assert own.parse_url(f"https://x/y.tar.xz#sha256={DIGEST.upper()}") == (
        "https://x/y.tar.xz",
        DIGEST,
    )
    for name in ("https://x/y.tar", f"ftp://x/y#sha256={DIGEST}", "https://x/y#sha256=12", "x://"):
        with pytest.raises(UsageError, match="expected https://.*#sha256= and the 64 digits"):
            own.check(name)


def test_a_tree_says_its_version(tree: FakeTree) -> None:
    found = own.check(str(tree.top))
    assert found
    assert (found.version, found.line, found.own) == ("6.5.7-mine", "6.5", str(tree.top))
    assert found.config_for(ARM64) == ""
    tree.write(".config", CONFIG)
    found = own.check(str(tree.top))
    assert found
    assert found.config_for(ARM64) == CONFIG
    assert found.config_for(X86_64) == ""


def test_what_is_no_tree(tree: FakeTree, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file or folder, and no version"):
        own.check(str(tmp_path / "nothing"))
    with pytest.raises(UsageError, match=r"no source tree of a kernel: it has no Makefile"):
        own.check(str(tmp_path))
    (tree.top / "mm/memory.c").unlink()
    with pytest.raises(UsageError, match=r"it has no mm/memory\.c"):
        own.check(str(tree.top))
    tree.write("Makefile", "all:\n")
    with pytest.raises(UsageError, match="its Makefile says no VERSION"):
        own.check(str(tree.top))
    tree.write("Makefile", "# made\ninclude /src/linux/Makefile\n")
    with pytest.raises(UsageError, match="is a build folder: name its source, /src/linux"):
        own.check(str(tree.top))


def test_a_link_that_leads_out_of_a_tree(tree: FakeTree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file.c").write_text("/* there */\n")
    (tree.top / "mm/linked.c").symlink_to(outside / "file.c")
    (tree.top / "mm/inside.c").symlink_to("gup.c")
    (tree.top / "mm/broken.c").symlink_to("nothing.c")
    source = own.check(str(tree.top))
    assert source
    cache = Cache(tmp_path / "cache")
    with mirror.opened(cache, tree.top, SILENT) as copy:
        first = own.synced(source, copy, SILENT).digest
        assert (copy.tree / "mm/linked.c").read_text() == "/* there */\n"
        assert str((copy.tree / "mm/inside.c").readlink()) == "gup.c"
        (outside / "file.c").write_text("/* other */\n")
        assert own.synced(source, copy, SILENT).digest != first
        (tree.top / "lib").symlink_to(outside)
        with pytest.raises(UsageError, match="leads out of the tree"):
            own.synced(source, copy, SILENT)


def test_rights_are_part_of_a_tree(tree: FakeTree, tmp_path: Path) -> None:
    source = own.check(str(tree.top))
    assert source
    with mirror.opened(Cache(tmp_path / "cache"), tree.top, SILENT) as copy:
        first = own.synced(source, copy, SILENT).digest
        (tree.top / "scripts/min-tool-version.sh").chmod(0o755)
        assert own.synced(source, copy, SILENT).digest != first
        assert (copy.tree / "scripts/min-tool-version.sh").stat().st_mode & 0o111


def test_which_gcc_builds_a_tree(tree: FakeTree) -> None:
    source = own.check(str(tree.top))
    assert source
    assert own.limits(source, X86_64) == Limits("Linux 6.5.7-mine", (5, 1))
    tree.write("arch/x86/Makefile", "REALMODE_CFLAGS\t:= -m16 -g -Os\n")
    assert own.limits(source, X86_64).too_new == 15
    assert own.limits(source, ARM64).too_new == 0
    tree.write("arch/x86/Makefile", "REALMODE_CFLAGS\t:= -std=gnu11 -m16 -g -Os\n")
    assert own.limits(source, X86_64).too_new == 0
    script = (
        'gcc)\n\tif [ "$ARCH" = odd ]; then\n\t\techo 12.0.0\n\telse\n\t\techo 8.1.0\n\tfi\n\t;;'
    )
    tree.write("scripts/min-tool-version.sh", script)
    assert own.limits(source, X86_64).oldest == (8, 1)
    (tree.top / "scripts/min-tool-version.sh").unlink()
    assert own.limits(source, X86_64).oldest == (5, 1)
    assert Limits("x", (5, 1), 15).verdict((14, 2, 0)) == ""
    assert [Limits("x", (5, 1), 15).verdict(one) for one in ((4, 9, 2), (15, 1, 0))] == [
        "too old",
        "too new",
    ]


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("gcc (Debian 12.2.0-14+deb12u1) 12.2.0", (12, 2, 0)),
        ("x86_64-linux-gnu-gcc-14 (Debian 14.2.0-19) 14.2.0 20250101 (prerelease)", (14, 2, 0)),
        ("a compiler", ()),
    ],
)
def test_the_number_of_a_compiler(said: str, number: tuple[int, ...]) -> None:
    assert version_number(said) == number


def test_a_config_of_ones_own() -> None:
    wanted = parse_fragment("CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y\nCONFIG_D=y\n")
    assert overridden(wanted, CONFIG) == ["CONFIG_B=y (it says m)", "CONFIG_C=y (it says n)"]
    text, count = without_modules(CONFIG)
    assert count == 1
    assert "# CONFIG_B is not set\n" in text
    assert architecture(CONFIG) == "arm64"
    assert architecture("CONFIG_A=y\n") == ""


def test_the_first_error() -> None:
    assert first_error(
        "warning: x\nld: a.o: undefined reference to `f'\nmake: *** [x] Error 1"
    ) == ("ld: a.o: undefined reference to `f'")
    assert first_error("make: *** [x] Error 1\nmm/Kconfig:3: syntax error") == (
        "mm/Kconfig:3: syntax error"
    )


def test_the_model_knows_what_there_are_sources_of() -> None:
    assert list(sources.known()) == list(RELEASES)
    assert nearest_line("6.5", sources.known()) == "6.1"
