"""The commands that take lineages out; they are added to the typer application."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provena_mcp.cli.ask.options import Sample
from provena_mcp.cli.examples import examples
from provena_mcp.cli.panels import TAKE_OUT
from provena_mcp.queries.documents.kinds import CitationFormat

_Force = Annotated[bool, typer.Option("--force", help="Replace an earlier export.")]


def add_export_commands(app: typer.Typer) -> None:
    """Add ``export-crate``, ``cite`` and ``dossier``."""
    app.command(
        "export-crate",
        rich_help_panel=TAKE_OUT,
        epilog=examples(
            "provena-mcp export-crate 10378.1/1900010 -o run.zip  a run and what led to it, as one zip",
            "provena-mcp export-crate 10378.1/1900031 -o study --prov --report  a study, with both beside it",
            "provena-mcp export-crate sample/1000031 -o study --sample  of the sample world",
        ),
    )(_export_crate)
    app.command(
        "cite",
        rich_help_panel=TAKE_OUT,
        epilog=examples(
            "provena-mcp cite 10378.1/1900010  whom and what to cite, and whom to credit, in words",
            "provena-mcp cite 10378.1/1900010 -f cff > CITATION.cff  for a repository",
            "provena-mcp cite 10378.1/1900010 -f bibtex >> paper.bib  for a paper",
        ),
    )(_cite)
    app.command(
        "dossier",
        rich_help_panel=TAKE_OUT,
        epilog=examples(
            "provena-mcp dossier 10378.1/1900031 -o review  a folder with a page that lists what is in it",
            "provena-mcp dossier sample/1000031 -o review.zip --sample  of the sample world, as one zip",
        ),
    )(_dossier)


def _export_crate(
    item: Annotated[str, typer.Argument(metavar="ID", help="The handle of a run, study or dataset.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER|ZIP", help="A new folder, or a .zip file.")
    ],
    depth: Annotated[int, typer.Option(min=1, max=100, help="Hops upstream.")] = 10,
    prov: Annotated[bool, typer.Option("--prov", help="Each run as PROV-JSON beside it.")] = False,
    report: Annotated[bool, typer.Option("--report", help="The close-out report beside it.")] = False,
    force: _Force = False,
    sample: Sample = False,
) -> None:
    """Write a lineage as an RO-Crate (Provenance Run Crate), for journals, repositories, workflow systems.

    It is there whole or not at all. What the registry holds and a crate has no place for is listed in its
    README.md.
    """
    from provena_mcp.cli.export import keep_packed, read_packed_crate
    from provena_mcp.cli.session import run
    from provena_mcp.rules.text import plural
    from provena_mcp.settings import read_settings

    beside = ",".join(name for name, wanted in (("prov", prov), ("report", report)) if wanted)
    packed = run(read_packed_crate(read_settings(), item, depth, beside, sample=sample))
    files = keep_packed(packed, output, force=force)
    typer.echo(f"{output}: {plural(files, 'file')}")


def _cite(
    item: Annotated[str, typer.Argument(metavar="ID", help="The handle of a run, study or dataset.")],
    format: Annotated[
        CitationFormat, typer.Option("-f", "--format", help="cff is CITATION.cff; credits is in words.")
    ] = "credits",
    sample: Sample = False,
) -> None:
    """Say whom and what to cite for a result, over its whole lineage."""
    from provena_mcp.cli.export import read_export
    from provena_mcp.cli.session import run
    from provena_mcp.rules.handles import citation_uri, parse_handle
    from provena_mcp.settings import read_settings

    uri = citation_uri(format, parse_handle(item))
    typer.echo(run(read_export(read_settings(), uri, sample=sample)).decode(), nl=False)


def _dossier(
    item: Annotated[str, typer.Argument(metavar="ID", help="The handle of a study or run.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER|ZIP", help="A new folder, or a .zip file.")
    ],
    force: _Force = False,
    sample: Sample = False,
) -> None:
    """Put together what a reviewer opens without this software.

    Crate, report, pictures, citations, audit and tables, with a page that lists them and says what is not
    there and why. It is there whole or not at all.
    """
    from provena_mcp.cli.export import keep_packed, read_export
    from provena_mcp.cli.session import run
    from provena_mcp.rules.handles import dossier_uri, parse_handle
    from provena_mcp.rules.text import plural
    from provena_mcp.settings import read_settings

    packed = run(read_export(read_settings(), dossier_uri(parse_handle(item)), sample=sample))
    files = keep_packed(packed, output, force=force)
    typer.echo(f"{output}: {plural(files, 'file')}")
