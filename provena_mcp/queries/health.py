"""Which Provena answers, whether each of its services does, and who is asking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import Field

from provena_mcp.client import ProvenaClient
from provena_mcp.errors import NotLoggedInError, ProvenaError
from provena_mcp.queries.briefs.models import Brief, Ref, utc
from provena_mcp.queries.items import Reader

Kind = Literal["embedded", "sample", "deployment"]


class WhichProvena(Brief):
    """The Provena behind this server."""

    kind: Kind
    where: str = Field(description="The store's file, or the deployment's domain.")
    items: int | None = Field(default=None, description="Items in the embedded store.")
    version: str | None = None
    advice: str | None = None


class You(Brief):
    """The caller as this Provena knows them."""

    person: Ref | None = Field(default=None, description="The linked Person; none means writes are refused.")
    roles: tuple[str, ...] = ()
    can_write: bool = False
    login: str | None = Field(default=None, description="Why nobody is logged in, and what to do.")


class Health(Brief):
    """State of this Provena."""

    provena: WhichProvena
    services: dict[str, str] = Field(description="Service -> ok, or what is wrong.")
    you: You
    now: str = Field(description="UTC.")


async def check_health(reader: Reader, provena: WhichProvena, now: Callable[[], float]) -> Health:
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
    outcomes, you, version = await asyncio.gather(
        asyncio.gather(*(_state(probe) for probe in probes.values())), _who(reader), _version(client)
    )
    return Health(
        provena=provena.model_copy(update={"version": version}),
        services=dict(zip(probes, outcomes, strict=True)),
        you=you,
        now=utc(now()) or "",
    )


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
    try:
        roles, can_write, person = await asyncio.gather(
            _roles(reader.client), _can_write(reader.client), _person(reader)
        )
    except NotLoggedInError as error:
        return You(login=f"{error.message} {error.advice}")
    return You(person=person, roles=roles, can_write=can_write and person is not None)


async def _roles(client: ProvenaClient) -> tuple[str, ...]:
    try:
        return (await client.prov.check_access("general")).roles
    except NotLoggedInError:
        raise
    except ProvenaError:
        return ()


async def _can_write(client: ProvenaClient) -> bool:
    try:
        await client.prov.check_access("write")
    except ProvenaError:
        return False
    return True


async def _person(reader: Reader) -> Ref | None:
    try:
        person_id = await reader.client.auth.linked_person()
    except ProvenaError:
        return None
    if person_id is None:
        return None
    found = await reader.names.of(reader.caller, {person_id: "PERSON"})
    return Ref(id=person_id, name=found.names.get(person_id))
