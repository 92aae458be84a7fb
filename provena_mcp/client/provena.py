"""One Provena, over one shared connection."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from provena_mcp.client.http.auth import TokenProvider
from provena_mcp.client.http.connection import Connection, Sender
from provena_mcp.client.http.limits import DEFAULT_LIMITS, ClientLimits
from provena_mcp.client.http.transports import Breaker
from provena_mcp.client.login.keycloak import Keycloak
from provena_mcp.client.login.token_providers import KeycloakUser
from provena_mcp.rules.large_values import LargeWork
from provena_mcp.settings import Endpoints

if TYPE_CHECKING:
    import httpx

    from provena_mcp.client.auth import AuthApi
    from provena_mcp.client.data import DataApi
    from provena_mcp.client.jobs import JobApi
    from provena_mcp.client.prov import ProvApi
    from provena_mcp.client.raw_items import RawItems
    from provena_mcp.client.registry import RegistryApi
    from provena_mcp.client.search import SearchApi


class ProvenaClient:
    """Asks the services of one Provena: ``prov``, ``registry``, ``search``, ``jobs``, ``auth``, ``data``.

    ``raw_items`` is the registry too, for who keeps copies.

    Use it in one ``async with`` block for the life of the process and share it between tasks: the
    connections, the deadlines and the limit on concurrency are its own. Every method raises the
    errors of ``provena_mcp.errors`` and no others. What asks a service is loaded when it is first wanted.
    ``large_work`` does what large answers need.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        tokens: TokenProvider,
        transport: httpx.AsyncBaseTransport | None = None,
        limits: ClientLimits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
        read_only: bool = False,
        breaker: Breaker | None = None,
        around: Callable[[Sender], Sender] = lambda connection: connection,
    ) -> None:
        """Prepare a client; entering it opens the connections.

        Args:
            endpoints: Base URLs, which may contain a path.
            tokens: Asked for a bearer token before every request.
            transport: Another way to the services than the network, e.g. ``httpx.ASGITransport``.
            limits: Deadlines, concurrency, sizes, repeats.
            clock: Unix seconds, for dates in Retry-After.
            read_only: Refuse to send anything that writes.
            breaker: Another than the usual circuit breaker, e.g. with another clock.
            around: Gives what sends the calls instead of the connection that it is given.

        Raises:
            SettingsError: An endpoint is not an http(s) address.
        """
        connection = around(
            Connection(
                endpoints,
                tokens,
                transport=transport,
                limits=limits,
                clock=clock,
                read_only=read_only,
                breaker=breaker,
            )
        )
        self._connection = connection
        self.large_work = LargeWork(limits.large_bytes)
        self.keycloak = Keycloak(connection)
        self._keycloak_user = tokens if isinstance(tokens, KeycloakUser) else None
        if self._keycloak_user:
            self._keycloak_user.connect(self.keycloak)

    @cached_property
    def prov(self) -> ProvApi:
        """Lineage, and model runs."""
        from provena_mcp.client.prov import ProvApi

        return ProvApi(self._connection, self.large_work)

    @cached_property
    def registry(self) -> RegistryApi:
        """Items."""
        from provena_mcp.client.registry import RegistryApi

        return RegistryApi(self._connection)

    @cached_property
    def search(self) -> SearchApi:
        """Finding items by words."""
        from provena_mcp.client.search import SearchApi

        return SearchApi(self._connection)

    @cached_property
    def jobs(self) -> JobApi:
        """What the services do afterwards."""
        from provena_mcp.client.jobs import JobApi

        return JobApi(self._connection)

    @cached_property
    def auth(self) -> AuthApi:
        """Who is calling."""
        from provena_mcp.client.auth import AuthApi

        return AuthApi(self._connection)

    @cached_property
    def data(self) -> DataApi:
        """Minting datasets."""
        from provena_mcp.client.data import DataApi

        return DataApi(self._connection)

    @cached_property
    def raw_items(self) -> RawItems:
        """Items as they are sent."""
        from provena_mcp.client.raw_items import RawItems

        return RawItems(self._connection)

    def open(self) -> None:
        """Open the connections, until ``close``; an ``async with`` block does both."""
        self._connection.open()

    async def close(self) -> None:
        """Close the connections."""
        if self._keycloak_user:
            await self._keycloak_user.disconnect()
        await self._connection.close()
        self.large_work.close()

    async def __aenter__(self) -> Self:
        """Open the connections."""
        self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()
