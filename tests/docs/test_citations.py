"""Rules in code and tests cite docs/provena-http.md, and what they cite is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.docs.citations import CITATION, GAP, PLACE, cited_places

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FACTS = ROOT / "docs/provena-http.md"
FOLDERS = ("provena_mcp", "tests", "evals", "benchmarks", "docs")

_NAMED = re.compile(r"\bprovena-http\b(?!\.md)")
# "contract 5.5", "section 3": a place in a text that readers do not have. RFCs have sections too.
_ELSEWHERE = re.compile(rf"\b(?:contract|brief|design|spec|section){GAP}\(?{PLACE}\b", re.IGNORECASE)
_DOCUMENT = re.compile(r"(?<![\w{}/.*<-])((?:[\w.-]+/)*[\w-]+\.md)\b")


def sources() -> Iterator[tuple[str, str]]:
    """Path and text of everything people read here, apart from these tests and the facts themselves."""
    paths = [
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md")
    ]
    for path in (*paths, *ROOT.glob("*.md")):
        if path not in (HERE / "test_citations.py", HERE / "citations.py", FACTS):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def anchors() -> list[str]:
    return re.findall(r'<a id="([^"]+)">', FACTS.read_text("utf-8"))


def test_every_citation_has_its_place_in_the_facts():
    known = set(anchors())
    cited = {(path, place) for path, text in sources() for place in cited_places(text)}
    assert len({place for _, place in cited}) > 50
    assert {(path, place) for path, place in cited if place not in known} == set()


def test_a_citation_says_where_in_the_facts():
    assert {
        path for path, text in sources() if len(_NAMED.findall(text)) != len(CITATION.findall(text))
    } == set()


def test_nothing_cites_a_text_that_is_not_here():
    elsewhere = {
        (path, found[0])
        for path, text in sources()
        for found in _ELSEWHERE.finditer(text)
        if not re.search(r"RFC \d+[^.;]{0,20}$", text[: found.start()])
    }
    assert elsewhere == set()


def test_documents_that_code_names_exist():
    documents = {f"/{path}" for path, _ in sources()} | {"/docs/provena-http.md"}
    missing = {
        (path, name)
        for path, text in sources()
        if path.startswith(("provena_mcp/", "evals/", "benchmarks/"))
        for name in _DOCUMENT.findall(text)
        if not any(document.endswith(f"/{name}") for document in documents)
    }
    assert missing == set()


def test_each_section_of_the_facts_has_one_anchor_of_its_number_in_order():
    text = FACTS.read_text("utf-8")
    headed = re.findall(r'<a id="([\d.]+)"></a>\n#+ ([\d.]+) ', text)
    assert [anchor for anchor, _ in headed] == [number for _, number in headed]
    numbers = [tuple(map(int, number.split("."))) for _, number in headed]
    assert numbers == sorted(set(numbers))
    assert len(headed) == len(re.findall(r"^##+ \d", text, re.MULTILINE))
    assert len(anchors()) == len(set(anchors()))


def test_links_inside_the_facts_lead_somewhere():
    text = FACTS.read_text("utf-8")
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(anchors())
