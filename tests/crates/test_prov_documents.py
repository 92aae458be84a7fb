"""PROV-JSON: what this server writes of a run, read back; and what others write."""

from __future__ import annotations

import json

import pytest

from provena_mcp.crates.reader import read_runs
from provena_mcp.crates.recorded_runs import RecordedAgent, RecordedFile, RecordedItem, RecordedSoftware
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.provenance import assert_model_run, prov_json
from provena_mcp.wire.items import Associations, ModelRunRecord, TemplatedDataset

RECORD = ModelRunRecord(
    workflow_template_id="10378.1/2",
    inputs=(TemplatedDataset(dataset_template_id="10378.1/3", dataset_id="10378.1/4"),),
    outputs=(TemplatedDataset(dataset_template_id="10378.1/5", dataset_id="a:b/6"),),
    display_name="Heat",
    description="Heat stress",
    study_id="10378.1/7",
    associations=Associations(modeller_id="10378.1/8", requesting_organisation_id="10378.1/9"),
    start_time=1,
    end_time=2,
)


def test_the_document_of_a_registered_run_is_read_back_with_all_its_handles() -> None:
    written = prov_json(assert_model_run("10378.1/1", RECORD, "10378.1/10"))
    (run,) = read_runs(written.encode()).runs
    assert (run.handle, run.template, run.study) == (
        "10378.1/1",
        RecordedItem(handle="10378.1/2"),
        RecordedItem(handle="10378.1/7"),
    )
    assert run.inputs == (
        RecordedFile(id="10378.1/4", name="4", handle="10378.1/4", template=RecordedItem(handle="10378.1/3")),
    )
    assert [(each.handle, each.template) for each in run.outputs] == [
        ("a:b/6", RecordedItem(handle="10378.1/5"))
    ]
    assert run.software == (RecordedSoftware(id="10378.1/10", name="10", handle="10378.1/10"),)
    assert run.agents == (RecordedAgent(id="10378.1/8", name="8", handle="10378.1/8"),)
    assert run.organisation == RecordedAgent(
        id="10378.1/9", name="9", kind="organisation", handle="10378.1/9"
    )


def test_a_document_of_cwlprov_knows_files_by_their_digest_and_engines_from_people() -> None:
    engine = {"prov:type": [{"$": "prov:SoftwareAgent", "type": "prov:QUALIFIED_NAME"}]}
    document = {
        "prefix": {"data": "urn:hash::sha1:", "id": "urn:uuid:"},
        "agent": {"id:e": {**engine, "prov:label": "cwltool 3.1"}},
        "activity": {
            "id:1": {"prov:startTime": "2022-12-16T12:36:06.421234+00:00", "prov:label": "Run of main"},
            "id:2": {"prov:label": "Nothing"},
        },
        "entity": {f"data:{'d' * 40}": [{"cwlprov:basename": "whale.txt"}, {}]},
        "used": {"_:1": {"prov:activity": "id:1", "prov:entity": f"data:{'d' * 40}"}},
        "wasAssociatedWith": {"_:2": {"prov:activity": "id:1", "prov:agent": "id:e"}},
    }
    recorded = read_runs(json.dumps(document).encode())
    (run,) = recorded.runs
    assert (run.name, run.started, run.handle) == ("Run of main", 1671194166, None)
    assert [(each.name, each.other_digests) for each in run.inputs] == [("whale.txt", {"sha1": "d" * 40})]
    assert [(each.name, each.kind) for each in run.agents] == [("cwltool 3.1", "software")]
    assert [each.what for each in recorded.left_out] == ["1 activities"]


def test_a_document_without_activities_has_no_run() -> None:
    with pytest.raises(ArgumentError, match="names no activity"):
        read_runs(json.dumps({"prefix": {}, "entity": {"a": {}}}).encode())
