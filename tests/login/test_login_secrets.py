"""No token, device code or client secret is shown anywhere while people log in, work and fail."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
import traceback
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from pydantic import SecretStr

from provena_mcp.cli.login import LoginCommands
from provena_mcp.cli.status import show_status
from provena_mcp.client import ClientCredentials, DeviceLogin, OAuthClient, RefreshToken, TokenProvider
from provena_mcp.errors import ProvenaError
from provena_mcp.issuer import Issuer
from provena_mcp.server.build import build_server
from tests.login.laptop import CLIENT, Gate, Laptop, who
from tests.oidc.realm import AUTOMATION_SECRET
from tests.worlds.sample import error_of, text_of

SECRET_FIELDS = ("refresh_token", "device_code", "client_secret", "token")


class Watch:
    """Collects what is said, and the secrets that must not be in it."""

    def __init__(self, laptop: Laptop, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        self._laptop = laptop
        self._log = caplog
        self._said: list[str] = []
        self._access_tokens: set[str] = set()

    def note(self, *things: object) -> None:
        self._said += [repr(thing) for thing in things] + [str(thing) for thing in things]
        self._said += [repr(vars(thing)) for thing in things if hasattr(thing, "__dict__")]

    def note_error(self, error: BaseException) -> None:
        self.note(error, "".join(traceback.format_exception(error)))

    async def note_token(self, tokens: TokenProvider) -> None:
        self._access_tokens.add(await tokens.token() or "")

    def secrets(self) -> set[str]:
        forms = self._laptop.realm.requests()
        sent = {form[field] for form in forms for field in SECRET_FIELDS if field in form}
        return {secret for secret in sent | self._access_tokens if secret}

    def leaks(self) -> list[str]:
        said = "\n".join([*self._said, self._log.text, *(str(vars(r)) for r in self._log.records)])
        return sorted(secret for secret in self.secrets() if secret in said)


@pytest.fixture
def watch(laptop: Laptop, caplog: pytest.LogCaptureFixture) -> Watch:
    return Watch(laptop, caplog)


@pytest.mark.asyncio
async def test_the_watch_would_see_a_secret(laptop: Laptop, watch: Watch):
    login = await laptop.log_in("writer")
    await watch.note_token(login)
    kept = await laptop.kept() or ""
    logging.getLogger("careless").warning("renewing", extra={"with": await login.token()})
    watch.note(kept)
    async with laptop.client(laptop.login()) as client:
        await who(client)
    assert watch.leaks() == sorted([kept, await login.token() or ""])


@pytest.mark.asyncio
async def test_a_whole_life_of_logins_leaves_no_secret_behind(
    laptop: Laptop, watch: Watch, capfd: pytest.CaptureFixture[str]
):
    login = laptop.login()
    async with laptop.client(login) as client:
        started = await DeviceLogin.start(
            client.keycloak, OAuthClient(CLIENT), clock=laptop.realm.clock, sleep=laptop.realm.sleep
        )
        await asyncio.to_thread(laptop.realm.person("writer").approve, started.prompt.url)
        grant = await started.finish()
        await login.accept(grant)
        await watch.note_token(login)
        watch.note(started, started.prompt, grant, login, laptop.store(), client, client.keycloak)
        await who(client)
        laptop.realm.advance(400)
        await who(client)
        await watch.note_token(login)
        laptop.realm.advance(1801)
        with pytest.raises(ProvenaError) as ended:
            await who(client)
        watch.note_error(ended.value)
    for provider in (
        RefreshToken(SecretStr("an-offline-token-not-to-be-shown"), client_id=CLIENT),
        ClientCredentials(client_id="automation", client_secret=SecretStr(f"{AUTOMATION_SECRET}-wrong")),
    ):
        async with laptop.client(provider) as client:
            with pytest.raises(ProvenaError) as refused:
                await who(client)
        watch.note(provider, OAuthClient("automation", SecretStr(AUTOMATION_SECRET)))
        watch.note_error(refused.value)
    watch.note(capfd.readouterr())
    assert len(watch.secrets()) >= 6
    assert watch.leaks() == []


@pytest.mark.asyncio
async def test_tools_and_their_failures_show_no_secret(laptop: Laptop, watch: Watch):
    gate = Gate(laptop)
    tokens = laptop.asking(gate)
    server = build_server(laptop.protected.settings(output_dir="off"), tokens=tokens, now=laptop.realm.clock)
    async with Client(server) as client:
        pending = await client.call_tool("list_items", {})
        url = error_of(pending)["login"]["url"]
        await asyncio.to_thread(laptop.realm.person("noroles").approve, url)
        gate.open()
        for tool in ("list_items", "get_health_check", "list_items"):
            laptop.realm.advance(301)
            result = await client.call_tool(tool, {})
            watch.note(result.model_dump_json())
        await watch.note_token(tokens)
        laptop.realm.advance(1801)
        laptop.realm.change(down=True)
        watch.note(pending.model_dump_json(), (await client.call_tool("list_items", {})).model_dump_json())
    assert len(watch.secrets()) >= 4
    assert watch.leaks() == []


@pytest.mark.asyncio
async def test_commands_show_no_secret(
    laptop: Laptop, watch: Watch, monkeypatch: pytest.MonkeyPatch, tmp_path
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    settings = laptop.protected.settings()
    lines: list[str] = []

    async def approve(url: str) -> None:
        await asyncio.to_thread(laptop.realm.person("writer").approve, url)

    commands = LoginCommands(
        settings,
        say=lines.append,
        open_page=approve,
        clock=laptop.realm.clock,
        sleep=laptop.realm.sleep,
    )
    await commands.log_in()
    await show_status(settings, say=lines.append, clock=laptop.realm.clock)
    await commands.log_out()
    watch.note(*lines, commands, settings)
    assert len(watch.secrets()) >= 3
    assert watch.leaks() == []


@pytest.mark.asyncio
async def test_the_protected_provena_shows_no_token_of_its_callers(laptop: Laptop, watch: Watch):
    login = await laptop.log_in("writer")
    token = await login.token() or ""
    await watch.note_token(login)
    issuer = Issuer(laptop.realm.issuer, clock=laptop.realm.clock)
    watch.note(await issuer.claims_of(token), issuer)
    laptop.realm.advance(301)
    for wrong in (token, f"{token}x"):
        with pytest.raises(ProvenaError) as refused:
            await issuer.claims_of(wrong)
        watch.note_error(refused.value)
    assert watch.leaks() == []


@pytest.mark.asyncio
async def test_a_pending_login_that_is_dropped_is_not_reported_by_asyncio(
    laptop: Laptop, caplog: pytest.LogCaptureFixture
):
    gate = Gate(laptop)
    async with laptop.client(laptop.asking(gate)) as client:
        with pytest.raises(ProvenaError):
            await who(client)
        laptop.realm.change(down=True)
    gc.collect()
    await asyncio.sleep(0)
    assert "never retrieved" not in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("era", ["auto", "legacy"])
@pytest.mark.asyncio
async def test_over_stdio_a_logged_out_call_answers_with_page_and_code(
    laptop: Laptop, tmp_path: Path, era: str
):
    """The real server process: nothing but protocol on its stdout, and no terminal."""
    environment = {
        **laptop.protected.environment(),
        "PROVENA_OUTPUT_DIR": "off",
        "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PATH": os.environ["PATH"],
    }
    host = StdioServerParameters(
        command=sys.executable, args=["-m", "provena_mcp"], env=environment, cwd=str(tmp_path)
    )
    async with asyncio.timeout(60), Client(host, mode=era) as client:
        assert (await client.list_tools()).tools
        assert laptop.realm.requests() == []
        result = await client.call_tool("list_items", {})
    assert result.is_error
    error = json.loads(text_of(result))["error"]
    assert (error["kind"], error["login"]["url"].startswith(f"{laptop.realm.issuer}/device?")) == (
        "LoginPending",
        True,
    )
