"""A store of one's own, filled at will, and clients of the application over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from provena_mcp.embedded.app import create_app
from provena_mcp.embedded.loader import LoadReport, load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def load(store: Store) -> Callable[..., LoadReport]:
    def load(items: list[Any], **links: str) -> LoadReport:
        return load_items(store, Source(tuple(items), links))

    return load


def load_into(path: Path, items: list[Any], **links: str) -> LoadReport:
    """Make a store of these items."""
    store = Store(path)
    report = load_items(store, Source(tuple(items), links))
    store.close()
    return report


@pytest.fixture
def http(store: Store) -> Callable[..., httpx.AsyncClient]:
    """Opens a client of the application; keyword arguments go to it."""

    def open_client(**settings: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(create_app(store, **settings), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://embedded")

    return open_client
