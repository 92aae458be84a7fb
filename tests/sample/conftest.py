"""The sample world, read with the real parser."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any, TypeVar

import pytest

from provena_mcp.wire.items import ModelRunItem, RegistryItem, parse_item

T = TypeVar("T", bound=RegistryItem)


@dataclass(frozen=True)
class Reef:
    """The shipped items, raw and parsed, and what came from what."""

    raw: list[dict[str, Any]]
    links: dict[str, str]
    readme: str

    @cached_property
    def items(self) -> dict[str, RegistryItem]:
        return {item.id: item for item in map(parse_item, self.raw)}

    def all_of(self, kind: type[T]) -> dict[str, T]:
        return {item.id: item for item in self.items.values() if type(item) is kind}

    @cached_property
    def causes(self) -> dict[str, set[str]]:
        """Datasets and runs only: what each came directly from (provena-http 5.2)."""
        direct: dict[str, set[str]] = {item: set() for item in self.items}
        for run in self.all_of(ModelRunItem).values():
            direct[run.id] |= {entry.dataset_id for entry in run.record.inputs}
            for entry in run.record.outputs:
                direct[entry.dataset_id].add(run.id)
        return direct

    def hops_upstream(self, start: str) -> dict[str, int]:
        distance, queue = {start: 0}, deque([start])
        while queue:
            here = queue.popleft()
            for cause in self.causes[here]:
                if cause not in distance:
                    distance[cause] = distance[here] + 1
                    queue.append(cause)
        return distance


@pytest.fixture(scope="session")
def reef() -> Reef:
    sample = files("provena_mcp.embedded.sample")
    world = json.loads((sample / "reef.json").read_text(encoding="utf-8"))
    assert set(world) == {"items", "links"}
    return Reef(world["items"], world["links"], (sample / "README.md").read_text(encoding="utf-8"))
