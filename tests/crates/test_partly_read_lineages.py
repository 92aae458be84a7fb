"""Crates and citations of lineages that could not be read whole, and of items with other identifiers."""

import json
from datetime import date
from importlib.resources import files
from typing import Any

from provena_mcp.citations.works import citation_of
from provena_mcp.crates.export.provenance_crate import provenance_crate
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.crates.export.tables import datasets_table, runs_table
from provena_mcp.crates.reader import read_runs
from provena_mcp.wire.items import RegistryItem, parse_item
from tests.crates.profile import problems_of

RUN, MODELLER, TEMPLATE, MADE, USED = (
    "sample/1000042",
    "sample/1000005",
    "sample/1000011",
    "sample/1000041",
    "sample/1000013",
)
ORCID, ROR = "https://orcid.org/0000-0002-1825-0097", "https://ror.org/05x8z9a12"
DAY = date(2026, 1, 2)


def world() -> dict[str, dict[str, Any]]:
    raw = json.loads((files("provena_mcp.embedded.sample") / "reef.json").read_text("utf-8"))["items"]
    return {item["id"]: item for item in raw}


def provenance(raw: dict[str, dict[str, Any]], *absent: str) -> RegisteredProvenance:
    """A run and what it names, without what is ``absent``."""
    record = raw[RUN]["record"]
    uses = [*record["inputs"], *record["outputs"]]
    named = {RUN, TEMPLATE, MODELLER, "sample/1000006", "sample/1000002", record["study_id"]}
    named |= {use[key] for use in uses for key in ("dataset_id", "dataset_template_id")}
    items: dict[str, RegistryItem] = {each: parse_item(raw[each]) for each in named if each not in absent}
    not_read = dict.fromkeys(absent, "You may not read it.")
    return RegisteredProvenance(items[RUN], items, 1, not_read, "the depth that was asked for")


def entities(found: RegisteredProvenance) -> dict[str, dict[str, Any]]:
    crate = provenance_crate(found, DAY)
    document = json.loads(crate.metadata)
    assert problems_of(document, crate.files) == []
    return {entity["@id"]: entity for entity in document["@graph"]}


def test_what_could_not_be_read_is_there_by_its_handle_and_said_to_be_missing():
    found = provenance(world(), MODELLER, TEMPLATE, USED)
    crate = entities(found)
    (run,) = read_runs(provenance_crate(found, DAY).files["ro-crate-metadata.json"]).runs
    left_out = {entity["name"]: entity["value"] for entity in crate.values() if "left-out" in entity["@id"]}
    assert crate["https://hdl.handle.net/sample/1000005"] == {
        "@id": "https://hdl.handle.net/sample/1000005",
        "@type": "Person",
        "name": "sample/1000005",
    }
    assert run.software[0].name == f"Software of workflow template {TEMPLATE}, which could not be read"
    assert [agent.handle for agent in run.agents] == [MODELLER]
    assert USED in [file.handle for file in run.inputs]
    assert {left_out[each] for each in (MODELLER, TEMPLATE, USED)} == {"You may not read it."}
    assert left_out["what lies further upstream"] == "the depth that was asked for"
    assert f"{USED},{USED},,,,,,," in datasets_table(found).decode().splitlines()
    assert runs_table(found).decode().count("\n") == 2


def test_a_citation_says_that_parts_could_not_be_read():
    citation = citation_of(provenance(world(), MODELLER, USED))
    assert citation.is_complete is False
    assert [author.name for author in citation.work.authors] == [MODELLER]
    assert USED not in [work.handle for work in citation.sources]


def test_people_and_organisations_are_known_by_what_identifies_them_elsewhere_unless_two_claim_it():
    raw = world()
    raw[MODELLER]["orcid"] = ORCID
    raw["sample/1000002"]["ror"] = ROR
    alone = entities(provenance(raw))
    found = provenance(raw)
    twin = parse_item({**raw[MODELLER], "id": "sample/1"})
    both = entities(RegisteredProvenance(found.about, {**found.items, "sample/1": twin}, 1))
    assert alone[f"https://hdl.handle.net/{RUN}"]["agent"] == {"@id": ORCID}
    assert alone[f"https://hdl.handle.net/{RUN}"]["participant"] == {"@id": ROR}
    assert alone[alone[ORCID]["identifier"]["@id"]]["value"] == MODELLER
    assert both[f"https://hdl.handle.net/{RUN}"]["agent"] == {"@id": f"https://hdl.handle.net/{MODELLER}"}
    assert citation_of(found).work.authors[0].orcid == ORCID


def test_a_dataset_is_cited_by_a_doi_where_it_has_one():
    raw = world()
    info = raw[MADE]["collection_format"]["dataset_info"]
    info["access_info"] = {
        "reposited": False,
        "uri": "https://doi.org/10.5281/zenodo.1234",
        "description": "",
    }
    info["rights_holder"] = "The Crown"
    (made,) = citation_of(provenance(raw)).results
    assert (made.doi, made.url) == ("10.5281/zenodo.1234", "https://doi.org/10.5281/zenodo.1234")
    assert [someone.name for part, someone in made.contributions if part == "owns"] == ["The Crown"]


def test_times_and_places_that_are_none_are_left_out():
    raw = world()
    raw[RUN]["record"] |= {"start_time": 10**12, "end_time": 10**12}
    info = raw[MADE]["collection_format"]["dataset_info"]
    info["spatial_info"] = {"extent": "SRID=4326;CIRCLE(somewhere)"}
    info["license"] = "ask us"
    crate = entities(provenance(raw))
    made = crate[f"https://hdl.handle.net/{MADE}"]
    assert "startTime" not in crate[f"https://hdl.handle.net/{RUN}"]
    assert (made["license"], "geo" in crate[made["spatialCoverage"]["@id"]]) == ("ask us", False)
