"""What each command takes; what it does is in jobs/, how it is shown in report/."""

from __future__ import annotations

import enum
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from . import __version__, comparing, fuzzing_commands, output
from .errors import UsageError
from .jobs import folder as folders
from .jobs.probe import Asked
from .jobs.programs import Source, find, read
from .jobs.settings import Settings, from_toml
from .options import Arches, BootArgs, Config, Cpu, Jobs, Json, Kernels, Out, Quiet, Verbose

PROGRAM = "pagelab"
COMPLETION = "_PAGELAB_COMPLETE"

app = typer.Typer(
    name=PROGRAM,
    help="Runs memory-management operations on real Linux kernels and checks each against a model.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class ChannelName(enum.StrEnum):
    """How frames travel."""

    VIRTIO = "virtio"
    SERIAL = "serial"
    SSH = "ssh"


class Observe(enum.StrEnum):
    """When a snapshot is taken."""

    EACH = "each"
    END = "end"


def invoke(argv: Sequence[str]) -> int:
    """Parses a command line and does what it says.

    Raises:
        UsageError: it says nothing that can be done.
        PagelabError: what the command raises.
    """
    command = typer.main.get_command(app)
    if COMPLETION in os.environ:  # a shell asks what could come next
        command.main(args=list(argv), prog_name=PROGRAM)
    try:
        # Not command.main(): it turns Ctrl-C and closed pipes into exit codes of its own.
        with command.make_context(PROGRAM, list(argv)) as context:
            code = command.invoke(context)
    except typer.Exit as request:
        return request.exit_code
    except typer.TyperException as error:
        at = getattr(error, "ctx", None)
        path = at.command_path if at else PROGRAM
        message = error.format_message().rstrip(".").replace("Value error, ", "")
        raise UsageError(f"{message} (see: {path} --help)") from None
    return code if isinstance(code, int) else 0


def _version(wanted: bool) -> None:
    if wanted:
        output.emit(f"{PROGRAM} {__version__}\n")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Say which pagelab this is."
        ),
    ] = False,
) -> None:
    """Takes what stands before a command."""


# ---- the machine ---------------------------------------------------------------


@app.command(epilog="Example: pagelab doctor")
def doctor(quiet: Quiet = False, verbose: Verbose = False) -> int:
    """Say what this machine has, what it lacks and how to get it, and whether KVM boots."""
    return output.doctor(quiet=quiet, verbose=verbose)


kernels_app = typer.Typer()
app.add_typer(kernels_app, name="kernels")


@kernels_app.callback(invoke_without_command=True, epilog="Example: pagelab kernels --prune")
def kernels(
    context: typer.Context,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what no build uses, and unfinished builds.")
    ] = False,
    archives: Annotated[
        bool, typer.Option("--archives", help="With --prune: old point releases' sources too.")
    ] = False,
    look: Annotated[
        bool, typer.Option("--look", help="Ask Debian's mirror for newer point releases.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Fetch them: a line's name then means the newest.")
    ] = False,
    kernel: Annotated[
        list[str] | None,
        typer.Option("-k", "--kernel", metavar="K", help="Look for newer ones of this line alone."),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """List the known kernels, which builds of them are cached, and their size."""
    if context.invoked_subcommand is not None:
        return 0
    if archives and not prune:
        raise UsageError("--archives goes with --prune: it says what else to remove")
    if kernel and not (look or update):
        raise UsageError("-k goes with --look or --update: it says which line's newer ones")
    upkeep = output.Upkeep(look, update, prune, archives, tuple(kernel or ()))
    return output.kernels(upkeep, quiet=quiet, verbose=verbose)


@kernels_app.command(epilog="Example: pagelab kernels probe -k 6.1 --nearest 5.10")
def probe(
    kernel: Kernels = None,
    arch: Arches = None,
    config: Config = None,
    nearest: Annotated[
        str | None,
        typer.Option(metavar="LINE", help="Start from this version line's flags; the nearest's."),
    ] = None,
    accept_probed: Annotated[
        bool,
        typer.Option(
            "--accept-probed", help="Take a set of flags that no known release has, as it is."
        ),
    ] = False,
    jobs: Jobs = None,
    json: Json = None,
    out: Out = None,
    cpu: Cpu = None,
    boot_arg: BootArgs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Find out by running programs which flags a kernel has, and how it differs from releases."""
    settings = Settings().but(
        kernels=kernel, arches=arch, config=config, cpu=cpu, boot_args=boot_arg
    )
    files = output.Files(json)
    files.check()
    return output.probe(
        settings,
        Asked(nearest, accept_probed),
        jobs=jobs or os.cpu_count() or 1,
        out=out,
        files=files,
        quiet=quiet,
        verbose=verbose,
    )


@app.command(epilog="Example: pagelab build -a arm64 -c debug")
def build(
    kernel: Kernels = None,
    arch: Arches = None,
    config: Config = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Build kernel, module and image into the cache."""
    settings = Settings().but(kernels=kernel, arches=arch, config=config)
    return output.build(settings, quiet=quiet, verbose=verbose)


# ---- run -----------------------------------------------------------------------


@app.command(epilog="Example: pagelab run programs/gup -a arm64 --json results.json")
def run(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Programs (.mm), folders of them, or a rerun.toml."),
    ],
    kernel: Kernels = None,
    arch: Arches = None,
    config: Config = None,
    jobs: Jobs = None,
    channel: Annotated[
        ChannelName | None, typer.Option(help="How frames travel; virtio when not given.")
    ] = None,
    observe: Annotated[
        Observe | None,
        typer.Option(help="A snapshot after each operation, or one at the end; each."),
    ] = None,
    allow_flaky: Annotated[
        bool | None,
        typer.Option("--allow-flaky", help="A difference that does not repeat is no failure."),
    ] = None,
    json: Json = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML.")
    ] = None,
    ktap: Annotated[
        Path | None, typer.Option("--ktap", metavar="FILE", help="Also write KTAP.")
    ] = None,
    out: Out = None,
    cpu: Cpu = None,
    boot_arg: BootArgs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Run programs on real kernels and check every operation."""
    sources, settings = _programs(paths)
    settings = settings.but(
        kernels=kernel,
        arches=arch,
        config=config,
        channel=channel and channel.value,
        observe=observe and observe.value,
        allow_flaky=allow_flaky,
        cpu=cpu,
        boot_args=boot_arg,
    )
    files = output.Files(json, junit, ktap)
    files.check()
    return output.run(
        settings,
        sources,
        jobs=jobs or os.cpu_count() or 1,
        out=out,
        files=files,
        quiet=quiet,
        verbose=verbose,
    )


def _programs(paths: Sequence[Path]) -> tuple[list[Source], Settings]:
    """The programs, all compiled, and the settings that come with them."""
    if any(path.suffix == ".toml" for path in paths):
        if len(paths) > 1:
            raise UsageError("a rerun.toml is run alone: it names its programs itself")
        rerun = folders.read_rerun(paths[0])
        return list(rerun.sources), from_toml(rerun.settings, str(paths[0]))
    return [read(path) for path in find(paths)], Settings()


# ---- check ---------------------------------------------------------------------


@app.command(epilog="Example: pagelab check runs/20261121-101500-1a2b/traces")
def check(
    traces: Annotated[
        list[Path], typer.Argument(metavar="TRACE", help="Traces, or folders of them.")
    ],
    json: Json = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Check traces against the model: the oracle alone, no QEMU needed."""
    files = output.Files(json)
    files.check()
    return output.check(traces, files, quiet=quiet, verbose=verbose)


# ---- claims --------------------------------------------------------------------


@app.command(epilog="Example: pagelab claims -a x86_64 --html claims.html")
def claims(
    kernel: Kernels = None,
    arch: Arches = None,
    config: Config = None,
    jobs: Jobs = None,
    json: Json = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html", metavar="FILE", help="Also write a page: each sentence, each claim."
        ),
    ] = None,
    out: Out = None,
    cpu: Cpu = None,
    boot_arg: BootArgs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show which claims of the kernel's documentation hold, and whether that is as expected."""
    settings = Settings().but(
        kernels=kernel, arches=arch, config=config, cpu=cpu, boot_args=boot_arg
    )
    files = output.Files(json, html=html)
    files.check()
    return output.claims(
        settings,
        jobs=jobs or os.cpu_count() or 1,
        out=out,
        files=files,
        quiet=quiet,
        verbose=verbose,
    )


# ---- compare -------------------------------------------------------------------


@app.command(
    epilog="Example: pagelab compare -k 5.10 -k 6.12 programs/mprotect --html differs.html"
)
def compare(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH", help="Programs (.mm) or folders of them; or traces, which are not run."
        ),
    ],
    kernel: Kernels = None,
    arch: Arches = None,
    config: Config = None,
    jobs: Jobs = None,
    json: Json = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Also write a page: each cause, each line."),
    ] = None,
    out: Out = None,
    cpu: Cpu = None,
    boot_arg: BootArgs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Show what differs between kernels or architectures, operation by operation, and why."""
    settings = Settings().but(
        kernels=kernel, arches=arch, config=config, cpu=cpu, boot_args=boot_arg
    )
    files = output.Files(json, html=html)
    files.check()
    return comparing.compare(
        settings,
        paths,
        jobs=jobs or os.cpu_count() or 1,
        out=out,
        files=files,
        quiet=quiet,
        verbose=verbose,
    )


fuzzing_commands.add(app)
