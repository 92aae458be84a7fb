"""Crates as the public validator and the field's library see them; skipped where these cannot be had."""

import base64
import json
import sys
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from mcp.types import BlobResourceContents

from provena_mcp.crates.crate_reader import read_crate
from provena_mcp.crates.recorded_runs import RecordedRun
from provena_mcp.crates.terms import METADATA
from provena_mcp.recording.command import Wishes, record_command
from provena_mcp.recording.observation.observer import Plan
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
    """What a script prints that reads files or folders by the library of others."""
    try:
        printed = run_script(environment, SCRIPTS / script, given, folder / "validator")
    except NotInstalledError as why:
        pytest.skip(f"{environment.name} cannot be installed here: {why}")
    return json.loads(printed.splitlines()[-1])


async def written_crates(place: Path) -> list[str]:
    """The folders of crates of the sample world's lineages."""
    folders: list[str] = []
    async with sample_client(place) as client:
        for named in CRATES:
            (found,) = (await client.read_resource(f"provena://crate-zip/{named}")).contents
            assert isinstance(found, BlobResourceContents)
            folder = place / named.replace("/", "-")
            ZipFile(BytesIO(base64.b64decode(found.blob))).extractall(folder)
            folders.append(str(folder))
    return folders


def by_id(graph: list[dict[str, Any]]) -> dict[str, Any]:
    return {entity["@id"].rstrip("/"): without_last_slash(entity) for entity in graph}


def without_last_slash(value: Any) -> Any:
    """The same with ids as they are without the slash that the library ends those of data sets with."""
    if isinstance(value, list):
        return [without_last_slash(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, dict):
        return value
    named: dict[str, Any] = value
    return {
        key: each.rstrip("/") if key == "@id" else without_last_slash(each) for key, each in named.items()
    }


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_public_validator_finds_nothing_required_missing(tmp_path: Path):
    folders = await written_crates(tmp_path)
    said = judged(OF_CRATES, "validate_crate.py", folders, tmp_path)
    required = [issue for issues in said.values() for issue in issues if issue["severity"] == "REQUIRED"]
    assert (sorted(said), required) == (sorted(folders), [])
    # It has looked: what it recommends beyond is found too.
    assert all(said.values())


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_library_of_the_field_holds_of_our_crates_all_that_they_say(tmp_path: Path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "flöw 1.py").write_text("open('out.txt', 'w').write('x')")
    captured = record_command([sys.executable, "flöw 1.py"], Plan(str(work)), Wishes()).folder
    folders = [str(captured), *await written_crates(tmp_path)]
    held = judged(OF_CRATES, "rocrate_library.py", ["read", *folders], tmp_path)
    for folder in folders:
        written = json.loads((Path(folder) / METADATA).read_bytes())["@graph"]
        assert by_id(held[folder]) == by_id(written), folder


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_run_that_the_library_of_the_field_wrote_is_read(tmp_path: Path, version: str):
    made = judged(OF_CRATES, "rocrate_library.py", ["write", str(tmp_path)], tmp_path)
    (run,) = read_crate((Path(str(made[version])) / METADATA).read_bytes()).runs
    assert said_of(run) == {
        "name": "Flow 2020",
        "times": (1577836800, 1577840400),
        "people": [("Josiah Carberry", "https://orcid.org/0000-0002-1825-0097")],
        "software": [("flow.py", "2.1")],
        "inputs": ["rain.csv"],
        "outputs": ["flow.csv"],
    }


def said_of(run: RecordedRun) -> dict[str, Any]:
    return {
        "name": run.name,
        "times": (run.started, run.ended),
        "people": [(agent.name, agent.orcid) for agent in run.agents],
        "software": [(each.name, each.version) for each in run.software],
        "inputs": [file.path for file in run.inputs],
        "outputs": [file.path for file in run.outputs],
    }


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
