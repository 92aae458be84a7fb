"""Recorded answers of the real services about CSVs."""

from typing import Any

import pytest

from provena_mcp.rules.csv.layout import CsvLayout, CsvProblem, csv_layout, layout_references
from provena_mcp.rules.csv.reader import convert, references
from provena_mcp.rules.csv.table import read_table
from provena_mcp.rules.csv.writer import batch_references, batch_text, template_text
from provena_mcp.wire.jobs import Job
from tests.recordings.recorded import read_json
from tests.rules.recorded_registry import Registry, exchanges, params, recorded_items

# Recorded as text; what was sent began with these bytes.
NOT_UTF8 = b"\xff\xfe\x00bad"


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(recorded_items())


def conversion_answer(content: bytes, registry: Registry) -> tuple[int, Any]:
    table = read_table(content)
    if isinstance(table, CsvProblem):
        return table.status, {"detail": table.service_detail}
    converted = convert(table, registry.known(lambda known: references(table, known)))
    if converted.problems:
        return converted.problems[0].status, {"detail": converted.problems[0].service_detail}
    return 200, {
        "status": {"success": True, "details": converted.service_details},
        "new_records": [record.model_dump(mode="json") for record in converted.records],
        "existing_records": list(converted.existing),
        "warnings": list(converted.warnings),
    }


@pytest.mark.parametrize(
    "recorded",
    params(
        "prov.jsonl",
        lambda e: (
            e["request"]["path"] == "/bulk/convert_model_runs/csv" and bool(e["request"].get("multipart"))
        ),
    ),
)
def test_a_csv_is_converted_or_refused_as_recorded(recorded: dict[str, Any], registry: Registry) -> None:
    content = recorded["request"]["multipart"]["csv_file"]["content"].encode()
    if recorded["name"] == "prov_csv_err_not_utf8":
        content = NOT_UTF8

    assert conversion_answer(content, registry) == (
        recorded["response"]["status"],
        recorded["response"]["json"],
    )


@pytest.mark.parametrize(
    "recorded",
    params(
        "prov.jsonl",
        lambda e: e["request"]["path"] == "/bulk/generate_template/csv" and e["response"]["status"] != 422,
    ),
)
def test_a_template_is_written_byte_for_byte_or_refused_as_recorded(
    recorded: dict[str, Any], registry: Registry
) -> None:
    workflow_id = recorded["request"]["params"]["workflow_template_id"]
    known = registry.known(lambda known: layout_references(workflow_id, known))

    layout = csv_layout(workflow_id, known)

    response = recorded["response"]
    if isinstance(layout, CsvLayout):
        assert (200, template_text(layout)) == (response["status"], response["text"])
    else:
        assert (layout[0].status, layout[0].service_detail) == (
            response["status"],
            response["json"]["detail"],
        )


def recorded_batches() -> dict[str, list[Job]]:
    """The jobs of each batch of which it was recorded what they are."""
    ids, runs = read_json("ids.json"), read_json("model_run_records.json")
    # This batch's list was not recorded; its only run and the run's session were.
    only = Job(
        session_id=ids["run13_session"],
        job_sub_type="MODEL_RUN_PROV_LODGE",
        status="SUCCEEDED",
        payload={"record": runs["run13"]},
        result={"record": {"id": ids["run13"]}},
    )
    lists = (e for e in exchanges("job.jsonl") if e["request"]["path"] == "/jobs/user/list_batch")
    jobs = {e["request"]["json"]["batch_id"]: e["response"]["json"]["jobs"] for e in lists}
    return {
        ids["batch_csv"]: [only],
        "00000000-0000-4000-8000-000000000000": [],
        **{batch_id: [Job.model_validate(job) for job in listed] for batch_id, listed in jobs.items()},
    }


BATCHES = recorded_batches()


@pytest.mark.parametrize(
    "recorded",
    params(
        "prov.jsonl",
        lambda e: (
            e["request"]["path"] == "/bulk/regenerate_from_batch/csv"
            and e["request"]["as_user"] == "writer"
            and e["request"]["params"]["batch_id"] in BATCHES
        ),
    ),
)
def test_a_batch_is_written_byte_for_byte_or_refused_as_recorded(
    recorded: dict[str, Any], registry: Registry
) -> None:
    batch_id = recorded["request"]["params"]["batch_id"]
    jobs = BATCHES[batch_id]

    written = batch_text(
        batch_id, jobs, registry.known(lambda known: batch_references(batch_id, jobs, known))
    )

    response = recorded["response"]
    if isinstance(written, str):
        assert (200, written) == (response["status"], response["text"])
    else:
        detail = written[0].service_detail or "Internal Server Error"
        recorded_detail = response["text"] if "text" in response else response["json"]["detail"]
        assert (written[0].status, detail) == (response["status"], recorded_detail)
