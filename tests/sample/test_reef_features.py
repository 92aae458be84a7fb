"""The sample world holds every feature its README names."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from provena_mcp.wire.items import DatasetItem, ModelRunItem, OrganisationItem, StudyItem, VersionItem

if TYPE_CHECKING:
    from .conftest import Reef


def ids(*numbers: int) -> set[str]:
    """Ids by the last three digits, as the README gives them."""
    return {f"sample/1000{number:03}" for number in numbers}


def test_the_result_is_more_than_ten_hops_from_its_first_source(reef: Reef):
    distance = reef.hops_upstream("sample/1000117")
    assert distance["sample/1000030"] == 12
    assert max(distance.values()) == 12


def test_one_dataset_is_upstream_of_most_runs(reef: Reef):
    reached = {run for run in reef.all_of(ModelRunItem) if "sample/1000039" in reef.hops_upstream(run)}
    assert set(reef.all_of(ModelRunItem)) - reached == ids(16, 40, 63, 67)


def test_there_is_a_diamond_from_currents_to_coral_cover(reef: Reef):
    both = reef.causes["sample/1000066"] & ids(47, 44)
    assert both == ids(47, 44)
    assert all("sample/1000041" in reef.hops_upstream(side) for side in both)


def test_one_dataset_was_made_by_two_runs_and_one_was_overwritten_by_two(reef: Reef):
    makers = {
        d: {c for c in reef.causes[d] if c in reef.all_of(ModelRunItem)} for d in reef.all_of(DatasetItem)
    }
    assert {d: runs for d, runs in makers.items() if len(runs) > 1} == {
        "sample/1000041": ids(42, 43),
        "sample/1000037": ids(63, 67),
    }
    assert all("sample/1000037" in reef.causes[run] for run in ids(63, 67))
    assert not any("sample/1000041" in reef.causes[run] for run in ids(42, 43))


def test_only_the_overwritten_survey_lies_on_a_cycle(reef: Reef):
    on_cycle = {i for i in reef.causes if any(i in reef.hops_upstream(cause) for cause in reef.causes[i])}
    assert on_cycle == ids(37, 63, 67)


def test_a_version_superseded_another_and_runs_used_both(reef: Reef):
    old, new = reef.all_of(DatasetItem)["sample/1000013"], reef.all_of(DatasetItem)["sample/1000072"]
    (activity,) = reef.all_of(VersionItem).values()
    assert old.versioning_info is not None
    assert new.versioning_info is not None
    assert (old.versioning_info.next_version, old.versioning_info.version) == (new.id, 1)
    assert (new.versioning_info.previous_version, new.versioning_info.version) == (old.id, 2)
    assert (activity.from_item_id, activity.to_item_id, activity.new_version_number) == (old.id, new.id, 2)
    assert activity.reason == new.versioning_info.reason
    assert {run for run in reef.all_of(ModelRunItem) if old.id in reef.causes[run]} == ids(16, 42, 43, 90)
    assert {run for run in reef.all_of(ModelRunItem) if new.id in reef.causes[run]} == ids(76, 93)
    assert reef.all_of(ModelRunItem)["sample/1000090"].record.start_time > new.created_timestamp


def test_two_datasets_share_a_name_and_differ_in_organisation_and_date(reef: Reef):
    named: dict[str | None, list[DatasetItem]] = defaultdict(list)
    for dataset in reef.all_of(DatasetItem).values():
        if dataset.versioning_info and dataset.versioning_info.previous_version is None:
            named[dataset.display_name].append(dataset)
    (twins,) = [found for found in named.values() if len(found) > 1]
    assert {twin.id for twin in twins} == ids(24, 68)
    assert len({twin.collection_format.associations.organisation_id for twin in twins}) == 2
    dates = [twin.collection_format.dataset_info.created_date for twin in twins]
    assert [date and date.value for date in dates] == ["2019-09-23", "2021-06-21"]


def test_release_states_are_as_told(reef: Reef):
    found = {
        status: {d.id for d in reef.all_of(DatasetItem).values() if d.release_status == status}
        for status in ("RELEASED", "PENDING")
    }
    assert found == {"RELEASED": ids(39, 41), "PENDING": ids(117)}


def test_restrictions_are_as_told(reef: Reef):
    info = {d.id: d.collection_format.dataset_info for d in reef.all_of(DatasetItem).values()}
    external = {
        i: d.access_info.uri for i, d in info.items() if d.access_info and not d.access_info.reposited
    }
    limited = {i for i, d in info.items() if d.usage_limitations}
    indigenous = {
        d.id
        for d in reef.all_of(DatasetItem).values()
        if (a := d.collection_format.approvals) and a.indigenous_knowledge.relevant
    }
    assert (set(external), limited, indigenous) == (ids(30, 78, 80), ids(25, 115), ids(115))
    assert {i: reef.all_of(DatasetItem)[i].access_info_uri for i in external} == external
    assert {i for i, d in info.items() if d.license and "no-redistribution" in d.license} == limited
    assert len({d.license for d in info.values()}) == 3


def test_gaps_in_old_records_are_as_told(reef: Reef):
    runs = reef.all_of(ModelRunItem).values()
    assert {run.id for run in runs if run.record.model_version is None} == ids(49)
    assert {run.id for run in runs if run.record.study_id is None} == ids(16, 67)
    assert {run.id for run in runs if run.record.associations.requesting_organisation_id is None} == ids(122)
    assert Counter((run.record.annotations or {}).get("scenario") for run in runs) == {
        "hindcast": 8,
        "ssp585": 7,
        "ssp245": 2,
        None: 2,
    }
    bare = {
        raw["id"]
        for raw in reef.raw
        if isinstance(raw.get("collection_format", {}).get("dataset_info", {}).get("created_date"), str)
    }
    assert bare == ids(12, 14)


def test_some_items_stand_alone(reef: Reef):
    records = [run.record for run in reef.all_of(ModelRunItem).values()]
    used = {entry.dataset_id for record in records for entry in (*record.inputs, *record.outputs)}
    used |= {record.study_id or "" for record in records}
    used |= {record.associations.requesting_organisation_id or "" for record in records}
    assert set(reef.all_of(StudyItem)) - used == ids(123)
    assert set(reef.all_of(OrganisationItem)) - used == ids(26)
    assert set(reef.all_of(DatasetItem)) - used == ids(70)
    assert {item.id for item in reef.items.values() if item.is_seed} == ids(124)
    assert {d for d in set(reef.all_of(DatasetItem)) & used if not reef.causes[d]} == ids(
        12, 13, 14, 24, 25, 30, 38, 68, 72, 78, 80, 115
    )


def test_places_and_periods_can_be_searched(reef: Reef):
    info = [d.collection_format.dataset_info for d in reef.all_of(DatasetItem).values()]
    extents = [d.spatial_info.extent or "" for d in info if d.spatial_info]
    placed = [extent for extent in extents if extent.startswith("SRID=4326;POLYGON((")]
    dated = [d.temporal_info.duration for d in info if d.temporal_info and d.temporal_info.duration]
    assert len(placed) == 29
    assert len(dated) == 25
    assert all((span.begin_date or "") < (span.end_date or "") for span in dated)
