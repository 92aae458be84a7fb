"""Model runs deleted: what that would change is shown first, and no half of it is done twice."""

from pathlib import Path

import pytest

from tests.tools.administration import ADMIN, AGAIN, OUTPUT, RUN, links_of
from tests.worlds.deployment import Asked, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client

DELETE = "/prov-api/model_run/delete"
DELETE_ITEM = "/registry-api/registry/activity/model_run/delete"


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_deletion_shows_what_it_would_change_and_happens_by_reference(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era, **ADMIN) as client:
        before = await links_of(client)
        shown = await call(client, "delete_model_run", model_run_id=RUN)
        between = await links_of(client)
        done = await call(client, "delete_model_run", reference=shown["reference"], confirm=True)
        again = await call(client, "delete_model_run", reference=shown["reference"], confirm=True)
        after = await links_of(client)
        item = await call(client, "fetch_items", ids=[RUN])
    assert (shown["status"], shown["run"]) == ("preview", {"id": RUN, "name": "Hindcast currents 2016-2017"})
    assert shown["diff"]["counts"]["remove_link"] == 9
    assert {RUN, f"{OUTPUT} wasGeneratedBy {RUN}"} <= set(shown["diff"]["removed"])
    assert (before > 0, between, after) == (True, before, 0)
    assert (done["status"], done["message"]) == (
        "succeeded",
        "It is out of the lineage graph. Its registry item stays.",
    )
    assert again["message"].startswith("It had been sent with this reference before and was not sent again.")
    assert item["items"][0]["id"] == RUN


@pytest.mark.asyncio
async def test_a_run_that_is_out_of_the_graph_already_is_said_to_be(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        first = await call(client, "delete_model_run", model_run_id=RUN)
        await call(client, "delete_model_run", reference=first["reference"], confirm=True)
        shown = await call(client, "delete_model_run", model_run_id=RUN)
        done = await call(client, "delete_model_run", reference=shown["reference"], confirm=True)
    assert shown["warnings"] == [
        "It is out of the lineage graph already: nothing there is left to remove.",
        "Its registry item stays; and_registry deletes that too.",
    ]
    assert (done["status"], done["message"]) == (
        "succeeded",
        "It is out of the lineage graph already. Its registry item stays.",
    )


@pytest.mark.asyncio
async def test_a_trial_or_a_confirmation_without_reference_deletes_nothing(tmp_path: Path):
    asked = Asked()
    async with provena(tmp_path) as wire, server(wire, asked=asked, **ADMIN) as client:
        before = await links_of(client)
        unseen = await call(client, "delete_model_run", model_run_id=RUN, trial=False, confirm=True)
        trial = await call(
            client, "delete_model_run", reference=unseen["reference"], trial=True, confirm=True
        )
        after = await links_of(client)
    assert (unseen["status"], trial["status"]) == ("preview", "preview")
    assert (after, asked.questions) == (before, [])


@pytest.mark.asyncio
async def test_a_deletion_from_the_registry_too_is_for_good(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        shown = await call(client, "delete_model_run", model_run_id=RUN, and_registry=True)
        done = await call(client, "delete_model_run", reference=shown["reference"], confirm=True)
        item = await call(client, "fetch_items", ids=[RUN])
    assert shown["warnings"] == ["Its registry item is deleted for good: the handle will lead nowhere."]
    assert (done["status"], done["message"]) == (
        "succeeded",
        "It is out of the lineage graph and out of the registry.",
    )
    assert item["not_found"] == [RUN]


@pytest.mark.asyncio
async def test_what_was_previewed_without_the_registry_is_not_confirmed_with_it(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        shown = await call(client, "delete_model_run", model_run_id=RUN)
        more = await call(
            client, "delete_model_run", reference=shown["reference"], and_registry=True, confirm=True
        )
    assert more["status"] == "preview"
    assert more["reference"] != shown["reference"]


@pytest.mark.asyncio
async def test_half_a_deletion_says_which_half_is_done(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        shown = await call(client, "delete_model_run", model_run_id=RUN, and_registry=True)
        wire.spoilt[DELETE_ITEM] = answering(503, {"detail": "down"})
        done = await call(client, "delete_model_run", reference=shown["reference"], confirm=True)
    assert done["status"] == "failed"
    assert done["message"].startswith(
        "It is out of the lineage graph; its registry item could not be deleted: "
    )


@pytest.mark.asyncio
async def test_only_model_runs_are_deleted(tmp_path: Path):
    async with sample_client(tmp_path, **ADMIN) as client:
        errors = [
            await failure(client, "delete_model_run", **arguments)
            for arguments in ({"model_run_id": OUTPUT}, {"model_run_id": "sample/9"}, {})
        ]
    assert [error["kind"] for error in errors] == ["WrongSubtype", "NotFound", "Argument"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 502, 503])
@pytest.mark.asyncio
async def test_whatever_stops_a_deletion_half_way_its_first_half_is_not_sent_again(
    tmp_path: Path, status: int
):
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        shown = await call(client, "delete_model_run", model_run_id=RUN, and_registry=True)
        trials = wire.count(DELETE)
        wire.spoilt[DELETE_ITEM] = answering(status, {"detail": "no"})
        confirm = {"reference": shown["reference"], "confirm": True}
        done = await call(client, "delete_model_run", **confirm)
        deletions = wire.count(DELETE) - trials
        del wire.spoilt[DELETE_ITEM]
        again = await call(client, "delete_model_run", **confirm)
    assert (done["status"], again) == ("failed", {**done, "message": f"{AGAIN}{done['message']}"})
    # A confirmation looks once more what the deletion would change, then deletes.
    assert (deletions, wire.count(DELETE) - trials) == (2, 2)
