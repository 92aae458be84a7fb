"""Whom a caller means by an owner: a username, a Person's id, or themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provena_mcp.errors import ArgumentError, ProvenaError
from provena_mcp.queries.items.reader import Reader
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import clean

_PEOPLE: Final = 3
_NAME: Final = 60
_GIVE: Final = "Give a username, the id of a Person who has one, or 'me'."


@dataclass(frozen=True, slots=True)
class Owner:
    """A username; ``doubt`` says why there may be no such user."""

    username: str
    doubt: str | None = None


async def owner_meant(reader: Reader, owner: str) -> Owner:
    """The user that ``owner`` means.

    Raises:
        ArgumentError: It is a name and no username, or a Person without one.
        NotFoundError: There is no such Person.
    """
    if owner.casefold() == "me":
        person = await reader.client.auth.linked_person()
        if person is None:
            raise ArgumentError("No Person is linked to you.", parameter="owner", advice="Give a username.")
    elif "/" in owner:
        person = parse_handle(owner, "owner")
    else:
        return await _user(reader, owner.strip())
    username = (await reader.client.registry.fetch(person)).owner_username
    if username is None or await reader.client.auth.linked_person(username) != person:
        raise ArgumentError(
            f"No username is known of {person!r}.", parameter="owner", advice="Give a username."
        )
    return Owner(username)


async def person_meant(reader: Reader, given: str, parameter: str) -> str:
    """The id of the Person that ``given`` means: an id, ``me``, or a name that only one Person has.

    Raises:
        ArgumentError: Nobody or several are called so, or no Person is linked to the caller.
    """
    if given.strip().casefold() == "me":
        person = await reader.client.auth.linked_person()
        if person is None:
            raise ArgumentError(
                "No Person is linked to you.", parameter=parameter, advice="Give the id of a Person."
            )
        return person
    if "/" in given:
        return parse_handle(given, parameter)
    people = await _people_called(reader, given.strip())
    if len(people) == 1:
        return people[0].rpartition("(")[2].rstrip(")")
    shown = clean(given, _NAME)
    if people:
        raise ArgumentError(
            f"{len(people)} people are called {shown!r}.",
            parameter=parameter,
            advice=f"Give the id: {' or '.join(people)}.",
        )
    raise ArgumentError(
        f"Nobody is called {shown!r}.",
        parameter=parameter,
        advice="search_items with subtype PERSON finds people by a part of their name.",
    )


async def _user(reader: Reader, username: str) -> Owner:
    try:
        if await reader.client.auth.linked_person(username) is not None:
            return Owner(username)
    except ProvenaError:
        return Owner(username)
    # Who is linked to no Person may still own people and organisations (provena-http 7.2).
    shown, people = clean(username, _NAME), await _people_called(reader, username)
    if people or any(letter.isspace() for letter in username):
        advice = f"Did you mean {' or '.join(people)}? Give the id." if people else _GIVE
        raise ArgumentError(f"No user is called {shown!r}.", parameter="owner", advice=advice)
    return Owner(username, f"No user {shown!r} is linked to a Person: is the username right? {_GIVE}")


async def _people_called(reader: Reader, name: str) -> list[str]:
    """The Persons whose names hold all words of ``name``, as 'name (id)'."""
    words = set(name.casefold().split())
    try:
        hits = await reader.client.search.search(name, "PERSON", _PEOPLE) if words else ()
    except ProvenaError:
        return []
    named = await reader.names.of(reader.caller, {hit.id: "PERSON" for hit in hits})
    return [
        f"{found} ({item_id})"
        for item_id, found in named.names.items()
        if words <= set(found.casefold().split())
    ]
