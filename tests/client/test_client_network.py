"""Proxies and certificates as environments name them, well or badly."""

from __future__ import annotations

import asyncio
import gc
import json
from pathlib import Path

import httpx
import pytest

from provena_mcp.client import ClientLimits, NoToken, ProvenaClient
from provena_mcp.client.http.network import NetworkTransport, is_excepted, proxy_for, trusted_certificates
from provena_mcp.errors import ProvenaError, SettingsError, UnavailableError
from provena_mcp.wire.base import HealthAnswer
from tests.client.provena_stand_in import Loopback, always, endpoints, raw_answer

HEALTH = raw_answer(json.dumps({"message": "Up."}).encode())
LIMITS = ClientLimits(attempts=1)


@pytest.mark.parametrize(
    ("no_proxy", "url", "excepted"),
    [
        ("", "https://prov-api.example.org", False),
        ("*", "https://prov-api.example.org", True),
        ("example.org", "https://prov-api.example.org", True),
        (".example.org", "https://prov-api.example.org", True),
        ("*.example.org", "https://prov-api.example.org", True),
        ("EXAMPLE.org", "https://prov-api.example.ORG", True),
        ("example.org", "https://example.org", True),
        ("example.org", "https://notexample.org", False),
        ("api.example.org", "https://example.org", False),
        ("example.org:8443", "https://example.org:8443", True),
        ("example.org:8443", "https://example.org", False),
        ("example.org:443", "https://example.org", True),
        ("https://example.org", "https://example.org", True),
        ("localhost, fd12:3456::/48", "http://[fd12:3456::7]:80", True),
        ("localhost,fd12:3456::/48", "https://prov-api.example.org", False),
        ("fe80::/10", "http://[fe80::1]", True),
        ("fe80::/10", "http://[2001:db8::1]", False),
        ("::1", "http://[::1]:8000", True),
        ("[::1]", "http://[::1]:8000", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("[::1]:8001", "http://[::1]:8000", False),
        ("10.0.0.0/8", "http://10.1.2.3", True),
        ("10.0.0.0/8", "http://11.1.2.3", False),
        ("127.0.0.1", "http://127.0.0.1:8000", True),
        ("a b\t127.0.0.1", "http://127.0.0.1:8000", True),
        (", ,,", "http://127.0.0.1", False),
        ("[[[, ::/999, 1.2.3.4/99, http://, *.., :", "http://127.0.0.1", False),
    ],
)
def test_no_proxy_is_understood_or_passed_over(no_proxy: str, url: str, excepted: bool):
    assert is_excepted(httpx.URL(url), no_proxy) is excepted


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({}, "https://x.org", None),
        ({"HTTPS_PROXY": "http://p.org:8080"}, "https://x.org", ("HTTPS_PROXY", "http://p.org:8080")),
        ({"HTTPS_PROXY": " http://p.org:8080 "}, "https://x.org", ("HTTPS_PROXY", "http://p.org:8080")),
        ({"HTTPS_PROXY": "p.org:8080"}, "https://x.org", ("HTTPS_PROXY", "http://p.org:8080")),
        ({"HTTPS_PROXY": "http://p.org:8080"}, "http://x.org", None),
        (
            {"HTTPS_PROXY": "http://a.org", "https_proxy": "http://b.org"},
            "https://x.org",
            ("https_proxy", "http://b.org"),
        ),
        ({"https_proxy": "", "ALL_PROXY": "http://c.org"}, "https://x.org", ("ALL_PROXY", "http://c.org")),
        ({"https_proxy": "  "}, "https://x.org", None),
        ({"ALL_PROXY": "socks5://127.0.0.1:9"}, "https://x.org", ("ALL_PROXY", "socks5://127.0.0.1:9")),
        ({"all_proxy": "socks5h://127.0.0.1:9"}, "http://x.org", ("all_proxy", "socks5h://127.0.0.1:9")),
        ({"HTTP_PROXY": "http://p.org", "REQUEST_METHOD": "GET"}, "http://x.org", None),
        ({"HTTPS_PROXY": "http://p.org", "NO_PROXY": "x.org"}, "https://x.org", None),
        (
            {"HTTPS_PROXY": "http://u:secret@p.org:8080"},
            "https://x.org",
            ("HTTPS_PROXY", "http://p.org:8080"),
        ),
    ],
)
def test_the_proxy_is_the_one_that_the_environment_names(environ, url: str, proxy: tuple[str, str] | None):
    found = proxy_for(httpx.URL(url), environ)
    assert (found and (found.variable, str(found.address.url))) == proxy


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTPS_PROXY", "corp://127.0.0.1:8080"),
        ("https_proxy", "http://"),
        ("ALL_PROXY", "socks4://127.0.0.1:9"),
        ("all_proxy", "http://[::1"),
        ("HTTPS_PROXY", "http://p.org:99999999"),
        ("HTTPS_PROXY", "corp://user:s3cret@p.org"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_with_its_variable_and_a_fix(variable: str, value: str):
    with pytest.raises(SettingsError) as caught:
        proxy_for(httpx.URL("https://x.org"), {variable: value})
    assert caught.value.message.startswith(f"{variable} names a proxy that cannot be used")
    assert f"Set {variable} to" in caught.value.advice
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize("content", [None, b"", b"\x00garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_cannot_be_used_are_named_with_their_variable(
    tmp_path: Path, variable: str, content: bytes | None
):
    path = tmp_path / "certificates"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        trusted_certificates({variable: str(path)})
    assert caught.value.message.startswith(f"{variable} names certificates that cannot be used")
    assert caught.value.advice == f"Correct {variable}, or unset it."


def test_without_a_variable_the_usual_certificates_are_trusted(tmp_path: Path):
    assert trusted_certificates({}).cert_store_stats()["x509_ca"] > 50
    assert trusted_certificates({"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(tmp_path)}).get_ca_certs() == []


async def health(base: str, environ: dict[str, str]) -> HealthAnswer | ProvenaError:
    network = NetworkTransport(LIMITS, environ)
    async with ProvenaClient(endpoints(base), tokens=NoToken(), transport=network, limits=LIMITS) as client:
        try:
            return await client.prov.health()
        except ProvenaError as error:
            return error


@pytest.mark.asyncio
async def test_requests_go_through_the_proxy_and_those_excepted_do_not():
    async with Loopback(always(HEALTH)).serving() as proxy, Loopback(always(HEALTH)).serving() as service:
        through = await health("http://provena.invalid", {"HTTP_PROXY": proxy.base})
        past = await health(service.base, {"HTTP_PROXY": proxy.base, "NO_PROXY": "127.0.0.0/8"})
    assert (through, past) == (HealthAnswer(message="Up."), HealthAnswer(message="Up."))
    assert [head.split("\r\n")[0] for head in proxy.heads] == [
        "GET http://provena.invalid/prov-api/ HTTP/1.1"
    ]
    assert [head.split("\r\n")[0] for head in service.heads] == ["GET /prov-api/ HTTP/1.1"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "base", [f"https://{'a' * 64}.invalid", "http://127.0.0.1:99999", "http://a..invalid"]
)
async def test_an_address_that_none_can_have_is_no_connection(base: str):
    error = await health(base, {})
    assert isinstance(error, UnavailableError)
    assert error.message == f"No connection to prov-api at {base}/prov-api."


@pytest.mark.asyncio
@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
async def test_a_proxy_that_cannot_be_reached_is_blamed_by_its_variable(scheme: str):
    error = await health("https://provena.invalid", {"ALL_PROXY": f"{scheme}://127.0.0.1:9"})
    assert isinstance(error, UnavailableError)
    assert error.message == "No connection to prov-api at https://provena.invalid/prov-api."
    assert error.advice == "Check the proxy that ALL_PROXY names, or name the host in NO_PROXY."


@pytest.mark.asyncio
async def test_requests_go_through_a_socks_proxy():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = await reader.readexactly(3)
        writer.write(b"\x05\x00")
        asked = await reader.readexactly(5)
        name = await reader.readexactly(asked[4] + 2)
        writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append((greeting, name[:-2], head.split(b"\r\n")[0]))
        writer.write(HEALTH)
        writer.close()

    seen: list[tuple[bytes, bytes, bytes]] = []
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answer = await health("http://provena.invalid", {"ALL_PROXY": f"socks5h://127.0.0.1:{port}"})
    assert answer == HealthAnswer(message="Up.")
    assert seen == [(b"\x05\x01\x00", b"provena.invalid", b"GET /prov-api/ HTTP/1.1")]


@pytest.mark.asyncio
# httpcore leaves the socket of a proxy that hangs up to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
async def test_a_socks_proxy_that_hangs_up_is_no_connection():
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await health("http://provena.invalid", {"ALL_PROXY": f"socks5://127.0.0.1:{port}"})
        assert isinstance(error, UnavailableError)
        assert "ALL_PROXY" in error.advice
        # Its traceback holds the socket, which is to be collected while that is of no account.
        del error
        gc.collect()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "environ", [{"HTTPS_PROXY": "corp://p"}, {"SSL_CERT_FILE": "/nowhere.pem"}, {"SSL_CERT_DIR": "/nowhere"}]
)
async def test_what_cannot_be_used_is_said_by_each_request_that_needs_it(
    environ: dict[str, str],
):
    error = await health("https://provena.invalid", environ)
    assert isinstance(error, SettingsError)
    assert next(iter(environ)) in error.message
    async with Loopback(always(HEALTH)).serving() as service:
        assert await health(service.base, environ) == HealthAnswer(message="Up.")


@pytest.mark.parametrize("ends", ["closes", "hangs"])
@pytest.mark.asyncio
async def test_a_tunnel_that_breaks_before_it_is_secured_is_made_anew_for_the_next_request(ends: str):
    asked: list[bytes] = []
    over = asyncio.Event()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).partition(b" ")[0])
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await writer.drain()
        if ends == "hangs":
            await over.wait()
        writer.close()

    proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    environ = {"https_proxy": f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"}
    transport = NetworkTransport(ClientLimits(), environ)
    # A place in a pool is waited for at most so long: its lack would be told as a PoolTimeout.
    limits = httpx.Timeout(0.3, pool=5)
    async with proxy, httpx.AsyncClient(transport=transport, timeout=limits, trust_env=False) as http:
        for _ in range(3):
            with pytest.raises(httpx.TransportError) as failed:
                await http.get("https://prov.example.org/")
            assert not isinstance(failed.value, httpx.PoolTimeout)
        over.set()
    assert asked == [b"CONNECT"] * 3
