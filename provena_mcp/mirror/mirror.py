"""A mirror's file: opened when it is needed, asked how it stands, pulled into by one at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from anyio import to_thread

from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError
from provena_mcp.file_lock import locked
from provena_mcp.mirror import contents
from provena_mcp.mirror.ledger import Ledger, MirrorOrigin, read_ledger
from provena_mcp.mirror.pull import Deployment, Progress, Pull, PullReport

HOW_TO_PULL = "'provena-mcp local pull' fills it."


class Mirror:
    """One mirror of one deployment."""

    def __init__(self, path: Path, source: str, *, clock: Callable[[], float] = time.time) -> None:
        """Name the file; nothing is opened yet.

        Args:
            path: The mirror's file.
            source: The deployment, as the address of its registry.
            clock: Unix seconds.
        """
        self.clock = clock
        self.path = path.expanduser().absolute()
        self.source = source
        self._store: Store | None = None
        self._opening = threading.Lock()

    def opened(self, *, make: bool = False) -> Store:
        """The store; with ``make`` it is made where it is missing.

        Raises:
            StoreError: There is none, or it cannot be opened, or is no mirror.
        """
        with self._opening:
            if self._store is None:
                if not make and not self.path.exists():
                    raise StoreError(f"There is no mirror {str(self.path)!r} yet.", advice=HOW_TO_PULL)
                self._store = Store(self.path, kind="mirror")
            return self._store

    def close(self) -> None:
        """Close the store."""
        with self._opening:
            if self._store is not None:
                self._store.close()
                self._store = None

    def ledger(self) -> Ledger:
        """How the mirror stands.

        Raises:
            StoreError: It cannot be read, or no pull has ended yet.
        """
        with self.opened().read() as connection:
            known = read_ledger(connection)
        if known is None or known.as_of is None:
            raise StoreError(
                f"The mirror {str(self.path)!r} is not complete yet.",
                advice="'provena-mcp local pull' goes on filling it.",
            )
        return known

    def count_items(self) -> int:
        """How many items it holds.

        Raises:
            StoreError: It cannot be read.
        """
        with self.opened().read() as connection:
            return contents.count(connection)

    async def pull(
        self,
        deployment: Deployment,
        subject: Callable[[], str | None],
        *,
        whole: bool = False,
        on_progress: Progress = lambda stage, done, total: None,
    ) -> PullReport:
        """Bring it up to what ``deployment`` shows; another process that pulls is waited for.

        Args:
            deployment: Asked as its user.
            subject: The user as their tokens call them, once something was asked.
            whole: Look at every item anew.
            on_progress: Told about every page.

        Raises:
            FileRefusedError: Another process has been pulling for a minute.
            StoreError: The store failed, or is a mirror of something else.
            ProvenaError: The deployment failed; another pull goes on from there.
        """
        user = await deployment.prov.check_access("general")
        origin = MirrorOrigin(self.source, user.username or "", subject())
        store = await to_thread.run_sync(partial(self.opened, make=True))
        async with locked(self.path.with_name(f"{self.path.name}.lock"), asyncio.sleep):
            pull = Pull(deployment, store, origin, clock=self.clock, on_progress=on_progress)
            return await pull.run(whole=whole)
