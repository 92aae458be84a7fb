"""The tokens of an OpenID issuer such as a Keycloak realm: what they say, and whether they are genuine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import httpx
import jwt
from pydantic import BaseModel, ConfigDict, ValidationError

from provena_mcp.errors import NotLoggedInError, SettingsError, UnavailableError

ALGORITHM: Final = "RS256"
TOLERANCE_SECONDS: Final = 5.0

_KEEP_KEYS_SECONDS: Final = 600.0
_ASK_AGAIN_SECONDS: Final = 5.0
_FETCH_SECONDS: Final = 10.0


class RealmAccess(BaseModel):
    """Keycloak's structure for realm roles."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    roles: tuple[str, ...] = ()


class Claims(BaseModel):
    """What a token says about its bearer (provena-http 1.3); times are Unix seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    iss: str | None = None
    sub: str | None = None
    azp: str | None = None
    scope: str = ""
    exp: float | None = None
    nbf: float | None = None
    preferred_username: str | None = None
    email: str | None = None
    realm_access: RealmAccess | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """The realm roles; none where the token lacks their structure."""
        return self.realm_access.roles if self.realm_access else ()


def read_claims(token: str) -> Claims | None:
    """What ``token`` says, unchecked: to be shown to its own bearer, never to decide anything.

    None for a token that is opaque or says it in another shape.
    """
    try:
        return Claims.model_validate(jwt.decode(token, options={"verify_signature": False}))
    except (jwt.PyJWTError, ValidationError, RecursionError):
        return None


class Issuer:
    """Checks tokens against the keys that an issuer publishes, following it when it changes them."""

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], float] = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Trust the issuer at ``url``, for Keycloak the realm's; nothing is fetched yet.

        Args:
            url: As tokens spell it in ``iss``.
            clock: Unix seconds.
            transport: Another way to the issuer than the network.
        """
        self.url = url.rstrip("/")
        self._clock = clock
        self._transport = transport
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def claims_of(self, token: str, *, audience: str | None = None) -> Claims:
        """What a genuine ``token`` says: one signed with RS256 by this issuer, and valid now.

        Args:
            token: A JWT.
            audience: Whom it must be for; Provena's own services do not ask (provena-http 1.3).

        Raises:
            NotLoggedInError: It is not genuine, not for the audience, or not valid now.
            UnavailableError: The issuer's keys cannot be had.
            SettingsError: The issuer goes by another address.
        """
        try:
            key = await self._key(jwt.get_unverified_header(token).get("kid"))
            claims = Claims.model_validate(self._payload(token, key, audience))
        except (jwt.PyJWTError, ValidationError, RecursionError):
            raise _refused("it is malformed, forged, or of another issuer or audience") from None
        now = self._clock()
        if claims.exp is None or claims.exp <= now:
            raise _refused("it has expired")
        if claims.nbf is not None and claims.nbf > now + TOLERANCE_SECONDS:
            raise _refused("it is not valid yet")
        return claims

    def _payload(self, token: str, key: jwt.PyJWK, audience: str | None) -> dict[str, Any]:
        # PyJWT reads the system's clock, so the times are checked against ours, after it.
        return jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            issuer=self.url,
            audience=audience,
            options={
                "require": ["iss", "exp"],
                "verify_aud": audience is not None,
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )

    async def _key(self, key_id: str | None) -> jwt.PyJWK:
        """The issuer's key with this id; asked for again when it is unknown, though not for every forgery."""
        async with self._fetching:
            age = self._clock() - self._fetched_at
            if age > _KEEP_KEYS_SECONDS or (key_id not in self._keys and age > _ASK_AGAIN_SECONDS):
                self._keys = await self._fetch()
                self._fetched_at = self._clock()
        try:
            return self._keys[key_id]
        except KeyError:
            raise _refused("its key is unknown") from None

    async def _fetch(self) -> dict[str | None, jwt.PyJWK]:
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=_FETCH_SECONDS) as http:
                answer = await http.get(f"{self.url}/.well-known/openid-configuration")
                described = _Description.model_validate_json(answer.raise_for_status().content)
                answer = await http.get(described.jwks_uri)
                published = jwt.PyJWKSet.from_json(answer.raise_for_status().text)
        except (httpx.HTTPError, httpx.InvalidURL, jwt.PyJWTError, ValueError) as error:
            raise UnavailableError(
                f"The keys of the issuer {self.url} cannot be read ({type(error).__name__}).",
                advice="Check its address, and that it can be reached from here.",
            ) from error
        if described.issuer.rstrip("/") != self.url:
            raise SettingsError(
                f"The issuer at {self.url} calls itself {described.issuer!r}.",
                advice="Give the address that it calls itself: tokens name that one.",
            )
        return {key.key_id: key for key in published.keys if key.algorithm_name == ALGORITHM}


class _Description(BaseModel):
    """The part of an issuer's discovery document that matters here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    jwks_uri: str


def _refused(why: str) -> NotLoggedInError:
    return NotLoggedInError(f"The token was refused: {why}.", advice="Log in again, to the realm meant here.")
