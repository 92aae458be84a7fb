"""Run Crates as their tools write them, and what is read of each."""

from __future__ import annotations

import hashlib
import json

import pytest

from provena_mcp.crates.reader import read_runs
from provena_mcp.crates.recorded_runs import (
    LeftOut,
    RecordedAgent,
    RecordedFile,
    RecordedRun,
    RecordedSoftware,
)
from tests.crates import shapes
from tests.crates.entities import crate, ref, zipped


def only_run(content: bytes) -> RecordedRun:
    (run,) = read_runs(content).runs
    return run


def test_a_crate_made_by_hand_gives_its_command_its_person_and_its_files() -> None:
    run = only_run(shapes.by_hand())
    assert (run.name, run.ended, run.status) == ("Make it sepia", 1537340467, "completed")
    assert run.software == (
        RecordedSoftware(
            id="https://www.imagemagick.org/",
            name="ImageMagick",
            version="6.9.7-4",
            url="https://www.imagemagick.org/",
        ),
    )
    assert run.outputs == (
        RecordedFile(
            id="pics/sepia.jpg", name="sepia.jpg", path="pics/sepia.jpg", size=1204, format="image/jpeg"
        ),
    )
    assert [agent.orcid for agent in run.agents] == ["https://orcid.org/0000-0001-2345-678X"]


def test_galaxys_files_keep_the_names_that_people_gave_them() -> None:
    recorded = read_runs(shapes.galaxy())
    (run,) = recorded.runs
    assert [(each.name, each.path, each.is_folder) for each in run.inputs] == [
        ("table 1", "datasets/table_1.tsv", False),
        ("tables", "list-of-tables", True),
    ]
    assert run.parameters == {"columnList": "c1,c3"}
    assert (run.started, recorded.source.made_by) == (None, "Galaxy workflow engine")


def test_nextflows_tasks_and_copies_are_steps_of_the_whole() -> None:
    runs = {run.id: run for run in read_runs(shapes.nextflow()).runs}
    assert {name: run.part_of for name, run in runs.items()} == {
        "#whole": None,
        "#task/1": "#whole",
        "#publish/1/heat.nc": "#whole",
    }
    whole = runs["#whole"]
    assert (whole.started, whole.ended) == (1706778000, 1706779200)
    assert whole.software[0].commit == "8d3c5b1e0f6a47290e1bd2c3a4f5968778695a4b"
    assert whole.organisation == RecordedAgent(
        id="https://ror.org/03qn8fb07", name="Reef Institute", kind="organisation"
    )


def test_files_that_are_called_by_their_digest_keep_the_name_they_had() -> None:
    whole, first, second = read_runs(shapes.runcrate()).runs
    assert [(each.name, each.other_digests) for each in whole.inputs] == [
        ("whale.txt", {"sha1": "327fc7aedf4f6b69a42a7c8b808dc5a7aff61376"})
    ]
    assert (first.part_of, second.part_of) == (whole.id, whole.id)
    assert whole.doubts == (
        "The start '2018-10-25T15:46:35.211153' does not say its offset from UTC: it was read as UTC.",
        "The end '2018-10-25T15:46:43.020168' does not say its offset from UTC: it was read as UTC.",
    )


def test_source_code_that_nothing_refers_to_is_taken_in_doubt() -> None:
    run = only_run(shapes.autosubmit())
    assert (run.status, run.ended) == ("failed", None)
    assert run.software[-1].commit == "1b2c3d4e5f60718293a4b5c6d7e8f90112233445"
    assert run.doubts == (
        "The crate does not say that 'https://example.org/ocean.git' was run: it is its only source code.",
    )


def test_words_that_stand_where_a_time_or_a_file_belongs_are_no_times_and_no_files() -> None:
    recorded = read_runs(shapes.snakemake())
    (run,) = recorded.runs
    assert (run.ended, run.agents[0].name, [each.path for each in run.inputs]) == (
        None,
        "Kim Roe",
        ["config/config.yaml"],
    )
    assert run.doubts == (
        "The end 'FIXME date' is not a time.",
        "The crate refers to 'config/config.yaml' and does not describe it.",
    )
    assert recorded.left_out == (
        LeftOut(what="FIXME inputs", why="object that names no entity"),
        LeftOut(what="FIXME outputs", why="result that names no entity"),
    )


RUN = {"@id": "#r", "@type": "CreateAction", "name": "r", "object": ref("in.csv")}
INPUT = {"@id": "in.csv", "@type": "File"}


@pytest.mark.parametrize(
    "content",
    [
        crate(RUN, INPUT, version="1.0", metadata="ro-crate-metadata.jsonld"),
        crate(RUN, INPUT, version="1.1"),
        crate(RUN, INPUT, version="1.2"),
        crate(RUN, INPUT, version="1.2", metadata="heat-ro-crate-metadata.json"),
        b"\xef\xbb\xbf" + crate(RUN, INPUT),
        json.dumps({"@context": "https://schema.org/", "@graph": [RUN, INPUT]}).encode(),
        json.dumps(
            {
                "@graph": [
                    {"@id": "#r", "@type": "schema:CreateAction", "schema:name": "r", "schema:object": INPUT},
                ]
            }
        ).encode(),
        zipped({"ro-crate-metadata.json": crate(RUN, INPUT)}),
        zipped({"a000/ro-crate-metadata.json": crate(RUN, INPUT), "a000/other.txt": b""}),
    ],
    ids=[
        "1.0",
        "1.1",
        "1.2",
        "1.2 prefixed",
        "BOM",
        "no descriptor",
        "prefixed terms",
        "zip",
        "zip of folder",
    ],
)
def test_every_revision_and_packing_is_read_alike(content: bytes) -> None:
    run = only_run(content)
    assert (run.name, [each.path for each in run.inputs]) == ("r", ["in.csv"])


def test_files_that_are_in_the_zip_are_known_by_their_digest() -> None:
    digest = hashlib.sha256(b"1,2\n").hexdigest()
    run = only_run(zipped({"c/ro-crate-metadata.json": crate(RUN, INPUT), "c/in.csv": b"1,2\n"}))
    assert [each.sha256 for each in run.inputs] == [digest]


def test_a_file_that_is_not_the_one_recorded_keeps_the_recorded_digest_and_is_doubted() -> None:
    recorded = {**INPUT, "sha256": "0" * 64}
    run = only_run(zipped({"ro-crate-metadata.json": crate(RUN, recorded), "in.csv": b"changed"}))
    assert ([each.sha256 for each in run.inputs], run.doubts) == (
        ["0" * 64],
        ("The file 'in.csv' beside the metadata is not the one that was recorded: its digest differs.",),
    )


def test_what_this_package_adds_to_a_crate_is_read_back() -> None:
    def value(property_id: str, said: str, name: str = "") -> dict[str, str]:
        return {"@type": "PropertyValue", "propertyID": property_id, "name": name, "value": said}

    run = only_run(
        crate(
            {
                "@id": "#r",
                "@type": "CreateAction",
                "name": "Heat stress",
                "identifier": value("provena:handle", "10378.1/1000"),
                "instrument": ref("#model"),
                "object": ref("#dataset"),
                "agent": {"@type": "Role", "roleName": "modeller", "agent": ref("#kim")},
                "participant": ref("#institute"),
                "additionalProperty": [
                    value("provena:command", "python heat.py"),
                    value("provena:exitCode", "0"),
                    value("provena:observed", "watched"),
                    value("provena:study", "#study"),
                    value("provena:workflowTemplate", "10378.1/2000"),
                    value("", "0.05", "grid"),
                ],
            },
            {
                "@id": "#model",
                "@type": "SoftwareApplication",
                "name": "heat",
                "softwareVersion": "v2",
                "additionalProperty": [value("provena:commit", "c" * 40), value("provena:dirty", "true")],
            },
            {
                "@id": "#dataset",
                "@type": "Dataset",
                "name": "SST",
                "identifier": "https://hdl.handle.net/10378.1/3000",
                "license": ref("https://creativecommons.org/licenses/by/4.0/"),
                "exampleOfWork": ref("#slot"),
                "additionalProperty": [value("provena:resource", "a/sst.nc", "sst")],
            },
            {
                "@id": "#slot",
                "@type": "FormalParameter",
                "name": "Ocean",
                "identifier": value("provena:handle", "10378.1/4000"),
            },
            {"@id": "#study", "@type": "Project", "name": "Reef", "identifier": "hdl:10378.1/5000"},
            {"@id": "#kim", "@type": "Person", "name": "Kim Roe", "identifier": "hdl:10378.1/6000"},
            {"@id": "#institute", "@type": "Organization", "name": "Institute"},
        )
    )
    assert run.model_dump(exclude_defaults=True, exclude={"stated_digest"}) == {
        "id": "#r",
        "name": "Heat stress",
        "handle": "10378.1/1000",
        "status": "completed",
        "command": "python heat.py",
        "exit_code": 0,
        "observed": ("watched",),
        "annotations": {"grid": "0.05"},
        "study": {"name": "Reef", "handle": "10378.1/5000"},
        "template": {"name": "2000", "handle": "10378.1/2000"},
        "agents": ({"id": "#kim", "name": "Kim Roe", "role": "modeller", "handle": "10378.1/6000"},),
        "organisation": {"id": "#institute", "name": "Institute", "kind": "organisation"},
        "software": ({"id": "#model", "name": "heat", "version": "v2", "commit": "c" * 40, "dirty": True},),
        "inputs": (
            {
                "id": "#dataset",
                "name": "SST",
                "is_folder": True,
                "handle": "10378.1/3000",
                "licence": "https://creativecommons.org/licenses/by/4.0/",
                "template": {"name": "Ocean", "handle": "10378.1/4000"},
                "resources": {"sst": "a/sst.nc"},
            },
        ),
    }
