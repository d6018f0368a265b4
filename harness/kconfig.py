"""Kernel configurations: fragments that ask, and the .config that came out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import HarnessError

_SET = re.compile(r"(CONFIG_\w+)=(\S.*)")
_UNSET = re.compile(r"# (CONFIG_\w+) is not set")
OPTIONAL = "# optional"


@dataclass(frozen=True, slots=True)
class Request:
    """One line of a fragment.

    Attributes:
        option: "CONFIG_SMP".
        value: as in .config, quotes included; "n" for "is not set".
        optional: a kernel need not know the option (it may then be missing).
        line: from 1.
    """

    option: str
    value: str
    optional: bool = False
    line: int = 0

    def __str__(self) -> str:
        if self.value == "n":
            return f"# {self.option} is not set"
        return f"{self.option}={self.value}"


def parse_fragment(text: str, name: str = "fragment") -> tuple[Request, ...]:
    """What a fragment asks for.

    A line "CONFIG_X=value" or "# CONFIG_X is not set" is a request; one below
    a line "# optional" may be unknown to a kernel; all else is comment.

    Args:
        text: the fragment.
        name: what messages call it.

    Raises:
        HarnessError: a line that is none of these, or an option asked for twice.
    """
    requests: dict[str, Request] = {}
    optional = False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        request = _request(line, optional, number)
        if request is None and line and not line.startswith("#"):
            raise HarnessError(f"{name}:{number}: {line!r} is neither CONFIG_X=value nor a comment")
        if request and request.option in requests:
            earlier = requests[request.option].line
            raise HarnessError(f"{name}:{number}: {request.option} again, see line {earlier}")
        if request:
            requests[request.option] = request
        optional = line == OPTIONAL
    return tuple(requests.values())


def _request(line: str, optional: bool, number: int) -> Request | None:
    if match := _SET.fullmatch(line):
        return Request(match[1], match[2], optional, number)
    if match := _UNSET.fullmatch(line):
        return Request(match[1], "n", optional, number)
    return None


def parse_config(text: str) -> dict[str, str]:
    """A .config's options by name; "n" for those that are not set."""
    options = {}
    for line in text.splitlines():
        if match := _SET.fullmatch(line):
            options[match[1]] = match[2]
        elif match := _UNSET.fullmatch(line):
            options[match[1]] = "n"
    return options


def join(fragments: Iterable[Iterable[Request]]) -> tuple[Request, ...]:
    """Several fragments as one: of two requests for an option the later holds."""
    requests: dict[str, Request] = {}
    for fragment in fragments:
        for request in fragment:
            requests[request.option] = request
    return tuple(requests.values())


def render(requests: Iterable[Request]) -> str:
    """Requests as the end of a .config, which a kernel's own tools then complete."""
    return "".join(f"{request}\n" for request in requests)


def lost(requests: Iterable[Request], final: str) -> list[str]:
    """What was asked for and did not come out.

    An option missing from the final .config is not set; that is what was asked
    for by "is not set", and nothing lost where the request is optional.

    Args:
        requests: what the fragments ask for.
        final: the text of the .config after `make olddefconfig`.

    Returns:
        One text for each lost request: "CONFIG_X=y (came out as m)".
    """
    options = parse_config(final)
    losses = []
    for request in requests:
        came = options.get(request.option)
        if came == request.value or (came is None and (request.value == "n" or request.optional)):
            continue
        losses.append(f"{request} (came out as {came or 'nothing'})")
    return losses


_HEADER = re.compile(r"^# Linux/(\w+) \S+ Kernel Configuration", re.MULTILINE)


def architecture(config: str) -> str:
    """The architecture that a .config says it is for (a folder of arch/), "" if it says none."""
    match = _HEADER.search(config)
    return match[1] if match else ""


def overridden(requests: Iterable[Request], own: str) -> list[str]:
    """Which options of a user's own .config the fragments ask otherwise.

    Args:
        requests: what the fragments ask for.
        own: the text of that .config.

    Returns:
        One text for each: "CONFIG_X=y (it says m)".
    """
    options = parse_config(own)
    return [
        f"{request} (it says {options[request.option]})"
        for request in requests
        if options.get(request.option, request.value) != request.value
    ]


def without_modules(config: str) -> tuple[str, int]:
    """A .config with what would be modules left out, and how many those are."""
    text, count = re.subn(r"^(CONFIG_\w+)=m$", r"# \1 is not set", config, flags=re.MULTILINE)
    return text, count
