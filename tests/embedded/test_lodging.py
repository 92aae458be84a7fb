"""What stored runs assert is told alike however their record was written."""

from __future__ import annotations

from provena_mcp.embedded.graph_walk import explore
from provena_mcp.embedded.store import Store
from provena_mcp.rules.graph import Kind, Link
from tests.embedded.conftest import Load
from tests.worlds.small import dataset, furniture, model_run


def test_a_run_whose_ids_are_numbers_asserts_what_it_would_if_they_were_texts(
    load: Load, store: Store
) -> None:
    run = model_run("w/run", ["w/a"], [], 20)
    run["record"]["study_id"] = 12345
    run["record"]["associations"]["requesting_organisation_id"] = 678
    report = load([*furniture(), dataset("w/a"), run])
    assert (report.skipped, report.waiting) == ((), ())
    with store.read() as connection:
        found = explore(connection, "w/run", "upstream", 1)
    assert Link("w/run", "wasInformedBy", "12345") in found.links
    assert Link("w/run", "wasAssociatedWith", "678") in found.links
    assert found.nodes["12345"] == Kind("ACTIVITY", "STUDY")


def test_a_run_without_a_study_and_an_organisation_asserts_neither_however_that_is_written(
    load: Load, store: Store
) -> None:
    said, unsaid = model_run("w/said", ["w/a"], [], 20), model_run("w/unsaid", ["w/a"], [], 20)
    said["record"] |= {"study_id": None, "model_version": None}
    said["record"]["associations"]["requesting_organisation_id"] = None
    said["prov_serialisation"] = None
    load([*furniture(), dataset("w/a"), said, unsaid])
    with store.read() as connection:
        one, other = (explore(connection, run, "upstream", 1).links for run in ("w/said", "w/unsaid"))
    assert {link[1:] for link in one} == {link[1:] for link in other}
