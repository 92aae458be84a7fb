"""A job that fails half-way, and what it leaves.

The job does its work in the embedded Provena; then what the steps after the failure made is taken
back, and the job is answered as failed or without its result, as the services would have it.
"""

import json
from collections.abc import Callable
from typing import Any, Literal

import httpx

from tests.worlds.deployment import BASE, Send, Wire

JOBS = "/job-api/jobs/user/"
LOST = "Job failed, err: An error occurred while lodging the provenance record. Error: .."
Step = Literal["registry", "graph", "result"]


class Breakdown:
    """Runs are registered, and their jobs break down at ``step``; ``affects`` says whose."""

    def __init__(self, wire: Wire, step: Step, affects: Callable[[str], bool] = lambda name: True) -> None:
        self._step = step
        self._affects = affects
        self._undone: set[str] = set()
        wire.spoilt |= {f"{JOBS}{route}": self._answer for route in ("fetch", "list", "list_batch")}

    async def _answer(self, request: httpx.Request, send: Send) -> httpx.Response:
        answer = await send(request)
        body = json.loads(await answer.aread())
        for job in (body.get("job"), *body.get("jobs", ())):
            if job and job["job_sub_type"] in ("MODEL_RUN_PROV_LODGE", "MODEL_RUN_UPDATE") and job["result"]:
                await self._break(job, request.headers, send)
        return httpx.Response(answer.status_code, json=body)

    async def _break(self, job: dict[str, Any], headers: httpx.Headers, send: Send) -> None:
        record = job["payload"].get("record") or job["payload"]["updated_record"]
        if not self._affects(record["display_name"]):
            return
        run_id = job["result"]["record"]["id"]
        job |= {"status": "FAILED", "info": LOST, "result": None}
        if self._step != "result" and run_id not in self._undone:
            self._undone.add(run_id)
            body = {"record_id": run_id, "trial_mode": False}
            await send(request_as("POST", "/prov-api/model_run/delete", headers, json=body))
            if self._step == "registry":
                path = "/registry-api/registry/activity/model_run/delete"
                await send(request_as("DELETE", path, headers, params={"id": run_id}))


def request_as(method: str, path: str, headers: httpx.Headers, **more: Any) -> httpx.Request:
    """A request with the login of another's ``headers``."""
    return httpx.Request(method, BASE + path, headers={"authorization": headers["authorization"]}, **more)
