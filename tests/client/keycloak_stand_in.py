"""A Keycloak that grants and revokes tokens, and the services that they open."""

import asyncio

import httpx
from pydantic import SecretStr

from provena_mcp.client import ClientLimits, ProvenaClient, RefreshToken, TokenProvider
from tests.client.provena_stand_in import LINEAGE, QUICK, client_over, json_answer

EXPIRED = json_answer({"detail": "Could not validate credentials"}, 401)


class World:
    """A Keycloak that numbers the tokens it grants, and services that accept those it has not revoked."""

    def __init__(self, *, expires_in: float | None = 300, rotates: bool = False) -> None:
        self.expires_in = expires_in
        self.rotates = rotates
        self.now = 1_000_000.0
        self.forms: list[dict[str, str]] = []
        self.bearers: list[str | None] = []
        self.revoked: set[str] = set()
        self.keycloak_answer: httpx.Response | None = None
        self.before_grant: asyncio.Event | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/realms/test/protocol/openid-connect/token":
            return await self._grant(request)
        bearer = request.headers.get("authorization")
        self.bearers.append(bearer)
        return EXPIRED if bearer in {f"Bearer {token}" for token in self.revoked} else json_answer(LINEAGE)

    async def _grant(self, request: httpx.Request) -> httpx.Response:
        self.forms.append(dict(httpx.QueryParams(request.content.decode())))
        number = len(self.forms)
        if self.before_grant:
            await self.before_grant.wait()
        if self.keycloak_answer:
            return self.keycloak_answer
        grant: dict[str, object] = {"access_token": f"access-{number}", "id_token": "never kept"}
        if self.expires_in is not None:
            grant["expires_in"] = self.expires_in
        if self.rotates:
            grant["refresh_token"] = f"refresh-{number}"
        return json_answer(grant)

    def client(self, tokens: TokenProvider, limits: ClientLimits = QUICK) -> ProvenaClient:
        return client_over(self, tokens=tokens, limits=limits, clock=lambda: self.now)

    def refresh_token(self) -> RefreshToken:
        return RefreshToken(SecretStr(" refresh-0\n"), client_id="client-tools", clock=lambda: self.now)
