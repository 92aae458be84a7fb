"""Logs every call of a tool that writes as one line of JSON on stderr: who, what, and the outcome."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from pydantic import BaseModel, ValidationError

from provena_mcp.server.calls import name_in
from provena_mcp.tools.call_context import acting_client
from provena_mcp.tools.definition import ToolDefinition

_WORD: Final = 200

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Author:
    """Who writes, and the OAuth client that their token was given to; none where callers bring no token."""

    who: str
    client: str | None = None


@dataclass(frozen=True)
class Audit:
    """Records writes: ids and outcomes, never what was written, nor any name or address of a person.

    ``via`` is the program that acted for them, as it names itself; what it was told is not known here.

    Attributes:
        tools: Those offered, by name.
        now: Unix seconds.
        author: Whose call is under way.
    """

    tools: Mapping[str, ToolDefinition]
    now: Callable[[], float]
    author: Callable[[], Author]

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Let the message through, and record it if it is a call of a tool that writes."""
        tool = self._writing(ctx)
        if tool is None:
            return await call_next(ctx)
        began = self.now()
        outcome: dict[str, str] = {"outcome": "aborted"}
        try:
            result = await call_next(ctx)
            outcome = _outcome(result)
        finally:
            self._record(tool, began, acting_client(ctx.session), outcome)
        return result

    def _writing(self, ctx: ServerRequestContext[Any, Any]) -> ToolDefinition | None:
        if ctx.method != "tools/call":
            return None
        tool = self.tools.get(name_in(ctx))
        return tool if tool is not None and tool.effect != "reads" else None

    def _record(
        self, tool: ToolDefinition, began: float, via: str | None, outcome: Mapping[str, str]
    ) -> None:
        author = self.author()
        line = {
            "event": "write",
            "at": datetime.fromtimestamp(began, UTC).isoformat(timespec="milliseconds"),
            "who": author.who,
            "client": author.client,
            "via": via,
            "tool": tool.name,
            **outcome,
            "seconds": round(self.now() - began, 3),
        }
        logger.info("%s", json.dumps({name: value for name, value in line.items() if value is not None}))


def write_audit_to_stderr() -> None:
    """Write the lines as they are, one JSON object each, whatever else is logged."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


class _Error(BaseModel):
    """The part of a failure that is recorded."""

    kind: str = "Internal"


class _Result(BaseModel):
    """The part of a result that is recorded."""

    error: _Error | None = None
    status: str = "done"
    session_id: str | None = None
    model_run_id: str | None = None
    batch_id: str | None = None
    study_id: str | None = None
    id: str | None = None


def _outcome(result: HandlerResult) -> dict[str, str]:
    wire = result.model_dump(mode="json", by_alias=True) if isinstance(result, BaseModel) else result or {}
    if wire.get("resultType") == "input_required":
        return {"outcome": "asking"}
    if wire.get("isError"):
        return {"outcome": "error", "kind": _error_in(wire["content"][0]["text"]).kind[:_WORD]}
    seen = _Result.model_validate(wire.get("structuredContent") or {})
    ids = seen.model_dump(exclude={"error", "status"}, exclude_none=True)
    return {"outcome": seen.status[:_WORD], **{name: value[:_WORD] for name, value in ids.items()}}


def _error_in(text: str) -> _Error:
    """The error of a failed call, which is text alone: the JSON of ``tools/error_results``, or the SDK's."""
    try:
        return _Result.model_validate_json(text).error or _Error()
    except ValidationError:
        return _Error()
