"""What ``provena-mcp doctor`` finds, against real servers on this machine."""

from __future__ import annotations

import asyncio
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provena_mcp.cli.doctor import Doctor
from provena_mcp.cli.findings import Diagnosis, summary
from provena_mcp.settings import Settings, read_settings
from tests.login.laptop import Laptop, NoKeyring
from tests.worlds.settings import settings_with


async def examine(settings: Settings, **given) -> list[Diagnosis]:
    return await Doctor(lambda: settings, keyring=NoKeyring(), **given).examine()


def about(findings: list[Diagnosis], subject: str) -> Diagnosis:
    (found,) = (finding for finding in findings if finding.subject == subject)
    return found


def states(findings: list[Diagnosis]) -> dict[str, str]:
    return {finding.subject: finding.state for finding in findings}


@pytest.mark.asyncio
async def test_a_deployment_in_order_has_no_problems(laptop: Laptop):
    await laptop.log_in("admin")
    findings = await examine(laptop.protected.settings())
    assert summary(findings) == "No problems found."
    assert states(findings) == {
        "settings": "ok",
        "dns": "ok",
        "tls": "ok",
        "clock": "ok",
        "prov-api": "ok",
        "registry": "ok",
        "search": "ok",
        "job-api": "ok",
        "auth-api": "ok",
        "data-api": "ok",
        "keycloak": "ok",
        "login": "ok",
        "roles": "ok",
        "tools": "ok",
        "person": "note",
        "version": "ok",
    }
    assert about(findings, "login").said == "admin, through 'provena-mcp login'"
    assert about(findings, "settings").said.startswith("PROVENA_AUTH_API, PROVENA_DATA_API, ")


@pytest.mark.asyncio
async def test_without_a_login_the_fix_is_to_log_in(laptop: Laptop):
    findings = await examine(laptop.protected.settings(), clock=laptop.realm.clock)
    assert about(findings, "login") == Diagnosis(
        "problem",
        "login",
        "Nobody is logged in to this Provena here.",
        "Log in with 'provena-mcp login', or set PROVENA_OFFLINE_TOKEN or PROVENA_ACCESS_TOKEN.",
    )
    assert summary(findings) == "1 problem found."


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("username", "state", "said"),
    [
        (
            "noroles",
            "problem",
            "none that Provena asks for; entity-registry-read and entity-registry-write missing",
        ),
        ("reader", "note", "entity-registry-read; entity-registry-write missing"),
        ("writer", "ok", "entity-registry-read, entity-registry-write"),
    ],
)
async def test_roles_are_told_with_what_they_do_not_allow(
    laptop: Laptop, username: str, state: str, said: str
):
    await laptop.log_in(username)
    findings = await examine(laptop.protected.settings(toolsets="runs,registry"), clock=laptop.realm.clock)
    assert (about(findings, "roles").state, about(findings, "roles").said) == (state, said)
    assert ("register_model_run" in about(findings, "tools").said) == (username != "writer")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("seconds", "state", "said"),
    [
        (3, "ok", "This clock agrees with the services'."),
        (20, "note", "This clock is 20 s ahead of the services'."),
        (-20, "note", "This clock is 20 s behind the services'."),
        (3600, "problem", "This clock is 3600 s ahead of the services'."),
    ],
)
async def test_a_clock_that_is_off_is_told(laptop: Laptop, seconds: float, state: str, said: str):
    findings = await examine(laptop.protected.settings(), clock=lambda: time.time() + seconds)
    found = about(findings, "clock")
    expected = [
        said.replace("20 s", f"{near} s").replace("3600 s", f"{3580 + near} s") for near in (19, 20, 21)
    ]
    assert (found.state, found.said in expected, bool(found.fix)) == (state, True, state != "ok")


@pytest.mark.asyncio
async def test_a_keycloak_that_is_no_realm_is_told(laptop: Laptop):
    settings = laptop.protected.settings().model_copy(
        update={"keycloak": f"{laptop.protected.base}/prov-api"}
    )
    found = about(await examine(settings), "keycloak")
    assert (found.state, found.said) == (
        "problem",
        f"{laptop.protected.base}/prov-api is no realm (404).",
    )
    assert "PROVENA_KEYCLOAK" in found.fix


@pytest.mark.asyncio
async def test_a_service_that_is_no_provena_is_told(laptop: Laptop):
    settings = laptop.protected.settings().model_copy(update={"job_api": f"{laptop.protected.base}/nowhere"})
    found = about(await examine(settings), "job-api")
    assert (found.state, found.said) == (
        "problem",
        "job-api has no route GET / (check that it is up). Provena said: 'Not Found'",
    )


def deployment() -> Settings:
    return settings_with(domain="provena.invalid", realm="reef", access_token="a-ready-token")


@pytest.mark.asyncio
async def test_names_that_do_not_resolve_are_told_once_and_their_services_are_not_asked():
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    findings = await examine(deployment(), resolve=resolve)
    names = ["prov-api", "registry-api", "search", "job-api", "auth-api", "data-api", "auth"]
    assert [finding.said for finding in findings if finding.subject == "dns"] == [
        f"{name}.provena.invalid does not resolve." for name in names
    ]
    assert {finding.subject for finding in findings} == {"settings", "dns", "clock", "login"}


@pytest.mark.slow
@pytest.mark.asyncio
async def test_an_address_without_https_is_a_problem_beyond_this_machine():
    async def resolve(host: str, port: int) -> list[str]:
        return ["192.0.2.1"]

    plain = {f"{name}_api": "http://192.0.2.1:9" for name in ("registry", "job", "search", "auth", "data")}
    settings = settings_with(prov_api="http://127.0.0.1:9", **plain)
    findings = [finding for finding in await examine(settings, resolve=resolve) if finding.subject == "tls"]
    assert [(finding.state, finding.fix) for finding in findings] == [
        ("ok", ""),
        ("problem", "Set an https:// address."),
    ]


def certificate(folder: Path, *, ends: datetime) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself; its file is what would make it trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(pem)
    (folder / "key.pem").write_bytes(secret)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, folder / "key.pem")
    return file, context


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("trusted", "days", "state", "said"),
    [
        (False, 90, "problem", "The certificate of 127.0.0.1 is not trusted: self-signed certificate."),
        (True, 90, "ok", "The certificate of 127.0.0.1 is trusted until "),
        (True, 3, "note", "The certificate of 127.0.0.1 is trusted until "),
    ],
)
async def test_certificates_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool, days: int, state: str, said: str
):
    ends = datetime.now(UTC) + timedelta(days=days)
    file, context = certificate(tmp_path, ends=ends)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(file))

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        names = ("prov", "registry", "job", "search", "auth", "data")
        settings = settings_with(**{f"{name}_api": url for name in names})
        found = about(await examine(settings), "tls")
    assert (found.state, found.said.startswith(said)) == (state, True)
    assert (ends.strftime("%Y-%m-%d") in found.said) is trusted


@pytest.mark.asyncio
async def test_a_port_where_nobody_listens_is_told():
    names = ("prov", "registry", "job", "search", "auth", "data")
    settings = settings_with(**{f"{name}_api": "https://127.0.0.1:1" for name in names})
    found = about(await examine(settings), "tls")
    assert found.said == "127.0.0.1 accepts no connection on port 1 (ConnectionRefusedError)."


@pytest.mark.asyncio
async def test_settings_that_contradict_each_other_end_the_examination(monkeypatch: pytest.MonkeyPatch):
    half = settings_with(domain="provena.example.org")
    assert [(found.state, found.subject) for found in await examine(half)] == [("problem", "settings")]
    unknown = settings_with(toolsets="linage")
    (found,) = await examine(unknown)
    assert "Did you mean 'lineage'?" in found.fix
    monkeypatch.setenv("PROVENA_MAX_RESULT_TOKENS", "many")
    (found,) = await Doctor(read_settings).examine()
    assert found.said.startswith("PROVENA_MAX_RESULT_TOKENS is not usable")


@pytest.mark.asyncio
async def test_the_embedded_provena_is_looked_at_too(tmp_path: Path):
    file = tmp_path / "store.sqlite3"
    settings = settings_with(store=file)
    assert await examine(settings) == [
        Diagnosis("ok", "settings", "no deployment is set, so the embedded Provena answers"),
        Diagnosis("ok", "store", f"{file} can be read and written; 0 items"),
        Diagnosis(
            "note",
            "items",
            "The store is empty.",
            "Fill it with 'provena-mcp local load FILE', or try 'provena-mcp serve --sample'.",
        ),
    ]


@pytest.mark.asyncio
async def test_a_store_that_cannot_be_used_is_told_with_the_fix(tmp_path: Path):
    file = tmp_path / "store.sqlite3"
    file.write_text("no database")
    found = about(await examine(settings_with(store=file)), "store")
    assert (found.state, "is not an SQLite file" in found.said, bool(found.fix)) == ("problem", True, True)


@pytest.mark.asyncio
async def test_no_secret_is_shown(laptop: Laptop):
    settings = laptop.protected.settings(
        access_token="a-ready-token", offline_token="an-offline-token", client_secret="a-secret"
    )
    findings = await examine(settings)
    told = "\n".join(map(str, findings)) + repr(findings)
    assert [secret for secret in ("a-ready-token", "an-offline-token", "a-secret") if secret in told] == []
    assert about(findings, "login").said == (
        "Keycloak refused to renew the login. Provena said: 'client authentication failed'"
    )
