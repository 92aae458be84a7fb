"""Rules that hold for every tool, whichever are switched on."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest

from evals.asking import tokens
from provena_mcp.errors import SettingsError
from provena_mcp.next_call import ToolName
from provena_mcp.queries.which_provena import MirrorState, WhichProvena
from provena_mcp.server.build import build_server
from provena_mcp.tools.catalogue import FILE, written
from provena_mcp.tools.definition import ToolDefinition
from provena_mcp.tools.instructions import server_instructions
from provena_mcp.tools.registration import register
from provena_mcp.tools.tool_call import ProvenaTool
from provena_mcp.tools.toolsets import ALL_TOOLS, select_tools
from tests.worlds.settings import settings_with

REGISTERED = register(ALL_TOOLS)
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
        for tool in register(definitions)
    ]
    return tokens(json.dumps(shown, separators=(",", ":"), ensure_ascii=False))


def test_the_tools_that_answers_may_propose_are_the_tools_there_are():
    assert sorted(get_args(ToolName)) == sorted(tool.name for tool in ALL_TOOLS)


def test_what_is_written_down_of_the_tools_is_current():
    kept = files("provena_mcp.tools").joinpath(FILE).read_text("utf-8")
    assert kept == written(), "run: python -m provena_mcp.tools.catalogue"


def test_tool_names_are_unique_and_plain():
    names = [tool.name for tool in REGISTERED]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]{2,63}", name)] == []


def nodes_in(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            yield from nodes_in(list(value.values()) if key == "properties" else value)
    elif isinstance(schema, list):
        for part in schema:
            yield from nodes_in(part)


@BY_NAME
def test_an_input_schema_is_a_plain_object(tool: ProvenaTool):
    schema = tool.parameters
    assert schema["type"] == "object"
    assert not {"anyOf", "oneOf", "allOf", "$defs"} & set(schema)
    assert not {"$ref", "$defs"} & set(keys_in(schema))


@BY_NAME
def test_an_output_schema_is_an_object_without_references(tool: ProvenaTool):
    schema = tool.output_schema
    assert schema is not None
    assert schema["type"] == "object"
    assert not {"$ref", "$defs"} & set(keys_in(schema))


@BY_NAME
def test_further_properties_are_described_or_not_spoken_of(tool: ProvenaTool):
    # Converters for other providers fail at true and false, and strict linters warn of {}.
    for schema in (tool.parameters, tool.output_schema):
        for node in nodes_in(schema):
            assert node.get("additionalProperties", {"type": "string"}) not in (True, False, {})


@BY_NAME
def test_whatever_may_be_left_out_and_cannot_be_blank_text_may_be_null(tool: ProvenaTool):
    # For clients that make every argument required. What has a default can be given that.
    for name, schema in tool.parameters["properties"].items():
        if name in tool.parameters.get("required", ()) or "default" in schema:
            continue
        is_text = schema.get("type") == "string" and "enum" not in schema
        assert is_text or {"type": "null"} in schema["anyOf"], name


def fields_below(schema: Any) -> set[str]:
    """Names of the fields of all objects within an argument."""
    if isinstance(schema, list):
        return set[str]().union(*map(fields_below, schema))
    if not isinstance(schema, dict):
        return set()
    inner = set[str]().union(*(fields_below(value) for value in schema.values()))
    return inner | set(schema["properties"]) if isinstance(schema.get("properties"), dict) else inner


@BY_NAME
def test_the_fields_of_a_nested_argument_are_named_in_words_too(tool: ProvenaTool):
    # For clients that show the model an object without what is in it.
    for name, schema in tool.parameters["properties"].items():
        fields, said = fields_below(schema), schema.get("description", "")
        if fields and said != "As register_model_run":
            assert fields <= set(re.findall(r"\w+", said)), name


@BY_NAME
def test_a_tool_has_a_title_a_bounded_description_and_all_four_hints(tool: ProvenaTool):
    assert tool.title
    assert 0 < len(tool.description) <= 2048
    assert tool.annotations is not None
    hints = tool.annotations.model_dump(exclude={"title"})
    assert sorted(hints) == ["destructive_hint", "idempotent_hint", "open_world_hint", "read_only_hint"]
    assert None not in hints.values()


def test_the_default_tools_are_at_most_28_and_fit_into_6000_tokens():
    tools = select_tools("default", read_only=False, local=True)
    assert len(tools) <= 28
    assert shown_tokens(tools) <= 6000


def test_the_lean_tools_are_at_most_12_and_fit_into_3000_tokens():
    tools = select_tools("lean", read_only=False, local=True)
    assert len(tools) <= 12
    assert shown_tokens(tools) <= 3000


@pytest.mark.parametrize("chosen", ["all", "default", "lean", "registry", "runs,jobs"])
@pytest.mark.parametrize(
    "which",
    [
        WhichProvena(kind="deployment", where="deployment." * 30),
        WhichProvena(kind="sample", where="a.sqlite3", items=124),
        WhichProvena(kind="embedded", where="/home/somebody/" * 20, items=124),
        WhichProvena(
            kind="mirror",
            where="deployment." * 30,
            items=124,
            mirror=MirrorState(file="/home/somebody/m.sqlite3", as_of="2026-11-28T08:00:00Z"),
        ),
    ],
    ids=lambda which: which.kind,
)
def test_the_instructions_fit_into_350_tokens(chosen: str, which: WhichProvena):
    instructions = server_instructions(which, select_tools(chosen, read_only=False, local=True))
    assert tokens(instructions) <= 350


def test_the_instructions_of_an_empty_store_fit_into_350_tokens(tmp_path: Path):
    server = build_server(settings_with(store=tmp_path / "store.sqlite3", toolsets="all"))
    assert "EMPTY" in (server.instructions or "")
    assert tokens(server.instructions or "") <= 350


def test_the_instructions_speak_only_of_tools_that_are_offered():
    names = {tool.name for tool in ALL_TOOLS}
    which = WhichProvena(kind="sample", where="a.sqlite3", items=124)
    for chosen in ("default", "lean", "registry", "health", "lineage,documents", "runs", "answers"):
        offered = select_tools(chosen, read_only=False, local=False)
        said = set(re.findall(r"[a-z]+(?:_[a-z]+)+", server_instructions(which, offered)))
        assert said & names <= {tool.name for tool in offered}


def test_a_read_only_server_says_nothing_of_writes():
    which = WhichProvena(kind="sample", where="a.sqlite3", items=124)
    told = server_instructions(which, select_tools("default", read_only=True, local=True))
    assert "write" not in told.replace("written", "")


def test_read_only_beats_every_other_switch():
    assert {tool.effect for tool in select_tools("all", read_only=True, local=True)} == {"reads"}


def test_tools_that_touch_this_machine_exist_on_stdio_only():
    assert [tool.name for tool in select_tools("all", read_only=False, local=False) if tool.local_only] == []


def test_an_unknown_toolset_names_the_nearest_one():
    with pytest.raises(SettingsError) as failure:
        select_tools("linage", read_only=False, local=True)
    assert failure.value.message == "PROVENA_TOOLSETS names no toolset 'linage'."
    assert failure.value.advice.startswith("Did you mean 'lineage'?")
