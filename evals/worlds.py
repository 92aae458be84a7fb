"""The worlds: their raw items, and a server over each."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

from mcp import Client

from evals.fire_weather import fire_weather
from evals.river import river
from evals.truth import Truth
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.server.build import build_server
from provena_mcp.settings import Settings
from tests.recordings.recorded import read_items, read_json

WorldName = Literal["reef", "golden", "fire", "river", "wings"]
SHARED: Final = Path(__file__).parents[1] / "../shared"
# Answers that depend on today are given as of this day.
_NOW: Final = 1_750_000_000.0


@dataclass(frozen=True)
class World:
    """Registry items, the Person behind each username, and handles by the names questions have for them."""

    name: WorldName
    items: tuple[dict[str, Any], ...]
    persons: dict[str, str] = field(default_factory=dict[str, str])
    ids: dict[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def truth(self) -> Truth:
        """What is so in it."""
        return Truth(self.items, self.persons)


def open_world(name: WorldName) -> World | None:
    """A world, or none where its data are not beside this repository."""
    if name == "reef":
        text = files("provena_mcp.embedded.sample").joinpath("reef.json").read_text("utf-8")
        held = json.loads(text)
        return World(name, tuple(held["items"]), held["links"])
    if name == "golden":
        return World(name, tuple(read_items()), read_json("links.json"))
    if name in ("fire", "river"):
        registry = fire_weather() if name == "fire" else river()
        return World(name, tuple(registry.items), registry.persons, registry.ids)
    path = SHARED / "data/wings_items.json"
    return World(name, tuple(_read(path)["items"])) if path.exists() else None


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@asynccontextmanager
async def serving(world: World, folder: Path) -> AsyncGenerator[Client]:
    """A client of a server over ``world``, whose store lies in ``folder``."""
    path = folder / f"{world.name}.sqlite3"
    store = Store(path)
    try:
        load_items(store, Source(world.items, world.persons))
    finally:
        store.close()
    # Built without reading the environment: the answers must not depend on it.
    toolsets = "default,recording" if world.name == "river" else "default"
    settings = Settings.model_construct(store=path, output_dir="off", toolsets=toolsets)
    # Files of this machine are no part of any world.
    async with Client(build_server(settings, now=lambda: _NOW, local=world.name != "river")) as client:
        yield client
