"""What a mirror adds to tools: an argument that bypasses it, and its age in each answer.

Tools have neither where no mirror is set, so that nobody pays for the words. What writes, or prepares a
write, and what looks at jobs and logins, always asks the deployment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from provena_mcp.application import Application
from provena_mcp.errors import ArgumentError, NotFoundError, ProvenaError
from provena_mcp.tools.definition import ToolDefinition, Toolset
from provena_mcp.tools.schemas import Schema

FRESH: Final = "fresh"
AGE: Final = "mirror_age"

_ANSWERED: Final[frozenset[Toolset]] = frozenset({"lineage", "answers", "registry", "documents"})
_FRESH_SCHEMA: Final[Schema] = {"type": "boolean", "default": False}
_AGE_SCHEMA: Final[Schema] = {"type": "string", "description": "Age of the mirror that answered."}


def is_mirrored(tool: ToolDefinition) -> bool:
    """Whether a mirror can answer ``tool``."""
    return tool.effect == "reads" and tool.toolset in _ANSWERED


def with_fresh(arguments: Schema) -> Schema:
    """The schema of a tool's arguments, with the one that passes the mirror by."""
    return {**arguments, "properties": {**arguments["properties"], FRESH: _FRESH_SCHEMA}}


def with_age(result: Schema) -> Schema:
    """The schema of a tool's result, with the mirror's age."""
    return {**result, "properties": {**result["properties"], AGE: _AGE_SCHEMA}}


def wants_deployment(arguments: Mapping[str, Any]) -> bool:
    """Whether the arguments pass the mirror by.

    Raises:
        ArgumentError: They say neither yes nor no.
    """
    given = arguments.get(FRESH)
    said = {"true": True, "false": False, "": False, "none": False}.get(str(given).strip().lower())
    if said is None:
        raise ArgumentError(
            f"{FRESH} is true or false.", parameter=FRESH, advice="Leave it out, or correct it."
        )
    return said


def without_fresh(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that the tool itself takes."""
    return {name: value for name, value in arguments.items() if name != FRESH}


def age_of(app: Application) -> str | None:
    """How old the mirror is; none without one.

    Raises:
        StoreError: It cannot be read.
    """
    return app.mirror.age() if app.mirror else None


def note_age(error: ProvenaError, app: Application) -> None:
    """Say in an error that something is not there how old the mirror is that does not have it."""
    if isinstance(error, NotFoundError) and app.mirror:
        error.advice = f"{error.advice} The mirror is {app.mirror.age()} old: `fresh` asks the deployment."
