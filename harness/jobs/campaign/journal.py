"""A file that only grows: one record a line, each with its checksum.

However its writer ends, what was written before stays readable: the last line may be cut, and is
then as if it had never been begun.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import HarnessError

Record = Mapping[str, Any]


def _line(record: Record) -> bytes:
    body = json.dumps(record, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _record(line: bytes) -> Record | None:
    """What a whole line says; None where it is damaged."""
    checksum, _, body = line.partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(body):
            return None
        record = json.loads(body)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def read(path: Path) -> tuple[list[Record], int]:
    """The records of a journal, and how many lines of it are damaged.

    Raises:
        OSError: it cannot be read.
    """
    *lines, _ = path.read_bytes().split(b"\n")
    records = [_record(line) for line in lines]
    whole = [record for record in records if record is not None]
    return whole, len(records) - len(whole)


class Journal:
    """Appends records.

    Args:
        path: made if it is not there; a last line that was cut is cut off.

    Raises:
        HarnessError: from here and from every method: the disk is full, or the folder is gone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            content = path.read_bytes()
            end = content.rfind(b"\n") + 1
            os.ftruncate(self._fd, end)
            os.lseek(self._fd, end, os.SEEK_SET)
        except OSError as error:
            raise self._error(error) from None

    def add(self, record: Record) -> None:
        """Appends a record; it is on the disk when this returns."""
        view = memoryview(_line(record))
        try:
            while view:
                view = view[os.write(self._fd, view) :]
            os.fsync(self._fd)
        except OSError as error:
            raise self._error(error) from None

    def close(self) -> None:
        """Lets go of the file. May be called again."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _error(self, error: OSError) -> HarnessError:
        return HarnessError(
            f"{self._path} cannot be written: {error.strerror}: "
            "free some space, then go on with --resume"
        )
