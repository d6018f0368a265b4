"""What a run needs of the world: the real thing behind one small interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from .. import accel, build, installed, own, plan, proc, sources
from ..arch import Arch
from ..cache import Cache
from ..check import check_trace
from ..configuration import PLAIN, Configuration
from ..environment import Environment
from ..errors import HarnessError, UsageError
from ..fresh import Fresh, Wanted
from ..model.semantics import require_line
from ..program import Compiled
from ..progress import Progress
from ..qemu_cmd import cpu_model
from ..trace import Trace
from . import learnt
from .judge import Checked
from .session import Guest

_NO_SUCH_CPU = "unable to find CPU model"  # QEMU's hw/core/machine.c, parse_cpu_option


@dataclass(frozen=True, slots=True)
class Choice:
    """What the command line chose for every guest.

    Attributes:
        config: what is asked for beyond the base configuration.
        channel: "virtio", "serial" or "ssh".
        cpu: QEMU's -cpu, None for the architecture's own.
        boot_args: kernel parameters beyond the default ones.
    """

    config: Configuration = PLAIN
    channel: str = "virtio"
    cpu: str | None = None
    boot_args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """One environment, built and ready to boot.

    Attributes:
        environment: as far as it is known before a boot.
        boot: gives a guest that has run nothing yet; takes the console log's path.
        note: what the user should know ("/dev/kvm does not boot a guest: using TCG"), or "".
        take_note: the same of the boots so far, told once.
        key: the kernel's in the cache.
    """

    environment: Environment
    boot: Callable[[Path], AbstractContextManager[Guest]]
    note: str = ""
    take_note: Callable[[], str] = str
    key: str = ""


class Backend(Protocol):
    """The world, or a test's idea of it."""

    def check_names(
        self, kernels: Sequence[str], arches: Sequence[Arch], config: Configuration
    ) -> None:
        """Finds a name that nobody knows, or a disk too small, before anything is built."""

    def prepare(self, kernel: str, arch: Arch, choice: Choice, progress: Progress) -> Prepared:
        """Builds what is missing and finds out how to boot it."""

    def check(self, trace: Trace, compiled: Compiled) -> Checked:
        """The oracle, on a trace whose program was compiled before it ran."""

    def stop(self) -> None:
        """Ends every process at once; sessions see their guests die."""


@contextmanager
def disk_errors(cache: Cache) -> Iterator[None]:
    """Says in one line what to do where the cache cannot be used.

    Raises:
        HarnessError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        what = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        raise HarnessError(
            f"the cache at {cache.root} cannot be used ({what}): mend that, or set PAGELAB_CACHE"
        ) from error


def _check_line(kernel: str) -> None:
    """Refuses a kernel that nobody knows, as far as its name says it."""
    if own.is_own(kernel):
        own.check(kernel)
    else:
        require_line(sources.named(kernel)[0].line)


class RealBackend:
    """Real kernels, real QEMU, the real model."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def check_names(
        self, kernels: Sequence[str], arches: Sequence[Arch], config: Configuration
    ) -> None:
        """Kernels have to be known, to the model too; a build has to fit.

        Raises:
            UsageError: one is not.
            HarnessError: the disk is too small for what has to be built.
        """
        for kernel in kernels:
            if installed.is_installed(kernel):
                installed.find(kernel).check_choice(arches, config)
            else:
                _check_line(kernel)
        orders = [plan.Order(kernel, arch, config) for kernel in kernels for arch in arches]
        with disk_errors(self._cache):
            plan.check_room(orders, self._cache)

    def prepare(self, kernel: str, arch: Arch, choice: Choice, progress: Progress) -> Prepared:
        """Builds kernel, module and image, and probes the acceleration."""
        with disk_errors(self._cache):
            built = build.build(kernel, arch, choice.config, cache=self._cache, progress=progress)
            ssh = None
            if choice.channel == "ssh":
                ssh = build.ssh_initramfs(arch, cache=self._cache, progress=progress)
            found = accel.probe(arch, self._cache)
        environment = Environment(
            kernel=built.kernel,
            arch=arch.name,
            config=built.config,
            cpu=cpu_model(arch, found.accel, choice.cpu or ""),
            boot_args=choice.boot_args,
            accel=found.accel,
            compiler=built.compiler,
            source_digest=built.source_digest,
            config_digest=built.config_digest,
            own=built.own,
            nearest=built.nearest,
            options=built.options,
        )
        environment = learnt.judged(environment, built.key, self._cache)

        wanted = Wanted(choice.channel, found.accel, choice.boot_args, choice.cpu)
        fresh = Fresh(built, wanted, self._cache, ssh)

        def boot(console: Path) -> AbstractContextManager[Guest]:
            try:
                guest = fresh.guest(console)
            except HarnessError as error:
                if choice.cpu and _NO_SUCH_CPU in str(error):
                    raise UsageError(f"--cpu {choice.cpu}: {arch.name} has no such model") from None
                raise
            guest.environment = replace(
                guest.environment, nearest=environment.nearest, learnt=environment.learnt
            )
            return guest

        return Prepared(environment, boot, found.line, fresh.take_note, built.key)

    def check(self, trace: Trace, compiled: Compiled) -> Checked:
        """harness.check.check_trace."""
        return check_trace(trace, compiled=compiled)

    def stop(self) -> None:
        """Kills every process group of ours and starts none any more."""
        proc.end_all()
