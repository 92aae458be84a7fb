"""The commands that know files again: ``identify`` and ``check``."""

from __future__ import annotations

from typing import Annotated

import typer

from provena_mcp.cli.ask.options import AsJson, Sample
from provena_mcp.cli.examples import examples
from provena_mcp.cli.panels import RECORD
from provena_mcp.cli.record_command import Allow


def add_known_file_commands(app: typer.Typer) -> None:
    """Add ``identify`` and ``check``."""
    app.command(
        "identify",
        rich_help_panel=RECORD,
        epilog=examples(
            "provena-mcp identify flow.nc  which run made it, in which dataset it is, who uses it",
            "provena-mcp identify --json *.nc  one JSON a line",
        ),
    )(_identify)
    app.command(
        "check",
        rich_help_panel=RECORD,
        epilog=examples(
            "provena-mcp check forcing/*.nc  before a run",
            "provena-mcp check --capture 20261128T084820605Z-model-py-22734b  after it",
            "provena-mcp check --allow unreleased rain.csv  what does not count as a problem",
        ),
    )(_check)


def _identify(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Paths, or SHA-256s.")],
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """Say what files are: which runs made or used them, registered or captured.

    Exits with 1 if one is not known. Captures are looked through without a login too: where the registry
    cannot be asked, the answer says so.
    """
    from provena_mcp.cli.ask.dispatch import answer_all
    from provena_mcp.cli.known_files import identify_question

    answer_all([identify_question(file) for file in files], as_json=as_json, sample=sample)


def _check(
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE...", help="Paths, or SHA-256s.")] = None,
    capture: Annotated[
        str | None, typer.Option("--capture", metavar="NAME", help="The inputs of this capture.")
    ] = None,
    allow: Allow = None,
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """Say whether inputs are fit to be used: known, unchanged, current, released, unrestricted.

    Exits with 0 if all are; 1 if one is not; 2 for a wrong command, 3 without a login, 4 if the deployment
    failed: a job that goes on only after 0 never runs on what could not be checked.
    """
    from provena_mcp.cli.ask.dispatch import answer
    from provena_mcp.cli.known_files import check_question

    if bool(files) == (capture is not None):
        raise typer.BadParameter("give either files or --capture.", param_hint="FILE")
    answer(check_question(files or (), capture, allow or ()), as_json=as_json, sample=sample)
