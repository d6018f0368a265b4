"""The machine we run on: its commands, and what of our environment a command sees."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from .errors import HarnessError
from .tree import HOST_PACKAGES

# What a child sees of our environment; the rest (MAKEFLAGS of a `make check`, a locale, ...)
# would make its result depend on how we were called.
INHERITED = frozenset(
    {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "TMPDIR",
        "TERM",
        "XDG_CACHE_HOME",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    }
    | {f"{kind}_proxy" for kind in ("http", "https", "ftp", "all", "no")}
    | {f"{kind}_PROXY" for kind in ("HTTP", "HTTPS", "FTP", "ALL", "NO")}
)
# Where a user's PATH may not lead, and what we call needs no rights.
SYSTEM_PATH = "/usr/sbin:/sbin"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """What a child gets as its environment: a few of our variables, LC_ALL=C, then `extra`."""
    env = {name: value for name, value in os.environ.items() if name in INHERITED}
    return {"PATH": DEFAULT_PATH} | env | {"LC_ALL": "C"} | dict(extra or {})


def package_of(command: str) -> str:
    """The Debian package that has the command on this host, or "" when images/ does not say."""
    machine = os.uname().machine
    # The host's own compiler goes by its long name too.
    names = (command, command.removeprefix(f"{machine}-linux-gnu-"))
    foreign = {"x86_64": "arm64", "aarch64": "amd64"}.get(machine)
    with contextlib.suppress(OSError):
        for line in HOST_PACKAGES.read_text("utf-8").splitlines():
            fields = line.split()
            if len(fields) < 3 or line.startswith("#") or fields[1] == foreign:
                continue
            if fields[2] in names:
                return fields[0]
    return ""


def find(command: str) -> Path | None:
    """Where the command is, or None; a path is taken as it is."""
    path = f"{environment()['PATH']}{os.pathsep}{SYSTEM_PATH}"
    found = shutil.which(command, path=path)
    return None if found is None else Path(found)


def require(command: str) -> Path:
    """Where the command is.

    Raises:
        HarnessError: it is not installed; says which package has it.
    """
    found = find(command)
    if found is None:
        package = package_of(Path(command).name)
        how = f"apt-get install {package}" if package else "install it, or mend PATH"
        raise HarnessError(f"{command} is missing: {how}")
    return found
