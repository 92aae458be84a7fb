"""Whose tokens are believed, and that an issuer which is slow or away holds up nobody it need not."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from provena_mcp.client import public_transport
from provena_mcp.errors import NotLoggedInError, ProvenaError, UnavailableError
from provena_mcp.issuer import Issuer
from tests.oidc.minted import URL, Mint


async def known_to(issuer: Issuer, mint: Mint) -> str:
    """A long-lived token whose key the issuer has fetched."""
    token = mint.token(exp=mint.now + 1_000_000)
    await issuer.claims_of(token)
    return token


async def settled() -> None:
    """Return when whatever was begun, and has nothing to wait for but this process, is done."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.gather(*others)


async def kind_of_refusal(issuer: Issuer, token: str) -> type[ProvenaError] | None:
    try:
        await issuer.claims_of(token)
    except ProvenaError as error:
        return type(error)
    return None


@pytest.mark.asyncio
@pytest.mark.parametrize("later", [0, 10, 400, 700])
async def test_ten_strangers_hold_up_no_known_caller_while_the_issuer_is_slow(later: int):
    mint = Mint()
    issuer = mint.issuer()
    token = await known_to(issuer, mint)
    mint.now += later
    mint.hold = asyncio.Event()
    strangers = [
        asyncio.create_task(kind_of_refusal(issuer, mint.token(headers={"kid": f"unknown-{number}"})))
        for number in range(10)
    ]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        known = await asyncio.gather(*(issuer.claims_of(token) for _ in range(20)))
    assert {claims.sub for claims in known} == {"some-uuid"}
    mint.hold.set()
    assert await asyncio.gather(*strangers) == [NotLoggedInError] * 10


@pytest.mark.asyncio
async def test_many_strangers_make_one_fetch():
    mint = Mint()
    issuer = mint.issuer()
    tokens = [mint.token(headers={"kid": f"unknown-{number}"}) for number in range(10)]
    refusals = await asyncio.gather(*(kind_of_refusal(issuer, token) for token in tokens))
    assert (refusals, mint.fetches) == ([NotLoggedInError] * 10, ["openid-configuration", "certs"])


ONE_FETCH = ["openid-configuration", "certs"]


@pytest.mark.asyncio
@pytest.mark.parametrize(("later", "fetches"), [(0, 0), (299, 0), (301, 1), (601, 1)])
async def test_a_known_key_is_fetched_again_once_and_only_when_it_is_old(later: int, fetches: int):
    mint = Mint()
    issuer = mint.issuer()
    token = await known_to(issuer, mint)
    mint.fetches.clear()
    mint.now += later
    for _ in range(10):
        await issuer.claims_of(token)
        await settled()
    assert mint.fetches == ONE_FETCH * fetches


@pytest.mark.asyncio
async def test_strangers_one_after_the_other_make_one_fetch_in_five_seconds():
    mint = Mint()
    issuer = mint.issuer()
    token = await known_to(issuer, mint)
    mint.fetches.clear()
    for later, fetches in ((0, 0), (5, 0), (1, 1), (5, 1), (1, 2)):
        mint.now += later
        for number in range(10):
            stranger = mint.token(headers={"kid": f"unknown-{number}"})
            assert await kind_of_refusal(issuer, stranger) is NotLoggedInError
            assert (await issuer.claims_of(token)).sub == "some-uuid"
        assert mint.fetches == ONE_FETCH * fetches


@pytest.mark.asyncio
async def test_a_caller_who_hangs_up_does_not_end_the_fetch_that_others_wait_for():
    mint = Mint()
    issuer = mint.issuer()
    mint.hold = asyncio.Event()
    first = asyncio.create_task(issuer.claims_of(mint.token()))
    await asyncio.sleep(0)
    second = asyncio.create_task(issuer.claims_of(mint.token()))
    await asyncio.sleep(0)
    first.cancel()
    mint.hold.set()
    assert (await second).sub == "some-uuid"
    assert len(mint.fetches) == 2


@pytest.mark.asyncio
async def test_a_failure_to_fetch_is_remembered_for_a_moment():
    mint = Mint()
    issuer = mint.issuer()
    mint.reachable = False
    assert [await kind_of_refusal(issuer, mint.token()) for _ in range(5)] == [UnavailableError] * 5
    assert len(mint.fetches) == 1
    mint.reachable = True
    assert await kind_of_refusal(issuer, mint.token()) is UnavailableError
    mint.now += 6
    assert await kind_of_refusal(issuer, mint.token()) is None


@pytest.mark.asyncio
async def test_keys_are_kept_while_the_issuer_is_away_but_not_for_ever():
    mint = Mint()
    issuer = mint.issuer()
    token = await known_to(issuer, mint)
    mint.reachable = False
    for _ in range(10):
        mint.now += 3_600
        assert (await issuer.claims_of(token)).sub == "some-uuid"
    mint.now += 86_400
    assert await kind_of_refusal(issuer, token) is UnavailableError
    mint.reachable = True
    mint.now += 6
    assert await kind_of_refusal(issuer, token) is None


@pytest.mark.asyncio
async def test_keys_in_use_are_renewed_before_anybody_has_to_wait_for_them():
    mint = Mint()
    issuer = mint.issuer()
    token = await known_to(issuer, mint)
    mint.now += 301
    mint.hold = asyncio.Event()
    async with asyncio.timeout(10):
        await issuer.claims_of(token)
        mint.hold.set()
        while len(mint.fetches) < 4:
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    mint.now += 301
    mint.reachable = False
    assert (await issuer.claims_of(token)).sub == "some-uuid"
    assert len(mint.fetches) == 4


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "claims",
    [
        *({"typ": kind} for kind in ("ID", "Refresh", "Offline", "Logout", "DPoP", 7)),
        {"cnf": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}},
        {"cnf": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}},
        *({name: value} for name in ("exp", "nbf") for value in (float("inf"), float("nan"), 10**500, -1)),
        {"exp": 1e308},
        {"exp": [1]},
        {"exp": "1800000000"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        *({name: "\ud800"} for name in ("sub", "azp", "scope", "preferred_username", "email")),
        {"sub": "alice\nbob"},
    ],
    ids=lambda claims: json.dumps(claims)[:40],
)
async def test_only_access_tokens_of_their_bearer_with_times_that_can_be_are_believed(
    claims: dict[str, Any],
):
    mint = Mint()
    assert await kind_of_refusal(mint.issuer(), mint.token(**claims)) is NotLoggedInError


@pytest.mark.asyncio
async def test_a_bearer_is_believed_however_the_name_is_written():
    mint = Mint()
    name = "Ana\u200cLuc\u00eda\u00a0\u001b[2J"
    claims = await mint.issuer().claims_of(mint.token(preferred_username=name, email="\u200d@example.org"))
    assert claims.preferred_username == name


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["logout+jwt", "dpop+jwt", "secevent+jwt"])
async def test_a_header_that_names_another_kind_is_not_believed(kind: str):
    mint = Mint()
    assert await kind_of_refusal(mint.issuer(), mint.token(headers={"typ": kind})) is NotLoggedInError


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"typ": "JWT"}, {"typ": "Bearer"}),
        ({"typ": "at+jwt"}, {}),
        ({"typ": "application/at+jwt"}, {}),
        ({}, {}),
    ],
)
async def test_the_kinds_that_access_tokens_have_are_believed(header: dict[str, str], claims: dict[str, str]):
    mint = Mint()
    assert await kind_of_refusal(mint.issuer(), mint.token(headers=header, **claims)) is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "keys",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys": [1]}',
        b'{"keys": 1}',
        b'{"keys": [{"kty": "RSA"}]}',
        b"[" * 50_000,
        b"\xff",
    ],
)
async def test_an_issuer_that_publishes_nonsense_is_unavailable(keys: bytes):
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/certs"):
            return httpx.Response(200, content=keys)
        return httpx.Response(200, json={"issuer": URL, "jwks_uri": f"{URL}/certs"})

    mint = Mint()
    issuer = Issuer(URL, clock=lambda: mint.now, transport=httpx.MockTransport(answer))
    with pytest.raises(UnavailableError, match="cannot be read"):
        await issuer.claims_of(mint.token())


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_way_to_the_keys_repeats_bounds_and_breaks_like_the_way_to_provena():
    def flood(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(200, content=b" " * 2_000_000)

    seen: list[str] = []
    mint = Mint()
    clock = [mint.now]
    issuer = Issuer(URL, clock=lambda: clock[0], transport=public_transport(httpx.MockTransport(flood)))
    with pytest.raises(UnavailableError, match="BodyTooLarge"):
        await issuer.claims_of(mint.token())
    assert len(seen) == 1

    def down(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(503, headers={"retry-after": "0"})

    seen.clear()
    issuer = Issuer(URL, clock=lambda: clock[0], transport=public_transport(httpx.MockTransport(down)))
    for _ in range(9):
        clock[0] += 6
        with pytest.raises(UnavailableError):
            await issuer.claims_of(mint.token())
    assert len(seen) == 16
