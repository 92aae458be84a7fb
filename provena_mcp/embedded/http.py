"""What every route of the embedded Provena works with, and how a route is guarded."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded.identity import Access, Component, Identify, User, require
from provena_mcp.embedded.jobs import rows as jobs
from provena_mcp.embedded.jobs.rows import NewJob, Submitter
from provena_mcp.embedded.jobs.worker import Worker
from provena_mcp.embedded.store import Store


@dataclass(frozen=True)
class Services:
    """The parts that the routes share.

    ``depth_cap`` is the most hops one lineage query may ask for; ``clock`` gives Unix seconds and
    ``new_id`` UUIDs; ``worker`` does the jobs that routes submit.
    """

    store: Store
    identify: Identify
    depth_cap: int
    clock: Callable[[], float]
    new_id: Callable[[], str]
    worker: Worker


@dataclass(frozen=True)
class Call:
    """One authorised request."""

    request: Request
    user: User
    services: Services

    @property
    def store(self) -> Store:
        """The store that answers it."""
        return self.services.store

    @property
    def now(self) -> int:
        """When it is answered, in Unix seconds."""
        return int(self.services.clock())

    @property
    def address(self) -> str:
        """The base URL of the service that is called, as the caller knows it."""
        return str(self.request.url.replace(path=self.request.scope["root_path"], query=""))

    @property
    def submitter(self) -> Submitter:
        """The caller, as jobs remember them."""
        return Submitter(self.user, self.address)

    async def submit(self, new: Sequence[NewJob], submitter: Submitter | None = None) -> None:
        """Queue jobs for the caller, or for another submitter."""
        whom = submitter or self.submitter
        await self.store.writing(lambda connection: jobs.submit(connection, new, whom, self.now))
        self.services.worker.nudge()


Endpoint = Callable[[Call], Awaitable[Response]]


def guarded(
    path: str,
    endpoint: Endpoint,
    access: Access,
    *,
    method: str = "GET",
    component: Component = "entity-registry",
) -> Route:
    """A route that first asks who is calling, then whether their roles allow it."""

    async def answer(request: Request) -> Response:
        services: Services = request.app.state.services
        identified = services.identify(request)
        user = await identified if inspect.isawaitable(identified) else identified
        require(user, access, component)
        return await endpoint(Call(request, user, services))

    return Route(path, answer, methods=[method])


def health(path: str = "/") -> Route:
    """The route that says that a service runs; it asks for no identity."""

    async def answer(request: Request) -> Response:
        del request
        return JSONResponse({"message": "Health check successful."})

    return Route(path, answer, methods=["GET"])


def access_checks(component: Component = "entity-registry") -> list[Route]:
    """The routes that say whether the caller's roles suffice, by echoing who they are (contract 2.9)."""
    levels: tuple[tuple[str, Access], ...] = (
        ("general", "token"),
        ("read", "read"),
        ("write", "write"),
        ("admin", "admin"),
    )
    return [
        guarded(f"/check-access/check-{level}-access", echo_user, access, component=component)
        for level, access in levels
    ]


async def echo_user(call: Call) -> Response:
    """The caller, token included, as the services have it."""
    user = call.user
    return JSONResponse(
        {
            "username": user.username,
            "email": user.email,
            "roles": list(user.roles),
            "access_token": user.access_token,
        }
    )
