"""Environments that name proxies and certificates badly: no command breaks, and the fix is said."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from tests.cli.command_line import CommandLine
from tests.worlds.sample import text_of

# What people have in their environments, and what is said of it; nothing where it can be used or passed over.
ENVIRONMENTS = [
    ({"NO_PROXY": "localhost,fd12:3456::/48"}, ""),
    ({"no_proxy": "fe80::/10"}, ""),
    ({"NO_PROXY": "[::1], ::1"}, ""),
    ({"HTTPS_PROXY": " "}, ""),
    ({"ALL_PROXY": "socks5://127.0.0.1:9"}, "ALL_PROXY"),
    ({"HTTPS_PROXY": "corp://127.0.0.1:8080"}, "HTTPS_PROXY"),
    ({"https_proxy": "http://[::1"}, "https_proxy"),
    ({"SSL_CERT_FILE": "/nowhere/certificates.pem"}, "SSL_CERT_FILE"),
    ({"SSL_CERT_FILE": __file__}, "SSL_CERT_FILE"),
    ({"SSL_CERT_DIR": "/nowhere"}, "SSL_CERT_DIR"),
]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
DEPLOYMENT = {"PROVENA_DOMAIN": "provena.invalid", "PROVENA_REALM": "r"}


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """No proxies and certificates but a test's own, and no login of this machine's user."""
    for name in (*PROXIES, *map(str.lower, PROXIES), "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.mark.slow
@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("environ", "blamed"), ENVIRONMENTS, ids=lambda value: str(value)[:50])
@pytest.mark.parametrize(
    "command", [["doctor"], ["status"], ["login", "--no-browser"], ["logout"]], ids=" ".join
)
def test_no_command_breaks_and_what_cannot_be_used_is_named(
    run: CommandLine, command: list[str], environ: dict[str, str], blamed: str
):
    token = {"PROVENA_ACCESS_TOKEN": "t0ken"} if command in (["status"], ["doctor"]) else {}
    ended = run(*command, **DEPLOYMENT, **token, **environ)
    said = ended.stdout + ended.stderr
    assert "Traceback" not in said
    if command != ["logout"]:
        assert blamed in said


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("environ", "blamed"), ENVIRONMENTS[7:], ids=lambda value: str(value)[:50])
def test_the_doctor_names_certificates_that_cannot_be_used_before_anybody_logs_in(
    run: CommandLine, environ: dict[str, str], blamed: str
):
    told = run("doctor", **DEPLOYMENT, **environ).stdout
    assert told.count(f"{blamed} names certificates that cannot be used") == 1


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(("environ", "blamed"), ENVIRONMENTS[4:], ids=lambda value: str(value)[:50])
async def test_serving_starts_all_the_same_and_each_call_says_it(
    tmp_path: Path, run: CommandLine, environ: dict[str, str], blamed: str
):
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "provena_mcp", "serve"],
        env=run.environment(**DEPLOYMENT, PROVENA_ACCESS_TOKEN="t0ken", **environ),
        cwd=tmp_path,
    )
    async with Client(server) as client:
        result = await client.call_tool("list_items", {})
        assert (await client.list_tools()).tools
    assert result.is_error
    assert blamed in text_of(result)
