"""Replicas on several machines, over a real Redis: what they share while it is away, full or promoted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from pydantic import SecretStr

from provena_mcp.errors import ArgumentError, SettingsError, StoreError, UnavailableError
from provena_mcp.server.http.app import create_http_app
from provena_mcp.server.shared.encryption import Seal
from provena_mcp.server.shared.redis_store import RedisServer, RedisStore
from tests.http.test_isolation import call, failure, new_record
from tests.http.test_replicas import KEY, behind_a_balancer
from tests.worlds.hosted import ADDRESS, World, host_of, web
from tests.worlds.redis_server import RedisProcess, free_port, redis_server
from tests.worlds.sample import text_of

SENT = "/prov-api/model_run/register"
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[RedisProcess]:
    with redis_server(tmp_path / "redis") as server:
        yield server


@asynccontextmanager
async def replicas(world: World, *urls: str, **chosen: object) -> AsyncGenerator[list[Client]]:
    """Alice's host at each of so many replicas, each with the store at its URL."""
    async with AsyncExitStack() as stack:
        hosts: list[Client] = []
        for url in urls:
            app = await stack.enter_async_context(world.app(http_key=KEY, http_store=url, **chosen))
            hosts.append(await stack.enter_async_context(host_of(app, world.token("alice"))))
        yield hosts


async def confirmed(host: Client, reference: str) -> dict:
    return await call(host, "register_model_run", reference=reference, confirm=True)


async def previewed(host: Client) -> str:
    return (await call(host, "register_model_run", record=await new_record(host)))["reference"]


async def refused(host: Client, reference: str) -> dict:
    return await failure(host, "register_model_run", reference=reference, confirm=True)


def times_sent(world: World) -> int:
    return [path for _, path in world.seen].count(SENT)


# What replicas share


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_twenty_confirmations_of_one_preview_at_two_replicas_send_it_once(
    world: World, shared: RedisProcess, era: str
):
    async with (
        behind_a_balancer(world, replicas=2, http_store=shared.url, http_calls_at_once=20) as http,
        Client(streamable_http_client(ADDRESS, http_client=http), mode=era) as host,
    ):
        reference = await previewed(host)
        outcomes = await asyncio.gather(
            *(
                host.call_tool("register_model_run", {"reference": reference, "confirm": True})
                for _ in range(20)
            )
        )
        again = await confirmed(host, reference)
    assert times_sent(world) == 1
    assert again["status"] == "succeeded"
    told = {outcome.structured_content["model_run_id"] for outcome in outcomes if not outcome.is_error}
    assert told == {again["model_run_id"]}
    assert {text_of(outcome).count("is being sent at this moment") for outcome in outcomes} <= {
        0,
        1,
    }


@pytest.mark.asyncio
async def test_a_document_of_one_replica_is_handed_out_by_another_once(world: World, shared: RedisProcess):
    async with (
        behind_a_balancer(world, replicas=2, http_store=shared.url) as http,
        Client(streamable_http_client(ADDRESS, http_client=http)) as host,
    ):
        opened = await call(host, "open_document", uri="provena://item/sample/1000001")
        answers = await asyncio.gather(*(http.get(opened["download_url"]) for _ in range(8)))
        shared.kill()
        later = await http.get(opened["download_url"])
    assert sorted(answer.status_code for answer in answers) == [200] + [404] * 7
    assert (later.status_code, later.headers["retry-after"]) == (503, "5")


@pytest.mark.asyncio
async def test_a_caller_has_one_rate_at_all_replicas_and_one_at_each_while_the_store_is_away(
    world: World, shared: RedisProcess
):
    settings = {"http_key": KEY, "http_store": shared.url, "http_calls_per_minute": 6}
    async with (
        world.app(**settings) as one,
        world.app(**settings) as other,
        web(one, world.token("alice")) as here,
        web(other, world.token("alice")) as there,
        web(one, world.token("bob")) as bob,
    ):
        together = [(await http.post("/mcp", json=PING)).status_code for http in [here, there] * 4]
        another = (await bob.post("/mcp", json=PING)).status_code
        shared.kill()
        alone = [(await here.post("/mcp", json=PING)).status_code for _ in range(8)]
    assert [status == 429 for status in together] == [False] * 6 + [True] * 2
    assert another != 429
    assert [status == 429 for status in alone] == [False] * 6 + [True] * 2


# What happens to it


@pytest.mark.asyncio
async def test_while_the_store_is_away_nothing_is_sent_and_afterwards_the_preview_is_good_no_more(
    world: World, shared: RedisProcess
):
    async with replicas(world, shared.url) as (host,):
        reference = await previewed(host)
        shared.kill()
        away = await refused(host, reference)
        preview = await failure(host, "register_model_run", record=await new_record(host))
        shared.start()
        empty = await refused(host, reference)
        afresh = await confirmed(host, await previewed(host))
    assert (away["kind"], away["retry"], preview["kind"]) == ("Unavailable", "later", "Unavailable")
    assert away["message"] == (
        f"The shared store 127.0.0.1:{shared.port} does not answer as it should (ConnectionError)."
    )
    assert (empty["kind"], "This call changed nothing." in empty["message"]) == ("Argument", True)
    assert "list_jobs shows what came of it" in empty["next"]
    assert afresh["status"] == "succeeded"
    assert times_sent(world) == 1


@pytest.mark.asyncio
async def test_a_store_that_went_back_in_time_does_not_send_twice(world: World, shared: RedisProcess):
    """Restarted from a copy that was made after the preview and before it was confirmed."""
    async with replicas(world, shared.url) as (host,):
        reference = await previewed(host)
        shared.do("SAVE")
        assert (await confirmed(host, reference))["status"] == "succeeded"
        shared.kill()
        shared.start()
        assert shared.do("DBSIZE") > 0
        error = await refused(host, reference)
    assert "There is no reference" in error["message"]
    assert times_sent(world) == 1


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_failover_between_claim_and_send_neither_doubles_nor_loses_the_change(
    world: World, shared: RedisProcess, tmp_path: Path
):
    """The one that takes over knows the preview, and has not heard of the claim."""
    arrived, let_go = asyncio.Event(), asyncio.Event()

    async def hold(request: httpx.Request) -> None:
        if request.url.path == SENT:
            arrived.set()
            await let_go.wait()

    with redis_server(tmp_path / "standby", "--replicaof", "127.0.0.1", str(shared.port)) as standby:
        async with replicas(world, shared.url, standby.url) as (host, other):
            await until_replicated(shared)
            reference = await previewed(host)
            shared.do("WAIT", 1, 10_000)
            standby.do("REPLICAOF", "NO", "ONE")
            world.hold = hold
            sending = asyncio.create_task(confirmed(host, reference))
            await arrived.wait()
            shared.kill()
            assert standby.do("DBSIZE") > 0
            error = await refused(other, reference)
            let_go.set()
            done = await sending
            repeated = await refused(other, reference)
    assert done["status"] == "succeeded"
    assert "There is no reference" in error["message"]
    assert "There is no reference" in repeated["message"]
    assert times_sent(world) == 1


async def until_replicated(server: RedisProcess) -> None:
    while server.do("WAIT", 1, 100) < 1:
        await asyncio.sleep(0)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_promoted_store_is_no_other_ground_for_a_claim_than_the_one_it_was_opened_at(
    shared: RedisProcess, tmp_path: Path
):
    """A preview that was opened before the failover cannot be claimed after it."""
    with redis_server(tmp_path / "standby", "--replicaof", "127.0.0.1", str(shared.port)) as standby:
        await until_replicated(shared)
        async with stored_in(shared.url, standby.url) as (before, after):
            await before.put("alice", "reference", b"a change", 60)
            shared.do("WAIT", 1, 10_000)
            standby.do("REPLICAOF", "NO", "ONE")
            assert await before.add("alice", "claim", b"one", 60, beside="reference")
            assert not await after.add("alice", "claim", b"two", 60, beside="reference")
            assert await after.get("alice", "reference") is None


@pytest.mark.asyncio
@pytest.mark.slow
async def test_a_store_that_does_not_answer_is_not_waited_for_long(world: World, shared: RedisProcess):
    async with replicas(world, shared.url) as (host,):
        reference = await previewed(host)
        shared.halt()
        error = await refused(host, reference)
        shared.go_on()
        done = await confirmed(host, reference)
    assert (error["kind"], "(TimeoutError)" in error["message"]) == ("Unavailable", True)
    assert done["status"] == "succeeded"
    assert times_sent(world) == 1


@pytest.mark.asyncio
async def test_a_full_store_takes_nothing_and_says_so(world: World, shared: RedisProcess):
    async with replicas(world, shared.url) as (host,):
        reference = await previewed(host)
        shared.do("CONFIG", "SET", "maxmemory", 1)
        error = await refused(host, reference)
        shared.do("CONFIG", "SET", "maxmemory", 0)
        done = await confirmed(host, reference)
    assert (error["kind"], error["message"]) == (
        "Store",
        f"The shared store 127.0.0.1:{shared.port} is full.",
    )
    assert done["status"] == "succeeded"
    assert times_sent(world) == 1


@pytest.mark.asyncio
async def test_a_store_that_would_throw_claims_away_is_not_used(world: World, shared: RedisProcess):
    shared.do("CONFIG", "SET", "maxmemory", 100_000_000)
    shared.do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    async with replicas(world, shared.url) as (host,):
        error = await failure(host, "register_model_run", record=await new_record(host))
    assert (error["kind"], error["message"]) == (
        "Store",
        f"The shared store 127.0.0.1:{shared.port} would throw away what is still needed (allkeys-lru).",
    )


# The store alone


@asynccontextmanager
async def stored_in(
    *urls: str, key: str = KEY, password: str | None = None
) -> AsyncGenerator[list[RedisStore]]:
    """A store at each of ``urls``."""
    servers = [RedisServer(url, SecretStr(password) if password else None) for url in urls]
    try:
        yield [RedisStore(server, Seal((key,), "test")) for server in servers]
    finally:
        for server in servers:
            await server.close()


@pytest.mark.asyncio
async def test_of_all_who_add_at_once_one_succeeds_and_a_value_expires(shared: RedisProcess):
    async with stored_in(shared.url, shared.url) as (one, other):
        added = await asyncio.gather(*(store.add("alice", "claim", b"1", 60) for store in [one, other] * 10))
        assert added.count(True) == 1
        await other.remove("alice", "claim")
        assert await other.get("alice", "claim") is None
        assert await one.add("alice", "claim", b"2", 60)
        assert (await other.get("alice", "claim"), await other.get("bob", "claim")) == (b"2", None)
        await one.put("alice", "brief", b"3", 0.001)
        while await one.get("alice", "brief") is not None:
            await asyncio.sleep(0)
    left = [shared.do("PTTL", key) for key in shared.do("KEYS", "*")]
    assert [0 < each <= 60_000 for each in left] == [True, True]


@pytest.mark.asyncio
async def test_whoever_reads_the_store_learns_neither_values_nor_whose_they_are(shared: RedisProcess):
    owner, key = "alice@example.org", "reference:secret"
    async with stored_in(shared.url) as (store,):
        await store.put(owner, key, b"nobody else's business", 60)
    seen = b"".join(
        each + (shared.do("GET", each) if shared.do("TYPE", each) == b"string" else b"")
        for each in shared.do("KEYS", "*")
    )
    assert len(seen) > 100
    assert not any(word in seen for word in (b"alice", b"secret", b"business"))
    async with stored_in(shared.url, key="another-key-another-key-another-key-1") as (other,):
        assert await other.get(owner, key) is None


@pytest.mark.asyncio
async def test_one_owner_fills_only_their_own_part(shared: RedisProcess):
    async with stored_in(shared.url) as (store,):
        await store.put("bob", "mine", b"kept", 60)
        for number in range(505):
            await store.put("alice", f"key{number}", b"x", 60)
        assert await store.get("bob", "mine") == b"kept"
        found = [await store.get("alice", f"key{number}") is not None for number in (0, 4, 5, 504)]
        assert found == [False, False, True, True]
        with pytest.raises(ArgumentError):
            await store.put("alice", "huge", bytes(33 * 1024 * 1024), 60)


@pytest.mark.asyncio
async def test_a_password_opens_the_store_and_is_never_shown(tmp_path: Path):
    with redis_server(tmp_path / "redis", "--requirepass", "hunter2-not-to-be-shown") as server:
        async with stored_in(server.url, password="hunter2-not-to-be-shown") as (store,):
            await store.put("alice", "key", b"value", 60)
        for password in ("wrong-not-to-be-shown", None):
            async with stored_in(server.url, password=password) as (store,):
                with pytest.raises(StoreError, match="refuses this server") as caught:
                    await store.get("alice", "key")
            assert "not-to-be-shown" not in f"{caught.value.message}{caught.value.advice}"


@pytest.mark.asyncio
async def test_a_store_over_tls_is_trusted_by_its_certificate_only(tmp_path: Path):
    port, own, key = free_port(), *self_signed(tmp_path)
    encrypted = ("--tls-port", str(port), "--tls-cert-file", str(own), "--tls-key-file", str(key))
    address = f"rediss://127.0.0.1:{port}/0"
    with redis_server(tmp_path / "redis", *encrypted, "--tls-auth-clients", "no"):
        async with stored_in(f"{address}?ssl_ca_certs={own}", address) as (trusting, doubting):
            await trusting.put("alice", "key", b"value", 60)
            assert await trusting.get("alice", "key") == b"value"
            with pytest.raises(UnavailableError, match="does not answer as it should"):
                await doubting.get("alice", "key")


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody else knows, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    pem = serialization.Encoding.PEM
    certificate.write_bytes(made.public_bytes(pem))
    secret.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://:hunter2@127.0.0.1/0", "PROVENA_HTTP_STORE holds a password"),
        ("redis://user:hunter2@127.0.0.1/0", "PROVENA_HTTP_STORE holds a password"),
        ("http://127.0.0.1/0", "PROVENA_HTTP_STORE is not an address of a Redis or Valkey server."),
        ("redis://127.0.0.1:notaport/0", "PROVENA_HTTP_STORE is not an address of a Redis or Valkey server."),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_the_start(world: World, url: str, message: str):
    with pytest.raises(SettingsError) as caught:
        create_http_app(world.settings(http_key=KEY, http_store=url))
    assert caught.value.message.startswith(message)
    assert "hunter2" not in f"{caught.value.message}{caught.value.advice}"


@pytest.mark.asyncio
async def test_an_address_where_nothing_answers_is_named_at_the_first_use():
    port = free_port()
    async with stored_in(f"valkey://127.0.0.1:{port}") as (store,):
        with pytest.raises(UnavailableError, match=f"127.0.0.1:{port}"):
            await store.get("alice", "key")
