"""Every result, errors too, passes the checks of the strictest clients there are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp import Client, MCPError
from mcp.types import CallToolResult, ResourceLink, Tool

from provena_mcp.tools.toolsets import ALL_TOOLS
from tests.tools.conftest import Standing
from tests.worlds.sample import BOTH_ERAS, error_of, sample_client, text_of
from tests.worlds.sample_csv import a_csv, trials

RUN, DATASET, STUDY, TEMPLATE = "sample/1000042", "sample/1000041", "sample/1000031", "sample/1000011"
NEEDS_NOTHING = {"get_health_check", "list_items", "list_jobs"}


def complaint_of(tool: Tool, result: CallToolResult) -> str | None:
    """What the TypeScript SDK 1.x throws: it checks a structure, if there is one, of errors as well."""
    if result.structured_content is None:
        return None if result.is_error else f"{tool.name} did not return structured content"
    assert tool.output_schema is not None
    wrong = next(Draft202012Validator(tool.output_schema).iter_errors(result.structured_content), None)
    return f"{tool.name}: {wrong.message}" if wrong else None


class Checked:
    """Calls whose results are all checked; ``succeeded`` are the tools that answered."""

    def __init__(self, client: Client, tools: list[Tool]) -> None:
        self._client = client
        self._tools = {tool.name: tool for tool in tools}
        self.succeeded: set[str] = set()

    async def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        result = await self.try_to_call(name, arguments)
        assert not result.is_error, result.content
        self.succeeded.add(name)
        return result.structured_content or {}

    async def try_to_call(self, name: str, arguments: dict[str, Any]) -> CallToolResult:
        result = await self._client.call_tool(name, arguments)
        assert complaint_of(self._tools[name], result) is None
        assert [block.type for block in result.content] == ["text"]
        if not result.is_error:
            assert json.loads(text_of(result)) == result.structured_content
        return result


async def use_reading_tools(checked: Checked) -> None:
    for tool in ALL_TOOLS:
        if tool.toolset == "lineage":
            await checked.call(tool.name, starting_id=DATASET)
    await checked.call("get_health_check")
    await checked.call("find_lineage_path", from_id=DATASET, to_id="sample/1000012")
    await checked.call("show_lineage", id=DATASET, query="impact")
    await checked.call("analyse_impact", item_id=DATASET)
    await checked.call("compare_model_runs", run_ids=[RUN, "sample/1000049"])
    await checked.call("audit_reproducibility", item_id=RUN)
    await checked.call("what_changed", since="2020-01-01", of=[RUN])
    await checked.call("search_items", query="reef temperature")
    await checked.call("fetch_items", ids=[DATASET, RUN, TEMPLATE], include=["history", "versions"])
    await checked.call("fetch_items", ids=[DATASET], detail="full")
    await checked.call("list_items", limit=100)
    report = await checked.call("generate_report", id=RUN)
    await checked.call("get_job", session_id=report["session_id"])
    await checked.call("list_jobs")
    await checked.call("open_document", uri=report["uri"])


async def use_writing_tools(checked: Checked, csv_file: Path) -> None:
    await checked.call("generate_csv_template", workflow_template_id=TEMPLATE)
    await checked.call("convert_model_runs_to_csv_with_file", file_path=str(csv_file))
    converted = await checked.call("convert_model_runs", model_run_content=a_csv(*trials(2)))
    shown = await checked.call("register_batch_model_runs", reference=converted["reference"])
    done = await checked.call(
        "register_batch_model_runs", reference=shown["reference"], expect_new=2, confirm=True
    )
    await checked.call("get_job", session_id=done["batch_id"])
    await checked.call("regenerate_csv_from_model_run_batch", batch_id=done["batch_id"])
    await checked.call("register_model_run", record={"workflow_template_id": TEMPLATE})
    await checked.call("update_model_run", model_run_id=RUN, reason="x", changes={"model_version": "2"})
    await checked.call("link_model_run_to_study", model_run_id=RUN, study_id=STUDY)
    await checked.call("create_item", item_subtype="STUDY", item={"title": "x"})


async def use_recording(checked: Checked) -> None:
    event = {
        "eventType": "COMPLETE",
        "eventTime": "2024-06-03T10:00:00Z",
        "run": {"runId": "01234567-89ab-4def-8123-456789abcdef"},
        "job": {"namespace": "nightly", "name": "currents"},
        "inputs": [{"namespace": "file", "name": "/data/rain.csv"}],
        "outputs": [{"namespace": "file", "name": "/data/flow.csv"}],
    }
    await checked.call("identify_file", file="0" * 64)
    await checked.call("check_inputs", files=["0" * 64])
    await checked.call("draft_model_runs", crate=json.dumps(event))


async def use_administration(checked: Checked) -> None:
    whole = await checked.call("fetch_items", ids=[RUN], detail="full")
    record = whole["items"][0]["record"]
    await checked.call("generate_config_file", required_only=False)
    await checked.call("store_record", registry_record=record)
    await checked.call("store_multiple_records", registry_records=[record])
    await checked.call("store_all_registry_records")
    await checked.call("delete_model_run", model_run_id=RUN)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_every_tool_answers_with_what_it_declares_and_with_text_of_the_same(tmp_path: Path, era: str):
    csv_file = tmp_path / "runs.csv"
    csv_file.write_text(a_csv(*trials(2)), "utf-8")
    async with sample_client(tmp_path, era, toolsets="all", input_dirs=str(tmp_path)) as client:
        checked = Checked(client, (await client.list_tools()).tools)
        await use_reading_tools(checked)
        await use_recording(checked)
        await use_administration(checked)
        await use_writing_tools(checked, csv_file)
    assert checked.succeeded == {tool.name for tool in ALL_TOOLS}


def spoilt_arguments(tool: Tool) -> Iterator[dict[str, Any]]:
    """Arguments that cannot be meant: an unknown one, none at all, each of a type it is not."""
    yield {"no_such_argument": 1}
    if tool.name not in NEEDS_NOTHING:
        yield {}
    for name in tool.input_schema["properties"]:
        yield {name: {"not": "meant"}}
        yield {name: "no-such-thing"}


@BOTH_ERAS
@pytest.mark.asyncio
async def test_every_error_of_every_tool_is_text_alone(tmp_path: Path, era: str):
    refused: set[str] = set()
    async with sample_client(tmp_path, era, toolsets="all") as client:
        tools = (await client.list_tools()).tools
        checked = Checked(client, tools)
        for tool in tools:
            for arguments in spoilt_arguments(tool):
                result = await checked.try_to_call(tool.name, arguments)
                if result.is_error:
                    assert error_of(result)["kind"] != "Internal", arguments
                    refused.add(tool.name)
    assert refused == {tool.name for tool in ALL_TOOLS}


@pytest.mark.parametrize(
    ("era", "wanted", "kinds"),
    [
        ("auto", False, ["text"]),
        ("legacy", False, ["text"]),
        ("auto", True, ["text", "resource_link"]),
        ("legacy", True, ["text", "resource_link"]),
    ],
)
@pytest.mark.asyncio
async def test_links_to_documents_are_in_results_only_where_they_are_asked_for(
    tmp_path: Path, era: str, wanted: bool, kinds: list[str]
):
    async with sample_client(tmp_path, era, resource_links=wanted) as client:
        lineage = await client.call_tool("explore_upstream", {"starting_id": DATASET})
        csv = await client.call_tool("generate_csv_template", {"workflow_template_id": TEMPLATE})
        report = await client.call_tool("generate_report", {"id": RUN})
    for result, key in ((lineage, "graph_uri"), (csv, "uri"), (report, "uri")):
        assert [block.type for block in result.content] == kinds
        assert result.structured_content is not None
        assert [block.uri for block in result.content if isinstance(block, ResourceLink)] == [
            result.structured_content[key]
        ] * wanted


@BOTH_ERAS
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("explore_upstreem", "There is no tool 'explore_upstreem'. Did you mean 'explore_upstream'?"),
        ("delete_everything_there_is", "There is no tool 'delete_everything_there_is'."),
        ("", "There is no tool ''."),
    ],
)
@pytest.mark.asyncio
async def test_a_tool_that_there_is_not_is_a_protocol_error_with_the_nearest_name(
    tmp_path: Path, era: str, name: str, message: str
):
    async with sample_client(tmp_path, era) as client:
        with pytest.raises(MCPError) as refused:
            await client.call_tool(name, {})
    assert (refused.value.error.code, refused.value.error.message) == (-32602, message)


@BOTH_ERAS
@pytest.mark.asyncio(loop_scope="session")
async def test_the_text_of_a_result_is_its_structure_as_compact_json(standing: Standing, era: str):
    async with standing.client(era) as client:
        result = await client.call_tool("list_items", {"subtype": "MODEL"})
    text = text_of(result)
    assert json.loads(text) == result.structured_content
    assert text == json.dumps(result.structured_content, separators=(",", ":"), ensure_ascii=False)
