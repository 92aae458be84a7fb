"""``provena-mcp login`` and ``logout``: the login of the person at this desk. All words go to stderr."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import typer

from provena_mcp.client import DeviceLogin, LoginStore, ProvenaClient, StoredLogin
from provena_mcp.client.login.keycloak import Clock, DevicePrompt, Sleep
from provena_mcp.client.login.login_store import Keyring
from provena_mcp.errors import LoginRefusedError, SettingsError, UpstreamError
from provena_mcp.recording.person import forget_person
from provena_mcp.rules.text import clean
from provena_mcp.settings import Endpoints, Settings
from provena_mcp.wire.claims import Claims, read_claims

Say = Callable[[str], None]
OpenPage = Callable[[str], Awaitable[None]]

_NOT_NEEDED: Final = "No login is needed: no deployment is set, so the embedded Provena answers."
_BROWSER_SECONDS: Final = 5.0


def say(line: str) -> None:
    """Say ``line`` to the person, on stderr."""
    typer.echo(line, err=True)


async def open_in_browser(url: str) -> None:
    """Show ``url`` in a browser, where this machine has one to show; its output goes nowhere."""
    if sys.platform not in ("win32", "darwin") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return  # a browser in the terminal would take the terminal over
    quiet = asyncio.subprocess.DEVNULL
    command = (sys.executable, "-P", "-m", "webbrowser", url)
    try:
        browser = await asyncio.create_subprocess_exec(*command, stdin=quiet, stdout=quiet, stderr=quiet)
        async with asyncio.timeout(_BROWSER_SECONDS):
            await browser.wait()
    except (OSError, TimeoutError):
        return


@dataclass(frozen=True)
class LoginCommands:
    """What logging in and out works with; ``clock`` gives Unix seconds, ``keyring`` replaces the system's."""

    settings: Settings
    say: Say = say
    open_page: OpenPage | None = open_in_browser
    clock: Clock = time.time
    sleep: Sleep = asyncio.sleep
    keyring: Keyring | None = None

    async def log_in(self) -> None:
        """Have the person log in with a browser, and keep the login for the server.

        Raises:
            SettingsError: The deployment is half set, or has no Keycloak.
            LoginRefusedError: The person declined or took too long, or the client may not log people in.
            FileRefusedError: The login cannot be kept.
            UpstreamError: Keycloak failed or could not be reached.
        """
        endpoints = self.settings.endpoints()
        if endpoints is None:
            self.say(_NOT_NEEDED)
            return
        login = self._login(endpoints)
        async with ProvenaClient(endpoints, tokens=login, clock=self.clock) as client:
            started = await DeviceLogin.start(
                client.keycloak, login.oauth_client, clock=self.clock, sleep=self.sleep
            )
            await self._show(started.prompt)
            grant = await started.finish()
            where = await login.accept(grant)
        if where is None:
            raise LoginRefusedError(
                "Keycloak gave nothing to renew the login with, so it cannot be kept.",
                code="no_refresh_token",
                advice="Ask the administrators of this Provena to allow refresh tokens for the client.",
            )
        claims = read_claims(grant.access_token.get_secret_value())
        self.say(f"Logged in{_as(claims)}. The login is kept in {where}; 'provena-mcp status' shows it.")
        for name in winning_settings(self.settings):
            self.say(f"{name} is set and goes before this login: unset it to use this one.")

    async def log_out(self) -> None:
        """Forget the login here and end its session at Keycloak.

        Raises:
            SettingsError: The deployment is half set, or has no Keycloak.
            FileRefusedError: The login cannot be removed.
        """
        endpoints = self.settings.endpoints()
        if endpoints is None:
            self.say(_NOT_NEEDED)
            return
        login = self._login(endpoints)
        forget_person()
        async with ProvenaClient(endpoints, tokens=login, clock=self.clock):
            self.say(await _ended(login))
        for name in winning_settings(self.settings):
            self.say(f"{name} is still set: unset it too.")

    def _login(self, endpoints: Endpoints) -> StoredLogin:
        if endpoints.keycloak is None:
            raise SettingsError(
                "This deployment has no Keycloak set, so there is nowhere to log in.",
                advice="Set PROVENA_KEYCLOAK, or PROVENA_DOMAIN and PROVENA_REALM.",
            )
        client_id = self.settings.client_id
        store = LoginStore(endpoints.keycloak, client_id, keyring=self.keyring)
        return StoredLogin(store, client_id=client_id, clock=self.clock)

    async def _show(self, prompt: DevicePrompt) -> None:
        minutes = max(1, round((prompt.expires_at - self.clock()) / 60))
        self.say(f"To log in, open this page in any browser, on any machine:\n\n  {prompt.url}\n")
        self.say(f"and compare the code {prompt.user_code}. It is valid for {minutes} minutes. Waiting ...")
        if self.open_page:
            await self.open_page(prompt.url)


def winning_settings(settings: Settings) -> list[str]:
    """Names of the settings that hold a login and so go before a person's."""
    given = {
        "PROVENA_OFFLINE_TOKEN": settings.offline_token,
        "PROVENA_ACCESS_TOKEN": settings.access_token,
        "PROVENA_CLIENT_SECRET": settings.client_secret,
    }
    return [name for name, value in given.items() if value]


async def _ended(login: StoredLogin) -> str:
    try:
        was_logged_in = await login.end()
    except (UpstreamError, LoginRefusedError) as error:
        return f"Logged out here. The session at Keycloak is left to end by itself: {error.message}"
    return "Logged out, here and at Keycloak." if was_logged_in else "Nobody was logged in here."


def _as(claims: Claims | None) -> str:
    return f" as {clean(claims.preferred_username, 100)}" if claims and claims.preferred_username else ""
