"""The way to the embedded Provena, without a socket."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import httpx
from anyio import to_thread
from starlette.types import ASGIApp

from provena_mcp.client.http.auth import NoToken
from provena_mcp.client.provena import ProvenaClient
from provena_mcp.embedded.provena import EmbeddedProvena
from provena_mcp.embedded.store_failure import failure_in
from provena_mcp.settings import Endpoints

_HOST: Final = "http://embedded.invalid"
_IN_PROCESS: Final = Endpoints(
    prov=f"{_HOST}/prov-api",
    registry=f"{_HOST}/registry-api",
    job=f"{_HOST}/job-api",
    search=f"{_HOST}/search",
    auth=f"{_HOST}/auth-api",
    data=f"{_HOST}/data-api",
)


def in_process_client(app: ASGIApp, provena: EmbeddedProvena, *, read_only: bool) -> ProvenaClient:
    """A client of ``app``, which serves ``provena``; it is still to be opened."""
    return ProvenaClient(
        _IN_PROCESS, tokens=NoToken(), transport=_InProcess(app, provena), read_only=read_only
    )


class _InProcess(httpx.ASGITransport):
    """The way to the embedded Provena; a store that is not usable is the operator's matter, not its fault."""

    def __init__(self, app: ASGIApp, provena: EmbeddedProvena) -> None:
        # What fails unforeseen is a 500 as over a socket.
        super().__init__(app=app, raise_app_exceptions=False)
        self._provena = provena

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
            failure = failure_in(await answer.aread())
            if failure is not None:
                raise failure
            # Raises if the store cannot be read, with what to do about it.
            await to_thread.run_sync(self._provena.count_items)
        return answer
