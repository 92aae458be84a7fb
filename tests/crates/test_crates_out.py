"""Crates of registered runs, studies and datasets: valid, and read back as what is registered."""

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import BlobResourceContents

from provena_mcp.crates.reader import read_runs
from provena_mcp.crates.recorded_runs import RecordedFile, RecordedRun
from provena_mcp.wire.items import Associations, ModelRunRecord, TemplatedDataset
from tests.crates.profile import problems_of
from tests.worlds.sample import call, sample_client, text_in

RUN, STUDY, DATASET, ORIGINAL = "sample/1000042", "sample/1000031", "sample/1000117", "sample/1000012"
STUDIES = ("1000022", "1000031", "1000036", "1000077", "1000109", "1000123")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crates")


@asynccontextmanager
async def asked(world: Path) -> AsyncGenerator[Client]:
    async with sample_client(world) as client:
        yield client


async def packed(client: Client, kind: str, item_id: str, depth: str = "") -> dict[str, bytes]:
    """The files of a crate."""
    (found,) = (await client.read_resource(f"provena://crate-zip/{kind}/{item_id}{depth}")).contents
    assert isinstance(found, BlobResourceContents)
    assert found.mime_type == "application/zip"
    with ZipFile(BytesIO(base64.b64decode(found.blob))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def registered(client: Client, run_id: str) -> ModelRunRecord:
    item = json.loads(text_in(await client.read_resource(f"provena://item/{run_id}")))
    return ModelRunRecord.model_validate(item["record"])


def as_record(run: RecordedRun) -> ModelRunRecord:
    """What a run that was read says, in the registry's form; a run that leaves out a part of it fails."""
    (modeller,) = run.agents
    assert run.template is not None
    assert None not in (run.started, run.ended)
    (software,) = run.software
    return ModelRunRecord(
        workflow_template_id=run.template.handle or "",
        model_version=software.version,
        inputs=tuple(map(as_use, run.inputs)),
        outputs=tuple(map(as_use, run.outputs)),
        annotations=run.annotations or None,
        display_name=run.name,
        description=run.description or "",
        study_id=run.study.handle if run.study else None,
        associations=Associations(
            modeller_id=modeller.handle or "",
            requesting_organisation_id=run.organisation.handle if run.organisation else None,
        ),
        start_time=run.started or 0,
        end_time=run.ended or 0,
    )


def as_use(file: RecordedFile) -> TemplatedDataset:
    assert file.template is not None
    return TemplatedDataset(
        dataset_template_id=file.template.handle or "",
        dataset_id=file.handle or "",
        resources=file.resources or None,
    )


@pytest.mark.slow
@pytest.mark.asyncio
async def test_every_run_of_every_study_is_read_back_as_it_is_registered(world: Path):
    async with asked(world) as client:
        read: dict[str, ModelRunRecord] = {}
        for study in STUDIES:
            crate = text_in(await client.read_resource(f"provena://crate/study/sample/{study}"))
            for run in read_runs(crate.encode()).runs:
                assert run.handle is not None
                read[run.handle] = as_record(run)
        stored = {run: await registered(client, run) for run in read}
        listed = await call(client, "list_items", subtype="MODEL_RUN", study_id="none", limit=50)
    assert read == stored
    assert len(read) + len([item for item in listed["items"] if item["id"] not in read]) == 19


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "item_id"), [("run", RUN), ("study", STUDY), ("dataset", DATASET), ("dataset", ORIGINAL)]
)
async def test_crates_keep_every_must_of_their_profiles(world: Path, kind: str, item_id: str):
    async with asked(world) as client:
        files = await packed(client, kind, item_id)
        alone = await client.read_resource(f"provena://crate/{kind}/{item_id}")
    assert problems_of(json.loads(files["ro-crate-metadata.json"]), files) == []
    assert alone.contents[0].mime_type == "application/ld+json"
    assert text_in(alone).encode() == files["ro-crate-metadata.json"]


@pytest.mark.asyncio
async def test_a_dataset_that_no_run_made_is_a_plain_crate_of_itself(world: Path):
    async with asked(world) as client:
        files = await packed(client, "dataset", ORIGINAL)
    document = json.loads(files["ro-crate-metadata.json"])
    root = next(entity for entity in document["@graph"] if entity["@id"] == "./")
    assert sorted(files) == ["README.md", "ro-crate-metadata.json"]
    assert {"conformsTo", "mainEntity", "mentions"}.isdisjoint(root)
    assert root["hasPart"] == [{"@id": "README.md"}, {"@id": "https://hdl.handle.net/sample/1000012"}]
    assert "None is recorded." in files["README.md"].decode()


@pytest.mark.asyncio
async def test_a_dataset_is_told_with_licence_place_time_and_who_answers_for_it(world: Path):
    async with asked(world) as client:
        document = json.loads((await packed(client, "dataset", ORIGINAL))["ro-crate-metadata.json"])
    entities = {entity["@id"]: entity for entity in document["@graph"]}
    dataset = entities["https://hdl.handle.net/sample/1000012"]
    place = entities[dataset["spatialCoverage"]["@id"]]
    assert {name: dataset[name] for name in ("name", "keywords", "temporalCoverage", "version")} == {
        "name": "Moore Reef mooring winds 2018",
        "keywords": ["wind", "Moore Reef", "mooring"],
        "temporalCoverage": "2018-01-01/2018-12-31",
        "version": "1",
    }
    assert entities[dataset["license"]["@id"]] == {
        "@id": "https://creativecommons.org/licenses/by/4.0/",
        "@type": "CreativeWork",
        "name": "CC BY 4.0",
        "url": "https://creativecommons.org/licenses/by/4.0/",
    }
    assert entities[place["geo"]["@id"]]["box"] == "-16.95,146.15 -16.8,146.3"
    assert entities[dataset["maintainer"]["@id"]]["@type"] == "Person"
    assert entities[dataset["publisher"]["@id"]]["name"] == "Northern Lagoon Observatory"
    assert "@example.org" not in json.dumps([entity for entity in entities.values() if "email" in entity])


@pytest.mark.asyncio
async def test_depth_says_how_far_upstream_a_crate_goes(world: Path):
    async with asked(world) as client:
        one = read_runs(text_in(await client.read_resource(f"provena://crate/run/{RUN}?depth=1")).encode())
        all_of_it = read_runs(text_in(await client.read_resource(f"provena://crate/run/{RUN}")).encode())
    assert [run.handle for run in one.runs] == [RUN]
    assert [run.handle for run in all_of_it.runs] == ["sample/1000040", RUN]


@pytest.mark.asyncio
async def test_what_has_no_place_in_a_crate_is_listed_in_it(world: Path):
    async with asked(world) as client:
        files = await packed(client, "run", RUN)
    listed = {left.what: left.why for left in read_runs(files["ro-crate-metadata.json"]).left_out}
    assert listed["approvals of datasets"] == "ethics, Indigenous knowledge and export have no term"
    told = files["README.md"].decode()
    assert "- approvals of datasets: ethics, Indigenous knowledge and export have no term" in told


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("place", "says"),
    [
        (f"run/{STUDY}", "'sample/1000031' is of subtype STUDY, not a run. Ask for a study instead."),
        ("dataset/sample/1000001", "of subtype PERSON, not a dataset. explore_downstream finds"),
        (f"model/{RUN}", "'model' is not one of run, study, dataset."),
        (f"run/{RUN}?depth=0", "depth is 1 to 100 hops, not '0'."),
    ],
)
async def test_a_crate_that_cannot_be_is_refused_in_words(world: Path, place: str, says: str):
    async with asked(world) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource(f"provena://crate/{place}")
    assert says in refused.value.error.message


@pytest.mark.asyncio
async def test_a_packed_crate_is_saved_whole_and_read_as_a_list_of_its_files(world: Path):
    uri = f"provena://crate-zip/run/{RUN}"
    async with asked(world) as client:
        shown: Any = await call(client, "open_document", uri=uri)
        saved: Any = await call(client, "open_document", uri=uri, save_as="hindcast")
    assert shown["text"].splitlines()[1:] == ["ro-crate-metadata.json", "README.md", "workflow.cwl"]
    with ZipFile(saved["saved_to"]) as archive:
        assert archive.testzip() is None
    assert Path(saved["saved_to"]).name == "hindcast.zip"
