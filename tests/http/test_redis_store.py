"""A Redis that replicas share, alone: whose part of it is whose, who may read it, and where it is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provena_mcp.errors import ArgumentError, SettingsError, StoreError, UnavailableError
from provena_mcp.server.http.app import create_http_app
from tests.http.replicas import KEY, stored_in
from tests.worlds.hosted import World
from tests.worlds.redis_server import RedisProcess, free_port, redis_server


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
