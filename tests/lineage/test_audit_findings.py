"""Every finding of an audit, each provoked by spoiling one thing in a run that has nothing wrong."""

from collections.abc import Callable
from typing import get_args

import pytest

from provena_mcp.lineage.audit.audit import audit_run
from provena_mcp.lineage.audit.evidence import RunEvidence
from provena_mcp.lineage.audit.findings import MEANING, Code
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.provenance import assert_version
from tests.worlds.audit_faults import SPOILT, spoil_registration, spoil_storage
from tests.worlds.audited import DAY, ENDED, NOW, STARTED, World, run


@pytest.mark.parametrize(("spoil", "code", "evidence"), SPOILT, ids=[code for _, code, _ in SPOILT])
def test_each_fault_is_found_where_it_is(
    spoil: Callable[[World], None], code: Code, evidence: dict[str, str]
) -> None:
    world = World()
    spoil(world)

    found = {finding.code: dict(finding.evidence) for finding in world.findings()}

    assert found[code] == evidence


def test_a_run_that_the_graph_holds_is_lodged_whatever_its_status_says() -> None:
    world = World()
    world.items["run"]["record_status"] = "COMPLETE"
    assert "not_lodged" not in {finding.code for finding in world.findings()}


@pytest.mark.parametrize(
    ("times", "others", "is_found"),
    [
        # The only maker: what it made is what was used, unless it began after the run had ended.
        ((STARTED - 50, STARTED + 1), [], False),
        ((STARTED, ENDED), [], False),
        ((ENDED, ENDED + 50), [], False),
        ((ENDED + 1, ENDED + 50), [], True),
        # A maker whose record states days.
        ((ENDED + 3_600, ENDED + 3_600), [], False),
        ((ENDED + 3_600, ENDED + 3_600 + DAY), [], False),
        ((ENDED + DAY, ENDED + 2 * DAY), [], True),
        # One of two: whatever ended after the run began.
        ((STARTED - 50, STARTED - 1), [(STARTED - 300, STARTED - 250)], False),
        ((STARTED - 50, STARTED + 1), [(STARTED - 300, STARTED - 250)], True),
        ((STARTED - DAY, STARTED), [(STARTED - 300, STARTED - 250)], False),
        ((STARTED, STARTED + DAY), [(STARTED - 300, STARTED - 250)], True),
    ],
)
def test_an_input_is_made_again_by_another_or_a_later_maker_only(
    times: tuple[int, int], others: list[tuple[int, int]], *, is_found: bool
) -> None:
    world = World()
    world.record("earlier").update(start_time=times[0], end_time=times[1])
    for number, (started, ended) in enumerate(others):
        world.items[f"other-{number}"] = run(f"other-{number}", ["raw"], ["input"], started, ended)
    assert ("input_overwritten" in {finding.code for finding in world.findings()}) == is_found


@pytest.mark.parametrize(
    ("registered", "ended", "is_found"),
    [
        (STARTED, ENDED, False),
        (STARTED + 1, ENDED, True),
        # A record that states days does not tell which came first on that day.
        (STARTED + 3_600, STARTED + DAY, False),
        (STARTED + DAY, STARTED + DAY, True),
    ],
)
def test_a_version_was_there_when_the_run_started_as_far_as_its_times_tell(
    registered: int, ended: int, *, is_found: bool
) -> None:
    world = World()
    spoil_registration(world)
    world.items["input"]["created_timestamp"] = registered
    world.record()["end_time"] = ended
    assert ("version_registered_later" in {finding.code for finding in world.findings()}) == is_found


def test_versions_in_places_of_their_own_share_none() -> None:
    world = World()
    spoil_storage(world)
    world.items["input-2"] = world.items["input-2"] | {"s3": {"s3_uri": "s3://store/input-2"}}
    assert "storage_shared" not in {finding.code for finding in world.findings()}


def test_a_new_version_that_no_run_made_is_a_gap_too() -> None:
    evidence = World().evidence()
    graph = evidence.upstream.merged([assert_version("version", "older", "raw", "DATASET", "ada")])
    audit = audit_run(RunEvidence(evidence.run, evidence.known, graph, {}, NOW))
    (gap,) = [finding for finding in audit.findings if finding.code == "lineage_gap"]
    assert gap.evidence == {"older": "", "raw": "registered as a new version"}


def test_every_code_has_a_fault_that_provokes_it_and_a_meaning() -> None:
    codes = set(get_args(Code))
    assert set(MEANING) == codes
    assert {code for _, code, _ in SPOILT} | {"study_without_runs"} == codes


def test_a_latest_version_two_steps_on_is_named() -> None:
    world = World()
    world.replace("input")
    world.replace("input-2")
    world.items["input-2"]["versioning_info"]["previous_version"] = "input"

    (finding,) = [found for found in world.findings() if found.code == "input_superseded"]

    assert finding.evidence["input"].startswith("replaced by input-2 on 2023-11-14, ")
    assert "; latest input-2-2" in finding.evidence["input"]


def test_data_that_was_not_followed_is_no_gap() -> None:
    world = World()
    world.record("earlier")["inputs"] = []
    world.incomplete_because = "stopped after 60 queries"
    evidence = world.evidence()
    unfollowed = ProvenanceGraph(
        evidence.upstream.nodes,
        tuple(link for link in evidence.upstream.links if link.source not in ("raw", "earlier", "input")),
    )

    audit = audit_run(RunEvidence(evidence.run, evidence.known, unfollowed, {}, NOW, "stopped"))

    assert "lineage_gap" not in {finding.code for finding in audit.findings}
