"""``draft``: from a recorded run to its registration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provena_mcp.cli.ask.options import AsJson, Sample
from provena_mcp.cli.examples import examples
from provena_mcp.cli.panels import RECORD


def add_draft_command(app: typer.Typer) -> None:
    """Add ``draft``."""
    app.command(
        "draft",
        rich_help_panel=RECORD,
        epilog=examples(
            "provena-mcp draft  the last capture, as it could be registered",
            "provena-mcp draft --answers answers.json --register  with what it asked for, after a yes",
            "provena-mcp draft --sample  a capture that comes with the sample world",
            "provena-mcp draft galaxy-run.zip events.jsonl  what others recorded",
        ),
    )(_draft)


def _draft(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            help="Captures by name, or last; RO-Crates, OpenLineage events and PROV-JSON by path.",
        ),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option("--answers", metavar="FILE", help="JSON with answers to its questions."),
    ] = None,
    steps: Annotated[
        bool, typer.Option("--steps", help="Each step of a workflow, instead of the whole.")
    ] = False,
    register: Annotated[bool, typer.Option("--register", help="Register it, after asking.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --register: do not ask.")] = False,
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """Propose registrations of recorded runs: template, datasets, people, and what has to be asked.

    Exits with 1 where something has to be answered before they can be registered.
    """
    from provena_mcp.cli.draft import DraftOptions, draft

    draft(DraftOptions(sources or (), answers, steps, register, yes, as_json, sample))
