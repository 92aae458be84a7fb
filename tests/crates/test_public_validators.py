"""Crates as the public validator sees them, in an environment of its own; skipped where it cannot be had."""

import base64
import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from mcp.types import BlobResourceContents

from tests.clients.environments import Environment, NotInstalledError, run_script
from tests.worlds.sample import sample_client

SCRIPT = Path(__file__).with_name("public_validators") / "validate_crate.py"
VALIDATORS = Environment("validators", "python", ("roc-validator>=0.13,<1", "rocrate>=0.15,<1"))
CRATES = ("run/sample/1000042", "study/sample/1000036", "dataset/sample/1000117")


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
    try:
        printed = run_script(VALIDATORS, SCRIPT, folders, tmp_path / "validator")
    except NotInstalledError as why:
        pytest.skip(f"roc-validator cannot be installed here: {why}")
    said = json.loads(printed.splitlines()[-1])
    required = [issue for issues in said.values() for issue in issues if issue["severity"] == "REQUIRED"]
    assert (sorted(said), required) == (sorted(folders), [])
    # It has looked: what it recommends beyond is found too.
    assert all(said.values())
