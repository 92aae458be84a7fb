"""Keeps the pages of other sites away from a Provena that is served on this machine.

Whoever reaches the port is its user, and a browser reaches it for every page that is open in it: a page
elsewhere can send requests here, without seeing the answers. Browsers name the page's origin in
``Origin`` with all that can write, and say in ``Sec-Fetch-Site`` how it relates to this server.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# Another port of this machine is another site to us, though "same-site" to browsers.
_OWN: Final = ("same-origin", "none")
_REFUSED: Final = "Requests from pages of other sites are refused."


class PageGuard:
    """Refuses with 403 what a page of another origin sends; what is no browser states no origin."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and _is_foreign(Headers(scope=scope), scope.get("scheme", "http")):
            await JSONResponse({"detail": _REFUSED}, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_foreign(headers: Headers, scheme: str) -> bool:
    # Of a header that comes twice, each has to fit: which one a browser meant, nobody can tell.
    own = f"{scheme}://{headers.get('host', '')}"
    return any(origin != own for origin in headers.getlist("origin")) or any(
        site not in _OWN for site in headers.getlist("sec-fetch-site")
    )
