"""The entities of a crate that is being written, flat and each once, as RO-Crate wants them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from provena_mcp.crates.terms import CONTEXT, RUN_CONTEXT
from provena_mcp.rules.text import clean_json

Reference = dict[str, JsonValue]
"""``{"@id": …}``"""
Properties = Mapping[str, JsonValue]


class EntityList:
    """Entities in the order in which they were added."""

    def __init__(self) -> None:
        self._entities: dict[str, dict[str, JsonValue]] = {}

    def __contains__(self, entity_id: str) -> bool:
        return entity_id in self._entities

    def add(self, entity_id: str, types: str | tuple[str, ...], properties: Properties) -> Reference:
        """Add an entity, or what is new of one that is there; what has no value is left out."""
        kind: JsonValue = types if isinstance(types, str) else [*types]
        entity = self._entities.setdefault(entity_id, {"@id": entity_id, "@type": kind})
        for name, value in properties.items():
            if value or value == 0:
                entity.setdefault(name, value)
        return {"@id": entity_id}

    def add_property(
        self, entity_id: str, term: str | None, name: str, value: str, more: Properties | None = None
    ) -> Reference:
        """Add a ``PropertyValue``: a value, though it be empty, that has no term of its own in RO-Crate."""
        self._entities[entity_id] = {"@id": entity_id, "@type": "PropertyValue", "name": name, "value": value}
        return self.add(entity_id, "PropertyValue", {"propertyID": term, **(more or {})})

    def extend(self, reference: Reference, lists: Properties) -> None:
        """Add to lists of an entity that is there, each member once."""
        entity = self._entities[str(reference["@id"])]
        for name, added in lists.items():
            listed = entity.get(name, [])
            if isinstance(listed, list) and isinstance(added, list) and added:
                entity[name] = [*listed, *(each for each in added if each not in listed)]

    def document(self) -> JsonValue:
        """The JSON-LD document, free of what hides in text."""
        graph: list[JsonValue] = [
            {name: _plain(value) for name, value in entity.items()} for entity in self._entities.values()
        ]
        return clean_json({"@context": [CONTEXT, RUN_CONTEXT], "@graph": graph}, limit=None)


def _plain(value: JsonValue) -> JsonValue:
    """A list of one is written without brackets, as RO-Crate recommends."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def in_order(references: Iterable[Reference]) -> list[JsonValue]:
    """References, each once."""
    return [{"@id": entity_id} for entity_id in dict.fromkeys(str(each["@id"]) for each in references)]
