"""What an impact answer holds."""

from __future__ import annotations

from pydantic import Field

from provena_mcp.queries.answers.common import NamedItem, NextCalls, Unreadable
from provena_mcp.queries.items.briefs.models import Brief


class AffectedItem(Brief):
    """An affected item."""

    id: str
    name: str | None = None
    version: str | None = Field(default=None, description="Where another one has its name.")
    hop: int
    runs: int | None = Field(default=None, description="Of a dataset: runs on the way.")
    via: str | None = Field(default=None, description="Id of the item it came through, if not the start.")
    made_by: tuple[str, ...] | None = Field(default=None, description="Affected runs, if several made it.")
    unaffected_makers: tuple[str, ...] | None = Field(
        default=None, description="Runs that made it too and are not affected: it may hold their result."
    )
    no_run: bool | None = Field(default=None, description="No recorded run made it.")
    release: str | None = Field(default=None, description="RELEASED or PENDING.")
    type: str | None = None


class TouchedAgent(Brief):
    """A person or organisation."""

    id: str
    name: str | None = None
    hop: int = Field(description="Of the nearest item that names it; 0 is the start.")
    roles: dict[str, int] = Field(description="What it did, for how many of the items.")
    email: str | None = None


class TouchedStudy(Brief):
    """A study."""

    id: str
    name: str | None = None
    hop: int
    runs: int = Field(description="Its affected runs.")


class AffectedItems(Brief):
    """Everything touched; released datasets first, otherwise nearest first."""

    datasets: tuple[AffectedItem, ...]
    runs: tuple[AffectedItem, ...]
    people: tuple[TouchedAgent, ...]
    organisations: tuple[TouchedAgent, ...]
    studies: tuple[TouchedStudy, ...]
    other: tuple[AffectedItem, ...] | None = Field(default=None, description="Templates and models.")


class ImpactTotals(Brief):
    """Counts of all that is touched, whatever is shown here."""

    datasets: int
    runs: int
    people: int
    organisations: int
    studies: int
    other: int | None = None
    released: int
    pending: int | None = None
    release_unread: int | None = Field(default=None, description="Datasets whose release was not read.")
    by_hop: dict[str, int] = Field(description="Datasets and runs by hops from the start.")
    direct_runs: int = Field(description="Runs that used the item itself: all, though lineage goes on.")
    makers_unread: int | None = Field(
        default=None, description="Affected datasets whose other makers were not read."
    )


class ReplacingVersion(Brief):
    """A newer version."""

    id: str
    name: str | None = None
    of: str | None = Field(default=None, description="What it replaces, if not the item itself.")
    number: int | None = None
    created: str | None = None
    reason: str | None = None
    no_run: bool | None = Field(default=None, description="No recorded run made it.")


class AnalyseImpactResult(Brief):
    """What and who is touched if an item is wrong."""

    answer: str
    item: NamedItem
    depth: int
    complete: bool
    incomplete_because: str | None = None
    totals: ImpactTotals
    affected: AffectedItems
    shown: dict[str, int] | None = Field(default=None, description="Rows shown of lists that were cut.")
    replaced_by: tuple[ReplacingVersion, ...] | None = Field(
        default=None, description="Newer versions of the item and of what is affected; not counted above."
    )
    started_from: tuple[NamedItem, ...] | None = Field(default=None, description="All versions of the item.")
    remade_by: tuple[str, ...] | None = Field(
        default=None, description="Affected runs that made the item again: a cycle."
    )
    followed: dict[str, int] = Field(description="Links along which being wrong passes on.")
    not_followed: dict[str, int] | None = Field(
        default=None, description="Links left alone: no effect passes."
    )
    unreadable: tuple[Unreadable, ...] | None = None
    diagram_uri: str | None = None
    next: NextCalls = None
