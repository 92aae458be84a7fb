"""Reports: asked for as a job or a document, and fetched from where they are stored."""

import asyncio
import json
import logging

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import ProvenaClient, ReadyToken, ReportDocument, ReportJob
from provena_mcp.errors import DeploymentError, MalformedAnswerError, NotFoundError, UnavailableError
from tests.client.answers import prov, sent
from tests.client.provena_stand_in import (
    BASE,
    TWO_ATTEMPTS,
    Loopback,
    Script,
    client_over,
    endpoints,
    json_answer,
    raw_answer,
)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "report"),
    [
        (json_answer({"session_id": "7c0f"}), ReportJob("7c0f")),
        (
            httpx.Response(200, content=b"PK\x03\x04", headers={"content-type": "application/octet-stream"}),
            ReportDocument(b"PK\x03\x04"),
        ),
    ],
)
async def test_a_report_is_a_job_or_a_document(answer, report):
    request, got = await sent(prov("generate_report", "10378.1/3", "STUDY", 2), answer)
    assert json.loads(request.content) == {"id": "10378.1/3", "item_subtype": "STUDY", "depth": 2}
    assert got == report


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("address", "fetched"),
    [
        ("https://bucket.example.org/r.docx?sig=a%2Fb", "https://bucket.example.org/r.docx?sig=a%2Fb"),
        (f"{BASE}/prov-api/reports/1", f"{BASE}/prov-api/reports/1"),
        ("reports/1", f"{BASE}/prov-api/reports/1"),
        ("/reports/1", f"{BASE}/reports/1"),
    ],
)
async def test_a_report_is_fetched_from_a_whole_or_a_relative_address(address, fetched):
    request, got = await sent(prov("fetch_report", address), httpx.Response(200, content=b"PK\x03\x04"))
    assert (str(request.url), got) == (fetched, b"PK\x03\x04")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://x.org/r", "https://", "http://[", "mailto:x"]
)
async def test_no_other_address_is_followed_for_a_report(address):
    script = Script([httpx.Response(200, content=b"PK")])
    async with client_over(script) as client:
        with pytest.raises(DeploymentError, match="no address that can be followed"):
            await client.prov.fetch_report(address)
    assert script.requests == []


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [400, 403, 404, 405])
async def test_an_expired_report_asks_for_a_new_one_and_shows_nothing_of_the_address(status):
    said = "<Error><Code>AccessDenied</Code><Signature>5ignature</Signature></Error>"
    answer = httpx.Response(status, content=said, headers={"content-type": "text/xml"})
    with pytest.raises(NotFoundError) as caught:
        await sent(prov("fetch_report", "https://bucket.example.org/r?X-Amz-Signature=5ignature"), answer)
    assert "generate_report" in caught.value.advice
    assert (caught.value.upstream, "5ignature" in str(caught.value)) == (None, False)


@pytest.mark.asyncio
async def test_storage_that_cannot_be_reached_is_named_without_the_query():
    script = Script([httpx.ConnectError("refused")])
    async with client_over(script) as client:
        with pytest.raises(UnavailableError) as caught:
            await client.prov.fetch_report("https://bucket.example.org/r.docx?X-Amz-Signature=5ignature")
    assert caught.value.message == "No connection to the file storage at https://bucket.example.org/r.docx."


@pytest.mark.asyncio
async def test_something_else_at_the_address_of_a_report_is_malformed():
    with pytest.raises(MalformedAnswerError, match="no \\.docx"):
        await sent(
            prov("fetch_report", "https://bucket.example.org/r"), httpx.Response(200, content=b"<?xml")
        )


@pytest.mark.asyncio
async def test_a_report_is_fetched_without_login_and_its_signature_stays_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.DEBUG)
    answers = [raw_answer(b"PK\x03\x04docx"), raw_answer(b'{"message": "Health check successful."}')]

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    async with Loopback(reply).serving() as server:
        client = ProvenaClient(
            endpoints(server.base), tokens=ReadyToken(SecretStr("t0ken-value")), limits=TWO_ATTEMPTS
        )
        async with client:
            url = f"{server.base}/bucket/r.docx?X-Amz-Credential=AK%2F1&X-Amz-Signature=5ignature"
            document = await client.prov.fetch_report(url)
            await client.jobs.health()
    report, health = server.heads
    assert document == b"PK\x03\x04docx"
    assert report.startswith("GET /bucket/r.docx?X-Amz-Credential=AK%2F1&X-Amz-Signature=5ignature HTTP/1.1")
    assert "authorization" not in report.lower()
    assert "Authorization: Bearer t0ken-value" in health
    assert f"HTTP Request: GET {server.base}/bucket/r.docx " in caplog.text
    assert "5ignature" not in caplog.text
    assert "t0ken-value" not in caplog.text
