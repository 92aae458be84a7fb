"""The commands that take lineages out; they are added to the typer application."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provena_mcp.cli.examples import examples

_Sample = Annotated[bool, typer.Option("--sample", help="Ask the shipped sample world.")]
_Force = Annotated[bool, typer.Option("--force", help="Replace an earlier export.")]


def add_export_commands(app: typer.Typer) -> None:
    """Add ``export-crate``, ``cite`` and ``dossier``."""
    app.command(
        "export-crate",
        epilog=examples(
            "provena-mcp export-crate 10378.1/1900010 -o run.zip  a run and what led to it, as one zip",
            "provena-mcp export-crate 10378.1/1900031 -o study --prov --report  a study, with both beside it",
            "provena-mcp export-crate sample/1000031 -o study --sample  of the sample world",
        ),
    )(_export_crate)


def _export_crate(
    item: Annotated[str, typer.Argument(metavar="ID", help="The handle of a run, study or dataset.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER|ZIP", help="A new folder, or a .zip file.")
    ],
    depth: Annotated[int, typer.Option(min=1, max=100, help="Hops upstream.")] = 10,
    prov: Annotated[bool, typer.Option("--prov", help="Each run as PROV-JSON beside it.")] = False,
    report: Annotated[bool, typer.Option("--report", help="The close-out report beside it.")] = False,
    force: _Force = False,
    sample: _Sample = False,
) -> None:
    """Write a lineage as an RO-Crate (Provenance Run Crate), for journals, repositories, workflow systems.

    It is there whole or not at all. What the registry holds and a crate has no place for is listed in its
    README.md.
    """
    from provena_mcp.cli.export import keep_crate, read_packed_crate
    from provena_mcp.cli.session import run
    from provena_mcp.settings import read_settings

    beside = ",".join(name for name, wanted in (("prov", prov), ("report", report)) if wanted)
    packed = run(read_packed_crate(read_settings(), item, depth, beside, sample=sample))
    files = keep_crate(packed, output, force=force)
    typer.echo(f"{output}: {files} files")
