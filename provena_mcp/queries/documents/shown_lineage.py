"""Describes a picture in words, for hosts that cannot show it, and says where it can be seen."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from provena_mcp.lineage.picture.scene import Picture
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.rules.handles import figure_uri, picture_uri

_NEAREST = 20


class DrawnItem(Brief):
    """An item in the picture; ``column`` counts from the start."""

    id: str
    type: str
    name: str | None = None
    column: int


class ShowLineageResult(Brief):
    """A lineage, path or impact as a picture: what it holds, and where the page and the figure are."""

    title: str
    items: int = Field(description="All, drawn one by one or not.")
    links: int
    by_type: dict[str, int]
    complete: bool
    incomplete_because: str | None = None
    not_drawn: dict[str, int] | None = Field(default=None, description="Counted in groups only, by type.")
    nearest: tuple[DrawnItem, ...]
    picture_uri: str = Field(description="The page, HTML.")
    figure_uri: str = Field(description="One still SVG, for papers.")
    saved_to: str | None = None
    download_url: str | None = None


def describe_picture(
    picture: Picture, query: str, depth: int, to: str | None, saved_to: str | None
) -> ShowLineageResult:
    """The words for a picture of ``query`` from its first start."""
    start = picture.starts[0]
    by_type: Counter[str] = Counter()
    for item in picture.items:
        by_type[item.type] += item.count
    drawn = sorted(
        (item for item in picture.items if item.count == 1), key=lambda item: (item.column, item.rank)
    )
    return ShowLineageResult(
        title=picture.title,
        items=by_type.total(),
        links=sum(link.count for link in picture.links if not link.is_derived),
        by_type=dict(by_type),
        complete=picture.incomplete_because is None,
        incomplete_because=picture.incomplete_because,
        not_drawn=dict(picture.hidden) or None,
        nearest=tuple(
            DrawnItem(id=item.id, type=item.type, name=item.name, column=item.column)
            for item in drawn[:_NEAREST]
        ),
        picture_uri=picture_uri(query, start, depth, to=to),
        figure_uri=figure_uri(query, start, depth, to=to),
        saved_to=saved_to,
    )
