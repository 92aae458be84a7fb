"""A job that is about something else than was sent proves nothing, however well it agrees with itself."""

from pathlib import Path
from typing import Any

import pytest

from tests.worlds.deployment import a_record, provena, server
from tests.worlds.lying_jobs import JOBS, Json, changed
from tests.worlds.sample import call

# A run of the sample world, and whose record it has.
OTHER = "sample/1000016"

RUN: Json = {"record": a_record(study_id=None)}
CHANGES: dict[str, Json] = {
    "register_model_run": RUN,
    "register_batch_model_runs": {"records": [a_record(), a_record(display_name="The second")]},
    "update_model_run": {"changes": {"display_name": "Renamed"}, "reason": "A better name"},
    "link_model_run_to_study": {"study_id": "sample/1000031"},
}


@pytest.mark.asyncio
@pytest.mark.parametrize("tool", CHANGES)
async def test_a_job_about_something_else_than_was_sent_is_not_believed(tmp_path: Path, tool: str):
    async with provena(tmp_path) as wire, server(wire) as client:
        other = (await call(client, "fetch_items", ids=[OTHER], detail="full"))["items"][0]["record"][
            "record"
        ]

        def of_the_other(body: Json) -> None:
            job = body["job"]
            for key, value in (("record", other), ("updated_record", other), ("model_run_record_id", OTHER)):
                if key in job["payload"]:
                    job["payload"][key] = value
            if "records" in job["payload"]:
                job["payload"]["records"][0] = other
            if job["result"] and "record" in job["result"]:
                job["result"]["record"]["id"] = OTHER

        async def confirmed(tool: str, **arguments: Any) -> Json:
            shown = await call(client, tool, **arguments)
            assert shown["ready"], shown
            return await call(client, tool, reference=shown["reference"], confirm=True)

        run: Json = {}
        if tool in ("update_model_run", "link_model_run_to_study"):
            run = {"model_run_id": (await confirmed("register_model_run", **RUN))["model_run_id"]}
        wire.spoilt[f"{JOBS}fetch"] = changed(of_the_other)
        done = await confirmed(tool, **run, **CHANGES[tool])
    assert (done["status"], done.get("model_run_id"), done["warnings"]) == (
        "submitted",
        run.get("model_run_id"),
        [
            "It was sent, but its job could not be followed: job-api answered with a job about something "
            "else than was sent. Whether it came about, list_items or fetch_items shows."
        ],
    )
