"""The disk that every guest has: an empty ext2 file system, the same bytes on every machine."""

from __future__ import annotations

from pathlib import Path

from . import host, proc
from .cache import Cache, digest_of
from .progress import Progress

KIND = "disk"
RECIPE = "1"
NAME = "ext2.img"
SIZE = 64 << 20
SECONDS = 60.0
# What two runs would choose differently is fixed here; the time comes with the environment.
ARGUMENTS = (
    *("-q", "-F", "-t", "ext2", "-b", "4096", "-I", "256", "-N", "64", "-m", "0"),
    *("-O", "none,sparse_super,filetype,large_file"),
    *("-U", "70616765-6c61-6200-0000-000000000001"),
    *("-E", "hash_seed=70616765-6c61-6200-0000-000000000002,root_owner=0:0,nodiscard"),
)
ENVIRONMENT = {"E2FSPROGS_FAKE_TIME": "1", "MKE2FS_CONFIG": "/dev/null"}


def build(*, cache: Cache, progress: Progress) -> Path:
    """The disk's image, sparse, from the cache or made; guests get overlays of it.

    Raises:
        HarnessError: mke2fs is missing or fails, a full disk.
    """

    def make(made: Path) -> None:
        progress.step("making the ext2 disk")
        image = made / NAME
        with image.open("wb") as file:
            file.truncate(SIZE)
        command: list[str | Path] = [host.require("mke2fs"), *ARGUMENTS, image]
        proc.run(command, timeout=SECONDS, env=ENVIRONMENT).check("making the ext2 disk")

    key = digest_of(RECIPE, str(SIZE), *ARGUMENTS)[:24]
    entry = cache.publish(KIND, key, make, what="the ext2 disk", needs=1 << 20, progress=progress)
    return entry.path / NAME
