"""What single methods make of what their service answers, and what they refuse to send."""

import json

import httpx
import pytest
from pydantic import SecretStr

from provena_mcp.client import ProvenaClient, RefreshToken
from provena_mcp.errors import ArgumentError, ForbiddenError, ProvenaError, RejectedError
from provena_mcp.wire.items import StudyItem
from provena_mcp.wire.registry import ListRequest
from tests.client.answers import OK, STUDY, prov, registry, sent
from tests.client.provena_stand_in import QUICK, Script, client_over, endpoints, json_answer


@pytest.mark.asyncio
async def test_an_item_gives_back_the_json_it_was_read_from():
    _, item = await sent(registry("fetch", "10378.1/3"), json_answer({"status": OK, "item": STUDY}))
    assert isinstance(item, StudyItem)
    assert item.as_json() == STUDY


@pytest.mark.asyncio
async def test_a_typed_list_without_items_is_a_failure_when_it_says_so():
    answer = json_answer({"status": {"success": False, "details": "no"}, "items": None})
    with pytest.raises(RejectedError):
        await sent(registry("list_typed", "STUDY", ListRequest()), answer)


@pytest.mark.asyncio
async def test_the_token_that_access_checks_echo_is_dropped():
    answer = json_answer({"username": "jane", "roles": [], "access_token": "t0p"})
    _, user = await sent(prov("check_access", "write"), answer)
    assert "t0p" not in f"{user!r} {user.model_dump()}"


@pytest.mark.asyncio
async def test_the_config_comes_as_text():
    answer = httpx.Response(200, text="stage=DEV\n")
    request, got = await sent(prov("config_text", required_only=False), answer)
    assert (str(request.url.query, "ascii"), got) == ("required_only=false", "stage=DEV\n")


@pytest.mark.asyncio
async def test_a_dataset_is_minted_or_refused():
    minted = {"status": OK, "handle": "10378.1/9", "s3_location": None}
    request, got = await sent(lambda client: client.data.mint_dataset({"a": None}), json_answer(minted))
    assert (request.url.path, json.loads(request.content)) == ("/data-api/register/mint-dataset", {"a": None})
    assert got.handle == "10378.1/9"
    refused = {"status": {"success": False, "details": "Failed to validate metadata against schema"}}
    with pytest.raises(RejectedError) as caught:
        await sent(lambda client: client.data.mint_dataset({}), json_answer(refused))
    assert caught.value.upstream == "Failed to validate metadata against schema"


@pytest.mark.asyncio
async def test_a_deployment_without_link_lookup_links_nobody_and_other_failures_are_told():
    async def lookup(client: ProvenaClient) -> object:
        return await client.auth.linked_person()

    assert (await sent(lookup, json_answer({"detail": "Not Found"}, 404)))[1] is None
    with pytest.raises(ForbiddenError):
        await sent(lookup, json_answer({"message": "Forbidden"}, 403))


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (registry("fetch", " "), "id"),
        (registry("fetch_typed", "MODEL", ""), "id"),
        (prov("link_to_study", "10378.1/1", ""), "study_id"),
        (prov("generate_template_csv", ""), "workflow_template_id"),
        (prov("generate_report", "10378.1/1", "STUDY", 0), "depth"),
        (prov("generate_report", "10378.1/1", "STUDY", 4), "depth"),
        (lambda client: client.jobs.fetch(""), "session_id"),
        (lambda client: client.jobs.list_batch(""), "batch_id"),
        (lambda client: client.search.search(""), "query"),
        (lambda client: client.search.search("x", limit=0), "limit"),
    ],
)
async def test_what_no_service_could_take_is_refused_before_it_is_sent(call, parameter):
    script = Script([])
    async with client_over(script) as client:
        with pytest.raises(ArgumentError) as caught:
            await call(client)
    assert (caught.value.parameter, script.requests) == (parameter, [])


@pytest.mark.asyncio
async def test_a_missing_realm_is_told_when_a_login_needs_it():
    client = ProvenaClient(
        endpoints().model_copy(update={"keycloak": None}),
        tokens=RefreshToken(SecretStr("r"), client_id="c"),
        transport=httpx.MockTransport(Script([])),
        limits=QUICK,
    )
    async with client:
        with pytest.raises(ProvenaError, match="No address is set for keycloak"):
            await client.jobs.list()
