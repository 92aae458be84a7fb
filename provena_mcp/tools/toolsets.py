"""Which tools a server offers: toolsets by name, read-only beats everything."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final, get_args

from provena_mcp.errors import SettingsError
from provena_mcp.tools.catalogue import written_tools
from provena_mcp.tools.definition import ToolDefinition, Toolset

ALL_TOOLS: Final[tuple[ToolDefinition, ...]] = written_tools()

_OFF_BY_DEFAULT: Final[frozenset[Toolset]] = frozenset({"recording", "curation", "admin"})
_LEAN: Final = frozenset(
    {
        "get_health_check",
        "explore_upstream",
        "explore_downstream",
        "get_contributing_datasets",
        "get_effected_datasets",
        "get_contributing_agents",
        "search_items",
        "fetch_items",
        "list_items",
        "find_lineage_path",
        "analyse_impact",
        "audit_reproducibility",
    }
)


def select_tools(chosen: str, *, read_only: bool, local: bool) -> tuple[ToolDefinition, ...]:
    """The tools to register, in a fixed order.

    Args:
        chosen: Comma-separated toolset names, ``default``, ``lean`` or ``all``.
        read_only: Leave out every tool that writes.
        local: Whether the server talks over stdio, so that tools touching this machine's files exist.

    Raises:
        SettingsError: A name is not a toolset; the nearest one is named.
    """
    names = {name.strip().lower() for name in chosen.split(",") if name.strip()} or {"default"}
    offered = _offered(names)
    return tuple(
        tool
        for tool in ALL_TOOLS
        if tool.name in offered
        and (local or not tool.local_only)
        and not (read_only and tool.effect != "reads")
    )


def _offered(names: Iterable[str]) -> set[str]:
    offered: set[str] = set()
    for name in names:
        if name == "all":
            offered.update(tool.name for tool in ALL_TOOLS)
        elif name == "default":
            offered.update(tool.name for tool in ALL_TOOLS if tool.toolset not in _OFF_BY_DEFAULT)
        elif name == "lean":
            offered.update(_LEAN)
        elif name in get_args(Toolset):
            offered.update(tool.name for tool in ALL_TOOLS if tool.toolset == name)
        else:
            raise _unknown(name)
    return offered


def _unknown(name: str) -> SettingsError:
    choices = (*get_args(Toolset), "default", "lean", "all")
    nearest = difflib.get_close_matches(name, choices, n=1)
    meant = f"Did you mean {nearest[0]!r}? " if nearest else ""
    return SettingsError(
        f"PROVENA_TOOLSETS names no toolset {name!r}.", advice=f"{meant}Toolsets: {', '.join(choices)}."
    )
