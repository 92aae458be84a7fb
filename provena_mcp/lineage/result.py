"""What a lineage tool answers: first what is true of the whole lineage, then as many rows as fit."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, SkipValidation, WithJsonSchema

from provena_mcp.lineage.lineage import Origin
from provena_mcp.next_call import NextCall
from provena_mcp.rules.graph import Direction

# Clients check every result against its schema, and we made the rows ourselves: looking at each of a
# thousand numbers again would take longer than answering. So schemas end at tables of rows and counts; what
# these hold stands in the descriptions.

_OBJECT: Final = WithJsonSchema({"type": "object"})
_LIST: Final = WithJsonSchema({"type": "array"})

# ref, id, and the name where it is known.
Row = tuple[int, str] | tuple[int, str, str]

# A ref, or several that share their targets, and the targets.
Adjacency = tuple[int | tuple[int, ...], ...]

Counts = Annotated[dict[str, int], _OBJECT]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Start(_Part):
    """Where the question started; ref 0 in ``links``."""

    id: str
    type: str
    name: str | None = None


class Depth(_Part):
    """Hops followed."""

    asked: int
    reached: int = Field(description="Hops to the farthest item found.")


class Totals(_Part):
    """Counts of the whole answer, whatever is shown here."""

    nodes: int = Field(description="Items, the start included.")
    links: int
    answer: int | None = Field(None, description="Items asked for.")
    by_type: Counts
    by_hop: Counts = Field(description="Items by hops from the start.")
    direct: Counts | None = Field(
        None, description="Items one link away by type: all of them, though the lineage goes on."
    )


class Ends(_Part):
    """Items at an end of the lineage: how many, and the refs of the first, datasets before others."""

    count: int
    refs: tuple[int, ...]


class Cycles(_Part):
    """Groups of items that each depend on all the others of the group, so their order is ambiguous."""

    count: int
    refs: tuple[tuple[int, ...], ...] = Field(description="The first items of the first groups.")


class AnswerItem(_Part):
    """An item that was asked for."""

    ref: int
    id: str
    name: str | None = None
    type: str | None = Field(None, description="PERSON or ORGANISATION.")
    hop: int = Field(description="Hops from the start.")
    runs: int | None = Field(None, description="Model runs on the way.")
    via: str | None = Field(
        None, description="Id of the item it came through; absent where that is the start."
    )
    roles: dict[str, int] | None = Field(
        None, description="What it did, with the number of items here it did it for."
    )
    registered_only: bool | None = Field(
        None, description="It neither ran nor asked for anything here; such agents stand last."
    )


class Custodian(_Part):
    """Who answers for data, as the datasets' records say."""

    id: str
    name: str | None = None
    datasets: int
    first: tuple[str, ...] = Field(description="Ids of the nearest of them.")


class RunCredit(_Part):
    """Who did one run."""

    id: str
    name: str | None = None
    ran: str | None = Field(None, description="Id of the modeller.")
    asked_for_it: str | None = Field(None, description="Id of the organisation.")


class LineageResult(_Part):
    """A lineage: totals, ends and cycles of all of it, and one page of its rows and links."""

    start: Start
    direction: Direction
    note: str | None = Field(None, description="Said where nothing was found.")
    depth: Depth
    complete: bool = Field(description="False if the lineage goes on beyond what was followed.")
    incomplete_because: str | None = None
    totals: Totals
    roots: Ends = Field(description="Items that depend on nothing else here.")
    leaves: Ends = Field(description="Items that nothing else here depends on.")
    cycles: Cycles | None = None
    custodians: Annotated[tuple[Custodian, ...], _LIST] | None = Field(
        default=None,
        description="Who answers for the start and the datasets behind it, of the nearest first: id, name, "
        "how many datasets, the first of them.",
    )
    custodians_unread: int | None = Field(
        default=None, description="Datasets whose custodian could not be read."
    )
    by_run: Annotated[tuple[RunCredit, ...], _LIST] | None = Field(
        default=None, description="Runs, nearest first: id, name, ids of who ran it and who asked_for_it."
    )
    by_run_of: int | None = Field(default=None, description="Runs, if not all are shown.")
    answer: Annotated[tuple[AnswerItem, ...], _LIST] | None = Field(
        None,
        description="The items asked for, nearest first, the start left out: ref, id, name, type, hop, the "
        "model runs on the way, via which item it was reached, and of agents in which roles. Agents behind "
        "it who ran or asked for runs come first, those who registered_only items last.",
    )
    nodes: Annotated[dict[str, dict[str, tuple[Row, ...]]], SkipValidation, _OBJECT] = Field(
        description="All other items by hop, then type: rows of ref, id and name."
    )
    links: Annotated[dict[str, tuple[Adjacency, ...]], SkipValidation, _OBJECT] = Field(
        description="By relation: rows of a ref, or a list of refs, and the refs it, or each of them, "
        "depends on. A link is on the page of the later of its items."
    )
    several_makers: Annotated[dict[str, tuple[str, ...]], _OBJECT] | None = Field(
        None,
        description="Datasets of this page that several runs made: any of them may have made the content.",
    )
    no_run: Annotated[dict[Origin, tuple[int, ...]], _OBJECT] | None = Field(
        None,
        description="Refs of datasets of this page that no recorded run made, the start among them: "
        "registered, or a new_version.",
    )
    versions: Annotated[dict[str, str], _OBJECT] | None = Field(
        None, description="Of items of this page with equal names."
    )
    unreadable: Annotated[dict[str, tuple[str, ...]], _OBJECT] | None = Field(
        None, description="Ids whose name could not be read, by reason."
    )
    shown: int | None = Field(None, description="Items on this page, if not all are.")
    of: int | None = Field(None, description="Items on all pages, the start left out.")
    next: NextCall | None = None
    deeper: NextCall | None = Field(default=None, description="The call that looks farther.")
    graph_uri: str = Field(description="The whole graph as node-link JSON; open_document reads it.")
