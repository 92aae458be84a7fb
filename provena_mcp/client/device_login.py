"""The device authorization grant (RFC 8628): a person logs in with any browser, on any machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Self

from provena_mcp.client.login.keycloak import Keycloak
from provena_mcp.client.login.token_providers import Clock, OAuthClient
from provena_mcp.errors import LoginRefusedError, UpstreamError
from provena_mcp.wire.tokens import DeviceGrant, TokenGrant

Sleep = Callable[[float], Awaitable[None]]

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
