"""What the client's services share."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ValidationError

from provena_mcp.client.http.connection import Connection
from provena_mcp.client.http.parsing import Model, parsed
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.errors import ArgumentError, MalformedItemError
from provena_mcp.wire.base import HealthAnswer
from provena_mcp.wire.items import JsonObject, RegistryItem, parse_item


class ServiceApi:
    """One service of a Provena, over the shared connection."""

    service: ClassVar[Service]

    def __init__(self, connection: Connection) -> None:
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

    async def _fetch_file(self, call: Call) -> bytes:
        answer = await self._connection.fetch(call)
        if answer.is_web_page:
            raise malformed(call, "a web page instead of a file, as a login or proxy page would be")
        return answer.body


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
