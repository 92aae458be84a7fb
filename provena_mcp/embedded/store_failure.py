"""How the embedded services answer when their store fails, so that whoever shares their process can tell."""

from __future__ import annotations

import json

from starlette.responses import JSONResponse

from provena_mcp.errors import StoreError


def failed_answer(error: StoreError) -> JSONResponse:
    """The 500 of a service whose store failed, with what is wrong and what to do about it."""
    told = {"message": error.message, "advice": error.advice}
    return JSONResponse({"detail": f"{error.message} {error.advice}", "store": told}, 500)


def failure_in(body: bytes) -> StoreError | None:
    """The failure of the store that the ``body`` of a 500 tells of; none of any other."""
    try:
        told = json.loads(body)["store"]
        return StoreError(told["message"], advice=told["advice"])
    except (ValueError, LookupError, TypeError):
        return None
