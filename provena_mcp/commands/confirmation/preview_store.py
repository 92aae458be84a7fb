"""References: short names for changes that were previewed and for records that were converted.

A reference cannot be guessed, works for one caller and one purpose, expires, and is sent at most
once: a repeat is told the first outcome.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable
from typing import Final

from pydantic import BaseModel, ConfigDict

from provena_mcp.commands.confirmation.key_value_store import KeyValueStore
from provena_mcp.errors import ArgumentError
from provena_mcp.wire.items import JsonObject

OFFERED_SECONDS: Final = 3_600.0
SETTLED_SECONDS: Final = 86_400.0

CONVERTED: Final = "converted_model_runs"

_AFRESH: Final = "Call the tool again with the arguments themselves to get a new preview and reference."


class Outcome(BaseModel):
    """What came of sending a change: Provena's answer, or none if it was lost on the way."""

    model_config = ConfigDict(frozen=True)

    answer: JsonObject | None


class Kept(BaseModel):
    """What a reference stands for.

    Attributes:
        kind: The one purpose it serves: a tool's name, or ``CONVERTED``.
        content: The change, as it can be prepared again.
        digest: Of all that the preview showed, to notice when that has changed.
        outcome: What came of it, once it has been sent.
        successor: The reference of the preview that was made from these converted records.
    """

    model_config = ConfigDict(frozen=True)

    reference: str
    kind: str
    content: JsonObject
    digest: str = ""
    outcome: Outcome | None = None
    successor: str | None = None


class References:
    """Keeps what references stand for, per caller."""

    def __init__(
        self, store: KeyValueStore, *, new_token: Callable[[], str] = lambda: secrets.token_urlsafe(12)
    ) -> None:
        """Keep in ``store``; ``new_token`` makes texts that nobody can guess."""
        self._store = store
        self._new_token = new_token

    async def keep(self, caller: str, kind: str, content: JsonObject, digest: str = "") -> Kept:
        """Keep ``content`` under a new reference, good for an hour.

        Raises:
            ArgumentError: The content is larger than is kept for one caller.
        """
        kept = Kept(reference=self._new_token(), kind=kind, content=content, digest=digest)
        await self._put(caller, kept, OFFERED_SECONDS)
        return kept

    async def open(self, caller: str, reference: str, *kinds: str) -> Kept:
        """What ``reference`` stands for.

        Raises:
            ArgumentError: It has expired, is not this caller's or never was, or is of another kind.
        """
        packed = await self._store.get(caller, _key(reference))
        if packed is None:
            raise ArgumentError(
                f"There is no reference {reference[:40]!r}: it has expired, was made for somebody else or "
                "by another server process, or never existed. Nothing was changed.",
                parameter="reference",
                advice=_AFRESH,
            )
        kept = Kept.model_validate_json(zlib.decompress(packed))
        if kept.kind not in kinds:
            raise ArgumentError(
                f"The reference {reference[:40]!r} was made for {kept.kind}, not for this. "
                "Nothing was changed.",
                parameter="reference",
                advice=_AFRESH,
            )
        return kept

    async def claim(self, caller: str, reference: str) -> bool:
        """Take the one right to send what ``reference`` stands for; whether it was still to be had."""
        return await self._store.add(caller, _claim_key(reference), b"1", SETTLED_SECONDS)

    async def release(self, caller: str, reference: str) -> None:
        """Give the right back: Provena certainly did nothing."""
        await self._store.remove(caller, _claim_key(reference))

    async def settle(self, caller: str, kept: Kept, outcome: Outcome) -> None:
        """Remember for a day what came of sending it."""
        await self._put(caller, kept.model_copy(update={"outcome": outcome}), SETTLED_SECONDS)

    async def succeed(self, caller: str, kept: Kept, successor: str) -> None:
        """Note that a preview of these converted records has been made."""
        await self._put(caller, kept.model_copy(update={"successor": successor}), OFFERED_SECONDS)

    async def _put(self, caller: str, kept: Kept, seconds: float) -> None:
        packed = zlib.compress(kept.model_dump_json().encode(), level=1)
        await self._store.put(caller, _key(kept.reference), packed, seconds)


def _key(reference: str) -> str:
    return f"reference:{reference}"


def _claim_key(reference: str) -> str:
    return f"claim:{reference}"
