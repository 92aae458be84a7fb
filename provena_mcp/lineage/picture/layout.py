"""Where the items of a layered picture stand: order within columns, with few crossings, then heights.

Columns are given (hops from the start). A link over several columns is cut into lanes, one for each
column between its ends, which take part in the ordering as items do, so that the drawn line passes
between boxes and not behind them. Links within one column take no part: they are drawn as arcs.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_SWEEPS: Final = 24
_PATIENCE: Final = 6
_SETTLING: Final = 12
MAX_LANES: Final = 4000
"""Lanes beyond these are not ordered: such links are drawn straight."""

Slot = int
"""An item by its number; from the number of items on, a lane."""


@dataclass(frozen=True)
class Arrangement:
    """The order of the slots in each column, and the lanes that each link goes through.

    Attributes:
        columns: Slots from the top, by column.
        lanes: Of each link that spans several columns, its lanes from its source's side.
    """

    columns: tuple[tuple[Slot, ...], ...]
    lanes: Mapping[int, tuple[Slot, ...]]
    edges: tuple[tuple[Slot, Slot], ...]

    @property
    def place(self) -> dict[Slot, tuple[int, int]]:
        """Column and position from the top of each slot."""
        return {
            slot: (column, position)
            for column, slots in enumerate(self.columns)
            for position, slot in enumerate(slots)
        }


def arrange(column_of: Sequence[int], links: Sequence[tuple[int, int]]) -> Arrangement:
    """Order items within their columns so that few of ``links`` cross; the same input, the same order."""
    lanes, edges, lane_columns = _with_lanes(column_of, links)
    columns = [*column_of, *lane_columns]
    order: list[list[Slot]] = [[] for _ in range(max(columns, default=-1) + 1)]
    for slot, column in enumerate(columns):
        order[column].append(slot)
    left, right = _neighbours(columns, edges)
    best, fewest, idle = order, crossings(order, right), 0
    for sweep in range(_SWEEPS):
        if not fewest or idle == _PATIENCE:
            break
        order = _swept(order, left if sweep % 2 == 0 else right, forward=sweep % 2 == 0)
        count = crossings(order, right)
        idle = 0 if count < fewest else idle + 1
        if count < fewest:
            best, fewest = order, count
    return Arrangement(tuple(tuple(slots) for slots in best), lanes, tuple(edges))


def _with_lanes(
    column_of: Sequence[int], links: Sequence[tuple[int, int]]
) -> tuple[dict[int, tuple[Slot, ...]], list[tuple[Slot, Slot]], list[int]]:
    lanes: dict[int, tuple[Slot, ...]] = {}
    edges: list[tuple[Slot, Slot]] = []
    lane_columns: list[int] = []
    for number, (source, target) in enumerate(links):
        start, end = column_of[source], column_of[target]
        between = range(start + 1, end) if start < end else range(start - 1, end, -1)
        if len(lane_columns) + len(between) > MAX_LANES:
            continue
        first = len(column_of) + len(lane_columns)
        chain = tuple(range(first, first + len(between)))
        lane_columns.extend(between)
        if chain:
            lanes[number] = chain
        steps = (source, *chain, target)
        edges.extend(pairwise(steps))
    return lanes, edges, lane_columns


def _neighbours(
    columns: Sequence[int], edges: Iterable[tuple[Slot, Slot]]
) -> tuple[dict[Slot, list[Slot]], dict[Slot, list[Slot]]]:
    """Of each slot, those it is linked with in the column to the left, and to the right."""
    left: defaultdict[Slot, list[Slot]] = defaultdict(list)
    right: defaultdict[Slot, list[Slot]] = defaultdict(list)
    for one, other in edges:
        if columns[one] == columns[other]:
            continue
        near, far = (one, other) if columns[one] < columns[other] else (other, one)
        right[near].append(far)
        left[far].append(near)
    return dict(left), dict(right)


def _swept(
    order: Sequence[Sequence[Slot]], beside: Mapping[Slot, Sequence[Slot]], *, forward: bool
) -> list[list[Slot]]:
    """Each column in turn ordered by where its slots' neighbours in the column before it stand."""
    swept = [list(slots) for slots in order]
    numbers = range(1, len(swept)) if forward else range(len(swept) - 2, -1, -1)
    for number in numbers:
        before = swept[number - 1 if forward else number + 1]
        height = {slot: position for position, slot in enumerate(before)}
        own = {slot: position for position, slot in enumerate(swept[number])}

        def wanted(
            slot: Slot, height: Mapping[Slot, int] = height, own: Mapping[Slot, int] = own
        ) -> tuple[float, int]:
            heights = [height[other] for other in beside.get(slot, ())]
            middle = sum(heights) / len(heights) if heights else float(own[slot])
            return middle, own[slot]

        swept[number].sort(key=wanted)
    return swept


def crossings(order: Sequence[Sequence[Slot]], right: Mapping[Slot, Sequence[Slot]]) -> int:
    """How often links between neighbouring columns cross."""
    total = 0
    for slots, following in pairwise(order):
        height = {slot: position for position, slot in enumerate(following)}
        seen: list[int] = []
        for slot in slots:
            ends = sorted(height[other] for other in right.get(slot, ()) if other in height)
            total += sum(len(seen) - bisect_left(seen, end + 1) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def heights(arrangement: Arrangement, size_of: Mapping[Slot, float], gap: float) -> dict[Slot, float]:
    """The middle of each slot from the top, near its neighbours', without two slots of a column overlapping.

    ``size_of`` are the heights of boxes and lanes, in the unit of the result.
    """
    beside: defaultdict[Slot, list[Slot]] = defaultdict(list)
    place = arrangement.place
    for one, other in arrangement.edges:
        if place[one][0] != place[other][0]:
            beside[one].append(other)
            beside[other].append(one)
    middle: dict[Slot, float] = {}
    for slots in arrangement.columns:
        middle.update(_packed(slots, dict.fromkeys(slots, 0.0), size_of, gap))
    for sweep in range(_SETTLING):
        columns = arrangement.columns if sweep % 2 == 0 else arrangement.columns[::-1]
        for slots in columns:
            wanted = {
                slot: sum(middle[other] for other in beside[slot]) / len(beside[slot])
                if beside[slot]
                else middle[slot]
                for slot in slots
            }
            middle.update(_packed(slots, wanted, size_of, gap))
    top = min((middle[slot] - size_of[slot] / 2 for slot in middle), default=0.0)
    return {slot: value - top for slot, value in middle.items()}


def _packed(
    slots: Sequence[Slot], wanted: Mapping[Slot, float], size_of: Mapping[Slot, float], gap: float
) -> dict[Slot, float]:
    """Middles as near to ``wanted`` as order and sizes allow (least squares, by pooling neighbours)."""
    offsets: list[float] = []
    bottom = 0.0
    for slot in slots:
        offsets.append(bottom + size_of[slot] / 2)
        bottom += size_of[slot] + gap
    pools: list[tuple[float, int]] = []
    for slot, offset in zip(slots, offsets, strict=True):
        mean, count = wanted[slot] - offset, 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    return {slot: mean + offset for slot, mean, offset in zip(slots, means, offsets, strict=True)}
