"""A laptop: somewhere to keep a login, and ways to get one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from pydantic import SecretStr

from provena_mcp.client import (
    ClientLimits,
    DeviceLogin,
    InteractiveLogin,
    LoginStore,
    OAuthClient,
    ProvenaClient,
    StoredLogin,
    TokenProvider,
)
from provena_mcp.client.login.keycloak import Sleep
from provena_mcp.client.login.login_store import Keyring
from tests.oidc.protected import Protected

CLIENT = "client-tools"
QUICK = ClientLimits(pause_seconds=0, jitter_seconds=0)
REFRESH = "refresh_token"


class NoKeyring(Keyring):
    """A machine without one."""

    async def get(self, account: str) -> SecretStr | None:
        return None

    async def set(self, account: str, secret: SecretStr) -> bool:
        return False

    async def delete(self, account: str) -> None:
        pass


class Laptop:
    """One person's machine: processes that start on it share what is kept in ``folder``."""

    def __init__(self, protected: Protected, folder: Path) -> None:
        self.protected = protected
        self.realm = protected.realm
        self.folder = folder

    def store(self) -> LoginStore:
        return LoginStore(self.realm.issuer, CLIENT, folder=self.folder, keyring=NoKeyring())

    def login(self) -> StoredLogin:
        """As a process that has just started has it."""
        return StoredLogin(self.store(), client_id=CLIENT, clock=self.realm.clock)

    def asking(self, sleep: Sleep, **given: float) -> InteractiveLogin:
        return InteractiveLogin(self.login(), clock=self.realm.clock, sleep=sleep, **given)

    def client(
        self, tokens: TokenProvider, transport: httpx.AsyncBaseTransport | None = None
    ) -> ProvenaClient:
        return ProvenaClient(
            self.protected.endpoints(),
            tokens=tokens,
            transport=transport,
            limits=QUICK,
            clock=self.realm.clock,
        )

    async def log_in(self, username: str) -> StoredLogin:
        """What ``provena-mcp login`` does, with a person who confirms at once."""
        login = self.login()
        async with self.client(login) as client:
            started = await DeviceLogin.start(
                client.keycloak, OAuthClient(CLIENT), clock=self.realm.clock, sleep=self.realm.sleep
            )
            await asyncio.to_thread(self.realm.person(username).approve, started.prompt.url)
            await login.accept(await started.finish())
        return login

    async def kept(self) -> str | None:
        token = await self.store().load()
        return token.get_secret_value() if token else None

    def refreshed(self) -> int:
        """How often the realm has been asked to renew a login."""
        return len(self.realm.requests(REFRESH))


async def who(client: ProvenaClient) -> str | None:
    """Whom the services take the caller for."""
    return (await client.prov.check_access("general")).username


class Gate:
    """Holds the looks at Keycloak back until the test lets them happen."""

    def __init__(self, laptop: Laptop) -> None:
        self._laptop = laptop
        self._open = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        await self._open.wait()
        self._laptop.realm.advance(seconds)

    def open(self) -> None:
        self._open.set()
