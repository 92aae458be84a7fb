"""From crates that others wrote to runs: fitted to a template, and asked about where that fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.rules.budgets import estimate_tokens
from tests.commands.drafts import TOOLSETS, a_crate, a_registry, known, registered, toy
from tests.crates import shapes
from tests.crates.entities import crate, ref, zipped
from tests.worlds.captured import ANSWERS, digest
from tests.worlds.sample import call, failure, world_client


@pytest.mark.asyncio
async def test_a_crate_is_fitted_to_the_template_of_its_model_and_says_how_each_part_was_known(
    tmp_path: Path,
):
    async with toy(tmp_path, a_registry()) as client:
        drafted = await call(
            client,
            "draft_model_runs",
            crate=a_crate(),
            answers={"runs": {"*": {"associations": {"modeller_id": "w/kim"}}}},
        )
        done = await registered(client, drafted)
        again = await call(client, "draft_model_runs", crate=a_crate())
    (run,) = drafted["runs"]
    assert known(run) == [("input", "SST 2024", "handle"), ("output", "heat-stress.nc", "name")]
    assert [each["dataset_template"]["id"] for each in run["files"]] == ["w/sst", "w/stress"]
    assert (run["run"]["model_version"], run["run"]["started"]) == ("a" * 12, "2024-03-01T00:00:00Z")
    assert run["run"]["annotations"][f"sha256:{digest('h')}"] == "output heat-stress.nc in w/by-name"
    assert run["uncertain"][0] == "heat-stress.nc: its dataset is known by its name only."
    assert (drafted["next"]["tool"], done["status"]) == ("register_model_run", "succeeded")
    assert again["runs"][0]["registered_as"] == done["model_run_id"]


@pytest.mark.asyncio
async def test_runs_that_two_documents_call_alike_are_two_runs(tmp_path: Path):
    first, later = tmp_path / "exp1" / "crate", tmp_path / "exp2" / "crate"
    for folder, day in ((first, "01"), (later, "02")):
        folder.mkdir(parents=True)
        times = {"startTime": f"2024-03-{day}T00:00:00Z", "endTime": f"2024-03-{day}T01:00:00Z"}
        (folder / "ro-crate-metadata.json").write_text(a_crate(**times))
    answers = {"runs": {"*": {"associations": {"modeller_id": "w/kim"}}}}
    async with toy(tmp_path, a_registry()) as client:
        drafted = await call(client, "draft_model_runs", crate=str(first), answers=answers)
        done = await registered(client, drafted)
        (first / "heat-stress.nc").write_text("made anew")
        again = await call(client, "draft_model_runs", crate=str(first), answers=answers)
        other = await call(client, "draft_model_runs", crate=str(later), answers=answers)
    assert [each.get("registered_as") for each in (*again["runs"], *other["runs"])] == [
        done["model_run_id"],
        None,
    ]
    assert other["runs"][0]["run"]["started"] == "2024-03-02T00:00:00Z"


@pytest.mark.asyncio
async def test_somebody_the_registry_does_not_know_is_never_replaced_and_their_consent_is_asked_for(
    tmp_path: Path,
):
    async with toy(tmp_path, a_registry()) as client:
        drafted = await call(client, "draft_model_runs", crate=a_crate())
    assert drafted["runs"][0]["run"]["modeller"]["name"] == "Kim Roe"
    assert [(each["name"], each["item"]) for each in drafted["to_create"]] == [
        ("PERSON Kim Roe", {"first_name": "Kim", "last_name": "Roe", "email": "kim@example.org"})
    ]
    assert [(each["ask"], each["answer"]) for each in drafted["questions"]] == [
        (
            "Has this person consented to being recorded? Never assume it. (a person 'Kim Roe')",
            {"items": {"PERSON Kim Roe": {"ethics_approved": True}}},
        )
    ]


@pytest.mark.asyncio
async def test_what_was_not_recorded_is_asked_and_what_is_odd_is_said(tmp_path: Path):
    odd = a_crate(
        startTime="2024-03-01T00:00:00",
        endTime="FIXME",
        actionStatus="http://schema.org/FailedActionStatus",
        error="out of memory",
        agent=[],
    )
    async with toy(tmp_path, a_registry()) as client:
        drafted = await call(client, "draft_model_runs", crate=odd)
    assert [each["answer"] for each in drafted["questions"]] == [
        {"runs": {"Heat stress of 2024": {"end_time": "ISO 8601 with offset"}}}
    ]
    assert set(drafted["runs"][0]["uncertain"]) >= {
        "The start '2024-03-01T00:00:00' does not say its offset from UTC: it was read as UTC.",
        "The end 'FIXME' is not a time.",
        "The run is recorded as failed: out of memory.",
        "Who ran it was not recorded: you are taken for it, if the registry knows you.",
    }


@pytest.mark.asyncio
async def test_a_template_can_be_chosen_or_made_anew_and_one_that_is_not_there_is_an_error(tmp_path: Path):
    async with toy(tmp_path, a_registry()) as client:
        new = await call(client, "draft_model_runs", crate=a_crate(), answers={"workflow_template_id": "new"})
        wrong = await failure(
            client, "draft_model_runs", crate=a_crate(), answers={"workflow_template_id": "w/sst"}
        )
        unknown = await failure(client, "draft_model_runs", crate=a_crate(), answers={"licence": "x"})
    assert "MODEL_RUN_WORKFLOW_TEMPLATE Run of heat.py" in [each["name"] for each in new["to_create"]]
    assert (wrong["message"], unknown["message"]) == (
        "The registry has no workflow template 'w/sst'.",
        "answers has nothing called 'licence' of this form.",
    )


@pytest.mark.asyncio
async def test_a_workflow_is_drafted_as_a_whole_or_in_its_steps(tmp_path: Path):
    async with toy(tmp_path) as client:
        whole = await call(client, "draft_model_runs", crate=shapes.nextflow().decode())
        steps = await call(client, "draft_model_runs", crate=shapes.nextflow().decode(), steps=True)
    assert ([each["run"]["name"] for each in whole["runs"]], whole["steps_left_out"]) == (
        ["Nextflow workflow run 4f1c"],
        2,
    )
    assert [each["run"]["name"] for each in steps["runs"]] == ["REGRID (1)", "publish"]


@pytest.mark.asyncio
async def test_a_crate_is_read_as_a_folder_a_zip_and_text_and_never_from_outside(tmp_path: Path):
    folder = tmp_path / "crates" / "run"
    folder.mkdir(parents=True)
    (folder / "ro-crate-metadata.json").write_bytes(shapes.by_hand())
    (tmp_path / "run.zip").write_bytes(zipped({"ro-crate-metadata.json": shapes.by_hand()}))
    (tmp_path / "away").symlink_to("/etc")
    (tmp_path / "hosted").mkdir()
    async with toy(tmp_path) as client:
        drafts = [
            await call(client, "draft_model_runs", crate=given)
            for given in (str(folder), "crates/run", "run.zip", shapes.by_hand().decode())
        ]
        refused = [
            await failure(client, "draft_model_runs", crate=given)
            for given in ("/etc/passwd", "../x.json", "away/passwd", "nothing.json")
        ]
        none = await failure(client, "draft_model_runs")
        unknown = await failure(client, "draft_model_runs", capture="../../etc")
    async with world_client(tmp_path / "hosted", [], local=False, toolsets=TOOLSETS) as client:
        hosted = await call(client, "draft_model_runs", crate=shapes.by_hand().decode())
        refused_there = [
            (await failure(client, "draft_model_runs", **given))["message"]
            for given in ({"crate": str(folder)}, {"capture": "last"})
        ]
    assert {each["runs"][0]["run"]["name"] for each in (*drafts, hosted)} == {"Make it sepia"}
    assert refused_there == ["This server cannot see your files.", "This server cannot see your captures."]
    assert {each["kind"] for each in refused} == {"FileRefused"}
    assert (none["message"], unknown["kind"]) == ("Nothing is given to draft from.", "Argument")


@pytest.mark.slow
@pytest.mark.asyncio
async def test_many_runs_are_drafted_in_one_short_answer_that_asks_once_for_what_they_share(tmp_path: Path):
    entities: list[dict[str, Any]] = [{"@id": "#heat", "@type": "SoftwareApplication", "name": "heat"}]
    for number in range(100):
        used, made = f"in{number}.csv", f"out{number}.csv"
        entities.append(
            {
                "@id": f"#{number}",
                "@type": "CreateAction",
                "startTime": "2024-03-01T00:00:00Z",
                "endTime": "2024-03-01T01:00:00Z",
                "instrument": ref("#heat"),
                "object": ref(used),
                "result": ref(made),
            }
        )
        entities += [{"@id": name, "@type": "File", "sha256": digest(name)} for name in (used, made)]
    async with toy(tmp_path) as client:
        document = crate(*entities).decode()
        asked = await call(client, "draft_model_runs", crate=document)
        made = {"created_date": {"relevant": True, "value": "2024-02-01"}}
        of_all = ANSWERS["datasets"] | {"dataset_info": ANSWERS["datasets"]["dataset_info"] | made}
        model = {"MODEL heat": ANSWERS["items"]["MODEL flow.py"]}
        answers = {"organisation": ANSWERS["organisation"], "datasets": of_all, "items": model}
        drafted = await call(client, "draft_model_runs", crate=document, answers=answers)
        shown = await call(client, "register_batch_model_runs", **drafted["next"]["arguments"])
        done = await call(client, "register_batch_model_runs", reference=shown["reference"], confirm=True)
    assert (asked["run_count"], asked["create_count"], len(asked["questions"])) == (100, 204, 8)
    assert (shown["create_count"], shown["batch"]["count"]) == (205, 100)
    assert (done["status"], done["create_count"], done["counts"]) == ("succeeded", 205, {"succeeded": 100})
    for answer in (asked, drafted, shown, done):
        assert estimate_tokens(json.dumps(answer, separators=(",", ":"))) <= 4_000
