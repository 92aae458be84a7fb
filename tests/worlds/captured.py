"""Captures of a two-step toy model, written as a recorder writes them, and what a user says of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from mcp import Client

from provena_mcp.recording.capture_folder import CaptureFolder
from provena_mcp.recording.captured import Capture, CapturedFile, Content, FileRole, Repository, Who
from tests.worlds.sample import text_in

_LINKED = ("MODEL_RUN", "DATASET", "MODEL", "PERSON")
_LINKS = ("used", "wasGeneratedBy", "wasAssociatedWith")
NOT_RELEVANT = {"relevant": False, "obtained": False}
MODEL = {
    "description": "A toy",
    "documentation_url": "https://example.org/toy",
    "source_url": "https://example.org/toy.git",
}
ANSWERS: dict[str, Any] = {
    "organisation": {"name": "Reef Institute"},
    "datasets": {
        "approvals": dict.fromkeys(
            ("ethics_registration", "ethics_access", "indigenous_knowledge", "export_controls"), NOT_RELEVANT
        ),
        "dataset_info": {
            "license": "https://creativecommons.org/licenses/by/4.0/",
            "access_info": {"reposited": True},
        },
    },
    "items": {"MODEL flow.py": MODEL, "MODEL peak.py": MODEL},
}
"""What a user says of the toy: all that nobody recorded."""


def digest(text: str) -> str:
    """The SHA-256 of a file that holds ``text``."""
    return hashlib.sha256(text.encode()).hexdigest()


def captured_file(role: FileRole, name: str, text: str) -> CapturedFile:
    """A file of the toy as it was seen."""
    content = Content(sha256=digest(text), size=len(text), modified=1_700_000_000.0)
    return CapturedFile(f"/toy/{name}", role, content, ("watched",))


def capture(captures: Path, name: str, program: str, *files: CapturedFile, **more: Any) -> Path:
    """A capture of a run of a program, written under ``captures``; its folder."""
    whole: dict[str, Any] = {
        "title": program,
        "command": ("python", program),
        "folder": "/toy",
        "started": 1_700_000_000.0,
        "ended": 1_700_000_060.0,
        "state": "completed",
        "exit_code": 0,
        "levels": ("watched",),
        "repositories": (
            Repository("/toy", commit="c" * 40, remote="https://example.org/toy.git", dirty=False),
        ),
        "who": Who("kim"),
        **more,
    }
    folder = CaptureFolder(captures, name)
    folder.write(Capture(name=name, program=program, files=files, **whole))
    return folder.path


def two_steps(captures: Path) -> tuple[Path, Path]:
    """flow.py makes flow.csv of rain.csv, peak.py makes peak.csv of that."""
    rain, flow, peak = "1\n2\n", "0.4\n0.8\n", "0.8\n"
    return (
        capture(
            captures,
            "1-flow",
            "flow.py",
            captured_file("input", "rain.csv", rain),
            captured_file("output", "flow.csv", flow),
        ),
        capture(
            captures,
            "2-peak",
            "peak.py",
            captured_file("input", "flow.csv", flow),
            captured_file("output", "peak.csv", peak),
        ),
    )


async def links_behind(client: Client, dataset_id: str) -> set[tuple[str, str, str]]:
    """What was used, made and by whom, behind a dataset, between names: the same in every Provena."""
    address = f"provena://lineage/upstream/{dataset_id}?depth=20"
    graph = json.loads(text_in(await client.read_resource(address)))
    assert graph["graph"]["complete"]
    names = {node["id"]: node["name"] for node in graph["nodes"] if node["item_subtype"] in _LINKED}
    return {
        (names[link["source"]], link["type"], names[link["target"]])
        for link in graph["links"]
        if link["type"] in _LINKS and {link["source"], link["target"]} <= names.keys()
    }
