"""Names that are markup, syntax or paths elsewhere: in crates, citations and the names of files."""

import base64
import csv
import json
import re
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from mcp.types import BlobResourceContents

from provena_mcp.citations.bibtex import in_tex
from provena_mcp.crates.export.readme import in_markdown
from tests.crates.profile import problems_of
from tests.worlds.sample import text_in, world_client

# What other tests pass too takes twice as long when every line is traced.
pytestmark = pytest.mark.no_cover

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) `x` ![y](z)",
    "syntax": "\\input{/etc/passwd} }{ % & $ # _ ^ ~ \" ' : - | > ? * @misc{x, and others and, more",
    "paths": "../../../etc/passwd\\..\\..\\boot.ini C:\\con.txt /dev/null ./a",
    "right to left": "\u202eتقرير\u202c \u2066\u05e8\u05d9\u05e3\u2069 نموذج\u200f تيار",
    "long": "长" * 4_000,
    "letters": "Ærøskøbing Þór Ωmega naïve 珊瑚 🐠 Zoë",
}
_NAMED = ("display_name", "name", "title", "description", "first_name", "last_name", "preferred_citation")
_SPELLED = re.compile(r"\\text\w+\{\}|\\[&%$#_]")


def renamed(value: Any, name: str) -> Any:
    """A world in which everything that people name is called ``name``."""
    if isinstance(value, list):
        return [renamed(each, name) for each in value]
    if isinstance(value, dict):
        return {
            key: name if key in _NAMED and isinstance(each, str) else renamed(each, name)
            for key, each in value.items()
        }
    return value


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_names_stay_names(tmp_path: Path, name: str):
    world = json.loads((files("provena_mcp.embedded.sample") / "reef.json").read_text("utf-8"))
    place = "sample/1000042"
    async with world_client(tmp_path, renamed(world["items"], name)) as client:
        (found,) = (await client.read_resource(f"provena://crate-zip/run/{place}")).contents
        as_yaml, as_bibtex, as_datacite, as_credits = [
            text_in(await client.read_resource(f"provena://citation/{format}/{place}"))
            for format in ("cff", "bibtex", "datacite", "credits")
        ]
    assert isinstance(found, BlobResourceContents)
    with ZipFile(BytesIO(base64.b64decode(found.blob))) as archive:
        crate = {each: archive.read(each) for each in archive.namelist()}
    assert sorted(crate) == ["README.md", "ro-crate-metadata.json", "workflow.cwl"]
    assert problems_of(json.loads(crate["ro-crate-metadata.json"]), crate) == []
    assert json.loads(crate["workflow.cwl"])["class"] == "Workflow"
    shown = json.loads(as_datacite)["titles"][0]["title"]
    assert yaml.safe_load(as_yaml)["title"] == shown
    for text in (crate["README.md"].decode(), as_credits):
        assert not re.search(r"(?<!\\)[<>`\[\]]", text.replace("`ro-crate-metadata.json`", ""))
    plain = _SPELLED.sub("", as_bibtex)
    assert plain.count("{") == plain.count("}")
    assert len(re.findall(r"^@misc\{[a-z0-9-]+,$", as_bibtex, re.MULTILINE)) == 8
    for text in (as_yaml, as_bibtex, as_datacite, as_credits, *map(bytes.decode, crate.values())):
        assert not set(text) & set("\u202e\u202c\u2066\u2069\u200f")


@pytest.mark.asyncio
async def test_pages_and_tables_of_a_dossier_hold_names_as_text(tmp_path: Path):
    world = json.loads((files("provena_mcp.embedded.sample") / "reef.json").read_text("utf-8"))
    name = "=HYPERLINK(\"http://evil.example\")<script>alert('x')</script>"
    async with world_client(tmp_path, renamed(world["items"], name)) as client:
        (found,) = (await client.read_resource("provena://dossier/sample/1000022")).contents
    assert isinstance(found, BlobResourceContents)
    with ZipFile(BytesIO(base64.b64decode(found.blob))) as archive:
        page = archive.read("index.html").decode()
        rows = [*csv.DictReader(archive.read("tables/runs.csv").decode().splitlines())]
        paths = archive.namelist()
    assert "<script" not in page
    assert "<h1>=HYPERLINK(&quot;http://evil.example&quot;)&lt;script&gt;" in page
    assert {row["name"] for row in rows} == {f"'{name}"}
    assert all(re.fullmatch(r"[A-Za-z0-9./-]+", path) and ".." not in path for path in paths)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_tex_has_even_braces_and_nothing_of_tex_left(text: str):
    spelled = in_tex(text)
    assert not re.search(r"[\\{}%&$#_^~]", _SPELLED.sub("", spelled))
    assert spelled.count("{") == spelled.count("}")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=("Cs",))))
def test_markdown_text_is_one_line_without_markup(text: str):
    line = in_markdown(text)
    assert len(line.splitlines()) <= 1
    assert not re.search(r"(?<!\\)[`*_{}<>#|!~&\[\]]", line.replace("\\\\", ""))
