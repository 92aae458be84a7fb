"""The base class of the service APIs, and the checks that they share."""

from __future__ import annotations

from typing import ClassVar, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from provena_mcp.client.http.connection import Sender
from provena_mcp.client.http.errors_from_http import failure_of_status
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.http.upstream_words import is_web_page
from provena_mcp.errors import ArgumentError, MalformedItemError, UpstreamError
from provena_mcp.wire.base import HealthAnswer, Status
from provena_mcp.wire.items import JsonObject, RegistryItem, parse_item

Model = TypeVar("Model", bound=BaseModel)


class ServiceApi:
    """One service of a Provena, over the shared connection."""

    service: ClassVar[Service]

    def __init__(self, connection: Sender) -> None:
        """Call the service over ``connection``."""
        self._connection = connection

    async def health(self) -> HealthAnswer:
        """What the service's root says; needs no login.

        Raises:
            UpstreamError: The service is down, or something else is at its address.
        """
        call = Call(
            service=self.service,
            method="GET",
            path="/",
            name="check that it is up",
            role="any",
            token="welcome",
        )
        return await self._ask(call, HealthAnswer)

    async def _ask(self, call: Call, model: type[Model]) -> Model:
        return parsed(call, await self._connection.fetch(call), model)

    async def _ask_page(self, call: Call, model: type[Model]) -> tuple[Model, int]:
        """The answer, and how many bytes it had."""
        response = await self._connection.fetch(call)
        return parsed(call, response, model), len(response.content)

    async def _fetch_file(self, call: Call) -> bytes:
        response = await self._connection.fetch(call)
        if is_web_page(response):
            raise malformed(call, "a web page instead of a file, as a login or proxy page would be")
        return response.content


def parsed(call: Call, response: httpx.Response, model: type[Model]) -> Model:
    """The answer as a ``model``.

    Raises:
        MalformedAnswerError: It is not JSON, is cut short, or has another shape.
        AmbiguousWriteError: The same, of a write: it has probably happened.
    """
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        # Not chained: pydantic's text quotes the input, which may hold a token.
        raise unreadable(call, response, error) from None


def unreadable(call: Call, response: httpx.Response, error: ValidationError) -> UpstreamError:
    """The error for a response that does not have the shape its route promises."""
    if is_web_page(response):
        return malformed(call, "a web page instead of JSON, as a login or proxy page would be")
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return malformed(call, "not JSON, or cut short" if response.content else "nothing at all")
    place = ".".join(str(part) for part in first["loc"][:6])
    return malformed(call, f"JSON of another shape, first at {place or 'its root'!r}")


def require_success(call: Call, status: Status | None) -> None:
    """Raise what ``success: false`` in a 200 means (provena-http 3.1).

    Raises:
        CallerError: Of the class that the status's details tell.
    """
    if status is not None and not status.success:
        raise failure_of_status(call, status)


def encoded(model: BaseModel) -> bytes:
    """A request model as JSON; what is not set is left out."""
    return model.model_dump_json(exclude_none=True).encode()


def required(text: str, parameter: str) -> str:
    """``text``, which is not blank: services answer a blank id with a bare 500 (provena-http 7.3).

    Raises:
        ArgumentError: It is blank.
    """
    if not text.strip():
        raise ArgumentError(f"{parameter} is blank.", parameter=parameter, advice="Give a handle or an id.")
    return text


def item_of(call: Call, raw: JsonObject | None) -> RegistryItem:
    """The registry item in an answer.

    Raises:
        MalformedAnswerError: There is none.
        MalformedItemError: It lacks what its subtype needs.
    """
    if raw is None:
        raise malformed(call, "success, but no item")
    try:
        return parse_item(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"][:6])
        raise malformed(call, f"an item that lacks or misspells {place!r}", MalformedItemError) from None
