"""Fetches registry items by id and describes them, in brief or in full."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import Field, JsonValue

from provena_mcp.errors import AccessError, ArgumentError, NotFoundError, ProvenaError
from provena_mcp.next_call import NextCall
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.briefs.description import describe
from provena_mcp.queries.items.briefs.models import AnyBrief, Brief, Included
from provena_mcp.queries.items.briefs.parts import DatasetOrigin, Known, references_of
from provena_mcp.queries.items.item_reader import NOTHING
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.neighbourhood import explore_whole
from provena_mcp.rules.budgets import NAME_LENGTH, size_of, take_within
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import clean, clean_object
from provena_mcp.wire.items import (
    DatasetItem,
    DatasetTemplateItem,
    JsonObject,
    ModelRunItem,
    RegistryItem,
    WorkflowTemplateItem,
)

MAX_IDS: Final = 50
_AGENT_LINKS: Final = frozenset({"wasAttributedTo"})

Detail = Literal["summary", "full"]


class FullItem(Brief):
    """An item's whole record, cleaned of control characters."""

    id: str
    type: str
    name: str
    record: JsonObject


class Unfetched(Brief):
    """An item that could not be fetched for a reason of the service."""

    id: str
    reason: str


class FetchItemsResult(Brief):
    """Items by id; those that are not there, not readable or failed are told apart."""

    items: tuple[AnyBrief | FullItem, ...] = Field(description="In the order asked for.")
    included: dict[str, Included] | None = Field(
        default=None, description="By id, what was asked for beside."
    )
    not_found: tuple[str, ...] = ()
    hint: str | None = Field(default=None, description="What may be meant by what was not found.")
    forbidden: tuple[str, ...] = ()
    failed: tuple[Unfetched, ...] = ()
    not_shown: tuple[str, ...] | None = Field(
        default=None, description="Read, but too much for one answer: next fetches these."
    )
    next: NextCall | None = None


@dataclass(frozen=True)
class Include:
    """What is read beside items: its ``parts`` by name, and how."""

    parts: tuple[str, ...]
    read: Callable[[Sequence[RegistryItem]], Awaitable[Mapping[str, Included]]]


async def fetch_items(
    reader: Reader, ids: Sequence[str], detail: Detail, max_tokens: int, include: Include | None = None
) -> FetchItemsResult:
    """Fetch up to 50 items at once, with what ``include`` reads beside them; one bad id fails no other.

    Raises:
        ArgumentError: No id, too many, or one that cannot be a handle.
    """
    wanted = list(dict.fromkeys(parse_handle(item_id, "ids") for item_id in ids))
    if not 1 <= len(wanted) <= MAX_IDS:
        raise ArgumentError(f"ids takes 1 to {MAX_IDS} handles, not {len(wanted)}.", parameter="ids")
    read = _by_outcome(await reader.items(NOTHING).read(wanted))
    found = read.found
    described = (
        [_in_full(item) for item in found] if detail == "full" else await describe_items(reader, found)
    )
    included: Mapping[str, Included] = await include.read(found) if include else {}

    def size(item: AnyBrief | FullItem) -> int:
        beside = included.get(item.id)
        return size_of(item) + (size_of(beside) if beside else 0)

    shown = len(take_within(described, max_tokens, size))
    left = tuple(item.id for item in described[shown:])
    return FetchItemsResult(
        items=tuple(described[:shown]),
        included={item.id: included[item.id] for item in described[:shown] if item.id in included} or None,
        not_found=tuple(read.not_found),
        forbidden=tuple(read.forbidden),
        failed=tuple(read.failed),
        not_shown=left or None,
        next=_next(left, detail, include.parts if include else ()) if left else None,
    )


@dataclass(frozen=True)
class _Read:
    """The outcomes of reading items, by kind."""

    found: list[RegistryItem] = field(default_factory=list[RegistryItem])
    not_found: list[str] = field(default_factory=list[str])
    forbidden: list[str] = field(default_factory=list[str])
    failed: list[Unfetched] = field(default_factory=list[Unfetched])


def _by_outcome(outcomes: Mapping[str, RegistryItem | ProvenaError]) -> _Read:
    read = _Read()
    for item_id, outcome in outcomes.items():
        if isinstance(outcome, RegistryItem):
            read.found.append(outcome)
        elif isinstance(outcome, NotFoundError):
            read.not_found.append(item_id)
        elif isinstance(outcome, AccessError):
            read.forbidden.append(item_id)
        else:
            read.failed.append(Unfetched(id=item_id, reason=outcome.message))
    return read


async def describe_items(reader: Reader, items: Sequence[RegistryItem]) -> list[AnyBrief]:
    """Describe items that were read already, with names for ids, the model of runs, the maker of datasets."""
    for item in items:
        reader.names.remember(reader.caller, item)
    origin_of = await _origins(reader, [item for item in items if isinstance(item, DatasetItem)])
    model_of = await _models(reader, [item for item in items if isinstance(item, ModelRunItem)])
    template_of = await _templates(reader, [item for item in items if isinstance(item, WorkflowTemplateItem)])
    mentioned: dict[str, str] = dict.fromkeys(model_of.values(), "MODEL")
    for item in items:
        mentioned |= references_of(item)
    for origin in origin_of.values():
        mentioned |= dict.fromkeys(origin.runs, "MODEL_RUN") | dict.fromkeys(origin.people, "PERSON")
    named = await reader.names.of(reader.caller, mentioned)
    known = Known(names=named.names, model_of=model_of, origin_of=origin_of, template_of=template_of)
    return [describe(item, known) for item in items]


async def _models(reader: Reader, runs: Sequence[ModelRunItem]) -> dict[str, str]:
    """The model of each workflow template the runs follow."""
    wanted = [run.record.workflow_template_id for run in runs]
    found = await reader.items(NOTHING).read_of_type(wanted, WorkflowTemplateItem)
    return {template: item.software_id for template, item in found.items()}


async def _templates(
    reader: Reader, workflows: Sequence[WorkflowTemplateItem]
) -> dict[str, DatasetTemplateItem]:
    """The dataset templates of workflow templates, as far as they can be read."""
    places = [place for item in workflows for place in (*item.input_templates, *item.output_templates)]
    return await reader.items(NOTHING).read_of_type(
        (place.template_id for place in places), DatasetTemplateItem
    )


async def _origins(reader: Reader, datasets: Sequence[DatasetItem]) -> dict[str, DatasetOrigin]:
    """What each dataset was generated by and whom it is attributed to: its own links in the graph."""

    async def origin(dataset: str) -> DatasetOrigin | None:
        try:
            graph = await explore_whole(reader.client.prov, "upstream", dataset, 1)
        except ProvenaError:
            return None
        own = [link for link in graph.links if link.source == dataset]
        return DatasetOrigin(
            runs=tuple(link.target for link in own if graph.nodes[link.target].subtype == "MODEL_RUN"),
            people=tuple(link.target for link in own if link.relation in _AGENT_LINKS),
        )

    ids = [dataset.id for dataset in datasets]
    found = zip(ids, await together(*map(origin, ids)), strict=True)
    return {dataset: made for dataset, made in found if made is not None}


def _next(ids: Sequence[str], detail: Detail, parts: Sequence[str]) -> NextCall:
    """The same call for what did not fit."""
    arguments: dict[str, JsonValue] = {"ids": [*ids]}
    if detail != "summary":
        arguments["detail"] = detail
    if parts:
        arguments["include"] = [*parts]
    return NextCall(tool="fetch_items", arguments=arguments)


def _in_full(item: RegistryItem) -> FullItem:
    return FullItem(
        id=item.id,
        type=item.item_subtype,
        name=clean(item.display_name or "", NAME_LENGTH),
        record=clean_object(item.as_json()),
    )
