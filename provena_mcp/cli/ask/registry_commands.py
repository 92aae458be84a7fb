"""``provena-mcp ask item|search|list``."""

from __future__ import annotations

from typing import Annotated

import typer

from provena_mcp.cli.ask.completion import complete_group, complete_item, complete_order
from provena_mcp.cli.ask.dispatch import answer, upper
from provena_mcp.cli.ask.options import After, AsJson, Before, Cursor, Owner, Sample, Study, Type, Where
from provena_mcp.cli.examples import examples


def add_registry_commands(app: typer.Typer) -> None:
    """Add the commands that find and read items."""
    app.command(
        epilog=examples(
            "provena-mcp ask item 10378.1/1900010  all that matters of it, with names",
            "provena-mcp ask item 10378.1/1900010 --with versions --with lineage_counts  and more",
        )
    )(item)
    app.command(
        epilog=examples(
            "provena-mcp ask search heron reef temperature  words of a name or topic",
            "provena-mcp ask search coral --type DATASET --after 2020-01-01 --where licence='CC BY 4.0'",
        )
    )(search)
    app.command(
        "list",
        epilog=examples(
            "provena-mcp ask list --type MODEL_RUN --where modeller=me  your runs",
            "provena-mcp ask list --type MODEL_RUN --group-by month  how many, counted",
        ),
    )(list_items)


def item(
    items: Annotated[
        list[str], typer.Argument(metavar="ITEM...", help="Ids or names.", autocompletion=complete_item)
    ],
    full: Annotated[bool, typer.Option("--full", help="The whole record.")] = False,
    beside: Annotated[
        list[str] | None,
        typer.Option(
            "--with", metavar="PART", help="lineage_counts, versions, history or access; repeatable."
        ),
    ] = None,
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """What items are. Exits with 1 if one does not exist."""
    from provena_mcp.cli.ask.questions import items_question

    answer(items_question(items, beside, full=full), as_json=as_json, sample=sample)


def search(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="Of a name or topic.")],
    kind: Type = None,
    owner: Owner = None,
    study: Study = None,
    after: After = None,
    before: Before = None,
    where: Where = None,
    limit: Annotated[int | None, typer.Option(min=1, max=50, help="Items, else 10.")] = None,
    cursor: Cursor = None,
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """Find items by words. Exits with 1 if there are none."""
    from provena_mcp.cli.ask.questions import search_question

    filters = _filters(where, subtype=upper(kind), owner=owner, study_id=study, after=after, before=before)
    question = search_question(" ".join(words), {**filters, "limit": limit, "cursor": cursor})
    answer(question, as_json=as_json, sample=sample)


def list_items(
    kind: Type = None,
    owner: Owner = None,
    study: Study = None,
    after: After = None,
    before: Before = None,
    where: Where = None,
    group_by: Annotated[
        str | None, typer.Option(metavar="WHAT", help="Count in groups.", autocompletion=complete_group)
    ] = None,
    sort_by: Annotated[
        str | None,
        typer.Option(metavar="WHAT", help="updated, created or name.", autocompletion=complete_order),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, max=100, help="Items, else 20.")] = None,
    cursor: Cursor = None,
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """List items page by page, or count them. Exits with 1 if there are none."""
    from provena_mcp.cli.ask.questions import list_question

    filters = _filters(where, subtype=upper(kind), owner=owner, study_id=study, after=after, before=before)
    page = {"group_by": group_by, "sort_by": sort_by, "limit": limit, "cursor": cursor}
    answer(list_question({**filters, **page}), as_json=as_json, sample=sample)


def _filters(where: list[str] | None, **named: str | None) -> dict[str, str | None]:
    """The filters by the names of the tool's arguments."""
    for condition in where or ():
        name, equals, value = condition.partition("=")
        if not equals or not name.strip():
            raise typer.BadParameter(f"{condition!r} is not NAME=VALUE.", param_hint="--where")
        named[name.strip()] = value
    return named
