"""prov-api: the six lineage queries (provena-http 2.1); the modules beside this have its other routes."""

from __future__ import annotations

import json
import sqlite3
from typing import Final

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from provena_mcp.embedded import items
from provena_mcp.embedded.graph_walk import NeighbourhoodWalk, explore
from provena_mcp.embedded.http import (
    AuthorisedRequest,
    Endpoint,
    access_checks,
    guarded,
    health,
    read_query,
    status_of,
)
from provena_mcp.embedded.routes import bulk, model_runs, prov_admin, reports
from provena_mcp.errors import StoreError
from provena_mcp.rules.graph import Kind, Link
from provena_mcp.wire.lineage import LINEAGE_ROUTE, LineageQuery

_DEFAULT_DEPTH: Final[dict[LineageQuery, int]] = {
    "upstream": 2,
    "downstream": 2,
    "contributing_datasets": 4,
    "effected_datasets": 4,
    "contributing_agents": 4,
    "effected_agents": 4,
}
_MADE: Final[dict[LineageQuery, str]] = {
    "upstream": "lineage query",
    "downstream": "downstream query",
    "contributing_datasets": "upstream contribution query",
    "contributing_agents": "upstream contribution query",
    "effected_datasets": "downstream effect query",
    "effected_agents": "downstream effect query",
}


class _Exploration(BaseModel):
    starting_id: str
    depth: int | None = None


def routes() -> list[Route]:
    """Everything below prov-api's base URL."""
    return [
        health(),
        *access_checks(),
        *(guarded(path, _exploring(query), "read") for query, path in LINEAGE_ROUTE.items()),
        *model_runs.routes(),
        *reports.routes(),
        *prov_admin.routes(),
        *bulk.routes(),
    ]


def _exploring(query: LineageQuery) -> Endpoint:
    async def explore(call: AuthorisedRequest) -> Response:
        asked = read_query(call.request, _Exploration)
        # Depth 0 counts as absent (provena-http B2).
        depth = asked.depth or _DEFAULT_DEPTH[query]
        cap = call.services.depth_cap
        if depth > cap:
            raise HTTPException(400, f"Depth provided is in excess of depth maximum: {cap}.")
        try:
            walk = call.services.adjacency.neighbourhood
            body = await call.store.reading(_answer, asked.starting_id, query, depth, walk)
        except StoreError as error:
            raise HTTPException(500, _failed_query(error.message)) from error
        return Response(body, media_type="application/json")

    return explore


def _answer(
    connection: sqlite3.Connection, start: str, query: LineageQuery, depth: int, walk: NeighbourhoodWalk
) -> bytes:
    _check_start(connection, start)
    if depth < 0:
        raise HTTPException(500, _failed_query(f"a path cannot have {depth} relationships"))
    found = explore(connection, start, query, depth, walk)
    return json.dumps(
        {
            "status": status_of(f"Made {_MADE[query]} (with depth {depth}) to neo4j backend."),
            "record_count": len(found.nodes),
            "graph": {
                "directed": True,
                "multigraph": False,
                "graph": {},
                "nodes": [_node(node, kind) for node, kind in found.nodes.items()],
                "links": [_link(link) for link in found.links],
            },
        },
        ensure_ascii=False,
    ).encode()


def _check_start(connection: sqlite3.Connection, start: str) -> None:
    # The registry is asked as the service, so the caller's rights on the item do not matter.
    if not start:
        raise HTTPException(
            500, "Registry API responded with non 200 code: 500. Error: Unknown details - cannot parse."
        )
    if not items.exists(connection, start):
        gap = " " * 16
        raise HTTPException(
            500,
            f"The provided id {start} was not a valid registry{gap}item. Error from registry lookup: .",
        )


def _failed_query(text: str) -> str:
    return f"Neo4j lineage query experienced an exception: {text}."


def _node(node_id: str, kind: Kind) -> dict[str, str]:
    return {"item_category": kind.category, "item_subtype": kind.subtype, "id": node_id}


def _link(link: Link) -> dict[str, str]:
    return {"type": link.relation, "source": link.source, "target": link.target}
