"""What the demo asks of the sample world, and how each answer is shown.

The ids are the shipped world's (``embedded/sample/README.md``); every answer is read from the
result's structured content, as an assistant would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from provena_mcp.commands.drafts.results import DraftModelRunsResult
from provena_mcp.lineage.result import LineageResult
from provena_mcp.queries.items.briefs.models import DatasetBrief, DatasetInRole, Ref, RunBrief
from provena_mcp.queries.items.search import SearchItemsResult
from provena_mcp.wire.items import JsonObject

RANKING: Final = "sample/1000117"
FORCING: Final = "sample/1000039"
OLD_BATHYMETRY: Final = "sample/1000013"
LAGOONFLOW: Final = "sample/1000006"
RERUN: Final = "20250707T020000000Z-moore-reef-rerun-5e1f0a"
# Deep enough for the whole sample: its longest lineage is deeper than one query of a deployment goes.
_ALL_THE_WAY: Final = 20


@dataclass(frozen=True)
class DemoCall:
    """One tool call."""

    tool: str
    arguments: JsonObject


@dataclass(frozen=True)
class DemoQuestion:
    """A question as a person asks it, the call that answers it, and how to show the answer.

    ``then`` makes a second call out of the first answer; ``render`` gets the last one.
    """

    asks: str
    call: DemoCall
    render: Callable[[JsonObject], RenderableType]
    then: Callable[[JsonObject], DemoCall] | None = None


def _table(*columns: str, rows: list[tuple[str, ...]]) -> Table:
    table = Table(
        *columns,
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
        show_header=bool(columns),
    )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _reach(result: LineageResult) -> Text:
    """How far the answer looked, and whether that was everything."""
    end = "that is all of it" if result.complete else "it goes on from there"
    totals = result.totals
    hops = f"{result.depth.reached} hop" + "s" * (result.depth.reached != 1)
    followed = f"{totals.nodes} items and {totals.links} links within {hops}"
    return Text(f"Looked at {followed}; {end}.", style="dim")


def _name(ref: Ref | DatasetInRole | None) -> str:
    return "-" if ref is None else (ref.name or ref.id)


def _show_found(answer: JsonObject) -> RenderableType:
    found = SearchItemsResult.model_validate(answer)
    rows = [(row.name, row.about or "", row.id) for row in found.items]
    return _table("dataset", "about", "id", rows=rows)


def _show_datasets(answer: JsonObject) -> RenderableType:
    result = LineageResult.model_validate(answer)
    rows = [(str(item.hop), item.name or "-", item.id) for item in result.answer or ()]
    return Group(_table("hops", "dataset", "id", rows=rows), _reach(result))


def _show_agents(answer: JsonObject) -> RenderableType:
    result = LineageResult.model_validate(answer)
    rows = [
        (item.name or item.id, ", ".join(f"{role} {count}x" for role, count in (item.roles or {}).items()))
        for item in result.answer or ()
    ]
    return Group(_table("who", "how", rows=rows), _reach(result))


def _maker_of(answer: JsonObject) -> DemoCall:
    (item,) = _items(answer)
    dataset = DatasetBrief.model_validate(item)
    return DemoCall("fetch_items", {"ids": [run.id for run in dataset.made_by or ()]})


def _show_run(answer: JsonObject) -> RenderableType:
    (item,) = _items(answer)
    run = RunBrief.model_validate(item)
    rows = [
        ("run", f"{run.name} ({run.id})"),
        ("model", f"{_name(run.model)} {run.model_version or '(version not stated)'}"),
        ("by", f"{_name(run.modeller)} for {_name(run.organisation)}"),
        ("study", _name(run.study)),
        ("when", f"{(run.started or '')[:10]} to {(run.ended or '')[:10]}"),
        *(("used", _name(dataset)) for dataset in run.inputs),
        *((key, value) for key, value in (run.annotations or {}).items()),
    ]
    return _table(rows=rows)


def _runs_of(answer: JsonObject) -> DemoCall:
    result = LineageResult.model_validate(answer)
    runs = [row[1] for kinds in result.nodes.values() for row in kinds.get("MODEL_RUN", ())]
    return DemoCall("fetch_items", {"ids": list(runs)})


def _show_versions(answer: JsonObject) -> RenderableType:
    runs_of: dict[str, list[RunBrief]] = defaultdict(list)
    for item in _items(answer):
        run = RunBrief.model_validate(item)
        runs_of[run.model_version or "not stated"].append(run)
    rows = [
        (version, str(len(runs)), max(run.ended or "" for run in runs)[:10], runs[-1].name)
        for version, runs in sorted(runs_of.items())
    ]
    return _table("version", "runs", "last used", "for example", rows=rows)


def _show_rows(answer: JsonObject) -> RenderableType:
    result = LineageResult.model_validate(answer)
    rows = [
        (row[2] if len(row) > 2 else "-", row[1])
        for kinds in result.nodes.values()
        for row in kinds.get("MODEL_RUN", ())
    ]
    return Group(_table("run", "id", rows=rows), _reach(result))


def _show_draft(answer: JsonObject) -> RenderableType:
    drafted = DraftModelRunsResult.model_validate(answer)
    run = drafted.runs[0]
    rows = [
        ("template", _name(run.run.template) if run.run else "-"),
        *((each.side, f"{each.file}, known by: {each.known_by}") for each in run.files or ()),
        *(("to create", each.name) for each in drafted.to_create or ()),
        *(("to ask", each.ask) for each in drafted.questions or ()),
    ]
    return _table(rows=rows)


def _items(answer: JsonObject) -> list[JsonObject]:
    items = answer["items"]
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


QUESTIONS: Final = (
    DemoQuestion(
        "Is there sea surface temperature data for Heron Reef?",
        DemoCall(
            "search_items",
            {"query": "sea surface temperature Heron Reef", "subtype": "DATASET", "limit": 5},
        ),
        _show_found,
    ),
    DemoQuestion(
        "How were the restoration priorities with sea country values made?",
        DemoCall("fetch_items", {"ids": [RANKING]}),
        _show_run,
        then=_maker_of,
    ),
    DemoQuestion(
        "Which datasets fed that ranking?",
        DemoCall("get_contributing_datasets", {"starting_id": RANKING, "depth": _ALL_THE_WAY}),
        _show_datasets,
    ),
    DemoQuestion(
        "Whom should we credit for it?",
        DemoCall("get_contributing_agents", {"starting_id": RANKING, "depth": _ALL_THE_WAY}),
        _show_agents,
    ),
    DemoQuestion(
        "The 2016-2019 forcing turns out to be wrong. Which datasets are affected?",
        DemoCall("get_effected_datasets", {"starting_id": FORCING, "depth": _ALL_THE_WAY}),
        _show_datasets,
    ),
    DemoQuestion(
        "And who has to know?",
        DemoCall("get_effected_agents", {"starting_id": FORCING, "depth": _ALL_THE_WAY}),
        _show_agents,
    ),
    DemoQuestion(
        "Which runs still used the bathymetry of 2019, since replaced?",
        DemoCall(
            "explore_downstream", {"starting_id": OLD_BATHYMETRY, "depth": 1, "subtypes": ["MODEL_RUN"]}
        ),
        _show_rows,
    ),
    DemoQuestion(
        "Which versions of LagoonFlow have been used?",
        DemoCall("explore_downstream", {"starting_id": LAGOONFLOW, "depth": 1, "subtypes": ["MODEL_RUN"]}),
        _show_versions,
        then=_runs_of,
    ),
    DemoQuestion(
        "I have just rerun Moore Reef and recorded it. What does its registration need?",
        DemoCall("draft_model_runs", {"capture": RERUN}),
        _show_draft,
    ),
)
