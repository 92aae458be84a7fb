import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_mcp.lineage.clustered_diagram import draw_clusters
from provena_mcp.lineage.diagram import MAX_BOXES
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from tests.lineage.mermaid import LABEL
from tests.worlds.random_programmes import DATASETS, Programme, programmes

LINE = re.compile(
    "|".join(
        (
            r"flowchart LR",
            r"%% [A-Za-z0-9 ,.]+",
            rf'  subgraph c\d+\["{LABEL}"\]',
            rf'(?:  ){{1,2}}n\d+\["{LABEL}"\]',
            r'(?:  ){1,2}g\d+\[\["\d+ (?:more|in all)"\]\]',
            r"  end",
            r"  style n\d+ stroke-width:4px",
            rf'  [ng]\d+ -->\|"{LABEL}"\| [ng]\d+',
            "",
        )
    )
)
RUN, DATASET, STUDY = Kind("ACTIVITY", "MODEL_RUN"), Kind("ENTITY", "DATASET"), Kind("ACTIVITY", "STUDY")


def test_runs_and_what_they_made_are_drawn_in_their_study() -> None:
    nodes = {"raw": DATASET, "fit": RUN, "map": DATASET, "reef": STUDY}
    links = (
        Link("fit", "used", "raw"),
        Link("map", "wasGeneratedBy", "fit"),
        Link("fit", "wasInformedBy", "reef"),
    )

    diagram = draw_clusters(ProvenanceGraph(nodes, links), ["raw", "fit", "map"], ["raw"])

    assert diagram.shown == ("raw", "fit", "map", "reef")
    assert diagram.text({"reef": "Reef <futures>", "fit": "Fit"}) == "\n".join(
        (
            "flowchart LR",
            "%% Arrows point from an item to what it depends on.",
            '  n0["raw"]',
            '  subgraph c1["Reef #60;futures#62;<br/>reef"]',
            '    n1["Fit<br/>fit"]',
            '    n2["map"]',
            "  end",
            '  n1 -->|"used"| n0',
            '  n2 -->|"wasGeneratedBy"| n1',
            "  style n0 stroke-width:4px",
            "",
        )
    )


def test_without_studies_each_run_and_its_results_are_a_cluster() -> None:
    links = (Link("fit", "used", "raw"), Link("map", "wasGeneratedBy", "fit"))
    graph = ProvenanceGraph({"raw": DATASET, "fit": RUN, "map": DATASET}, links)

    text = draw_clusters(graph, ["raw", "fit", "map"], ["raw"]).text({})

    assert '  subgraph c1["fit"]\n    n1["fit"]\n    n2["map"]\n  end' in text


def test_what_does_not_fit_is_counted_by_study() -> None:
    runs = [f"run/{number:03}" for number in range(100)]
    links = [Link(run, "used", "raw") for run in runs]
    links += [Link(run, "wasInformedBy", f"study/{place % 2}") for place, run in enumerate(runs)]
    nodes = {"raw": DATASET, "study/0": STUDY, "study/1": STUDY} | dict.fromkeys(runs, RUN)

    diagram = draw_clusters(ProvenanceGraph(nodes, tuple(links)), runs, ["raw"])

    text = diagram.text({})
    assert len(re.findall(r"^ +[ng]\d+\[", text, re.MULTILINE)) == MAX_BOXES - 1
    assert sorted(map(int, re.findall(r"(\d+) more", text))) == [32, 32]
    assert "%% 37 of 101 items are drawn one by one." in text


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    programme=programmes(), names=st.dictionaries(st.sampled_from((*DATASETS, "run/0", "study/0")), st.text())
)
def test_every_line_is_mermaid_whatever_the_names(programme: Programme, names: dict[str, str]) -> None:
    graph = programme.graph()
    items = [node for node, kind in graph.nodes.items() if kind.subtype in ("MODEL_RUN", "DATASET")]

    text = draw_clusters(graph, items, items[:1]).text(names)

    assert [line for line in text.split("\n") if not LINE.fullmatch(line)] == []
