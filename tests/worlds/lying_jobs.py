"""Answers about jobs that are changed on their way, over a ``Wire``."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.worlds.deployment import Send, Spoil

JOBS = "/job-api/jobs/user/"

Json = dict[str, Any]


def changed(change: Callable[[Json], None]) -> Spoil:
    """The real answer, changed in place."""

    async def spoil(request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        body = json.loads(await answer.aread())
        change(body)
        return httpx.Response(answer.status_code, json=body)

    return spoil


def jobs_naming(names: Callable[[Json], str | None]) -> dict[str, Spoil]:
    """Jobs that succeeded name what ``names`` says of them, where it says something."""

    def rename(body: Json) -> None:
        for job in (body.get("job"), *body.get("jobs", ())):
            if job and job["status"] == "SUCCEEDED" and "record" in job["result"] and (named := names(job)):
                job["result"]["record"]["id"] = named

    return {f"{JOBS}{route}": changed(rename) for route in ("fetch", "list", "list_batch")}
