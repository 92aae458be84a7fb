"""Knows callers by their bearer token, as Provena's services do (provena-http 1.3, 3.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

from provena_mcp.embedded.identity import User, not_authenticated
from provena_mcp.errors import NotLoggedInError, OperatorError, UpstreamError
from provena_mcp.issuer import Issuer


def identify_by_bearer(issuer: Issuer) -> Callable[[Request], Awaitable[User]]:
    """Identifies callers by tokens of ``issuer``; every other caller is refused with 401.

    As in the services, the audience is not asked for. Where the issuer's keys cannot be had, the
    answer is 503.
    """

    async def identify(request: Request) -> User:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise not_authenticated()
        try:
            claims = await issuer.claims_of(token.strip())
        except NotLoggedInError:
            raise not_authenticated("Could not validate credentials") from None
        except (UpstreamError, OperatorError) as error:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, error.message) from error
        if claims.realm_access is None or claims.preferred_username is None:
            raise not_authenticated("Token had incorrect structure.")
        return User(claims.preferred_username, claims.email, claims.roles, token.strip())

    return identify
