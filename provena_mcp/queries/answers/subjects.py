"""Reads the item an answer is about, and says what to call instead when it is of another kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from provena_mcp.errors import ProvenaError, WrongSubtypeError
from provena_mcp.queries.items.fetch import Reader
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
        graph = await reader.client.prov.explore("upstream", dataset_id, 1)
    except ProvenaError:
        return ()
    return sorted(
        link.target
        for link in graph.links
        if link.source == dataset_id and graph.nodes[link.target].subtype == "MODEL_RUN"
    )[:_RUNS_NAMED]


def _noun(subtype: str) -> str:
    return next((noun for known, noun in NOUN.items() if known == subtype), "an item of another kind")
