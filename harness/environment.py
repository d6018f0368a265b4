"""An environment: everything that a result depends on besides the program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_CPU = {"x86_64": "Nehalem", "arm64": "cortex-a57"}
HUGE_POOL = 4  # huge pages that a guest keeps for hugetlb (hugepages=)
# What programs may ask of a kernel's configuration (`requires: option == SECRETMEM`).
OPTIONS = ("ARM64_CONTPTE", "EXT2_FS", "HAVE_ARCH_USERFAULTFD_WP", "SECRETMEM")
CONFIG_MARK = "+"  # between the parts of a configuration's name: "memcg+lru_gen"
# Whence the flags are by which a kernel is judged: its version line's; the nearest line's, of a
# kernel that nobody has met; or the same with what probing has told put over them.
KNOWN, ASSUMED, PROBED = "known", "assumed", "probed"


@dataclass(frozen=True, slots=True)
class Environment:
    """kernel x architecture x configuration x CPU model x boot parameters.

    Attributes:
        kernel: full version, "6.1.192".
        arch: "x86_64" or "arm64".
        config: configuration's name, "base" or "memcg+lru_gen".
        options: which of OPTIONS its final .config has.
        cpu: QEMU's -cpu.
        boot_args: parameters beyond the default ones.
        accel: "tcg" or "kvm".
        qemu: QEMU's version.
        argv: QEMU's arguments.
        compiler: first line of the compiler's --version.
        source_digest: SHA-256 of the kernel's source: the archive's, or what a user's own tree has.
        config_digest: SHA-256 of the final .config.
        boot_seconds: spawn to hello.
        snapshot: key of the snapshot that the guest was restored from, "" for a boot.
        own: where a user's own kernel comes from, as it was named; "" for one of Debian's.
        nearest: the version line whose semantics the model starts from, where it does not know
            the kernel's own; "" where it does.
        facts: what the guest said of itself in its hello (abi.Hello's fields
            task_size, zero_pfn, table_span, gup_capacity, features).
        learnt: flags that probing has told, by name, also those that are as in that line.
    """

    kernel: str
    arch: str
    config: str = "base"
    cpu: str = ""
    boot_args: tuple[str, ...] = ()
    accel: str = "tcg"
    qemu: str = ""
    argv: tuple[str, ...] = ()
    compiler: str = ""
    source_digest: str = ""
    config_digest: str = ""
    boot_seconds: float = 0.0
    snapshot: str = ""
    own: str = ""
    nearest: str = ""
    facts: Mapping[str, int] = field(default_factory=dict)
    learnt: Mapping[str, int | str] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Unique name: a CPU model or boot parameters other than the default are appended.

        A user's own kernel has the beginning of its source's digest in it.
        """
        parts = [self.kernel, self.arch, self.config]
        if self.own:
            parts.append(f"own-{self.source_digest[:8]}" if self.source_digest else "own")
        if self.cpu and self.cpu != DEFAULT_CPU.get(self.arch):
            parts.append(self.cpu)
        parts.extend(self.boot_args)
        return "-".join(parts)

    @property
    def line(self) -> str:
        """The kernel's version line: "6.1" of "6.1.192"."""
        return line_of(self.kernel)

    @property
    def judged_as(self) -> str:
        """The version line whose flags it has, or starts from."""
        return self.nearest or self.line

    @property
    def semantics(self) -> str:
        """KNOWN, ASSUMED or PROBED."""
        if self.learnt:
            return PROBED
        return ASSUMED if self.own or self.nearest else KNOWN

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the id first, as results and traces carry it."""
        # Not asdict(): it copies every value, and each trace has this in its header.
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        told = {"facts": dict(self.facts), "learnt": dict(self.learnt)}
        return {"id": self.id, "semantics": self.semantics} | fields | told

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Environment:
        """The inverse of to_json; unknown keys (a later version's) are ignored.

        Raises:
            ValueError: a value of another type than to_json writes.
            TypeError: kernel or architecture is missing.
        """
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        for name, found in known.items():
            if not _is_proper(name, found):
                raise ValueError(f"an environment's {name} cannot be {found!r:.40}")
        known["boot_args"] = tuple(known.get("boot_args", ()))
        known["argv"] = tuple(known.get("argv", ()))
        known["options"] = tuple(known.get("options", ()))
        return cls(**known)


def _is_proper(name: str, value: object) -> bool:
    """Whether an attribute of an environment may have this JSON value."""
    if name in ("boot_args", "argv", "options"):
        return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    if name == "facts":
        return isinstance(value, Mapping) and all(type(item) is int for item in value.values())
    if name == "learnt":
        return isinstance(value, Mapping) and all(
            isinstance(item, int | str) for item in value.values()
        )
    if name == "boot_seconds":
        return type(value) in (int, float)
    return isinstance(value, str)


_MINORS = 20  # a major number has had twenty minor ones since 3.0


def line_of(version: str) -> str:
    """The version line of a kernel: "6.1" of "6.1.192"."""
    return ".".join(version.split(".")[:2])


def nearest_line(line: str, known: Iterable[str]) -> str:
    """Of some version lines the one that is the fewest releases away; of two the older one.

    Args:
        line: "6.5".
        known: "6.1", "6.12", ...
    """
    place = _place(line)
    return min(known, key=lambda one: (abs(_place(one) - place), _place(one)))


def _place(line: str) -> int:
    """How many releases there were before."""
    major, minor = line.split(".")
    return int(major) * _MINORS + int(minor)
