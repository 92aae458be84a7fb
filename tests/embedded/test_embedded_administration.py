"""Administration of the embedded Provena: deleting, restoring, clearing, config, everybody's jobs."""

from __future__ import annotations

import pytest

from provena_mcp.embedded.identity import LOCAL_USER, User
from provena_mcp.embedded.store import Store
from tests.embedded.services_client import ServicesClient, running_services
from tests.worlds.small import Json
from tests.worlds.writable import a_record

DELETE = "/prov-api/model_run/delete"
ADMIN = "/prov-api/admin"
CLEAR = "/prov-api/graph/admin/clear"
JOBS = "/job-api/jobs"
RELODGED = "Successfully re-lodged"

pytestmark = [pytest.mark.asyncio, pytest.mark.usefixtures("writable")]


def changes(diff: list[Json]) -> set[tuple[str, ...]]:
    return {
        (action["action_type"], action["node_id"])
        if "node_id" in action
        else (
            action["action_type"],
            action["link"]["source"]["id"],
            action["link"]["relation"],
            action["link"]["target"]["id"],
        )
        for action in diff
    }


async def test_a_trial_deletion_says_what_a_deletion_then_does(store: Store) -> None:
    async with running_services(store) as services:
        kept = await services.register(a_record())
        gone = await services.register(
            a_record(outputs=[{**a_record()["outputs"][0], "dataset_id": "w/more-waves"}])
        )
        before = await services.links("upstream", gone)
        trial = (await services.post(DELETE, {"record_id": gone, "trial_mode": True})).json()["diff"]
        after_trial = await services.links("upstream", gone)
        real = (await services.post(DELETE, {"record_id": gone})).json()["diff"]
        after = await services.links("upstream", gone)
        of_kept = await services.links("downstream", "w/wind")
        orphan = await services.links("upstream", "w/more-waves")
        again = (await services.post(DELETE, {"record_id": gone})).json()
        item = await services.item(gone)
    shared = ("w/model", "w/wf", "w/in", "w/params", "w/out", "w/wind", "w/settings", "w/jane")
    assert (
        changes(trial)
        == changes(real)
        == {
            *(("REMOVE_RECORD_ID_FROM_NODE", node) for node in shared),
            ("REMOVE_NODE", gone),
            ("REMOVE_NODE", "w/more-waves"),
            ("REMOVE_LINK", gone, "used", "w/wind"),
            ("REMOVE_LINK", gone, "used", "w/settings"),
            ("REMOVE_LINK", gone, "used", "w/model"),
            ("REMOVE_LINK", gone, "used", "w/wf"),
            ("REMOVE_LINK", gone, "wasAssociatedWith", "w/jane"),
            ("REMOVE_LINK", "w/more-waves", "wasGeneratedBy", gone),
            ("REMOVE_LINK", "w/more-waves", "wasAttributedTo", "w/jane"),
            ("REMOVE_LINK", "w/more-waves", "wasInfluencedBy", "w/out"),
            ("REMOVE_RECORD_ID_FROM_LINK", "w/wf", "hadMember", "w/in"),
            ("REMOVE_RECORD_ID_FROM_LINK", "w/wf", "hadMember", "w/params"),
            ("REMOVE_RECORD_ID_FROM_LINK", "w/wf", "hadMember", "w/out"),
            ("REMOVE_RECORD_ID_FROM_LINK", "w/wf", "hadMember", "w/model"),
            ("REMOVE_RECORD_ID_FROM_LINK", "w/wind", "wasInfluencedBy", "w/in"),
            ("REMOVE_RECORD_ID_FROM_LINK", "w/settings", "wasInfluencedBy", "w/params"),
        }
    )
    link = next(action["link"] for action in trial if action["action_type"] == "REMOVE_LINK")
    assert set(link) == {"source", "target", "relation", "props"}
    assert link["props"] == {"record_ids": gone}
    assert (after_trial, after, orphan) == (before, set(), set())
    assert of_kept == {(kept, "used", "w/wind")}
    assert again == {"diff": []}
    assert item["record_status"] == "LODGED"


async def test_what_was_cleared_is_restored_from_the_registry(store: Store) -> None:
    async with running_services(store) as services:
        ids = [await services.register(a_record(display_name=name)) for name in ("One", "Two")]
        before = [await services.links("upstream", run_id, 4) for run_id in ids]
        cleared = await services.client.delete(CLEAR)
        empty = [await services.links("upstream", run_id, 4) for run_id in ids]
        restored = await services.post(f"{ADMIN}/store_all_registry_records")
        after = [await services.links("upstream", run_id, 4) for run_id in ids]
    assert cleared.json() == {
        "status": {"success": True, "details": "Successfully ran a clear query on the graph DB!"}
    }
    assert (empty, after) == ([set(), set()], before)
    assert restored.json()["status"]["details"] == (f"{RELODGED} all 2 provenance records from the registry.")


async def test_records_are_stored_in_turn_and_what_came_before_a_failure_stays(store: Store) -> None:
    async with running_services(store) as services:
        ids = [await services.register(a_record(display_name=name)) for name in ("One", "Two", "Three")]
        items = [{"user_metadata": None, **await services.item(run_id)} for run_id in ids]
        await services.client.delete(CLEAR)
        items[1]["record"]["associations"]["modeller_id"] = "w/reef"
        refused = await services.post(f"{ADMIN}/store_records", items)
        lodged = [bool(await services.links("upstream", run_id)) for run_id in ids]
        unchecked = await services.post(f"{ADMIN}/store_record", items[1], validate_record="false")
        forced = await services.links("upstream", ids[1])
        malformed = await services.post(f"{ADMIN}/store_records", [items[0], {**items[2], "record": {}}])
    assert refused.status_code == 400
    assert "Modeller with id w/reef was not a valid person" in refused.json()["detail"]
    assert lodged == [True, False, False]
    assert unchecked.json()["status"] == {"success": True, "details": f"{RELODGED} item."}
    assert (ids[1], "wasAssociatedWith", "w/reef") in forced
    assert malformed.status_code == 422
    assert malformed.json()["detail"][0]["loc"] == ["body", 1, "record", "workflow_template_id"]


async def test_storing_all_of_an_empty_registry_fails_as_in_the_services(store: Store) -> None:
    async with running_services(store) as services:
        answer = await services.post(f"{ADMIN}/store_all_registry_records")
    # provena-http B14
    assert answer.status_code == 500
    assert answer.json()["detail"].endswith("successful but had no item property!")


async def test_the_config_is_a_text_file_of_settings(store: Store) -> None:
    async with running_services(store, depth_cap=12) as services:
        required = await services.get(f"{ADMIN}/config")
        whole = await services.get(f"{ADMIN}/config", required_only=False)
    assert required.headers["content-disposition"] == 'attachment; filename="config.txt"'
    assert required.headers["content-type"] == "text/plain; charset=utf-8"
    assert required.text.splitlines() == [
        "domain_base=embedded",
        "stage=EMBEDDED",
        "registry_api_endpoint=http://embedded/registry-api",
        "job_api_endpoint=http://embedded/job-api",
    ]
    assert whole.text.startswith(required.text)
    assert "depth_upper_limit=12" in whole.text.splitlines()


async def test_jobs_are_listed_newest_first_in_pages_that_join(store: Store) -> None:
    async with running_services(store, clock=lambda: 1000) as services:
        for name in ("One", "Two", "Three", "Four"):
            await services.register(a_record(display_name=name))
        pages = [await _page(services, None)]
        while pages[-1]["pagination_key"]:
            pages.append(await _page(services, pages[-1]["pagination_key"]))
        stale = await services.post(f"{JOBS}/user/list", {"pagination_key": {"session_id": "gone"}})
    names = [[job["payload"]["record"]["display_name"] for job in page["jobs"]] for page in pages]
    assert names == [["Four", "Three"], ["Two", "One"], []]
    assert pages[0]["pagination_key"] == {
        "session_id": pages[0]["jobs"][-1]["session_id"],
        "username": "local",
        "created_timestamp": 1000,
    }
    # A bad page key (provena-http 6.1).
    assert stale.status_code == 500
    assert stale.json()["detail"].startswith("Failed to list jobs, error: ")


async def _page(services: ServicesClient, key: Json | None) -> Json:
    return (await services.post(f"{JOBS}/user/list", {"limit": 2, "pagination_key": key})).json()


async def test_other_users_see_a_job_only_through_the_administration(store: Store) -> None:
    async with running_services(store) as services:
        record = a_record()
        session = (await services.post("/prov-api/model_run/register", record)).json()["session_id"]
        batch = (await services.post("/prov-api/model_run/register_batch", {"records": [record]})).json()
        batch_id = (await services.job(batch["session_id"]))["result"]["batch_id"]
    other = User("other", "o@example.org", ("job-service-read",))
    async with running_services(store, identify=lambda request: other) as services:
        own = await services.get(f"{JOBS}/user/fetch", session_id=session)
        own_batch = await services.post(f"{JOBS}/user/list_batch", {"batch_id": batch_id})
        any_job = (await services.get(f"{JOBS}/admin/fetch", session_id=session)).json()
        of_local = (await services.post(f"{JOBS}/admin/list", {"username_filter": "local"})).json()
        any_batch = (await services.post(f"{JOBS}/admin/list_batch", {"batch_id": batch_id})).json()
        unknown = await services.get(f"{JOBS}/user/fetch", session_id="nope")
        launch = await services.post(f"{JOBS}/admin/launch", {})
    assert (own.status_code, own.json()["detail"]) == (401, "Not authorised to view this record.")
    assert own_batch.status_code == 401
    assert own_batch.json()["detail"] == "Batch contains items which you do not own. Not authorised."
    assert any_job["job"]["username"] == "local"
    assert [job["job_sub_type"] for job in of_local["jobs"]] == [
        "MODEL_RUN_PROV_LODGE",
        "MODEL_RUN_BATCH_SUBMIT",
        "MODEL_RUN_PROV_LODGE",
    ]
    assert [job["batch_id"] for job in any_batch["jobs"]] == [batch_id]
    assert (unknown.status_code, unknown.json()) == (400, {"detail": "Item was not found."})
    assert launch.status_code == 401


async def test_administrators_launch_jobs_for_others_if_the_payload_fits(store: Store) -> None:
    payload = {"record": a_record(), "revalidate": True}
    launch = {"job_type": "PROV_LODGE", "job_sub_type": "MODEL_RUN_PROV_LODGE", "username": "jane"}
    async with running_services(store) as services:
        started = (
            await services.post(
                f"{JOBS}/admin/launch", {**launch, "job_payload": payload, "request_batch_id": True}
            )
        ).json()
        refused = await services.post(f"{JOBS}/admin/launch", {**launch, "job_payload": {"record": {}}})
        mismatch = await services.post(
            f"{JOBS}/admin/launch", {**launch, "job_type": "REPORT", "job_payload": payload}
        )
    jane = User("jane", "j@example.org", LOCAL_USER.roles)
    async with running_services(store, identify=lambda request: jane) as services:
        (job,) = await services.batch(started["batch_id"])
    assert (job["session_id"], job["username"], job["status"]) == (
        started["session_id"],
        "jane",
        "SUCCEEDED",
    )
    for answer in (refused, mismatch):
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("Invalid payload supplied: ")


async def test_a_run_can_be_lodged_again_by_jobs(store: Store) -> None:
    async with running_services(store) as services:
        run_id = await services.register(a_record())
        before = await services.links("upstream", run_id)
        await services.client.delete(CLEAR)
        jobs = [
            await services.job((await services.post(f"{JOBS}/admin/launch", launch)).json()["session_id"])
            for launch in (
                _lodging("MODEL_RUN_LODGE_ONLY", run_id, record=a_record()),
                _lodging("MODEL_RUN_UPDATE_LODGE_ONLY", run_id, updated_record=a_record()),
                _lodging("MODEL_RUN_LODGE_ONLY", run_id, record=a_record(workflow_template_id="w/gone")),
                {"job_type": "PROV_LODGE", "job_sub_type": "PROV_LODGE_WAKE_UP", "job_payload": {}},
            )
        ]
        after = await services.links("upstream", run_id)
    assert [(job["status"], list(job["result"] or ())) for job in jobs] == [
        ("SUCCEEDED", ["record"]),
        ("SUCCEEDED", []),
        ("FAILED", []),
        ("SUCCEEDED", []),
    ]
    assert after == before


def _lodging(subtype: str, run_id: str, **records: Json) -> Json:
    payload = {"model_run_record_id": run_id, "revalidate": False, **records}
    return {"job_type": "PROV_LODGE", "job_sub_type": subtype, "job_payload": payload}


async def test_a_template_that_is_gone_stops_restoring_even_unchecked(store: Store) -> None:
    async with running_services(store) as services:
        item = await services.item(await services.register(a_record()))
        await services.client.delete("/registry-api/registry/general/delete", params={"id": "w/wf"})
        gone = await services.post(f"{ADMIN}/store_record", item, validate_record=False)
        no_list = await services.post(f"{ADMIN}/store_records", item)
        no_page = await services.post(f"{JOBS}/user/list", {"limit": 0})
    assert (gone.status_code, no_list.status_code, no_page.status_code) == (400, 422, 500)
    assert gone.json()["detail"].startswith(
        "Workflow definition with id: w/wf failed validation with error: Failed to retrieve item"
    )
