"""Rules that hold for every tool, whichever are switched on."""

import json
import re
from collections.abc import Iterator
from typing import Any

import bpe_openai
import pytest

from provena_mcp.errors import SettingsError
from provena_mcp.tools.definition import ToolDefinition
from provena_mcp.tools.registration import ProvenaTool, register
from provena_mcp.tools.toolsets import ALL_TOOLS, select_tools

REGISTERED = [register(definition) for definition in ALL_TOOLS]
BY_NAME = pytest.mark.parametrize("tool", REGISTERED, ids=lambda tool: tool.name)


def keys_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        for key, value in schema.items():
            yield key
            yield from keys_in(value)
    elif isinstance(schema, list):
        for part in schema:
            yield from keys_in(part)


def shown_tokens(definitions: tuple[ToolDefinition, ...]) -> int:
    """Tokens of what hosts show the model: name, description and input schema."""
    shown = [
        {"name": tool.name, "description": tool.description, "inputSchema": tool.parameters}
        for tool in map(register, definitions)
    ]
    encoding = bpe_openai.get_encoding("o200k_base")
    return len(encoding.encode(json.dumps(shown, separators=(",", ":"), ensure_ascii=False)))


def test_tool_names_are_unique_and_plain():
    names = [tool.name for tool in REGISTERED]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]{2,63}", name)] == []


@BY_NAME
def test_an_input_schema_is_a_plain_object_that_refuses_unknown_arguments(tool: ProvenaTool):
    schema = tool.parameters
    assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    assert not {"anyOf", "oneOf", "allOf", "$defs"} & set(schema)
    assert not {"$ref", "$defs"} & set(keys_in(schema))


@BY_NAME
def test_an_output_schema_is_an_object_without_references(tool: ProvenaTool):
    schema = tool.output_schema
    assert schema is not None
    assert schema["type"] == "object"
    assert not {"$ref", "$defs"} & set(keys_in(schema))


@BY_NAME
def test_a_tool_has_a_title_a_bounded_description_and_all_four_hints(tool: ProvenaTool):
    assert tool.title
    assert 0 < len(tool.description) <= 2048
    assert tool.annotations is not None
    hints = tool.annotations.model_dump(exclude={"title"})
    assert sorted(hints) == ["destructive_hint", "idempotent_hint", "open_world_hint", "read_only_hint"]
    assert None not in hints.values()


def test_the_reading_tools_fit_into_2600_tokens():
    assert shown_tokens(select_tools("health,lineage,registry,documents", read_only=True, local=True)) <= 2600


def test_read_only_beats_every_other_switch():
    assert {tool.effect for tool in select_tools("all", read_only=True, local=True)} == {"reads"}


def test_tools_that_touch_this_machine_exist_on_stdio_only():
    assert [tool.name for tool in select_tools("all", read_only=False, local=False) if tool.local_only] == []


def test_an_unknown_toolset_names_the_nearest_one():
    with pytest.raises(SettingsError) as failure:
        select_tools("linage", read_only=False, local=True)
    assert failure.value.message == "PROVENA_TOOLSETS names no toolset 'linage'."
    assert failure.value.advice.startswith("Did you mean 'lineage'?")
