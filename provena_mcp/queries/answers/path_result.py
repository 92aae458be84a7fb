"""What the answer to "how are they related?" holds."""

from __future__ import annotations

from pydantic import Field

from provena_mcp.queries.answers.common import NamedItem, NextCalls, Unreadable
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.rules.graph import Direction


class Shared(NamedItem):
    """An item that both lead to, or that leads to both."""

    hops_from: int
    hops_to: int


class Legs(Brief):
    """How from_item and to_item each lead to where they meet."""

    meet_at: str
    from_path: tuple[str, ...] = Field(description="Ids, from from_item to meet_at.")
    to_path: tuple[str, ...] = Field(description="Ids, from to_item to meet_at.")
    chain: str = Field(description="From from_item over meet_at to to_item, in names and relations.")


class SharedItems(Brief):
    """What two items have in common on one side."""

    count: int = Field(description="Datasets and runs.")
    nearest: tuple[Shared, ...] = Field(description="Of those, nearest to both first.")
    besides: dict[str, int] | None = Field(
        default=None, description="By type, what is no data: people, studies, recipes, registrations."
    )
    others: tuple[Shared, ...] | None = Field(default=None, description="The nearest of besides.")
    legs: Legs | None = Field(default=None, description="Shortest ways to the nearest, of data if any.")


class OtherDirection(Brief):
    """Paths the other way round, which exist only on a cycle."""

    direction: Direction
    length: int
    count: int
    path: tuple[str, ...]


class WaysRow(Brief):
    """Ways that pass as many runs."""

    runs: int
    count: int
    path: tuple[str, ...] | None = Field(default=None, description="Ids of the first, if not in paths.")


class FindLineagePathResult(Brief):
    """How two items are related."""

    found: bool
    answer: str
    from_item: NamedItem
    to_item: NamedItem
    direction: Direction | None = Field(default=None, description="Where to_item lies, seen from from_item.")
    length: int | None = Field(default=None, description="Hops of the shortest paths.")
    count: int | None = Field(default=None, description="How many shortest paths there are.")
    paths: tuple[tuple[str, ...], ...] | None = Field(
        default=None, description="Ids; the first of all shortest."
    )
    chains: tuple[str, ...] | None = Field(default=None, description="The same paths in names and relations.")
    ways: tuple[WaysRow, ...] | None = Field(
        default=None,
        description="All ways that pass nothing twice, longer ones too, by the number of runs on them.",
    )
    ways_within: int | None = Field(default=None, description="Hops up to which ways were counted.")
    other_direction: OtherDirection | None = None
    common_ancestors: SharedItems | None = Field(default=None, description="What both came from.")
    common_descendants: SharedItems | None = Field(default=None, description="What came of both.")
    searched_hops: int = Field(description="Paths up to this length would have been found.")
    incomplete_because: str | None = None
    unreadable: tuple[Unreadable, ...] | None = None
    diagram_uri: str | None = None
    next: NextCalls = None
