"""Which Provena answers, whether each of its services does, and who is asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import Field

from provena_mcp.errors import NotLoggedInError, ProvenaError, UpstreamError
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.briefs.models import Brief, Ref
from provena_mcp.queries.which_provena import WhichProvena
from provena_mcp.rules.times import utc

if TYPE_CHECKING:
    from provena_mcp.client import ProvenaClient
    from provena_mcp.queries.items.reader import Reader

Answer = TypeVar("Answer")

# What the registry refuses to those of whom it could not say who made it (provena-http 7.2).
UNLINKED: Final = "Without one, models, templates, studies and datasets cannot be created; all else can."


class You(Brief):
    """The caller as this Provena knows them."""

    person: Ref | None = Field(default=None, description=f"The linked Person, unless unknown. {UNLINKED}")
    roles: tuple[str, ...] = ()
    can_write: bool = Field(default=False, description="Whether the login has the role for it.")
    login: str | None = Field(default=None, description="Why nobody is logged in, and what to do.")
    unknown: str | None = Field(default=None, description="Why not all of this could be found out.")


class GetHealthCheckResult(Brief):
    """State of this Provena."""

    provena: WhichProvena
    services: dict[str, str] = Field(description="Service -> ok, or what is wrong.")
    you: You
    now: str = Field(description="UTC.")


async def check_health(
    reader: Reader, provena: WhichProvena, now: Callable[[], float]
) -> GetHealthCheckResult:
    """Ask every service at once; one that fails is reported, never raised."""
    client = reader.client
    probes: dict[str, Awaitable[object]] = {
        "prov": client.prov.health(),
        "registry": client.registry.health(),
        "search": client.search.health(),
        "jobs": client.jobs.health(),
        "auth": client.auth.health(),
        "data": client.data.health(),
    }
    outcomes, you, version = await together(_states(probes.values()), _who(reader), _version(client))
    return GetHealthCheckResult(
        provena=provena.model_copy(update={"version": version}),
        services=dict(zip(probes, outcomes, strict=True)),
        you=you,
        now=utc(now()) or "",
    )


async def _states(probes: Iterable[Awaitable[object]]) -> tuple[str, ...]:
    return await together(*map(_state, probes))


async def _state(probe: Awaitable[object]) -> str:
    try:
        await probe
    except ProvenaError as error:
        return error.message
    return "ok"


async def _version(client: ProvenaClient) -> str | None:
    try:
        details = await client.registry.version_details()
    except ProvenaError:
        return None
    return details.tag_name or details.commit_id


async def _who(reader: Reader) -> You:
    client = reader.client
    general, write, person_id = await together(
        _outcome(client.prov.check_access("general")),
        _outcome(client.prov.check_access("write")),
        _outcome(client.auth.linked_person()),
    )
    if isinstance(general, NotLoggedInError):
        return You(login=f"{general.message} {general.advice}")
    failures = [outcome for outcome in (general, write, person_id) if isinstance(outcome, UpstreamError)]
    person = await _person(reader, person_id) if isinstance(person_id, str) else None
    return You(
        person=person,
        roles=() if isinstance(general, ProvenaError) else general.roles,
        can_write=not isinstance(write, ProvenaError),
        unknown=" ".join(dict.fromkeys(failure.message for failure in failures)) or None,
    )


async def _outcome(asked: Awaitable[Answer]) -> Answer | ProvenaError:
    try:
        return await asked
    except ProvenaError as error:
        return error


async def _person(reader: Reader, person_id: str) -> Ref:
    found = await reader.names.of(reader.caller, {person_id: "PERSON"})
    return Ref(id=person_id, name=found.names.get(person_id))
