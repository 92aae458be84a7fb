"""``provena-mcp doctor``: looks at everything a call depends on, and says how to fix what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from provena_mcp.cli.findings import Diagnosis, failed, ok
from provena_mcp.cli.login import winning_settings
from provena_mcp.cli.network_checks import NetworkChecks, Resolve, resolve
from provena_mcp.cli.status import LINK_PERSON, ROLES_OF, tool_lines
from provena_mcp.client import ProvenaClient, TokenProvider, token_provider_from
from provena_mcp.client.login.keycloak import Clock
from provena_mcp.client.login.login_store import Keyring
from provena_mcp.embedded.standing import count_items
from provena_mcp.embedded.store import Store
from provena_mcp.errors import ForbiddenError, ProvenaError, SettingsError
from provena_mcp.queries.health import UNLINKED
from provena_mcp.rules.text import clean, plural
from provena_mcp.server.backend import describe_backend
from provena_mcp.settings import Endpoints, Settings
from provena_mcp.tools.toolsets import select_tools

_ASK_FOR_ROLES: Final = (
    "Ask the administrators of this Provena for them, then log in again: a login keeps the roles of its day."
)


@dataclass(frozen=True)
class Doctor:
    """Examines what ``read_settings`` gives; ``clock`` gives Unix seconds, ``resolve`` a host's addresses.

    The login is looked for in ``keyring``, else in the system's.
    """

    read_settings: Callable[[], Settings]
    clock: Clock = time.time
    resolve: Resolve = resolve
    keyring: Keyring | None = None

    async def examine(self) -> list[Diagnosis]:
        """Every finding; what fails is a finding, never an error."""
        try:
            settings = self.read_settings()
            endpoints = settings.endpoints()
            tokens = token_provider_from(settings, clock=self.clock, keyring=self.keyring)
            select_tools(settings.toolsets, read_only=settings.read_only, local=True)
        except SettingsError as error:
            return [failed("settings", error)]
        found = [ok("settings", _settings_in_words(settings))]
        if endpoints is None:
            return found + _embedded(settings)
        return found + _mirror(settings) + await self._deployment(settings, endpoints, tokens)

    async def _deployment(
        self, settings: Settings, endpoints: Endpoints, tokens: TokenProvider
    ) -> list[Diagnosis]:
        try:
            client = ProvenaClient(endpoints, tokens=tokens, clock=self.clock)
        except SettingsError as error:
            return [failed("settings", error)]
        async with client:
            network = await NetworkChecks(endpoints, self.clock, self.resolve).run(client)
            return network + await self._login(settings, tokens, client)

    async def _login(
        self, settings: Settings, tokens: TokenProvider, client: ProvenaClient
    ) -> list[Diagnosis]:
        try:
            token = await tokens.token()
            user = await client.prov.check_access("general")
        except ProvenaError as error:
            return [failed("login", error)]
        source = next(iter(winning_settings(settings)), "'provena-mcp login'" if token else "no token")
        name = clean(user.username or "somebody", 100)
        found = [ok("login", f"{name}, through {source}"), _roles(user.roles)]
        tools = select_tools(settings.toolsets, read_only=settings.read_only, local=True)
        allowed, *refused = tool_lines(tools, user.roles)
        found.append(Diagnosis("note" if refused else "ok", "tools", "; ".join([allowed, *refused])))
        return [*found, await _person(client), await _version(client)]


def _settings_in_words(settings: Settings) -> str:
    given = sorted(f"PROVENA_{name.upper()}" for name in settings.model_fields_set)
    if settings.is_embedded:
        return "no deployment is set, so the embedded Provena answers"
    return f"{', '.join(given)} (values are not shown)"


def _mirror(settings: Settings) -> list[Diagnosis]:
    if settings.mirror is None:
        return []
    which = describe_backend(settings)
    if which.mirror is None or which.mirror.age is None:
        return [Diagnosis("problem", "mirror", which.advice or "It cannot be read.")]
    held = plural(which.items or 0, "item")
    said = f"{which.mirror.file} has {held} as of {which.mirror.as_of}; age: {which.mirror.age}"
    return [ok("mirror", said)]


def _embedded(settings: Settings) -> list[Diagnosis]:
    try:
        store = Store(settings.store)
    except ProvenaError as error:
        return [failed("store", error)]
    try:
        with store.read() as connection:
            count = count_items(connection)
        with store.write():
            pass
    except ProvenaError as error:
        return [failed("store", error)]
    finally:
        store.close()
    found = ok("store", f"{store.path} can be read and written; {plural(count, 'item')}")
    if count:
        return [found]
    how = "Fill it with 'provena-mcp local load FILE', or try 'provena-mcp serve --sample'."
    return [found, Diagnosis("note", "items", "The store is empty.", how)]


def _roles(roles: Sequence[str]) -> Diagnosis:
    missing = [role for role in ROLES_OF["write"] if role not in roles]
    said = f"{', '.join(role for role in roles if role in ROLES_OF['admin']) or 'none that Provena asks for'}"
    if not missing:
        return ok("roles", said)
    lacking = f"{said}; {' and '.join(missing)} missing"
    return Diagnosis("note" if ROLES_OF["read"][0] in roles else "problem", "roles", lacking, _ASK_FOR_ROLES)


async def _person(client: ProvenaClient) -> Diagnosis:
    try:
        person = await client.auth.linked_person()
    except ProvenaError as error:
        return failed("person", error)
    if person is None:
        return Diagnosis("note", "person", f"None is linked. {UNLINKED}", LINK_PERSON)
    return ok("person", f"{clean(person, 100)} is linked")


async def _version(client: ProvenaClient) -> Diagnosis:
    try:
        details = await client.registry.version_details()
    except ForbiddenError as error:
        return Diagnosis("note", "version", error.message)
    except ProvenaError as error:
        return failed("version", error)
    return ok("version", clean(details.tag_name or details.commit_id or "not told", 100))
