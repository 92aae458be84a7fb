"""Chains of versions: which items are versions of one thing, and in what order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from provena_mcp.rules.graph import ProvenanceGraph


@dataclass(frozen=True)
class Version:
    """An item's place: the oldest version known of the same thing, and how many versions came before it."""

    of: str
    place: int


def version_chains(previous: Mapping[str, str]) -> dict[str, Version]:
    """The place of every item named in ``previous`` (an item -> the version before it)."""
    return {item: _place(item, previous) for item in {*previous, *previous.values()}}


def previous_versions(graph: ProvenanceGraph) -> dict[str, str]:
    """An item -> the version before it, as the VERSION activities in a graph say (contract 5.3)."""
    made_from = {
        link.source: link.target
        for link in graph.links
        if link.relation == "used" and graph.nodes[link.source].subtype == "VERSION"
    }
    return {
        link.source: made_from[link.target]
        for link in graph.links
        if link.relation == "wasGeneratedBy" and link.target in made_from
    }


def _place(item: str, previous: Mapping[str, str]) -> Version:
    # A chain that bites its own tail, which only broken records can hold, ends where it began.
    passed = [item]
    while (before := previous.get(passed[-1])) is not None and before not in passed:
        passed.append(before)
    return Version(passed[-1], len(passed) - 1)
