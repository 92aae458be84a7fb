"""``provena-mcp ask …``: one command for each kind of question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from provena_mcp.cli.ask.completion import complete_item, complete_run, complete_run_or_study
from provena_mcp.cli.ask.dispatch import answer, upper
from provena_mcp.cli.ask.options import Agents, All, AsJson, Cursor, Datasets, Depth, Item, Sample, Types
from provena_mcp.cli.ask.registry_commands import add_registry_commands
from provena_mcp.cli.examples import examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from provena_mcp.rules.graph import Direction

ask_app = typer.Typer(
    help="Ask Provena from the terminal, as an assistant would ask it.\n\n"
    "Items go by their id or by their name. Exit codes: 0 answered; 1 the answer is no: nothing found, "
    "no path, not repeatable, not the same; 2 wrong command or settings; 3 a login or role is missing; "
    "4 the deployment failed; 130 interrupted.",
    epilog=examples(
        "provena-mcp ask upstream sample/1000117 --sample  what led to an item of the sample world",
        "provena-mcp ask impact 'Currents ssp245' --sample  by name, where one item has it",
        "provena-mcp ask search currents --json | jq -r '.items\\[].id'  the tool's JSON, for a pipe",
        "provena-mcp --install-completion  ids and names on the Tab key",
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
)


def _lineage_command(direction: Direction) -> Callable[..., None]:
    def ask(
        item: Item,
        depth: Depth = None,
        datasets: Datasets = False,
        agents: Agents = False,
        types: Types = None,
        everything: All = False,
        cursor: Cursor = None,
        as_json: AsJson = False,
        sample: Sample = False,
    ) -> None:
        from provena_mcp.cli.ask.questions import lineage_question

        if datasets and agents:
            raise typer.BadParameter("choose one.", param_hint="--datasets, --agents")
        rows = "datasets" if datasets else "agents" if agents else "items"
        only = [typed for word in types or () if (typed := upper(word))]
        question = lineage_question(direction, item, rows, depth, only, cursor, everything=everything)
        answer(question, as_json=as_json, sample=sample)

    return ask


ask_app.command(
    "upstream",
    help="What led to an item. Exits with 1 if nothing did.",
    epilog=examples(
        "provena-mcp ask upstream 10378.1/1900010  what led to it, as a tree",
        "provena-mcp ask upstream 10378.1/1900010 --datasets --depth 20  the datasets that fed it",
        "provena-mcp ask upstream 10378.1/1900010 --agents  whom to credit",
    ),
)(_lineage_command("upstream"))
ask_app.command(
    "downstream",
    help="What came of an item. Exits with 1 if nothing did.",
    epilog=examples(
        "provena-mcp ask downstream 10378.1/1900002  what came of it, as a tree",
        "provena-mcp ask downstream 10378.1/1900002 --type MODEL_RUN  only the runs",
    ),
)(_lineage_command("downstream"))


@ask_app.command(
    epilog=examples("provena-mcp ask path 10378.1/1900010 10378.1/1900002  one path, and how many")
)
def path(
    item: Item,
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help="The other item.", autocompletion=complete_item)
    ],
    max_hops: Annotated[int | None, typer.Option(min=1, max=100, help="Longest path, else 20.")] = None,
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """How two items are related. Exits with 1 if neither came from the other."""
    from provena_mcp.cli.ask.questions import path_question

    answer(path_question(item, other, max_hops), as_json=as_json, sample=sample)


@ask_app.command(
    epilog=examples("provena-mcp ask impact 10378.1/1900002 --contacts  whom to write to if it is wrong")
)
def impact(
    item: Item,
    depth: Depth = None,
    contacts: Annotated[bool, typer.Option("--contacts", help="E-mail addresses of people.")] = False,
    all_versions: Annotated[
        bool, typer.Option("--all-versions", help="Start from every version of it.")
    ] = False,
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """What and who is touched if an item is wrong."""
    from provena_mcp.cli.ask.questions import impact_question

    answer(
        impact_question(item, depth, contacts=contacts, all_versions=all_versions),
        as_json=as_json,
        sample=sample,
    )


@ask_app.command(
    epilog=examples("provena-mcp ask compare 10378.1/1900010 10378.1/1900020  a column for each run")
)
def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN RUN...", help="Two to five.", autocompletion=complete_run)
    ],
    lineage: Annotated[
        bool, typer.Option("--lineage", help="All that led to them, not only what they state.")
    ] = False,
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """Where model runs differ. Exits with 1 if they do."""
    from provena_mcp.cli.ask.questions import comparison_question

    answer(comparison_question(runs, lineage=lineage), as_json=as_json, sample=sample)


@ask_app.command(epilog=examples("provena-mcp ask audit 10378.1/1900011  of a study: of all its runs"))
def audit(
    item: Annotated[
        str,
        typer.Argument(metavar="RUN|STUDY", help="Id or name.", autocompletion=complete_run_or_study),
    ],
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """Whether a run or study can be repeated, and is current. Exits with 1 if it cannot be repeated."""
    from provena_mcp.cli.ask.questions import audit_question

    answer(audit_question(item), as_json=as_json, sample=sample)


add_registry_commands(ask_app)
