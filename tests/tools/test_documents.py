"""Every document opened by its uri, for a model that can read no resource."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mcp import Client

from tests.worlds.deployment import answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure, sample_client, text_in, world_client
from tests.worlds.small import dataset, furniture, model_run

STUDY = "sample/1000031"


@pytest.mark.asyncio
async def test_prov_documents_hold_handles_with_colons(tmp_path: Path):
    world = [*furniture(), dataset("w/core:12"), model_run("w/run:1", ["w/core:12"], [], 10)]
    world[-1]["prov_serialisation"] = None
    async with world_client(tmp_path, world) as client:
        opened = [
            (await call(client, "open_document", uri=f"provena://prov/{form}/w/run:1"))["text"]
            for form in ("json", "provn", "ttl")
        ]
    assert [
        named in text for named, text in zip(("hdl:w/core:12", "hdl:w/core\\:12"), opened, strict=False)
    ] == [
        True,
        True,
    ]
    assert "<http://hdl.handle.net/w/core:12>" in opened[2]


@pytest.mark.asyncio
async def test_a_document_is_read_in_parts_that_make_the_whole(tmp_path: Path):
    uri = f"provena://lineage/upstream/{STUDY}?depth=3"
    async with sample_client(tmp_path, max_result_tokens=500) as client:
        whole = text_in(await client.read_resource(uri))
        parts = [part async for part in _parts(client, uri)]
        beyond = await failure(client, "open_document", uri=uri, offset=len(whole))
    assert "".join(parts) == whole
    assert beyond["parameter"] == "offset"


async def _parts(client: Client, uri: str) -> AsyncIterator[str]:
    offset: int | None = 0
    while offset is not None:
        opened = await call(client, "open_document", uri=uri, offset=offset)
        yield opened["text"]
        offset = opened.get("next_offset")


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_uri_that_is_none_of_ours_is_answered_with_those_that_are(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        errors = [
            await failure(client, "open_document", uri=uri)
            for uri in ("provena://painting/sample/1", "https://example.org/", "", "provena://csv-batch/a/b")
        ]
    assert {error["kind"] for error in errors} == {"Argument"}
    assert "provena://report/{item_subtype}/{depth}/{+id}{?session_id}" in errors[0]["next"]


@pytest.mark.asyncio
async def test_why_a_document_cannot_be_read_is_told_as_by_a_tool(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        missing = await failure(client, "open_document", uri="provena://item/sample/9")
        wire.spoilt["/registry-api/registry/general/fetch"] = answering(503, {"detail": "down"})
        down = await failure(client, "open_document", uri="provena://item/sample/1000042")
    assert (missing["kind"], missing["retry"]) == ("NotFound", "after_change")
    assert (down["kind"], down["fault"], down["retry"]) == ("Unavailable", "deployment", "later")
