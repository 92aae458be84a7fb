"""The catalogue is what a client is sent, and ``schemas/`` is the catalogue."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from mcp import Client

from provena_mcp.cli.catalogue import LINEAGE_SUMMARY, catalogue_files
from provena_mcp.server.build import build_server
from provena_mcp.settings import Settings

SCHEMAS = Path(__file__).parents[2] / "schemas"


async def listed(settings: Settings) -> list[dict[str, object]]:
    async with Client(build_server(settings)) as client:
        return [
            tool.model_dump(mode="json", by_alias=True, exclude_none=True)
            for tool in (await client.list_tools()).tools
        ]


@pytest.mark.parametrize("toolsets", ["default", "lean"])
def test_json_is_the_list_a_client_gets(run, tmp_path, toolsets: str):
    printed = run("tools", "--json", PROVENA_TOOLSETS=toolsets)
    assert printed.returncode == 0
    settings = Settings(store=tmp_path / "other.sqlite", toolsets=toolsets)
    assert json.loads(printed.stdout) == asyncio.run(listed(settings))


def test_a_folder_gets_one_file_for_every_tool_whatever_the_settings(run, tmp_path):
    written = run("tools", "--json", "made/schemas", PROVENA_TOOLSETS="health", PROVENA_READ_ONLY="true")
    assert (written.returncode, written.stdout, written.stderr) == (0, "", "")
    files = {path.name: path.read_text("utf-8") for path in (tmp_path / "made/schemas").iterdir()}
    assert files == catalogue_files()
    tools = [json.loads(text) for name, text in files.items() if name != LINEAGE_SUMMARY]
    assert set(files) == {f"{tool['name']}.json" for tool in tools} | {LINEAGE_SUMMARY}
    for tool in tools:
        assert {"name", "title", "description", "annotations", "inputSchema", "outputSchema"} <= set(tool)
        Draft202012Validator.check_schema(tool["inputSchema"])
        Draft202012Validator.check_schema(tool["outputSchema"])
    Draft202012Validator.check_schema(json.loads(files[LINEAGE_SUMMARY]))


def test_the_schemas_of_the_repository_are_current():
    kept = {path.name: path.read_text("utf-8") for path in SCHEMAS.glob("*.json")}
    assert kept == catalogue_files(), (
        "run: python -m provena_mcp.tools.catalogue && provena-mcp tools --json schemas"
    )


def test_the_table_says_who_answers_and_how_to_fill_an_empty_store(run, tmp_path):
    shown = run("tools")
    text = " ".join(shown.stdout.split())
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "embedded Provena" in text
    assert "provena-mcp local load" in text
    assert "lineage explore_upstream What led to this reads" in text
    assert list(tmp_path.iterdir()) == []


def test_the_table_names_the_deployment(run):
    shown = run("tools", PROVENA_DOMAIN="provena.example.org", PROVENA_REALM="reef")
    assert shown.stdout.startswith("Answers come from the Provena deployment provena.example.org.\n")


def test_a_folder_without_json_is_a_usage_error(run):
    shown = run("tools", "schemas")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert "DIR is for --json." in shown.stderr


def test_a_folder_that_cannot_be_written_is_told(run, tmp_path):
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    shown = run("tools", "--json", "taken")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == (
        "provena-mcp: 'taken' cannot be written: File exists.\nName a folder you may write.\n"
    )
