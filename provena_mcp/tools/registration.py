"""Turns tool definitions into the SDK's tools, from what is written down of each."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata

from provena_mcp.tools.catalogue import Shown, shown
from provena_mcp.tools.definition import ToolDefinition
from provena_mcp.tools.mirrored import is_mirrored, with_age, with_fresh
from provena_mcp.tools.tool_call import ProvenaTool


@lru_cache(maxsize=16)
def register(
    definitions: tuple[ToolDefinition, ...],
    *,
    local: bool = True,
    links: bool = False,
    mirrored: bool = False,
) -> tuple[ProvenaTool, ...]:
    """The SDK's tools for definitions.

    Remembered: they follow from the definitions alone.

    Args:
        definitions: The tools.
        local: Whether they offer to save files on this machine.
        links: Whether results carry links to the documents that they speak of.
        mirrored: Whether a mirror answers what it can.
    """
    return tuple(
        _register(definition, entry, local=local, links=links, mirrored=mirrored and is_mirrored(definition))
        for definition, entry in zip(definitions, shown(definitions), strict=True)
    )


def _register(
    definition: ToolDefinition, entry: Shown, *, local: bool, links: bool, mirrored: bool
) -> ProvenaTool:
    arguments, result = entry.arguments, entry.result
    if mirrored:
        arguments, result = with_fresh(arguments), with_age(result)
    if not local:
        properties = {name: part for name, part in arguments["properties"].items() if name != "save_as"}
        arguments = {**arguments, "properties": properties}
    return ProvenaTool(
        fn=definition.load,
        name=definition.name,
        title=definition.title,
        description=entry.description,
        parameters=arguments,
        fn_metadata=FuncMetadata(arg_model=ArgModelBase, output_schema=result),
        is_async=True,
        context_kwarg=None,
        annotations=definition.annotations,
        meta={"provena/toolset": definition.toolset, **_ui(definition)},
        links=links,
        mirrored=mirrored,
        result=lambda: definition.result_model,
    )


def _ui(definition: ToolDefinition) -> dict[str, Any]:
    return {"ui": {"resourceUri": definition.ui}} if definition.ui else {}
