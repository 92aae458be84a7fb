"""What each refusal of the services means (provena-http 2.1, 3, 6.1, 7.4)."""

import json

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import ProvenaClient, ReadyToken
from provena_mcp.errors import (
    AmbiguousWriteError,
    DeploymentError,
    DepthLimitError,
    ForbiddenError,
    MalformedAnswerError,
    MalformedItemError,
    NotFoundError,
    NotLoggedInError,
    ProvenaError,
    RejectedError,
    UnavailableError,
    WrongSubtypeError,
)
from tests.client.provena_stand_in import RECORD, Script, client_over, json_answer

ROLE = "You are not authorised to access this resource as you don't have the correct role."
WRONG_KIND = "The record was found but could not parsed as an appropriate type: Error The record was marked…"
UNKNOWN = 'Could not find the given key (10378.1/9) in the registry. Details "Failed to find item.".'


async def read(client: ProvenaClient) -> object:
    return await client.prov.explore("upstream", "10378.1/9", 101)


async def fetch(client: ProvenaClient) -> object:
    return await client.registry.fetch("10378.1/9")


async def typed_fetch(client: ProvenaClient) -> object:
    return await client.registry.fetch_typed("MODEL", "10378.1/9")


async def job(client: ProvenaClient) -> object:
    return await client.jobs.fetch("7c0f")


async def write(client: ProvenaClient) -> object:
    return await client.prov.register(RECORD)


async def link(client: ProvenaClient) -> object:
    return await client.prov.link_to_study("10378.1/9", "10378.1/8")


async def template(client: ProvenaClient) -> object:
    return await client.prov.generate_template_csv("10378.1/9")


async def batch_csv(client: ProvenaClient) -> object:
    return await client.prov.regenerate_csv("b1")


async def admin(client: ProvenaClient) -> object:
    return await client.prov.config_text()


async def failure(call, answer: httpx.Response, token: str = "secret-token") -> ProvenaError:
    async with client_over(Script([answer]), tokens=ReadyToken(SecretStr(token))) as client:
        with pytest.raises(ProvenaError) as caught:
            await call(client)
    return caught.value


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "status", "detail", "error", "message", "advice"),
    [
        (
            read,
            400,
            "Depth provided is in excess of depth maximum: 10.",
            DepthLimitError,
            "10 hops",
            "depth 10",
        ),
        (read, 401, "Not authenticated", NotLoggedInError, "wants a login", "provena-mcp login"),
        (
            read,
            401,
            "Could not validate credentials",
            NotLoggedInError,
            "did not accept",
            "provena-mcp login",
        ),
        (
            read,
            401,
            "Token had incorrect structure.",
            NotLoggedInError,
            "did not accept",
            "provena-mcp login",
        ),
        (read, 401, ROLE, ForbiddenError, "lacks a role", "for entity-registry-read;"),
        (write, 401, ROLE, ForbiddenError, "register", "for entity-registry-read, entity-registry-write;"),
        (admin, 401, ROLE, ForbiddenError, "config", "entity-registry-write, entity-registry-admin;"),
        (fetch, 401, "You are not authorised to fetch this item.", ForbiddenError, "'10378.1/9'", "owner"),
        (
            fetch,
            401,
            "Cannot perform this action as the resource is locked.",
            ForbiddenError,
            "Item '10378.1/9' is locked",
            "unlock",
        ),
        (
            fetch,
            401,
            "You are not authorised to take this action.",
            ForbiddenError,
            "lacks a role",
            "entity-registry-read",
        ),
        (job, 401, "Not authorised to view this record.", ForbiddenError, "Job '7c0f' belongs", "jobs.list"),
        (
            write,
            401,
            "Registry API denied access to resource: 401. Error: x",
            ForbiddenError,
            "an item that this refers to",
            "read access",
        ),
        (fetch, 403, "Forbidden", ForbiddenError, "in front of registry-api", "firewall"),
        (job, 400, "Item was not found.", NotFoundError, "no job '7c0f'", "appears some seconds"),
        (
            template,
            400,
            f"The provided workflow template ID was invalid, error: {UNKNOWN}",
            NotFoundError,
            "'10378.1/9'",
            "search.search",
        ),
        (
            template,
            400,
            f"The provided workflow template ID was invalid, error: {WRONG_KIND}",
            WrongSubtypeError,
            "'10378.1/9' is not the kind",
            "registry.list",
        ),
        (
            write,
            400,
            f"Failed to validate an entity's ID in the record, error: {UNKNOWN}",
            RejectedError,
            "register a model run",
            "Correct what",
        ),
        (
            link,
            400,
            "ModelRun 10378.1/9 already linked to a study. Study ID: 10378.1/7.",
            RejectedError,
            "link a model run",
            "Correct what",
        ),
        (
            link,
            400,
            f"Item 10378.1/8 failed validation: {UNKNOWN.replace('/9', '/8')}",
            NotFoundError,
            "'10378.1/8'",
            "search.search",
        ),
        (
            link,
            500,
            "Error occurred while updating model run in registry: Got status code 401 x",
            ForbiddenError,
            "may not change",
            "write access",
        ),
        (
            write,
            400,
            "In order to perform this operation you must link your User account to a Person in the registry.",
            ForbiddenError,
            "linked to a Person",
            "Link your account",
        ),
        (read, 404, "Not Found", DeploymentError, "no route GET /explore/upstream", "PROVENA_DOMAIN"),
        (read, 405, "Method Not Allowed", DeploymentError, "no route GET", "PROVENA_DOMAIN"),
        (read, 409, "Conflict", RejectedError, "refused this: explore upstream", "Correct what"),
        (
            read,
            500,
            "Neo4j lineage query experienced an exception: x.",
            DeploymentError,
            "failed inside",
            "minute",
        ),
        (
            write,
            500,
            "Unexpected error while dispatching job. Error: x.",
            DeploymentError,
            "failed inside",
            "done in part. Look with `jobs.list`",
        ),
        (batch_csv, 500, "boom", DeploymentError, "failed inside (500", "batch_id"),
        (read, 502, "gateway trouble", UnavailableError, "down or overloaded (502", "Try again"),
        (read, 503, "gateway trouble", UnavailableError, "down or overloaded (503", "Try again"),
        (read, 504, "gateway trouble", UnavailableError, "down or overloaded (504", "Try again"),
        (read, 429, "gateway trouble", UnavailableError, "down or overloaded (429", "Try again"),
        (write, 503, "gateway trouble", UnavailableError, "down or overloaded (503", "Try again"),
        (write, 502, "gateway trouble", AmbiguousWriteError, "Nobody knows", "jobs.list"),
        (write, 504, "gateway trouble", AmbiguousWriteError, "Nobody knows", "jobs.list"),
    ],
)
async def test_a_refusal_becomes_the_error_that_helps(call, status, detail, error, message, advice):
    caught = await failure(call, json_answer({"detail": detail}, status))
    assert type(caught) is error
    assert message in caught.message
    assert advice in caught.advice
    if error is not DepthLimitError:
        assert caught.upstream == " ".join(detail.split()) or caught.upstream == detail
        assert detail not in caught.message


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "details", "error", "message"),
    [
        (
            fetch,
            "The id you specified was not available in the registry, error: x.",
            NotFoundError,
            "'10378.1/9'",
        ),
        (fetch, "No item with that id.", NotFoundError, "'10378.1/9'"),
        (typed_fetch, UNKNOWN, NotFoundError, "'10378.1/9'"),
        (typed_fetch, WRONG_KIND, WrongSubtypeError, "not the kind of item"),
        (
            typed_fetch,
            "A valid seed item was found, but seed_allowed was set to false.",
            WrongSubtypeError,
            "only a reserved id",
        ),
        (typed_fetch, "Value error. Details ID cannot be empty.", RejectedError, "refused this"),
    ],
)
async def test_a_failed_status_in_a_200_becomes_the_error_that_helps(call, details, error, message):
    caught = await failure(
        call, json_answer({"status": {"success": False, "details": details}, "item": None})
    )
    assert type(caught) is error
    assert message in caught.message
    assert caught.upstream == details


@pytest.mark.asyncio
async def test_the_limit_of_a_depth_refusal_can_be_read():
    caught = await failure(read, json_answer({"detail": "Depth … in excess of depth maximum: 100."}, 400))
    assert isinstance(caught, DepthLimitError)
    assert caught.limit == 100


@pytest.mark.asyncio
async def test_a_422_names_the_fields_as_paths():
    detail = [
        {"loc": ["body", "inputs", 0, "dataset_type"], "msg": "not permitted", "type": "type_error.enum"},
        {"loc": ["body", "__root__"], "msg": "start after end", "type": "value_error"},
        {"loc": ["query", "depth"], "msg": "not an integer", "type": "type_error.integer"},
        "free text",
    ]
    caught = await failure(write, json_answer({"detail": detail}, 422))
    assert type(caught) is RejectedError
    assert caught.upstream == (
        "inputs[0].dataset_type: not permitted; start after end; depth: not an integer; free text"
    )


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
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"", headers={"content-type": "application/json"}),
        httpx.Response(200, html="<html>Log in</html>"),
        httpx.Response(200, json={"status": {"success": True, "details": ""}}),
        httpx.Response(200, content=b'{"session_id": "7c', headers={"content-type": "application/json"}),
    ],
)
async def test_a_write_whose_answer_cannot_be_read_may_have_happened(answer: httpx.Response):
    caught = await failure(write, answer)
    assert type(caught) is AmbiguousWriteError
    assert (caught.retry, caught.advice) == (
        "check_first",
        "Look with `jobs.list` whether it arrived before sending it again.",
    )


@pytest.mark.asyncio
async def test_an_item_that_lacks_what_its_subtype_needs_is_malformed_and_names_the_field():
    raw = {"id": "10378.1/9", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN", "display_name": "R"}
    caught = await failure(fetch, json_answer({"status": {"success": True, "details": ""}, "item": raw}))
    assert type(caught) is MalformedItemError
    assert "an item that lacks or misspells 'record'" in caught.message
    assert (
        caught.advice
        == "Its entry in the registry needs mending: tell its owner, or an administrator of Provena."
    )


@pytest.mark.asyncio
async def test_success_without_an_item_is_malformed():
    caught = await failure(fetch, json_answer({"status": {"success": True, "details": ""}, "item": None}))
    assert type(caught) is MalformedAnswerError


@pytest.mark.asyncio
async def test_an_error_about_a_token_in_the_answer_does_not_quote_it():
    answer = json_answer({"username": 7, "roles": "none", "access_token": "t0p-s3cret"})

    async def check(client: ProvenaClient) -> object:
        return await client.prov.check_access("read")

    caught = await failure(check, answer)
    assert type(caught) is MalformedAnswerError
    assert "t0p-s3cret" not in json.dumps([str(caught), repr(caught), caught.upstream])
    assert (caught.__cause__, caught.__suppress_context__) == (None, True)
