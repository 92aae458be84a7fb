"""Whose request it is: where a bearer token comes from, and how it goes with a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Protocol

import httpx
from pydantic import SecretStr

from provena_mcp.client.http.errors_from_http import is_token_refused, login_ran_out
from provena_mcp.client.http.request import Call
from provena_mcp.client.http.transport_errors import DeadlineReached
from provena_mcp.errors import NotLoggedInError, ProvenaError


class TokenProvider(Protocol):
    """Gives the bearer token of whoever is calling; asked before every request."""

    async def token(self) -> str | None:
        """The token for the next request; none for a Provena that asks for no login.

        Raises:
            AccessError: There is no login, or it cannot be renewed.
        """
        ...

    async def rejected(self, token: str) -> bool:
        """Note that a service refused ``token`` itself; says whether another may now be had."""
        ...


class NoToken:
    """No login: the embedded Provena asks for none."""

    async def token(self) -> str | None:
        """None, always."""
        return None

    async def rejected(self, token: str) -> bool:
        """There is no other."""
        return False


class ReadyToken:
    """One access token, used until it expires."""

    def __init__(self, token: SecretStr) -> None:
        """Use ``token`` as it is, but for white space around it."""
        self._token = SecretStr(token.get_secret_value().strip())

    async def token(self) -> str | None:
        """The token."""
        return self._token.get_secret_value()

    async def rejected(self, token: str) -> bool:
        """There is no other."""
        return False


class RememberedTokens:
    """Another's tokens; ``last`` is the one that was given last."""

    def __init__(self, tokens: TokenProvider) -> None:
        """Give what ``tokens`` gives."""
        self._tokens = tokens
        self.last: str | None = None

    async def token(self) -> str | None:
        """The next token; errors as the other's."""
        self.last = await self._tokens.token()
        return self.last

    async def rejected(self, token: str) -> bool:
        """What the other says."""
        return await self._tokens.rejected(token)


class NoLogin:
    """No login where one is needed, and nobody here to ask for one: every use fails at once, with the fix."""

    def __init__(self, message: str, advice: str) -> None:
        """Fail with these words."""
        self._message = message
        self._advice = advice

    async def token(self) -> str | None:
        """None can be had.

        Raises:
            NotLoggedInError: Always.
        """
        raise NotLoggedInError(self._message, advice=self._advice)

    async def rejected(self, token: str) -> bool:
        """There is no other."""
        return False


class BearerAuth(httpx.Auth):
    """Sends the caller's token along; where the token itself is refused, it is renewed once.

    A request that only reads is then sent again with the new token.
    """

    def __init__(self, tokens: TokenProvider, call: Call) -> None:
        """Authenticate ``call`` before the deadline that its request has by then."""
        self._tokens = tokens
        self._call = call

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The request with its token, and with the next one if that was refused.

        Raises:
            AccessError: There is no login, it cannot be renewed, or it had run out under a write.
            DeadlineReached: The login took too long.
        """
        token = await self._authorised(request)
        response = yield request
        if token is None or not _is_refused(response) or not await self._tokens.rejected(token):
            return
        if self._call.effect != "read":
            raise login_ran_out(self._call)
        await self._authorised(request)
        yield request

    async def _authorised(self, request: httpx.Request) -> str | None:
        try:
            async with asyncio.timeout_at(request.extensions.get("deadline")):
                token = await self._token()
        except TimeoutError:
            raise DeadlineReached(request, sent=False) from None
        request.headers.pop("Authorization", None)
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"
        return token

    async def _token(self) -> str | None:
        try:
            token = await self._tokens.token()
        except ProvenaError:
            if self._call.token == "welcome":
                return None
            raise
        if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
            raise NotLoggedInError(
                "The access token holds characters that no token has.",
                advice="Copy it again, without quotes or line breaks.",
            )
        return token or None


def _is_refused(response: httpx.Response) -> bool:
    return response.status_code == HTTPStatus.UNAUTHORIZED and is_token_refused(response)
