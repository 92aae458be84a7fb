"""Reads JSON-RPC messages, and answers malformed ones with an error under the id of their request.

The SDK drops a message that it cannot read, and the client waits for ever. Here the id is found wherever
possible, even in text that no parser accepts.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Final

from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError
from pydantic_core import from_json

_BYTE_ORDER_MARK: Final = "\ufeff"
_HALF_A_CHARACTER: Final = " It seems to hold half a character, such as an emoji cut in two."
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]:,]|[^\s{}\[\]:,"]++')
_WHOLE_NUMBER: Final = re.compile(r"-?\d{1,18}")

logger = logging.getLogger(__name__)


def read_message(line: bytes) -> SessionMessage | JSONRPCError | None:
    """The message in a line, or the error to answer it with; none if it wants no answer."""
    text = line.decode("utf-8", errors="replace").strip().removeprefix(_BYTE_ORDER_MARK)
    if not text:
        return None
    try:
        message = jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValidationError as error:
        return _unreadable(text, error)
    if isinstance(message, JSONRPCNotification) and '"id"' in text and "id" in from_json(text):
        # The SDK would take it for a notification, and its sender would wait.
        return _error(None, INVALID_REQUEST, "The id of a request is a text or a whole number.")
    return SessionMessage(message)


def _unreadable(text: str, error: ValidationError) -> JSONRPCError | None:
    problem = error.errors(include_url=False, include_input=False)[0]
    request_id = _request_id_in(text)
    if problem["type"] == "json_invalid":
        return _no_json("This line", problem.get("ctx", {}).get("error", ""), request_id)
    value = from_json(text)
    if isinstance(value, dict) and "method" not in value and ("result" in value or "error" in value):
        logger.warning("A malformed answer of the client was passed over.")
        return None
    return _error(request_id, INVALID_REQUEST, "This is no request or notification of JSON-RPC 2.0.")


def _no_json(what: str, reason: str, request_id: RequestId | None) -> JSONRPCError:
    half = _HALF_A_CHARACTER if "escape" in reason or "surrogate" in reason else ""
    return _error(request_id, PARSE_ERROR, f"{what} cannot be read as JSON: {reason}.{half}")


def refusal_of(body: bytes) -> JSONRPCError | None:
    """The error with which to answer a request whose body is not JSON; none if it is."""
    try:
        from_json(body)
    except ValueError as error:
        return _no_json("This body", str(error), _request_id_in(body.decode("utf-8", errors="replace")))
    return None


def _error(request_id: RequestId | None, code: int, message: str) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=message))


def _request_id_in(text: str) -> RequestId | None:
    """The id of the outermost object, from text that no parser takes: broken, cut off, or too deep."""
    depth, before, last = 0, "", ""
    for found in _TOKEN.finditer(text):
        token = found[0]
        if depth == 1 and (before, last) == ('"id"', ":"):
            return _as_request_id(token)
        depth += (token in "{[") - (token in "}]")
        before, last = last, token
    return None


def _as_request_id(token: str) -> RequestId | None:
    if _WHOLE_NUMBER.fullmatch(token):
        return int(token)
    try:
        value = json.loads(token)
        return value if isinstance(value, str) and value.encode() else None
    except ValueError:
        return None
