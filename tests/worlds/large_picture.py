"""A picture with as many items as are wanted, all of whose links cross."""

from __future__ import annotations

from pathlib import Path

from provena_mcp.lineage.picture.page import picture_page
from provena_mcp.lineage.picture.scene import Facts, Sketch, draw
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph


def large_page(folder: Path, items: int, name: str) -> Path:
    """The page of what ``name`` came from: ``items`` over ten hops, two links from each, and a cycle."""
    nodes = {"x/start": Kind("ENTITY", "DATASET")}
    links: list[Link] = []
    columns = {"x/start": 0}
    kinds = [Kind("ACTIVITY", "MODEL_RUN"), Kind("ENTITY", "DATASET")]
    before = ["x/start"]
    for hop in range(1, 11):
        here = [f"x/{hop}-{number}" for number in range(items // 10)]
        for number, item in enumerate(here):
            nodes[item] = kinds[(hop + 1) % 2]
            columns[item] = hop
            links.append(Link(before[number % len(before)], "used", item))
            links.append(Link(before[(number * 7 + 3) % len(before)], "used", item))
        before = here
    links.append(Link(before[0], "used", "x/start"))
    sketch = Sketch(
        "lineage",
        ProvenanceGraph(nodes, tuple(dict.fromkeys(links))),
        ("x/start",),
        columns,
        ("start", *(f"{hop} hop{'s' * (hop > 1)}" for hop in range(1, 11))),
    )
    page = folder / "large.html"
    page.write_text(picture_page(draw(sketch, {"x/start": Facts(name)}, f"What led to {name}")), "utf-8")
    return page
