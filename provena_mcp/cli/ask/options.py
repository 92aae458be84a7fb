"""Arguments and options that the questions share, and the words that complete them."""

from __future__ import annotations

from typing import Annotated

import typer

from provena_mcp.cli.ask.completion import complete_filter, complete_item, complete_study, complete_type

Item = Annotated[
    str, typer.Argument(metavar="ITEM", help="Its id or its name.", autocompletion=complete_item)
]
Depth = Annotated[int | None, typer.Option(min=1, max=100, help="Hops to follow.")]
Datasets = Annotated[bool, typer.Option("--datasets", help="Only the datasets, in a table.")]
Agents = Annotated[bool, typer.Option("--agents", help="Only people and organisations, with roles.")]
All = Annotated[bool, typer.Option("--all", help="In a table, with registrations and new versions.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Only these; repeatable.", autocompletion=complete_type),
]
Type = Annotated[
    str | None,
    typer.Option("--type", metavar="TYPE", help="E.g. DATASET, MODEL_RUN.", autocompletion=complete_type),
]
Owner = Annotated[str | None, typer.Option(help="Username, Person id, or me.")]
Study = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Its runs and what they made.", autocompletion=complete_study),
]
After = Annotated[str | None, typer.Option(metavar="DAY", help="Ends after it, YYYY-MM-DD.")]
Before = Annotated[str | None, typer.Option(metavar="DAY", help="Begins before it, YYYY-MM-DD.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="Any other filter of the tool, e.g. keyword=coral; repeatable.",
        autocompletion=complete_filter,
    ),
]
Cursor = Annotated[str | None, typer.Option(help="Go on where the page before said.")]
AsJson = Annotated[bool, typer.Option("--json", help="The tool's JSON on stdout.")]
Sample = Annotated[bool, typer.Option("--sample", help="Ask the shipped sample world.", is_eager=True)]
