"""A deployment that does as little as one can: lineages of chosen sizes, all answers made beforehand.

    python -m benchmarks.deployment PORT SIZES

A lineage of about N items starts at ``bench/N-0``: a dataset, the run that made it, what that used, and so
on within ten hops. Served are the lineage routes upstream, and the registry's items by id and as lists.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import contextmanager

import uvicorn
from pydantic_core import to_json
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from benchmarks.measurement import SERVICES, free_port, process
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.provenance import assert_model_run
from provena_mcp.rules.trails import links_on_trails
from provena_mcp.wire.items import Associations, ModelRunRecord, TemplatedDataset
from provena_mcp.wire.lineage import LINEAGE_ROUTE, LineageQuery

DEPTH = 10
QUERIES: tuple[LineageQuery, ...] = ("upstream", "contributing_datasets", "contributing_agents")
HUGE = 50_000
LARGE, PIECE = 4 * 1024 * 1024, 256 * 1024
CREATED = 1_600_000_000
REEFS = ("Heron", "Moore", "Lizard", "Davies", "Hook", "Agincourt", "Lodestone")
FIELDS = ("degree heating weeks", "larval connectivity", "coral cover", "wave exposure", "nutrient flux")
REGISTRY_SUBTYPE = {"WORKFLOW_TEMPLATE": "MODEL_RUN_WORKFLOW_TEMPLATE"}
Item = dict[str, object]


def start_of(size: int) -> str:
    return f"bench/{size}-0"


def lineage(size: int) -> ProvenanceGraph:
    """All upstream of the start, as model runs assert it: the more items, the more inputs each run has."""
    inputs = max(2, round(size ** (1 / 4)))
    number = 0

    def named() -> str:
        nonlocal number
        number += 1
        return f"bench/{size}-{number}"

    model, study = named(), named()
    people, recipes = [named() for _ in range(1 + size // 1000)], [named() for _ in range(1 + size // 500)]
    parts: list[ProvenanceGraph] = []
    rim = [start_of(size)]
    while rim:
        output, *rim = rim
        room = size - number - 2
        if room < 1:
            break
        used = [named() for _ in range(min(inputs, room))]
        rim += used
        recipe = recipes[number % len(recipes)]
        parts.append(
            assert_model_run(
                named(), _record(recipe, used, output, people[number % len(people)], study), model
            )
        )
    return ProvenanceGraph().merged(parts)


def _record(recipe: str, used: list[str], output: str, person: str, study: str) -> ModelRunRecord:
    def templated(dataset: str) -> TemplatedDataset:
        return TemplatedDataset(dataset_template_id=f"{recipe}-data", dataset_id=dataset)

    return ModelRunRecord(
        workflow_template_id=recipe,
        inputs=tuple(map(templated, used)),
        outputs=(templated(output),),
        display_name="run",
        description="run",
        study_id=study,
        associations=Associations(modeller_id=person),
        start_time=CREATED,
        end_time=CREATED + 1,
    )


def answers(size: int) -> Iterator[tuple[tuple[str, str], bytes]]:
    """What each route answers to the start of a lineage; of a huge one, the plain route alone."""
    whole = lineage(size)
    for query in QUERIES if size < HUGE else QUERIES[:1]:
        links = links_on_trails(whole, start_of(size), query, DEPTH).links
        ends = {end for link in links for end in (link.source, link.target)}
        nodes = [
            {"id": node, "item_category": kind.category, "item_subtype": kind.subtype}
            for node, kind in whole.nodes.items()
            if node in ends
        ]
        graph = {
            "directed": True,
            "multigraph": False,
            "graph": {},
            "nodes": nodes,
            "links": [{"type": type_, "source": source, "target": target} for source, type_, target in links],
        }
        status = {"success": True, "details": f"Made lineage query {query}."}
        body = {"status": status, "record_count": len(nodes), "graph": graph}
        yield (LINEAGE_ROUTE[query], start_of(size)), to_json(body)


def items(size: int) -> Iterator[Item]:
    for place, (node, kind) in enumerate(lineage(size).nodes.items()):
        name = f"{FIELDS[place % 5].capitalize()} at {REEFS[place % 7]} Reef, {2000 + place % 24}"
        subtype = REGISTRY_SUBTYPE.get(kind.subtype, kind.subtype)
        item: Item = {
            "id": node,
            "owner_username": "bench",
            "created_timestamp": CREATED,
            "updated_timestamp": CREATED,
            "item_category": kind.category,
            "item_subtype": subtype,
            "record_type": "COMPLETE_ITEM",
            "display_name": name,
            "history": [],
        }
        if subtype == "MODEL_RUN":
            run = _record("bench/recipe", [], "bench/output", "bench/person", "bench/study")
            item |= {"record": run.model_dump(mode="json", exclude_none=True), "prov_serialisation": ""}
        elif subtype == "MODEL_RUN_WORKFLOW_TEMPLATE":
            # Without it the item is malformed: its name would be asked for by every call.
            item["software_id"] = "bench/model"
        yield item


def application(sizes: list[int]) -> Starlette:
    lineages = dict(answer for size in sizes for answer in answers(size))
    # What is asked about a huge lineage needs no names.
    registry = {str(item["id"]): item for size in sizes if size < HUGE for item in items(size)}
    status: Item = {"success": True, "details": ""}

    async def explore(request: Request) -> Response:
        return _json(lineages[request.url.path, request.query_params["starting_id"]])

    async def fetch(request: Request) -> Response:
        item = registry[request.query_params["id"]]
        return _json(to_json({"status": status, "item": item, "item_is_seed": False, "roles": []}))

    async def listed(request: Request) -> Response:
        asked = await request.json()
        subtype = (asked.get("filter_by") or {}).get("item_subtype")
        first, size = (asked.get("pagination_key") or {}).get("first", 0), asked.get("page_size", 20)
        found = [item for item in registry.values() if subtype in (None, item["item_subtype"])]
        page = found[first : first + size]
        key = {"first": first + size} if first + size < len(found) else None
        answer = {"status": status, "items": page, "total_item_count": len(page), "pagination_key": key}
        return _json(to_json(answer))

    async def up(_: Request) -> Response:
        return _json(b"{}")

    return Starlette(
        routes=[
            Route("/", up),
            *(Route(LINEAGE_ROUTE[query], explore) for query in QUERIES),
            Route("/registry/general/fetch", fetch),
            Route("/registry/general/list", listed, methods=["POST"]),
        ]
    )


def _json(body: bytes) -> Response:
    if len(body) <= LARGE:
        return Response(body, media_type="application/json")
    # At once it would copy all of it, and answer nobody else meanwhile.
    return StreamingResponse(
        _pieces(body), headers={"content-length": str(len(body))}, media_type="application/json"
    )


async def _pieces(body: bytes) -> AsyncGenerator[bytes]:
    for begin in range(0, len(body), PIECE):
        yield body[begin : begin + PIECE]


@contextmanager
def deployed(sizes: list[int]) -> Generator[dict[str, str]]:
    """A process that holds one lineage of each size; yields the environment that points at it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with process(["-m", "benchmarks.deployment", str(port), ",".join(map(str, sizes))], base):
        yield {f"PROVENA_{name}_API": base for name in SERVICES} | {"PROVENA_ACCESS_TOKEN": "x"}


def main() -> None:
    port, sizes = sys.argv[1:]
    uvicorn.run(
        application([int(size) for size in sizes.split(",")]),
        host="127.0.0.1",
        port=int(port),
        log_level="error",
        http="h11",
    )


if __name__ == "__main__":
    main()
