"""A picture as one still SVG for papers and slides: light, without what is folded away."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import Final

from provena_mcp.lineage.picture.layout import Arrangement, arrange, heights
from provena_mcp.lineage.picture.scene import (
    NEWER_VERSION,
    Picture,
    PictureItem,
    PictureLink,
    folded_types,
)
from provena_mcp.lineage.picture.shapes import HEIGHT, PALETTE, PLAIN, TYPES, WIDTH

_COLUMN: Final = 290
_GAP: Final = 12.0
_LANE: Final = 10.0
_MARGIN: Final = 24
_TOP: Final = 84
_LEGEND: Final = 40
_NAME_UNITS: Final = 25
_LINE_UNITS: Final = 31
# By how many lines a name takes.
_BASELINES: Final = {1: (26,), 2: (18, 33)}
_DETAIL_BASELINE: Final = {1: 44, 2: 51}
_FONT: Final = "font-family='Helvetica, Arial, sans-serif'"
_STYLE: Final = (
    ".edge{fill:none;stroke:#8a949c;stroke-width:1.3}.cycle{stroke:#b3261e;stroke-dasharray:6 4}"
    ".newer{stroke-dasharray:2 4}.small{font-size:10.5px;fill:#59636b}.head{font-size:11.5px;fill:#59636b}"
)


def figure(picture: Picture) -> str:
    """The SVG of a picture: boxes in columns, links, a legend, and what is not complete."""
    folded = folded_types(picture.subject)
    items = [item for item in picture.items if item.type not in folded or item.id in picture.starts]
    number = {item.id: place for place, item in enumerate(items)}
    links = [
        (link, number[picture.items[link.source].id], number[picture.items[link.target].id])
        for link in picture.links
        if picture.items[link.source].id in number and picture.items[link.target].id in number
    ]
    columns = sorted({item.column for item in items})
    place = {column: position for position, column in enumerate(columns)}
    arrangement = arrange(
        [place[item.column] for item in items], [(source, target) for _, source, target in links]
    )
    size = {
        slot: float(HEIGHT) if slot < len(items) else _LANE for slots in arrangement.columns for slot in slots
    }
    middle = heights(arrangement, size, _GAP)
    return "\n".join(_Drawing(picture, items, arrangement, middle).svg(links))


class _Drawing:
    """An arranged picture on its way to SVG."""

    def __init__(
        self,
        picture: Picture,
        items: Sequence[PictureItem],
        arrangement: Arrangement,
        middle: dict[int, float],
    ) -> None:
        self._picture = picture
        self._items = items
        self._arrangement = arrangement
        self._middle = middle
        self._column_of = {slot: column for slot, (column, _) in arrangement.place.items()}

    def svg(self, links: Sequence[tuple[PictureLink, int, int]]) -> Iterator[str]:
        width = max(len(self._arrangement.columns), 1) * _COLUMN - (_COLUMN - WIDTH) + 2 * _MARGIN
        height = int(max(self._middle.values(), default=0) + HEIGHT / 2) + _TOP + _LEGEND + _MARGIN
        title = escape(self._picture.title)
        yield (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' "
            f"height='{height}' role='img' aria-label='{escape(self._picture.title, quote=True)}' {_FONT} "
            "font-size='12.5'>"
        )
        yield f"<title>{title}</title><style>{_STYLE}</style>"
        yield (
            "<defs><marker id='to' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='7' markerHeight='7' "
            "orient='auto-start-reverse'><path d='M0 0 L10 5 L0 10 z' fill='#8a949c'/></marker></defs>"
        )
        yield f"<rect width='{width}' height='{height}' fill='#ffffff'/>"
        yield f"<text x='{_MARGIN}' y='26' font-size='16' font-weight='600'>{title}</text>"
        because = self._picture.incomplete_because
        if because:
            yield f"<text x='{_MARGIN}' y='44' class='small'>{escape(f'Not complete: {because}')}</text>"
        yield from self._headings()
        for number, (link, source, target) in enumerate(links):
            kind = "edge cycle" if link.is_cycle else "edge"
            kind += " newer" if link.relation == NEWER_VERSION else ""
            yield f"<path class='{kind}' d='{self._route(number, source, target)}' marker-end='url(#to)'/>"
        for place, item in enumerate(self._items):
            yield from self._box(place, item)
        yield from self._legend(height - _MARGIN)
        yield "</svg>"

    def _headings(self) -> Iterator[str]:
        shown = sorted({item.column for item in self._items})
        for place, column in enumerate(shown):
            heading = self._picture.columns[column] if column < len(self._picture.columns) else ""
            x = _MARGIN + place * _COLUMN + WIDTH / 2
            yield f"<text class='head' x='{x}' y='{_TOP - 14}' text-anchor='middle'>{escape(heading)}</text>"

    def _at(self, slot: int) -> tuple[float, float]:
        """The left middle of a slot."""
        return _MARGIN + self._column_of[slot] * _COLUMN, _TOP + self._middle[slot]

    def _route(self, link: int, source: int, target: int) -> str:
        (x0, y0), (x1, y1) = self._at(source), self._at(target)
        if x0 == x1:
            bend = x0 + WIDTH + 34
            return f"M{x0 + WIDTH} {y0:.1f} C{bend} {y0:.1f} {bend} {y1:.1f} {x1 + WIDTH} {y1:.1f}"
        right = x0 < x1
        points = [(x0 + WIDTH if right else x0, y0)]
        for lane in self._arrangement.lanes.get(link, ()):
            x, y = self._at(lane)
            points.extend([(x, y), (x + WIDTH, y)] if right else [(x + WIDTH, y), (x, y)])
        points.append((x1 if right else x1 + WIDTH, y1))
        steps = (
            f"C{(a + b) / 2} {y:.1f} {(a + b) / 2} {z:.1f} {b} {z:.1f}" for (a, y), (b, z) in pairwise(points)
        )
        return f"M{points[0][0]} {y0:.1f} {' '.join(steps)}"

    def _box(self, place: int, item: PictureItem) -> Iterator[str]:
        look = TYPES.get(item.type, PLAIN)
        x, y = self._at(place)
        tone, is_start = PALETTE[look.tone], item.id in self._picture.starts
        name = f"{item.count} {look.plural}" if item.count > 1 else item.name or item.id
        facts = [part for part in (item.version, item.date, item.id) if part]
        detail = "not drawn one by one" if item.count > 1 else _as_many(facts, _LINE_UNITS)
        lines = in_two(name, _NAME_UNITS)
        yield f"<g transform='translate({x},{y - HEIGHT / 2:.1f})'>"
        yield (
            f"<path d='{look.path}' fill='{tone}' fill-opacity='.13' stroke='{tone}' "
            f"stroke-width='{3.5 if is_start else 1.5}'/>"
        )
        for baseline, line in zip(_BASELINES[len(lines)], lines, strict=True):
            yield f"<text x='18' y='{baseline}'>{escape(line)}</text>"
        yield f"<text x='18' y='{_DETAIL_BASELINE[len(lines)]}' class='small'>{escape(detail)}</text></g>"

    def _legend(self, y: int) -> Iterator[str]:
        x = _MARGIN
        for name in dict.fromkeys(TYPES.get(item.type, PLAIN).label for item in self._items):
            look = next((look for look in TYPES.values() if look.label == name), PLAIN)
            yield (
                f"<path d='{look.path}' transform='translate({x},{y - 12}) scale(.12,.23)' fill='none' "
                f"stroke='{PALETTE[look.tone]}' stroke-width='1.5' vector-effect='non-scaling-stroke'/>"
            )
            yield f"<text x='{x + 30}' y='{y}' class='small'>{escape(name)}</text>"
            x += 44 + 7 * len(name)
        yield f"<text x='{x}' y='{y}' class='small'>Arrows point from an item to what it depends on.</text>"


def in_two(text: str, units: int) -> list[str]:
    """A text in at most two lines of ``units``, broken between words where that is possible."""
    fits = _fits(text, units)
    if fits == len(text):
        return [text]
    gap = text.rfind(" ", 0, fits + 1)
    end = gap if gap > fits // 3 else fits
    return [text[:end], fitting(text[end:].lstrip(), units)]


def fitting(text: str, units: int) -> str:
    """As much of a text as fits into ``units``: a Latin letter is one, a wide character two."""
    fits = _fits(text, units)
    return text if fits == len(text) else text[:fits].rstrip() + "…"


def _fits(text: str, units: int) -> int:
    """How many characters of a text fit."""
    used = 0
    for place, character in enumerate(text):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > units:
            return place
    return len(text)


def _as_many(parts: Sequence[str], units: int) -> str:
    """As many of the parts as fit whole, at least the first; nothing of none."""
    if not parts:
        return ""
    lines = [" · ".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((line for line in lines if len(line) <= units), fitting(lines[-1], units))
