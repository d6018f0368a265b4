"""What is taken from the host's apt, and what is written for our own."""

from __future__ import annotations

import pytest

from harness import debian, sources
from harness.debian import Mirrors, Package, Release
from harness.errors import HarnessError, UsageError

DEB822 = """\
Types: deb deb-src
# a comment in between
URIs: https://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://mirror.example/debian-security/
Suites: bookworm-security
Components: main
"""
ONE_LINE = """\
# deb http://old.example/debian buster main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://one.example/debian trixie main
deb-src http://source.example/debian trixie main
deb http://sec.example/debian-security trixie-security main
"""
OTHERS = """\
deb https://packages.example/cloud-sdk cloud-sdk-bookworm main
deb https://deb.example/node_20.x nodistro main
"""
DISABLED = "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: sid\n"
CLOUD = "Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            [("debian.sources", DEB822)],
            Mirrors("https://mirror.example/debian", "https://mirror.example/debian-security/"),
        ),
        (
            [("sources.list", ONE_LINE)],
            Mirrors("http://one.example/debian", "http://sec.example/debian-security"),
        ),
        (
            [("debian.sources", CLOUD)],
            Mirrors(
                "mirror+file:///etc/apt/mirrors/debian.list",
                "mirror+file:///etc/apt/mirrors/debian-security.list",
            ),
        ),
        (
            [("sources.list", ONE_LINE), ("debian.sources", DEB822)],
            Mirrors("http://one.example/debian", "http://sec.example/debian-security"),
        ),
    ],
)
def test_the_hosts_mirror_is_used(files: list[tuple[str, str]], expected: Mirrors) -> None:
    assert debian.mirrors(files) == expected


def test_a_mirror_that_the_user_names_comes_first() -> None:
    where = debian.mirrors([("debian.sources", DEB822)], "http://mine.example/debian")
    assert where == Mirrors("http://mine.example/debian", "http://mine.example/debian-security")


@pytest.mark.parametrize("files", [[], [("other.list", OTHERS), ("off.sources", DISABLED)]])
def test_without_any_mirror_the_user_is_asked_for_one(files: list[tuple[str, str]]) -> None:
    with pytest.raises(HarnessError, match="PAGELAB_MIRROR"):
        debian.mirrors(files)


def test_only_how_to_connect_is_carried_over() -> None:
    dump = """\
APT::Architecture "amd64";
APT::Update::Post-Invoke:: "rm -f /var/cache/apt/*.bin";
Acquire::AllowInsecureRepositories "1";
Acquire::http::Proxy "http://proxy.example:3128/";
Acquire::https::CaInfo "/etc/ssl/own.pem";
Acquire::http::Proxy-Auto-Detect "/usr/bin/detect";
Acquire::Retries "5";
Acquire::Check-Valid-Until "false";
Acquire::Languages:: "none";
Dir::State "var/lib/apt";
"""
    assert debian.connection(dump).splitlines() == [
        'Acquire::http::Proxy "http://proxy.example:3128/";',
        'Acquire::https::CaInfo "/etc/ssl/own.pem";',
        'Acquire::http::Proxy-Auto-Detect "/usr/bin/detect";',
        'Acquire::Retries "5";',
        'Acquire::Check-Valid-Until "false";',
    ]


def test_each_archive_accepts_its_own_keys_and_no_others() -> None:
    suites = ("bookworm", "bookworm-updates", "bookworm-security")
    release = Release("bookworm", suites, ("AA", "BB"), ("CC",))
    text = debian.sources_file(release, Mirrors("m", "s"))
    main, security = text.split("\n\n")
    assert "URIs: m\nSuites: bookworm bookworm-updates\n" in main
    assert main.endswith("Signed-By: AA BB")
    assert "URIs: s\nSuites: bookworm-security\n" in security
    assert security.endswith("Signed-By: CC\n")


def test_a_release_of_security_updates_alone_needs_no_other_archive() -> None:
    release = Release("bullseye", ("bullseye-security",), ("AA",), ("CC",))
    text = debian.sources_file(release, Mirrors("m", "s"))
    assert "URIs: s\nSuites: bullseye-security\n" in text
    assert "URIs: m" not in text


@pytest.mark.parametrize(
    ("file", "version"),
    [
        ("linux-source-6.1_6.1.192-2_all.deb", "6.1.192-2"),
        ("linux-source-7.3_7.3.4-1~bpo13+1_all.deb", "7.3.4-1~bpo13+1"),
        ("libcrypt1_1%3a4.4.33-2_arm64.deb", "1:4.4.33-2"),
    ],
)
def test_versions_of_packages(file: str, version: str) -> None:
    assert Package(file, 1, "").version == version


def test_the_table_is_whole() -> None:
    kernels = sources.known()
    assert list(kernels) == ["5.10", "6.1", "6.12", "7.3"]
    for kernel in kernels.values():
        keys = (*kernel.release.archive, *kernel.release.security)
        assert all(len(key) == 40 and int(key, 16) for key in keys)
        assert kernel.package.endswith(kernel.line)
        assert kernel.compilers


def test_names_of_kernels() -> None:
    assert sources.named("6.1")[1] == ""
    assert sources.named("6.1.192")[1] == "6.1.192"
    for name in ("6", "6.2", "v6.1", "6.1.x", "6.1.1.1", "", "../6.1"):
        with pytest.raises(
            UsageError, match="unknown kernel .* choose one of 5.10, 6.1, 6.12, 7.3"
        ):
            sources.named(name)
