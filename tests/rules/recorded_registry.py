"""The recorded exchanges of the real services, and the registry they were recorded on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.rules.records.references import Found, Known, Outcome, Reference, Refused
from provena_mcp.rules.records.refusals import unknown_reason
from provena_mcp.wire.items import RegistryItem, parse_item

GOLDENS = Path(__file__).parents[2] / "../shared/goldens"
needs_recordings = pytest.mark.skipif(not GOLDENS.exists(), reason="recorded traffic is not here")


def exchanges(file: str) -> list[dict[str, Any]]:
    if not GOLDENS.exists():
        return []
    return [json.loads(line) for line in (GOLDENS / file).read_text().splitlines()]


def exchange(file: str, name: str) -> dict[str, Any]:
    return next(entry for entry in exchanges(file) if entry["name"] == name)


def params(file: str, keep: Callable[[dict[str, Any]], bool]) -> list[Any]:
    return [pytest.param(entry, id=entry["name"]) for entry in exchanges(file) if keep(entry)]


def recorded_items() -> dict[str, RegistryItem]:
    raw = json.loads((GOLDENS / "registry_items.json").read_text())
    return {item["id"]: parse_item(item) for item in raw}


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
