"""From two scripts to their lineage, as a user goes: over stdio, out as a crate and in again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.worlds.captured import ANSWERS, links_behind
from tests.worlds.sample import call, text_in

FLOW = "rain = [float(each) for each in open('rain.csv')]\nopen('flow.csv', 'w').write(f'{sum(rain)}\\n')\n"
PEAK = (
    "flow = [float(each) for each in open('flow.csv')]\nopen('peak.csv', 'w').write(f'{max(flow) * 2}\\n')\n"
)


def environment(project: Path, store: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
    ours = {
        "PROVENA_STORE": str(project / store),
        "PROVENA_TOOLSETS": "default,curation,recording",
        "PROVENA_OUTPUT_DIR": "off",
    }
    return kept | ours


def served(project: Path, store: str) -> Client:
    """A host's client of the server that it starts in the project's folder."""
    command = ["-m", "provena_mcp", "serve"]
    return Client(
        StdioServerParameters(
            command=sys.executable, args=command, env=environment(project, store), cwd=project
        )
    )


def record(project: Path, script: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "provena_mcp", "record", "--", sys.executable, script],
        cwd=project,
        env=environment(project, "none"),
        check=True,
        capture_output=True,
        timeout=60,
    )


async def registered(client: Client, **given: Any) -> dict[str, Any]:
    """What comes of drafting, seeing the preview and saying yes."""
    drafted = await call(client, "draft_model_runs", answers=ANSWERS, **given)
    tool, arguments = drafted["next"]["tool"], drafted["next"]["arguments"]
    shown = await call(client, tool, **arguments)
    return await call(client, tool, reference=shown["reference"], confirm=True)


def made(done: dict[str, Any], name: str) -> str:
    return next(each["id"] for each in done["created"] if each["name"] == name)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_two_scripts_become_a_lineage_that_can_be_taken_elsewhere(tmp_path: Path):
    for name, text in {"rain.csv": "1\n2\n", "flow.py": FLOW, "peak.py": PEAK}.items():
        (tmp_path / name).write_text(text)
    for script in ("flow.py", "peak.py"):
        record(tmp_path, script)
    names = sorted(
        folder.name for folder in (tmp_path / ".provena" / "captures").iterdir() if folder.is_dir()
    )
    async with served(tmp_path, "here.sqlite3") as client:
        before = await call(client, "identify_file", file="peak.csv")
        done = await registered(client, capture=names)
        after = await call(client, "identify_file", file="peak.csv")
        here = await links_behind(client, made(done, "peak.csv"))
        crate = text_in(await client.read_resource(f"provena://crate/dataset/{made(done, 'peak.csv')}"))
    async with served(tmp_path, "elsewhere.sqlite3") as client:
        again = await registered(client, crate=crate)
        elsewhere = await links_behind(client, made(again, "peak.csv"))
    runs = [row["model_run_id"] for row in done["runs"]]
    assert [(use["capture"], use["was"]) for use in before["captures"]] == [(names[1], "written")]
    assert [use["registered_as"] for use in after["captures"]] == [runs[1]]
    assert [use["run"]["id"] for use in after["registered"]] == [runs[1]]
    assert here >= {
        ("flow.py", "used", "rain.csv"),
        ("flow.csv", "wasGeneratedBy", "flow.py"),
        ("peak.py", "used", "flow.csv"),
        ("peak.csv", "wasGeneratedBy", "peak.py"),
    }
    assert elsewhere == here
