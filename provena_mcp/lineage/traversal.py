"""Walks over a provenance graph along its links or against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Ways = Mapping[str, list[str]]


def hops_along(ahead: Ways, starts: Iterable[str], depth: int) -> dict[str, int]:
    """Hops from the nearest of ``starts`` to every item within ``depth``, nearest first."""
    hops = dict.fromkeys(starts, 0)
    frontier = list(hops)
    for hop in range(1, depth + 1):
        here, frontier = frontier, list[str]()
        for node in here:
            for other in ahead.get(node, ()):
                if other not in hops:
                    hops[other] = hop
                    frontier.append(other)
        if not frontier:
            break
    return hops
