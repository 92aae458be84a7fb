"""CSV three ways and reports of the embedded Provena."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from docx import Document

from provena_mcp.embedded.identity import LOCAL_USER, User
from provena_mcp.embedded.store import Store
from tests.embedded.routes import BATCH
from tests.embedded.services_client import ServicesClient, running_services
from tests.worlds.small import template, workflow
from tests.worlds.writable import a_record

TEMPLATE = "/prov-api/bulk/generate_template/csv"
CONVERT = "/prov-api/bulk/convert_model_runs/csv"
REGENERATE = "/prov-api/bulk/regenerate_from_batch/csv"
REPORT = "/prov-api/explore/generate/report"

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("writable")]


async def convert(services: ServicesClient, text: str | bytes) -> httpx.Response:
    return await services.client.post(CONVERT, files={"csv_file": ("upload.csv", text, "text/csv")})


def filled(header_row: str, *rows: dict[str, str]) -> str:
    """The template with rows, cells by the beginning of their header."""
    headers = next(csv.reader([header_row]))
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(headers)
    for row in rows:
        writer.writerow(
            next((cell for start, cell in row.items() if header.startswith(start)), "") for header in headers
        )
    return text.getvalue()


A_ROW = {
    "display name": "=A run",
    "description": "From a CSV",
    "agent id": "w/jane",
    "execution start": "2020-01-01 00:00:00+00:00",
    "execution end": "2020-01-02 00:00:00+00:00",
    "Input dataset id for template: Dataset_Template w/in": "w/wind",
    "Input dataset id for template: Dataset_Template w/params": "w/settings",
    "Input resource: config": "run.yaml",
    "Output dataset": "w/waves",
    "annotation: scenario": "baseline",
}


async def test_a_template_filled_in_and_converted_becomes_records_that_can_be_registered(
    store: Store,
) -> None:
    async with running_services(store) as services:
        template = await services.get(TEMPLATE, workflow_template_id="w/wf")
        converted = (await convert(services, filled(template.text, A_ROW))).json()
        job = await services.job(
            (await services.post(BATCH, {"records": converted["new_records"]})).json()["session_id"]
        )
        runs = await services.batch(job["result"]["batch_id"])
        regenerated = await services.get(REGENERATE, batch_id=job["result"]["batch_id"])
        again = (await convert(services, regenerated.content)).json()
    assert template.content == (
        b"_workflow template id w/wf,display name,description,model version (optional),agent id,study id,"
        b"execution start time (YYYY-MM-DD HH:MM:SS+HH:MM),execution end time (YYYY-MM-DD HH:MM:SS+HH:MM),"
        b"Input dataset id for template: Dataset_Template w/in [template id: w/in],"
        b"Input dataset id for template: Dataset_Template w/params [template id: w/params],"
        b"Input resource: config,"
        b"Output dataset id for template: Dataset_Template w/out [template id: w/out],"
        b"annotation: scenario,annotation: notes,_job_id,_job_status,_model_run_record_id,_error_info\r\n"
    )
    assert template.headers["content-disposition"] == 'attachment; filename="test.csv"'
    expected = {**a_record(display_name="=A run", description="From a CSV"), "model_version": None}
    assert converted == {
        "status": {
            "success": True,
            "details": "Successfully generated model run records. There were 0 warnings.",
        },
        "new_records": [
            {
                **expected,
                "inputs": converted["new_records"][0]["inputs"],
                "outputs": converted["new_records"][0]["outputs"],
            }
        ],
        "existing_records": [],
        "warnings": [],
    }
    assert [run["status"] for run in runs] == ["SUCCEEDED"]
    assert regenerated.headers["content-disposition"] == 'attachment; filename="model_runs.csv"'
    (row,) = csv.DictReader(StringIO(regenerated.text, newline=""))
    assert (row["display name"], row["_job_status"], row["_model_run_record_id"]) == (
        "=A run",
        "SUCCEEDED",
        "local/1000001",
    )
    assert (again["new_records"], again["existing_records"]) == ([], [runs[0]["session_id"]])


async def test_a_csv_is_refused_for_its_first_problem(store: Store) -> None:
    async with running_services(store) as services:
        header = (await services.get(TEMPLATE, workflow_template_id="w/wf")).text
        refusals = [
            await convert(services, text)
            for text in (
                b"\xff\xfe",
                filled(header),
                filled(header, A_ROW | {"Output dataset": "w/nowhere"}, A_ROW | {"annotation: s": ""}),
                "\ufeff" + filled(header, A_ROW),
            )
        ]
        no_file = await services.post(CONVERT)
    assert [answer.status_code for answer in refusals] == [400] * 4
    details = [answer.json()["detail"] for answer in refusals]
    assert details[0].startswith("An error occurred while parsing the uploaded csv file")
    assert details[1] == "The provided CSV had no non header rows."
    assert details[2].startswith(
        "The provided workflow template contained a dataset id w/nowhere which was invalid"
    )
    assert details[3].startswith("None of the provided headers matched the expected workflow template flag")
    assert (no_file.status_code, no_file.json()) == (
        422,
        {"detail": [{"loc": ["body", "csv_file"], "msg": "field required", "type": "value_error.missing"}]},
    )


@pytest.mark.slow
async def test_ten_thousand_rows_are_converted(store: Store) -> None:
    async with running_services(store) as services:
        header = (await services.get(TEMPLATE, workflow_template_id="w/wf")).text
        rows = [A_ROW | {"display name": f"Run {number}"} for number in range(10_000)]
        converted = (await convert(services, filled(header, *rows))).json()
    assert [record["display_name"] for record in converted["new_records"]] == [
        f"Run {number}" for number in range(10_000)
    ]


async def test_an_oversized_csv_is_refused_unread(store: Store) -> None:
    async with running_services(store) as services:
        answer = await convert(services, b"x" * (50 * 1024 * 1024))
    assert (answer.status_code, answer.json()) == (
        413,
        {"detail": "The CSV is larger than 20971520 bytes."},
    )


async def test_a_workflow_template_whose_columns_collide_has_no_csv(
    store: Store, load: Callable[..., Any]
) -> None:
    shared = [{"key": "config", "description": "", "usage_type": "CONFIG_FILE"}]
    places = [{"template_id": "w/params"}, {"template_id": "w/twin"}]
    load(
        [template("w/twin", deferred_resources=shared), workflow("w/wf2", "w/model", input_templates=places)]
    )
    async with running_services(store) as services:
        answer = await services.get(TEMPLATE, workflow_template_id="w/wf2")
    assert (answer.status_code, answer.json()) == (
        500,
        {"detail": "Cannot generate CSV template with duplicate headers: ['Input resource: config']"},
    )


async def test_only_ones_own_batch_is_written_as_a_csv(store: Store) -> None:
    async with running_services(store) as services:
        batch = await services.post(BATCH, {"records": [a_record()]})
        batch_id = (await services.job(batch.json()["session_id"]))["result"]["batch_id"]
        unknown = await services.get(REGENERATE, batch_id="nope")
    other = User("other", "o@example.org", LOCAL_USER.roles)
    async with running_services(store, identify=lambda request: other) as services:
        foreign = await services.get(REGENERATE, batch_id=batch_id)
    for answer in (unknown, foreign):
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def cells(document: bytes) -> list[list[str]]:
    """What a report says, by section, links included."""
    table = Document(BytesIO(document)).tables[0]
    return [
        [row.cells[0].text, *(text for line in row.cells[1].paragraphs if (text := line.text.strip()))]
        for row in table.rows
    ]


async def report(services: ServicesClient, item_id: str, subtype: str, depth: int = 1) -> dict[str, Any]:
    answer = await services.post(REPORT, {"id": item_id, "item_subtype": subtype, "depth": depth})
    return await services.job(answer.json()["session_id"])


async def test_a_studys_report_names_inputs_runs_and_outputs(store: Store) -> None:
    async with running_services(store, clock=lambda: 7000) as services:
        run_id = await services.register(a_record(study_id="w/study", display_name="Run <1> & \x0bmore"))
        job = await report(services, "w/study", "STUDY")
        url = job["result"]["report_url"]
        document = await services.client.get(url)
    assert url.startswith("http://embedded/prov-api/reports/")
    assert url.endswith("/generate_report_7000.docx")
    assert document.headers["content-disposition"] == "attachment; filename=generate_report_7000.docx"
    assert cells(document.content) == [
        ["Modelling Team", "<enter your team name here>"],
        [
            "Inputs",
            "Dataset: Dataset w/wind, w/wind",
            "Model: Model w/model, w/model",
            "Dataset: Dataset w/settings, w/settings",
        ],
        ["Model Runs", f"Model Run: Run <1> & more, {run_id}"],
        ["Outputs", "Dataset: Dataset w/waves, w/waves"],
    ]
    title, heading = Document(BytesIO(document.content)).paragraphs
    assert (title.text, heading.text) == (
        "Model Run Study Close Out Report",
        "Report for Study: Study w/study",
    )


async def test_a_report_is_fetched_without_a_login_until_it_expires(store: Store) -> None:
    now = [7000.0]
    async with running_services(store, clock=lambda: now[0]) as services:
        url = (await report(services, "w/study", "STUDY"))["result"]["report_url"]

        now[0] += 3599
        in_time = await services.client.get(url)
        now[0] += 1
        too_late = await services.client.get(url)
        guessed = await services.client.get("/prov-api/reports/guess/generate_report_7000.docx")
    assert in_time.content.startswith(b"PK")
    assert (too_late.status_code, guessed.status_code) == (403, 403)


@pytest.mark.parametrize(
    ("item_id", "subtype", "reason"),
    [
        ("w/wind", "DATASET", "Unsupported item subtype for validation. Received subtype DATASET"),
        ("w/nowhere", "STUDY", "Validation error with provided STUDY: Failed to retrieve item"),
        ("w/wind", "MODEL_RUN", "Validation error with provided MODEL_RUN: Failed to retrieve item"),
    ],
)
async def test_a_report_about_something_else_fails_in_its_job(
    store: Store, item_id: str, subtype: str, reason: str
) -> None:
    async with running_services(store) as services:
        job = await report(services, item_id, subtype)
    assert (job["status"], job["result"]) == ("FAILED", None)
    assert job["info"].startswith(
        f"Job failed, err: An error occurred while attempting to generate report. Error: {reason}"
    )


async def test_a_report_fails_whole_when_one_of_its_items_is_gone(store: Store) -> None:
    async with running_services(store) as services:
        run_id = await services.register(a_record())
        await services.client.delete("/registry-api/registry/entity/dataset/delete", params={"id": "w/wind"})
        job = await report(services, run_id, "MODEL_RUN")
    assert job["status"] == "FAILED"
    assert "Could not find the given key (w/wind)" in job["info"]
