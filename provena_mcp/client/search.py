"""The search service (provena-http 7.7)."""

from __future__ import annotations

from typing import ClassVar

from provena_mcp.client.checks import distinct_hits
from provena_mcp.client.http.request import Call, Service
from provena_mcp.client.http.transport_errors import malformed
from provena_mcp.client.service import ServiceApi, require_success, required
from provena_mcp.errors import ArgumentError
from provena_mcp.wire.registry import SearchAnswer, SearchHit
from provena_mcp.wire.subtypes import ItemSubtype


class SearchApi(ServiceApi):
    """Finds items by words."""

    service: ClassVar[Service] = "search"

    async def search(
        self, query: str, subtype: ItemSubtype | None = None, limit: int = 10
    ) -> tuple[SearchHit, ...]:
        """Ids of matching items, best first; at most 50, and some may not be readable to the caller.

        Raises:
            ArgumentError: The query is blank or the limit below 1 (0 would mean the service's default).
        """
        if limit < 1:
            raise ArgumentError(f"limit {limit} is below 1.", parameter="limit")
        params: dict[str, str | int] = {"query": required(query, "query"), "record_limit": limit}
        if subtype:
            params["subtype_filter"] = subtype
        call = Call(
            service="search", method="GET", path="/search/entity-registry", name="search", params=params
        )
        answer = await self._ask(call, SearchAnswer)
        require_success(call, answer.status)
        if answer.results is None:
            raise malformed(call, "success, but no results")
        return distinct_hits(call, answer.results)[:limit]
