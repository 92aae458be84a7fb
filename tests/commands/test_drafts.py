"""From what was recorded of runs to their registration: drafted, asked about, confirmed, found again."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from provena_mcp.rules.budgets import estimate_tokens
from tests.crates import shapes
from tests.crates.shapes import crate, ref
from tests.worlds.captured import ANSWERS, capture, captured_file, digest, two_steps
from tests.worlds.deployment import Asked, answering, losing_the_answer, provena, server
from tests.worlds.sample import call, failure, world_client
from tests.worlds.small import dataset, furniture, item, model, model_run, person, template, workflow

TOOLSETS = "default,curation,recording"


@asynccontextmanager
async def toy(folder: Path, items: list[Any] | None = None) -> AsyncGenerator[Client]:
    """A client of an empty Provena, or of one with these items, that reads captures in ``folder``."""
    chosen: dict[str, Any] = {
        "toolsets": TOOLSETS,
        "captures": str(folder / "captures"),
        "input_dirs": str(folder),
    }
    async with world_client(folder, items or [], **chosen) as client:
        yield client


async def registered(client: Client, drafted: dict[str, Any]) -> dict[str, Any]:
    """What comes of a draft that is confirmed as it is."""
    shown = await call(client, drafted["next"]["tool"], **drafted["next"]["arguments"])
    return await call(client, drafted["next"]["tool"], reference=shown["reference"], confirm=True)


def known(run: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The files of a drafted run: side, name, by what each is known."""
    return [(each["side"], each["file"], each["known_by"]) for each in run["files"]]


@pytest.mark.asyncio
async def test_two_captures_of_a_chain_become_two_runs_with_all_they_need_after_one_yes(tmp_path: Path):
    folders = two_steps(tmp_path / "captures")
    names = [folder.name for folder in folders]
    async with toy(tmp_path) as client:
        asked = await call(client, "draft_model_runs", capture=names)
        drafted = await call(client, "draft_model_runs", capture=names, answers=ANSWERS)
        shown = await call(client, "register_batch_model_runs", **drafted["next"]["arguments"])
        done = await call(
            client, "register_batch_model_runs", reference=shown["reference"], expect_new=2, confirm=True
        )
        again = await call(client, "draft_model_runs", capture=names)
        peak = done["runs"][1]["model_run_id"]
        lineage = await call(client, "find_lineage_path", from_id=peak, to_id=done["runs"][0]["model_run_id"])
    assert (asked.get("reference"), [each["ask"].partition("?")[0] for each in asked["questions"]]) == (
        None,
        [
            "What is it, in a sentence",
            "Where is this model documented (its address)",
            "What is it, in a sentence",
            "Where is this model documented (its address)",
            "Which organisation do the new datasets belong to, and does it publish them",
            "Do ethics, indigenous knowledge or export controls matter for the new datasets",
            "Are the files of the new datasets in Provena's data store, or elsewhere (address and words)",
            "Under which licence are the new datasets (its address)",
        ],
    )
    assert [each["name"] for each in shown["to_create"]] == [
        "an organisation: Reef Institute",
        "a dataset: rain.csv",
        "a dataset: flow.csv",
        "a dataset: peak.csv",
        "a dataset template: rain.csv read by flow.py",
        "a dataset template: flow.csv written by flow.py",
        "a model: flow.py",
        "a workflow template: Run of flow.py",
        "a dataset template: peak.csv written by peak.py",
        "a model: peak.py",
        "a workflow template: Run of peak.py",
    ]
    assert (done["status"], done["counts"], len(done["created"])) == ("succeeded", {"succeeded": 2}, 11)
    assert [each["registered_as"] for each in again["runs"]] == [row["model_run_id"] for row in done["runs"]]
    assert [json.loads((each / "registration.json").read_text())["run_id"] for each in folders] == [
        row["model_run_id"] for row in done["runs"]
    ]
    assert lineage["found"] is True


@pytest.mark.asyncio
async def test_a_later_run_of_the_same_program_follows_its_template_and_knows_its_files_by_their_hash(
    tmp_path: Path,
):
    captures = tmp_path / "captures"
    two_steps(captures)
    async with toy(tmp_path) as client:
        first = await call(client, "draft_model_runs", capture=["1-flow", "2-peak"], answers=ANSWERS)
        await registered(client, first)
        capture(
            captures,
            "3-flow",
            "flow.py",
            captured_file("input", "rain.csv", "1\n2\n"),
            captured_file("output", "flow.csv", "9\n"),
            repositories=(),
        )
        (organisation,) = (await call(client, "list_items", subtype="ORGANISATION"))["items"]
        answers = {**ANSWERS, "organisation": organisation["id"]}
        drafted = await call(client, "draft_model_runs", capture="last", answers=answers)
        done = await registered(client, drafted)
    (run,) = drafted["runs"]
    assert known(run) == [("input", "rain.csv", "hash"), ("output", "flow.csv", "new")]
    assert run["run"]["template"]["name"] == "Run of flow.py"
    assert [each["name"] for each in drafted["to_create"]] == ["DATASET flow.csv"]
    assert run["uncertain"] == [
        "Who ran it was not recorded but the account 'kim': you are taken for it, if the registry knows you."
    ]
    assert done["counts"] == {"succeeded": 1}


@pytest.mark.asyncio
async def test_what_is_missing_can_be_created_one_by_one_and_is_found_by_the_next_draft(tmp_path: Path):
    two_steps(tmp_path / "captures")
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", capture="1-flow", answers=ANSWERS)
        alone = {each["name"]: each["reference"] for each in drafted["to_create"] if each.get("reference")}
        for reference in alone.values():
            shown = await call(client, "create_item", reference=reference)
            await call(client, "create_item", reference=shown["reference"], confirm=True)
        (organisation,) = (await call(client, "list_items", subtype="ORGANISATION"))["items"]
        answers = {**ANSWERS, "organisation": organisation["id"]}
        again = await call(client, "draft_model_runs", capture="1-flow", answers=answers)
    assert list(alone) == [
        "ORGANISATION Reef Institute",
        "DATASET_TEMPLATE rain.csv read by flow.py",
        "DATASET_TEMPLATE flow.csv written by flow.py",
        "MODEL flow.py",
    ]
    assert [each["name"] for each in again["to_create"]] == [
        "DATASET rain.csv",
        "DATASET flow.csv",
        "MODEL_RUN_WORKFLOW_TEMPLATE Run of flow.py",
    ]


def a_registry() -> list[Any]:
    """A model with a workflow template of two places, and datasets to know again."""
    return [
        person("w/kim", ethics_approved=True),
        item("w/reef", "ORGANISATION", 1, name="Reef Institute"),
        model("w/heat", source_url="https://example.org/heat"),
        template("w/sst", display_name="Sea surface temperature"),
        template("w/stress", display_name="Heat stress"),
        template("w/other", display_name="Other"),
        workflow(
            "w/wf",
            "w/heat",
            input_templates=[{"template_id": "w/sst"}],
            output_templates=[{"template_id": "w/stress"}],
        ),
        dataset("w/by-handle", display_name="SST 2024"),
        dataset("w/by-name", display_name="heat-stress.nc"),
    ]


def a_crate(**action: Any) -> str:
    """A crate of one run of the model, its input with a handle, its output with a name."""
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "Heat stress of 2024",
        "startTime": "2024-03-01T00:00:00Z",
        "endTime": "2024-03-01T01:00:00Z",
        "instrument": ref("heat.py"),
        "object": ref("sst.nc"),
        "result": ref("heat-stress.nc"),
        "agent": ref("#kim"),
        **action,
    }
    return crate(
        run,
        {
            "@id": "heat.py",
            "@type": "SoftwareSourceCode",
            "name": "heat.py",
            "codeRepository": "git@example.org:heat.git",
            "version": "a" * 40,
        },
        {"@id": "sst.nc", "@type": "File", "name": "SST 2024", "identifier": "hdl:w/by-handle"},
        {"@id": "heat-stress.nc", "@type": "File", "sha256": digest("h")},
        {"@id": "#kim", "@type": "Person", "name": "Kim Roe", "email": "kim@example.org"},
        root={"name": "crate"},
    ).decode()


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
async def test_secrets_that_others_left_in_a_crate_do_not_reach_the_registry(tmp_path: Path):
    document = json.loads(
        a_crate(
            additionalProperty=[
                {
                    "@type": "PropertyValue",
                    "propertyID": "provena:command",
                    "name": "command",
                    "value": "bash -c 'mysql -phunter2' --password hunter2 --year 2020",
                },
                {"@type": "PropertyValue", "name": "DB_PASSWORD", "value": "hunter2"},
                {"@type": "PropertyValue", "name": "author", "value": "Ada"},
            ]
        )
    )
    software = next(each for each in document["@graph"] if each["@id"] == "heat.py")
    software["codeRepository"] = "https://kim:hunter2@example.org/heat.git"
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", crate=json.dumps(document))
    assert "hunter2" not in json.dumps(drafted)
    run = drafted["runs"][0]["run"]
    command = "bash -c 'mysql -p[masked]' --password [masked] --year 2020"
    assert run["description"] == f"Ran: {command}"
    assert {key: value for key, value in run["annotations"].items() if not key.startswith("sha256:")} == {
        "DB_PASSWORD": "[masked]",
        "author": "Ada",
        "provena.program": "heat.py",
        "provena.command": command,
        "provena.commit": "a" * 40,
        "provena.repository": "https://[masked]@example.org/heat.git",
        "provena.recorded-as": run["annotations"]["provena.recorded-as"],
    }
    model = next(each["item"] for each in drafted["to_create"] if each["name"] == "MODEL heat.py")
    assert model["source_url"] == "https://example.org/heat.git"


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
async def test_source_code_that_differed_from_its_commit_never_looks_clean(tmp_path: Path):
    from provena_mcp.recording.captured import Repository

    dirty = (Repository("/toy", commit="c" * 40, dirty=True),)
    capture(tmp_path / "captures", "1", "flow.py", repositories=dirty)
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", capture="1")
    run = drafted["runs"][0]
    assert run["run"]["model_version"] == f"{'c' * 40}-dirty"
    assert run["run"]["annotations"]["provena.commit"] == f"{'c' * 40}-dirty"
    assert "The source code differed from its commit." in run["uncertain"]


@pytest.mark.asyncio
async def test_secrets_that_another_program_wrote_down_are_not_drafted(tmp_path: Path):
    from provena_mcp.recording.captured import Repository

    capture(
        tmp_path / "captures",
        "1",
        "flow.py",
        command=("sudo", "mysql", "-phunter2", "--password=my secret phrase"),
        repositories=(Repository("/toy", commit="c" * 40, remote="https://u:p/w@example.org/x.git"),),
    )
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", capture="1")
    run = drafted["runs"][0]["run"]
    assert run["description"] == "Ran: sudo mysql -p[masked] --password=[masked]"
    assert run["annotations"]["provena.command"] == "sudo mysql -p[masked] --password=[masked]"
    assert run["annotations"]["provena.repository"] == "https://[masked]@example.org/x.git"


@pytest.mark.asyncio
async def test_a_capture_that_was_edited_says_so(tmp_path: Path):
    folder, _ = two_steps(tmp_path / "captures")
    metadata = folder / "ro-crate-metadata.json"
    metadata.write_text(metadata.read_text().replace("rain.csv", "snow.csv"))
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", capture="1-flow")
    assert drafted["runs"][0]["uncertain"][0] == (
        "The capture was edited after it was written: its digest differs."
    )


@pytest.mark.asyncio
async def test_a_crate_is_read_as_a_folder_a_zip_and_text_and_never_from_outside(tmp_path: Path):
    folder = tmp_path / "crates" / "run"
    folder.mkdir(parents=True)
    (folder / "ro-crate-metadata.json").write_bytes(shapes.by_hand())
    (tmp_path / "run.zip").write_bytes(shapes.zipped({"ro-crate-metadata.json": shapes.by_hand()}))
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


@pytest.mark.asyncio
async def test_a_plan_that_stops_half_way_says_what_there_is_and_is_gone_on_with(tmp_path: Path):
    two_steps(tmp_path / "captures")
    asked = Asked()
    async with (
        provena(tmp_path) as wire,
        server(wire, asked=asked, toolsets=TOOLSETS, captures=str(tmp_path / "captures")) as client,
    ):
        drafted = await call(client, "draft_model_runs", capture="1-flow", answers=ANSWERS)
        refusing = answering(400, {"detail": "no"})
        wire.spoilt["/registry-api/registry/entity/model_run_workflow_template/create"] = refusing
        wire.spoilt["/registry-api/registry/entity/model_run_workflow/create"] = refusing
        stopped = await call(
            client, "register_batch_model_runs", **drafted["next"]["arguments"], confirm=True
        )
        again = await call(client, "register_batch_model_runs", **drafted["next"]["arguments"], confirm=True)
        wire.spoilt.clear()
        answers = {**ANSWERS, "organisation": stopped["created"][0]["id"]}
        rest = await call(client, "draft_model_runs", capture="1-flow", answers=answers)
    assert (stopped["status"], [each["name"] for each in stopped["created"]][:3]) == (
        "failed",
        ["Reef Institute", "rain.csv", "flow.csv"],
    )
    assert "could not be created" in stopped["message"]
    assert again["created"] == stopped["created"]
    assert [each["name"] for each in rest["to_create"]] == ["MODEL_RUN_WORKFLOW_TEMPLATE Run of flow.py"]
    assert asked.questions[0].startswith("Create first, for good:\n- an organisation: Reef Institute\n")


@pytest.mark.asyncio
async def test_a_capture_whose_registration_nobody_waited_for_is_told_of_it_by_the_next_draft(tmp_path: Path):
    folder, _ = two_steps(tmp_path / "captures")
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", capture="1-flow", answers=ANSWERS)
        shown = await call(client, drafted["next"]["tool"], **drafted["next"]["arguments"])
        sent = await call(
            client, drafted["next"]["tool"], reference=shown["reference"], confirm=True, wait=False
        )
        before = (folder / "registration.json").exists()
        await call(client, "get_job", session_id=sent["session_id"], wait=True)
        again = await call(client, "draft_model_runs", capture="1-flow")
    assert (sent["status"], before) == ("submitted", False)
    assert json.loads((folder / "registration.json").read_text()) == {
        "run_id": again["runs"][0]["registered_as"]
    }


@pytest.mark.parametrize("lost", [False, True], ids=["queued", "answer lost"])
@pytest.mark.asyncio
async def test_what_is_drafted_again_before_its_job_is_seen_was_submitted_already(tmp_path: Path, lost: bool):
    two_steps(tmp_path / "captures")
    queued = {"status": {"success": True, "details": "queued"}, "session_id": "s-1"}
    async with (
        provena(tmp_path) as wire,
        server(wire, toolsets=TOOLSETS, captures=str(tmp_path / "captures")) as client,
    ):
        drafted = await call(client, "draft_model_runs", capture="1-flow", answers=ANSWERS)
        shown = await call(client, drafted["next"]["tool"], **drafted["next"]["arguments"])
        register = "/prov-api/model_run/register_batch"
        wire.spoilt[register] = losing_the_answer(after_sending=False) if lost else answering(200, queued)
        sending = {"reference": shown["reference"], "confirm": True, "wait": False}
        if lost:
            sent = await failure(client, drafted["next"]["tool"], **sending)
        else:
            sent = await call(client, drafted["next"]["tool"], **sending)
        organisations = await call(client, "list_items", subtype="ORGANISATION", sort_by="created")
        answers = {**ANSWERS, "organisation": organisations["items"][0]["id"]}
        again = await call(client, "draft_model_runs", capture="1-flow", answers=answers)
        refused = await call(client, again["next"]["tool"], **again["next"]["arguments"])
    assert sent["message"].startswith("The items were created: " if lost else "Sent; ")
    assert (organisations["items"][0]["id"] in sent["message"]) is lost
    told = "look with list_jobs" if lost else "session 's-1'"
    assert (refused["ready"], [told in each["message"] for each in refused["problems"]]) == (False, [True])


@pytest.mark.asyncio
async def test_what_a_run_made_is_never_what_it_read_even_if_it_holds_the_same(tmp_path: Path):
    files = [captured_file("input", "a.csv", "1\n"), captured_file("output", "copy.csv", "1\n")]
    files += [captured_file("output", name, "") for name in ("log.txt", "errors.txt")]
    capture(tmp_path / "captures", "1", "copy.py", *files)
    async with toy(tmp_path) as client:
        drafted = await call(client, "draft_model_runs", capture="1")
    assert [each["name"] for each in drafted["to_create"] if each["name"].startswith("DATASET ")] == [
        "DATASET a.csv",
        "DATASET copy.csv",
        "DATASET log.txt",
        "DATASET errors.txt",
    ]


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


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_run_older_than_the_newest_is_known_again_by_what_recorded_it_and_by_its_files(
    tmp_path: Path,
):
    two_steps(tmp_path / "captures")
    old = model_run("w/old", ["w/a"], ["w/b"], 10)
    old["record"]["annotations"] = {
        "provena.recorded-as": "1-flow",
        f"sha256:{digest('0.4' + chr(10) + '0.8' + chr(10))}": "output flow.csv in w/b",
    }
    later = [model_run(f"w/later{number}", ["w/a"], [], 20 + number) for number in range(1_001)]
    async with toy(tmp_path, [*furniture(), dataset("w/a"), dataset("w/b"), old, *later]) as client:
        drafted = await call(client, "draft_model_runs", capture=["1-flow", "2-peak"])
    second, first = drafted["runs"]
    assert first == {"recorded_as": "1-flow", "registered_as": "w/old"}
    assert known(second) == [("input", "flow.csv", "hash"), ("output", "peak.csv", "new")]
