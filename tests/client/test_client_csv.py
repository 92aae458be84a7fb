"""CSV files go and come byte for byte."""

import httpx
import pytest

from provena_mcp.errors import MalformedAnswerError
from provena_mcp.wire.runs import ConvertAnswer
from tests.client.answers import OK, WIRE_RECORD, prov, sent
from tests.client.provena_stand_in import RECORD, json_answer


@pytest.mark.asyncio
async def test_csv_files_come_byte_for_byte():
    content = b'"a, b",\xc3\xa4\r\n'
    answer = httpx.Response(200, content=content, headers={"content-type": "text/csv; charset=utf-8"})
    request, got = await sent(prov("generate_template_csv", "10378.1/5"), answer)
    assert (request.url.path, dict(request.url.params)) == (
        "/prov-api/bulk/generate_template/csv",
        {"workflow_template_id": "10378.1/5"},
    )
    assert got == content
    request, got = await sent(prov("regenerate_csv", "b1"), answer)
    assert (request.url.path, dict(request.url.params)) == (
        "/prov-api/bulk/regenerate_from_batch/csv",
        {"batch_id": "b1"},
    )
    assert got == content


@pytest.mark.asyncio
async def test_a_login_page_is_no_csv_file():
    with pytest.raises(MalformedAnswerError, match="web page"):
        await sent(prov("generate_template_csv", "10378.1/5"), httpx.Response(200, html="<html>"))


@pytest.mark.asyncio
async def test_csv_to_convert_is_uploaded_as_it_is():
    answer = {"status": OK, "new_records": [WIRE_RECORD], "existing_records": ["7c0f"], "warnings": []}
    request, got = await sent(prov("convert_csv", b"\xef\xbb\xbfa,b\r\n=cmd,1\r\n"), json_answer(answer))
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="csv_file"; filename="upload.csv"\r\nContent-Type: text/csv\r\n\r\n' in request.content
    assert b"\r\n\r\n\xef\xbb\xbfa,b\r\n=cmd,1\r\n\r\n--" in request.content
    assert got == ConvertAnswer.model_validate(answer)
    assert isinstance(got, ConvertAnswer)
    assert got.new_records == (RECORD,)
