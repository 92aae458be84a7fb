"""A run is registered when the item of the handle that its job names is that run; else the answer says so.

The job does its work in the embedded Provena; then what is answered about it names something else, or the
registry does not show it.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client

from tests.worlds.deployment import Send, Spoil, Wire, a_record, answering, provena, server
from tests.worlds.lying_jobs import JOBS, Json, changed, jobs_naming
from tests.worlds.sample import BOTH_ERAS, call

FETCH = "/registry-api/registry/general/fetch"
LIST = "/registry-api/registry/general/list"
ANOTHER_RUN, A_DATASET = "sample/1000016", "sample/1000012"
LOOK = {"tool": "list_items", "arguments": {"subtype": "MODEL_RUN"}}
ALONE = "That is the word of its job alone: it was not compared with the registry"


def unlisted(run_id: str) -> dict[str, Spoil]:
    """The registry's lists lack the item."""

    def leave_out(body: Json) -> None:
        body["items"] = [item for item in body["items"] if item["id"] != run_id]

    return {LIST: changed(leave_out)}


async def confirmed(client: Client, wire: Wire, spoilt: dict[str, Spoil], **arguments: Any) -> Json:
    """What is told of a change that is sent before everything is spoilt, so that only what follows is."""
    tool = "register_batch_model_runs" if "records" in arguments else "register_model_run"
    shown = await call(client, tool, **arguments)
    assert shown["ready"], shown
    wire.spoilt |= spoilt
    return await call(client, tool, reference=shown["reference"], confirm=True)


def told(result: Json) -> tuple[Any, ...]:
    return tuple(result.get(key) for key in ("status", "message", "model_run_id", "next"))


@pytest.mark.asyncio
@BOTH_ERAS
@pytest.mark.parametrize("named", [ANOTHER_RUN, A_DATASET], ids=["run", "dataset"])
async def test_a_job_that_names_another_item_is_not_believed_and_the_run_is_found(
    tmp_path: Path, era: str, named: str
):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        done = await confirmed(client, wire, jobs_naming(lambda _: named), record=a_record())
        job = await call(client, "get_job", session_id=done["session_id"])
    found = (
        f"Its job names {named}, which is not this run. It is registered as local/1000001: the registry and "
        "the lineage graph hold it."
    )
    fetch = {"tool": "fetch_items", "arguments": {"ids": ["local/1000001"]}}
    assert told(done) == ("succeeded", found, "local/1000001", fetch)
    assert (job["status"], job["finished"], job["model_run_id"], job["note"]) == (
        "succeeded",
        True,
        "local/1000001",
        found,
    )


@pytest.mark.asyncio
async def test_what_came_of_a_run_is_not_known_where_its_job_names_another_and_it_is_not_found(
    tmp_path: Path,
):
    async with provena(tmp_path) as wire, server(wire) as client:
        lies = jobs_naming(lambda _: ANOTHER_RUN) | unlisted("local/1000001")
        done = await confirmed(client, wire, lies, record=a_record())
        job = await call(client, "get_job", session_id=done["session_id"], wait=True)
    unknown = (
        f"Its job names {ANOTHER_RUN}, which is not this run. The registry holds no such run: look with "
        "list_items, subtype MODEL_RUN, before doing it again."
    )
    assert told(done) == ("submitted", unknown, None, LOOK)
    assert (job["status"], job["finished"], "model_run_id" in job, job["note"], job["next"]) == (
        "in_progress",
        False,
        False,
        unknown,
        LOOK,
    )


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        (
            {FETCH: answering(401, {"detail": "You are not authorised to fetch this item."})},
            "You may not read item 'local/1000001'",
        ),
        ({FETCH: answering(500, {"detail": "x"})}, "registry-api failed inside (500, fetch an item)"),
    ],
    ids=["not to be read", "down"],
)
async def test_a_run_that_the_registry_does_not_show_is_told_as_the_word_of_its_job(
    tmp_path: Path, spoilt: dict[str, Spoil], why: str
):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())

        async def once_registered(request: httpx.Request, send: Send) -> httpx.Response:
            wire.spoilt |= spoilt
            return await send(request)

        wire.spoilt[f"{JOBS}fetch"] = once_registered
        done = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
        job = await call(client, "get_job", session_id=done["session_id"])
    assert (done["status"], done["model_run_id"]) == ("succeeded", "local/1000001")
    assert done["message"] == f"Registered as local/1000001. {ALONE} ({why})."
    assert (job["status"], job["finished"], job["model_run_id"]) == ("succeeded", True, "local/1000001")
    assert job["note"] == f"{ALONE} ({why})."


def records(count: int) -> list[Json]:
    return [a_record(display_name=f"Reef run {number}") for number in range(count)]


def name_in(job: Json) -> str:
    return job["payload"]["record"]["display_name"]


@pytest.mark.asyncio
async def test_a_row_of_a_batch_that_names_another_run_is_not_believed_and_its_own_is_found(tmp_path: Path):
    lies = jobs_naming(lambda job: ANOTHER_RUN if name_in(job) == "Reef run 1" else None)
    async with provena(tmp_path) as wire, server(wire) as client:
        done = await confirmed(client, wire, lies, records=records(3))
        items = await call(client, "fetch_items", ids=[row["model_run_id"] for row in done["runs"]])
    assert (done["status"], done["message"]) == ("succeeded", "All 3 runs are registered.")
    assert [item["name"] for item in items["items"]] == [f"Reef run {number}" for number in range(3)]
    reason = f"Its job names {ANOTHER_RUN}, which is not this run. It is registered as "
    assert [row.get("reason", "")[: len(reason)] for row in done["runs"]] == ["", reason, ""]


@pytest.mark.asyncio
async def test_a_row_that_names_the_run_of_another_does_not_hide_it(tmp_path: Path):
    made: dict[str, str] = {}

    def swapped(body: Json) -> None:
        jobs = {name_in(job): job for job in body["jobs"]}
        if len(jobs) == 2 and all(job["result"] for job in jobs.values()):
            made.update({name: job["result"]["record"]["id"] for name, job in jobs.items()})
            jobs["Reef run 0"]["result"]["record"]["id"] = made["Reef run 1"]
            jobs["Reef run 1"].update(status="FAILED", result=None, info="Job failed, err: . Error: ..")

    async with provena(tmp_path) as wire, server(wire) as client:
        done = await confirmed(client, wire, {f"{JOBS}list_batch": changed(swapped)}, records=records(2))
    assert [(row["name"], row["status"], row["model_run_id"]) for row in done["runs"]] == [
        (name, "succeeded", made[name]) for name in ("Reef run 0", "Reef run 1")
    ]


@pytest.mark.asyncio
async def test_a_row_whose_run_is_not_found_is_one_of_which_nothing_is_known(tmp_path: Path):
    lost: list[str] = []

    def misnamed(body: Json) -> None:
        for job in body["jobs"]:
            if name_in(job) == "Reef run 1" and job["result"]:
                lost.append(job["result"]["record"]["id"])
                job["result"]["record"]["id"] = ANOTHER_RUN

    def unlisted(body: Json) -> None:
        body["items"] = [item for item in body["items"] if item["id"] not in lost]

    lies = {f"{JOBS}list_batch": changed(misnamed), LIST: changed(unlisted)}
    async with provena(tmp_path) as wire, server(wire) as client:
        done = await confirmed(client, wire, lies, records=records(3))
        job = await call(client, "get_job", session_id=done["session_id"])
    unknown = (
        "1 row of the batch said to have succeeded, and the registry does not bear it out: what came of it "
        "is not known, see runs. Look for the run by its name before it is registered again."
    )
    assert told(done) == ("submitted", f"Sent. {unknown}", None, LOOK)
    assert [(row["name"], row["status"], "model_run_id" in row) for row in done["runs"]] == [
        ("Reef run 1", "in_progress", False),
        ("Reef run 0", "succeeded", True),
        ("Reef run 2", "succeeded", True),
    ]
    assert done["runs"][0]["reason"].startswith(
        f"Its job names {ANOTHER_RUN}, which is not this run. The reg"
    )
    assert (job["status"], job["finished"], job["note"], job["next"]) == ("in_progress", False, unknown, LOOK)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_of_a_large_batch_the_newest_runs_are_listed_and_others_fetched_unless_the_list_may_lack_them(
    tmp_path: Path,
):
    def no_runs(body: Json) -> None:
        body["items"] = [item for item in body["items"] if item["item_subtype"] != "MODEL_RUN"]

    async with provena(tmp_path) as wire:
        async with server(wire) as client:
            shown = await call(client, "register_batch_model_runs", records=records(25))
            fetched = wire.count(FETCH)
            done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
            compared = wire.count(FETCH) - fetched
            listed = wire.count(LIST)
            again = await call(client, "get_job", session_id=done["session_id"])
            compared_again = wire.count(FETCH) - fetched + wire.count(LIST) - listed
        async with server(wire) as client:
            wire.spoilt[LIST] = changed(no_runs)
            partly = await call(client, "get_job", session_id=done["session_id"])
        async with server(wire) as client:
            wire.spoilt[LIST] = answering(500, {"detail": "x"})
            unlisted = await call(client, "get_job", session_id=done["session_id"])
    assert (done["message"], compared) == ("All 25 runs are registered.", 0)
    assert (again["status"], compared_again) == ("succeeded", 0)
    assert (partly["status"], partly.get("note")) == ("succeeded", None)
    assert (unlisted["status"], unlisted["note"]) == (
        "succeeded",
        "5 runs were not compared with the registry: see runs.",
    )
    reasons = [[row["reason"] for row in each["runs"] if "reason" in row] for each in (partly, unlisted)]
    assert reasons == [[], [f"{ALONE} (registry-api failed inside (500, list items))."] * 5]


@pytest.mark.asyncio
async def test_a_run_that_was_changed_since_is_still_the_one_that_its_job_registered(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        done = await confirmed(client, wire, {}, record=a_record(study_id=None))
        run = {"model_run_id": done["model_run_id"]}
        for tool, change in (
            ("link_model_run_to_study", {"study_id": "sample/1000031"}),
            ("update_model_run", {"changes": {"display_name": "Renamed"}, "reason": "A better name"}),
        ):
            shown = await call(client, tool, **run, **change)
            ended = await call(client, tool, reference=shown["reference"], confirm=True)
            assert ended["message"] in ("Linked.", "Updated."), ended
            done.setdefault("sessions", []).append(ended["session_id"])
        jobs = [
            await call(client, "get_job", session_id=each) for each in (done["session_id"], *done["sessions"])
        ]
    assert [(job["status"], job["model_run_id"], job.get("note")) for job in jobs] == [
        ("succeeded", run["model_run_id"], None)
    ] * 3


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("tool", "change", "done"),
    [
        ("link_model_run_to_study", {"study_id": "sample/1000031"}, "Linked."),
        ("update_model_run", {"changes": {"display_name": "Renamed"}, "reason": "Better"}, "Updated."),
    ],
    ids=["link", "update"],
)
async def test_a_change_is_made_when_the_registry_holds_it(
    tmp_path: Path, tool: str, change: Json, done: str
):
    async with provena(tmp_path) as wire, server(wire) as client:
        run_id = (await confirmed(client, wire, {}, record=a_record(study_id=None)))["model_run_id"]
        as_before = (await call(client, "fetch_items", ids=[run_id], detail="full"))["items"][0]["record"]
        shown = await call(client, tool, model_run_id=run_id, **change)
        spoilt: dict[str, Spoil] = {FETCH: changed(lambda body: body.update(item=as_before))}
        answers: list[tuple[Any, ...]] = []
        for spoil in (spoilt, {FETCH: answering(500, {"detail": "x"})}):

            async def once_sent(
                request: httpx.Request, send: Send, spoil: dict[str, Spoil] = spoil
            ) -> httpx.Response:
                wire.spoilt |= spoil
                return await send(request)

            wire.spoilt[f"{JOBS}fetch"] = once_sent
            answers.append(told(await call(client, tool, reference=shown["reference"], confirm=True)))
            wire.spoilt.clear()
        whole = await call(client, tool, reference=shown["reference"], confirm=True)
    fetch = {"tool": "fetch_items", "arguments": {"ids": [run_id]}}
    assert answers[0] == (
        "submitted",
        "Its job says that it is done. The registry does not hold the new record. fetch_items shows the run "
        "as it is.",
        run_id,
        fetch,
    )
    again = "It had been sent with this reference before and was not sent again. "
    assert answers[1][0] == "succeeded"
    assert answers[1][1].startswith(f"{again}{done} {ALONE} (registry-api"), answers[1]
    assert (whole["status"], whole["message"]) == ("succeeded", f"{again}{done}")
