"""Which program acted for the person who registers a run: an annotation beside theirs (provena-http 4.1)."""

from __future__ import annotations

from typing import Final

from provena_mcp.wire.items import JsonObject

VIA: Final = "provena.via"
"""The annotation; its value is a program's name and version, and never what anybody said to it."""


def with_agent(raw: JsonObject, agent: str | None) -> JsonObject:
    """A record's JSON that names ``agent``, whatever it said of one itself; unchanged where there is none."""
    annotations = raw.get("annotations") or {}
    if agent is None or not isinstance(annotations, dict):
        return raw
    return {**raw, "annotations": {**annotations, VIA: agent}}
