"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import configuration
from .arch import ARCHES

Kernels = Annotated[
    list[str] | None,
    typer.Option(
        "-k",
        "--kernel",
        metavar="K",
        help="A known version (6.1); a source tree, an archive, a URL#sha256=, a built kernel.",
    ),
]
Arches = Annotated[
    list[str] | None,
    typer.Option(
        "-a",
        "--arch",
        metavar="A",
        help="x86_64 or arm64; both when not given.",
        autocompletion=lambda: list(ARCHES),
    ),
]
Config = Annotated[
    list[str] | None,
    typer.Option(
        "-c",
        "--config",
        metavar="C",
        help="debug, kasan, memcg, lru_gen, or a file of CONFIG_X=y lines; repeatable; else base.",
        autocompletion=configuration.names,
    ),
]
Cpu = Annotated[str | None, typer.Option("--cpu", metavar="MODEL", help="QEMU's CPU model.")]
BootArgs = Annotated[
    list[str] | None,
    typer.Option("--boot-arg", metavar="ARG", help="One more kernel parameter; repeatable."),
]
Jobs = Annotated[
    int | None,
    typer.Option("-j", "--jobs", metavar="N", min=1, help="Guests at once; one a CPU."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="The run folder, new or empty; runs/... ."),
]
Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Also write the results as JSON.")
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress, no table.")]
Verbose = Annotated[
    bool, typer.Option("-v", "--verbose", help="Every detail; tracebacks of our own faults.")
]
