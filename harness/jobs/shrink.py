"""One program made as small as it can be while it shows the same difference."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from .. import language
from ..arch import arch_named
from ..check import Sign
from ..check.sign import other_sign
from ..conditions import boot_args_asked, requires_met
from ..environment import Environment
from ..errors import UsageError
from ..layout import compile_program
from ..progress import Progress
from ..trace import Trace
from ..verdict import NOTHING_CHECKED, Verdict
from .backend import Backend, Choice, Prepared
from .campaign.inquiry import Inquiry, Lab
from .campaign.values import Settled, Sighting
from .check import SUFFIX
from .judge import judge, read_trace
from .programs import read
from .settings import Settings

_GOOD = frozenset({Verdict.PASS, Verdict.SKIPPED})
Label = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it.

    Attributes:
        text: the smallest program; "" where it shows nothing any more.
        told: lines for people.
    """

    text: str
    told: tuple[str, ...] = ()
    exit_code: int = 0
    settled: Settled | None = field(default=None)


def smallest(path: Path, settings: Settings, backend: Backend, label: Label) -> Done:
    """Runs a program, or a trace's, again and makes it smaller.

    Args:
        path: a program or a trace; a trace says itself on which kernel it was recorded.
        settings: where a program is run: the first of these environments that shows something.
        label: gives the progress of one environment's build.

    Raises:
        UsageError: it cannot be read, or names an environment that is not known.
        HarnessError: no guest can be had.
    """
    wanted: Sign | None = None
    if path.suffix == SUFFIX:
        trace = read_trace(path)
        wanted = _sign_of(trace, str(path), backend)
        if wanted is None:
            return Done(
                "",
                (f"{path}: passes with today's model: there is nothing to show",),
                NOTHING_CHECKED,
            )
        text, name = trace.header.text, trace.header.program
        settings = _of(trace.header.environment, settings)
    else:
        source = read(path)
        text, name = source.text, source.name
    options = settings.options(1, keep_errors=False)
    backend.check_names(options.kernels, options.arches, options.choice.config)
    program = compile_program(language.parse(text, name))
    asked = tuple(arg for one in program.requires for arg in boot_args_asked(one))
    places = [(kernel, arch) for kernel in options.kernels for arch in options.arches]
    told = []
    for kernel, arch in places:
        with label(f"{kernel} {arch.name}") as progress:
            choice = _with(options.choice, asked)
            prepared = backend.prepare(kernel, arch, choice, progress)
            if not all(requires_met(one, prepared.environment) for one in program.requires):
                told.append(f"{prepared.environment.id}: requires: is false here")
                continue
            progress.step("making it smaller")
            found = _one(text, name, wanted, prepared, backend, settings)
        if found is not None:
            return found
        told.append(f"{prepared.environment.id}: it shows nothing (any more)")
    return Done("", tuple(told), NOTHING_CHECKED)


def _with(choice: Choice, boot_args: Sequence[str]) -> Choice:
    more = tuple(arg for arg in dict.fromkeys(boot_args) if arg not in choice.boot_args)
    return replace(choice, boot_args=choice.boot_args + more)


def _sign_of(trace: Trace, path: str, backend: Backend) -> Sign | None:
    compiled = compile_program(language.parse(trace.header.text, trace.header.program))
    result = judge(trace, path, lambda one: backend.check(one, compiled))
    if result.verdict in _GOOD:
        return None
    text = str((result.detail or {}).get("text", ""))
    return result.sign or other_sign(result.verdict, text)


def _of(environment: Environment, settings: Settings) -> Settings:
    """The settings of a trace's environment.

    Raises:
        UsageError: it is of a kernel of the user's own, and nobody says where that is.
    """
    if environment.own and settings.kernels == Settings().kernels:
        raise UsageError(
            f"the trace is of a kernel of your own ({environment.own}): name it again with -k"
        )
    kernels = settings.kernels if environment.own else (environment.kernel,)
    arch_named(environment.arch)
    return settings.but(
        kernels=list(kernels),
        arches=[environment.arch],
        config=environment.config.split("+"),
        boot_args=list(environment.boot_args),
    )


def _one(
    text: str,
    name: str,
    wanted: Sign | None,
    prepared: Prepared,
    backend: Backend,
    settings: Settings,
) -> Done | None:
    """In one environment; None where it does not show there."""
    with tempfile.TemporaryDirectory(prefix="pagelab-") as scratch:
        lab = Lab(prepared, backend, lambda: Path(scratch) / "console.log", settings.observe)
        if wanted is None:
            first = lab.last([language.parse(text, name)], exact=True)
            if first is None or first.result.verdict in _GOOD or first.result.sign is None:
                return None
            wanted = first.result.sign
        sighting = Sighting(0, 0, wanted, text, {})
        settled = Inquiry(sighting, lab, name).settle()
    if not settled.repeats:
        return None
    what = (
        f"{settled.verdict.value}  {settled.sign.cause}  ({settled.environment}): "
        f"{settled.operations} operations"
    )
    return Done(settled.text, (what, str(settled.detail.get("text") or "")), 0, settled)
