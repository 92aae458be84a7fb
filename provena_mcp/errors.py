"""Everything that can go wrong, as one tree.

    ProvenaError
    ├── UnderWayError               calls of the caller's own are at it: wait
    ├── CallerError                 the call was wrong: change it
    │   ├── ArgumentError
    │   ├── CursorError
    │   ├── NotFoundError
    │   ├── WrongSubtypeError
    │   ├── RejectedError           Provena refused the content (400, 422, success=false)
    │   └── DepthLimitError         deeper than this deployment goes in one query
    ├── AccessError                 who is calling: log in, or ask for a role
    │   ├── NotLoggedInError
    │   │   ├── LoginPendingError   a login waits for a person: open its page
    │   │   └── LoginRefusedError   Keycloak said no
    │   └── ForbiddenError
    ├── UpstreamError               the deployment: not the caller's fault
    │   ├── UnavailableError        no connection, 502, 503, 504, 429
    │   ├── DeadlineError
    │   ├── MalformedAnswerError
    │   │   └── MalformedItemError  a registry item lacks what its subtype needs
    │   ├── DeploymentError         any other 5xx
    │   ├── PartlyDoneError         one of several things failed: those before it are done
    │   └── AmbiguousWriteError     sent, but no answer: may have arrived
    └── OperatorError               this machine or its settings
        ├── SettingsError
        ├── StoreError
        └── FileRefusedError

An error carries what its reader needs to go on: what kind it is (``kind``, fixed whatever the class is
called), whose fault it is (``fault``), whether the same call may work later (``retry``, which says the same
as ``advice``), what to do next (``advice``, which names methods of the client in backticks) and, apart from
our own words, what Provena said (``upstream``), which is data and is fenced wherever it is shown.
"""

from __future__ import annotations

from typing import ClassVar, Literal

__all__ = [
    "AccessError",
    "AmbiguousWriteError",
    "ArgumentError",
    "CallerError",
    "CursorError",
    "DeadlineError",
    "DeploymentError",
    "DepthLimitError",
    "Fault",
    "FileRefusedError",
    "ForbiddenError",
    "LoginPendingError",
    "LoginRefusedError",
    "MalformedAnswerError",
    "MalformedItemError",
    "NotFoundError",
    "NotLoggedInError",
    "OperatorError",
    "PartlyDoneError",
    "ProvenaError",
    "RejectedError",
    "Retry",
    "SettingsError",
    "StoreError",
    "UnavailableError",
    "UnderWayError",
    "UpstreamError",
    "WrongSubtypeError",
]

Fault = Literal["caller", "access", "deployment", "operator"]
Retry = Literal["no", "later", "after_change", "check_first"]


class ProvenaError(Exception):
    """The root: every failure this package raises on purpose."""

    kind: ClassVar[str] = "Provena"
    fault: Fault = "operator"
    retry: Retry = "no"

    def __init__(
        self,
        message: str,
        *,
        advice: str = "",
        upstream: str | None = None,
        retry_after: float | None = None,
        fault: Fault | None = None,
        retry: Retry | None = None,
    ) -> None:
        """Describe a failure; ``fault`` and ``retry`` where they are not the usual ones of this kind."""
        super().__init__(message)
        self.message, self.advice = message, advice
        self.fault, self.retry = fault or type(self).fault, retry or type(self).retry
        self.upstream, self.retry_after = upstream, retry_after


class UnderWayError(ProvenaError):
    """Other calls of the same caller's are at it, or too many at once: the same call works after them."""

    kind: ClassVar[str] = "UnderWay"
    fault: Fault = "caller"
    retry: Retry = "later"


class CallerError(ProvenaError):
    """The call itself was wrong; repeating it unchanged cannot work."""

    kind: ClassVar[str] = "Caller"
    fault: Fault = "caller"
    retry: Retry = "after_change"


class ArgumentError(CallerError):
    """An argument is missing, unknown, malformed or out of range."""

    kind: ClassVar[str] = "Argument"

    def __init__(self, message: str, *, parameter: str = "", advice: str = "") -> None:
        """Describe a bad argument, naming the ``parameter`` it was given for."""
        super().__init__(message, advice=advice)
        self.parameter = parameter


class CursorError(CallerError):
    """A page cursor is malformed, belongs to another query, or the graph has changed since."""

    kind: ClassVar[str] = "Cursor"


class NotFoundError(CallerError):
    """No item, job or document has this id."""

    kind: ClassVar[str] = "NotFound"

    def __init__(
        self,
        message: str,
        *,
        item_id: str = "",
        advice: str = "",
        upstream: str | None = None,
        retry: Retry | None = None,
    ) -> None:
        """Describe a missing thing, with the ``item_id`` that was asked for."""
        super().__init__(message, advice=advice, upstream=upstream, retry=retry)
        self.item_id = item_id


class WrongSubtypeError(CallerError):
    """The item exists but is not of the kind the operation needs."""

    kind: ClassVar[str] = "WrongSubtype"


class RejectedError(CallerError):
    """Provena understood the request and refused its content."""

    kind: ClassVar[str] = "Rejected"


class DepthLimitError(CallerError):
    """The deployment caps the depth of one lineage query (10 by default, provena-http 2.1)."""

    kind: ClassVar[str] = "DepthLimit"

    def __init__(self, limit: int) -> None:
        """Describe a query deeper than the deployment's ``limit`` in hops."""
        super().__init__(
            f"This Provena answers at most {limit} hops in one query.",
            advice=f"Ask for depth {limit} or less, or let the lineage tools walk on from there.",
        )
        self.limit = limit


class AccessError(ProvenaError):
    """The caller is not who the operation needs."""

    kind: ClassVar[str] = "Access"
    fault: Fault = "access"
    retry: Retry = "after_change"


class NotLoggedInError(AccessError):
    """No token, or one that has expired and cannot be renewed."""

    kind: ClassVar[str] = "NotLoggedIn"


class LoginPendingError(NotLoggedInError):
    """A login has been started and waits for a person with a browser; then it goes on by itself."""

    kind: ClassVar[str] = "LoginPending"
    retry: Retry = "later"

    def __init__(self, message: str, *, url: str, user_code: str, minutes: int) -> None:
        """Describe a login at ``url``, with the code that its page shows or asks for, for ``minutes``."""
        super().__init__(
            message,
            advice=f"Ask the user to open {url} in a browser, to compare the code {user_code} and to log in "
            f"(within {minutes} min); then repeat this call.",
        )
        self.url = url
        self.user_code = user_code
        self.minutes = minutes


class LoginRefusedError(NotLoggedInError):
    """Keycloak refused a login or its renewal; ``code`` is its OAuth error, e.g. ``invalid_grant``."""

    kind: ClassVar[str] = "LoginRefused"

    def __init__(self, message: str, *, code: str, advice: str, upstream: str | None = None) -> None:
        """Describe a refusal."""
        super().__init__(message, advice=advice, upstream=upstream)
        self.code = code


class ForbiddenError(AccessError):
    """Logged in, but without the role or the permission on the item."""

    kind: ClassVar[str] = "Forbidden"


class UpstreamError(ProvenaError):
    """A Provena service failed or could not be reached."""

    kind: ClassVar[str] = "Upstream"
    fault: Fault = "deployment"
    retry: Retry = "later"


class UnavailableError(UpstreamError):
    """No connection, or a gateway said that the service is down or overloaded."""

    kind: ClassVar[str] = "Unavailable"


class DeadlineError(UpstreamError):
    """A service did not answer within its deadline."""

    kind: ClassVar[str] = "Deadline"


class MalformedAnswerError(UpstreamError):
    """A service answered something that is not Provena's JSON."""

    kind: ClassVar[str] = "MalformedAnswer"


class MalformedItemError(MalformedAnswerError):
    """A registry item lacks what its subtype needs: the item is at fault, not the answer."""

    kind: ClassVar[str] = "MalformedItem"


class DeploymentError(UpstreamError):
    """A service failed inside (5xx) for a reason the caller cannot change."""

    kind: ClassVar[str] = "Deployment"


class PartlyDoneError(UpstreamError):
    """Of several things to be written one was refused or failed: those before it are done and stay."""

    kind: ClassVar[str] = "PartlyDone"
    retry: Retry = "check_first"


class AmbiguousWriteError(UpstreamError):
    """A write was sent and its answer was lost: it may or may not have happened."""

    kind: ClassVar[str] = "AmbiguousWrite"
    retry: Retry = "check_first"


class OperatorError(ProvenaError):
    """Something on this machine: its settings, files or store."""

    kind: ClassVar[str] = "Operator"


class SettingsError(OperatorError):
    """Settings contradict each other or are incomplete."""

    kind: ClassVar[str] = "Settings"


class StoreError(OperatorError):
    """The embedded store cannot be opened, read or written."""

    kind: ClassVar[str] = "Store"


class FileRefusedError(OperatorError):
    """A file may not be read or written there."""

    kind: ClassVar[str] = "FileRefused"
