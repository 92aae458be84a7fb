"""What a service said with a failure: found in any body, made safe to show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import httpx
from pydantic import JsonValue
from pydantic_core import from_json

from provena_mcp.client.http.redaction import scrub
from provena_mcp.rules.text import clean

UPSTREAM_LENGTH: Final = 500

# Longest prefix of a body that is searched for words; a gateway may answer with megabytes.
_LOOKED_AT: Final = 100_000
_PLACES: Final = ("query", "body", "path", "header")


def words_of(response: httpx.Response) -> str:
    """The service's own words, whole and uncleaned, to be matched against known fragments.

    FastAPI says ``detail`` (a text, or a list of field errors), gateways say ``message``, Keycloak
    says ``error_description``; a crashed service sends plain text (provena-http 3.2 to 3.4). A web page
    has no words.
    """
    if is_web_page(response):
        return ""
    body = response.content[:_LOOKED_AT]
    try:
        return _said(from_json(body))
    except ValueError:
        pass
    return body.decode("utf-8", "replace") if _media_type(response).startswith("text/") else ""


def upstream_text(words: str, token: str | None = None) -> str | None:
    """``words`` as they may be shown: without secrets and invisible characters, bounded; none if empty."""
    return clean(scrub(words[: 8 * UPSTREAM_LENGTH], token), UPSTREAM_LENGTH) or None


def token_sent(response: httpx.Response) -> str | None:
    """The bearer token that the request carried: a service may repeat it in what it says."""
    return response.request.headers.get("authorization", "").removeprefix("Bearer ") or None


def is_web_page(response: httpx.Response) -> bool:
    """Whether this is HTML, whatever its header says."""
    start = response.content[:200].lstrip().lower()
    return "html" in _media_type(response) or start.startswith((b"<!doctype html", b"<html"))


def field_errors(detail: Sequence[JsonValue]) -> str:
    """A 422 as ``inputs[0].dataset_type: value is not …; …`` (provena-http 3.2)."""
    return "; ".join(_field_error(entry) for entry in detail)


def _media_type(response: httpx.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


def _said(value: JsonValue) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return field_errors(value)
    if not isinstance(value, dict):
        return ""
    for key in ("detail", "message", "Message", "error_description", "error"):
        if said := _said(value.get(key)):
            return said
    return ""


def _field_error(entry: JsonValue) -> str:
    if not isinstance(entry, dict):
        return _said(entry)
    message = _said(entry.get("msg"))
    location = entry.get("loc")
    path = _path(location) if isinstance(location, list) else ""
    return f"{path}: {message}" if path else message


def _path(location: Sequence[JsonValue]) -> str:
    path = ""
    parts = location[1:] if location and location[0] in _PLACES else location
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part != "__root__":
            path += f".{part}" if path else str(part)
    return path
