"""A store of one's own, filled at will, and clients of the application over it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from provena_mcp.embedded.app import create_app
from provena_mcp.embedded.jobs.rows import JobOutcome
from provena_mcp.embedded.jobs.tasks import JobWork, NoPayload, Task
from provena_mcp.embedded.jobs.worker import LEASE_SECONDS, Worker
from provena_mcp.embedded.loader import LoadReport, load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.wire.jobs import JobSubtype
from tests.embedded.job_turns import Clock, mark
from tests.worlds.writable import writable_world

Http = Callable[..., httpx.AsyncClient]
Load = Callable[..., LoadReport]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def load(store: Store) -> Load:
    def load(items: list[Any], **links: str) -> LoadReport:
        return load_items(store, Source(tuple(items), links))

    return load


@pytest.fixture
def writable(load: Load) -> None:
    """The store holds what runs that are registered refer to."""
    load(writable_world())


def load_into(path: Path, items: list[Any], **links: str) -> LoadReport:
    """Make a store of these items."""
    store = Store(path)
    report = load_items(store, Source(tuple(items), links))
    store.close()
    return report


@pytest.fixture
def http(store: Store) -> Http:
    """Opens a client of the application; keyword arguments go to it."""

    def open_client(**settings: Any) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(create_app(store, **settings), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://embedded")

    return open_client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(store: Store, clock: Clock) -> Callable[..., Worker]:
    """Makes workers of the store; ``task`` is what each job does."""
    names = (f"worker-{number}" for number in itertools.count())

    def make(task: Callable[[JobWork], JobOutcome] = mark, lease: float = LEASE_SECONDS) -> Worker:
        tasks: dict[JobSubtype, Task] = {"PROV_LODGE_WAKE_UP": Task(task, NoPayload)}
        return Worker(store, tasks, clock, lambda: next(names), lease_seconds=lease)

    return make
