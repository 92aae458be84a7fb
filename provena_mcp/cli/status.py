"""``provena-mcp status``: who is logged in to which deployment, what that allows, and until when."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from provena_mcp.cli.login import Say, say, winning_settings
from provena_mcp.client import ProvenaClient, TokenProvider, token_provider_from
from provena_mcp.client.login.keycloak import Clock
from provena_mcp.client.login.login_store import Keyring
from provena_mcp.client.login.token_providers import KeycloakTokens
from provena_mcp.errors import NotLoggedInError, ProvenaError
from provena_mcp.next_call import naming_tools
from provena_mcp.queries.health import UNLINKED
from provena_mcp.recording.person import remember_person
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.text import clean
from provena_mcp.settings import Settings
from provena_mcp.tools.definition import ToolDefinition
from provena_mcp.tools.toolsets import select_tools
from provena_mcp.wire.claims import Claims, read_claims

Level = Literal["any", "read", "write", "admin"]

# Cumulative: writing needs reading too (provena-http 1.3).
ROLES_OF: Final[dict[Level, tuple[str, ...]]] = {
    "any": (),
    "read": ("entity-registry-read",),
    "write": ("entity-registry-read", "entity-registry-write"),
    "admin": ("entity-registry-read", "entity-registry-write", "entity-registry-admin"),
}
LINK_PERSON: Final = "Link your account to your Person in Provena's web pages."
_ANYBODYS: Final = frozenset({"health", "jobs"})


async def show_status(
    settings: Settings, *, say: Say = say, clock: Clock = time.time, keyring: Keyring | None = None
) -> bool:
    """Say all that is known about the login; whether there is one that works, or none is needed.

    A login is renewed in passing, so that a session that has ended at Keycloak is not called alive.

    Raises:
        SettingsError: The deployment is half set.
        UpstreamError: Keycloak failed or could not be reached.
    """
    endpoints = settings.endpoints()
    if endpoints is None:
        say("Provena: the embedded one; it asks for no login and allows everything.")
        return True
    say(f"Provena: {settings.domain or endpoints.prov} (realm {endpoints.keycloak or 'not set'})")
    tokens = token_provider_from(settings, clock=clock, keyring=keyring)
    async with ProvenaClient(endpoints, tokens=tokens, clock=clock) as client:
        try:
            token = await tokens.token()
        except NotLoggedInError as error:
            say(f"Login: none. {error.message} {naming_tools(error.advice)}")
            return False
        if token is None:
            say("Login: none. No Keycloak is set, so requests go without one.")
            return True
        claims = read_claims(token)
        if claims and claims.exp is not None and claims.exp <= clock():
            say(f"Login: {_source(settings)}, but it expired at {_time(claims.exp)}. Get another.")
            return False
        person = await _person(client)
    _say_login(settings, tokens, claims, person, say)
    return True


def level_of(tool: ToolDefinition) -> Level:
    """What the services ask for before they do what ``tool`` does."""
    if tool.toolset == "admin":
        return "admin"
    if tool.effect != "reads":
        return "write"
    return "any" if tool.toolset in _ANYBODYS else "read"


def _say_login(
    settings: Settings, tokens: TokenProvider, claims: Claims | None, person: str, say: Say
) -> None:
    name = clean(claims.preferred_username, 100) if claims and claims.preferred_username else "somebody"
    say(f"Login: {name}, through {_source(settings)}")
    say(f"Person: {person}")
    if claims is None:
        say("Roles: not known, since the token is opaque to all but Provena")
    else:
        ours = [role for role in claims.roles if role in ROLES_OF["admin"]]
        say(f"Roles: {', '.join(ours) or 'none that Provena asks for'}")
        tools = select_tools(settings.toolsets, read_only=settings.read_only, local=True)
        say(f"Tools: {'; '.join(tool_lines(tools, claims.roles))}")
    say(f"Until: {_until(tokens, claims)}")


def tool_lines(tools: Sequence[ToolDefinition], roles: Sequence[str]) -> list[str]:
    """Which of ``tools`` these roles allow, and which roles the others lack."""
    lacking: dict[str, list[str]] = {}
    for tool in tools:
        if missing := [role for role in ROLES_OF[level_of(tool)] if role not in roles]:
            lacking.setdefault(" and ".join(missing), []).append(tool.name)
    refused = sum(map(len, lacking.values()))
    lines = [f"{len(tools) - refused} of {len(tools)} may be used"]
    return lines + [f"not {', '.join(names)}, without {role}" for role, names in lacking.items()]


def _source(settings: Settings) -> str:
    return next(iter(winning_settings(settings)), "'provena-mcp login'")


async def _person(client: ProvenaClient) -> str:
    try:
        person = await client.auth.linked_person()
    except ProvenaError as error:
        return f"not known. {error.message} {naming_tools(error.advice)}".rstrip()
    if person is None:
        return f"none linked. {UNLINKED} {LINK_PERSON}"
    await _remember(client, person)
    return person


async def _remember(client: ProvenaClient, person_id: str) -> None:
    """Let captures name this Person; where that cannot be kept, they name the user of this machine."""
    try:
        item = await client.registry.fetch(person_id)
        remember_person(person_id, clean(item.display_name or person_id, NAME_LENGTH))
    except (ProvenaError, OSError):
        return


def _until(tokens: TokenProvider, claims: Claims | None) -> str:
    if isinstance(tokens, KeycloakTokens):
        end = f"until {_time(tokens.ends_at)} if unused" if tokens.ends_at else "until it is ended"
        return f"renewed by itself, {end}"
    return f"{_time(claims.exp)}; it cannot be renewed" if claims and claims.exp else "not known"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
