"""Loading items: order, links, what gets into the graph, and what a second load does."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from provena_mcp.embedded.graph import RELATIONS
from provena_mcp.embedded.loader import LoadReport, Skipped, load_items
from provena_mcp.embedded.sources import Source, read_source, sample_source
from provena_mcp.embedded.store import Store
from provena_mcp.rules.graph import Kind, Link
from tests.embedded.conftest import Load
from tests.embedded.stored import whole_graph
from tests.recordings.recorded import read_items, read_json
from tests.worlds.small import (
    chain,
    creation,
    dataset,
    furniture,
    model,
    model_run,
    person,
    small_world,
    without,
    workflow,
)

SHARED = Path(__file__).parents[2] / "../shared"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="recorded worlds are not beside the repository")


def test_a_duplicate_counts_once_and_a_conflicting_one_is_skipped(load: Load, store: Store) -> None:
    report = load([dataset("w/a"), dataset("w/a"), dataset("w/a", created=9)])
    assert report == LoadReport(
        loaded=1, unchanged=1, skipped=(Skipped(2, "w/a", "item 0 has the same id and other content"),)
    )


# What gets into the graph


def test_a_run_and_a_creation_assert_what_the_contract_says(load: Load, store: Store) -> None:
    report = load(small_world(), jane="w/jane")
    nodes, links = whole_graph(store)
    assert report == LoadReport(loaded=9, lodged=2)
    assert links == {
        Link("w/run", "used", "w/a"),
        Link("w/run", "used", "w/model"),
        Link("w/run", "used", "w/wf"),
        Link("w/run", "wasAssociatedWith", "w/jane"),
        Link("w/b", "wasGeneratedBy", "w/run"),
        Link("w/b", "wasAttributedTo", "w/jane"),
        Link("w/a", "wasInfluencedBy", "w/in"),
        Link("w/b", "wasInfluencedBy", "w/out"),
        Link("w/wf", "hadMember", "w/in"),
        Link("w/wf", "hadMember", "w/out"),
        Link("w/wf", "hadMember", "w/model"),
        Link("w/model", "wasGeneratedBy", "w/c-model"),
        Link("w/c-model", "wasAssociatedWith", "w/jane"),
        Link("w/model", "wasAttributedTo", "w/jane"),
    }
    assert nodes["w/wf"] == Kind("ENTITY", "WORKFLOW_TEMPLATE")


@pytest.mark.parametrize(
    ("created", "subtype"), [(9, "WORKFLOW_TEMPLATE"), (11, "MODEL_RUN_WORKFLOW_TEMPLATE")]
)
def test_the_newest_writer_decides_a_subtype_whatever_the_order_in_the_file(
    load: Load, store: Store, created: int, subtype: str
) -> None:
    load([creation("w/c-wf", "w/wf", created), *reversed(small_world())])
    assert whole_graph(store)[0]["w/wf"] == Kind("ENTITY", subtype)


def test_an_owner_is_the_linked_person_else_the_earliest_they_own_else_no_one(
    load: Load, store: Store
) -> None:
    report = load(
        [
            person("w/jane-new", created=9, owner="jane"),
            person("w/jane-old", created=3, owner="jane"),
            person("w/joe", owner="joe"),
            person("w/joe-linked", created=8, owner="ann"),
            model("w/by-jane", owner="jane"),
            creation("w/c1", "w/by-jane", 10, owner="jane"),
            creation("w/c2", "w/by-jane", 11, owner="joe"),
            creation("w/c3", "w/by-jane", 12, owner="stranger"),
        ],
        joe="w/joe-linked",
    )
    who = {
        (link.source, link.target) for link in whole_graph(store)[1] if link.relation == "wasAssociatedWith"
    }
    assert (who, report.personless) == ({("w/c1", "w/jane-old"), ("w/c2", "w/joe-linked")}, ("stranger",))


def test_links_given_later_put_the_person_in_and_keep_the_order(
    load: Load, store: Store, tmp_path: Path
) -> None:
    world = [*small_world(), creation("w/c-wf", "w/wf", 7)]
    load(world, jane="w/jane")
    at_once = whole_graph(store)
    late = Store(tmp_path / "late.sqlite3")
    load_items(late, Source(tuple(world[1:])))
    load_items(late, Source((world[0],)))
    load_items(late, Source(tuple(world)), links={"jane": "w/jane"})
    assert whole_graph(late) == at_once
    late.close()


def test_what_refers_to_nothing_waits_until_that_is_loaded(load: Load, store: Store) -> None:
    workflow_template = workflow("w/wf", "w/model")
    others = [raw for raw in small_world() if raw["id"] not in ("w/wf", "w/model")]
    first = load(others)
    second = load([workflow_template, model("w/model")])
    assert first.waiting == (
        ("w/c-model", "the created item 'w/model' is not in the registry"),
        ("w/run", "the workflow template 'w/wf' is not in the registry"),
    )
    assert (second.lodged, second.waiting) == (2, ())
    assert Link("w/run", "used", "w/model") in whole_graph(store)[1]


def test_a_run_whose_template_is_something_else_waits(load: Load) -> None:
    report = load([*furniture()[:4], dataset("w/wf"), model_run("w/run", [], [], 10)])
    assert report.waiting == (("w/run", "the workflow template 'w/wf' is a DATASET"),)


def test_a_seed_is_kept_but_asserts_nothing(load: Load, store: Store) -> None:
    seed = without(model_run("w/seed", [], [], 5), "record", "display_name", "history")
    report = load([{**seed, "record_type": "SEED_ITEM"}])
    assert (report, whole_graph(store)) == (LoadReport(loaded=1), ({}, set()))


def test_loading_again_changes_nothing(load: Load, store: Store) -> None:
    load(small_world(), jane="w/jane")
    before = whole_graph(store)
    assert load(small_world(), jane="w/jane") == LoadReport(unchanged=9)
    assert whole_graph(store) == before


def test_a_changed_run_asserts_its_new_record_only(load: Load, store: Store) -> None:
    load(small_world())
    report = load([dataset("w/other"), model_run("w/run", ["w/other"], ["w/b"], 10)])
    nodes, links = whole_graph(store)
    assert report == LoadReport(loaded=2, lodged=1)
    assert Link("w/run", "used", "w/other") in links
    assert "w/a" not in nodes


def test_a_repeated_item_is_told_by_its_place_however_far_back_the_first_is(load: Load, store: Store) -> None:
    many = [dataset(f"w/d{number}") for number in range(1_200)]
    report = load([*many, many[3], {**many[3], "display_name": "Other"}])
    assert report == LoadReport(
        loaded=1_200,
        unchanged=1,
        skipped=(Skipped(1_201, "w/d3", "item 3 has the same id and other content"),),
    )


@pytest.mark.slow
def test_a_large_file_is_loaded_without_being_held(tmp_path: Path) -> None:
    file = tmp_path / "items.json"
    padding = "x" * 20_000
    with file.open("w") as written:
        written.write("[")
        written.write(",".join(json.dumps(dataset(f"w/d{n}", padding=padding)) for n in range(3_000)))
        written.write("]")
    store = Store(tmp_path / "store.sqlite3")
    tracemalloc.start()
    report = load_items(store, read_source(file))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    store.close()
    # 60 MB of items; a batch of 500 is 10 MB of text, held a few times over.
    assert (report.loaded, file.stat().st_size > 60_000_000, peak < 45_000_000) == (3_000, True, True), peak


def test_progress_reaches_the_end_of_both_stages(store: Store) -> None:
    told: list[tuple[str, int, int]] = []
    world = chain(300)

    def tell(stage: str, done: int, total: int) -> None:
        told.append((stage, done, total))

    load_items(store, Source(tuple(world)), on_progress=tell)
    assert told == [
        ("items", 500, 606),
        ("items", 606, 606),
        ("provenance", 300, 300),
    ]


@pytest.mark.slow
def test_processes_that_load_the_same_file_at_once_all_succeed(tmp_path: Path) -> None:
    file, path = tmp_path / "items.json", tmp_path / "store.sqlite3"
    file.write_text(json.dumps(chain(400)))
    code = (
        "import sys; from pathlib import Path\n"
        "from provena_mcp.embedded.loader import load_items\n"
        "from provena_mcp.embedded.sources import read_source\n"
        "from provena_mcp.embedded.store import Store\n"
        "load_items(Store(Path(sys.argv[2])), read_source(Path(sys.argv[1])))"
    )
    loaders = [subprocess.Popen([sys.executable, "-c", code, str(file), str(path)]) for _ in range(3)]
    assert [loader.wait(timeout=120) for loader in loaders] == [0, 0, 0]
    together, alone = Store(path), Store(tmp_path / "alone.sqlite3")
    load_items(alone, read_source(file))
    assert whole_graph(together) == whole_graph(alone)
    together.close()
    alone.close()


# Worlds


def test_the_sample_world_loads_whole(store: Store) -> None:
    source = sample_source()
    report = load_items(store, source)
    assert (report.loaded, report.skipped, report.waiting, report.personless) == (
        len(source.items),
        (),
        (),
        (),
    )


@needs_shared
def test_recorded_workflows_load_whole(store: Store) -> None:
    report = load_items(store, read_source(SHARED / "data/wings_items.json"))
    assert report == LoadReport(loaded=1784, lodged=423)


def test_the_recorded_registry_becomes_the_recorded_graph(store: Store) -> None:
    report = load_items(store, Source(tuple(read_items()), read_json("links.json")))
    dump = read_json("graph_dump.json")
    nodes, links = whole_graph(store)
    assert report == LoadReport(loaded=87, lodged=46)
    assert nodes == {
        node["id"]: Kind(node["item_category"], node["item_subtype"]) for _, node in dump["nodes"]
    }
    assert links == {Link(source, relation, target) for source, relation, target, _ in dump["edges"]}
    assert _records(store) == {
        (source, relation, target): set(records.split(","))
        for source, relation, target, records in dump["edges"]
    }


def _records(store: Store) -> dict[tuple[str, str, str], set[str]]:
    """Which records assert each link."""
    with store.read() as connection:
        ids: dict[int, str] = dict(connection.execute("SELECT key, id FROM node").fetchall())
        rows: list[tuple[int, int, int, int]] = connection.execute(
            "SELECT source, relation, target, record FROM link_record"
        ).fetchall()
    found: dict[tuple[str, str, str], set[str]] = {}
    for source, relation, target, record in rows:
        found.setdefault((ids[source], RELATIONS[relation], ids[target]), set()).add(ids[record])
    return found
