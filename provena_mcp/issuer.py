"""The tokens of an OpenID issuer such as a Keycloak realm: what they say, and whether they are genuine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx
import jwt
from pydantic import BaseModel, ConfigDict, ValidationError

from provena_mcp.errors import NotLoggedInError, SettingsError, UnavailableError
from provena_mcp.wire.claims import Claims

ALGORITHM: Final = "RS256"
TOLERANCE_SECONDS: Final = 5.0

# Keys are renewed while they are still good, so that nobody waits; later ones only tide over a failure.
_RENEW_AFTER_SECONDS: Final = 300.0
_KEEP_KEYS_SECONDS: Final = 600.0
_KEEP_AT_MOST_SECONDS: Final = 86_400.0
_ASK_AGAIN_SECONDS: Final = 5.0
_FETCH_SECONDS: Final = 10.0
_PATIENCE_SECONDS: Final = 1.0

# What an access token calls itself, in its header (RFC 9068) and as Keycloak's claim.
_KINDS_IN_HEADER: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_KIND_IN_CLAIMS: Final = "Bearer"

# Whatever an address answers that is no issuer's.
_UNUSABLE: Final = (
    *(httpx.HTTPError, httpx.InvalidURL, jwt.PyJWTError),
    *(ValueError, TypeError, AttributeError, LookupError, RecursionError),
)


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
        self._asked_at = float("-inf")
        self._failure: UnavailableError | SettingsError | None = None
        self._fetching: asyncio.Task[None] | None = None

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
            header = jwt.get_unverified_header(token)
            key = await self._key(header.get("kid"))
            payload = self._payload(token, key, audience)
            claims = Claims.model_validate(payload)
        except (jwt.PyJWTError, ValidationError, RecursionError):
            raise _refused("it is malformed, forged, or of another issuer or audience") from None
        if not _is_bearers(header, payload):
            raise _refused("it is of another kind than an access token of its bearer")
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
        """The issuer's key with this id.

        A known one is had without waiting, or, after a long silence, after a moment; an unknown one makes
        the keys be asked for, though not for every forgery.
        """
        if key_id not in self._keys or self._age() > _KEEP_AT_MOST_SECONDS:
            await self._renewed()
        elif self._age() > _KEEP_KEYS_SECONDS:
            await self._renewed(patience=_PATIENCE_SECONDS)
        elif self._age() > _RENEW_AFTER_SECONDS:
            self._renewal()
        try:
            return self._keys[key_id]
        except KeyError:
            raise _refused("its key is unknown") from None

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    def _renewal(self) -> asyncio.Task[None] | None:
        """The one fetch for all who need it; none where the last one has only just been."""
        if self._fetching is None and self._clock() - self._asked_at > _ASK_AGAIN_SECONDS:
            # A task of its own: whoever began it may hang up while others wait.
            self._fetching = asyncio.create_task(self._fetch())
        return self._fetching

    async def _renewed(self, *, patience: float | None = None) -> None:
        """Wait for the keys; with ``patience``, in seconds, those from before will do.

        Raises:
            UnavailableError: They cannot be had.
            SettingsError: The issuer goes by another address.
        """
        if fetching := self._renewal():
            await asyncio.wait({fetching}, timeout=patience)
        if patience is None and self._failure is not None:
            raise self._failure.with_traceback(None)

    async def _fetch(self) -> None:
        try:
            self._keys = await self._published()
            self._fetched_at = self._clock()
            self._failure = None
        except (UnavailableError, SettingsError) as error:
            self._failure = error
        finally:
            self._asked_at = self._clock()
            self._fetching = None

    async def _published(self) -> dict[str | None, jwt.PyJWK]:
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=_FETCH_SECONDS) as http:
                configuration = await _get(http, f"{self.url}/.well-known/openid-configuration")
                described = _Description.model_validate_json(configuration)
                keys = jwt.PyJWKSet.from_json((await _get(http, described.jwks_uri)).decode())
        except _UNUSABLE as error:
            raise UnavailableError(
                f"The keys of the issuer {self.url} cannot be read ({type(error).__name__}).",
                advice="Check its address, and that it can be reached from here.",
            ) from error
        if described.issuer.rstrip("/") != self.url:
            raise SettingsError(
                f"The issuer at {self.url} calls itself {described.issuer!r}.",
                advice="Give the address that it calls itself: tokens name that one.",
            )
        return {key.key_id: key for key in keys.keys if key.algorithm_name == ALGORITHM}


async def _get(http: httpx.AsyncClient, url: str) -> bytes:
    # The extensions say to the transports around the network what this is.
    deadline = asyncio.get_running_loop().time() + _FETCH_SECONDS
    known = {"service": "issuer", "purpose": "read the issuer's keys", "deadline": deadline}
    response = await http.get(url, extensions=known)
    return response.raise_for_status().content


def _is_bearers(header: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Whether it is an access token, and one whose bearer need not prove that it is theirs.

    ID, refresh and logout tokens are signed with the same keys, as are those that tell of ``events``
    (RFC 8417); ``cnf`` binds a token to a key of its owner's (RFC 7800), for which nobody is asked here.
    """
    kind = header.get("typ", "JWT")
    return (
        isinstance(kind, str)
        and kind.lower() in _KINDS_IN_HEADER
        and payload.get("typ", _KIND_IN_CLAIMS) == _KIND_IN_CLAIMS
        and "cnf" not in payload
        and "events" not in payload
    )


class _Description(BaseModel):
    """The part of an issuer's discovery document that matters here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    jwks_uri: str


def _refused(why: str) -> NotLoggedInError:
    return NotLoggedInError(f"The token was refused: {why}.", advice="Log in again, to the realm meant here.")
