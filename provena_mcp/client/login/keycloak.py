"""Keycloak's token, device and revocation endpoints (contract 1.2; RFC 6749, 7009, 8628)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from pydantic import ValidationError

from provena_mcp.client.http.connection import Connection
from provena_mcp.client.http.errors_from_http import LOG_IN, failure_of
from provena_mcp.client.http.parsing import parsed
from provena_mcp.client.http.request import Answer, Call
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.http.upstream_words import upstream_text
from provena_mcp.errors import LoginRefusedError, ProvenaError
from provena_mcp.wire.tokens import DeviceGrant, TokenGrant, TokenRefusal

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


class Keycloak:
    """Grants and takes back tokens over the shared connection.

    Every ``form`` names the client; every request is sent once, since a refresh token or a device
    code may work only once. Methods raise ``LoginRefusedError`` where Keycloak says no and
    ``UpstreamError`` where it fails or cannot be reached.
    """

    def __init__(self, connection: Connection) -> None:
        """Ask over ``connection``."""
        self._connection = connection

    @property
    def is_private(self) -> bool:
        """Whether its address is https, so that a page on http is not to be trusted with a password."""
        return self._connection.url_of("keycloak").startswith("https:")

    async def grant(self, form: Mapping[str, str]) -> TokenGrant:
        """The tokens that a grant's ``form`` earns."""
        call = _post("/token", "renew the login", form)
        return parsed(call, await self._accepted(call), TokenGrant)

    async def start_device(self, form: Mapping[str, str]) -> DeviceGrant:
        """A new device login, to be confirmed by its user in a browser."""
        call = _post("/auth/device", "start a login", form)
        grant = parsed(call, await self._accepted(call), DeviceGrant)
        addresses = (grant.verification_uri, grant.verification_uri_complete or grant.verification_uri)
        if self.is_private and not all(address.startswith("https:") for address in addresses):
            raise malformed(call, "a login page without https")
        return grant

    async def poll_device(self, form: Mapping[str, str]) -> TokenGrant | Waiting:
        """The tokens of a device login, once its user has confirmed it."""
        call = _post("/token", "complete the login", form)
        answer = await self._connection.send(call)
        if answer.is_success:
            return parsed(call, answer, TokenGrant)
        code = _refusal_in(answer).error
        for waiting in get_args(Waiting):
            if code == waiting:
                return waiting
        raise _failure(call, answer)

    async def revoke(self, form: Mapping[str, str]) -> None:
        """End the session of a refresh token."""
        await self._accepted(_post("/revoke", "log out", form))

    async def _accepted(self, call: Call) -> Answer:
        answer = await self._connection.send(call)
        if not answer.is_success:
            raise _failure(call, answer)
        return answer


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


def _failure(call: Call, answer: Answer) -> ProvenaError:
    if answer.status not in (400, 401, 403):
        return failure_of(call, answer)
    refusal = _refusal_in(answer)
    return LoginRefusedError(
        _SAID.get(refusal.error, f"Keycloak refused to {call.name}."),
        code=refusal.error,
        advice=_ADVICE.get(refusal.error, LOG_IN),
        upstream=upstream_text(refusal.error_description or refusal.error),
    )


def _refusal_in(answer: Answer) -> TokenRefusal:
    try:
        return TokenRefusal.model_validate_json(answer.body)
    except ValidationError:
        return TokenRefusal()
