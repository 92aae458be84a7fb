"""Reads the body of a successful answer as one of Provena's models."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from provena_mcp.client.http.errors_from_http import failure_of_status
from provena_mcp.client.http.request import Answer, Call
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.errors import UpstreamError
from provena_mcp.wire.base import Status

Model = TypeVar("Model", bound=BaseModel)


def parsed(call: Call, answer: Answer, model: type[Model]) -> Model:
    """The answer as a ``model``.

    Raises:
        MalformedAnswerError: It is not JSON, is cut short, or has another shape.
        AmbiguousWriteError: The same, of a write: it has probably happened.
    """
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        # Not chained: pydantic's text quotes the input, which may hold a token.
        raise unreadable(call, answer, error) from None


def unreadable(call: Call, answer: Answer, error: ValidationError) -> UpstreamError:
    """The error for an answer that is not what its route answers."""
    if answer.is_web_page:
        return malformed(call, "a web page instead of JSON, as a login or proxy page would be")
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return malformed(call, "not JSON, or cut short" if answer.body else "nothing at all")
    place = ".".join(str(part) for part in first["loc"][:6])
    return malformed(call, f"JSON of another shape, first at {place or 'its root'!r}")


def require_success(call: Call, status: Status | None) -> None:
    """Raise what ``success: false`` in a 200 means (provena-http 3.1).

    Raises:
        CallerError: Of the class that the status's details tell.
    """
    if status is not None and not status.success:
        raise failure_of_status(call, status)
