"""Many runs at once: checked row by row, confirmed by number, each row's outcome told."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client

from tests.worlds.deployment import Asked, Send, a_record, provena, server
from tests.worlds.lying_jobs import JOBS, Json, changed
from tests.worlds.sample import BOTH_ERAS, call, failure

BATCH = "/prov-api/model_run/register_batch"


def records(count: int) -> list[dict[str, Any]]:
    return [a_record(display_name=f"Reef run {number}") for number in range(count)]


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_batch_is_previewed_confirmed_and_told_row_by_row(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        shown = await call(client, "register_batch_model_runs", records=records(3))
        assert {key: shown[key] for key in ("status", "ready", "missing", "problems")} == {
            "status": "preview",
            "ready": True,
            "missing": [],
            "problems": [],
        }
        assert shown["batch"]["count"] == 3
        assert shown["batch"]["templates"] == [{"id": "sample/1000011", "name": "Reef hydrodynamics"}]
        assert shown["batch"]["names"] == ["Reef run 0", "Reef run 1", "Reef run 2"]
        done = await call(
            client, "register_batch_model_runs", reference=shown["reference"], expect_new=3, confirm=True
        )
    assert done["status"] == "succeeded"
    assert done["message"] == "All 3 runs are registered."
    assert done["counts"] == {"succeeded": 3}
    assert [(row["row"], row["name"], row["status"]) for row in done["runs"]] == [
        (1, "Reef run 0", "succeeded"),
        (2, "Reef run 1", "succeeded"),
        (3, "Reef run 2", "succeeded"),
    ]
    assert len({row["model_run_id"] for row in done["runs"]}) == 3
    assert done["next"] == {
        "tool": "explore_upstream",
        "arguments": {"starting_id": done["runs"][0]["model_run_id"]},
    }
    assert done["batch_id"]
    assert wire.count(BATCH) == 1


@pytest.mark.asyncio
async def test_another_number_than_expected_changes_nothing(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=records(2))
        error = await failure(
            client, "register_batch_model_runs", reference=shown["reference"], expect_new=50, confirm=True
        )
        assert error["message"] == "expect_new is 50, but there are 2 records. Nothing was changed."
        assert (error["parameter"], wire.count(BATCH)) == ("expect_new", 0)
        one = await failure(client, "register_batch_model_runs", records=records(1), expect_new=2)
        assert one["message"] == "expect_new is 2, but there is 1 record. Nothing was changed."
        counted = await call(client, "register_batch_model_runs", records=records(2), expect_new=2)
        other = await failure(
            client, "register_batch_model_runs", reference=counted["reference"], expect_new=3, confirm=True
        )
        assert other["message"] == (
            "expect_new is 3, and 2 was previewed under this reference. Nothing was changed."
        )
        done = await call(
            client, "register_batch_model_runs", reference=shown["reference"], expect_new=2, confirm=True
        )
    assert done["status"] == "succeeded"


@pytest.mark.asyncio
async def test_what_is_missing_or_wrong_is_told_by_row(tmp_path: Path):
    rows = [
        a_record(),
        {"workflow_template_id": "sample/1000011", "display_name": "Half"},
        a_record(display_name="Wrong", study_id="sample/1999999"),
    ]
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=rows)
    assert not shown["ready"]
    assert "records[1].description" in shown["missing"]
    assert [problem["path"] for problem in shown["problems"]] == [
        "records[1].annotations",
        "records[2].study_id",
    ]
    assert len(shown["template_asks"]) == 1


@pytest.mark.asyncio
async def test_problems_are_shown_in_part_and_counted_in_full(tmp_path: Path):
    rows = [a_record(display_name=f"Run {number}", study_id="sample/1999999") for number in range(100)]
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=rows)
    assert shown["problem_count"] == 100
    assert len(shown["problems"]) == 30
    assert len(json.dumps(shown)) < 16_000


@pytest.mark.asyncio
async def test_an_empty_batch_is_not_sent(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=[], confirm=True)
    assert not shown["ready"]
    assert shown["problems"] == [
        {"path": "records", "message": "The batch is empty: Provena would refuse it."}
    ]


@pytest.mark.slow
@pytest.mark.asyncio
async def test_twins_in_a_batch_and_runs_registered_before_are_refused(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=records(1))
        await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        again = await call(client, "register_batch_model_runs", records=[a_record(), a_record(), *records(1)])
        assert not again["ready"]
        assert [problem["path"] for problem in again["problems"]] == ["records[2]", "records[1]"]
        assert "It is model run" in again["problems"][0]["message"]
        assert "The same record as records[0]." in again["problems"][1]["message"]
        allowed = await call(
            client, "register_batch_model_runs", records=[a_record(), a_record()], allow_duplicate=True
        )
    assert allowed["ready"]
    assert "Submitted before, or twins of one another: 1 of these records." in allowed["warnings"]


@pytest.mark.asyncio
async def test_a_row_that_fails_is_told_first_and_the_others_are_registered(tmp_path: Path):
    async def with_a_bad_row(request: httpx.Request, send: Send) -> httpx.Response:
        body = json.loads(request.content)
        body["records"][1]["study_id"] = "sample/1999999"
        return await send(httpx.Request(request.method, request.url, json=body))

    def as_it_was_sent(body: Json) -> None:
        for job in (body.get("job"), *body.get("jobs", ())):
            payload = job["payload"] if job else {}
            for record in (*payload.get("records", ()), payload.get("record", {})):
                record["study_id"] = a_record()["study_id"]

    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_batch_model_runs", records=records(3))
        answers = {f"{JOBS}{route}": changed(as_it_was_sent) for route in ("fetch", "list", "list_batch")}
        wire.spoilt |= {BATCH: with_a_bad_row, **answers}
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        later = await call(client, "get_job", session_id=done["session_id"])
        by_batch = await call(client, "get_job", session_id=done["batch_id"])
        repeated = await call(client, "register_batch_model_runs", records=records(3))
    assert (done["status"], done["message"]) == (
        "failed",
        "1 of 3 runs could not be registered; the others were.",
    )
    assert done["counts"] == {"succeeded": 2, "failed": 1}
    assert [row["row"] for row in done["runs"]] == [2, 1, 3]
    assert done["runs"][0]["reason"] == "Provena refused the record."
    assert "sample/1999999" in done["runs"][0]["provena_said"]
    assert (later["status"], later["of"], later["runs"]) == ("failed", 3, done["runs"])
    assert (by_batch["batch_id"], by_batch["counts"]) == (done["batch_id"], done["counts"])
    # What failed may be registered again, what is there may not.
    assert [problem["path"] for problem in repeated["problems"]] == ["records[0]", "records[2]"]


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_long_batch_is_told_in_pages(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, max_result_tokens=1_500) as client:
        shown = await call(client, "register_batch_model_runs", records=records(60))
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        assert done["counts"] == {"succeeded": 60}
        seen: list[int] = []
        arguments: dict[str, Any] = {"session_id": done["session_id"]}
        while True:
            page = await call(client, "get_job", **arguments)
            seen += [row["row"] for row in page["runs"]]
            assert (page["of"], page["counts"]) == (60, {"succeeded": 60})
            if page["next"]["tool"] != "get_job":
                break
            arguments = page["next"]["arguments"]
    assert seen == list(range(1, 61))
    assert page["next"]["tool"] == "explore_upstream"


@pytest.mark.asyncio
@BOTH_ERAS
async def test_the_user_is_asked_about_the_whole_batch(tmp_path: Path, era: str):
    user = Asked()
    async with provena(tmp_path) as wire, server(wire, era, asked=user) as client:
        done = await call(client, "register_batch_model_runs", records=records(22), confirm=True)
    assert done["status"] == "succeeded"
    (question,) = user.questions
    assert question.startswith("Register 22 model runs?")
    assert "- Reef run 19\n… and 2 more" in question


@pytest.mark.asyncio
async def test_the_reference_of_a_foreign_kind_is_refused(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(
            client, "link_model_run_to_study", model_run_id="sample/1000016", study_id="sample/1000031"
        )
        error = await failure(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
    assert "was made for link_model_run_to_study" in error["message"]


async def convert(client: Client, count: int) -> str:
    """Fill in ``count`` rows of a CSV, convert it, and give the reference to its records."""
    template = await call(client, "generate_csv_template", workflow_template_id="sample/1000061")
    cells = {
        "description": "Labels read again.",
        "agent id": "sample/1000023",
        "execution start time (YYYY-MM-DD HH:MM:SS+HH:MM)": "2024-01-01 00:00:00+00:00",
        "execution end time (YYYY-MM-DD HH:MM:SS+HH:MM)": "2024-01-02 00:00:00+00:00",
        "annotation: method": "second reader",
    }
    filled = StringIO(template["csv"])
    columns = next(csv.reader(filled))
    writer = csv.writer(filled)
    for number in range(count):
        named = {**cells, "display name": f"Labels {number}"}
        writer.writerow(
            ["sample/1000037" if "dataset id" in each else named.get(each, "") for each in columns]
        )
    answer = await call(client, "convert_model_runs", model_run_content=filled.getvalue())
    assert answer["new"] == count, answer
    return answer["reference"]


@pytest.mark.slow
@pytest.mark.asyncio
@BOTH_ERAS
@pytest.mark.parametrize("same_reference", [True, False], ids=["its own", "the preview's"])
async def test_converted_records_are_previewed_and_then_confirmed_under_either_reference(
    tmp_path: Path, era: str, same_reference: bool
):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        reference = await convert(client, 3)
        shown = await call(client, "register_batch_model_runs", reference=reference, expect_new=3)
        assert (shown["ready"], shown["batch"]["names"]) == (True, ["Labels 0", "Labels 1", "Labels 2"])
        chosen = reference if same_reference else shown["reference"]
        arguments = {"reference": chosen, "expect_new": 3, "confirm": True}
        done = await call(client, "register_batch_model_runs", **arguments)
        again = await call(client, "register_batch_model_runs", **arguments)
    assert (done["status"], done["counts"]) == ("succeeded", {"succeeded": 3})
    assert again["runs"] == done["runs"]
    assert wire.count(BATCH) == 1


@pytest.mark.asyncio
@BOTH_ERAS
async def test_converted_records_that_nobody_has_seen_are_not_sent_without_asking(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        reference = await convert(client, 2)
        shown = await call(client, "register_batch_model_runs", reference=reference, confirm=True)
    assert (shown["status"], shown["ready"], wire.count(BATCH)) == ("preview", True, 0)
    assert "cannot put the question" in shown["message"]


@pytest.mark.slow
@pytest.mark.asyncio
@BOTH_ERAS
async def test_converted_records_are_sent_when_the_user_agrees(tmp_path: Path, era: str):
    user = Asked()
    async with provena(tmp_path) as wire, server(wire, era, asked=user) as client:
        reference = await convert(client, 2)
        done = await call(
            client, "register_batch_model_runs", reference=reference, expect_new=2, confirm=True
        )
    assert done["status"] == "succeeded"
    assert user.questions[0].startswith("Register 2 model runs?")


@pytest.mark.asyncio
async def test_converted_records_serve_no_other_tool(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        error = await failure(client, "register_model_run", reference=await convert(client, 1), confirm=True)
    assert "was made for register_batch_model_runs" in error["message"]
