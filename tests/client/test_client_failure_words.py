"""What was said of a failure is found in any body, cleaned, and shown without secrets."""

import json

import httpx
import pytest

from provena_mcp.client import ProvenaClient
from provena_mcp.errors import DeploymentError, MalformedAnswerError
from tests.client.answers import failure, fetch, read, write
from tests.client.provena_stand_in import Script, client_over, json_answer


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("content", "content_type", "said"),
    [
        (b"Internal Server Error", "text/plain; charset=utf-8", "Internal Server Error"),
        (b"<html><body>proxy</body></html>", "text/html", None),
        (b'{"message": "Endpoint request timed out"}', "application/json", "Endpoint request timed out"),
        (b'{"detail": {"message": "deep"}}', "application/json", "deep"),
        (b"\xff\xfe", "application/octet-stream", None),
        (b'{"detail": [', "application/json", None),
        (b"", "", None),
    ],
)
async def test_what_was_said_is_found_in_any_body(content: bytes, content_type: str, said: str | None):
    caught = await failure(read, httpx.Response(500, content=content, headers={"content-type": content_type}))
    assert type(caught) is DeploymentError
    assert caught.upstream == said


@pytest.mark.asyncio
async def test_what_was_said_is_cleaned_bounded_and_holds_no_secrets():
    jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
    said = (
        f"\x1b[31mred\u200b \u202ebad token opaque-token-1 Bearer {jwt} {jwt} "
        "https://user:pw@bucket.example.org/x?X-Amz-Signature=abc123&X-Amz-Credential=AKIA&x=1 "
        '{"access_token": "t0p", "user_info": "cipher"} ' + "word " * 500
    )
    caught = await failure(read, json_answer({"detail": said}, 500), token="opaque-token-1")
    text = caught.upstream or ""
    assert len(text) <= 500
    assert "https://bucket.example.org/x" in text
    for secret in (
        "opaque-token-1",
        jwt,
        "abc123",
        "AKIA",
        "t0p",
        "cipher",
        "user:pw",
        "\x1b",
        "\u202e",
        "\u200b",
    ):
        assert secret not in text
        assert secret not in caught.message + caught.advice + repr(caught)


@pytest.mark.asyncio
@pytest.mark.parametrize("call", [read, fetch, write])
async def test_a_redirect_is_not_followed_and_its_query_is_not_shown(call):
    script = Script(
        [httpx.Response(302, headers={"location": "https://evil.example.org/login?state=s3cret"})]
    )
    async with client_over(script) as client:
        with pytest.raises(DeploymentError, match="points to another address") as caught:
            await call(client)
    assert caught.value.upstream == "https://evil.example.org/login"
    assert len(script.requests) == 1


@pytest.mark.asyncio
async def test_an_error_about_a_token_in_the_answer_does_not_quote_it():
    answer = json_answer({"username": 7, "roles": "none", "access_token": "t0p-s3cret"})

    async def check(client: ProvenaClient) -> object:
        return await client.prov.check_access("read")

    caught = await failure(check, answer)
    assert type(caught) is MalformedAnswerError
    assert "t0p-s3cret" not in json.dumps([str(caught), repr(caught), caught.upstream])
    assert (caught.__cause__, caught.__suppress_context__) == (None, True)
