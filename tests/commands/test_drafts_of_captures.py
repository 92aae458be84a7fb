"""From captures of runs to their registration: drafted, asked about, confirmed, found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.drafts import known, registered, toy
from tests.worlds.captured import ANSWERS, capture, captured_file, digest, two_steps
from tests.worlds.sample import call
from tests.worlds.small import dataset, furniture, model_run


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
