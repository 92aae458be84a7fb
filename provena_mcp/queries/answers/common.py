"""What answers share: items by name and type, follow-up calls, and results cut to their budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar

from pydantic import Field, JsonValue

from provena_mcp.lineage.tokens import estimate_tokens
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.names import NamesFound
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.wire.subtypes import registry_subtype

ResultT = TypeVar("ResultT", bound=Brief)


class NamedItem(Brief):
    """An item with its name and type, where they are known."""

    id: str
    type: str | None = None
    name: str | None = None


class NextCall(Brief):
    """A call that follows from the answer, complete."""

    tool: str
    arguments: dict[str, JsonValue]
    why: str


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
    return {node: registry_subtype(kind.subtype) for node, kind in graph.nodes.items()}


def unreadable_of(named: NamesFound) -> tuple[Unreadable, ...] | None:
    """Items whose names could not be read, and why; none for none."""
    return tuple(Unreadable(id=item_id, reason=why) for item_id, why in named.unreadable.items()) or None


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: "1 run", "3 runs", "2 people"."""
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"


def first_that_fits(results: Iterable[ResultT], max_tokens: int) -> ResultT:
    """The first of ever smaller ``results`` that costs at most ``max_tokens``, else the smallest.

    Raises:
        ValueError: There is no result at all.
    """
    result = None
    for result in results:
        if estimate_tokens(result.model_dump_json(exclude_none=True)) <= max_tokens:
            return result
    if result is None:
        message = "there is no result to fit"
        raise ValueError(message)
    return result
