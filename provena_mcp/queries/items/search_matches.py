"""Why an item matched a search: which words of the query stand where in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

from provena_mcp.queries.items.facts import annotations_of, description_of, keywords_of
from provena_mcp.rules.search_words import fold, synonyms_of, tokens
from provena_mcp.wire.items import RegistryItem

_SHORTEST_PART: Final = 3
_UNSEARCHED: Final = frozenset({"history", "prov_serialisation", "workflow_links", "item_category"})


def places_of(words: tuple[str, ...], item: RegistryItem) -> dict[str, tuple[str, ...]]:
    """Each word under the first place that has it; under ``not_found`` what stands nowhere.

    A word stands where a word begins with it or, from three letters on, contains it. One that does not
    is shown with what means the same, where that stands: "rainfall = precipitation".
    """
    texts = tuple(_texts(item))
    places: dict[str, list[str]] = {}
    left = _placed(places, texts, {word: word for word in words})
    for phrase, alike in synonyms_of(words):
        if set(phrase) & set(left):
            meant = {f"{' '.join(phrase)} = {other}": fold(other) for other in alike}
            if len(_placed(places, texts, meant)) < len(meant):
                left = [word for word in left if word not in phrase]
    if left:
        places["not_found"] = list(left)
    return {place: tuple(found) for place, found in places.items()}


def _placed(
    places: dict[str, list[str]], texts: tuple[tuple[str, str], ...], wanted: dict[str, str]
) -> list[str]:
    """Put what is wanted, by what it is shown as, under the first place that has it; what is left."""
    left = dict(wanted)
    for place, text in texts:
        there = tokens(text)
        each, joined = set(there), f" {' '.join(there)}"
        for shown, words in list(left.items()):
            if _stands_in(words, each, joined):
                places.setdefault(place, []).append(shown)
                del left[shown]
        if not left:
            break
    return list(left)


def _stands_in(words: str, there: set[str], joined: str) -> bool:
    if " " in words:
        return f" {words}" in joined
    return any(
        other.startswith(words) or (len(words) >= _SHORTEST_PART and words in other) for other in there
    )


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
