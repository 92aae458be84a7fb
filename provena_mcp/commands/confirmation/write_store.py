"""What is stored about writes, per caller: previews under their references, and which records were sent.

``WriteContext`` brings that together with a reader: it is what every change works with.

A reference cannot be guessed, works for one caller and one tool, and expires. Its change is sent at most
once: confirming it again answers with the first outcome.
"""

from __future__ import annotations

import secrets
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from provena_mcp.commands.confirmation.key_value_store import KeyValueStore
from provena_mcp.errors import ArgumentError
from provena_mcp.wire.items import JsonObject

if TYPE_CHECKING:
    from provena_mcp.client import ProvenaClient
    from provena_mcp.queries.items.reader import Reader
    from provena_mcp.queries.jobs.registry_check import Proofs

OFFERED_SECONDS: Final = 3_600.0
SETTLED_SECONDS: Final = 86_400.0
DAY: Final = 86_400
# Records noted an entry: with 16 entries three batches of the largest size in a day.
_NOTED: Final = 2_000

_AFRESH: Final = "Call the tool again with the arguments themselves to get a new preview and reference."


class AskedFor(BaseModel):
    """What the user was asked about, to be sent exactly so once they agree.

    Attributes:
        payload: What is sent.
        shown: The preview.
        fingerprints: Of the records it registers.
        facts: Digests of the items it refers to, by id, as they were at ``at`` (Unix seconds).
    """

    model_config = ConfigDict(frozen=True)

    payload: JsonObject
    shown: JsonObject
    fingerprints: tuple[str, ...]
    facts: dict[str, str]
    at: float


class UnknownOutcome(BaseModel):
    """Why nobody knows what came of sending a change, as whoever sent it was told."""

    model_config = ConfigDict(frozen=True)

    message: str
    advice: str
    upstream: str | None = None


class StoredPreview(BaseModel):
    """What a reference stands for.

    Attributes:
        tool: The one tool that it serves.
        arguments: The change, as it can be prepared again.
        digest: Of all that the preview showed, to notice when that has changed; none if nobody has
            been shown a preview yet.
        asked: What the user was asked about, if they were.
        status: Whether it has been sent, and whether the answer to that was lost.
        answer: What Provena answered, once it was sent.
        failure: What was told in place of that, where the answer was lost.
    """

    model_config = ConfigDict(frozen=True)

    reference: str
    tool: str
    arguments: JsonObject
    digest: str | None = None
    asked: AskedFor | None = None
    status: Literal["open", "sent", "lost"] = "open"
    answer: JsonObject | None = None
    failure: UnknownOutcome | None = None


class PreviewStore:
    """Stores what references stand for, per caller."""

    def __init__(
        self, store: KeyValueStore, *, new_token: Callable[[], str] = lambda: secrets.token_urlsafe(12)
    ) -> None:
        """Store in ``store``; ``new_token`` makes texts that nobody can guess."""
        self._store = store
        self._new_token = new_token

    async def add(
        self,
        caller: str,
        tool: str,
        arguments: JsonObject,
        digest: str | None = None,
        asked: AskedFor | None = None,
    ) -> StoredPreview:
        """Store a change under a new reference, good for an hour.

        Raises:
            ArgumentError: It is larger than is stored for one caller.
        """
        stored = StoredPreview(
            reference=self._new_token(), tool=tool, arguments=arguments, digest=digest, asked=asked
        )
        await self.replace(caller, stored)
        return stored

    async def replace(self, caller: str, stored: StoredPreview) -> None:
        """Store a change that has not been sent, under the reference it has; errors as ``add``."""
        await self._put(caller, stored, OFFERED_SECONDS)

    async def open(self, caller: str, reference: str, tool: str) -> StoredPreview:
        """What ``reference`` stands for.

        Raises:
            ArgumentError: It has expired, is not this caller's or never was, or is another tool's.
        """
        packed = await self._store.get(caller, _key(reference))
        if packed is None:
            raise ArgumentError(
                f"There is no reference {reference[:40]!r}: it has expired, was made for somebody else or "
                "by another server process, or never existed. This call changed nothing.",
                parameter="reference",
                advice=f"{_AFRESH} If this one had been confirmed before, list_jobs shows what came of it.",
            )
        stored = StoredPreview.model_validate_json(zlib.decompress(packed))
        if stored.tool != tool:
            raise ArgumentError(
                f"The reference {reference[:40]!r} was made for {stored.tool}, not for this. "
                "Nothing was changed.",
                parameter="reference",
                advice=_AFRESH,
            )
        return stored

    async def claim(self, caller: str, reference: str, now: float) -> bool:
        """Claim the right to send what ``reference`` stands for, at ``now``; false if it is already claimed.

        It is also false when the reference has expired, as nobody knows then whether it had been claimed.
        """
        return await self._store.add(
            caller,
            _claim_key(reference),
            repr(now).encode(),
            SETTLED_SECONDS,
            beside=_key(reference),
        )

    async def claimed_at(self, caller: str, reference: str) -> float | None:
        """When it was claimed, in Unix seconds; none if it has not been."""
        claimed = await self._store.get(caller, _claim_key(reference))
        return float(claimed) if claimed is not None else None

    async def release(self, caller: str, reference: str) -> None:
        """Release the claim, because Provena certainly did nothing."""
        await self._store.remove(caller, _claim_key(reference))

    async def settle(self, caller: str, stored: StoredPreview, outcome: JsonObject | UnknownOutcome) -> None:
        """Remember for a day that it was sent, and Provena's answer or why there is none."""
        failure = outcome if isinstance(outcome, UnknownOutcome) else None
        settled = StoredPreview(
            reference=stored.reference,
            tool=stored.tool,
            arguments=stored.arguments,
            digest=stored.digest,
            status="sent" if failure is None else "lost",
            answer=None if isinstance(outcome, UnknownOutcome) else outcome,
            failure=failure,
        )
        await self._put(caller, settled, SETTLED_SECONDS)

    async def _put(self, caller: str, stored: StoredPreview, seconds: float) -> None:
        packed = zlib.compress(stored.model_dump_json().encode(), level=1)
        await self._store.put(caller, _key(stored.reference), packed, seconds)


def _key(reference: str) -> str:
    return f"reference:{reference}"


def _claim_key(reference: str) -> str:
    return f"claim:{reference}"


class Submission(BaseModel):
    """An earlier submission of the same record; ``session_id`` is none if its answer was lost."""

    model_config = ConfigDict(frozen=True)

    when: int
    session_id: str | None = None
    model_run_id: str | None = None


_NOTES: Final = TypeAdapter(dict[str, Submission], config=ConfigDict(defer_build=True))


class Submissions:
    """Remembers for a day what was sent, by caller.

    Records share a few entries by the first digit of their fingerprint, so that a large batch pushes
    none of the caller's references out. Two replicas that write one entry at the same moment may lose
    a note; the caller's jobs show that record all the same.
    """

    def __init__(self, store: KeyValueStore) -> None:
        """Remember in ``store``."""
        self._store = store

    async def note(self, caller: str, fingerprints: Iterable[str], submission: Submission) -> None:
        """Remember that the records with these fingerprints were sent."""
        for entry, noted in _by_entry(fingerprints).items():
            earlier = await self._in(caller, entry)
            recent = {
                fingerprint: each
                for fingerprint, each in earlier.items()
                if fingerprint not in noted and each.when > submission.when - DAY
            }
            recent |= dict.fromkeys(noted, submission)
            newest = dict(list(recent.items())[-_NOTED:])
            await self._store.put(caller, entry, _NOTES.dump_json(newest, exclude_none=True), DAY)

    async def of(self, caller: str, fingerprints: Iterable[str]) -> dict[str, Submission]:
        """Those of ``fingerprints`` that were sent."""
        found: dict[str, Submission] = {}
        for entry, wanted in _by_entry(fingerprints).items():
            noted = await self._in(caller, entry)
            found |= {fingerprint: noted[fingerprint] for fingerprint in wanted if fingerprint in noted}
        return found

    async def _in(self, caller: str, entry: str) -> dict[str, Submission]:
        packed = await self._store.get(caller, entry)
        return {} if packed is None else _NOTES.validate_json(packed)


def _by_entry(fingerprints: Iterable[str]) -> dict[str, list[str]]:
    """Fingerprints by the entry of the store that notes them."""
    entries: defaultdict[str, list[str]] = defaultdict(list)
    for fingerprint in fingerprints:
        entries[f"sent:{fingerprint[:1]}"].append(fingerprint)
    return entries


@dataclass(frozen=True)
class WriteContext:
    """What a change works with: reads as one caller, and the records of what was previewed and sent.

    Attributes:
        proofs: Which runs jobs were proven to have made.
        now: Gives Unix seconds.
        longest_call: Seconds after which no call can still be sending.
        via: The program that acts for the caller, where runs are to name it.
    """

    reader: Reader
    previews: PreviewStore
    submissions: Submissions
    proofs: Proofs
    now: Callable[[], float]
    longest_call: float
    via: str | None = None

    @property
    def client(self) -> ProvenaClient:
        """The Provena that is written to."""
        return self.reader.client

    @property
    def caller(self) -> str:
        """Whose previews these are."""
        return self.reader.caller
