"""What `fuzz` and `shrink` take."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from . import fuzzing, output
from .jobs.settings import Settings
from .options import Arches, BootArgs, Config, Cpu, Json, Kernels, Quiet, Verbose


def fuzz(
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Programs follow from it; random if not given.")
    ] = None,
    time: Annotated[
        float | None, typer.Option("--time", metavar="S", help="Seconds that it goes on.")
    ] = None,
    programs: Annotated[
        int | None, typer.Option(metavar="N", help="So many programs, instead of --time.")
    ] = None,
    kernel: Kernels = None,
    arch: Arches = None,
    config: Config = None,
    jobs: Annotated[
        int | None,
        typer.Option("-j", "--jobs", metavar="N", min=1, help="Workers at once; one a CPU."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Go on with the campaign of this folder.")
    ] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(metavar="PATH", help="Begin with what other campaigns kept; repeatable."),
    ] = None,
    json: Json = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="The campaign's folder; runs/fuzz-... ."),
    ] = None,
    cpu: Cpu = None,
    boot_arg: BootArgs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Make programs from a seed, check them on real kernels, and shrink what differs."""
    chosen = {
        "kernels": kernel,
        "arches": arch,
        "config": config,
        "cpu": cpu,
        "boot_args": boot_arg,
    }
    files = output.Files(json)
    files.check()
    return fuzzing.fuzz(
        fuzzing.Wanted(seed, time, programs, resume, out, tuple(corpus or ())),
        Settings().but(**chosen),
        chosen=any(value is not None for value in chosen.values()),
        jobs=jobs or os.cpu_count() or 1,
        files=files,
        quiet=quiet,
        verbose=verbose,
    )


def shrink(
    path: Annotated[Path, typer.Argument(metavar="PROGRAM|TRACE", help="What shows a difference.")],
    kernel: Kernels = None,
    arch: Arches = None,
    config: Config = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it there, not to the screen."),
    ] = None,
    cpu: Cpu = None,
    boot_arg: BootArgs = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Find the smallest program that still shows it."""
    settings = Settings().but(
        kernels=kernel, arches=arch, config=config, cpu=cpu, boot_args=boot_arg
    )
    return fuzzing.shrink(path, settings, out=out, quiet=quiet, verbose=verbose)


def add(app: typer.Typer) -> None:
    """Makes commands of them."""
    app.command(epilog="Example: pagelab fuzz --seed 7 --time 600 -a x86_64")(fuzz)
    app.command(epilog="Example: pagelab shrink runs/20261121-101500-1a2b/traces/p.trace")(shrink)
