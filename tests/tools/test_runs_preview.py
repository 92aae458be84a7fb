"""What a write shows before anything is sent: all that is missing or wrong, in names."""

from pathlib import Path

import httpx
import pytest

from tests.worlds.deployment import (
    LOCAL_PERSON,
    TEMPLATE,
    Send,
    Spoil,
    a_record,
    answering,
    provena,
    server,
)
from tests.worlds.sample import BOTH_ERAS, call, failure

REGISTER = "/prov-api/model_run/register"
TEMPLATE_REF = {"id": TEMPLATE, "name": "Reef hydrodynamics"}


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_partial_record_is_answered_with_what_is_missing_and_what_its_template_asks_for(
    tmp_path: Path, era: str
):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        shown = await call(
            client,
            "register_model_run",
            record={"workflow_template_id": TEMPLATE, "display_name": "Pilot", "annotations": {"notes": "x"}},
            confirm=True,
        )
    assert {key: shown[key] for key in ("status", "ready", "missing")} == {
        "status": "preview",
        "ready": False,
        "missing": ["inputs", "outputs", "description", "start_time", "end_time"],
    }
    assert "reference" not in shown
    assert [problem["path"] for problem in shown["problems"]] == ["annotations"]
    assert shown["run"] == {
        "name": "Pilot",
        "template": TEMPLATE_REF,
        "model": {"id": "sample/1000006", "name": "LagoonFlow"},
        "modeller": {"id": LOCAL_PERSON, "name": "Local user"},
        "annotations": {"notes": "x"},
    }
    assert shown["template_asks"] == {
        "template": TEMPLATE_REF,
        "model": {"id": "sample/1000006", "name": "LagoonFlow"},
        "inputs": [
            {"dataset_template": {"id": "sample/1000007", "name": "Atmospheric forcing"}, "required": True},
            {
                "dataset_template": {"id": "sample/1000008", "name": "Bathymetry and reef outlines"},
                "required": True,
            },
            {
                "dataset_template": {"id": "sample/1000009", "name": "Model settings"},
                "required": False,
                "resources": [
                    {"key": "settings_file", "required": True, "description": "Settings the run read"}
                ],
            },
        ],
        "outputs": [
            {
                "dataset_template": {"id": "sample/1000010", "name": "Currents and temperature"},
                "required": True,
                "resources": [
                    {"key": "restart_file", "required": False, "description": "State to continue from"}
                ],
            }
        ],
        "required_annotations": ["scenario", "grid_resolution"],
        "optional_annotations": ["notes"],
    }
    assert wire.count(REGISTER) == 0


@pytest.mark.asyncio
async def test_without_a_workflow_template_those_there_are_can_be_chosen_from(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run")
    assert shown["missing"][0] == "workflow_template_id"
    assert len(shown["choices"]) == 8
    assert TEMPLATE_REF in shown["choices"]


@pytest.mark.asyncio
async def test_all_that_is_wrong_is_said_at_once_with_what_would_fit(tmp_path: Path):
    record = a_record(
        display_nam="Typo",
        start_time="yesterday",
        study_id="Mesophotic reef pilot",
        associations={"modeller_id": "sample/1000002"},
        annotations={"grid_resolution": "200 m"},
        outputs=[{"dataset_template_id": "sample/1000010", "dataset_id": "sample/1999999", "resource": {}}],
    )
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=record)
    problems = {problem["path"]: problem for problem in shown["problems"]}
    assert set(problems) == {
        "display_nam",
        "outputs[0].resource",
        "start_time",
        "study_id",
        "outputs[0].dataset_id",
        "associations.modeller_id",
        "annotations",
    }
    assert problems["display_nam"]["candidates"][0] == {"id": "display_name"}
    assert problems["outputs[0].resource"]["candidates"] == [{"id": "resources"}]
    assert problems["study_id"]["candidates"][0] == {
        "id": "sample/1000123",
        "name": "Mesophotic reef pilot",
    }
    assert problems["associations.modeller_id"] == {
        "path": "associations.modeller_id",
        "message": "'sample/1000002' is an organisation, not a person.",
        "candidates": problems["associations.modeller_id"]["candidates"],
    }
    assert all(each["id"].startswith("sample/1") for each in problems["outputs[0].dataset_id"]["candidates"])
    assert "'scenario'" in problems["annotations"]["message"]
    assert not shown["ready"]


@pytest.mark.asyncio
async def test_a_modeller_beside_the_associations_is_told_its_place(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record(modeller_id="sample/1000005"))
    assert shown["problems"] == [
        {
            "path": "modeller_id",
            "message": "A record has no field 'modeller_id'. Did you mean 'associations.modeller_id'?",
            "candidates": [{"id": "associations.modeller_id"}],
        }
    ]


@pytest.mark.asyncio
async def test_a_ready_record_is_shown_in_names_with_a_reference_and_nothing_is_sent(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
    assert shown["ready"]
    assert shown["reference"]
    assert (shown["missing"], shown["problems"]) == ([], [])
    assert shown["run"]["inputs"][2] == {
        "id": "sample/1000014",
        "name": "Bottom friction settings",
        "role": "Model settings",
        "resources": {"settings_file": "drag_2026.yaml"},
    }
    assert shown["run"]["study"] == {"id": "sample/1000031", "name": "Reef hindcast 2016-2019"}
    assert shown["warnings"] == [
        "Reef bathymetry and outlines (sample/1000013) has a newer version, 'sample/1000072'."
    ]
    assert wire.count(REGISTER) == 0


@pytest.mark.asyncio
async def test_pasted_addresses_and_local_times_are_understood(tmp_path: Path):
    record = a_record(
        workflow_template_id=f"https://hdl.handle.net/{TEMPLATE}",
        study_id="hdl:sample/1000031",
        start_time="2023-11-15T08:13:20+10:00",
        end_time="2023-11-14T23:13:20Z",
    )
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=record)
    assert shown["ready"]
    assert (shown["run"]["template"], shown["run"]["study"]["id"]) == (TEMPLATE_REF, "sample/1000031")
    assert (shown["run"]["started"], shown["run"]["ended"]) == (
        "2023-11-14T22:13:20Z",
        "2023-11-14T23:13:20Z",
    )


@pytest.mark.asyncio
async def test_a_time_without_its_offset_is_asked_for_again(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record(start_time="2023-11-15T08:13:20"))
    (problem,) = shown["problems"]
    assert problem["path"] == "start_time"
    assert "offset" in problem["message"]


@pytest.mark.asyncio
async def test_the_caller_is_the_modeller_unless_another_is_named(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record(associations=None))
        assert shown["ready"]
        assert shown["run"]["modeller"] == {"id": LOCAL_PERSON, "name": "Local user"}
        assert f"You are taken for the modeller: Local user ({LOCAL_PERSON})." in shown["warnings"]


@pytest.mark.asyncio
async def test_a_run_that_ends_in_the_future_is_warned_of(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, now=lambda: 1_700_000_001.0) as client:
        shown = await call(client, "register_model_run", record=a_record())
    assert "A run ends in the future: check its times." in shown["warnings"]


@pytest.mark.asyncio
async def test_a_record_that_is_no_object_is_an_argument_error(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        error = await failure(client, "register_model_run", record="the run of yesterday")
    assert (error["kind"], error["parameter"]) == ("Argument", "record")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        (answering(200, {"person_id": None, "success": False}), "Your login is linked to no Person"),
        (answering(500, {"detail": "down"}), "Which Person you are could not be looked up"),
    ],
    ids=["unlinked", "not known"],
)
async def test_whoever_is_no_person_is_asked_for_the_modeller(tmp_path: Path, answer: Spoil, warning: str):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt["/auth-api/link/user/lookup"] = answer
        shown = await call(client, "register_model_run", record=a_record(associations=None))
    assert (shown["ready"], shown["missing"]) == (False, ["associations.modeller_id"])
    assert shown["warnings"][0].startswith(warning)


@pytest.mark.asyncio
async def test_an_item_that_may_not_be_read_is_said_to_be_so_and_nothing_is_suggested(tmp_path: Path):
    async def secret(request: httpx.Request, send: Send) -> httpx.Response:
        if request.url.params["id"] == "sample/1000031":
            return httpx.Response(401, json={"detail": "You are not authorised to fetch this item."})
        return await send(request)

    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt["/registry-api/registry/general/fetch"] = secret
        shown = await call(client, "register_model_run", record=a_record())
    assert shown["problems"] == [
        {
            "path": "study_id",
            "message": "You may not read 'sample/1000031', so Provena refuses a run that refers to it.",
        }
    ]
