"""The one place that turns a service's refusal into the error tree (provena-http 2.1, 3, 6.1, 7.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from provena_mcp.client.http.request import SERVICE_NAME, Call
from provena_mcp.client.http.transport_errors import TRY_LATER, if_ambiguous, if_in_turn, malformed
from provena_mcp.client.http.upstream_words import token_sent, upstream_text, words_of
from provena_mcp.errors import (
    DeploymentError,
    DepthLimitError,
    ForbiddenError,
    NotFoundError,
    NotLoggedInError,
    ProvenaError,
    RejectedError,
    UnavailableError,
    WrongSubtypeError,
)
from provena_mcp.rules.handles import hint_for_marks
from provena_mcp.wire.base import Status

LOG_IN: Final = "Log in with 'provena-mcp login', or set PROVENA_OFFLINE_TOKEN or PROVENA_ACCESS_TOKEN."
_FIND_THE_ID: Final = "Check the handle; `search.search` and `registry.list` find items by name."
_WAIT_FOR_JOB: Final = (
    "A job appears some seconds after it was submitted: ask again shortly, or see `jobs.list`."
)
_WRONG_ADDRESS: Final = "Check PROVENA_DOMAIN and PROVENA_*_API; this Provena may also be too old for this."

_DEPTH: Final = re.compile(r"in excess of depth maximum: (-?\d{1,9})")
_MISSING: Final = re.compile(
    r"was not a valid registry|was not available in the registry|Could not find the given key"
    r"|Failed to find item|Item was not found|Could not validate item with id|No item with that id"
)
_WRONG_KIND: Final = re.compile(r"could not parsed as an appropriate type|correct category or subtype")
_SEED: Final = "seed_allowed was set to false"
_NO_PERSON: Final = "must link your User account"
_NO_ROLE: Final = re.compile(r"have the correct role|not authorised to take this action")
_LOCKED: Final = "resource is locked"
_NOT_YOURS: Final = re.compile(r"Not authorised to view this record|items which you do not own")
_NO_ITEM_ACCESS: Final = re.compile(r"not authorised to fetch this item|denied access to resource: 401")
_NO_ITEM_WRITE_ACCESS: Final = "Got status code 401"
_TOKEN_REFUSED: Final = re.compile(r"Could not validate credentials|Token had incorrect structure")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A failed answer with what the service said: ``words`` to match, ``said`` to show."""

    call: Call
    status: int
    words: str
    said: str | None
    retry_after: float | None = None

    @property
    def service(self) -> str:
        return SERVICE_NAME[self.call.service]


def failure_of(call: Call, response: httpx.Response) -> ProvenaError:
    """The error that an answer outside 2xx means."""
    status = response.status_code
    if status < 400:
        return _redirected(call, response)
    words = words_of(response)
    said = upstream_text(words, token_sent(response))
    refusal = _Refusal(call, status, words, said, response.extensions.get("retry_after"))
    if call.service == "storage" and status < 500:
        return _expired_document()
    failure = _READING_OF.get(status, _rejected if status < 500 else _broken)(refusal)
    # A 401 about an item is about one of those that are written; any other is about the caller.
    is_before_any = not _NO_ITEM_ACCESS.search(words) if status == 401 else status in _BEFORE_ANY
    return failure if is_before_any else if_in_turn(call, failure)


def failure_of_status(call: Call, status: Status) -> ProvenaError:
    """The error that ``success: false`` in a 200 means (provena-http 3.1)."""
    refusal = _Refusal(call, 200, status.details, upstream_text(status.details))
    return if_in_turn(call, _about_subject(refusal) or _rejected(refusal))


def is_token_refused(response: httpx.Response) -> bool:
    """Whether a 401 is about the token itself, not about what its owner may do."""
    return bool(_TOKEN_REFUSED.search(words_of(response)))


def login_ran_out(call: Call) -> NotLoggedInError:
    """The error for a call that is sent only once and was refused because its token had run out."""
    return NotLoggedInError(
        f"The login had run out, so nothing was changed: {call.name}.",
        advice="Repeat the call: it will be sent with a fresh login.",
        retry="later",
    )


def _about_subject(refusal: _Refusal) -> ProvenaError | None:
    """An error about one of the items the call is about, if the service's words say that."""
    call, words, said = refusal.call, refusal.words, refusal.said
    if not call.subjects:
        return None
    subject = next((each for each in call.subjects if each in words), call.subjects[0])
    if _MISSING.search(words):
        kind, advice = ("job", _WAIT_FOR_JOB) if call.service == "job" else ("registered item", _FIND_THE_ID)
        retry = "later" if call.service == "job" else None
        if call.service != "job" and (hint := hint_for_marks([subject])):
            advice = f"{hint} {advice}"
        return NotFoundError(
            f"There is no {kind} {subject!r}.", item_id=subject, advice=advice, upstream=said, retry=retry
        )
    if _WRONG_KIND.search(words):
        return WrongSubtypeError(
            f"{subject!r} is not the kind of item this needs: {call.name}.",
            advice=_FIND_THE_ID,
            upstream=said,
        )
    if _SEED in words:
        return WrongSubtypeError(
            f"{subject!r} is only a reserved id so far: its item has not been completed.",
            advice="Use a completed item, or complete this one first.",
            upstream=said,
        )
    return None


def _bad_request(refusal: _Refusal) -> ProvenaError:
    if depth := _DEPTH.search(refusal.words):
        return _too_deep(refusal, int(depth[1]))
    if _NO_PERSON in refusal.words:
        return ForbiddenError(
            "This needs a login that is linked to a Person in the registry.",
            advice="Link your account to your Person in Provena's web pages, then try again.",
            upstream=refusal.said,
        )
    return _about_subject(refusal) or _rejected(refusal)


def _too_deep(refusal: _Refusal, limit: int) -> ProvenaError:
    asked = (refusal.call.params or {}).get("depth")
    if limit < 1 or (isinstance(asked, int) and asked <= limit):
        # Learned, such a limit would be blamed on callers ever after.
        return malformed(refusal.call, f"it refused depth {asked} and allows {limit}")
    return DepthLimitError(limit)


def _unauthorised(refusal: _Refusal) -> ProvenaError:
    # A missing role is 401 here, and 403 hardly ever occurs (provena-http 3.3).
    words, said = refusal.words, refusal.said
    if _NO_ROLE.search(words):
        return _lacks_role(refusal)
    subjects = refusal.call.subjects
    if _LOCKED in words:
        item = f"Item {subjects[0]!r}" if subjects else "The item"
        return ForbiddenError(f"{item} is locked.", advice="Ask its owner to unlock it.", upstream=said)
    if _NOT_YOURS.search(words):
        job = f"Job {subjects[0]!r}" if subjects else "The job"
        return ForbiddenError(
            f"{job} belongs to somebody else.", advice="`jobs.list` shows your own jobs.", upstream=said
        )
    if _NO_ITEM_ACCESS.search(words):
        item = f"item {subjects[0]!r}" if subjects else "an item that this refers to"
        return ForbiddenError(
            f"You may not read {item}.",
            advice="Ask its owner for read access to its metadata.",
            upstream=said,
        )
    why = (
        "wants a login"
        if "Not authenticated" in words
        else "did not accept the login: expired, or not for it"
    )
    return NotLoggedInError(f"{refusal.service} {why} ({refusal.call.name}).", advice=LOG_IN, upstream=said)


def _lacks_role(refusal: _Refusal) -> ForbiddenError:
    roles = ("read", "write", "admin")
    needed = roles[: roles.index(refusal.call.role) + 1] if refusal.call.role != "any" else ()
    names = ", ".join(f"entity-registry-{role}" for role in needed) or "a role on this service"
    return ForbiddenError(
        f"Your login lacks a role that this needs: {refusal.call.name}.",
        advice=f"Ask the administrators of this Provena for {names}; then log in again, since a login "
        "carries the roles of its day.",
        upstream=refusal.said,
    )


def _forbidden(refusal: _Refusal) -> ForbiddenError:
    # The services do not answer 403; what stands in front of them does (provena-http 3.3).
    return ForbiddenError(
        f"Something in front of {refusal.service} refused this: {refusal.call.name}.",
        advice="Ask the administrators of this Provena: a firewall or a gateway may be why.",
        upstream=refusal.said,
    )


def _no_route(refusal: _Refusal) -> DeploymentError:
    # Never "no such item": ids travel in the query or the body (provena-http 3.4).
    call = refusal.call
    return DeploymentError(
        f"{refusal.service} has no route {call.method} {call.path} ({call.name}).",
        advice=_WRONG_ADDRESS,
        upstream=refusal.said,
        retry="no",
    )


def _invalid(refusal: _Refusal) -> RejectedError:
    return RejectedError(
        f"{refusal.service} refused fields of the request: {refusal.call.name}.",
        advice="Correct the fields that Provena names.",
        upstream=refusal.said,
    )


def _rejected(refusal: _Refusal) -> RejectedError:
    return RejectedError(
        f"{refusal.service} refused this: {refusal.call.name}.",
        advice="Correct what Provena names, then try again." if refusal.said else "Check the arguments.",
        upstream=refusal.said,
    )


def _unavailable(refusal: _Refusal) -> ProvenaError:
    failure = UnavailableError(
        f"{refusal.service} is down or overloaded ({refusal.status}, {refusal.call.name}).",
        advice=TRY_LATER,
        upstream=refusal.said,
        retry_after=refusal.retry_after,
    )
    # A gateway says 502 and 504 after it has passed the request on; 429 and 503 come instead of that.
    return if_ambiguous(refusal.call, failure) if refusal.status in (502, 504) else failure


def _broken(refusal: _Refusal) -> ProvenaError:
    call = refusal.call
    if about_subject := _about_subject(refusal):
        return about_subject
    if _NO_ITEM_WRITE_ACCESS in refusal.words:
        return ForbiddenError(
            f"You may not change what this is about: {call.name}.",
            advice="Ask the item's owner for write access to its metadata.",
            upstream=refusal.said,
        )
    wrote = call.effect == "write"
    advice = f"It may have been done in part. {call.find_out}" if wrote else TRY_LATER
    return DeploymentError(
        f"{refusal.service} failed inside ({refusal.status}, {call.name}).",
        advice=call.hint or advice,
        upstream=refusal.said,
        retry="check_first" if wrote else None,
    )


def _redirected(call: Call, response: httpx.Response) -> DeploymentError:
    target = response.headers.get("location", "").partition("?")[0]
    return DeploymentError(
        f"{SERVICE_NAME[call.service]} points to another address ({response.status_code}, {call.name}); it "
        "is not followed, because the login would go along.",
        advice=_WRONG_ADDRESS,
        upstream=upstream_text(target, token_sent(response)),
        retry="no",
    )


def _expired_document() -> NotFoundError:
    # What file storage says about a refused signature repeats the signature: it is not shown.
    return NotFoundError(
        "The document is not at its address: such addresses expire, usually after an hour.",
        advice="Call `prov.generate_report` again for a fresh one.",
    )


# What is wrong with a request as a whole is said at once; 502 and 504 are read as an answer that was lost.
_BEFORE_ANY: Final = frozenset({403, 404, 405, 422, 429, 502, 503, 504})
_READING_OF: Final[dict[int, Callable[[_Refusal], ProvenaError]]] = {
    400: _bad_request,
    401: _unauthorised,
    403: _forbidden,
    404: _no_route,
    405: _no_route,
    422: _invalid,
    429: _unavailable,
    502: _unavailable,
    503: _unavailable,
    504: _unavailable,
}
