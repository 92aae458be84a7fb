"""Where a dataset lies: bounding boxes of the EWKT that its metadata states (provena-http 7.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from provena_mcp.errors import ArgumentError

_NUMBER: Final = r"[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
_POINT: Final = re.compile(rf"(?:^|[(,])\s*\(*\s*({_NUMBER})\s+({_NUMBER})")
_ADVICE: Final = "Give [west, south, east, north] in degrees, for example [151.8, -23.6, 152.1, -23.3]."


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
        return any(
            mine[0] <= theirs[1] and theirs[0] <= mine[1]
            for mine in self._spans()
            for theirs in other._spans()
        )

    def _spans(self) -> Iterator[tuple[float, float]]:
        if self.west <= self.east:
            yield self.west, self.east
        else:
            yield self.west, 180.0
            yield -180.0, self.east


def box_of_ewkt(text: str) -> Box | None:
    """The box around ``SRID=<n>;<WKT>`` of any shape; none if it holds no degrees."""
    points = [(float(x), float(y)) for x, y in _POINT.findall(text.rpartition(";")[2])]
    if not points or not all(abs(x) <= 180 and abs(y) <= 90 for x, y in points):
        return None
    longitudes, latitudes = [x for x, _ in points], [y for _, y in points]
    return Box(min(longitudes), min(latitudes), max(longitudes), max(latitudes))


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
    in_degrees = all(abs(x) <= 180 for x in (west, east)) and all(abs(y) <= 90 for y in (south, north))
    if not in_degrees or south > north:
        raise ArgumentError(
            f"{parameter} {list(numbers)} is not a box in degrees.", parameter=parameter, advice=_ADVICE
        )
    return Box(west, south, east, north)
