"""The embedded services running over a store, and a client that asks them and waits for jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from provena_mcp.embedded.app import create_app
from provena_mcp.embedded.store import Store
from tests.worlds.small import Json

FINISHED = ("SUCCEEDED", "FAILED")
_PATIENCE = 30.0


class ServicesClient:
    """Asks the services and waits for jobs."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.client.get(path, params=params)

    async def post(self, path: str, body: Any = None, **params: Any) -> httpx.Response:
        return await self.client.post(path, json=body, params=params)

    async def put(self, path: str, body: Any = None, **params: Any) -> httpx.Response:
        return await self.client.put(path, json=body, params=params)

    async def job(self, session_id: str) -> Json:
        """The job, once it has finished."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while True:
            job = (await self.get("/job-api/jobs/user/fetch", session_id=session_id)).json()["job"]
            if job["status"] in FINISHED:
                return job
            assert asyncio.get_running_loop().time() < deadline, job
            await asyncio.sleep(0.002)

    async def batch(self, batch_id: str) -> list[Json]:
        """The jobs of a batch in the order of submission, once all have finished."""
        listed = await self.post("/job-api/jobs/user/list_batch", {"batch_id": batch_id, "limit": 1000})
        return [await self.job(job["session_id"]) for job in reversed(listed.json()["jobs"])]

    async def register(self, record: Json) -> str:
        """Register a run; its id."""
        answer = await self.post("/prov-api/model_run/register", record)
        job = await self.job(answer.json()["session_id"])
        return job["result"]["record"]["id"]

    async def item(self, item_id: str) -> Json:
        """An item as the registry stores it."""
        return (await self.get("/registry-api/registry/general/fetch", id=item_id)).json()["item"]

    async def links(self, direction: str, item_id: str, depth: int = 1) -> set[tuple[str, str, str]]:
        """The links of a lineage query."""
        answer = await self.get(f"/prov-api/explore/{direction}", starting_id=item_id, depth=depth)
        graph = answer.json()["graph"]
        return {(link["source"], link["type"], link["target"]) for link in graph["links"]}


@asynccontextmanager
async def running_services(store: Store, **settings: Any) -> AsyncGenerator[ServicesClient]:
    """Run the application over ``store``; settings as of ``create_app``."""
    app = create_app(store, **settings)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://embedded") as client,
    ):
        yield ServicesClient(client)
