"""Opaque page cursors: they carry where a page starts and which question it belongs to."""

from __future__ import annotations

import base64
import json
from typing import Final, cast

from pydantic import JsonValue

from provena_mcp.errors import CursorError

_AGAIN: Final = "Call the tool again without a cursor to start over."


def encode_cursor(question: str, position: JsonValue) -> str:
    """A cursor for ``position`` in the answer to ``question``."""
    packed = json.dumps([question, position], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def foreign_cursor() -> CursorError:
    """The error for a cursor that holds what none of ours does."""
    return CursorError("The cursor is not one of ours.", advice=_AGAIN)


def decode_cursor(question: str, cursor: str) -> JsonValue:
    """The position a cursor holds.

    Raises:
        CursorError: It is not a cursor, or belongs to another question.
    """
    try:
        padded = cursor.strip() + "=" * (-len(cursor.strip()) % 4)
        held = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        raise foreign_cursor() from None
    parts = cast("list[JsonValue]", held) if isinstance(held, list) else []
    if len(parts) != 2:
        raise foreign_cursor()
    if parts[0] != question:
        raise CursorError("The cursor belongs to another question.", advice=_AGAIN)
    return parts[1]
