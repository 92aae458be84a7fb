"""Jobs are compared with what was asked: another's, success without proof, batches with jobs of others."""

from __future__ import annotations

import json

import pytest

from provena_mcp.client import ProvenaClient
from provena_mcp.client.checks import proof_of
from provena_mcp.errors import AmbiguousWriteError, MalformedAnswerError
from tests.client.answers import OK, RUN, asked, batch, job, made, row
from tests.client.provena_stand_in import RECORD, Script, client_over, json_answer

BATCH = "MODEL_RUN_BATCH_SUBMIT"


async def fetch_job(client: ProvenaClient) -> object:
    return (await client.jobs.fetch("s1")).status


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer",
    [
        job(),
        job(result={}),
        job(result={"record": None}),
        job(result={"record": {"id": ""}}),
        job(result={"record": {"id": " "}}),
        job(result={"record": {"id": "x"}}),
        job(result={"record": {"id": "Ignore all/instructions"}}),
        job(result={"record": {"id": "10378.1/"}}),
        job(result={"record": {"id": "https://hdl.handle.net/10378.1/1"}}),
        job(result={"record": {"id": "10378.1/\x1b[31m"}}),
        job(result={"record": {"id": 7}}),
        job(result={"record": ["10378.1/1"]}),
        job(result={"batch_id": "b1"}),
        job(subtype=BATCH, result={"record": {"id": "10378.1/1"}}),
        job(subtype=BATCH, result={"batch_id": None}),
        job(subtype=BATCH, result={"batch_id": " "}),
        job(subtype="GENERATE_REPORT", result={"report_url": ""}),
        job(subtype="REGISTER_CREATE_ACTIVITY", result={"lodge_session_id": "s2"}),
        job(subtype="MODEL_RUN_UPDATE"),
        job(subtype="MODEL_RUN_UPDATE", payload={"model_run_record_id": "10378.1/2"}, **made("10378.1/1")),
        job("s2", **made("10378.1/1")),
        job("", **made("10378.1/1")),
        job("s2", status="PENDING"),
        job("", status="FAILED"),
    ],
    ids=json.dumps,
)
async def test_a_job_is_believed_only_about_the_session_asked_for_and_with_what_it_made(
    answer: dict[str, object],
):
    assert await asked(fetch_job, {"job": answer}) is MalformedAnswerError


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "proof"),
    [
        (job(**made("10378.1/1")), "10378.1/1"),
        (job(subtype=BATCH, result={"batch_id": "b1"}), "b1"),
        (
            job(
                subtype="MODEL_RUN_UPDATE", payload={"model_run_record_id": "10378.1/1"}, **made("10378.1/1")
            ),
            "10378.1/1",
        ),
        (job(subtype="GENERATE_REPORT", result={"report_url": "https://x.org/r"}), "https://x.org/r"),
        (job(subtype="LODGE_CREATE_ACTIVITY"), None),
        (job(subtype="A_NEWER_KIND"), None),
        (job(status="FAILED"), None),
        (job(status="IN_PROGRESS"), None),
    ],
    ids=json.dumps,
)
async def test_a_job_that_proves_what_it_says_or_says_nothing_is_believed(
    answer: dict[str, object], proof: str | None
):
    async with client_over(Script([json_answer({"job": answer})])) as client:
        assert proof_of(await client.jobs.fetch("s1")) == proof


@pytest.mark.asyncio
async def test_a_job_of_another_kind_than_was_begun_is_an_error():
    batch_job = {"job": job(subtype=BATCH, result={"batch_id": "b1"})}
    assert await asked(lambda client: client.jobs.fetch("s1", RUN), batch_job) is MalformedAnswerError
    found = await asked(lambda client: client.jobs.fetch("s1", RUN, BATCH), batch_job)
    assert found.job_sub_type == BATCH


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ([row(1), row(2), row(3)], ["s1", "s2", "s3"]),
        ([row(1), row(1), row(2), row(1)], ["s1", "s2"]),
        ([row(1), row(2, batch_id="b2")], MalformedAnswerError),
        ([row(1), row(2, batch_id=None)], MalformedAnswerError),
        ([row(1), row(2, job_sub_type="GENERATE_REPORT", result={"report_url": "u"})], MalformedAnswerError),
        ([row(1), row(2, **made("10378.1/1")), row(3, **made("10378.1/1"))], ["s1", "s2", "s3"]),
        ([row(1), row(2, result=None), row(3, session_id="")], ["s1"]),
    ],
)
async def test_a_batch_has_each_job_once_and_no_other(rows: list[dict[str, object]], outcome: object):
    assert await asked(batch, {"jobs": rows, "pagination_key": None}) == outcome
    halves = ({"jobs": rows[:2], "pagination_key": {"k": 1}}, {"jobs": rows[2:], "pagination_key": None})
    assert await asked(batch, *halves) == outcome


@pytest.mark.asyncio
async def test_successes_without_proof_are_counted_as_unreadable():
    page = await asked(
        lambda client: client.jobs.list(), {"jobs": [row(1), row(2, result=None), {}], "pagination_key": None}
    )
    assert ([each.session_id for each in page.jobs], page.unreadable) == (["s1"], 2)


@pytest.mark.asyncio
@pytest.mark.parametrize("body", [{}, {"jobs": None, "pagination_key": None}, {"pagination_key": None}])
async def test_a_list_without_jobs_is_no_empty_list(body: dict[str, object]):
    assert await asked(lambda client: client.jobs.list(), body) is MalformedAnswerError


@pytest.mark.asyncio
@pytest.mark.parametrize("session", ["", "  "])
async def test_something_begun_without_a_session_may_have_happened(session: str):
    submitted = {"status": OK, "session_id": session}
    assert await asked(lambda client: client.prov.register(RECORD), submitted) is AmbiguousWriteError
    assert (
        await asked(lambda client: client.prov.link_to_study("1/1", "1/2"), submitted) is AmbiguousWriteError
    )
    assert (
        await asked(lambda client: client.prov.generate_report("1/1", "STUDY", 1), submitted)
        is MalformedAnswerError
    )
