"""Writes one program's trace as it arrives."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from . import trace
from .errors import HarnessError


class RecordError(HarnessError):
    """A trace cannot be written: the disk is full, or the folder is gone."""


class Recorder:
    """One trace file, unbuffered: what was taken is readable even if pagelab is killed.

    Args:
        path: the file; its folder is made.
        header: its first line, written at once.

    Raises:
        RecordError: from here and from every method.
    """

    def __init__(self, path: Path, header: trace.Header) -> None:
        self._path = path
        try:
            self._file = _create(path)
        except OSError as error:
            raise self._error(error) from None
        self._write(trace.encode_header(header))

    def outcomes(self, records: bytes) -> None:
        """Appends the outcome records of one RESULT frame."""
        self._write(trace.encode_outcomes(records))

    def end(self, ending: trace.Ending) -> None:
        """Appends how it ended and closes the file."""
        self._write(trace.encode_ending(ending))
        self.close()

    def close(self) -> None:
        """Closes the file as it is; a trace without an ending was interrupted."""
        with contextlib.suppress(OSError):
            self._file.close()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            self.close()
            raise self._error(error) from None

    def _error(self, error: OSError) -> RecordError:
        return RecordError(f"cannot write the trace {self._path}: {error.strerror}")


class Memory:
    """What a Recorder writes, kept: for programs of which nobody wants a file but if they fail.

    Attributes:
        recording: everything, once it has ended.
    """

    def __init__(self, header: trace.Header) -> None:
        self.recording: trace.Recording | None = None
        self._header = header
        self._bodies: list[bytes] = []

    def outcomes(self, records: bytes) -> None:
        """Keeps the outcome records of one RESULT frame."""
        self._bodies.append(records)

    def end(self, ending: trace.Ending) -> None:
        """Keeps how it ended."""
        self.recording = trace.Recording(self._header, tuple(self._bodies), ending)

    def close(self) -> None:
        """There is nothing to close."""


def _create(path: Path) -> io.FileIO:
    """The file, emptied; its folder is made where it is not there yet."""
    try:
        return path.open("wb", buffering=0)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb", buffering=0)
