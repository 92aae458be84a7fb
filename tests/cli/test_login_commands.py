"""``login``, ``logout`` and ``status``, with a clock and a person of their own."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import httpx
import pytest

from provena_mcp.cli.login import LoginCommands, open_in_browser
from provena_mcp.cli.status import show_status, tool_lines
from provena_mcp.errors import LoginRefusedError, SettingsError
from provena_mcp.recording.captured import Who
from provena_mcp.recording.person import who_runs_this
from provena_mcp.settings import Settings
from provena_mcp.tools.toolsets import select_tools
from provena_mcp.wire.items import JsonObject
from tests.login.laptop import Laptop, NoKeyring
from tests.oidc.minted import Mint
from tests.oidc.realm import AUTOMATION_SECRET
from tests.worlds.settings import settings_with

_PERSON: JsonObject = {
    "display_name": "Jane Doe",
    "first_name": "Jane",
    "last_name": "Doe",
    "email": "jane@example.org",
    "ethics_approved": True,
}


class Terminal:
    """What a command says, and somebody who reads it."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop
        self.lines: list[str] = []
        self.opened: list[str] = []

    def commands(self, settings: Settings | None = None, *, opens: bool = True) -> LoginCommands:
        return LoginCommands(
            settings or self.laptop.protected.settings(),
            say=self.lines.append,
            open_page=self.open_page if opens else None,
            clock=self.laptop.realm.clock,
            sleep=self.laptop.realm.sleep,
            keyring=NoKeyring(),
        )

    async def open_page(self, url: str) -> None:
        self.opened.append(url)
        await asyncio.to_thread(self.laptop.realm.person("writer").approve, url)

    async def status(self, settings: Settings | None = None) -> bool:
        self.lines.clear()
        return await show_status(
            settings or self.laptop.protected.settings(),
            say=self.lines.append,
            clock=self.laptop.realm.clock,
            keyring=NoKeyring(),
        )

    def shown(self) -> dict[str, str]:
        """The lines of ``status`` by what they are about."""
        return dict(line.split(": ", 1) for line in self.lines)


@pytest.mark.asyncio
async def test_login_shows_the_page_opens_it_and_says_who_has_logged_in(laptop: Laptop):
    terminal = Terminal(laptop)
    await terminal.commands().log_in()
    (file,) = laptop.folder.glob("*.json")
    (url,) = terminal.opened
    code = url.rpartition("user_code=")[2]
    assert terminal.lines == [
        f"To log in, open this page in any browser, on any machine:\n\n  {url}\n",
        f"and compare the code {code}. It is valid for 10 minutes. Waiting ...",
        f"Logged in as writer. The login is kept in {file}; 'provena-mcp status' shows it.",
    ]


@pytest.mark.asyncio
async def test_without_a_browser_the_page_is_only_shown(laptop: Laptop):
    terminal = Terminal(laptop)
    with pytest.raises(LoginRefusedError, match="not confirmed in time"):
        await terminal.commands(opens=False).log_in()
    assert terminal.opened == []
    assert await laptop.kept() is None


@pytest.mark.asyncio
async def test_giving_up_keeps_nothing(laptop: Laptop):
    terminal = Terminal(laptop)

    async def give_up(url: str) -> None:
        raise asyncio.CancelledError

    terminal.open_page = give_up
    with pytest.raises(asyncio.CancelledError):
        await terminal.commands().log_in()
    assert await laptop.kept() is None


@pytest.mark.asyncio
async def test_settings_that_would_go_before_the_login_are_named_not_shown(laptop: Laptop):
    terminal = Terminal(laptop)
    settings = laptop.protected.settings(access_token="a-ready-token", offline_token="an-offline-token")
    await terminal.commands(settings).log_in()
    assert terminal.lines[-2:] == [
        "PROVENA_OFFLINE_TOKEN is set and goes before this login: unset it to use this one.",
        "PROVENA_ACCESS_TOKEN is set and goes before this login: unset it to use this one.",
    ]


@pytest.mark.asyncio
async def test_logging_out_forgets_the_login_and_ends_its_session(laptop: Laptop):
    await laptop.log_in("writer")
    terminal = Terminal(laptop)
    await terminal.commands().log_out()
    await terminal.commands().log_out()
    assert terminal.lines == ["Logged out, here and at Keycloak.", "Nobody was logged in here."]
    assert await laptop.kept() is None
    assert [form["path"] for form in laptop.realm.requests()][-1] == "/revoke"


@pytest.mark.asyncio
async def test_logging_out_without_keycloak_says_what_is_left(laptop: Laptop):
    await laptop.log_in("writer")
    laptop.realm.change(down=True)
    terminal = Terminal(laptop)
    await terminal.commands().log_out()
    (line,) = terminal.lines
    assert line.startswith("Logged out here. The session at Keycloak is left to end by itself: ")
    assert await laptop.kept() is None


@pytest.mark.skipif(sys.platform == "win32", reason="the profile's folder protects files there")
@pytest.mark.asyncio
async def test_logging_out_removes_a_file_that_others_could_read(laptop: Laptop):
    await laptop.log_in("writer")
    (file,) = laptop.folder.glob("*.json")
    file.chmod(0o644)
    await Terminal(laptop).commands().log_out()
    assert not file.exists()


@pytest.mark.asyncio
async def test_status_says_who_where_what_and_until_when(laptop: Laptop):
    await laptop.log_in("reader")
    terminal = Terminal(laptop)
    assert await terminal.status(laptop.protected.settings(toolsets="lineage,runs")) is True
    shown = terminal.shown()
    assert re.fullmatch(
        r"renewed by itself, until \d{4}-\d\d-\d\d \d\d:\d\d UTC if unused", shown.pop("Until")
    )
    assert shown == {
        "Provena": f"{laptop.protected.base}/prov-api (realm {laptop.realm.issuer})",
        "Login": "reader, through 'provena-mcp login'",
        "Person": "none linked. Without one, models, templates, studies and datasets cannot be created; "
        "all else can. "
        "Link your account to your Person in Provena's web pages.",
        "Roles": "entity-registry-read",
        "Tools": "6 of 10 may be used; not register_model_run, register_batch_model_runs, update_model_run, "
        "link_model_run_to_study, without entity-registry-write",
    }


@pytest.mark.asyncio
async def test_captures_name_the_person_whom_status_saw_until_logged_out(laptop: Laptop):
    login = await laptop.log_in("writer")
    async with laptop.client(login) as client:
        person = (await client.registry.create("PERSON", _PERSON)).item
        bearer = {"Authorization": f"Bearer {await login.token()}"}
    url = f"{laptop.protected.base}/auth-api/link/user/assign"
    httpx.post(url, headers=bearer, json={"person_id": person.id}).raise_for_status()
    terminal = Terminal(laptop)
    await terminal.status()
    assert terminal.shown()["Person"] == person.id
    assert who_runs_this() == Who("Jane Doe", person_id=person.id)
    await Terminal(laptop).commands().log_out()
    assert who_runs_this() != Who("Jane Doe", person_id=person.id)


@pytest.mark.asyncio
async def test_status_without_a_login_says_so_and_is_not_a_success(laptop: Laptop):
    terminal = Terminal(laptop)
    assert await terminal.status() is False
    assert terminal.shown()["Login"].startswith("none. Nobody is logged in to this Provena here. Log in with")


@pytest.mark.asyncio
async def test_status_notices_that_a_session_has_ended(laptop: Laptop):
    await laptop.log_in("writer")
    laptop.realm.advance(1801)
    terminal = Terminal(laptop)
    assert await terminal.status() is False
    assert terminal.shown()["Login"].startswith("none. The login has ended at Keycloak.")


@pytest.mark.asyncio
async def test_status_names_the_setting_that_logs_in(laptop: Laptop):
    login = await laptop.log_in("writer")
    terminal = Terminal(laptop)
    ready = laptop.protected.settings(access_token=await login.token())
    assert await terminal.status(ready) is True
    assert terminal.shown()["Login"] == "writer, through PROVENA_ACCESS_TOKEN"
    assert terminal.shown()["Until"].endswith(" UTC; it cannot be renewed")
    laptop.realm.advance(301)
    assert await terminal.status(ready) is False
    assert terminal.shown()["Login"].startswith("PROVENA_ACCESS_TOKEN, but it expired at ")
    robot = laptop.protected.settings(client_id="automation", client_secret=AUTOMATION_SECRET)
    assert await terminal.status(robot) is True
    assert terminal.shown()["Login"] == "service-account-automation, through PROVENA_CLIENT_SECRET"


@pytest.mark.asyncio
async def test_a_name_in_a_token_does_not_drive_the_terminal(laptop: Laptop):
    token = Mint().token(preferred_username="wri\x1b[2Jter\nLogin: admin", exp=laptop.realm.clock() + 60)
    terminal = Terminal(laptop)
    assert await terminal.status(laptop.protected.settings(access_token=token)) is True
    assert terminal.shown()["Login"] == "wri[2Jter Login: admin, through PROVENA_ACCESS_TOKEN"


@pytest.mark.asyncio
async def test_the_embedded_provena_needs_no_login(tmp_path: Path):
    lines: list[str] = []
    commands = LoginCommands(settings_with(), say=lines.append)
    await commands.log_in()
    await commands.log_out()
    assert await show_status(settings_with(), say=lines.append) is True
    assert lines == [
        "No login is needed: no deployment is set, so the embedded Provena answers.",
        "No login is needed: no deployment is set, so the embedded Provena answers.",
        "Provena: the embedded one; it asks for no login and allows everything.",
    ]


@pytest.mark.asyncio
async def test_a_deployment_without_keycloak_has_nowhere_to_log_in():
    names = ("prov", "registry", "job", "search", "auth", "data")
    settings = settings_with(**{f"{name}_api": "https://provena.example.org" for name in names})
    with pytest.raises(SettingsError, match="has no Keycloak set"):
        await LoginCommands(settings, say=print).log_in()


def test_each_tool_needs_the_roles_of_what_it_does():
    tools = select_tools("all", read_only=False, local=True)
    every = ["entity-registry-read", "entity-registry-write", "entity-registry-admin"]
    assert tool_lines(tools, every) == [f"{len(tools)} of {len(tools)} may be used"]
    _, writing, admin = tool_lines(tools, every[:1])
    assert writing.startswith("not register_model_run, ")
    assert admin.endswith("without entity-registry-write and entity-registry-admin")
    assert tool_lines(tools, [])[0] == f"3 of {len(tools)} may be used"


@pytest.mark.asyncio
async def test_nothing_is_opened_where_there_is_no_desktop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("BROWSER", f"{sys.executable} -c \"open(r'{tmp_path / 'opened'}','w')\"")
    await open_in_browser("http://127.0.0.1:1/")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the browser is named by BROWSER and DISPLAY there")
@pytest.mark.asyncio
async def test_a_browsers_own_words_reach_neither_stream(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "Opening in existing session."\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    await open_in_browser("http://127.0.0.1:1/device?user_code=ABCD-EFGH")
    assert (tmp_path / "opened").read_text() == "http://127.0.0.1:1/device?user_code=ABCD-EFGH\n"
    assert capfd.readouterr() == ("", "")
