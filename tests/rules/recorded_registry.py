"""The recorded exchanges of the real services, and the registry they were recorded on."""

from collections.abc import Callable
from typing import Any

import pytest

from provena_mcp.rules.records.references import Found, Known, Outcome, Reference, Refused
from provena_mcp.rules.records.refusals import unknown_reason
from provena_mcp.wire.items import RegistryItem, parse_item
from tests.recordings.recorded import RECORDINGS, read_exchanges, read_items


def exchanges(file: str) -> list[dict[str, Any]]:
    return list(read_exchanges(RECORDINGS / file))


def exchange(file: str, name: str) -> dict[str, Any]:
    return next(entry for entry in exchanges(file) if entry["name"] == name)


def params(file: str, keep: Callable[[dict[str, Any]], bool]) -> list[Any]:
    return [pytest.param(entry, id=entry["name"]) for entry in exchanges(file) if keep(entry)]


def recorded_items() -> dict[str, RegistryItem]:
    return {item["id"]: parse_item(item) for item in read_items()}


class Registry:
    """Items by id, as look-ups see them."""

    def __init__(self, items: dict[str, RegistryItem]) -> None:
        self.items = items

    def outcome(self, item_id: str) -> Outcome:
        item = self.items.get(item_id)
        return Refused("unknown", unknown_reason(item_id)) if item is None else Found(item)

    def known(self, references: Callable[[Known], frozenset[Reference]]) -> Known:
        """Look up what ``references`` wants until it wants nothing more."""
        known: dict[str, Outcome] = {}
        while wanted := references(known):
            known.update({reference.id: self.outcome(reference.id) for reference in wanted})
        return known
