"""Crates as the public validator sees them, in an environment of its own; skipped where it cannot be had."""

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from mcp.types import BlobResourceContents

from tests.clients.environments import Environment, NotInstalledError, run_script
from tests.worlds.sample import sample_client, text_in

SCRIPTS = Path(__file__).with_name("public_validators")
OF_CRATES = Environment("crate-validators", "python", ("roc-validator>=0.13,<1", "rocrate>=0.15,<1"))
OF_CITATIONS = Environment(
    "citation-validators", "python", ("cffconvert>=2,<3", "bibtexparser>=2.1,<3", "datacite>=1.4,<2")
)
ENDINGS = {"cff": "cff", "bibtex": "bib", "datacite": "json"}
CRATES = ("run/sample/1000042", "study/sample/1000036", "dataset/sample/1000117")


def judged(environment: Environment, script: str, given: list[str], folder: Path) -> dict[str, list[Any]]:
    """What a script of validators prints of files or folders."""
    try:
        printed = run_script(environment, SCRIPTS / script, given, folder / "validator")
    except NotInstalledError as why:
        pytest.skip(f"{environment.name} cannot be installed here: {why}")
    return json.loads(printed.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_public_validator_finds_nothing_required_missing(tmp_path: Path):
    folders: list[str] = []
    async with sample_client(tmp_path) as client:
        for place in CRATES:
            (found,) = (await client.read_resource(f"provena://crate-zip/{place}")).contents
            assert isinstance(found, BlobResourceContents)
            folder = tmp_path / place.replace("/", "-")
            ZipFile(BytesIO(base64.b64decode(found.blob))).extractall(folder)
            folders.append(str(folder))
    said = judged(OF_CRATES, "validate_crate.py", folders, tmp_path)
    required = [issue for issues in said.values() for issue in issues if issue["severity"] == "REQUIRED"]
    assert (sorted(said), required) == (sorted(folders), [])
    # It has looked: what it recommends beyond is found too.
    assert all(said.values())


@pytest.mark.slow
@pytest.mark.asyncio
async def test_readers_of_citation_files_find_nothing_wrong_with_them(tmp_path: Path):
    kept: list[str] = []
    async with sample_client(tmp_path) as client:
        for place in CRATES:
            item = place.partition("/")[2]
            for format, ending in ENDINGS.items():
                path = tmp_path / f"{item.replace('/', '-')}.{ending}"
                path.write_text(text_in(await client.read_resource(f"provena://citation/{format}/{item}")))
                kept.append(str(path))
    said = judged(OF_CITATIONS, "validate_citations.py", kept, tmp_path)
    assert said == {path: [] for path in kept}
