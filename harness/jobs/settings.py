"""What a run was asked for, as the command line and a rerun.toml say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from .. import configuration
from ..arch import ARCHES, arch_named
from ..configuration import BASE
from ..errors import UsageError
from ..own import whole_name
from .backend import Choice
from .run import Options

CHANNELS = ("virtio", "serial", "ssh")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that changes what a run gives; its fields are a rerun.toml's table [run].

    Attributes:
        cpu: "" for the architecture's own.
    """

    kernels: tuple[str, ...] = ("6.1",)
    arches: tuple[str, ...] = tuple(ARCHES)
    config: tuple[str, ...] = (BASE,)
    channel: str = CHANNELS[0]
    observe: Literal["each", "end"] = "each"
    allow_flaky: bool = False
    cpu: str = ""
    boot_args: tuple[str, ...] = ()

    def but(self, **given: object) -> Settings:
        """These settings with what the command line gives (None: nothing) put over them."""
        said: dict[str, Any] = {
            name: tuple(dict.fromkeys(value)) if isinstance(value, (list, tuple)) else value
            for name, value in given.items()
            if value is not None
        }
        if "kernels" in said:
            said["kernels"] = tuple(map(whole_name, said["kernels"]))
        if "config" in said:
            said["config"] = tuple(map(configuration.whole_name, said["config"]))
        return replace(self, **said)

    def options(self, jobs: int, *, keep_errors: bool) -> Options:
        """The same for the run.

        Raises:
            UsageError: an unknown architecture or configuration.
        """
        config = configuration.find(self.config)
        return Options(
            kernels=self.kernels,
            arches=tuple(arch_named(name) for name in self.arches),
            choice=Choice(config, self.channel, self.cpu or None, self.boot_args),
            observe=self.observe,
            allow_flaky=self.allow_flaky,
            jobs=jobs,
            keep_errors=keep_errors,
        )

    def to_toml(self) -> dict[str, Any]:
        """As folder.render_rerun takes them."""
        return asdict(self)


def from_toml(table: Mapping[str, Any], name: str) -> Settings:
    """The inverse of to_toml.

    Args:
        table: as read.
        name: the file's, for messages.

    Raises:
        UsageError: a setting that is unknown, or of a wrong type or value.
    """
    default = Settings()
    known = {field.name for field in fields(Settings)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise UsageError(
                f"{name}: [run] has no setting {key!r}: expected one of {sorted(known)}"
            )
        kept = tuple(value) if isinstance(value, list) else value
        mine = type(getattr(default, key))
        strings = not isinstance(kept, tuple) or all(isinstance(item, str) for item in kept)
        if type(kept) is not mine or not strings:
            raise UsageError(f"{name}: [run] {key}: found {value!r}")
        values[key] = kept
    settings = Settings(**values)
    if settings.channel not in CHANNELS or settings.observe not in ("each", "end"):
        raise UsageError(f"{name}: [run]: unknown channel or observe")
    return settings
