"""What a picture shows, and that nothing a name holds can be anything but text in it."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest

from provena_mcp.lineage.picture.figure import figure, in_two
from provena_mcp.lineage.picture.page import app_page, picture_page
from provena_mcp.lineage.picture.scene import (
    NEWER_VERSION,
    Facts,
    Picture,
    PictureItem,
    PictureLink,
    Sketch,
    draw,
)
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph

DATASET, RUN = Kind("ENTITY", "DATASET"), Kind("ACTIVITY", "MODEL_RUN")


def a_sketch(because: str | None = None) -> Sketch:
    """A result, its run in a study, an input that has an older version."""
    nodes = {
        "x/out": DATASET,
        "x/run": RUN,
        "x/new": DATASET,
        "x/study": Kind("ACTIVITY", "STUDY"),
        "x/version": Kind("ACTIVITY", "VERSION"),
        "x/old": DATASET,
    }
    links = (
        Link("x/out", "wasGeneratedBy", "x/run"),
        Link("x/run", "used", "x/new"),
        Link("x/run", "wasInformedBy", "x/study"),
        Link("x/new", "wasGeneratedBy", "x/version"),
        Link("x/version", "used", "x/old"),
    )
    columns = {"x/out": 0, "x/run": 1, "x/new": 2, "x/study": 2, "x/version": 3, "x/old": 4}
    headings = ("start", "1 hop", "2 hops", "3 hops", "4 hops")
    return Sketch("lineage", ProvenanceGraph(nodes, links), ("x/out",), columns, headings, because)


def data_in(page: str) -> dict:
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text)


def test_a_picture_holds_items_in_columns_links_groups_and_what_a_version_stands_for():
    picture = draw(a_sketch(), {"x/out": Facts("Cover", "v2", "2021-04-01")}, "What led to Cover")
    assert picture == Picture(
        subject="lineage",
        title="What led to Cover",
        starts=("x/out",),
        columns=("start", "1 hop", "2 hops", "3 hops", "4 hops"),
        items=(
            PictureItem("x/out", "DATASET", 0, 0, "Cover", "v2", "2021-04-01", study="x/study", run="x/run"),
            PictureItem("x/run", "MODEL_RUN", 1, 0, study="x/study", run="x/run"),
            PictureItem("x/new", "DATASET", 2, 0),
            PictureItem("x/study", "STUDY", 2, 1, study="x/study"),
            PictureItem("x/version", "VERSION", 3, 0),
            PictureItem("x/old", "DATASET", 4, 0),
        ),
        links=(
            PictureLink(0, 1, "wasGeneratedBy"),
            PictureLink(1, 2, "used"),
            PictureLink(1, 3, "wasInformedBy"),
            PictureLink(2, 4, "wasGeneratedBy"),
            PictureLink(4, 5, "used"),
            PictureLink(2, 5, NEWER_VERSION, is_derived=True, lanes=((3, 1),)),
        ),
    )


def test_links_of_a_cycle_are_told_from_others():
    nodes = {"x/run": RUN, "x/data": DATASET, "x/in": DATASET}
    links = (
        Link("x/run", "used", "x/data"),
        Link("x/data", "wasGeneratedBy", "x/run"),
        Link("x/run", "used", "x/in"),
    )
    sketch = Sketch(
        "lineage", ProvenanceGraph(nodes, links), ("x/run",), {"x/run": 0, "x/data": 1, "x/in": 1}, ("", "")
    )
    picture = draw(sketch, {}, "")
    ends = {
        (picture.items[link.source].id, picture.items[link.target].id): link.is_cycle
        for link in picture.links
    }
    assert ends == {("x/run", "x/data"): True, ("x/data", "x/run"): True, ("x/run", "x/in"): False}


def test_what_is_beyond_the_most_is_counted_in_one_box_for_each_column_and_type():
    nodes = {"x/run": RUN, **{f"x/{number}": DATASET for number in range(5000)}}
    links = tuple(Link("x/run", "used", f"x/{number}") for number in range(5000))
    columns = dict.fromkeys(nodes, 1) | {"x/run": 0}
    sketch = Sketch("lineage", ProvenanceGraph(nodes, links), ("x/run",), columns, ("start", "1 hop"))
    picture = draw(sketch, {}, "")
    groups = [item for item in picture.items if item.count > 1]
    assert (len(picture.items), len(groups), groups[0].count) == (501, 1, 4501)
    assert picture.hidden == {"DATASET": 4501}
    assert sum(link.count for link in picture.links) == 5000
    assert "4501 datasets" in figure(picture)


HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--",
    "&lt;b&gt; & 'quoted'",
    "\u202eright to left \u05d0\u05d1",
    "x" * 4000,
    "👩\u200d🔬 日本語",
    "$title ${data} $$",
]


def test_an_item_beyond_the_most_that_would_be_alone_in_its_box_is_drawn_itself():
    nodes = dict.fromkeys(["x/out", "x/0", "x/1", "x/2"], DATASET) | {"x/run": RUN}
    columns = {item: int(item == "x/run") * 2 + int(item in ("x/0", "x/1", "x/2")) for item in nodes}
    sketch = Sketch("lineage", ProvenanceGraph(nodes, ()), ("x/out",), columns, ("start", "1 hop", "2 hops"))
    picture = draw(sketch, {}, "", most=1)
    assert [(item.id, item.count) for item in picture.items] == [
        ("x/out", 1),
        ("x/run", 1),
        ("+1/DATASET", 3),
    ]
    assert picture.hidden == {"DATASET": 3}


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Coral cover", ["Coral cover"]),
        ("Currents and temperature ssp585, 2020-2050", ["Currents and temperature", "ssp585, 2020-2050"]),
        ("x" * 60, ["x" * 25, "x" * 25 + "…"]),
        ("海" * 20, ["海" * 12, "海" * 8]),
        ("y " + "x" * 60, ["y " + "x" * 23, "x" * 25 + "…"]),
    ],
    ids=["short", "between words", "one long word", "wide", "a short first word"],
)
def test_a_name_takes_at_most_two_lines(name: str, lines: list[str]):
    assert in_two(name, 25) == lines


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_is_text_in_the_page_and_in_the_figure_whatever_it_holds(name: str):
    picture = draw(a_sketch(), {"x/out": Facts(name)}, f"What led to {name}")
    page = picture_page(picture)
    assert data_in(page)["items"][0]["name"] == name
    assert len(re.findall(r"<script", page)) == 2
    assert "<img" not in page
    drawing = ElementTree.fromstring(figure(picture))
    assert not {"script", "image"} & {element.tag.rpartition("}")[2] for element in drawing.iter()}
    assert set(in_two(name, 25)) <= {element.text for element in drawing.iter() if element.text}


def test_a_page_loads_nothing_and_allows_only_its_own_style_and_script():
    page = picture_page(draw(a_sketch(), {}, "Lineage"))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; base-uri 'none'; "
        r"form-action 'none'",
        policy,
    )
    addresses = set(re.findall(r"""(?:https?:)?//[^\s"'<>]+""", page.replace("// ", "")))
    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"""<(link|img|iframe|script)\b[^>]*\b(src|href)=""", page)


def test_a_picture_that_is_not_complete_says_why_in_the_page_and_in_the_figure():
    picture = draw(a_sketch("the service failed for 2 items"), {}, "Lineage")
    assert data_in(picture_page(picture))["incomplete_because"] == "the service failed for 2 items"
    assert "Not complete: the service failed for 2 items" in figure(picture)


def test_a_figure_leaves_out_what_is_folded_away_unless_it_is_the_start():
    assert "x/version" not in figure(draw(a_sketch(), {}, "Lineage"))
    sketch = a_sketch()
    started = Sketch(sketch.subject, sketch.graph, ("x/version",), sketch.column_of, sketch.headings)
    assert "x/version" in figure(draw(started, {}, "Lineage"))


def test_a_figure_of_one_item_is_a_figure():
    sketch = Sketch("lineage", ProvenanceGraph({"x/out": DATASET}), ("x/out",), {"x/out": 0}, ("start",))
    assert "x/out" in figure(draw(sketch, {}, "Alone"))


def test_a_figure_of_an_item_without_an_id_is_a_figure():
    sketch = Sketch("lineage", ProvenanceGraph({"": DATASET}), ("",), {"": 0}, ("start",))
    assert "<title>Alone</title>" in figure(draw(sketch, {"": Facts("Cover", None, None)}, "Alone"))


def test_the_page_of_an_app_holds_no_picture():
    (text,) = re.findall(r'id="data">(.*?)</script>', app_page())
    assert text == "null"
