"""What cannot be so in what a service answered, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from provena_mcp.rules.text import plural
from provena_mcp.wire.lineage import Contradiction, Flaw

_NAMED: Final = 3

# What is contradicted, and the words for it.
_FLAWS: Final[Mapping[Flaw, tuple[str, str]]] = {
    "kinds": ("item", "the service gave {} two kinds: {}"),
    "kind": ("item", "the service gave {} no kind, or one that does not exist: {}"),
    "registry": ("item", "the registry gives {} another kind than the graph does: {}"),
    "letters": ("item", "the service gave {} under ids that differ in capital letters only: {}"),
    "undescribed": ("item", "the service named {} in links that it did not describe: {}"),
    "itself": ("link", "the service gave {} from an item to itself: {}"),
    "both ways": ("link", "the service gave {} the other way round too: {}"),
    "impossible": ("link", "the service gave {} that cannot be between items of these kinds: {}"),
    "disputed": ("link", "the service gave {} in one answer that it left out of another: {}"),
    "left out": ("item", "the service left {} out of one answer that it gave in another: {}"),
    "nobody": ("run", "the service named nobody who carried out {}: {}"),
    "bare": ("run", "the service left out the model, template or modeller of {}: {}"),
    "count": ("answer", "the service counted other items than it described: {1}"),
}


def reasons(contradictions: Iterable[Contradiction]) -> Iterable[str]:
    """A sentence for each kind of flaw, with the first of what it is about."""
    subjects = defaultdict[Flaw, list[str]](list)
    for flaw, subject in contradictions:
        subjects[flaw].append(subject)
    for flaw, found in subjects.items():
        thing, words = _FLAWS[flaw]
        yield words.format(plural(len(found), thing), ", ".join(found[:_NAMED]))
