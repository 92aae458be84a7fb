"""What every route of the embedded Provena works with, and how a route is guarded."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded.adjacency import Adjacency
from provena_mcp.embedded.identity import Access, Component, Identify, User, require
from provena_mcp.embedded.jobs import rows as jobs
from provena_mcp.embedded.jobs.rows import NewJob, Submitter
from provena_mcp.embedded.jobs.worker import Worker
from provena_mcp.embedded.json_text import DECODER, fault_of
from provena_mcp.embedded.store import Store
from provena_mcp.rules.schema_wording import SchemaProblem, reworded
from provena_mcp.wire.items import JsonObject

M = TypeVar("M", bound=BaseModel)


_PAGE_KEY: Final = "pagination_key"
_NO_WORKER: Final = "The worker has crashed, as the log says: jobs wait until this is started again."


class UnprocessableError(Exception):
    """The request does not fit its schema: 422."""

    def __init__(self, problems: Iterable[SchemaProblem]) -> None:
        """Hold every problem found."""
        super().__init__("unprocessable")
        self.problems = tuple(problems)

    def as_json(self) -> JsonValue:
        """The body of the answer."""
        return {"detail": [problem.as_json() for problem in self.problems]}


def status_of(details: str, *, success: bool = True) -> JsonObject:
    """The ``status`` inside most answers (provena-http 3.1)."""
    return {"success": success, "details": details}


def read_query(request: Request, model: type[M]) -> M:
    """The query parameters as ``model``; of a repeated parameter the last counts.

    Raises:
        UnprocessableError: They do not fit.
    """
    try:
        return model.model_validate(dict(request.query_params))
    except ValidationError as error:
        raise UnprocessableError(reworded(error, ("query",))) from None


async def read_body(request: Request, model: type[M]) -> M:
    """The JSON body as ``model``.

    Raises:
        UnprocessableError: It is missing, no JSON, or does not fit.
    """
    raw = await read_json(request)
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise UnprocessableError(reworded(error, ("body",))) from None


def problems_of(
    raw: JsonValue, model: type[BaseModel], loc: tuple[str | int, ...] = ("body",)
) -> tuple[SchemaProblem, ...]:
    """Why a JSON value at ``loc`` does not fit ``model``; nothing where it does."""
    try:
        model.model_validate(raw)
    except ValidationError as error:
        return reworded(error, loc)
    return ()


async def read_json(request: Request) -> JsonValue:
    """The JSON body, whatever it holds but null.

    A body that is not declared as JSON is not parsed: what a web page may post here without asking
    is declared as something else or as nothing.

    Raises:
        UnprocessableError: It is missing, no JSON, or holds what cannot be kept.
    """
    body = await request.body()
    if not body.strip():
        raise _missing_body()
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != "application/json" and not declared.endswith("+json"):
        raise UnprocessableError([SchemaProblem(("body",), "value is not a valid dict", "type_error.dict")])
    try:
        raw: JsonValue = DECODER.decode(body.decode(json.detect_encoding(body)))
    except json.JSONDecodeError as error:
        raise UnprocessableError([_no_json(error)]) from None
    except (UnicodeError, RecursionError):
        raise UnprocessableError([_unreadable()]) from None
    if raw is None:
        raise _missing_body()
    fault = fault_of(raw)
    if fault is not None and isinstance(raw, dict) and fault.place[:1] == (_PAGE_KEY,):
        # It holds what a list gave out: the name of an item, with a NUL where a deployment holds one.
        fault = fault_of({**raw, _PAGE_KEY: None}) or fault_of(raw, allow_nul=True)
    if fault is not None:
        raise UnprocessableError([SchemaProblem(("body", *fault.place), fault.reason, "value_error")])
    return raw


def _unreadable() -> SchemaProblem:
    return SchemaProblem(("body",), "There was an error parsing the body", "value_error")


def _missing_body() -> UnprocessableError:
    return UnprocessableError([SchemaProblem(("body",), "field required", "value_error.missing")])


def _no_json(error: json.JSONDecodeError) -> SchemaProblem:
    return SchemaProblem(
        ("body", error.pos),
        str(error),
        "value_error.jsondecode",
        {
            "msg": error.msg,
            "doc": error.doc,
            "pos": error.pos,
            "lineno": error.lineno,
            "colno": error.colno,
        },
    )


@dataclass(frozen=True)
class Services:
    """The parts that the routes share.

    ``depth_cap`` is the most hops one lineage query may ask for; ``clock`` gives Unix seconds and
    ``new_id`` UUIDs; ``worker`` does the jobs that routes submit, ``adjacency`` walks the graph.
    """

    store: Store
    identify: Identify
    depth_cap: int
    clock: Callable[[], float]
    new_id: Callable[[], str]
    worker: Worker
    adjacency: Adjacency


@dataclass(frozen=True)
class AuthorisedRequest:
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
        await self.store.writing(jobs.submit, new, whom, self.now)
        self.services.worker.nudge()


Endpoint = Callable[[AuthorisedRequest], Awaitable[Response]]


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
        return await endpoint(AuthorisedRequest(request, user, services))

    return Route(path, answer, methods=[method])


def health(path: str = "/") -> Route:
    """The route that says that a service runs; it asks for no identity."""

    async def answer(request: Request) -> Response:
        services: Services = request.app.state.services
        if services.worker.has_crashed:
            return JSONResponse({"detail": _NO_WORKER}, 500)
        return JSONResponse({"message": "Health check successful."})

    return Route(path, answer, methods=["GET"])


def access_checks(component: Component = "entity-registry") -> list[Route]:
    """The routes that say whether the caller's roles suffice, by echoing who they are (provena-http 2.9)."""
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


async def echo_user(call: AuthorisedRequest) -> Response:
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
