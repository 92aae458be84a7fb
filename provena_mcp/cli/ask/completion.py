"""Ids and names for shell completion, each with the other as its help text where the shell shows that.

Names come from whoever may write to a registry, and end up in a shell's line: what is offered holds
nothing that a shell would act on.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import fields
from typing import TYPE_CHECKING, Final, get_args

import typer

from provena_mcp.errors import ProvenaError

if TYPE_CHECKING:
    from provena_mcp.settings import Settings
    from provena_mcp.wire.subtypes import ItemSubtype

    Kinds = tuple[ItemSubtype, ...]

# Whoever types waits: after this there are no completions.
_SECONDS: Final = 2.5
_MOST: Final = 100
_UNSAFE_IN_ID: Final = re.compile(r"[^\w./:-]")
_UNSAFE_IN_NAME: Final = re.compile(r"[^\w ,./()+-]")
_TO_ESCAPE: Final = re.compile(r"([ ,()])")

Offer = tuple[str, str]
"""What is put into the line, and what stands beside it."""


def complete_item(context: typer.Context, incomplete: str) -> list[Offer]:
    """Items whose id or name begins so; none where that cannot be found out soon."""
    return _complete(context, incomplete, None)


def complete_run(context: typer.Context, incomplete: str) -> list[Offer]:
    """As ``complete_item``, model runs only."""
    return _complete(context, incomplete, ("MODEL_RUN",))


def complete_run_or_study(context: typer.Context, incomplete: str) -> list[Offer]:
    """As ``complete_item``, model runs and studies only."""
    return _complete(context, incomplete, ("MODEL_RUN", "STUDY"))


def complete_study(context: typer.Context, incomplete: str) -> list[Offer]:
    """As ``complete_item``, studies only."""
    return _complete(context, incomplete, ("STUDY",))


def complete_type(incomplete: str) -> list[str]:
    """Types of items."""
    from provena_mcp.wire.subtypes import SUBTYPES

    return [kind for kind in SUBTYPES if kind.startswith(incomplete.upper())]


def complete_group(incomplete: str) -> list[str]:
    """What items are counted by."""
    from provena_mcp.queries.items.counts import GroupBy

    return [word for word in get_args(GroupBy) if word.startswith(incomplete)]


def complete_order(incomplete: str) -> list[str]:
    """What items are sorted by."""
    from provena_mcp.queries.items.lists import SortBy

    return [word for word in get_args(SortBy) if word.startswith(incomplete)]


def complete_filter(incomplete: str) -> list[str]:
    """Names of filters."""
    from provena_mcp.queries.items.filters import ItemFilters

    return [f"{field.name}=" for field in fields(ItemFilters) if field.name.startswith(incomplete)]


def _complete(context: typer.Context, incomplete: str, kinds: Kinds | None) -> list[Offer]:
    from provena_mcp.settings import read_settings
    from provena_mcp.wire.subtypes import NAMED_SUBTYPES

    sample, kinds = bool(context.params.get("sample")), kinds or NAMED_SUBTYPES
    try:
        settings = read_settings()
        if sample or settings.endpoints() is None:
            found = _built_in(incomplete, kinds, settings, sample=sample)
        else:
            from provena_mcp.cli.session import run

            found = run(_deployed(incomplete, kinds, settings))
    except (ProvenaError, TimeoutError):
        # The command that follows says what is wrong.
        return []
    return [offer for item_id, name in found if (offer := _offer(item_id, name, incomplete))]


def _offer(item_id: str, name: str, typed: str) -> Offer | None:
    """The id, or the name where that is what is being typed; nothing if a shell might act on it."""
    if item_id.startswith(typed):
        return None if _UNSAFE_IN_ID.search(item_id) else (item_id, _UNSAFE_IN_NAME.sub(" ", name))
    if not name.startswith(typed) or _UNSAFE_IN_NAME.search(name) or _UNSAFE_IN_ID.search(item_id):
        return None
    return _for_shell(name), item_id


def _for_shell(name: str) -> str:
    """A name as the line needs it: bash puts it there as it is, the others quote it themselves."""
    words = os.environ.get("COMP_WORDS", "")
    is_bare = os.environ.get("_PROVENA_MCP_COMPLETE") == "complete_bash" and not re.search(r"['\"]", words)
    return _TO_ESCAPE.sub(r"\\\1", name) if is_bare else name


def _built_in(typed: str, kinds: Kinds, settings: Settings, *, sample: bool) -> list[Offer]:
    """Ids and names out of the store itself: what asks over HTTP takes most of a second to load."""
    from provena_mcp.embedded import EmbeddedProvena

    named = EmbeddedProvena.sample if sample else EmbeddedProvena
    provena = named(settings.store, patience=_SECONDS)
    try:
        return provena.beginning_with(typed, kinds, _MOST)
    finally:
        provena.close()


async def _deployed(typed: str, kinds: Kinds, settings: Settings) -> list[Offer]:
    """Ids and names that fit at a deployment, best first."""
    import asyncio

    from provena_mcp.queries.items.names import Names
    from provena_mcp.queries.items.reader import Reader, RecentItems
    from provena_mcp.queries.items.suggestions import Suggestions
    from provena_mcp.server.backend import choose_backend

    backend = choose_backend(settings.model_copy(update={"read_only": True}), sample=False)
    async with asyncio.timeout(_SECONDS), backend.client() as on_demand:
        client = on_demand()
        names = Names(client.registry, clock=time.monotonic)
        reader = Reader(client, names, "local", RecentItems(clock=time.time))
        suggestions = Suggestions(clock=time.monotonic, sleep=_at_once)
        found = await suggestions.ids(reader, "ask", kinds, typed)
        named = await names.of_ids(reader.caller, found.ids)
        return [(item_id, named.names.get(item_id) or "") for item_id in found.ids]


async def _at_once(_: float) -> None:
    """No pause: a shell asks only when it is told to."""
