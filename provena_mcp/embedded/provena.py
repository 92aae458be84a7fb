"""A Provena in this process: a store, and the application over it while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from anyio import to_thread
from starlette.applications import Starlette
from starlette.types import ASGIApp

from provena_mcp.embedded import standing
from provena_mcp.embedded.identity import Identify, identify_local_user
from provena_mcp.embedded.lazy_app import LazyApp
from provena_mcp.embedded.store import PATIENCE_SECONDS, Store
from provena_mcp.embedded.store_path import IN_MEMORY, resolve_store_path
from provena_mcp.errors import StoreError


class EmbeddedProvena:
    """One embedded Provena; its store is opened when it is first needed, until ``running`` ends or ``close``.

    A store that cannot be opened is tried again at the next need: whoever asks is told why. Opening it
    and counting load neither routes nor tasks.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        identify: Identify = identify_local_user,
        clock: Callable[[], float] = time.time,
        is_sample: bool = False,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Name the store at ``path``, or the default one; see ``create_app`` for the rest.

        Args:
            path: The store's file.
            identify: Who sends a request.
            clock: Gives Unix seconds.
            is_sample: Fill the store with the shipped sample world when it is opened.
            patience: Seconds to wait for another process that keeps the store locked.
        """
        self.is_sample = is_sample
        self._path = path
        self._identify = identify
        self._clock = clock
        self._patience = patience
        self._store: Store | None = None
        self._is_filled = False
        self._opening = threading.Lock()

    @classmethod
    def sample(cls, path: Path | None = None, *, patience: float = PATIENCE_SECONDS) -> Self:
        """The shipped sample world, in a store of its own beside the one at ``path`` or the default one.

        Raises:
            StoreError: No file can have that name.
        """
        beside = resolve_store_path(path)
        if beside != IN_MEMORY:
            beside = beside.with_name(f"{beside.stem}-sample{beside.suffix}")
        return cls(beside, is_sample=True, patience=patience)

    @property
    def where(self) -> str:
        """The store's file, whether or not it can be opened."""
        try:
            return str(resolve_store_path(self._path))
        except StoreError:
            return str(self._path)

    def count_items(self) -> int:
        """How many items there are, without the local user's own Person.

        Raises:
            StoreError: The store cannot be opened, filled or read.
        """
        with self._opened().read() as connection:
            return standing.count_items(connection)

    def beginning_with(self, typed: str, subtypes: Sequence[str], most: int) -> list[tuple[str, str]]:
        """Ids with names of the items whose id, or name, begins with ``typed``; see ``beginnings``.

        Raises:
            StoreError: The store cannot be opened, filled or read.
        """
        from provena_mcp.embedded import beginnings

        with self._opened(as_it_is=True).read() as connection:
            return beginnings.beginning_with(connection, typed, subtypes, most)

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
        with self._opening:
            if self._store is not None:
                self._store.close()

    def _opened(self, *, as_it_is: bool = False) -> Store:
        """The store, filled with the sample world if it is to be; ``as_it_is`` trusts an earlier filling."""
        with self._opening:
            if self._store is None:
                self._store = Store(self._path, patience=self._patience)
            if self.is_sample and not self._is_filled and not (as_it_is and _has_items(self._store)):
                from provena_mcp.embedded.loader import load_items
                from provena_mcp.embedded.sources import sample_source

                load_items(self._store, sample_source())
                self._is_filled = True
            return self._store

    @asynccontextmanager
    async def _serving(self) -> AsyncGenerator[Starlette]:
        from provena_mcp.embedded.app import create_app

        store = await to_thread.run_sync(self._opened)
        app = create_app(store, self._identify, clock=self._clock)
        async with app.router.lifespan_context(app):
            yield app

    async def _has_job(self) -> bool:
        store = await to_thread.run_sync(self._opened)
        return await store.reading(standing.is_claimable, self._clock())


def _has_items(store: Store) -> bool:
    with store.read() as connection:
        return standing.count_items(connection) > 0
