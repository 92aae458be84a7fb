"""With --json an answer is the tool's own, a failure too."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.cli.ask.conftest import BATHYMETRY, OTHER_RUN, RANKING, RUN, STUDY, Ask
from tests.cli.command_line import CommandLine
from tests.worlds.sample import sample_client, text_of

CALLS: list[tuple[list[str], str, dict[str, Any]]] = [
    (["upstream", RANKING], "explore_upstream", {"starting_id": RANKING}),
    (
        ["downstream", BATHYMETRY, "--depth", "2", "--type", "model-run"],
        "explore_downstream",
        {"starting_id": BATHYMETRY, "depth": 2, "subtypes": ["MODEL_RUN"]},
    ),
    (["upstream", RANKING, "--datasets"], "get_contributing_datasets", {"starting_id": RANKING}),
    (["upstream", RANKING, "--agents"], "get_contributing_agents", {"starting_id": RANKING}),
    (["downstream", BATHYMETRY, "--datasets"], "get_effected_datasets", {"starting_id": BATHYMETRY}),
    (["downstream", BATHYMETRY, "--agents"], "get_effected_agents", {"starting_id": BATHYMETRY}),
    (["path", RANKING, BATHYMETRY], "find_lineage_path", {"from_id": RANKING, "to_id": BATHYMETRY}),
    (
        ["impact", BATHYMETRY, "--contacts", "--all-versions"],
        "analyse_impact",
        {"item_id": BATHYMETRY, "contacts": True, "all_versions": True},
    ),
    (
        ["compare", RUN, OTHER_RUN, "--lineage"],
        "compare_model_runs",
        {"run_ids": [RUN, OTHER_RUN], "scope": "lineage"},
    ),
    (["audit", STUDY], "audit_reproducibility", {"item_id": STUDY}),
    (
        ["item", RUN, RANKING, "--full", "--with", "versions"],
        "fetch_items",
        {"ids": [RUN, RANKING], "detail": "full", "include": ["versions"]},
    ),
    (
        ["search", "heron", "reef", "--type", "dataset", "--where", "licence=CC BY 4.0", "--limit", "3"],
        "search_items",
        {"query": "heron reef", "subtype": "DATASET", "licence": "CC BY 4.0", "limit": 3},
    ),
    (
        ["list", "--study", STUDY, "--sort-by", "name"],
        "list_items",
        {"study_id": STUDY, "sort_by": "name"},
    ),
    (["list", "--group-by", "subtype"], "list_items", {"group_by": "subtype"}),
]


@pytest.fixture(scope="module")
def answers(line: CommandLine) -> list[str]:
    """What the tools say to the same questions, asked by a client that has as much room."""

    async def ask_all() -> list[str]:
        async with sample_client(line.folder, max_result_tokens=20_000) as client:
            return [text_of(await client.call_tool(tool, arguments)) for _, tool, arguments in CALLS]

    return asyncio.run(ask_all())


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(CALLS)), ids=[" ".join(words[:1]) for words, *_ in CALLS])
def test_json_is_the_tools_own(ask: Ask, answers: list[str], number: int):
    told = ask(*CALLS[number][0], "--json")
    assert (told.stdout, told.stderr) == (answers[number] + "\n", "")
    assert told.returncode in (0, 1)


def test_a_failure_is_json_too_where_json_was_asked_for(ask: Ask):
    told = ask("audit", RANKING, "--json")
    assert told.returncode == 2
    assert json.loads(told.stdout)["error"]["kind"] == "WrongSubtype"
    assert told.stderr.startswith("provena-mcp: 'sample/1000117' is a dataset")
