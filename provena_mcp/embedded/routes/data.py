"""data-api: registering datasets (provena-http 7.9). The embedded Provena stores metadata, no files."""

from __future__ import annotations

from typing import Final

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from provena_mcp.embedded.http import AuthorisedRequest, access_checks, guarded, health, read_json, status_of
from provena_mcp.embedded.registrar import Registrar, creation_session
from provena_mcp.embedded.routes.registry_writes import first_item_problem, writing_items
from provena_mcp.rules.items.schema import item_schema_problems, read_item_content
from provena_mcp.rules.records.problems import Problem
from provena_mcp.wire.items import JsonObject

_BUCKET: Final = "embedded"
_MINTED: Final = "Successfully seeded location - see location details."


def routes() -> list[Route]:
    """Everything below the data store's base URL."""
    return [
        health(),
        *access_checks(),
        guarded("/register/mint-dataset", _mint, "write", method="POST"),
    ]


async def _mint(call: AuthorisedRequest) -> Response:
    raw = await read_json(call.request)
    malformed = item_schema_problems(raw, "DATASET", loc=())
    if malformed:
        listed = "; ".join(f"{'.'.join(map(str, problem.loc))}: {problem.msg}" for problem in malformed)
        return _refused(f"Failed to validate metadata against schema, error: {listed}.")
    content = read_item_content(raw, "DATASET")

    def work(registrar: Registrar) -> JsonObject | Problem:
        registrar.person_for("DATASET")
        problem = first_item_problem(registrar.connection, content, "DATASET")
        if problem is not None:
            return problem
        seed = registrar.seed("DATASET")
        return registrar.complete(seed, _dataset(str(seed["id"]), content), "DATASET")

    dataset = await writing_items(call, work)
    if isinstance(dataset, Problem):
        return _refused(f"Registry API responded with an error during validation: {dataset.service_detail}")
    return JSONResponse(
        {
            "status": status_of(_MINTED),
            "handle": dataset["id"],
            "s3_location": dataset["s3"],
            "register_create_activity_session_id": creation_session(dataset),
        }
    )


def _dataset(handle: str, collection_format: JsonObject) -> JsonObject:
    info = collection_format["dataset_info"]
    assert isinstance(info, dict)
    access = info["access_info"]
    assert isinstance(access, dict)
    path = f"datasets/{handle.replace('/', '-')}/"
    return {
        "display_name": info["name"],
        "collection_format": collection_format,
        "s3": {"bucket_name": _BUCKET, "path": path, "s3_uri": f"s3://{_BUCKET}/{path}"},
        "release_history": [],
        "release_status": "NOT_RELEASED",
        "access_info_uri": access["uri"],
    }


def _refused(details: str) -> Response:
    return JSONResponse(
        {
            "status": status_of(details, success=False),
            "handle": None,
            "s3_location": None,
            "register_create_activity_session_id": None,
        }
    )
