"""Answers about jobs that are changed on their way, over a ``Wire``."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from tests.worlds.deployment import Send, Spoil, Wire

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


class FailedJobs:
    """Registrations that fail, by session as ``fails`` says; their run is there if ``leaves`` says so."""

    LOST = "Job failed, err: An error occurred while lodging the provenance record. Error: .."

    def __init__(
        self, wire: Wire, fails: Callable[[str], bool], leaves: Callable[[str], bool] = lambda session: False
    ) -> None:
        self._fails = fails
        self._leaves = leaves
        self._hidden: set[str] = set()
        wire.spoilt |= {f"{JOBS}{route}": changed(self._fail) for route in ("fetch", "list", "list_batch")}
        wire.spoilt["/registry-api/registry/general/list"] = changed(self._hide)

    def _fail(self, body: Json) -> None:
        for job in (body.get("job"), *body.get("jobs", ())):
            if job and job["result"] and "record" in job["result"] and self._fails(job["session_id"]):
                if not self._leaves(job["session_id"]):
                    self._hidden.add(job["result"]["record"]["id"])
                job.update(status="FAILED", result=None, info=self.LOST)

    def _hide(self, body: Json) -> None:
        body["items"] = [item for item in body["items"] if item["id"] not in self._hidden]
