"""Why an item matched a search: which words of the query stand where in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from provena_mcp.queries.items.facts import annotations_of, description_of, keywords_of
from provena_mcp.wire.items import RegistryItem

_WORD: Final = re.compile(r"[^\W_]+")
_SHORTEST_PART: Final = 3
_UNSEARCHED: Final = frozenset({"history", "prov_serialisation", "workflow_links", "item_category"})


def words_of(query: str) -> tuple[str, ...]:
    """The words of a query, folded, each once."""
    return tuple(dict.fromkeys(_WORD.findall(query.casefold())))


def places_of(words: tuple[str, ...], item: RegistryItem) -> dict[str, tuple[str, ...]]:
    """Each word under the first place that has it; under ``not_found`` what stands nowhere as written.

    A word stands where a word begins with it or, from three letters on, contains it.
    """
    places: dict[str, list[str]] = {}
    left = list(words)
    for place, text in _texts(item):
        there = set(_WORD.findall(text.casefold()))
        for word in [word for word in left if _stands_in(word, there)]:
            places.setdefault(place, []).append(word)
            left.remove(word)
        if not left:
            break
    if left:
        places["not_found"] = left
    return {place: tuple(found) for place, found in places.items()}


def _stands_in(word: str, there: set[str]) -> bool:
    return any(other.startswith(word) or (len(word) >= _SHORTEST_PART and word in other) for other in there)


def _texts(item: RegistryItem) -> Iterator[tuple[str, str]]:
    yield "name", item.display_name or ""
    yield "id", item.id
    yield "keywords", " ".join(keywords_of(item))
    annotations = annotations_of(item) or {}
    yield "annotations", " ".join((*annotations, *annotations.values()))
    yield "description", description_of(item) or ""
    yield "elsewhere", " ".join(_strings(item.as_json()))


def _strings(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if key not in _UNSEARCHED:
                yield from _strings(entry)
