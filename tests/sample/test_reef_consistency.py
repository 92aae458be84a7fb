"""The sample world is consistent in itself: ids, times, histories, templates."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from provena_mcp.wire.items import (
    CreateItem,
    DatasetItem,
    DatasetTemplateItem,
    ModelItem,
    ModelRunItem,
    OrganisationItem,
    PersonItem,
    RegistryItem,
    StudyItem,
    VersionItem,
    WorkflowTemplateItem,
)
from provena_mcp.wire.subtypes import CATEGORY_OF

if TYPE_CHECKING:
    from .conftest import Reef

FIRST_CREATE_ACTIVITY = int(datetime(2020, 7, 1, tzinfo=UTC).timestamp())
PERIOD = (datetime(2019, 1, 1, tzinfo=UTC).timestamp(), datetime(2026, 1, 1, tzinfo=UTC).timestamp())
SECOND_BATHYMETRY = "sample/1000072"  # made by a VERSION activity, not a CREATE


def mentioned_by(item: RegistryItem) -> dict[str, type[RegistryItem]]:
    """Ids an item refers to, with the kind each must be of."""
    match item:
        case ModelRunItem(record=record):
            people = record.associations
            found: dict[str | None, type[RegistryItem]] = {
                record.workflow_template_id: WorkflowTemplateItem,
                record.study_id: StudyItem,
                people.modeller_id: PersonItem,
                people.requesting_organisation_id: OrganisationItem,
            }
            for entry in (*record.inputs, *record.outputs):
                found |= {entry.dataset_template_id: DatasetTemplateItem, entry.dataset_id: DatasetItem}
        case WorkflowTemplateItem():
            templates = (*item.input_templates, *item.output_templates)
            found = {item.software_id: ModelItem}
            found |= {template.template_id: DatasetTemplateItem for template in templates}
        case CreateItem():
            found = {item.created_item_id: RegistryItem}
        case VersionItem():
            found = {item.from_item_id: DatasetItem, item.to_item_id: DatasetItem}
        case DatasetItem(collection_format=form):
            found = {
                form.associations.organisation_id: OrganisationItem,
                form.associations.data_custodian_id: PersonItem,
                form.dataset_info.publisher_id: OrganisationItem,
                item.release_approver: PersonItem,
            }
        case _:
            found = {}
    return {item_id: kind for item_id, kind in found.items() if item_id is not None}


def test_every_item_parses_as_its_subtype_with_ids_in_the_order_of_time(reef: Reef):
    assert [item.id for item in reef.items.values()] == [f"sample/{1_000_001 + n}" for n in range(124)]
    times = [item.created_timestamp for item in reef.items.values()]
    assert times == sorted(times)
    assert len(set(times)) == 124
    assert Counter(item.item_subtype for item in reef.items.values()) == {
        "DATASET": 31,
        "CREATE": 29,
        "MODEL_RUN": 19,
        "DATASET_TEMPLATE": 12,
        "MODEL_RUN_WORKFLOW_TEMPLATE": 8,
        "PERSON": 7,
        "MODEL": 7,
        "STUDY": 6,
        "ORGANISATION": 4,
        "VERSION": 1,
    }
    assert {(i.item_subtype, i.item_category) for i in reef.items.values()} == set(CATEGORY_OF.items())


def test_every_id_an_item_mentions_is_an_earlier_item_of_the_right_kind(reef: Reef):
    wrong = [
        (item.id, other)
        for item in reef.items.values()
        for other, kind in mentioned_by(item).items()
        if not isinstance(target := reef.items.get(other), kind)
        or target.created_timestamp >= item.created_timestamp
    ]
    assert wrong == []


def test_every_owner_is_linked_to_the_person_who_owns_that_record(reef: Reef):
    links: dict[str, str] = reef.links
    assert {item.owner_username for item in reef.items.values()} == set(links)
    assert {reef.items[person].owner_username: person for person in links.values()} == links
    assert set(links.values()) == set(reef.all_of(PersonItem))
    assert all(person.ethics_approved for person in reef.all_of(PersonItem).values())


def test_histories_are_newest_first_and_end_in_the_present_record(reef: Reef):
    for raw in reef.raw:
        item = reef.items[raw["id"]]
        times = [entry.timestamp for entry in item.history]
        assert [entry.id for entry in item.history] == list(reversed(range(len(times))))
        assert times == sorted(times, reverse=True)
        if item.is_seed:
            continue
        assert times[-1] == item.created_timestamp
        assert times[0] <= item.updated_timestamp
        latest = raw["history"][0]["item"]
        assert latest == {key: raw[key] for key in latest}
        assert {entry.username for entry in item.history} <= set(reef.links)


def test_times_lie_in_2019_to_2025_and_runs_are_registered_after_they_ended(reef: Reef):
    for item in reef.items.values():
        assert PERIOD[0] < item.created_timestamp <= item.updated_timestamp < PERIOD[1]
    for run in reef.all_of(ModelRunItem).values():
        used = [reef.items[entry.dataset_id].created_timestamp for entry in run.record.inputs]
        assert run.record.start_time < run.record.end_time < run.created_timestamp
        assert all(registered < run.record.start_time for registered in used)


def test_each_run_satisfies_its_template_except_the_one_of_2019_that_lacks_an_annotation(reef: Reef):
    unmet: dict[str, set[str]] = {}
    for run in reef.all_of(ModelRunItem).values():
        recipe = reef.all_of(WorkflowTemplateItem)[run.record.workflow_template_id]
        problems: set[str] = set()
        for entries, roles in (
            (run.record.inputs, recipe.input_templates),
            (run.record.outputs, recipe.output_templates),
        ):
            given = Counter(entry.dataset_template_id for entry in entries)
            problems |= {r.template_id for r in roles if given[r.template_id] != 1 and not r.optional}
            problems |= set(given) - {role.template_id for role in roles}
            for entry in entries:
                deferred = reef.all_of(DatasetTemplateItem)[entry.dataset_template_id].deferred_resources
                required = {resource.key for resource in deferred if not resource.optional}
                problems |= required - set(entry.resources or {})
                problems |= set(entry.resources or {}) - {resource.key for resource in deferred}
        assert recipe.annotations is not None
        problems |= set(recipe.annotations.required) - set(run.record.annotations or {})
        if problems:
            unmet[run.id] = problems
    assert unmet == {"sample/1000016": {"grid_resolution"}}


def test_the_written_provenance_of_a_run_names_its_record(reef: Reef):
    for run in reef.all_of(ModelRunItem).values():
        document = json.loads(run.prov_serialisation or "")
        used = {link["prov:entity"] for link in document["used"].values()}
        made = {link["prov:entity"] for link in document["wasGeneratedBy"].values()}
        recipe = run.record.workflow_template_id
        software = reef.all_of(WorkflowTemplateItem)[recipe].software_id
        assert used == {e.dataset_id for e in run.record.inputs} | {recipe, software}
        assert made == {e.dataset_id for e in run.record.outputs}
        assert run.record_status == "LODGED"


def test_entities_have_a_create_activity_since_july_2020(reef: Reef):
    kinds = (DatasetItem, DatasetTemplateItem, ModelItem, WorkflowTemplateItem)
    expected = {
        item.id
        for item in reef.items.values()
        if isinstance(item, kinds) and item.created_timestamp >= FIRST_CREATE_ACTIVITY
    } - {SECOND_BATHYMETRY}
    assert {create.created_item_id for create in reef.all_of(CreateItem).values()} == expected
    linked = {
        i.id for i in reef.items.values() if i.workflow_links and i.workflow_links.create_activity_workflow_id
    }
    assert linked == expected


def test_the_readme_speaks_of_this_world(reef: Reef):
    told = {
        item.display_name or ""
        for item in (*reef.all_of(PersonItem).values(), *reef.all_of(OrganisationItem).values())
    }
    assert [name for name in told if name not in reef.readme] == []
    assert f"{len(reef.items)} registry items" in reef.readme
