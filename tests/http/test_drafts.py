"""A hosted server drafts runs from what is sent to it, and looks at no file of its own machine."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.crates import shapes
from tests.crates.entities import zipped
from tests.worlds.hosted import World, call, failure, host_of


def drafted_from(answer: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """What a draft asks about, and the files of each of its runs."""
    runs = [[each["file"] for each in run["files"]] for run in answer["runs"]]
    return [question["ask"] for question in answer["questions"]], runs


@pytest.mark.asyncio
async def test_a_crate_is_drafted_alike_from_its_text_and_from_a_zip_of_it(world: World):
    text = shapes.nextflow().decode()
    packed = base64.b64encode(zipped({"ro-crate-metadata.json": shapes.nextflow()})).decode()
    async with world.app(toolsets="default,recording") as app, host_of(app, world.token("alice")) as host:
        from_text = await call(host, "draft_model_runs", crate=text)
        from_zip = await call(host, "draft_model_runs", crate=packed)
    assert drafted_from(from_text) == drafted_from(from_zip)
    assert from_text["runs"][0]["files"]


@pytest.mark.asyncio
async def test_neither_a_path_nor_a_capture_of_the_servers_machine_is_read(world: World, tmp_path: Path):
    (tmp_path / "ro-crate-metadata.json").write_bytes(shapes.nextflow())
    async with world.app(toolsets="default,recording") as app, host_of(app, world.token("alice")) as host:
        by_path = await failure(host, "draft_model_runs", crate=str(tmp_path))
        by_capture = await failure(host, "draft_model_runs", capture="last")
    assert (by_path["message"], by_capture["message"]) == (
        "This server cannot see your files.",
        "This server cannot see your captures.",
    )
