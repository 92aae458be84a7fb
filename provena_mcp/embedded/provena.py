"""A Provena in this process: a store, and the application over it while it runs."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from starlette.applications import Starlette
from starlette.types import ASGIApp

from provena_mcp.embedded import items
from provena_mcp.embedded.identity import Identify, identify_local_user
from provena_mcp.embedded.jobs import queue as job_queue
from provena_mcp.embedded.lazy_app import LazyApp
from provena_mcp.embedded.store import Store, default_store_path


class EmbeddedProvena:
    """One embedded Provena; its store is open from here until ``running`` ends or ``close``.

    Opening the store and counting load neither routes nor tasks.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        identify: Identify = identify_local_user,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the store at ``path``, or the default one; see ``create_app`` for the rest.

        Raises:
            StoreError: It cannot be opened.
        """
        self.is_sample = False
        self._store = Store(path)
        self._identify = identify
        self._clock = clock

    @classmethod
    def sample(cls, path: Path | None = None) -> Self:
        """The shipped sample world, in a store of its own beside the one at ``path`` or the default one.

        Raises:
            StoreError: That store cannot be opened or filled.
        """
        from provena_mcp.embedded.loading import load_items
        from provena_mcp.embedded.sources import sample_source

        beside = path or default_store_path()
        provena = cls(beside.with_name(f"{beside.stem}-sample{beside.suffix}"))
        provena.is_sample = True
        load_items(provena._store, sample_source())
        return provena

    @property
    def path(self) -> Path:
        """The store's file."""
        return self._store.path

    def count_items(self) -> int:
        """How many items there are, without the local user's own Person.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._store.read() as connection:
            return items.count_items(connection)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Starlette]:
        """The application with its lifespan entered; the store is closed when it ends.

        To be called over ``httpx.ASGITransport(app, raise_app_exceptions=False)``, where what fails
        unforeseen is a 500 as over a socket.
        """
        try:
            async with self._serving() as app:
                yield app
        finally:
            self.close()

    @asynccontextmanager
    async def on_demand(self) -> AsyncGenerator[ASGIApp]:
        """As ``running``, but started by the first request, or by a job that waits in the store."""
        try:
            async with LazyApp(self._serving, self._has_job).running() as app:
                yield app
        finally:
            self.close()

    def close(self) -> None:
        """Close the store, where nothing is to run."""
        self._store.close()

    @asynccontextmanager
    async def _serving(self) -> AsyncGenerator[Starlette]:
        from provena_mcp.embedded.app import create_app

        app = create_app(self._store, self._identify, clock=self._clock)
        async with app.router.lifespan_context(app):
            yield app

    async def _has_job(self) -> bool:
        return await self._store.reading(job_queue.is_claimable, self._clock())
