"""Fresh guests of one environment: booted once, saved behind the hello, restored ever after.

A snapshot is an entry of the cache, under a key of everything that the boot depends on. What
cannot be saved or restored is booted instead, and one line says why.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from . import abi, proc, snapshot
from .build import Built
from .cache import Cache, Entry, digest_of
from .channel import Channel
from .errors import HarnessError, PagelabError
from .guest import Guest, boot, machine_of, meet
from .qemu_cmd import MEMORY_MB, argv, binary
from .session import Limits
from .vm import start

KIND = "snapshot"
RECIPE = "2"
KEPT_MAX = 16  # entries of the cache; those that were used longest ago go
ROOM = MEMORY_MB << 20
WAIT_SECONDS = 300.0
MEMORY, STATE, CONSOLE = "memory", "state", "console.log"
# A restored guest answers at once or never; the boot that comes then has all the time.
_RESTORE = replace(Limits(), boot=1.0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a guest is booted with, as guest.boot() takes it."""

    channel: str = "virtio"
    accel: str = "tcg"
    boot_args: tuple[str, ...] = ()
    cpu: str | None = None


class Fresh:
    """Gives guests of one build that have run nothing yet; safe to use from any thread.

    Args:
        built: kernel, module and image.
        wanted: how they are booted.
        cache: has the snapshots.
        ssh_initramfs: Dropbear's image, for channel "ssh" alone.
    """

    def __init__(
        self, built: Built, wanted: Wanted, cache: Cache, ssh_initramfs: Path | None = None
    ) -> None:
        self._built = built
        self._wanted = wanted
        self._cache = cache
        self._ssh_initramfs = ssh_initramfs
        self._lock = threading.Lock()
        # Each ssh guest has keys of its own; under KVM nobody has tried.
        self._restores = wanted.accel == "tcg" and wanted.channel != "ssh"
        self._note = ""
        self._key = ""

    def take_note(self) -> str:
        """Why guests are booted that should be restored, one line, told once; else ""."""
        with self._lock:
            note, self._note = self._note, ""
        return note

    @property
    def key(self) -> str:
        """The snapshot's name: all that its boot depends on.

        Raises:
            OSError: a file of the build cannot be read.
        """
        with self._lock:
            if not self._key:
                built, wanted = self._built, self._wanted
                machine = machine_of(built, **asdict(wanted))
                qemu = proc.require(binary(built.arch))
                stat = qemu.stat()
                shown = replace(machine, kernel="", initrd="", disk="")
                text = json.dumps([argv(shown), str(qemu), stat.st_size, stat.st_mtime_ns])
                digest = digest_of(RECIPE, text, built.image, built.initramfs, built.disk)
                self._key = f"{built.kernel}-{built.arch.name}-{built.config}-{digest[:24]}"
            return self._key

    def guest(self, console_log: Path) -> Guest:
        """A guest that has just said hello.

        Args:
            console_log: file for everything that the console says; its folder exists.

        Raises:
            BootFailed, KernelFault, HarnessError: as guest.boot().
        """
        for last in (False, True):
            if not self._restores:
                break
            try:
                entry = self._entry(console_log)
            except HarnessError as error:
                self._give_up(f"no snapshot could be made ({error})")
                break
            try:
                return self._restored(entry, console_log)
            except (PagelabError, OSError) as error:
                if proc.ending():
                    raise
                with contextlib.suppress(HarnessError):
                    self._cache.remove(KIND, entry.key)
                if last:
                    self._give_up(f"a snapshot could not be restored ({error})")
        return boot(
            self._built,
            console_log=console_log,
            ssh_initramfs=self._ssh_initramfs,
            **asdict(self._wanted),
        )

    def _give_up(self, why: str) -> None:
        with self._lock:
            self._restores = False
            self._note = f"{self._built.arch.name}: {why}: each guest is booted"

    # ---- the snapshot ---------------------------------------------------------

    def _entry(self, console_log: Path) -> Entry:
        """The snapshot, from the cache or made."""

        def make(made: Path) -> Mapping[str, Any]:
            return {
                "boot_seconds": self._save(made, console_log),
                "kernel": self._built.image.parent.name,
                "image": self._built.initramfs.parent.name,
            }

        with self._cache.disk_errors("a snapshot", ROOM):
            key = self.key
            found = self._cache.find(KIND, key)
        if found is None:
            self._make_room()
            what = f"a snapshot of a guest for {self._built.arch.name}"
            found = self._cache.publish(
                KIND, key, make, what=what, needs=ROOM, timeout=WAIT_SECONDS
            )
        with contextlib.suppress(OSError):
            os.utime(found.path)  # for _make_room
        return found

    def _save(self, made: Path, console_log: Path) -> float:
        """Boots a guest and saves it in a folder; seconds that the boot took."""
        machine = machine_of(self._built, **asdict(self._wanted))
        machine = replace(machine, memory=str(made / MEMORY))
        with (made / STATE).open("wb") as stream:
            started = time.monotonic()
            vm = start(machine, console_log)
            with meet(self._built, machine, vm, started) as guest:
                snapshot.save(vm, machine.channel, stream.fileno())
        (made / CONSOLE).write_bytes(console_log.read_bytes())
        return guest.environment.boot_seconds

    def _make_room(self) -> None:
        """Removes the snapshots that were used longest ago."""
        folder = self._cache.root / KIND
        with contextlib.suppress(OSError, HarnessError):
            entries = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
            for path in entries[: max(0, len(entries) + 1 - KEPT_MAX)]:
                self._cache.remove(KIND, path.name)

    # ---- out of it --------------------------------------------------------------

    def _restored(self, entry: Entry, console_log: Path) -> Guest:
        machine = machine_of(self._built, **asdict(self._wanted))
        machine = replace(machine, memory=str(entry.path / MEMORY), restored=True)
        stream = os.open(entry.path / STATE, os.O_RDONLY | os.O_CLOEXEC)
        try:
            started = time.monotonic()
            vm = start(machine, console_log)

            def first(channel: Channel) -> None:
                """What the boot said is this guest's past; then the agent is asked to greet."""
                vm.log.feed((entry.path / CONSOLE).read_bytes())
                snapshot.load(vm, stream)
                channel.send(abi.FrameType.HELLO, b"")

            guest = meet(
                self._built,
                machine,
                vm,
                started,
                limits=_RESTORE,
                first=first,
                boot_seconds=float(entry.meta["boot_seconds"]),
            )
        finally:
            os.close(stream)
        guest.environment = replace(guest.environment, snapshot=entry.key)
        return guest
