"""What the embedded Provena writes, asked by this package's own client over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from provena_mcp.client import NoToken, ProvenaClient
from provena_mcp.client.prov_files import ReportJob
from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from provena_mcp.errors import NotFoundError, RejectedError
from provena_mcp.settings import Endpoints
from provena_mcp.wire.items import JsonObject, ModelRunRecord
from provena_mcp.wire.jobs import Job
from tests.embedded.contents import a_dataset
from tests.embedded.server_process import free_port, serving
from tests.worlds.writable import a_record, writable_world

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    path: Path = tmp_path_factory.mktemp("served") / "store.sqlite3"
    store = Store(path)
    load_items(store, Source(tuple(writable_world())))
    store.close()
    port = free_port()
    with serving(path, port):
        urls = {service: f"http://127.0.0.1:{port}{base}" for service, base in BASE_PATHS.items()}
        yield Endpoints(**urls)


async def finished(client: ProvenaClient, session_id: str) -> Job:
    async with asyncio.timeout(30):
        while not (job := await client.jobs.fetch(session_id)).is_finished:
            await asyncio.sleep(0.01)
    return job


async def run_of(client: ProvenaClient, session_id: str) -> str:
    job = await finished(client, session_id)
    assert job.result is not None, job.info
    record = job.result["record"]
    assert isinstance(record, dict)
    return str(record["id"])


async def test_a_run_is_registered_changed_linked_reported_and_deleted(endpoints: Endpoints) -> None:
    record = ModelRunRecord.model_validate(a_record())
    async with ProvenaClient(endpoints, tokens=NoToken()) as client:
        run_id = await run_of(client, (await client.prov.register(record)).session_id)
        better = record.model_copy(update={"display_name": "A better run"})
        await finished(client, (await client.prov.update(run_id, "Typing error", better)).session_id)
        await finished(client, (await client.prov.link_to_study(run_id, "w/study")).session_id)
        graph = await client.prov.explore("upstream", run_id, 1)
        asked = await client.prov.generate_report("w/study", "STUDY", 1)
        assert isinstance(asked, ReportJob)
        reported = await finished(client, asked.session_id)
        assert reported.result is not None, reported.info
        document = Document(BytesIO(await client.prov.fetch_report(str(reported.result["report_url"]))))
        diff = await client.prov.delete_model_run(run_id, trial=False)
        left = await client.prov.explore("upstream", run_id, 1)
        item = await client.registry.fetch(run_id)
    assert "w/study" in graph.nodes
    assert f"Model Run: A better run, {run_id}" in document.tables[0].rows[2].cells[1].text
    assert ("REMOVE_NODE", run_id) in {(action.action_type, action.node_id) for action in diff}
    assert (left.nodes, item.display_name) == ({}, "A better run")


async def test_a_csv_is_filled_converted_registered_and_regenerated(endpoints: Endpoints) -> None:
    record = ModelRunRecord.model_validate(a_record(display_name="Größe"))
    async with ProvenaClient(endpoints, tokens=NoToken()) as client:
        template = await client.prov.generate_template_csv("w/wf")
        parent = await finished(client, (await client.prov.register_batch((record, record))).session_id)
        assert parent.result is not None, parent.info
        batch_id = str(parent.result["batch_id"])
        children = [job async for page in client.jobs.batch_pages(batch_id, 1) for job in page.jobs]
        runs = [await run_of(client, job.session_id) for job in children]
        regenerated = await client.prov.regenerate_csv(batch_id)
        converted = await client.prov.convert_csv(regenerated)
    assert regenerated.startswith(template)
    assert [run_id.encode() in regenerated for run_id in runs] == [True, True]
    assert set(converted.existing_records or ()) == {job.session_id for job in children}


async def test_items_are_created_versioned_and_deleted(endpoints: Endpoints) -> None:
    model: JsonObject = {
        "display_name": "Swell",
        "name": "Swell",
        "description": "A swell model",
        "documentation_url": "https://example.org/doc",
        "source_url": "https://example.org/src",
    }
    async with ProvenaClient(endpoints, tokens=NoToken()) as client:
        created = await client.registry.create("MODEL", model)
        version = await client.registry.version("MODEL", created.item.id, "Faster")
        newer = await client.registry.fetch(version.new_version_id)
        seed = await client.registry.seed("STUDY")
        await client.registry.update(
            "STUDY", seed.id, {"display_name": "S", "title": "S", "description": "S"}
        )
        study = await client.registry.fetch_typed("STUDY", seed.id)
        minted = await client.data.mint_dataset(a_dataset("w/reef"))
        with pytest.raises(RejectedError):
            await client.data.mint_dataset(a_dataset("w/nowhere"))
        await client.registry.delete("MODEL", created.item.id)
        with pytest.raises(NotFoundError):
            await client.registry.fetch(created.item.id)
    assert newer.versioning_info is not None
    assert (newer.versioning_info.version, newer.versioning_info.previous_version) == (2, created.item.id)
    assert (study.is_seed, study.item.display_name) == (False, "S")
    assert minted.handle is not None
    assert minted.s3_location is not None
