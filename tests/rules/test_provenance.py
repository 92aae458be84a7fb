from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from provena_mcp.rules.provenance import assert_creation, assert_model_run, assert_version
from provena_mcp.wire.items import (
    Associations,
    CreateItem,
    ModelRunItem,
    ModelRunRecord,
    TemplatedDataset,
    VersionItem,
    WorkflowTemplateItem,
    parse_item,
)
from tests.recordings.recorded import read_items, read_json
from tests.worlds.records import record, templated


def a_record(**changes: object) -> ModelRunRecord:
    everything = {"modeller_id": "modeller", "requesting_organisation_id": "organisation"}
    whole = record(
        inputs=[templated("forcing", "in")],
        outputs=[templated("result", "out")],
        study_id="study",
        associations=everything,
    )
    return whole.model_copy(update=changes)


def test_a_model_run_asserts_its_ten_nodes_and_thirteen_links() -> None:
    graph = assert_model_run("run", a_record(), "model")

    assert graph.nodes == {
        "run": Kind("ACTIVITY", "MODEL_RUN"),
        "study": Kind("ACTIVITY", "STUDY"),
        "in": Kind("ENTITY", "DATASET"),
        "out": Kind("ENTITY", "DATASET"),
        "forcing": Kind("ENTITY", "DATASET_TEMPLATE"),
        "result": Kind("ENTITY", "DATASET_TEMPLATE"),
        "recipe": Kind("ENTITY", "WORKFLOW_TEMPLATE"),
        "model": Kind("ENTITY", "MODEL"),
        "modeller": Kind("AGENT", "PERSON"),
        "organisation": Kind("AGENT", "ORGANISATION"),
    }
    assert sorted(graph.links) == [
        ("in", "wasInfluencedBy", "forcing"),
        ("out", "wasAttributedTo", "modeller"),
        ("out", "wasGeneratedBy", "run"),
        ("out", "wasInfluencedBy", "result"),
        ("recipe", "hadMember", "forcing"),
        ("recipe", "hadMember", "model"),
        ("recipe", "hadMember", "result"),
        ("run", "used", "in"),
        ("run", "used", "model"),
        ("run", "used", "recipe"),
        ("run", "wasAssociatedWith", "modeller"),
        ("run", "wasAssociatedWith", "organisation"),
        ("run", "wasInformedBy", "study"),
    ]


def test_a_dataset_used_twice_and_overwritten_is_linked_once_each_way() -> None:
    twice = TemplatedDataset(dataset_template_id="forcing", dataset_id="in")
    record = a_record(inputs=(twice, twice), outputs=(twice,), study_id=None)

    links = assert_model_run("run", record, "model").links

    assert sorted(link for link in links if "in" in (link.source, link.target)) == [
        ("in", "wasAttributedTo", "modeller"),
        ("in", "wasGeneratedBy", "run"),
        ("in", "wasInfluencedBy", "forcing"),
        ("run", "used", "in"),
    ]
    assert len(set(links)) == len(links)


def test_an_empty_organisation_id_is_still_an_organisation_and_a_missing_one_is_none() -> None:
    empty = Associations(modeller_id="modeller", requesting_organisation_id="")
    missing = Associations(modeller_id="modeller")

    with_empty = assert_model_run("run", a_record(associations=empty), "model")
    with_none = assert_model_run("run", a_record(associations=missing), "model")

    assert with_empty.nodes[""] == Kind("AGENT", "ORGANISATION")
    assert Link("run", "wasAssociatedWith", "") in with_empty.links
    assert {kind.subtype for kind in with_none.nodes.values()}.isdisjoint({"ORGANISATION"})


def test_a_creation_names_the_item_its_activity_and_the_registrant() -> None:
    assert assert_creation("create", "item", "MODEL", "person") == ProvenanceGraph(
        {
            "create": Kind("ACTIVITY", "CREATE"),
            "item": Kind("ENTITY", "MODEL"),
            "person": Kind("AGENT", "PERSON"),
        },
        (
            Link("item", "wasGeneratedBy", "create"),
            Link("create", "wasAssociatedWith", "person"),
            Link("item", "wasAttributedTo", "person"),
        ),
    )


def test_a_version_leads_from_the_new_item_to_the_old_one() -> None:
    assert assert_version("version", "old", "new", "DATASET", "person") == ProvenanceGraph(
        {
            "version": Kind("ACTIVITY", "VERSION"),
            "old": Kind("ENTITY", "DATASET"),
            "new": Kind("ENTITY", "DATASET"),
            "person": Kind("AGENT", "PERSON"),
        },
        (
            Link("new", "wasGeneratedBy", "version"),
            Link("version", "used", "old"),
            Link("version", "wasAssociatedWith", "person"),
            Link("new", "wasAttributedTo", "person"),
        ),
    )


def test_an_owner_without_a_person_leaves_the_activity_alone() -> None:
    created = assert_creation("create", "item", "DATASET", None)
    versioned = assert_version("version", "old", "new", "DATASET", None)

    assert (set(created.nodes), created.links) == (
        {"create", "item"},
        (Link("item", "wasGeneratedBy", "create"),),
    )
    assert (set(versioned.nodes), versioned.links) == (
        {"version", "old", "new"},
        (Link("new", "wasGeneratedBy", "version"), Link("version", "used", "old")),
    )


def test_the_items_of_a_recorded_world_assert_the_graph_it_stored() -> None:
    raw = read_items()
    person_of = read_json("links.json")
    stored = read_json("graph_dump.json")
    items = {item.id: item for item in map(parse_item, raw)}

    nodes: dict[str, Kind] = {}
    links: dict[Link, set[str]] = {}
    for item in sorted(items.values(), key=lambda item: (item.created_timestamp, item.id)):
        if isinstance(item, ModelRunItem):
            template = items[item.record.workflow_template_id]
            assert isinstance(template, WorkflowTemplateItem)
            part = assert_model_run(item.id, item.record, template.software_id)
        elif isinstance(item, CreateItem):
            subtype = items[item.created_item_id].item_subtype
            part = assert_creation(item.id, item.created_item_id, subtype, person_of[item.owner_username])
        else:
            assert not isinstance(item, VersionItem)
            continue
        nodes |= part.nodes
        for link in part.links:
            links.setdefault(link, set()).add(item.id)

    assert nodes == {
        node["id"]: Kind(node["item_category"], node["item_subtype"]) for _, node in stored["nodes"]
    }
    assert links == {
        Link(source, relation, target): set(record_ids.split(","))
        for source, relation, target, record_ids in stored["edges"]
    }
