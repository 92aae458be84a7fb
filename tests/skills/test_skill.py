"""The skill says what is so: its examples are answered, its claims hold, its words are the tools' own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from mcp import Client

from provena_mcp.next_call import ToolName
from provena_mcp.rules.budgets import estimate_tokens
from provena_mcp.skills.published import SKILLS, read_skill
from tests.worlds.sample import sample_client

ROOT = Path(__file__).parents[2]
SKILL = read_skill("provena")
TEXTS = {file.path: file.content.decode() for file in SKILL.files}
EXAMPLES = [
    json.loads(example)
    for text in TEXTS.values()
    for example in re.findall(r"```json\n\s*(.*?)\n\s*```", text, re.DOTALL)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One store for all: nothing here writes."""
    return tmp_path_factory.mktemp("sample")


async def said(client: Client, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


def test_it_is_a_skill_as_the_format_asks():
    front = SKILL.front_matter
    assert list(front) == ["name", "description", "license"]
    assert front["name"] == SKILL.name == SKILLS[0]
    assert 1 <= len(front["description"]) <= 1024
    head = "".join(f"{name}: {value}\n" for name, value in front.items())
    assert TEXTS["SKILL.md"].startswith(f"---\n{head}---\n")


def test_it_costs_an_assistant_little_until_more_is_needed():
    assert estimate_tokens(TEXTS["SKILL.md"]) <= 1_500
    assert all(estimate_tokens(text) <= 1_000 for text in TEXTS.values())


def test_what_it_points_to_is_there_and_all_that_is_there_is_pointed_to():
    assert set(re.findall(r"\]\(([^)]+)\)", TEXTS["SKILL.md"])) == set(TEXTS) - {"SKILL.md"}


def test_every_word_in_code_marks_is_a_tool_an_argument_or_a_field():
    known = "".join(path.read_text("utf-8") for path in (ROOT / "schemas").glob("*.json"))
    words = {word for text in TEXTS.values() for word in re.findall(r"`([a-z_]+)`", text)}
    assert {word for word in words if f'"{word}"' not in known} == set()
    assert words & set(get_args(ToolName)) >= {
        "analyse_impact",
        "find_lineage_path",
        "link_model_run_to_study",
    }


@pytest.mark.asyncio
async def test_every_example_is_answered(folder: Path):
    async with sample_client(folder) as client:
        for example in EXAMPLES:
            await said(client, example["tool"], **example["arguments"])
    assert len(EXAMPLES) >= 10


@pytest.mark.asyncio
async def test_names_repeat_and_same_name_tells_them_apart(folder: Path):
    async with sample_client(folder) as client:
        found = await said(client, "search_items", query="coral cover survey heron reef")
    assert [each["name"] for each in found["same_name"]] == ["Coral cover survey, Heron Reef"]


@pytest.mark.asyncio
async def test_totals_are_whole_where_rows_are_not_and_next_goes_on(folder: Path):
    async with sample_client(folder) as client:
        first = await said(client, "explore_upstream", starting_id="sample/1000117", depth=20, max_tokens=600)
        second = await said(client, first["next"]["tool"], **first["next"]["arguments"])
    assert first["totals"] == second["totals"]
    assert first["shown"] < first["of"] == first["totals"]["nodes"] - 1


@pytest.mark.asyncio
async def test_an_incomplete_answer_says_why_and_deeper_looks_farther(folder: Path):
    async with sample_client(folder) as client:
        near = await said(client, "explore_upstream", starting_id="sample/1000117", depth=2)
        far = await said(client, near["deeper"]["tool"], **near["deeper"]["arguments"])
    assert (near["complete"], bool(near["incomplete_because"])) == (False, True)
    assert far["totals"]["nodes"] > near["totals"]["nodes"]


@pytest.mark.asyncio
async def test_no_path_is_an_answer_with_what_is_shared(folder: Path):
    async with sample_client(folder) as client:
        told = await said(client, "find_lineage_path", from_id="sample/1000119", to_id="sample/1000122")
    assert (told["found"], told["common_ancestors"]["count"] > 0) == (False, True)


@pytest.mark.asyncio
async def test_downstream_of_a_template_lies_more_than_what_an_error_reaches(folder: Path):
    async with sample_client(folder) as client:
        hit = await said(client, "analyse_impact", item_id="sample/1000013")
        below = await said(client, "explore_downstream", starting_id="sample/1000013", depth=20)
    assert hit["replaced_by"][0]["id"] == "sample/1000072"
    touched = hit["totals"]["datasets"] + hit["totals"]["runs"]
    assert touched < below["totals"]["nodes"]
    releases = [each.get("release") for each in hit["affected"]["datasets"]]
    assert releases == sorted(releases, key=lambda release: release != "RELEASED" and release != "PENDING")


@pytest.mark.asyncio
async def test_repeatable_and_current_are_told_independently(folder: Path):
    async with sample_client(folder) as client:
        told = await said(client, "audit_reproducibility", item_id="sample/1000119")
    assert (told["verdict"], told["current"]) == ("with_caveats", False)


@pytest.mark.asyncio
async def test_a_write_without_confirm_changes_nothing_and_names_what_is_missing(folder: Path):
    async with sample_client(folder) as client:
        before = await said(client, "list_items", subtype="MODEL_RUN")
        record = {"workflow_template_id": "sample/1000107"}
        preview = await said(client, "register_model_run", record=record)
        assert await said(client, "list_items", subtype="MODEL_RUN") == before
    assert preview["missing"]


@pytest.mark.asyncio
async def test_a_run_that_is_in_a_study_cannot_be_put_into_another(folder: Path):
    async with sample_client(folder) as client:
        run, study = "sample/1000119", "sample/1000022"
        result = await client.call_tool("link_model_run_to_study", {"model_run_id": run, "study_id": study})
    told = json.loads(result.content[0].text)  # pyright: ignore[reportAttributeAccessIssue]
    assert result.is_error or told["problems"]


@pytest.mark.asyncio
async def test_a_figure_can_be_opened(folder: Path):
    async with sample_client(folder) as client:
        opened = await said(client, "open_document", uri="provena://figure/upstream/sample/1000117")
    assert opened["mime_type"] == "image/svg+xml"
