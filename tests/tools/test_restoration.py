"""Records written into the lineage graph again: which are taken, and where that stops."""

from pathlib import Path

import pytest

from tests.tools.administration import ADMIN, AGAIN, OUTPUT, RUN, links_of
from tests.worlds.deployment import answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client

STORE = "/prov-api/admin/store_record"
STORE_SEVERAL = "/prov-api/admin/store_records"
STORE_ALL = "/prov-api/admin/store_all_registry_records"


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_run_that_the_graph_has_lost_is_stored_again_by_its_id(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era, **ADMIN) as client:
        before = await links_of(client)
        shown = await call(client, "delete_model_run", model_run_id=RUN)
        await call(client, "delete_model_run", reference=shown["reference"], confirm=True)
        offered = await call(client, "store_record", registry_record={"id": RUN})
        stored = await call(client, "store_record", reference=offered["reference"], confirm=True)
        after = await links_of(client)
    assert (offered["ready"], offered["runs"]) == (True, [{"id": RUN, "name": "Hindcast currents 2016-2017"}])
    assert stored == {
        "status": "succeeded",
        "message": "Written into the lineage graph again. explore_upstream shows what the graph says of a "
        "run now.",
        "provena_said": "Successfully re-lodged item.",
        "count": 1,
        "runs": [{"id": RUN}],
    }
    assert after == before
    assert wire.count(STORE) == 1


@pytest.mark.asyncio
async def test_records_that_provena_would_refuse_are_named_before_they_are_sent(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        full = await call(client, "fetch_items", ids=[RUN], detail="full")
        record = full["items"][0]["record"]
        record["record"]["annotations"] = {}
        shown = await call(
            client, "store_multiple_records", registry_records=[{"id": RUN}, record, {"id": OUTPUT}]
        )
        unchecked = await call(client, "store_record", registry_record=record, validate_record=False)
        done = await call(client, "store_record", reference=unchecked["reference"], confirm=True)
    assert shown["problems"] == [
        {
            "path": "registry_records[2].item_subtype",
            "message": "'sample/1000041' is no complete model run; only such can be stored.",
        },
        {
            "path": "registry_records[1].record.annotations",
            "message": "The workflow template requires annotations that are not given: 'scenario', "
            "'grid_resolution'.",
        },
    ]
    assert (shown["ready"], "reference" in shown) == (False, False)
    assert unchecked["warnings"][0] == (
        "The records are not checked: the graph may come to hold links to nothing."
    )
    assert done["status"] == "succeeded"


@pytest.mark.asyncio
async def test_an_id_that_the_registry_does_not_hold_is_no_record(tmp_path: Path):
    async with sample_client(tmp_path, **ADMIN) as client:
        shown = await call(client, "store_record", registry_record={"id": "sample/9"})
        nothing = await failure(client, "store_multiple_records")
    assert shown["problems"] == [
        {"path": "registry_record.id", "message": "The registry holds no item 'sample/9'."}
    ]
    assert nothing["kind"] == "Argument"


@pytest.mark.asyncio
async def test_the_whole_registry_is_stored_again_by_reference_only(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        unseen = await call(client, "store_all_registry_records", validate_record=False, confirm=True)
        done = await call(client, "store_all_registry_records", reference=unseen["reference"], confirm=True)
    assert (unseen["status"], unseen["count"]) == ("preview", 19)
    assert (done["status"], done["provena_said"]) == (
        "succeeded",
        "Successfully re-lodged all 19 provenance records from the registry.",
    )
    assert wire.count(STORE_ALL) == 1


STOPPED = (
    "Provena stopped at one of the records: those before it, in their order, are stored, those after it are "
    "not. explore_upstream shows what the graph says of a run now. Correct or leave out what Provena names "
    "and store again, with a new preview: what is stored already stays as it is. With validate_record: false "
    "nothing is checked."
)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_refused_record_stops_the_restoration_and_the_consent_to_it_is_used_up(
    tmp_path: Path, era: str
):
    async with provena(tmp_path) as wire, server(wire, era, **ADMIN) as client:
        shown = await call(client, "store_all_registry_records")
        done = await call(client, "store_all_registry_records", reference=shown["reference"], confirm=True)
        again = await call(client, "store_all_registry_records", reference=shown["reference"], confirm=True)
    assert (done["status"], done["message"]) == ("failed", STOPPED)
    assert "Missing required annotations" in done["provena_said"]
    assert again == {**done, "message": f"{AGAIN}{STOPPED}"}
    assert wire.count(STORE_ALL) == 1


@BOTH_ERAS
@pytest.mark.asyncio
async def test_of_several_records_those_before_the_refused_one_are_stored_and_not_sent_again(
    tmp_path: Path, era: str
):
    async with provena(tmp_path) as wire, server(wire, era, **ADMIN) as client:
        full = await call(client, "fetch_items", ids=[RUN], detail="full")
        record = full["items"][0]["record"]
        gone = {**record, "record": {**record["record"], "workflow_template_id": "sample/9"}}
        shown = await call(client, "delete_model_run", model_run_id=RUN)
        await call(client, "delete_model_run", reference=shown["reference"], confirm=True)
        offered = await call(
            client, "store_multiple_records", registry_records=[{"id": RUN}, gone], validate_record=False
        )
        confirm = {"reference": offered["reference"], "confirm": True}
        done = await call(client, "store_multiple_records", **confirm)
        again = await call(client, "store_multiple_records", **confirm)
        links = await links_of(client)
    assert (done["status"], done["message"]) == ("failed", STOPPED)
    assert "sample/9" in done["provena_said"]
    assert again == {**done, "message": f"{AGAIN}{STOPPED}"}
    assert (links > 0, wire.count(STORE_SEVERAL)) == (True, 1)


@pytest.mark.parametrize(
    ("status", "detail", "may_be_sent_again"),
    [
        (400, "Failed to validate an entity's ID in the record, error: something new.", False),
        (401, "Registry API denied access to resource: 401. Error: no.", False),
        (409, "conflict", False),
        (500, "Neo4j is away", False),
        (502, "bad gateway", False),
        (401, "Could not validate credentials", True),
        (422, [{"loc": ["body"], "msg": "value is not a valid list", "type": "type_error.list"}], True),
        (429, "slowly", True),
        (503, "down", True),
    ],
)
@pytest.mark.asyncio
async def test_only_a_refusal_of_the_whole_leaves_a_restoration_to_be_sent_again(
    tmp_path: Path, status: int, detail: object, may_be_sent_again: bool
):
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        shown = await call(client, "store_all_registry_records", validate_record=False)
        wire.spoilt[STORE_ALL] = answering(status, {"detail": detail})
        confirm = {"reference": shown["reference"], "confirm": True}
        await client.call_tool("store_all_registry_records", confirm)
        sent = wire.count(STORE_ALL)
        del wire.spoilt[STORE_ALL]
        await client.call_tool("store_all_registry_records", confirm)
    assert wire.count(STORE_ALL) - sent == may_be_sent_again
