"""Walks over a provenance graph along its links or against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from provena_mcp.rules.graph import Direction, Link

Ways = Mapping[str, list[str]]


def ways(links: Iterable[Link], direction: Direction) -> Ways:
    """From each item, the items one link away in ``direction``, each once."""
    found: dict[str, dict[str, None]] = {}
    if direction == "upstream":
        for source, _, target in links:
            found.setdefault(source, {})[target] = None
    else:
        for source, _, target in links:
            found.setdefault(target, {})[source] = None
    return {node: list(others) for node, others in found.items()}


def hops_along(ahead: Ways, starts: Iterable[str], depth: int) -> dict[str, int]:
    """Hops from the nearest of ``starts`` to every item within ``depth``, nearest first."""
    hops = dict.fromkeys(starts, 0)
    rim = list(hops)
    for hop in range(1, depth + 1):
        here, rim = rim, list[str]()
        for node in here:
            for other in ahead.get(node, ()):
                if other not in hops:
                    hops[other] = hop
                    rim.append(other)
        if not rim:
            break
    return hops
