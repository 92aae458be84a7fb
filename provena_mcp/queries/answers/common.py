"""What answers share: items by name and type, follow-up calls, and results cut to their budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, TypeVar

from pydantic import Field

from provena_mcp.errors import ProvenaError, WrongSubtypeError
from provena_mcp.next_call import NextCall
from provena_mcp.queries.answers.makers import read_makers
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.names import NamesFound
from provena_mcp.queries.items.reader import Reader
from provena_mcp.rules.budgets import size_of
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.records.references import NOUN
from provena_mcp.wire.items import ModelRunItem, RegistryItem, StudyItem

_RUNS_NAMED: Final = 5
_ADVICE: Final = {
    "MODEL": "explore_downstream with depth 1 lists the runs of a model.",
    "MODEL_RUN_WORKFLOW_TEMPLATE": "explore_downstream with depth 1 lists the runs of a template.",
    "STUDY": "explore_downstream with depth 1 lists its runs; audit_reproducibility takes the study itself.",
    "PERSON": "explore_downstream with depth 1 lists the runs of a person.",
    "ORGANISATION": "explore_downstream with depth 1 lists the runs of an organisation.",
}


async def read_run(reader: Reader, run_id: str) -> ModelRunItem:
    """The model run with this id.

    Raises:
        NotFoundError: No item has this id.
        ForbiddenError: It may not be read.
        WrongSubtypeError: It is something else; the advice names the call for that.
    """
    item = await _read(reader, run_id)
    if isinstance(item, ModelRunItem):
        return item
    raise await _wrong_kind(reader, item, "a model run")


async def read_run_or_study(reader: Reader, item_id: str) -> ModelRunItem | StudyItem:
    """The model run or study with this id; errors as ``read_run``."""
    item = await _read(reader, item_id)
    if isinstance(item, ModelRunItem | StudyItem):
        return item
    raise await _wrong_kind(reader, item, "a model run or a study")


async def _read(reader: Reader, item_id: str) -> RegistryItem:
    item = await reader.client.registry.fetch(item_id)
    reader.names.remember(reader.caller, item)
    if item.is_seed:
        raise WrongSubtypeError(
            f"{item_id!r} is only a reserved id: there is nothing to look at yet.",
            advice="Use a completed item; list_items finds them.",
        )
    return item


async def _wrong_kind(reader: Reader, item: RegistryItem, wanted: str) -> WrongSubtypeError:
    return WrongSubtypeError(
        f"{item.id!r} is {_noun(item.item_subtype)}, not {wanted}.", advice=await _advice(reader, item)
    )


async def _advice(reader: Reader, item: RegistryItem) -> str:
    if item.item_subtype == "DATASET":
        makers = await _makers(reader, item.id)
        if makers:
            return f"It was made by {', '.join(makers)}: give that. find_lineage_path relates two datasets."
        return (
            "No recorded run made it. fetch_items shows datasets side by side, find_lineage_path relates two "
            "and analyse_impact says what depends on one."
        )
    return _ADVICE.get(item.item_subtype, "fetch_items shows what it is.")


async def _makers(reader: Reader, dataset_id: str) -> Sequence[str]:
    try:
        found = await read_makers(reader.client.prov, [dataset_id])
    except ProvenaError:
        return ()
    return found.get(dataset_id, ())[:_RUNS_NAMED]


def _noun(subtype: str) -> str:
    return next((noun for known, noun in NOUN.items() if known == subtype), "an item of another kind")


ResultT = TypeVar("ResultT", bound=Brief)


class NamedItem(Brief):
    """An item with its name and type, where they are known."""

    id: str
    type: str | None = None
    name: str | None = None


class Unreadable(Brief):
    """An item that could not be read."""

    id: str
    reason: str


NextCalls = Annotated[
    tuple[NextCall, ...] | None, Field(max_length=3, description="Calls that follow from this answer.")
]


def named_item(item_id: str, named: NamesFound, kinds: Mapping[str, str]) -> NamedItem:
    """An item by what ``named`` knows of it, its type otherwise from ``kinds`` (id -> registry subtype)."""
    known = named.named.get(item_id)
    return NamedItem(
        id=item_id,
        type=(known.subtype if known else kinds.get(item_id)) or None,
        name=(known.name or None) if known else None,
    )


def kinds_of(graph: ProvenanceGraph) -> dict[str, str]:
    """The registry subtype of each item of a graph; empty where it holds none."""
    columns = graph.columns
    word_of = {kind: kind.registry_subtype for kind in set(columns.kinds)}
    return dict(zip(columns.ids, map(word_of.__getitem__, columns.kinds), strict=True))


def unreadable_of(named: NamesFound) -> tuple[Unreadable, ...] | None:
    """Items whose names could not be read, and why; none for none."""
    return tuple(Unreadable(id=item_id, reason=why) for item_id, why in named.unreadable.items()) or None


def first_that_fits(results: Iterable[ResultT], max_tokens: int) -> ResultT:
    """The first of ever smaller ``results`` that costs at most ``max_tokens``, else the smallest.

    Raises:
        ValueError: There is no result at all.
    """
    result = None
    for result in results:
        if size_of(result) <= max_tokens:
            return result
    if result is None:
        message = "there is no result to fit"
        raise ValueError(message)
    return result
