import json
from typing import Any

import pytest
from prov.model import ProvDocument

from provena_mcp.errors import MalformedAnswerError
from provena_mcp.queries.documents.prov_documents import render_prov
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.provenance import assert_model_run, prov_json
from provena_mcp.wire.items import ModelRunItem, ModelRunRecord, WorkflowTemplateItem
from tests.recordings.recorded import IS_WHOLE
from tests.rules.recorded_registry import exchanges, recorded_items
from tests.worlds.records import record, templated


def a_run() -> ProvenanceGraph:
    described = record(
        workflow_template_id="10378.1/5",
        inputs=[templated("10378.1/3", "10378.1/1")],
        outputs=[templated("10378.1/4", "10378.1/2")],
        study_id="10378.1/9",
        associations={"modeller_id": "10378.1/7", "requesting_organisation_id": "10378.1/8"},
    )
    return assert_model_run("10378.1/10", described, "10378.1/6")


def unordered(document: str) -> dict[str, Any]:
    """PROV-JSON without the numbers of its relations, which mean nothing."""
    parts: dict[str, dict[str, Any]] = json.loads(document)
    return {
        name: sorted(map(json.dumps, part.values())) if all(key.startswith("_:") for key in part) else part
        for name, part in parts.items()
    }


def test_a_graph_becomes_prov_json_with_each_relations_own_names() -> None:
    graph = ProvenanceGraph(
        {
            "run": Kind("ACTIVITY", "MODEL_RUN"),
            "data": Kind("ENTITY", "DATASET"),
            "jane": Kind("AGENT", "PERSON"),
        },
        (Link("data", "wasGeneratedBy", "run"), Link("run", "wasAssociatedWith", "jane")),
    )

    assert json.loads(prov_json(graph)) == {
        "prefix": {"default": "http://hdl.handle.net/"},
        "activity": {"run": {"id": "run", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"}},
        "entity": {"data": {"id": "data", "item_category": "ENTITY", "item_subtype": "DATASET"}},
        "agent": {"jane": {"id": "jane", "item_category": "AGENT", "item_subtype": "PERSON"}},
        "wasGeneratedBy": {"_:id1": {"prov:entity": "data", "prov:activity": "run"}},
        "wasAssociatedWith": {"_:id2": {"prov:activity": "run", "prov:agent": "jane"}},
    }


def test_a_runs_document_is_read_back_by_a_prov_library_with_all_items_and_links() -> None:
    graph = a_run()

    document = ProvDocument.deserialize(content=prov_json(graph), format="json")

    records = document.get_records()
    assert {
        str(record.identifier.localpart) for record in records if record.is_element() and record.identifier
    } == set(graph.nodes)
    ends = {
        tuple(str(value.localpart) for _, value in record.formal_attributes if value is not None)
        for record in records
        if record.is_relation()
    }
    assert ends == {(link.source, link.target) for link in graph.links}


def test_every_recorded_run_has_the_document_stored_with_it() -> None:
    items = recorded_items()
    runs = [item for item in items.values() if isinstance(item, ModelRunItem)]
    assert len(runs) == 13

    for run in runs:
        workflow = items[run.record.workflow_template_id]
        assert isinstance(workflow, WorkflowTemplateItem)
        document = prov_json(assert_model_run(run.id, run.record, workflow.software_id))
        assert unordered(document) == unordered(run.prov_serialisation or "{}")


def test_a_finished_jobs_document_is_the_same() -> None:
    items = recorded_items()
    lodged = [
        entry["response"]["json"]["job"]["result"]["record"]
        for entry in exchanges("job.jsonl")
        if entry["name"]
        in ("prov_register_model_run_job", "prov_link_to_study_job", "prov_update_model_run_job")
    ]
    assert len(lodged) == (3 if IS_WHOLE else 1)

    for result in lodged:
        record = ModelRunRecord.model_validate(result["record"])
        workflow = items[record.workflow_template_id]
        assert isinstance(workflow, WorkflowTemplateItem)
        document = prov_json(assert_model_run(result["id"], record, workflow.software_id))
        assert unordered(document) == unordered(result["prov_json"])


def test_a_relation_provena_does_not_produce_is_no_document() -> None:
    graph = ProvenanceGraph({"a": Kind("ENTITY", "DATASET")}, (Link("a", "wasDerivedFrom", "a"),))

    with pytest.raises(KeyError):
        prov_json(graph)


@pytest.mark.parametrize("is_stored_as_before", [False, True])
def test_a_handle_with_a_colon_is_one_name_in_every_format(*, is_stored_as_before: bool) -> None:
    described = record(
        inputs=[templated("10378.1/3", "10999.7/core:12")],
        associations={"modeller_id": "10999.7/core:12:b"},
    )
    document = prov_json(assert_model_run("10999.7/run:7", described, "10378.1/6"))
    if is_stored_as_before:
        document = document.replace("hdl:", "").replace(', "hdl": "http://hdl.handle.net/"', "")
    read = ProvDocument.deserialize(content=render_prov(document, "json"), format="json")
    named = {record.identifier.uri for record in read.get_records() if record.identifier}
    turtle, notation = render_prov(document, "ttl"), render_prov(document, "provn")
    for handle in ("10999.7/core:12", "10999.7/core:12:b", "10999.7/run:7"):
        assert f"http://hdl.handle.net/{handle}" in named
        assert f"<http://hdl.handle.net/{handle}>" in turtle
        assert f"hdl:{handle.replace(':', chr(92) + ':')}" in notation
    assert "hdl" not in render_prov(prov_json(a_run()), "provn").replace("hdl.handle.net", "")


@pytest.mark.parametrize(
    "stored", ["garbage", "[]", "7", '{"entity": 3}', '{"entity": {"a:b": 3}}', '{"frob": {"x": {}}}']
)
def test_a_stored_document_that_is_none_is_said_to_be(stored: str) -> None:
    with pytest.raises(MalformedAnswerError, match="cannot be read"):
        render_prov(stored, "ttl")
