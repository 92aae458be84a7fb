"""An issuer in a few lines, for tokens that no honest issuer grants; ``realm.mjs`` is the real one."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from provena_mcp.issuer import Issuer

URL = "https://auth.example.org/auth/realms/reef"


class Mint:
    """Signs whatever it is asked to; publishes its keys; its clock is the tests'."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.fetches: list[str] = []
        self.reachable = True
        self.hold: asyncio.Event | None = None
        self.calls_itself = URL
        self._generation = 0
        self._key = _key_of(0)
        self._published = {self.key_id: self._key}

    @property
    def key_id(self) -> str:
        return f"key-{self._generation}"

    def issuer(self) -> Issuer:
        return Issuer(URL, clock=lambda: self.now, transport=self.transport)

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        """The way to what it publishes."""
        return httpx.MockTransport(self._answer)

    def rotate(self, *, retire: bool = False) -> None:
        self._generation += 1
        self._key = _key_of(self._generation)
        self._published = {**({} if retire else self._published), self.key_id: self._key}

    def token(self, *, headers: dict[str, str] | None = None, key: Any = None, **claims: Any) -> str:
        """A writer's token, but for what is given; a claim given as None is left out."""
        payload = {
            "iss": URL,
            "sub": "some-uuid",
            "exp": self.now + 300,
            "preferred_username": "writer",
            "email": "writer@example.org",
            "realm_access": {"roles": ["entity-registry-read", "entity-registry-write"]},
        } | claims
        headers = {"kid": self.key_id} | (headers or {})
        algorithm = headers.pop("alg", "RS256")
        said = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(said, key or self._key, algorithm=algorithm, headers=headers)

    def forged(self) -> str:
        """Everything right but the key."""
        return self.token(key=_key_of(-1))

    def jwk(self) -> dict[str, str]:
        return json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.fetches.append(request.url.path.rpartition("/")[2])
        if self.hold is not None:
            await self.hold.wait()
        if not self.reachable:
            raise httpx.ConnectError("unreachable")
        if request.url.path.endswith("/.well-known/openid-configuration"):
            return httpx.Response(200, json={"issuer": self.calls_itself, "jwks_uri": f"{URL}/certs"})
        to_jwk = RSAAlgorithm.to_jwk
        keys = [
            json.loads(to_jwk(key.public_key())) | {"kid": key_id, "use": "sig"}
            for key_id, key in self._published.items()
        ]
        # As Keycloak does, a key for encryption beside those for signing.
        return httpx.Response(200, json={"keys": [keys[0] | {"kid": "enc", "alg": "RSA-OAEP"}, *keys]})


@cache
def _key_of(generation: int) -> rsa.RSAPrivateKey:
    # All mints have the same keys: making one takes longer than most tests.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
