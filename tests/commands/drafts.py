"""Who drafts runs, a registry to fit them to, and a crate of one run."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client

from tests.crates.entities import crate, ref
from tests.worlds.captured import digest
from tests.worlds.sample import call, world_client
from tests.worlds.small import dataset, item, model, person, template, workflow

TOOLSETS = "default,curation,recording"


@asynccontextmanager
async def toy(folder: Path, items: list[Any] | None = None) -> AsyncGenerator[Client]:
    """A client of an empty Provena, or of one with these items, that reads captures in ``folder``."""
    chosen: dict[str, Any] = {
        "toolsets": TOOLSETS,
        "captures": str(folder / "captures"),
        "input_dirs": str(folder),
    }
    async with world_client(folder, items or [], **chosen) as client:
        yield client


async def registered(client: Client, drafted: dict[str, Any]) -> dict[str, Any]:
    """What comes of a draft that is confirmed as it is."""
    shown = await call(client, drafted["next"]["tool"], **drafted["next"]["arguments"])
    return await call(client, drafted["next"]["tool"], reference=shown["reference"], confirm=True)


def known(run: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The files of a drafted run: side, name, by what each is known."""
    return [(each["side"], each["file"], each["known_by"]) for each in run["files"]]


def a_registry() -> list[Any]:
    """A model with a workflow template of two places, and datasets to know again."""
    return [
        person("w/kim", ethics_approved=True),
        item("w/reef", "ORGANISATION", 1, name="Reef Institute"),
        model("w/heat", source_url="https://example.org/heat"),
        template("w/sst", display_name="Sea surface temperature"),
        template("w/stress", display_name="Heat stress"),
        template("w/other", display_name="Other"),
        workflow(
            "w/wf",
            "w/heat",
            input_templates=[{"template_id": "w/sst"}],
            output_templates=[{"template_id": "w/stress"}],
        ),
        dataset("w/by-handle", display_name="SST 2024"),
        dataset("w/by-name", display_name="heat-stress.nc"),
    ]


def a_crate(**action: Any) -> str:
    """A crate of one run of the model, its input with a handle, its output with a name."""
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "Heat stress of 2024",
        "startTime": "2024-03-01T00:00:00Z",
        "endTime": "2024-03-01T01:00:00Z",
        "instrument": ref("heat.py"),
        "object": ref("sst.nc"),
        "result": ref("heat-stress.nc"),
        "agent": ref("#kim"),
        **action,
    }
    return crate(
        run,
        {
            "@id": "heat.py",
            "@type": "SoftwareSourceCode",
            "name": "heat.py",
            "codeRepository": "git@example.org:heat.git",
            "version": "a" * 40,
        },
        {"@id": "sst.nc", "@type": "File", "name": "SST 2024", "identifier": "hdl:w/by-handle"},
        {"@id": "heat-stress.nc", "@type": "File", "sha256": digest("h")},
        {"@id": "#kim", "@type": "Person", "name": "Kim Roe", "email": "kim@example.org"},
        root={"name": "crate"},
    ).decode()
