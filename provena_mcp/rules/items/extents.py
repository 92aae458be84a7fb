"""Where a dataset lies: boxes around the EWKT that its metadata states (provena-http 7.6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from provena_mcp.errors import ArgumentError

_NUMBER: Final = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_POSITION: Final = re.compile(rf"\s*({_NUMBER})\s+({_NUMBER})(?:\s+{_NUMBER}){{0,2}}\s*")
# The innermost brackets of WKT hold the positions of one point, line or ring.
_PART: Final = re.compile(r"\(([^()]*)\)")
_HALF_TURN: Final = 180.0
_TURN: Final = 360.0
# A ring this wide goes round the globe, from the middle of its first cell to that of its last.
_GLOBAL: Final = 359.0
_ADVICE: Final = "Give [west, south, east, north] in degrees, for example [151.8, -23.6, 152.1, -23.3]."

Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """Degrees; one whose west lies east of its east crosses the 180th meridian."""

    west: float
    south: float
    east: float
    north: float

    def overlaps(self, other: Box) -> bool:
        """Whether the boxes share a point."""
        if self.south > other.north or other.south > self.north:
            return False
        mine, theirs = self._span(), other._span()
        # 180 and -180 are one meridian.
        return any(
            mine[0] <= theirs[1] + turn and theirs[0] + turn <= mine[1] for turn in (-_TURN, 0.0, _TURN)
        )

    def _span(self) -> tuple[float, float]:
        return self.west, self.east if self.west <= self.east else self.east + _TURN


def boxes_of_ewkt(text: str) -> tuple[Box, ...]:
    """A box around each point, line and ring of ``SRID=<n>;<WKT>``; none if it cannot be read as degrees.

    Longitudes may be counted from -180 or from 0. What steps over more than half the globe crosses the
    180th meridian, unless it is a ring that turns the usual way, counter-clockwise, or goes all round.
    """
    boxes: list[Box] = []
    for part in _PART.findall(text.rpartition(";")[2]):
        matches = [_POSITION.fullmatch(position) for position in part.split(",")]
        positions = [(float(found[1]), float(found[2])) for found in matches if found]
        # A comma inside a number leaves half of it as a position.
        if len(positions) < len(matches) or not all(map(_is_in_degrees, positions)):
            return ()
        boxes.append(_box_around(positions))
    return tuple(boxes)


def box_of_numbers(numbers: Sequence[float], parameter: str = "bbox") -> Box:
    """A box as people give it.

    Raises:
        ArgumentError: Not four numbers, or not degrees.
    """
    if len(numbers) != 4:
        raise ArgumentError(
            f"{parameter} takes 4 numbers, not {len(numbers)}.", parameter=parameter, advice=_ADVICE
        )
    west, south, east, north = numbers
    if not _is_in_degrees((west, south)) or not _is_in_degrees((east, north)) or south > north:
        raise ArgumentError(
            f"{parameter} {list(numbers)} is not a box in degrees.", parameter=parameter, advice=_ADVICE
        )
    return _box(west, south, east if east >= west else east + _TURN, north)


def _is_in_degrees(position: Position) -> bool:
    return abs(position[0]) <= _TURN and abs(position[1]) <= 90


def _box_around(positions: Sequence[Position]) -> Box:
    if _steps_over_the_edge(positions):
        positions = _unrolled(positions)
    longitudes, latitudes = zip(*positions, strict=True)
    return _box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))


def _steps_over_the_edge(positions: Sequence[Position]) -> bool:
    longitudes = [longitude for longitude, _ in positions]
    if max(longitudes) - min(longitudes) >= _GLOBAL:
        return False
    if all(abs(after - before) <= _HALF_TURN for before, after in pairwise(longitudes)):
        return False
    is_ring = len(positions) > 3 and positions[0] == positions[-1]
    return not (is_ring and _area(positions) > 0)


def _area(ring: Sequence[Position]) -> float:
    """Twice the area; positive where the ring runs counter-clockwise."""
    return sum(x * after_y - after_x * y for (x, y), (after_x, after_y) in pairwise(ring))


def _unrolled(positions: Sequence[Position]) -> list[Position]:
    """The same positions, each within half a turn of the one before."""
    unrolled = [positions[0]]
    for longitude, latitude in positions[1:]:
        turns = round((unrolled[-1][0] - longitude) / _TURN)
        unrolled.append((longitude + turns * _TURN, latitude))
    return unrolled


def _box(west: float, south: float, east: float, north: float) -> Box:
    """The box from ``west`` eastwards to ``east``, with both between -180 and 180."""
    if east - west >= _TURN:
        return Box(-_HALF_TURN, south, _HALF_TURN, north)
    return Box(_within(west), south, _within(east), north)


def _within(longitude: float) -> float:
    if longitude > _HALF_TURN:
        return longitude - _TURN
    return longitude + _TURN if longitude < -_HALF_TURN else longitude
