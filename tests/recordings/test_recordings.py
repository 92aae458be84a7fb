"""The extract of the recordings: small, chosen by the table, a witness for each rule, without secrets."""

from __future__ import annotations

import gzip
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.docs.citations import cited_places
from tests.recordings.choice import CHOICE, MOST_BYTES, write
from tests.recordings.recorded import EXTRACT, WHOLE, read_exchanges

ROOT = Path(__file__).parents[2]
DATA_FILES = (".jsonl", ".json", ".gz", ".docx")


def contents(folder: Path) -> dict[str, bytes]:
    """The data files of a folder, unpacked: packers differ."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in DATA_FILES}
    return {
        name: gzip.decompress(content) if name.endswith(".gz") else content for name, content in files.items()
    }


# Sections whose witness is a file of its own: the stored graph, the report.
OF_FILES = {"5.1", "5.2", "5.3", "9.1"}
# The services never see a handle as people write it, and no exchange with data-api was recorded.
WITHOUT = {"11", "7.9"}


def cited() -> set[str]:
    """The places in docs/provena-http.md that the embedded Provena and the rules cite, without chapters."""
    sources = [path for part in ("embedded", "rules") for path in (ROOT / "provena_mcp" / part).rglob("*.py")]
    places = {place for path in sources for place in cited_places(path.read_text("utf-8"))}
    return {place for place in places if place.startswith("B") or "." in place or place == "11"}


def test_each_rule_has_its_witness():
    shown = {section for witnesses in CHOICE for section in witnesses.sections.split()}
    assert cited() - WITHOUT <= shown | OF_FILES
    assert len(cited()) > 40
    assert (shown | OF_FILES) & WITHOUT == set()


def test_each_line_of_the_table_chooses_something():
    names = {path.name: [e["name"] for e in read_exchanges(path)] for path in EXTRACT.glob("*.jsonl")}
    idle = [
        (witnesses.file, pattern)
        for witnesses in CHOICE
        for pattern in witnesses.names
        if not any(fnmatch(name, pattern) for name in names[witnesses.file])
    ]
    assert idle == []


def test_the_extract_is_small():
    sizes = [path.stat().st_size for path in EXTRACT.iterdir() if path.suffix in DATA_FILES]
    assert sum(sizes) <= MOST_BYTES


@pytest.mark.skipif(not WHOLE.is_dir(), reason="the whole set is not beside the repository")
def test_the_extract_is_what_the_table_chooses(tmp_path: Path):
    write(WHOLE, tmp_path)
    assert contents(tmp_path) == contents(EXTRACT)


def test_nothing_secret_and_nobody_real_is_in_it():
    text = "\n".join(
        content.decode() for name, content in contents(EXTRACT).items() if not name.endswith(".docx")
    )
    assert re.findall(r"\beyJ[\w-]{10}|X-Amz-Signature=(?!REDACTED|<)|Bearer [\w.-]{12}", text) == []
    assert set(re.findall(r"(?:secret_arn|password|key_id)=([^\\\n]*)", text)) == {"redacted"}
    assert set(re.findall(r'"(?:access_token|user_info)":\s*"([^"]*)"', text)) == {"<redacted>"}
    assert set(re.findall(r"[\w.]+@([\w.]+)", text)) == {"example.org"}
    hosts = {host for host in re.findall(r"https?://([\w.-]+)", text) if not host.endswith(".example.org")}
    assert hosts == {"hdl.handle.net", "creativecommons.org", "ror.org", "orcid.org"}
