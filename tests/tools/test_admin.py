"""What administrators do: nothing without the reference of its preview, no secret in any result."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from provena_mcp.commands.generate_config import mask_config
from tests.recordings.recorded import RECORDINGS, read_exchanges
from tests.worlds.deployment import Asked, Send, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client

RUN = "sample/1000042"
OUTPUT = "sample/1000041"
DELETE = "/prov-api/model_run/delete"
DELETE_ITEM = "/registry-api/registry/activity/model_run/delete"
STORE = "/prov-api/admin/store_record"
STORE_SEVERAL = "/prov-api/admin/store_records"
STORE_ALL = "/prov-api/admin/store_all_registry_records"
CONFIG = "/prov-api/admin/config"
AGAIN = "It had been sent with this reference before and was not sent again. "

ADMIN: dict[str, Any] = {"toolsets": "all"}


async def links_of(client: Any) -> int:
    found = await call(client, "explore_upstream", starting_id=RUN, depth=1)
    return found["totals"]["links"]


@pytest.mark.asyncio
async def test_administration_is_off_unless_asked_for_and_gone_when_read_only(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        usual = {tool.name for tool in (await client.list_tools()).tools}
    async with sample_client(tmp_path, toolsets="admin", read_only=True) as client:
        reading = {tool.name for tool in (await client.list_tools()).tools}
    async with sample_client(tmp_path, toolsets="admin") as client:
        hints = {
            tool.name: (tool.annotations.read_only_hint, tool.annotations.destructive_hint)
            for tool in (await client.list_tools()).tools
            if tool.annotations is not None
        }
    assert not {"delete_model_run", "store_record", "generate_config_file"} & usual
    assert reading == {"generate_config_file"}
    assert hints == {
        "generate_config_file": (True, False),
        "store_record": (False, True),
        "store_multiple_records": (False, True),
        "store_all_registry_records": (False, True),
        "delete_model_run": (False, True),
    }


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


SETTINGS = """\
domain_base=rig.test
keycloak_endpoint=https://auth.example.org/auth/realms/rig
service_account_secret_arn=arn:aws:secretsmanager:ap-southeast-2:123456789012:secret:prov-api-svc-QAeOjr
neo4j_host=graph.example.org
neo4j_test_password=rigpass
user_key_id=7af8957f-2150-4010-8836-8af1025646ed
sentry_dsn=
queue_url=https://joe:secret@queue.example.org/
signing_certificate=-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7
-----END PRIVATE KEY-----
stage=DEV"""
MASKED = """\
domain_base=rig.test
keycloak_endpoint=https://auth.example.org/auth/realms/rig
service_account_secret_arn=[hidden]
neo4j_host=graph.example.org
neo4j_test_password=[hidden]
user_key_id=[hidden]
sentry_dsn=
queue_url=[hidden]
signing_certificate=[hidden]
[hidden]
[hidden]
stage=DEV"""


def test_whatever_is_or_looks_like_a_secret_is_hidden():
    masked = mask_config(SETTINGS)
    assert masked.text == MASKED
    assert masked.hidden == (
        "service_account_secret_arn",
        "neo4j_test_password",
        "user_key_id",
        "queue_url",
        "signing_certificate",
    )


def test_of_recorded_settings_the_secrets_and_only_they_are_hidden():
    exchanges = read_exchanges(RECORDINGS / "prov.jsonl")
    (text,) = [each["response"]["text"] for each in exchanges if each["name"] == "prov_admin_config_all"]
    masked = mask_config(text)
    assert masked.hidden == ("service_account_secret_arn", "neo4j_test_password", "user_key_id")
    shown = set(masked.text.splitlines())
    assert {line.partition("=")[0] for line in set(text.splitlines()) - shown} == set(masked.hidden)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_settings_are_shown_without_secrets_and_saved_whole_only_when_confirmed(
    tmp_path: Path, era: str
):
    async def settings(request: httpx.Request, send: Send) -> httpx.Response:
        del request, send
        return httpx.Response(200, text=SETTINGS)

    saved = tmp_path / "saved"
    async with provena(tmp_path) as wire, server(wire, era, output_dir=str(saved), **ADMIN) as client:
        wire.spoilt[CONFIG] = settings
        shown = await call(client, "generate_config_file", save_as="config.txt")
        nothing_yet = saved.exists()
        done = await call(client, "generate_config_file", save_as="config.txt", confirm=True)
    assert (shown["config"], nothing_yet) == (MASKED, False)
    assert "saved_to" not in shown
    assert (done["config"], done["saved_to"]) == (MASKED, str(saved / "config.txt"))
    assert (saved / "config.txt").read_text() == SETTINGS
    assert "rigpass" not in json.dumps([shown, done])


@pytest.mark.asyncio
async def test_who_is_no_administrator_is_told_so(tmp_path: Path):
    detail = "You are not authorised to access this resource as you don't have the correct role."
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        for path in (CONFIG, DELETE):
            wire.spoilt[path] = answering(401, {"detail": detail})
        errors = [
            await failure(client, "generate_config_file"),
            await failure(client, "delete_model_run", model_run_id=RUN),
        ]
    assert {(error["kind"], error["fault"]) for error in errors} == {("Forbidden", "access")}
    assert "entity-registry-admin" in errors[0]["next"]
