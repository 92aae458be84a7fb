"""One-time addresses for documents: most hosts cannot hand a resource to the person."""

from __future__ import annotations

import base64
import binascii
import logging
import re
import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from provena_mcp.commands.confirmation.key_value_store import KeyValueStore
from provena_mcp.errors import ProvenaError
from provena_mcp.server.shared.encryption import Seal

SECONDS: Final = 600.0

_GONE: Final = (
    "This address does not work, or no longer: it opens once, within ten minutes. Ask for another.\n"
)
_LATER: Final = "The document cannot be read just now. Open this address again in a moment.\n"
_SAFE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

logger = logging.getLogger(__name__)


class _Ticket(BaseModel):
    """What an address stands for."""

    model_config = ConfigDict(frozen=True)

    owner: str
    key: str
    name: str
    mime_type: str
    expires: float


class DownloadStore:
    """Keeps documents for their caller and hands each out once, to whoever has its address."""

    def __init__(
        self,
        store: KeyValueStore,
        seal: Seal,
        base_url: str,
        caller: Callable[[], str],
        now: Callable[[], float],
    ) -> None:
        """Offer documents below ``base_url``.

        Args:
            store: Shared by all replicas.
            seal: Makes addresses that nobody else can make.
            base_url: Address of this server, without a trailing slash.
            caller: Whose documents these are.
            now: Unix seconds.
        """
        self._store = store
        self._seal = seal
        self._base_url = base_url
        self._caller = caller
        self._now = now

    async def offer(self, name: str, mime_type: str, content: bytes) -> str:
        """An address of ``content`` that works once, within ten minutes.

        Raises:
            ArgumentError: It is larger than is kept for one caller.
            StoreError: The shared store failed.
        """
        ticket = _Ticket(
            owner=self._caller(),
            key=f"document:{secrets.token_urlsafe(18)}",
            name=name,
            mime_type=mime_type,
            expires=self._now() + SECONDS,
        )
        await self._store.put(ticket.owner, ticket.key, content, SECONDS)
        sealed = base64.urlsafe_b64encode(self._seal.close(ticket.model_dump_json().encode()))
        return f"{self._base_url}/documents/{sealed.decode().rstrip('=')}"

    async def hand_out(self, request: Request) -> Response:
        """The document behind an address, once; looking at its headers does not use it up."""
        try:
            return await self._handed_out(request)
        except ProvenaError as error:
            logger.warning("A document could not be handed out. %s", error.message)
            return PlainTextResponse(_LATER, 503, headers={**_SAFE_HEADERS, "Retry-After": "5"})

    async def _handed_out(self, request: Request) -> Response:
        ticket = self._ticket(request.path_params["ticket"])
        content = await self._store.get(ticket.owner, ticket.key) if ticket else None
        if ticket is None or content is None:
            return PlainTextResponse(_GONE, 404, headers=_SAFE_HEADERS)
        if request.method == "GET":
            if not await self._store.add(ticket.owner, f"taken:{ticket.key}", b"1", SECONDS):
                return PlainTextResponse(_GONE, 404, headers=_SAFE_HEADERS)
            await self._store.remove(ticket.owner, ticket.key)
        headers = {**_SAFE_HEADERS, "Content-Disposition": _attachment(ticket.name)}
        return Response(content, media_type=ticket.mime_type, headers=headers)

    def _ticket(self, text: str) -> _Ticket | None:
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            opened = self._seal.open(sealed)
            ticket = _Ticket.model_validate_json(opened) if opened is not None else None
        except (binascii.Error, ValueError, ValidationError):
            return None
        return ticket if ticket is not None and ticket.expires > self._now() else None


def _attachment(name: str) -> str:
    plain = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
