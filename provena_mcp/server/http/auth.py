"""Who calls over HTTP: bearer tokens of the deployment's Keycloak, meant for this server."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from provena_mcp.errors import NotLoggedInError, ProvenaError
from provena_mcp.issuer import Issuer
from provena_mcp.server.callers import CallerToken
from provena_mcp.server.http.paths import MCP_PATH
from provena_mcp.server.http.request_body import body_of
from provena_mcp.server.permissions import lacks_scope

_RETRY_SECONDS: Final = 5

logger = logging.getLogger(__name__)


class CallerTokens:
    """Checks callers' tokens: genuine, of this issuer, for this server, valid now."""

    def __init__(self, issuer: Issuer, audience: str) -> None:
        """Accept tokens of ``issuer`` whose audience is ``audience``."""
        self._issuer = issuer
        self._audience = audience

    async def verify_token(self, token: str) -> CallerToken | None:
        """What the token says; none if it is refused.

        Raises:
            UpstreamError: The issuer's keys cannot be had, so that nothing is known of the token.
        """
        try:
            claims = await self._issuer.claims_of(token.strip(), audience=self._audience)
        except NotLoggedInError as error:
            logger.info("%s", error.message)
            return None
        if not (claims.sub or "").strip():
            logger.warning("A token without a subject was refused: give the client Keycloak's 'basic' scope.")
            return None
        return CallerToken(
            token=token.strip(),
            client_id=claims.azp or "",
            scopes=claims.scope.split(),
            expires_at=int(claims.exp or 0),
            resource=self._audience,
            subject=claims.sub,
            claims={"iss": claims.iss},
            caller=f"{claims.iss}|{claims.sub}",
            roles=tuple(claims.roles),
        )


@dataclass(frozen=True)
class Scopes:
    """The OAuth scopes that the operator asks of tokens: to call at all, and to call what writes."""

    required: tuple[str, ...] = ()
    write: str | None = None

    @property
    def to_write(self) -> tuple[str, ...]:
        """All that a call which writes needs."""
        return tuple(dict.fromkeys((*self.required, *((self.write,) if self.write else ()))))


@dataclass(frozen=True)
class Challenge:
    """The answers to a token that does not do; each says how to get one that does (RFC 6750, RFC 9728)."""

    metadata_url: str

    def no_token(self, scopes: Collection[str]) -> JSONResponse:
        """401 without an error: nobody has claimed anything."""
        return self._answer(HTTPStatus.UNAUTHORIZED, None, "Log in: a bearer token is needed.", scopes)

    def bad_token(self, scopes: Collection[str]) -> JSONResponse:
        """401: expired, forged, or for another service."""
        return self._answer(
            HTTPStatus.UNAUTHORIZED, "invalid_token", "This token is not good here, or no longer.", scopes
        )

    def too_little(self, description: str, scopes: Collection[str]) -> JSONResponse:
        """403: the token is good, and lacks one of ``scopes``."""
        return self._answer(HTTPStatus.FORBIDDEN, "insufficient_scope", description, scopes)

    def _answer(
        self, status: HTTPStatus, error: str | None, description: str, scopes: Collection[str]
    ) -> JSONResponse:
        said = {
            "error": error,
            "error_description": description if error else None,
            "scope": " ".join(scopes) or None,
            "resource_metadata": self.metadata_url,
        }
        header = ", ".join(f'{name}="{value}"' for name, value in said.items() if value)
        body = {"error": error or "unauthorized", "error_description": description}
        return JSONResponse(body, status, headers={"WWW-Authenticate": f"Bearer {header}"})


@dataclass(frozen=True)
class Login:
    """How callers show who they are.

    Attributes:
        tokens: Checks what they bring.
        scopes: What it has to be good for.
        challenge: Answers those whose token does not do.
    """

    tokens: CallerTokens
    scopes: Scopes
    challenge: Challenge


class Authentication:
    """ASGI middleware: ``/mcp`` is for whoever has a token for it; the others learn where to get one."""

    def __init__(self, app: ASGIApp, *, login: Login) -> None:
        """Ask for a token with the required scopes; whose it is, all that follows can read."""
        self._app = app
        self._with_caller = AuthContextMiddleware(app)
        self._tokens = login.tokens
        self._required = login.scopes.required
        self._challenge = login.challenge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401, 403, or 503 while tokens cannot be checked."""
        if scope["type"] != "http" or scope["path"] != MCP_PATH:
            await self._app(scope, receive, send)
            return
        try:
            admitted = await self._admit(Headers(scope=scope).get("authorization", ""))
        except ProvenaError as error:
            logger.warning("%s", error.message)
            admitted = _later(error)
        if isinstance(admitted, CallerToken):
            await self._with_caller({**scope, "user": AuthenticatedUser(admitted)}, receive, send)
        else:
            await admitted(scope, receive, send)

    async def _admit(self, authorization: str) -> CallerToken | JSONResponse:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            return self._challenge.no_token(self._required)
        token = await self._tokens.verify_token(given)
        if token is None:
            return self._challenge.bad_token(self._required)
        missing = [each for each in self._required if each not in token.scopes]
        if missing:
            return self._challenge.too_little(
                f"The token lacks the scope {' '.join(missing)}.", self._required
            )
        return token


def _later(error: ProvenaError) -> JSONResponse:
    return JSONResponse(
        {"error": "temporarily_unavailable", "error_description": error.message},
        HTTPStatus.SERVICE_UNAVAILABLE,
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )


class WriteScope:
    """ASGI middleware: a call of a tool that writes with a token that may only read is a matter of consent.

    The answer is 403 with the scopes to ask the user for, which hosts act upon; ``Permissions`` behind it
    decides by what is about to run.
    """

    def __init__(self, app: ASGIApp, *, login: Login, writing: Collection[str]) -> None:
        """Ask for the scope to write where one of the tools ``writing`` is called."""
        self._app = app
        self._scopes = login.scopes
        self._challenge = login.challenge
        self._writing = writing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        user = scope.get("user")
        if (
            self._scopes.write
            and isinstance(user, AuthenticatedUser)
            and self._scopes.write not in user.scopes
        ):
            tool = _tool_called(body_of(scope))
            if tool is not None and tool in self._writing:
                refusal = self._challenge.too_little(
                    lacks_scope(self._scopes.write, tool), self._scopes.to_write
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Params(BaseModel):
    name: str = ""


class _Message(BaseModel):
    method: str = ""
    params: _Params = _Params()


def _tool_called(body: bytes) -> str | None:
    """The tool that a message calls; none if it is another message, or none at all."""
    try:
        message = _Message.model_validate_json(body)
    except ValidationError:
        return None
    return message.params.name if message.method == "tools/call" else None
