from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.provenance import assert_creation, assert_model_run
from provena_mcp.rules.records.references import Found, Outcome, Refused
from provena_mcp.rules.report import (
    ReportContent,
    ReportEntry,
    RunSurroundings,
    report_content,
    report_subject,
    reported_ids,
    runs_of_study,
    subject_references,
)
from provena_mcp.wire.items import CreateItem, ModelRunItem, RegistryItem, WorkflowTemplateItem, parse_item
from tests.recordings.recorded import RECORDINGS, read_json
from tests.rules.recorded_registry import Registry, exchange, recorded_items

KINDS = {"d": Kind("ENTITY", "DATASET"), "m": Kind("ENTITY", "MODEL"), "r": Kind("ACTIVITY", "MODEL_RUN")}
KINDS |= {
    "t": Kind("ENTITY", "DATASET_TEMPLATE"),
    "s": Kind("ACTIVITY", "STUDY"),
    "p": Kind("AGENT", "PERSON"),
}


def graph(*links: str) -> ProvenanceGraph:
    """A graph of links written ``r1 used d1``; the first letter of an id says what it is."""
    parsed = tuple(Link(*text.split()) for text in links)
    ids = {end for link in parsed for end in (link.source, link.target)}
    return ProvenanceGraph({node_id: KINDS[node_id[0]] for node_id in ids}, parsed)


def within(world: ProvenanceGraph, start: str, depth: int, *, upstream: bool) -> ProvenanceGraph:
    """What exploring to ``depth`` returns: links whose nearer end is less than ``depth`` away."""
    reached, links = {start}, set[Link]()
    for _ in range(depth):
        step = {link for link in world.links if (link.source if upstream else link.target) in reached}
        links |= step
        reached |= {end for link in step for end in (link.source, link.target)}
    return ProvenanceGraph(
        {node_id: world.nodes[node_id] for node_id in reached} if links else {}, tuple(links)
    )


def surroundings(world: ProvenanceGraph, run_ids: Iterable[str], depth: int) -> list[RunSurroundings]:
    return [
        RunSurroundings(
            run_id,
            depth,
            upstream=within(world, run_id, depth, upstream=True),
            downstream=within(world, run_id, 1, upstream=False),
        )
        for run_id in run_ids
    ]


def item(item_id: str, subtype: str, name: str) -> RegistryItem:
    return RegistryItem(id=item_id, item_category="ENTITY", item_subtype=subtype, display_name=name)


CHAIN = graph(
    "d2 wasGeneratedBy r1",
    "r1 used d1",
    "r1 used m1",
    "r1 wasInformedBy s1",
    "r2 used d2",
    "r2 used m2",
    "r2 wasInformedBy s1",
    "r2 wasAssociatedWith p1",
    "d2 wasInfluencedBy t1",
    "d3 wasGeneratedBy r2",
    "d3 wasAttributedTo p1",
)


def test_one_hop_lists_a_runs_own_inputs_its_model_and_its_outputs() -> None:
    reported = reported_ids(surroundings(CHAIN, ["r2"], 1))

    assert (reported.inputs, reported.model_runs, reported.outputs) == (("d2", "m2"), ("r2",), ("d3",))


def test_three_hops_add_the_run_before_and_its_inputs_depth_first_from_the_latest() -> None:
    reported = reported_ids(surroundings(CHAIN, ["r2"], 3))

    assert (reported.inputs, reported.model_runs, reported.outputs) == (
        ("m2", "d2", "m1", "d1"),
        ("r2", "r1"),
        ("d3",),
    )


def test_a_study_reports_its_runs_in_order_and_names_each_item_once_in_a_section() -> None:
    runs = runs_of_study("s1", within(CHAIN, "s1", 1, upstream=False))

    reported = reported_ids(surroundings(CHAIN, runs, 1))

    assert runs == ("r1", "r2")
    assert (reported.inputs, reported.model_runs) == (("d1", "m1", "d2", "m2"), ("r1", "r2"))
    assert reported.outputs == ("d2", "d3")
    assert reported.all() == {"d1", "d2", "d3", "m1", "m2", "r1", "r2"}


def test_a_study_without_runs_has_a_report_with_empty_sections() -> None:
    runs = runs_of_study("s1", ProvenanceGraph())

    content = report_content(item("s1", "STUDY", "A study"), reported_ids(surroundings(CHAIN, runs, 2)), {})

    assert content == ReportContent(
        title="Model Run Study Close Out Report",
        subject=ReportEntry("s1", "STUDY", "A study"),
        inputs=(),
        model_runs=(),
        outputs=(),
    )
    assert content.heading == "Report for Study: "


def test_a_run_that_overwrites_its_input_ends_and_lists_it_in_both_sections() -> None:
    circle = graph("r1 used d1", "d1 wasGeneratedBy r1", "r1 used m1")

    reported = reported_ids(surroundings(circle, ["r1"], 3))

    assert (reported.inputs, reported.model_runs, reported.outputs) == (("m1", "d1"), ("r1",), ("d1",))


def test_an_entry_says_its_kind_in_words_and_where_its_handle_resolves() -> None:
    entry = ReportEntry("10378.1/1900010", "MODEL_RUN", "A run")

    assert (entry.label, entry.url) == ("Model Run", "http://hdl.handle.net/10378.1/1900010")


def test_an_item_that_cannot_be_named_leaves_no_report() -> None:
    with pytest.raises(KeyError):
        report_content(item("r2", "MODEL_RUN", "A run"), reported_ids(surroundings(CHAIN, ["r2"], 1)), {})


def test_a_subject_is_looked_up_and_must_be_the_run_or_study_it_is_said_to_be() -> None:
    study = item("s1", "STUDY", "A study")
    known: dict[str, Outcome] = {"s1": Found(study), "x": Refused("unknown", "Gone")}
    failed = "Job failed, err: An error occurred while attempting to generate report. Error: "

    assert [reference.id for reference in subject_references("s1", "STUDY", {})] == ["s1"]
    assert report_subject("s1", "STUDY", known) is study
    assert report_subject("x", "MODEL_RUN", known) == (
        f"{failed}Validation error with provided MODEL_RUN: Failed to retrieve item with details: Gone..."
    )
    assert not subject_references("d1", "DATASET", {})
    assert report_subject("d1", "DATASET", {}) == (
        f"{failed}Unsupported item subtype for validation. Received subtype DATASET, "
        "supported: ItemSubType.MODEL_RUN,ItemSubType.STUDY.."
    )


def recorded_world(items: dict[str, RegistryItem]) -> ProvenanceGraph:
    """The graph the reports were recorded on: the clean world and five more copies of its first run."""
    parts: list[ProvenanceGraph] = []
    for entry in items.values():
        if isinstance(entry, ModelRunItem):
            workflow = items[entry.record.workflow_template_id]
            assert isinstance(workflow, WorkflowTemplateItem)
            parts.append(assert_model_run(entry.id, entry.record, workflow.software_id))
        elif isinstance(entry, CreateItem):
            created = items[entry.created_item_id]
            parts.append(assert_creation(entry.id, created.id, created.item_subtype, None))
    return ProvenanceGraph().merged(parts)


@pytest.fixture(scope="module")
def items() -> dict[str, RegistryItem]:
    items = recorded_items()
    ids = read_json("ids.json")
    first = items[ids["run1"]]
    for number in range(88, 93):
        copy = parse_item(first.as_json() | {"id": f"10378.1/10000{number}"})
        items[copy.id] = copy
    return items


def sections(document: Any) -> dict[str, list[tuple[str, ...]]]:
    rows = {row.cells[0].text: row.cells[1].paragraphs for row in document.tables[0].rows}
    return {
        name: [tuple(part.text for part in paragraph.iter_inner_content()) for paragraph in rows[name][1:]]
        for name in ("Inputs", "Model Runs", "Outputs")
    }


def as_written(entries: Iterable[ReportEntry]) -> list[tuple[str, ...]]:
    return [(entry.label, f": {entry.name}, ", entry.id, "\n") for entry in entries]


REPORTS = {
    "report_run5_d1_reader": ("run5", 1),
    "report_run5_d3": ("run5", 3),
    "report_study_d1": ("study_main", 1),
    "report_study_d3": ("study_main", 3),
}


@pytest.mark.parametrize("file", sorted(RECORDINGS.glob("report_*.docx")), ids=lambda file: file.stem)
def test_a_recorded_report_is_collected_item_by_item(file: Path, items: dict[str, RegistryItem]) -> None:
    subject, depth = REPORTS[file.stem]
    docx = pytest.importorskip("docx")
    document = docx.Document(str(file))
    world = recorded_world(items)
    subject_id = read_json("ids.json")[subject]
    runs = [subject_id] if subject.startswith("run") else None
    runs = runs or runs_of_study(subject_id, within(world, subject_id, 1, upstream=False))

    content = report_content(items[subject_id], reported_ids(surroundings(world, runs, depth)), items)

    assert [paragraph.text for paragraph in document.paragraphs] == [
        content.title,
        content.heading + content.subject.name,
    ]
    assert document.paragraphs[1].hyperlinks[0].address == content.subject.url
    assert sections(document) == {
        "Inputs": as_written(content.inputs),
        "Model Runs": as_written(content.model_runs),
        "Outputs": as_written(content.outputs),
    }


@pytest.mark.parametrize(
    "name", ["prov_report_dataset", "prov_report_subtype_mismatch", "prov_report_unknown_id"]
)
def test_a_report_that_cannot_be_made_fails_as_recorded(name: str, items: dict[str, RegistryItem]) -> None:
    asked = exchange("prov.jsonl", name)["request"]["json"]
    known = Registry(items).known(lambda known: subject_references(asked["id"], asked["item_subtype"], known))

    answer = report_subject(asked["id"], asked["item_subtype"], known)

    assert answer == exchange("job.jsonl", f"{name}_job")["response"]["json"]["job"]["info"]
