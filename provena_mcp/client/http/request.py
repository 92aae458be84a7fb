"""One request to Provena, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Service = Literal["prov", "registry", "job", "search", "auth", "data", "keycloak", "storage"]
Method = Literal["GET", "POST", "PUT", "DELETE"]

# read:  changes nothing (some POSTs do not either), so it may be repeated.
# start: begins a job or a login whose loss harms nobody; sent once, and a lost answer is an ordinary failure.
# write: sent once; a lost answer means nobody knows whether it happened.
Effect = Literal["read", "start", "write"]
Role = Literal["any", "read", "write", "admin"]

# welcome: sent if there is one, for routes that answer anybody; never: the address is its own permission.
TokenUse = Literal["required", "welcome", "never"]

SERVICE_NAME: Final[Mapping[Service, str]] = {
    "prov": "prov-api",
    "registry": "registry-api",
    "job": "job-api",
    "search": "the search service",
    "auth": "auth-api",
    "data": "data-api",
    "keycloak": "Keycloak",
    "storage": "the file storage",
}

FIND_JOB: Final = "Look with `jobs.list` whether it arrived before sending it again."
FIND_ITEM: Final = "Look with `registry.list`, newest first, whether it happened before sending it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file sent as multipart form data."""

    field_name: str
    filename: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, and what is needed to tell what its failure means.

    Attributes:
        name: What the call does, for messages: "register a model run".
        path: Path below the service's base URL; for ``storage`` a whole URL.
        params: Query parameters; httpx encodes them.
        body: JSON, encoded.
        form: URL-encoded form fields.
        role: Component role the route asks for (provena-http 1.3).
        subjects: Ids the call is about; an error about one of them names it.
        hint: What most often lies behind an unexplained 500 of this route.
        find_out: How to learn whether a write whose answer was lost has happened.
        in_turn: Whether the service writes several things one after the other and ends at the first that
            fails, so that a failure says nothing of those before it.
    """

    service: Service
    method: Method
    path: str
    name: str
    effect: Effect = "read"
    role: Role = "read"
    params: Mapping[str, str | int | bool] | None = None
    body: bytes | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    upload: Upload | None = None
    subjects: tuple[str, ...] = ()
    token: TokenUse = "required"
    hint: str = ""
    find_out: str = FIND_JOB
    in_turn: bool = False
