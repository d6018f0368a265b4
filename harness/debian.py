"""A private apt root: Debian's packages, verified, without the host's apt state.

It has lists, sources, state and trusted keys of its own, for any
architecture. From the host it takes only how to reach a mirror: the mirror's
address, proxies, certificates and credentials.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .cache import Cache
from .errors import HarnessError
from .progress import Progress

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
UPDATE_SECONDS = 600.0
DOWNLOAD_SECONDS = 3600.0
ROOM = 150 << 20  # lists, and the caches that apt makes of them

# The host's settings that say how to connect, and whether its mirror is a frozen one.
_CONNECTION = re.compile(
    r"Acquire::(https?|ftp|tor|socks5h?|mirror)::|Acquire::(Retries|ForceIPv[46]|Check-Date"
    r"|Check-Valid-Until|Max-FutureTime)\b|Acquire::[^ ]*Proxy",
    re.IGNORECASE,
)
_STATUS = re.compile(r"dlstatus:\d+:([0-9.]+):")
_URI = re.compile(r"'([^']+)' (\S+) (\d+) (?:SHA256:([0-9a-f]{64}))?")


@dataclass(frozen=True, slots=True)
class Release:
    """A release of Debian.

    Attributes:
        name: "bookworm".
        suites: what apt sees of it.
        archive, security: fingerprints of the keys that may sign.
    """

    name: str
    suites: tuple[str, ...]
    archive: tuple[str, ...]
    security: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Where Debian's archives are."""

    main: str
    security: str


@dataclass(frozen=True, slots=True)
class Package:
    """A package that a mirror offers.

    Attributes:
        file: name of its .deb.
        size: bytes.
        sha256: from the signed index; "" where apt does not tell it.
    """

    file: str
    size: int
    sha256: str

    @property
    def version(self) -> str:
        """Debian's version, with an epoch if it has one."""
        return self.file.split("_")[1].replace("%3a", ":")


def mirrors(sources: Iterable[tuple[str, str]], named: str = "") -> Mirrors:
    """The mirrors that a host's apt uses for Debian itself.

    Args:
        sources: (file name, text) of sources.list and what lies in sources.list.d;
            a name that ends in ".sources" has the deb822 format.
        named: PAGELAB_MIRROR, the main archive that the user chose; "" if none.

    Raises:
        HarnessError: neither names a mirror.
    """
    main = security = ""
    for name, text in sources:
        for uri, suites in _deb822(text) if name.endswith(".sources") else _one_line(text):
            if not re.search(r"debian(-security)?/?$|mirrors/debian[^/]*\.list$", uri):
                continue
            if any(suite.endswith(("-security", "/updates")) for suite in suites):
                security = security or uri
            else:
                main = main or uri
    if named:
        main, security = named, ""
    if not main:
        raise HarnessError(
            "this machine's apt sources name no Debian mirror: set PAGELAB_MIRROR to one, "
            "the address that ends in /debian"
        )
    derived = re.sub(r"debian(/?|[^/]*\.list)$", r"debian-security\1", main)
    return Mirrors(main, security or derived)


def _one_line(text: str) -> Iterable[tuple[str, list[str]]]:
    for line in text.splitlines():
        if match := re.match(r"\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)", line):
            yield match[1], [match[2]]


def _deb822(text: str) -> Iterable[tuple[str, list[str]]]:
    for paragraph in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        fields = {
            key.lower(): " ".join(value.split())
            for key, value in re.findall(r"(?m)^([\w-]+):((?:.*)(?:\n[ \t].*)*)", paragraph)
        }
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes") != "no":
            for uri in fields.get("uris", "").split():
                yield uri, fields.get("suites", "").split()


def connection(dump: str) -> str:
    """The lines of `apt-config dump` that say how to connect."""
    return "".join(f"{line}\n" for line in dump.splitlines() if _CONNECTION.match(line))


def sources_file(release: Release, where: Mirrors) -> str:
    """A deb822 sources file with exactly the release's keys."""
    security = [suite for suite in release.suites if suite.endswith("-security")]
    main = [suite for suite in release.suites if suite not in security]
    parts = (
        (where.main, main, release.archive),
        (where.security, security, release.security),
    )
    return "\n".join(
        f"Types: deb\nURIs: {uri}\nSuites: {' '.join(suites)}\nComponents: main\n"
        f"Signed-By: {' '.join(keys)}\n"
        for uri, suites, keys in parts
        if suites
    )


class AptRoot:
    """A private apt root, for one release and architecture; open() makes one.

    Args:
        release: what it sees, nothing else.
        architecture: Debian's name of the one architecture.
        root: its folder, empty.
        progress: hears of updates and downloads.
    """

    def __init__(self, release: Release, architecture: str, root: Path, progress: Progress) -> None:
        self.release = release
        self.architecture = architecture
        self._progress = progress
        self._root = root
        self._where = mirrors(_host_sources(), os.environ.get("PAGELAB_MIRROR", ""))

    @classmethod
    @contextmanager
    def open(
        cls, release: Release, architecture: str, cache: Cache, progress: Progress
    ) -> Iterator[AptRoot]:
        """A new root in the cache, gone afterwards: lists are 40 MB, and stale the next time.

        One at a time, since a second one mostly wants what the first one is fetching.
        """

        def waiting() -> None:
            progress.step("waiting for a download of packages that is under way")

        name = f"apt-{release.name}-{architecture}"
        with (
            cache.disk_errors(f"a private apt root for {release.name}", ROOM),
            cache.lock(name, DOWNLOAD_SECONDS, waiting, "a download"),
            cache.scratch("apt") as root,
        ):
            yield cls(release, architecture, root, progress)

    def update(self) -> None:
        """Fetch the lists.

        Raises:
            HarnessError: no network, a wrong signature, no apt.
        """
        self._prepare()
        self._progress.step(f"fetching Debian's package lists ({self.release.name})")
        done = self._apt(["update", "-q=1", "--error-on=any"], UPDATE_SECONDS)
        if done.returncode:
            output = (done.stderr or done.stdout).decode("utf-8", "replace")
            cause = proc.first_error(output).removeprefix("E: ").removeprefix("W: ")
            if re.search("GPG error|OpenPGP|not signed", output):
                raise HarnessError(
                    f"{self._where.main} is not signed by a key of images/kernels.toml: {cause}"
                )
            raise HarnessError(
                f"no package lists from {self._where.main}: {cause}: "
                "check the network and apt's proxy, or bring a filled PAGELAB_CACHE"
            )

    def offered(self, package: str) -> Package:
        """What the lists offer for a package.

        Raises:
            HarnessError: nothing.
        """
        done = self._apt(["download", "--print-uris", "-q=2", package], UPDATE_SECONDS)
        found = _packages(done.check(f"looking for {package}").stdout)
        if not found:
            raise HarnessError(f"Debian {self.release.name} at {self._where.main} has no {package}")
        return found[0]

    def closure(self, packages: Sequence[str]) -> list[Package]:
        """Packages and everything they depend on, as apt itself resolves it."""
        words = ["install", "--print-uris", "-q=2", "-y", "--no-install-recommends", *packages]
        done = self._apt(words, UPDATE_SECONDS).check(f"resolving {', '.join(packages)}")
        return sorted(_packages(done.stdout), key=lambda package: package.file)

    def download(self, package: str, what: Package, folder: Path) -> Path:
        """Fetch one package, verified against the signed lists, into a folder."""
        self._watched(["download", "-q=2", package], what.size, what.file, folder)
        return _only_deb(folder, what.file)

    def download_closure(
        self, packages: Sequence[str], what: Sequence[Package], folder: Path
    ) -> list[Path]:
        """Fetch packages and what they depend on, verified, into a folder."""
        (folder / "partial").mkdir(parents=True, exist_ok=True)
        archives = f"Dir::Cache::archives={folder}/"
        words = ["install", "--download-only", "-q=2", "-y", "--no-install-recommends", "-o"]
        size = sum(package.size for package in what)
        self._watched([*words, archives, *packages], size, " ".join(packages), folder)
        return [_only_deb(folder, package.file) for package in what]

    def _watched(self, words: Sequence[str], size: int, what: str, folder: Path) -> None:
        self._progress.step(f"downloading {what}", "B")

        def on_line(line: str) -> None:
            if match := _STATUS.match(line):
                self._progress.update(float(match[1]) / 100 * size, size)

        words = ["-o", "APT::Status-Fd=1", *words]
        done = self._apt(words, DOWNLOAD_SECONDS, folder, on_line)
        done.check(f"downloading {what} from {self._where.main}")

    def _apt(
        self,
        words: Sequence[str],
        timeout: float,
        folder: Path | None = None,
        on_line: proc.OnLine | None = None,
    ) -> proc.Completed:
        env = {"APT_CONFIG": str(self._root / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive"}
        return proc.run(["apt-get", *words], timeout=timeout, cwd=folder, env=env, on_line=on_line)

    def _prepare(self) -> None:
        """Write the root's configuration anew: the host's may have changed."""
        if not KEYRING.exists():
            raise HarnessError(f"{KEYRING} is missing: apt-get install debian-archive-keyring")
        etc, state = self._root / "etc", self._root / "state"
        for folder in (
            *(
                etc / f"{name}.d"
                for name in ("apt.conf", "preferences", "sources.list", "trusted.gpg")
            ),
            state / "lists" / "partial",
            self._root / "cache" / "archives" / "partial",
        ):
            folder.mkdir(parents=True, exist_ok=True)
        (state / "status").write_bytes(b"")
        (etc / "trusted.gpg.d" / "debian.gpg").write_bytes(KEYRING.read_bytes())
        text = sources_file(self.release, self._where)
        (etc / "sources.list.d" / "debian.sources").write_text(text, "utf-8")
        dump = proc.run(["apt-config", "dump"], timeout=30).check("reading apt's settings")
        own = {
            "Dir": f"{self._root}/",
            "Dir::Etc": "etc/",
            "Dir::Etc::netrc": "/etc/apt/auth.conf",
            "Dir::Etc::netrcparts": "/etc/apt/auth.conf.d/",
            "Dir::State": "state/",
            "Dir::State::status": f"{state}/status",
            "Dir::Cache": "cache/",
            "APT::Architecture": self.architecture,
            "Acquire::Languages": "none",
            "Acquire::GzipIndexes": "true",
            "Acquire::Retries": "3",
        }
        if os.geteuid() == 0:
            # apt's own user could not enter root's cache folder.
            own["APT::Sandbox::User"] = "root"
        lines = [f'{name} "{value}";\n' for name, value in own.items()]
        lines.append(f'APT::Architectures {{ "{self.architecture}"; }};\n')
        lines.append(connection(dump.stdout.decode("utf-8", "replace")))
        (self._root / "apt.conf").write_text("".join(lines), "utf-8")


def _packages(output: bytes) -> list[Package]:
    return [
        Package(match[2], int(match[3]), match[4] or "")
        for match in _URI.finditer(output.decode("utf-8", "replace"))
    ]


def _only_deb(folder: Path, file: str) -> Path:
    path = folder / file
    if not path.is_file():
        raise HarnessError(f"apt-get did not leave {file} where it was asked to: run this again")
    return path


def _host_sources() -> list[tuple[str, str]]:
    apt = Path("/etc/apt")
    parts = sorted((apt / "sources.list.d").glob("*"))
    files = [
        apt / "sources.list",
        *(path for path in parts if path.suffix in (".list", ".sources")),
    ]
    found = []
    for path in files:
        try:
            found.append((path.name, path.read_text("utf-8", "replace")))
        except OSError:
            continue  # there is none, or it is not for us to read
    return found
