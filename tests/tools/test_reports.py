"""Reports: their outline, their uri and their file, whether made by a job or at once."""

import io
import json
from pathlib import Path

import docx
import httpx
import pytest

from provena_mcp.queries.jobs.job_wait import PollPolicy
from tests.worlds.deployment import HandClock, Send, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client, world_client
from tests.worlds.small import dataset, furniture, model_run

RUN = "sample/1000042"
STUDY = "sample/1000031"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
GENERATE = "/prov-api/explore/generate/report"
FETCH_JOB = "/job-api/jobs/user/fetch"

OUTLINE = {
    "title": "Model Run Study Close Out Report",
    "heading": "Report for Model Run: Hindcast currents 2016-2017",
    "sections": [
        {"title": "Modelling Team", "text": "<enter your team name here>"},
        {
            "title": "Inputs",
            "count": 4,
            "items": [
                {"id": "sample/1000006", "name": "LagoonFlow", "type": "Model"},
                {"id": "sample/1000013", "name": "Reef bathymetry and outlines", "type": "Dataset"},
                {"id": "sample/1000014", "name": "Bottom friction settings", "type": "Dataset"},
                {"id": "sample/1000039", "name": "Atmospheric forcing 2016-2019, 1 km", "type": "Dataset"},
            ],
        },
        {
            "title": "Model Runs",
            "count": 1,
            "items": [{"id": RUN, "name": "Hindcast currents 2016-2017", "type": "Model Run"}],
        },
        {
            "title": "Outputs",
            "count": 1,
            "items": [
                {
                    "id": "sample/1000041",
                    "name": "Currents and temperature 2016-2019, 1 km",
                    "type": "Dataset",
                }
            ],
        },
    ],
}
OUTLINE_TEXT = """\
Model Run Study Close Out Report
Report for Model Run: Hindcast currents 2016-2017

Modelling Team
<enter your team name here>

Inputs (4)
- Model: LagoonFlow [sample/1000006]
- Dataset: Reef bathymetry and outlines [sample/1000013]
- Dataset: Bottom friction settings [sample/1000014]
- Dataset: Atmospheric forcing 2016-2019, 1 km [sample/1000039]

Model Runs (1)
- Model Run: Hindcast currents 2016-2017 [sample/1000042]

Outputs (1)
- Dataset: Currents and temperature 2016-2019, 1 km [sample/1000041]
"""


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_report_comes_with_its_outline_its_uri_and_a_saved_file(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        result = await client.call_tool("generate_report", {"id": RUN, "save_as": "closeout.docx"})
    made = result.structured_content
    assert made is not None
    assert made == {
        "status": "succeeded",
        "message": "The report is written. Its outline is here; uri is the .docx itself.",
        "id": RUN,
        "item_subtype": "MODEL_RUN",
        "depth": 1,
        "uri": f"provena://report/MODEL_RUN/1/{RUN}?session_id={made['session_id']}",
        "outline": OUTLINE,
        "bytes": made["bytes"],
        "saved_to": str(tmp_path / "saved" / "closeout.docx"),
        "session_id": made["session_id"],
    }
    saved = Path(made["saved_to"]).read_bytes()
    assert len(saved) == made["bytes"]
    assert docx.Document(io.BytesIO(saved)).paragraphs[0].text == OUTLINE["title"]


@pytest.mark.asyncio
async def test_a_study_is_reported_on_to_the_depth_asked_for(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        made = await call(client, "generate_report", id=f"hdl:{STUDY}", depth=2)
    assert (made["item_subtype"], made["depth"]) == ("STUDY", 2)
    assert {section["title"]: section.get("count") for section in made["outline"]["sections"]} == {
        "Modelling Team": None,
        "Inputs": 13,
        "Model Runs": 9,
        "Outputs": 5,
    }


@pytest.mark.asyncio
async def test_a_report_is_read_again_without_a_new_job_by_any_replica(tmp_path: Path):
    async with provena(tmp_path) as wire:
        async with server(wire) as client:
            made = await call(client, "generate_report", id=RUN)
        async with server(wire) as another:
            opened = await call(another, "open_document", uri=made["uri"])
            blob = (await another.read_resource(made["uri"])).contents[0]
    assert (opened["mime_type"], opened["text"]) == (DOCX, OUTLINE_TEXT)
    assert blob.mime_type == DOCX
    assert wire.count(GENERATE) == 1


@pytest.mark.asyncio
async def test_a_report_without_its_session_or_with_an_expired_one_is_made_anew(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        bare = await call(client, "open_document", uri=f"provena://report/MODEL_RUN/1/{RUN}")
        gone = await call(
            client, "open_document", uri=f"provena://report/MODEL_RUN/1/{RUN}?session_id=long-gone"
        )
    assert (bare["text"], gone["text"]) == (OUTLINE_TEXT, OUTLINE_TEXT)
    assert wire.count(GENERATE) == 2


@pytest.mark.asyncio
async def test_the_session_of_another_report_is_refused(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        made = await call(client, "generate_report", id=RUN)
        for other in (("/1/", "/2/"), ("MODEL_RUN", "STUDY"), (RUN, "sample/1000043")):
            error = await failure(client, "open_document", uri=made["uri"].replace(*other))
            assert error["message"] == "This session is not that of this report."


@pytest.mark.asyncio
async def test_a_deployment_that_answers_with_the_document_at_once_is_understood(tmp_path: Path):
    written = io.BytesIO()
    docx.Document().save(written)

    async def at_once(request: httpx.Request, send: Send) -> httpx.Response:
        del request, send
        return httpx.Response(200, content=written.getvalue(), headers={"Content-Type": DOCX})

    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt[GENERATE] = at_once
        made = await call(client, "generate_report", id=RUN)
        again = (await client.read_resource(made["uri"])).contents[0]
    assert made["status"] == "succeeded"
    assert made["uri"] == f"provena://report/MODEL_RUN/1/{RUN}"
    assert "session_id" not in made
    assert again.mime_type == DOCX
    assert wire.count(GENERATE) == 1


@pytest.mark.asyncio
async def test_a_report_that_cannot_be_read_is_handed_out_all_the_same(tmp_path: Path):
    async def at_once(request: httpx.Request, send: Send) -> httpx.Response:
        del request, send
        return httpx.Response(200, content=b"PK but no document", headers={"Content-Type": DOCX})

    async with provena(tmp_path) as wire, server(wire, output_dir=str(tmp_path / "saved")) as client:
        wire.spoilt[GENERATE] = at_once
        made = await call(client, "generate_report", id=RUN, save_as="odd.docx")
        opened = await failure(client, "open_document", uri=made["uri"])
    assert made["message"] == (
        "The report is written: save or open uri. The report is not a document that can be read."
    )
    assert "outline" not in made
    assert Path(made["saved_to"]).read_bytes() == b"PK but no document"
    assert opened["kind"] == "MalformedAnswer"


@pytest.mark.asyncio
async def test_a_report_that_takes_longer_than_patience_is_followed_with_get_job(tmp_path: Path):
    clock = HandClock()
    polling = PollPolicy(clock=clock, sleep=clock.sleep)

    async def in_progress(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        body = json.loads(await answer.aread())
        body["job"] = {**body["job"], "status": "IN_PROGRESS", "result": None}
        return httpx.Response(200, json=body)

    async with provena(tmp_path) as wire, server(wire, polling=polling) as client:
        wire.spoilt[FETCH_JOB] = in_progress
        made = await call(client, "generate_report", id=RUN)
    assert (made["status"], made["message"]) == (
        "submitted",
        "The report is still being written: ask get_job, then open_document with its uri.",
    )
    assert made["next"] == {
        "tool": "get_job",
        "arguments": {"session_id": made["session_id"], "wait": True},
    }


@pytest.mark.asyncio
async def test_a_report_whose_job_fails_says_why(tmp_path: Path):
    world = [*furniture(), dataset("w/b"), model_run("w/run", ["w/gone"], ["w/b"], 10)]
    async with world_client(tmp_path, world) as client:
        made = await call(client, "generate_report", id="w/run", item_subtype="MODEL_RUN")
        error = await failure(client, "open_document", uri="provena://report/MODEL_RUN/1/w/run")
    assert (made["status"], made["message"]) == ("failed", "Provena could not make the report.")
    assert made["reason"]
    assert error["kind"] == "Rejected"
    assert error["message"].startswith("The report could not be made.")


@pytest.mark.asyncio
async def test_progress_is_told_while_a_report_is_written(tmp_path: Path):
    told: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async with sample_client(tmp_path) as client:
        await client.call_tool("generate_report", {"id": STUDY, "depth": 3}, progress_callback=hear)
    assert set(told) <= {"submitted", "pending", "dequeued", "in progress"}
    assert told


@pytest.mark.asyncio
async def test_only_studies_and_runs_are_reported_on(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        error = await failure(client, "generate_report", id="sample/1000006")
    assert (error["kind"], error["message"]) == (
        "WrongSubtype",
        "'sample/1000006' is of subtype MODEL; there are reports on studies and model runs.",
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("stated", [None, "STUDY", "MODEL_RUN"])
async def test_a_report_on_nothing_or_on_something_else_is_refused_with_what_it_is(
    tmp_path: Path, stated: str | None
):
    async with sample_client(tmp_path) as client:
        unknown, model = [
            await failure(client, "generate_report", id=item_id, item_subtype=stated)
            for item_id in ("sample/9999999", "sample/1000006")
        ]
    assert (unknown["kind"], "'sample/9999999'" in unknown["message"]) == ("NotFound", True)
    assert (model["kind"], model["message"]) == (
        "WrongSubtype",
        "'sample/1000006' is of subtype MODEL; there are reports on studies and model runs.",
    )


@pytest.mark.asyncio
async def test_a_report_on_a_run_that_is_called_a_study_says_which_it_is(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        error = await failure(client, "generate_report", id=RUN, item_subtype="STUDY")
    assert (error["kind"], error["message"]) == (
        "WrongSubtype",
        f"'{RUN}' is of subtype MODEL_RUN, not STUDY.",
    )
