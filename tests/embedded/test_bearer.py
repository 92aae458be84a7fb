"""The embedded Provena with token checks: only genuine tokens of its issuer open it."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest

from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.bearer import identify_by_bearer
from tests.oidc.minted import URL, Mint
from tests.recordings.recorded import RECORDINGS, read_exchanges

CHECK = "/prov-api/check-access/check-{}-access"
INVALID = "Could not validate credentials"
NO_ROLE = "You are not authorised to access this resource as you don't have the correct role."

READER = ["entity-registry-read"]
WRITER = [*READER, "entity-registry-write"]


@pytest.fixture
def mint() -> Mint:
    return Mint()


@pytest.fixture
def ask(http, mint: Mint):
    """Ask one route with an Authorization header; the status, the challenge and the body."""
    identify = identify_by_bearer(mint.issuer())

    async def ask(authorization: str | None, path: str = CHECK.format("general")):
        async with http(identify=identify) as client:
            headers = {} if authorization is None else {"Authorization": authorization}
            answer = await client.get(path, headers=headers)
            return answer.status_code, answer.headers.get("www-authenticate"), answer.json()

    return ask


def refused(detail: str):
    return 401, "Bearer", {"detail": detail}


@pytest.mark.asyncio
async def test_a_genuine_token_says_who_is_calling(ask, mint: Mint):
    token = mint.token()
    assert await ask(f"bearer {token}") == (
        200,
        None,
        {"username": "writer", "email": "writer@example.org", "roles": WRITER, "access_token": token},
    )


@pytest.mark.asyncio
async def test_the_audience_is_not_asked_for(ask, mint: Mint):
    status, _, _ = await ask(f"Bearer {mint.token(aud=['somebody-else'])}")
    assert status == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("authorization", [None, "", "Basic d3JpdGVyOnBhc3N3b3Jk", "Token abc"])
async def test_without_a_bearer_token_nobody_is_authenticated(ask, authorization: str | None):
    assert await ask(authorization) == refused("Not authenticated")


@pytest.mark.asyncio
@pytest.mark.parametrize("token", ["", "garbage", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.AAAA", "[" * 30_000])
async def test_what_is_no_token_is_refused(ask, token: str):
    assert await ask(f"Bearer {token}") == refused(INVALID)


@pytest.mark.asyncio
async def test_headers_nested_beyond_reason_are_refused(ask):
    deep = base64.urlsafe_b64encode(b"[" * 40_000).decode()
    assert await ask(f"Bearer {deep}.e30.AAAA") == refused(INVALID)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_700_000_000},
        {"exp": 1_699_990_000},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 1_700_000_060},
        {"iss": "https://auth.example.org/auth/realms/other"},
        {"iss": None},
        {"realm_access": "all"},
    ],
    ids=lambda claims: json.dumps(claims),
)
async def test_a_token_that_is_over_early_foreign_or_odd_is_refused(ask, mint: Mint, claims: dict[str, Any]):
    assert await ask(f"Bearer {mint.token(**claims)}") == refused(INVALID)


@pytest.mark.asyncio
async def test_a_token_signed_with_another_key_is_refused(ask, mint: Mint):
    assert await ask(f"Bearer {mint.forged()}") == refused(INVALID)


@pytest.mark.asyncio
async def test_changed_claims_are_refused(ask, mint: Mint):
    header, _, signature = mint.token().split(".")
    _, payload, _ = mint.token(preferred_username="admin").split(".")
    assert await ask(f"Bearer {header}.{payload}.{signature}") == refused(INVALID)


@pytest.mark.asyncio
async def test_no_other_algorithm_is_accepted(ask, mint: Mint):
    unsigned = jwt.encode({"iss": URL, "exp": mint.now + 300}, "", algorithm="none")
    # The oldest trick: the public key, known to all, taken for a shared secret.
    shared = base64.urlsafe_b64decode(mint.jwk()["n"] + "==")
    confused = mint.token(key=shared, headers={"alg": "HS256"})
    weaker = mint.token(headers={"alg": "RS384"})
    assert [await ask(f"Bearer {token}") for token in (unsigned, confused, weaker)] == [refused(INVALID)] * 3


@pytest.mark.asyncio
@pytest.mark.parametrize("claim", ["realm_access", "preferred_username"])
async def test_a_token_without_keycloaks_structure_is_told_so(ask, mint: Mint, claim: str):
    assert await ask(f"Bearer {mint.token(**{claim: None})}") == refused("Token had incorrect structure.")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("roles", "allowed"),
    [
        ([], ["general"]),
        (READER, ["general", "read"]),
        (WRITER, ["general", "read", "write"]),
        (["entity-registry-admin"], ["general"]),
        ([*WRITER, "entity-registry-admin"], ["general", "read", "write", "admin"]),
    ],
)
async def test_roles_decide_what_is_allowed(ask, mint: Mint, roles: list[str], allowed: list[str]):
    bearer = f"Bearer {mint.token(realm_access={'roles': roles})}"
    answers = {
        level: await ask(bearer, CHECK.format(level)) for level in ("general", "read", "write", "admin")
    }
    assert [level for level, (status, _, _) in answers.items() if status == 200] == allowed
    assert [answer for answer in answers.values() if answer[0] != 200] == [refused(NO_ROLE)] * (
        4 - len(allowed)
    )


@pytest.mark.asyncio
async def test_health_asks_for_no_token(ask):
    assert await ask(None, "/prov-api/") == (200, None, {"message": "Health check successful."})


@pytest.mark.asyncio
async def test_keys_are_fetched_once_and_again_when_they_change(ask, mint: Mint):
    await ask(f"Bearer {mint.token()}")
    await ask(f"Bearer {mint.token()}")
    assert mint.fetches == ["openid-configuration", "certs"]
    old = mint.token(exp=mint.now + 10_000)
    mint.rotate()
    mint.now += 6
    new = mint.token(exp=mint.now + 10_000)
    assert [(await ask(f"Bearer {token}"))[0] for token in (new, old)] == [200, 200]
    assert len(mint.fetches) == 4
    mint.rotate(retire=True)
    mint.now += 601
    assert await ask(f"Bearer {old}") == refused(INVALID)
    assert await ask(f"Bearer {new}") == refused(INVALID)


@pytest.mark.asyncio
async def test_forged_key_ids_do_not_make_it_fetch_again_and_again(ask, mint: Mint):
    forged = mint.token(headers={"kid": "no-such-key"})
    assert [await ask(f"Bearer {forged}") for _ in range(20)] == [refused(INVALID)] * 20
    assert len(mint.fetches) == 2


@pytest.mark.asyncio
async def test_an_issuer_out_of_reach_is_a_503_not_a_refusal(ask, mint: Mint):
    mint.reachable = False
    status, challenge, body = await ask(f"Bearer {mint.token()}")
    assert (status, challenge) == (503, None)
    assert body == {"detail": f"The keys of the issuer {URL} cannot be read (ConnectError)."}


@pytest.mark.asyncio
async def test_an_issuer_that_goes_by_another_name_is_told(ask, mint: Mint):
    mint.calls_itself = "https://keycloak.internal/auth/realms/reef"
    status, _, body = await ask(f"Bearer {mint.token()}")
    assert (status, body) == (503, {"detail": f"The issuer at {URL} calls itself '{mint.calls_itself}'."})


def recorded_refusals() -> list[dict[str, Any]]:
    """Recorded exchanges that were refused for their token or its roles."""
    exchanges = [
        exchange
        for name in ("prov", "registry", "job", "auth")
        for exchange in read_exchanges(RECORDINGS / f"{name}.jsonl")
    ]
    return [
        exchange
        for exchange in exchanges
        if exchange["response"]["status"] == 401 and "www-authenticate" in exchange["response"]["headers"]
    ]


def recorded_roles() -> dict[str, list[str]]:
    return {
        exchange["response"]["json"]["username"]: exchange["response"]["json"]["roles"]
        for exchange in read_exchanges(RECORDINGS / "prov.jsonl")
        if exchange["name"].startswith("prov_check_access_general_")
    }


def authorization(mint: Mint, exchange: dict[str, Any]) -> str | None:
    """The header that the recorded request must have carried."""
    user = exchange["request"]["as_user"]
    if user is None:
        return None
    if user != "(custom token)":
        roles = recorded_roles()[user]
        return f"Bearer {mint.token(preferred_username=user, realm_access={'roles': roles})}"
    return {
        "prov_err_auth_bad_signature": f"Bearer {mint.forged()}",
        "prov_err_auth_empty_bearer": "Bearer ",
        "prov_err_auth_expired": f"Bearer {mint.token(exp=mint.now - 1)}",
        "prov_err_auth_garbage": "Bearer garbage",
        "prov_err_auth_not_bearer": "Basic d3JpdGVyOnBhc3N3b3Jk",
    }[exchange["name"]]


@pytest.mark.asyncio
@pytest.mark.parametrize("exchange", recorded_refusals(), ids=lambda exchange: exchange["name"])
async def test_recorded_refusals_are_repeated(http, mint: Mint, exchange: dict[str, Any]):
    request, recorded = exchange["request"], exchange["response"]
    bearer = authorization(mint, exchange)
    async with http(identify=identify_by_bearer(mint.issuer())) as client:
        answer = await client.request(
            request["method"],
            BASE_PATHS[request["service"]] + request["path"],
            params=request["params"],
            json=request.get("json"),
            headers={} if bearer is None else {"Authorization": bearer},
        )
    assert (answer.status_code, answer.headers["www-authenticate"], answer.json()) == (
        recorded["status"],
        recorded["headers"]["www-authenticate"],
        recorded["json"],
    )
