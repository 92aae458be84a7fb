"""Routes calls: to the mirror if it can answer them, else to the deployment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from typing import Final

import httpx
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request

from provena_mcp.application import MIRROR_DEPTH_CAP, asks_deployment
from provena_mcp.client import ClientLimits, NoToken
from provena_mcp.client.auth import AuthApi
from provena_mcp.client.http.connection import Connection, Sender
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.prov import ProvApi
from provena_mcp.client.raw_items import RawItems
from provena_mcp.embedded import graph_sync
from provena_mcp.embedded.app import BASE_PATHS, create_app
from provena_mcp.embedded.identity import User
from provena_mcp.embedded.items import Entry
from provena_mcp.embedded.lazy_app import LazyApp
from provena_mcp.embedded.loader import read_entry
from provena_mcp.errors import ForbiddenError, NotFoundError, ProvenaError
from provena_mcp.mirror import contents
from provena_mcp.mirror.made import changed_by_job, changed_by_write, jobs_that_succeeded
from provena_mcp.mirror.mirror import Mirror
from provena_mcp.mirror.pull import OVERLAP_SECONDS, Deployment
from provena_mcp.mirror.standing import Standing
from provena_mcp.queries.cache import together
from provena_mcp.settings import Endpoints
from provena_mcp.wire.lineage import LINEAGE_ROUTE

logger = logging.getLogger(__name__)

_HOST: Final = "http://mirror.invalid"
_IN_PROCESS: Final = Endpoints(**{name: f"{_HOST}{path}" for name, path in BASE_PATHS.items()})
_FETCHED_AT_ONCE: Final = 8
_READER: Final = ("entity-registry-read",)

# What is answered from items alone. Roles and locks, jobs, reports and who may do what are not.
_ANSWERED: Final[dict[Service, frozenset[str]]] = {
    "prov": frozenset(LINEAGE_ROUTE.values()),
    "registry": frozenset({"/registry/general/fetch"}),
    "search": frozenset({"/search/entity-registry"}),
    "auth": frozenset({"/link/user/lookup"}),
}
_WRITTEN: Final[frozenset[Service]] = frozenset({"registry", "data"})


class MirroredConnection(Sender):
    """A connection to a deployment, with a mirror before it.

    What the deployment says was written is in the mirror before its answer is handed on. Within
    ``asking_deployment`` the mirror answers nothing.
    """

    def __init__(self, deployment: Sender, mirror: Mirror, standing: Standing, limits: ClientLimits) -> None:
        """Put ``mirror`` before ``deployment``.

        Args:
            deployment: The way to the deployment itself.
            mirror: Of this deployment.
            standing: Whether the mirror may answer.
            limits: Deadlines and bounds of what it answers.
        """
        self.services = Deployment(ProvApi(deployment), RawItems(deployment), AuthApi(deployment))
        self._deployment = deployment
        self._mirror = mirror
        self._standing = standing
        self._limits = limits
        self._local: Connection | None = None
        self._noted: set[str] = set()
        self._app = LazyApp(self._serving, _no_work)

    def open(self) -> None:
        """Open the way to the deployment; the mirror is opened when it is first asked."""
        self._deployment.open()
        self._app.open()
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        self._local = Connection(
            _IN_PROCESS, NoToken(), transport=transport, limits=self._limits, clock=self._mirror.clock
        )
        self._local.open()

    async def close(self) -> None:
        """Close both."""
        await self._standing.close()
        if self._local is not None:
            await self._local.close()
            await self._app.close()
        self._mirror.close()
        await self._deployment.close()

    def url_of(self, service: Service) -> str:
        """That of the deployment."""
        return self._deployment.url_of(service)

    async def send(self, call: Call) -> httpx.Response:
        """The answer of whoever is to be asked.

        Raises:
            StoreError: The mirror cannot be read, is not complete, or is somebody else's.
        """
        if self._local is not None and _is_answered(call) and not asks_deployment():
            await self._standing.check()
            return await self._local.send(call)
        response = await self._deployment.send(call)
        if response.is_success:
            await self._follow(call, response.content)
        return response

    @asynccontextmanager
    async def _serving(self) -> AsyncGenerator[Starlette]:
        store = await to_thread.run_sync(self._mirror.opened)
        username = self._mirror.ledger().origin.username

        def identify(request: Request) -> User:
            del request
            return User(username, roles=_READER)

        app = create_app(store, identify, depth_cap=MIRROR_DEPTH_CAP, clock=self._mirror.clock)
        async with app.router.lifespan_context(app):
            yield app

    async def _follow(self, call: Call, content: bytes) -> None:
        """Bring what was written into the mirror; what was written stays written if that fails."""
        try:
            if call.effect == "write" and call.service in _WRITTEN:
                await self.take(changed_by_write(call, content))
            elif call.service == "job":
                await self._follow_jobs(content)
        except ProvenaError as error:
            logger.warning("The mirror lacks what was written. %s %s", error.message, error.advice)

    async def _follow_jobs(self, content: bytes) -> None:
        since = (self._mirror.ledger().as_of or 0.0) - OVERLAP_SECONDS
        new = [
            job
            for job in jobs_that_succeeded(content)
            if job.created_timestamp >= since and job.session_id not in self._noted
        ]
        await self.take({item_id for job in new for item_id in changed_by_job(job)})
        self._noted.update(job.session_id for job in new)

    async def take(self, ids: Collection[str]) -> None:
        """Have these items as they are at the deployment now, or not at all.

        Raises:
            ProvenaError: The deployment or the mirror failed.
        """
        if not ids:
            return
        slots = asyncio.Semaphore(_FETCHED_AT_ONCE)
        found = await together(*(self._fetched(item_id, slots) for item_id in ids))
        store = await to_thread.run_sync(self._mirror.opened)
        await store.writing(contents.keep_beside, [entry for entry in found if entry])
        gone = set(ids).difference(entry.item.id for entry in found if entry)
        await store.writing(contents.forget, gone, self._mirror.clock())
        await to_thread.run_sync(graph_sync.lodge_pending, store)

    async def _fetched(self, item_id: str, slots: asyncio.Semaphore) -> Entry | None:
        async with slots:
            try:
                return read_entry(await self.services.raw_items.fetch(item_id))
            except (NotFoundError, ForbiddenError, ValueError):
                return None


def _is_answered(call: Call) -> bool:
    if call.effect != "read":
        return False
    is_list = call.service == "registry" and call.path.endswith("/list")
    return is_list or call.path in _ANSWERED.get(call.service, ())


async def _no_work() -> bool:
    return False
