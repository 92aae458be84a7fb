"""Whom and what to cite, as documents of the sample world."""

import json
import re
from pathlib import Path

import pytest
import yaml
from mcp.shared.exceptions import MCPError

from tests.worlds.sample import call, sample_client, text_in

FORECAST, RUN, STUDY = "sample/1000117", "sample/1000042", "sample/1000036"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("citations")


async def cited(world: Path, format: str, item_id: str) -> tuple[str | None, str]:
    async with sample_client(world) as client:
        found = await client.read_resource(f"provena://citation/{format}/{item_id}")
        return found.contents[0].mime_type, text_in(found)


@pytest.mark.asyncio
async def test_a_citation_file_names_the_run_and_all_that_it_rests_on(world: Path):
    mime_type, text = await cited(world, "cff", RUN)
    file = yaml.safe_load(text)
    references = file.pop("references")
    assert mime_type == "application/yaml"
    assert file == {
        "cff-version": "1.2.0",
        "message": "If you use this, please cite it, and what it rests on (references).",
        "type": "dataset",
        "title": "Hindcast currents 2016-2017",
        "authors": [{"given-names": "Maren", "family-names": "Holt"}],
        "abstract": "First half of the hindcast.",
        "date-released": "2020-04-19",
        "url": "https://hdl.handle.net/sample/1000042",
        "identifiers": [{"type": "other", "value": "hdl:sample/1000042", "description": "Handle"}],
    }
    assert [(each["type"], each["title"], each.get("version")) for each in references] == [
        ("data", "Currents and temperature 2016-2019, 1 km", "1"),
        ("data", "Global atmospheric reanalysis 2016-2019", "1"),
        ("data", "Atmospheric forcing 2016-2019, 1 km", "1"),
        ("data", "Reef bathymetry and outlines", "1"),
        ("data", "Bottom friction settings", "1"),
        ("software", "BreezeGrid", "1.0"),
        ("software", "LagoonFlow", "1.1"),
    ]
    assert references[2]["notes"].split("; ") == [
        "Handle sample/1000039",
        "Maren Holt ran the model for it (CRediT: Investigation)",
        "Northern Lagoon Observatory requested it",
        "Northern Lagoon Observatory registered it",
        "Maren Holt keeps it (CRediT: Data curation)",
        "Northern Lagoon Observatory published it",
        "Preferred citation: Holt, M. (2020). Atmospheric forcing 2016-2019, 1 km. Northern Lagoon "
        "Observatory.",
    ]


@pytest.mark.asyncio
async def test_bibtex_has_an_entry_for_the_result_and_each_source_with_keys_of_their_own(world: Path):
    mime_type, text = await cited(world, "bibtex", RUN)
    keys = re.findall(r"^@misc\{([^,]+),$", text, re.MULTILINE)
    assert mime_type == "application/x-bibtex"
    assert keys == [
        "holt2020-sample1000042",
        "holt2020-sample1000041",
        "meridianclimatecentr2020-sample1000030",
        "holt2020-sample1000039",
        "northernlagoonobserv2019-sample1000013",
        "northernlagoonobserv2019-sample1000014",
        "software-sample1000027-10",
        "software-sample1000006-11",
    ]
    assert "  author = {{Meridian Climate Centre}},\n" in text


@pytest.mark.asyncio
async def test_datacite_says_what_the_result_is_derived_from_and_compiled_by(world: Path):
    _, text = await cited(world, "datacite", FORECAST)
    document = json.loads(text)
    relations = {each["relationType"] for each in document["relatedIdentifiers"]}
    assert {"creators", "titles", "publisher", "publicationYear", "types", "schemaVersion"} <= document.keys()
    assert document["types"] == {"resourceTypeGeneral": "Dataset", "resourceType": "Dataset"}
    assert relations == {"IsDerivedFrom", "IsCompiledBy"}
    assert document["alternateIdentifiers"] == [
        {
            "alternateIdentifier": "https://hdl.handle.net/sample/1000117",
            "alternateIdentifierType": "Handle",
        }
    ]


@pytest.mark.asyncio
async def test_credits_say_who_did_what_for_which_of_the_works_of_a_study(world: Path):
    mime_type, text = await cited(world, "credits", STUDY)
    assert mime_type == "text/markdown"
    study, past, future = (
        '"Larval supply of mid-shelf reefs"',
        '"Larval connectivity 2016-2019"',
        '"Larval connectivity ssp585, 2020-2050"',
    )
    assert text.splitlines()[2].startswith(
        "- Tavita Leota (2024). Larval supply of mid-shelf reefs. https://"
    )
    assert (
        f"- Tavita Leota: ran the model for {study}, {past}, {future} (CRediT: Investigation); "
        f'keeps {past}, {future}, "Spawning and settlement settings" (CRediT: Data curation)\n'
    ) in text
    assert "- authors not recorded (no date). LagoonFlow, version 2.0." in text


@pytest.mark.asyncio
async def test_a_citation_is_saved_under_the_ending_of_its_format(world: Path):
    async with sample_client(world) as client:
        saved = [
            Path((await call(client, "open_document", uri=uri, save_as=f"cite-{number}"))["saved_to"]).name
            for number, uri in enumerate(
                f"provena://citation/{format}/{RUN}" for format in ("cff", "bibtex", "datacite", "credits")
            )
        ]
    assert saved == ["cite-0.cff", "cite-1.bib", "cite-2.json", "cite-3.md"]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("place", "says"),
    [
        (f"ris/{RUN}", "'ris' is not a format of citations. Use cff, bibtex, datacite, credits."),
        ("cff/sample/1000001", "is of subtype PERSON, not a run, study or dataset."),
    ],
)
async def test_a_citation_that_cannot_be_is_refused_in_words(world: Path, place: str, says: str):
    async with sample_client(world) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(f"provena://citation/{place}")
    assert says in refused.value.error.message
