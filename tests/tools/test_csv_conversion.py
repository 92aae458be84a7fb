"""A filled-in CSV converted: what becomes a batch of runs, and who has the last word."""

from pathlib import Path
from typing import Any

import pytest

from tests.worlds.deployment import answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, sample_client
from tests.worlds.sample_csv import END, START, TEMPLATE, a_csv, trials

JOB = "7c0f5d1e-5a7a-4c63-8f63-6a1f0a1f3f10"
CONVERT = "/prov-api/bulk/convert_model_runs/csv"


@BOTH_ERAS
@pytest.mark.asyncio
async def test_converted_rows_become_a_batch_by_their_reference(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        converted = await call(client, "convert_model_runs", model_run_content=a_csv(*trials(3)))
        shown = await call(client, **_next_of(converted))
        done = await call(
            client, "register_batch_model_runs", reference=shown["reference"], expect_new=3, confirm=True
        )
        again = await call(client, "regenerate_csv_from_model_run_batch", batch_id=done["batch_id"])
        submitted = await call(client, "convert_model_runs", model_run_content=again["csv"])
    assert converted == {
        "message": "Converted; nothing has been registered. Tell the user how many runs are new, then call "
        "register_batch_model_runs with this reference for a preview.",
        "new": 3,
        "existing": 0,
        "problems": [],
        "reference": converted["reference"],
        "template": {"id": TEMPLATE, "name": "Reef hydrodynamics"},
        "names": ["Trial 1", "Trial 2", "Trial 3"],
        "next": {
            "tool": "register_batch_model_runs",
            "arguments": {"reference": converted["reference"], "expect_new": 3},
        },
    }
    assert (shown["status"], shown["batch"]["count"]) == ("preview", 3)
    assert (done["status"], [run["name"] for run in done["runs"]]) == (
        "succeeded",
        ["Trial 1", "Trial 2", "Trial 3"],
    )
    assert (again["rows"], again["by_status"]) == (3, {"succeeded": 3})
    assert (submitted["new"], submitted["existing"], submitted["problems"]) == (0, 3, [])
    assert "reference" not in submitted
    assert submitted["next"] == {
        "tool": "get_job",
        "arguments": {"session_id": submitted["existing_jobs"][0]},
    }


def _next_of(converted: dict[str, Any]) -> dict[str, Any]:
    following = converted["next"]
    assert isinstance(following, dict)
    return {"tool": following["tool"], **following["arguments"]}


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.asyncio
async def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path, end: str, mark: str):
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=mark + a_csv({}, end=end))
    assert (converted["new"], converted["problems"]) == (1, [])


@pytest.mark.asyncio
async def test_a_formula_stays_the_text_that_it_is(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        converted = await call(
            client, "convert_model_runs", model_run_content=a_csv({"display name": "=cmd|' /C calc'!A0"})
        )
    assert converted["names"] == ["=cmd|' /C calc'!A0"]


@pytest.mark.asyncio
async def test_a_time_without_offset_is_a_warning(tmp_path: Path):
    content = a_csv({START: "2024-01-13 10:00:00", END: "2024-01-14 11:00:00+00:00"})
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=content)
    assert converted["new"] == 1
    assert converted["warnings"] == [
        f"row 1, {START}: '2024-01-13 10:00:00' does not say its offset from UTC: the server's own time zone "
        "will be assumed."
    ]


@pytest.mark.slow
@pytest.mark.asyncio
async def test_ten_thousand_rows_are_converted_at_once(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=a_csv(*trials(10_000)))
    assert (converted["new"], len(converted["names"])) == (10_000, 20)


@pytest.mark.asyncio
async def test_where_a_deployment_takes_what_we_doubt_it_has_the_last_word(tmp_path: Path):
    record = {
        "workflow_template_id": TEMPLATE,
        "inputs": [],
        "outputs": [],
        "display_name": "Told otherwise",
        "description": "By headers of its own.",
        "associations": {"modeller_id": "sample/1000005"},
        "start_time": 1,
        "end_time": 2,
    }
    body = {
        "status": {"success": True, "details": ""},
        "new_records": [record],
        "existing_records": [JOB],
        "warnings": [],
    }
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[CONVERT] = answering(200, body)
        converted = await call(
            client, "convert_model_runs", model_run_content=a_csv({}).replace("display name", "name", 1)
        )
    assert (converted["new"], converted["existing"], converted["existing_jobs"]) == (1, 1, [JOB])
    assert converted["problems"] == []
    assert converted["warnings"] == [
        "display name: There is no column 'display name'; is it the one called 'name'?"
    ]


@pytest.mark.asyncio
async def test_read_only_still_checks_a_csv(tmp_path: Path):
    async with sample_client(tmp_path, read_only=True) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        converted = await call(client, "convert_model_runs", model_run_content=a_csv({}))
    assert "register_batch_model_runs" not in names
    assert converted["new"] == 1
