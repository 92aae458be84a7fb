"""The login of the person at this machine, asked for by the first call that needs it: no terminal needed."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from typing import Final

from provena_mcp.client.login.keycloak import Clock, DeviceLogin, DevicePrompt, Keycloak, Sleep
from provena_mcp.client.login.stored_login import StoredLogin
from provena_mcp.client.login.token_providers import collect
from provena_mcp.errors import LoginPendingError, LoginRefusedError, NotLoggedInError

# Enough for the next look at Keycloak, so that a login confirmed just now counts.
_PATIENCE_SECONDS: Final = 8.0
_EXPIRED: Final = "expired_token"


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A device login, and the task that waits for its user."""

    prompt: DevicePrompt
    task: asyncio.Task[None]


class InteractiveLogin:
    """The stored login; where there is none, a call starts a device login and fails with its page and code.

    The device login goes on in the background, so the calls after it has been confirmed succeed.
    """

    def __init__(
        self,
        stored: StoredLogin,
        *,
        clock: Clock = time.time,
        sleep: Sleep = asyncio.sleep,
        patience_seconds: float = _PATIENCE_SECONDS,
    ) -> None:
        """Log in for ``stored``.

        Args:
            stored: Uses and keeps the login.
            clock: Unix seconds.
            sleep: Passes the time between two looks at Keycloak.
            patience_seconds: How long a call waits for a device login that was started before it.
        """
        self._stored = stored
        self._clock = clock
        self._sleep = sleep
        self._patience = patience_seconds
        self._starting = asyncio.Lock()
        self._under_way: _UnderWay | None = None

    def connect(self, keycloak: Keycloak) -> None:
        """Ask through ``keycloak``; ``ProvenaClient`` calls this."""
        self._stored.connect(keycloak)

    async def disconnect(self) -> None:
        """Give up a device login that waits."""
        self._give_up()
        await self._stored.disconnect()

    async def token(self) -> str | None:
        """An access token.

        Raises:
            LoginPendingError: A person has to log in first; it says where.
            LoginRefusedError: The person declined, or the client may not log people in.
            UpstreamError: Keycloak failed or could not be reached.
        """
        await self._settle()
        try:
            token = await self._stored.token()
        except NotLoggedInError:
            return await self._ask_person()
        self._give_up()
        return token

    async def rejected(self, token: str) -> bool:
        """Forget ``token``; the login may give another."""
        return await self._stored.rejected(token)

    async def _settle(self) -> None:
        """Wait a moment for a device login under way; raise how it ended, once, if it ended badly."""
        under_way = self._under_way
        if under_way is None:
            return
        await asyncio.wait({under_way.task}, timeout=self._patience)
        if not under_way.task.done() or self._under_way is not under_way:
            return
        self._under_way = None
        try:
            under_way.task.result()
        except LoginRefusedError as error:
            if error.code != _EXPIRED:
                raise

    async def _ask_person(self) -> str | None:
        async with self._starting:
            if self._under_way is None:
                self._under_way = await self._begin()
            elif self._under_way.task.done():
                return await self._stored.token()
            prompt = self._under_way.prompt
        raise LoginPendingError(
            "Nobody is logged in to this Provena yet.",
            url=prompt.url,
            user_code=prompt.user_code,
            minutes=max(1, math.floor((prompt.expires_at - self._clock()) / 60)),
        )

    async def _begin(self) -> _UnderWay:
        login = await DeviceLogin.start(
            self._stored.keycloak, self._stored.oauth_client, clock=self._clock, sleep=self._sleep
        )
        task = asyncio.create_task(self._complete(login))
        task.add_done_callback(collect)
        return _UnderWay(login.prompt, task)

    async def _complete(self, login: DeviceLogin) -> None:
        await self._stored.accept(await login.finish())

    def _give_up(self) -> None:
        if self._under_way is not None:
            self._under_way.task.cancel()
            self._under_way = None
