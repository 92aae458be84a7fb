"""Which Provena is behind the server: a deployment over the network, or the embedded one in process."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from provena_mcp.embedded.provena import EmbeddedProvena
from provena_mcp.embedded.store_path import resolve_store_path
from provena_mcp.errors import SettingsError, StoreError
from provena_mcp.queries.which_provena import WhichProvena
from provena_mcp.settings import Settings

if TYPE_CHECKING:
    import httpx

    from provena_mcp.application import MirrorStanding
    from provena_mcp.client import ClientLimits, Personal, ProvenaClient, TokenProvider

Preparations = Iterable[Callable[[], object]]
OnDemand = Callable[[], "ProvenaClient"]

_IN_PROCESS: Final = ("httpx", "provena_mcp.server.in_process", "provena_mcp.embedded.app")
_HOW_TO_FILL: Final = (
    "Fill it with 'provena-mcp local load FILE' (registry items as JSON), try 'provena-mcp serve --sample', "
    "or point the server at a deployment with PROVENA_DOMAIN and PROVENA_REALM."
)


def _preparations(modules: Iterable[str] = ()) -> Iterator[Callable[[], object]]:
    yield from (partial(import_module, name) for name in (*modules, "provena_mcp.client.preparations"))
    from provena_mcp.client.preparations import PREPARATIONS

    yield from PREPARATIONS


@dataclass(frozen=True)
class Backend:
    """How to say which Provena answers, and how to reach it.

    Attributes:
        which: What is known of it without asking it.
        client: Opens the way to it; the client is made when it is first wanted.
        subject: Who was logged in at the last request, as their token calls them; none if nobody was.
        mirror: What answers in its place.
        preparations: Steps that make what the first requests need; none of them touches the network.
    """

    which: Callable[[], WhichProvena]
    client: Callable[[], AbstractAsyncContextManager[OnDemand]]
    subject: Callable[[], str | None] = lambda: None
    mirror: MirrorStanding | None = None
    preparations: Callable[[], Preparations] = _preparations


def choose_backend(
    settings: Settings,
    *,
    sample: bool,
    personal: Personal = "stored",
    tokens: TokenProvider | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    limits: ClientLimits | None = None,
    now: Callable[[], float] = time.time,
) -> Backend:
    """The deployment that ``settings`` name, else the embedded Provena (or its sample world).

    Args:
        settings: What the operator set.
        sample: Answer from the shipped sample world instead.
        personal: What the login of the person at this machine is good for at a deployment.
        tokens: Another login to a deployment than the settings describe.
        transport: Another way to a deployment than the network.
        limits: Other deadlines and bounds than the client's usual.
        now: Unix seconds, by which a mirror's age is told.

    Raises:
        SettingsError: A deployment is half configured.
    """
    endpoints = None if sample else settings.endpoints()
    if endpoints is None:
        if settings.mirror and not sample:
            raise SettingsError(
                "PROVENA_MIRROR is of a deployment, and none is set.",
                advice="Set PROVENA_DOMAIN and PROVENA_REALM too, or unset PROVENA_MIRROR.",
            )
        return _embedded(
            EmbeddedProvena.sample(settings.store) if sample else EmbeddedProvena(settings.store),
            read_only=settings.read_only,
        )
    # What asks over the network takes time to load, and the embedded Provena needs none of it.
    from provena_mcp.server.deployment_backend import deployment_backend

    deployment = partial(
        *(deployment_backend, endpoints, settings),
        **{"personal": personal, "tokens": tokens, "transport": transport, "limits": limits},
    )
    if settings.mirror is None:
        return deployment()
    # Few have a mirror; what answers from one takes time to load.
    from provena_mcp.mirror.mirror import Mirror
    from provena_mcp.server.mirror_backend import mirrored_backend

    return mirrored_backend(Mirror(settings.mirror, endpoints.registry, clock=now), settings, deployment)


def describe_backend(settings: Settings) -> WhichProvena:
    """Which Provena ``settings`` name; an embedded store that is not there yet is not made.

    Raises:
        SettingsError: A deployment is half configured.
        StoreError: The embedded store cannot be opened.
    """
    if settings.endpoints() is None:
        file = resolve_store_path(settings.store)
        if not file.exists():
            return WhichProvena(kind="embedded", where=str(file), items=0, advice=_HOW_TO_FILL)
        return _describe(EmbeddedProvena(settings.store))
    return choose_backend(settings, sample=False).which()


def _describe(provena: EmbeddedProvena) -> WhichProvena:
    count = provena.count_items()
    return WhichProvena(
        kind="sample" if provena.is_sample else "embedded",
        where=provena.where,
        items=count,
        advice=None if count else _HOW_TO_FILL,
    )


def _embedded(provena: EmbeddedProvena, *, read_only: bool) -> Backend:
    def which() -> WhichProvena:
        try:
            return _describe(provena)
        except StoreError as error:
            # The server starts all the same: every call says what is wrong.
            kind = "sample" if provena.is_sample else "embedded"
            return WhichProvena(kind=kind, where=provena.where, advice=f"{error.message} {error.advice}")

    @asynccontextmanager
    async def client() -> AsyncGenerator[OnDemand]:
        async with provena.on_demand() as app, AsyncExitStack() as opened:

            @cache
            def on_demand() -> ProvenaClient:
                from provena_mcp.server.in_process import in_process_client

                made = in_process_client(app, provena, read_only=read_only)
                made.open()
                opened.push_async_callback(made.close)
                return made

            yield on_demand

    return Backend(which=which, client=client, preparations=partial(_preparations, _IN_PROCESS))
