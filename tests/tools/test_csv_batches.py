"""A registered batch as CSV again."""

from pathlib import Path

import httpx
import pytest

from tests.worlds.deployment import Send, provena, server
from tests.worlds.sample import call, failure, sample_client, text_in
from tests.worlds.sample_csv import a_csv, trials

JOB = "7c0f5d1e-5a7a-4c63-8f63-6a1f0a1f3f10"


@pytest.mark.asyncio
async def test_a_batch_is_found_by_the_session_of_any_of_its_jobs(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        converted = await call(client, "convert_model_runs", model_run_content=a_csv(*trials(2)))
        shown = await call(client, "register_batch_model_runs", reference=converted["reference"])
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
        by_session = await call(
            client, "regenerate_csv_from_model_run_batch", batch_id=done["session_id"], save_as="batch.csv"
        )
        resource = text_in(await client.read_resource(by_session["uri"]))
    assert by_session["uri"] == f"provena://csv-batch/{done['batch_id']}"
    assert Path(by_session["saved_to"]).read_bytes() == resource.encode() == by_session["csv"].encode()


@pytest.mark.asyncio
async def test_an_unknown_batch_is_not_found_and_a_single_job_has_no_csv(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        unknown = await failure(client, "regenerate_csv_from_model_run_batch", batch_id=JOB)
        report = await call(client, "generate_report", id="sample/1000042")
        single = await failure(client, "regenerate_csv_from_model_run_batch", batch_id=report["session_id"])
    assert (unknown["kind"], unknown["message"]) == (
        "NotFound",
        f"There is neither a job nor a batch {JOB!r}.",
    )
    assert single["message"] == (
        f"Job {report['session_id']!r} belongs to no batch, so there is no CSV of it."
    )


@pytest.mark.asyncio
async def test_a_batch_whose_csv_cannot_be_read_is_an_error_that_names_the_way_out(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:

        async def huge(request: httpx.Request, send: Send) -> httpx.Response:
            del request, send
            return httpx.Response(200, text="display name\r\n" + "x" * 200_000)

        wire.spoilt["/prov-api/bulk/regenerate_from_batch/csv"] = huge
        error = await failure(client, "regenerate_csv_from_model_run_batch", batch_id=JOB)
        opened = await call(client, "open_document", uri=f"provena://csv-batch/{JOB}")
    assert (error["kind"], error["fault"]) == ("MalformedAnswer", "deployment")
    assert "open_document" in error["next"]
    assert opened["total_chars"] == 200_014
