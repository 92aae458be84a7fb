"""Keycloak's token, device and revocation endpoints (provena-http 1.2; RFC 6749, 7009, 8628)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Self, TypeVar, get_args

import httpx
from pydantic import BaseModel, SecretStr, ValidationError

from provena_mcp.client.http.connection import Sender
from provena_mcp.client.http.errors_from_http import LOG_IN, failure_of
from provena_mcp.client.http.request import Call
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.http.upstream_words import upstream_text
from provena_mcp.errors import LoginRefusedError, ProvenaError, UpstreamError
from provena_mcp.wire.tokens import DeviceGrant, TokenGrant, TokenRefusal

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]
Model = TypeVar("Model", bound=BaseModel)

# What the token endpoint says while a device login goes on.
Waiting = Literal["authorization_pending", "slow_down"]

_OPENID: Final = "/protocol/openid-connect"
_CHECK_CLIENT: Final = "Check PROVENA_CLIENT_ID and PROVENA_REALM with the administrators of this Provena."
_ADVICE: Final = {
    "access_denied": "Log in again, and confirm it in the browser.",
    "expired_token": "Log in again: a code is valid for some minutes only.",
    "invalid_client": f"Keycloak does not accept the client id or its secret. {_CHECK_CLIENT}",
    "invalid_scope": f"The client may not ask for this scope. {_CHECK_CLIENT}",
    "not_allowed": "Ask the administrators of this Provena for the realm role offline_access.",
    "unauthorized_client": "Ask the administrators to allow this grant for the client in Keycloak (for a "
    "login from a desk: 'OAuth 2.0 Device Authorization Grant'), or set PROVENA_OFFLINE_TOKEN.",
}
_SAID: Final = {
    "access_denied": "The login was declined in the browser.",
    "expired_token": "The login was not confirmed in time.",
    "invalid_grant": "The login has ended at Keycloak.",
}


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """As whom Keycloak is asked; a public client has no secret."""

    client_id: str
    client_secret: SecretStr | None = None

    def form(self, fields: Mapping[str, str]) -> dict[str, str]:
        """``fields`` and those that name the client."""
        secret = {"client_secret": self.client_secret.get_secret_value()} if self.client_secret else {}
        return {"client_id": self.client_id, **fields, **secret}


class Keycloak:
    """Grants and takes back tokens over the shared connection.

    Every ``form`` names the client; every request is sent once, since a refresh token or a device
    code may work only once. Methods raise ``LoginRefusedError`` where Keycloak says no and
    ``UpstreamError`` where it fails or cannot be reached.
    """

    def __init__(self, connection: Sender) -> None:
        """Ask over ``connection``."""
        self._connection = connection

    @property
    def is_private(self) -> bool:
        """Whether its address is https, so that a page on http is not to be trusted with a password."""
        return self._connection.url_of("keycloak").startswith("https:")

    async def grant(self, form: Mapping[str, str]) -> TokenGrant:
        """The tokens that a grant's ``form`` earns."""
        call = _post("/token", "renew the login", form)
        return _parsed(call, await self._accepted(call), TokenGrant)

    async def start_device(self, form: Mapping[str, str]) -> DeviceGrant:
        """A new device login, to be confirmed by its user in a browser."""
        call = _post("/auth/device", "start a login", form)
        grant = _parsed(call, await self._accepted(call), DeviceGrant)
        addresses = (grant.verification_uri, grant.verification_uri_complete or grant.verification_uri)
        if self.is_private and not all(address.startswith("https:") for address in addresses):
            raise malformed(call, "a login page without https")
        return grant

    async def poll_device(self, form: Mapping[str, str]) -> TokenGrant | Waiting:
        """The tokens of a device login, once its user has confirmed it."""
        call = _post("/token", "complete the login", form)
        response = await self._connection.send(call)
        if response.is_success:
            return _parsed(call, response, TokenGrant)
        code = _refusal_in(response).error
        for waiting in get_args(Waiting):
            if code == waiting:
                return waiting
        raise _failure(call, response)

    async def revoke(self, form: Mapping[str, str]) -> None:
        """End the session of a refresh token."""
        await self._accepted(_post("/revoke", "log out", form))

    async def _accepted(self, call: Call) -> httpx.Response:
        response = await self._connection.send(call)
        if not response.is_success:
            raise _failure(call, response)
        return response


def _parsed(call: Call, response: httpx.Response, model: type[Model]) -> Model:
    # What reads the services' answers is loaded with the first of them.
    from provena_mcp.client.service import parsed

    return parsed(call, response, model)


def _post(path: str, name: str, form: Mapping[str, str]) -> Call:
    return Call(
        service="keycloak",
        method="POST",
        path=_OPENID + path,
        name=name,
        effect="start",
        token="never",
        form=form,
    )


def _failure(call: Call, response: httpx.Response) -> ProvenaError:
    if response.status_code not in (400, 401, 403):
        return failure_of(call, response)
    refusal = _refusal_in(response)
    return LoginRefusedError(
        _SAID.get(refusal.error, f"Keycloak refused to {call.name}."),
        code=refusal.error,
        advice=_ADVICE.get(refusal.error, LOG_IN),
        upstream=upstream_text(refusal.error_description or refusal.error),
    )


def _refusal_in(response: httpx.Response) -> TokenRefusal:
    try:
        return TokenRefusal.model_validate_json(response.content)
    except ValidationError:
        return TokenRefusal()


# The longer-lived login first; a client that may not ask for it gets one of its session's length.
_SCOPES: Final = ("openid offline_access", "openid")
_GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
_SLOW_DOWN_SECONDS: Final = 5.0
_SHORTEST_INTERVAL: Final = 1.0
_LONGEST_INTERVAL: Final = 60.0


@dataclass(frozen=True, slots=True)
class DevicePrompt:
    """What a person needs in order to log in.

    Attributes:
        url: The page to open; it knows the code already where Keycloak offers that.
        user_code: The code to compare, or to type where the page asks for it.
        expires_at: Until when, in Unix seconds.
        interval: Seconds between two looks at whether it has been confirmed.
    """

    url: str
    user_code: str
    expires_at: float
    interval: float


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """One device login: started, then watched until its user has decided or its code has expired."""

    prompt: DevicePrompt
    _keycloak: Keycloak = field(repr=False)
    _form: dict[str, str] = field(repr=False)
    _clock: Clock = field(repr=False)
    _sleep: Sleep = field(repr=False)

    @classmethod
    async def start(cls, keycloak: Keycloak, client: OAuthClient, *, clock: Clock, sleep: Sleep) -> Self:
        """Begin; ``clock`` gives Unix seconds.

        Raises:
            LoginRefusedError: The client may not log people in this way.
            UpstreamError: Keycloak failed or could not be reached.
        """
        grant = await _started(keycloak, client)
        prompt = DevicePrompt(
            url=grant.verification_uri_complete or grant.verification_uri,
            user_code=grant.user_code,
            expires_at=clock() + grant.expires_in,
            interval=min(max(grant.interval, _SHORTEST_INTERVAL), _LONGEST_INTERVAL),
        )
        form = client.form({"grant_type": _GRANT_TYPE, "device_code": grant.device_code.get_secret_value()})
        return cls(prompt, keycloak, form, clock, sleep)

    async def finish(self) -> TokenGrant:
        """The tokens, once the user has confirmed; cancel the task to give up.

        Raises:
            LoginRefusedError: The user declined, or did not confirm in time.
        """
        interval = self.prompt.interval
        while self._clock() < self.prompt.expires_at:
            await self._sleep(interval)
            try:
                answer = await self._keycloak.poll_device(self._form)
            except UpstreamError:
                # RFC 8628 3.5: ask a service that does not answer less and less often.
                interval = min(2 * interval, _LONGEST_INTERVAL)
                continue
            if isinstance(answer, TokenGrant):
                return answer
            if answer == "slow_down":
                interval += _SLOW_DOWN_SECONDS
        raise LoginRefusedError(
            "The login was not confirmed in time.",
            code="expired_token",
            advice="Log in again: a code is valid for some minutes only.",
        )


async def _started(keycloak: Keycloak, client: OAuthClient) -> DeviceGrant:
    lasting, short = _SCOPES
    try:
        return await keycloak.start_device(client.form({"scope": lasting}))
    except LoginRefusedError as error:
        if error.code != "invalid_scope":
            raise
    return await keycloak.start_device(client.form({"scope": short}))
