"""The embedded Provena as one ASGI application: every service below its own path."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount

from provena_mcp.embedded.adjacency import Adjacency
from provena_mcp.embedded.http import Services, UnprocessableError
from provena_mcp.embedded.identity import Identify, identify_local_user
from provena_mcp.embedded.jobs.task_list import TASKS
from provena_mcp.embedded.jobs.worker import LEASE_SECONDS, Worker
from provena_mcp.embedded.local_person import settle_local_person
from provena_mcp.embedded.routes import auth, data, job, prov, registry, search
from provena_mcp.embedded.store import Store
from provena_mcp.embedded.store_failure import failed_answer
from provena_mcp.errors import StoreError

DEFAULT_DEPTH_CAP: Final = 10

# Each is a base URL for any Provena client, below the address the application is served at.
BASE_PATHS: Final = {
    "prov": "/prov-api",
    "registry": "/registry-api",
    "job": "/job-api",
    "search": "/search",
    "auth": "/auth-api",
    "data": "/data-api",
}


def new_uuid() -> str:
    """A new UUID, as the services name jobs and batches."""
    return str(uuid.uuid4())


def create_app(
    store: Store,
    identify: Identify = identify_local_user,
    *,
    depth_cap: int = DEFAULT_DEPTH_CAP,
    lease_seconds: float | None = None,
    clock: Callable[[], float] = time.time,
    new_id: Callable[[], str] = new_uuid,
) -> Starlette:
    """The application over ``store``; closing the store stays with the caller.

    Jobs are done while the application's lifespan lasts.

    Args:
        store: Where everything is kept.
        identify: Who sends a request; by default one local user with all roles and, once the
            application's lifespan has begun, a linked Person.
        depth_cap: The most hops one lineage query may ask for.
        lease_seconds: How long the jobs of a process that died wait for another; by default 10 s.
        clock: Gives Unix seconds.
        new_id: Gives UUIDs, for jobs, batches and documents.
    """
    worker = Worker(store, TASKS, clock, new_id, lease_seconds=lease_seconds or LEASE_SECONDS)
    adjacency = Adjacency(store)
    services = Services(store, identify, depth_cap, clock, new_id, worker, adjacency)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        del app
        if identify is identify_local_user:
            await settle_local_person(store, int(clock()))
        try:
            async with worker.running():
                yield
        finally:
            await to_thread.run_sync(adjacency.close)

    app = Starlette(
        routes=[
            Mount(BASE_PATHS["prov"], routes=prov.routes()),
            Mount(BASE_PATHS["registry"], routes=registry.routes()),
            Mount(BASE_PATHS["job"], routes=job.routes()),
            Mount(BASE_PATHS["search"], routes=search.routes()),
            Mount(BASE_PATHS["auth"], routes=auth.routes()),
            Mount(BASE_PATHS["data"], routes=data.routes()),
        ],
        exception_handlers={
            HTTPException: _refuse,
            UnprocessableError: _reject,
            StoreError: _fail,
        },
        lifespan=lifespan,
    )
    app.state.services = services
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, error.status_code, headers=error.headers)


async def _reject(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, UnprocessableError)
    return JSONResponse(error.as_json(), 422)


async def _fail(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, StoreError)
    return failed_answer(error)
