"""Checks that an answer is about what was asked. All such checks of the client are here.

An answer about something else raises ``MalformedAnswerError``, or ``AmbiguousWriteError`` if something was
written. Duplicates are not an error: they are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json

from provena_mcp.client.http.request import Call
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.rules.handles import is_handle
from provena_mcp.wire.items import JsonObject, RegistryItem
from provena_mcp.wire.jobs import Job
from provena_mcp.wire.registry import SearchHit

REGISTRATION: Final = "MODEL_RUN_PROV_LODGE"

# Where in its result a job that succeeded holds the proof: a handle but for two (provena-http 6.4, 6.5).
_PROOF_OF: Final[Mapping[str, tuple[str, ...]]] = {
    REGISTRATION: ("record", "id"),
    "MODEL_RUN_UPDATE": ("record", "id"),
    "MODEL_RUN_LODGE_ONLY": ("record", "id"),
    "MODEL_RUN_BATCH_SUBMIT": ("batch_id",),
    "REGISTER_CREATE_ACTIVITY": ("creation_activity_id",),
    "REGISTER_VERSION_ACTIVITY": ("version_activity_id",),
    "GENERATE_REPORT": ("report_url",),
}
_NAMED_OTHERWISE: Final = frozenset({"MODEL_RUN_BATCH_SUBMIT", "GENERATE_REPORT"})
_CHANGED_RUN: Final = "model_run_record_id"

_MAX_PAGES: Final = 10_000
_MAX_BYTES: Final = 256 * 1024 * 1024


def proof_of(job: Job) -> str | None:
    """What a job that succeeded made: a run's handle, a batch, a report's address; none if it names none."""
    value: object = job.result
    for key in _PROOF_OF.get(job.job_sub_type, ()):
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        return None
    is_proof = value.strip() if job.job_sub_type in _NAMED_OTHERWISE else is_handle(value)
    return value if is_proof else None


def why_unbelievable(job: Job) -> str | None:
    """Why a job's description contradicts itself; none if it does not."""
    if not job.session_id.strip():
        return "a job without a session id"
    if job.status != "SUCCEEDED" or job.job_sub_type not in _PROOF_OF:
        return None
    proof = proof_of(job)
    if proof is None:
        return f"a job that succeeded without its {'.'.join(_PROOF_OF[job.job_sub_type])}"
    changed = (job.payload or {}).get(_CHANGED_RUN)
    if isinstance(changed, str) and changed != proof:
        return "a job that changed another run than it was to change"
    return None


def require_job(call: Call, job: Job, session_id: str, subtypes: Sequence[str]) -> Job:
    """``job``, which has to be that of ``session_id``, of one of ``subtypes`` if any are given."""
    why = why_unbelievable(job)
    if job.session_id != session_id:
        why = "another job than the one asked for"
    elif subtypes and job.job_sub_type not in subtypes:
        why = f"a job of another kind than {' or '.join(subtypes)}"
    if why:
        raise malformed(call, why)
    return job


def require_session(call: Call, session_id: str | None) -> str:
    """The session id of a job that was started; an answer without one is refused."""
    if not (session_id or "").strip():
        raise malformed(call, "success, but no session of the job that was begun")
    return str(session_id)


def require_item(call: Call, item: RegistryItem, *, item_id: str | None, subtype: str | None) -> RegistryItem:
    """``item``, which has to have this id and be of this subtype, as far as they are given."""
    if not item.id.strip():
        raise malformed(call, "an item without an id")
    if item_id is not None and item.id != item_id:
        raise malformed(call, "another item than the one asked for")
    _require_subtype(call, item, subtype)
    return item


def require_new_item(call: Call, item: RegistryItem, subtype: str, name: JsonValue = None) -> RegistryItem:
    """``item``, just made, which has to be of ``subtype``, to have a handle, and any ``name`` given."""
    require_handle(call, item.id, "item")
    if isinstance(name, str) and (item.display_name or "").strip() != name.strip():
        raise malformed(call, "another item than was to be made")
    return require_item(call, item, item_id=None, subtype=subtype)


def require_handle(call: Call, handle: str | None, what: str) -> str:
    """The handle of something just made, which has to be one: whoever is told it looks it up by that."""
    if handle is None or not is_handle(handle):
        raise malformed(call, f"success, but no handle of the {what}")
    return handle


def distinct_items(
    call: Call, items: Iterable[RegistryItem], subtype: str | None
) -> tuple[RegistryItem, ...]:
    """``items`` of a list, each once; all have to be of ``subtype`` if one was asked for."""
    found: dict[str, RegistryItem] = {}
    for item in items:
        require_item(call, item, item_id=None, subtype=subtype)
        found.setdefault(item.id, item)
    return tuple(found.values())


def distinct_hits(call: Call, hits: Iterable[SearchHit]) -> tuple[SearchHit, ...]:
    """Search results, each item once, where it ranks best."""
    found: dict[str, SearchHit] = {}
    for hit in hits:
        if not hit.id.strip():
            raise malformed(call, "a hit without an id")
        found.setdefault(hit.id, hit)
    return tuple(found.values())


def require_row(call: Call, job: Job, batch_id: str) -> Job:
    """``job``, which has to be the registration of a run of this batch.

    Several may name one run: which of them made it, the registry shows.
    """
    if job.batch_id != batch_id:
        raise malformed(call, "a job of another batch")
    if job.job_sub_type != REGISTRATION:
        raise malformed(call, f"a job of another kind than {REGISTRATION}")
    return job


@dataclass(frozen=True, slots=True)
class Mark:
    """What a walk that goes on in a later call remembers of the keys before: how many, and one of them."""

    count: int = 0
    digest: str = ""


UNMARKED: Final = Mark()


class ListWalk:
    """One way through the pages of a list, which has to end: keys are remembered, pages and bytes bounded."""

    def __init__(
        self,
        call: Call,
        start: JsonObject | None = None,
        mark: Mark = UNMARKED,
        *,
        max_pages: int = _MAX_PAGES,
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        """Begin after the key ``start``, which a walk led to that had come to ``mark``.

        ``call`` names the list in errors.
        """
        self.mark = mark
        self._call = call
        self._pages_left = max_pages
        self._bytes_left = max_bytes
        self._keys = {_digest(start), mark.digest}
        self._ids: set[str] = set()

    def note(self, key: JsonObject | None, size: int) -> None:
        """Note a page of ``size`` bytes that ``key`` follows.

        Raises:
            MalformedAnswerError: It came before, or there is no end to it.
        """
        self._pages_left -= 1
        self._bytes_left -= size
        if key is None:
            return
        digest = _digest(key)
        if digest in self._keys:
            raise malformed(self._call, "the same page again")
        if self._pages_left <= 0 or self._bytes_left <= 0:
            raise malformed(self._call, "pages without an end")
        self._keys.add(digest)
        self.mark = _marked(self.mark, digest)

    def is_new(self, row_id: str) -> bool:
        """Whether no page before had this row: rows move to the next page while a list grows."""
        if row_id in self._ids:
            return False
        self._ids.add(row_id)
        return True


def _digest(key: JsonObject | None) -> str:
    return sha256(to_json(key)).hexdigest()[:16]


def _marked(mark: Mark, digest: str) -> Mark:
    # A key is held from each power of two to the next, so that any ring of keys is found out however the
    # walk is cut into calls, without carrying all keys from one to the next (Brent's algorithm).
    count = mark.count + 1
    return Mark(count, digest if count & (count - 1) == 0 else mark.digest)


def _require_subtype(call: Call, item: RegistryItem, subtype: str | None) -> None:
    if subtype is not None and item.item_subtype != subtype:
        raise malformed(call, f"an item of another subtype than {subtype}")
