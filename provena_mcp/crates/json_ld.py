"""The flat ``@graph`` of a crate: entities by id, read by the terms' local names.

Contexts are not resolved, so nothing is ever fetched for one: RO-Crate's terms are known by name, and a key
written as ``schema:name`` or as a whole address is the same term. The library ``rocrate`` is not used to
read: it unpacks archives, copies files, asks servers about remote ids and refuses what lacks a root, while
what arrives here comes from anybody and is read as far as it goes. Tests read what that library writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, cast

from provena_mcp.crates.terms import METADATA, METADATA_1_0
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.text import clean

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_ENTITIES: Final = 250_000
_TEXT: Final = 2_000
_ADVICE: Final = "Give an RO-Crate: its folder, a zip of it, or the text of its ro-crate-metadata.json."

JsonMap = Mapping[str, object]


def parse_json(content: bytes) -> object:
    """The JSON value of ``content``.

    Raises:
        ArgumentError: It is too large, too deep, not UTF-8 or no JSON.
    """
    if len(content) > MOST_BYTES:
        raise ArgumentError(
            f"The document has {len(content):,} bytes; the most that is read is {MOST_BYTES:,}.",
            advice="Give a crate of fewer runs.",
        )
    try:
        return json.loads(content.decode("utf-8-sig"))
    except RecursionError:
        raise ArgumentError("The document is nested too deeply to be read.", advice=_ADVICE) from None
    except ValueError as error:
        raise ArgumentError(f"The document is not JSON in UTF-8: {error}.", advice=_ADVICE) from None


def as_map(value: object) -> JsonMap:
    """``value`` if it is an object, else an empty one."""
    return cast("JsonMap", value) if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[object]:
    """``value`` as a list: JSON-LD writes a list of one without brackets."""
    if value is None:
        return ()
    return cast("list[object]", value) if isinstance(value, list) else (value,)


@dataclass(frozen=True)
class Entity:
    """One entity of a graph; ``is_missing`` where the graph only refers to it."""

    id: str
    properties: JsonMap = field(default_factory=dict[str, object])
    is_missing: bool = False

    @cached_property
    def types(self) -> frozenset[str]:
        """Its types, by local name."""
        return frozenset(
            _local(each) for each in as_list(self.properties.get("@type")) if isinstance(each, str)
        )

    def values(self, *terms: str) -> tuple[object, ...]:
        """The values of the first of ``terms`` that it has."""
        for term in terms:
            if self.properties.get(term) is not None:
                return tuple(as_list(self.properties[term]))
        return ()

    def text(self, *terms: str) -> str | None:
        """The first value that can be said in a line, made safe to show; an entity's is its id."""
        for term in terms:
            for value in self.values(term):
                said = as_map(value).get("@value", as_map(value).get("@id")) if _is_map(value) else value
                if isinstance(said, (str, int, float)):
                    return clean(str(said), _TEXT) or None
        return None


@dataclass(frozen=True)
class Graph:
    """Entities by id, in the order in which they were written."""

    entities: Mapping[str, Entity]

    def get(self, entity_id: str) -> Entity:
        """The entity called so; one that ``is_missing`` where there is none."""
        return self.entities.get(entity_id) or Entity(entity_id, is_missing=True)

    def linked(self, entity: Entity, *terms: str) -> tuple[Entity, ...]:
        """What the first of ``terms`` that ``entity`` has refers to, or what is written in its place."""
        return tuple(self._resolved(entity.values(*terms)))

    def _resolved(self, values: Sequence[object]) -> Iterator[Entity]:
        for value in values:
            found = as_map(value)
            if isinstance(found.get("@id"), str):
                entity_id = str(found["@id"])
                known = self.entities.get(entity_id)
                yield known or Entity(entity_id, _plain(found), is_missing=len(found) == 1)
            elif found and "@id" not in found:
                yield Entity("", _plain(found))

    def of_type(self, *types: str) -> Iterator[Entity]:
        """All entities that are of one of ``types``."""
        return (each for each in self.entities.values() if not each.types.isdisjoint(types))

    @cached_property
    def descriptor(self) -> Entity | None:
        """The entity of the metadata file itself: RO-Crate 1.0 to 1.2 call it differently."""
        for each in self.entities.values():
            last = each.id.rpartition("/")[2]
            if last in (METADATA, METADATA_1_0) or last.endswith(f"-{METADATA}"):
                return each
        return next((each for each in self.of_type("CreativeWork") if "about" in each.properties), None)

    @cached_property
    def root(self) -> Entity:
        """The root data entity."""
        about = self.linked(self.descriptor, "about") if self.descriptor else ()
        return about[0] if about and not about[0].is_missing else self.get("./")


def read_graph(content: bytes) -> Graph:
    """The graph of a crate's metadata.

    Of two entities with one id, the first keeps what both have and gets what only the second has.

    Raises:
        ArgumentError: It is no JSON-LD with a ``@graph``, or has more entities than are read.
    """
    whole = as_map(parse_json(content))
    listed = whole.get("@graph")
    if not isinstance(listed, list):
        raise ArgumentError("This is no RO-Crate: it has no list called @graph.", advice=_ADVICE)
    found = cast("list[object]", listed)
    if len(found) > MOST_ENTITIES:
        raise ArgumentError(
            f"The crate has {len(found):,} entities; the most that are read are {MOST_ENTITIES:,}.",
            advice="Give a crate of fewer runs.",
        )
    entities: dict[str, Entity] = {}
    for each in found:
        properties = _plain(as_map(each))
        entity_id = properties.get("@id")
        if isinstance(entity_id, str):
            earlier = entities.get(entity_id)
            entities[entity_id] = Entity(entity_id, {**properties, **(earlier.properties if earlier else {})})
    return Graph(entities)


def _is_map(value: object) -> bool:
    return isinstance(value, dict)


def _plain(properties: JsonMap) -> JsonMap:
    return {key if key.startswith("@") else _local(key): value for key, value in properties.items()}


def _local(name: str) -> str:
    """``name`` of ``schema:name``, ``http://schema.org/name`` and ``https://…#name``."""
    return name.rpartition("#")[2].rpartition("/")[2].rpartition(":")[2] or name
