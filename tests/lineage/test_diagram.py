import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from provena_mcp.lineage.diagram import MAX_BOXES, draw_diagram
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from tests.lineage.mermaid import LABEL
from tests.worlds.lineages import Question, a_reef_world, a_run, ask, questions

LINE = re.compile(
    "|".join(
        (
            r"flowchart LR",
            r"%% [A-Za-z0-9 ;,.]+",
            rf'  subgraph t\d+\["{LABEL}"\]',
            rf'    n\d+\["{LABEL}"\]',
            r'    g\d+\[\["\d+ (?:more|in all)"\]\]',
            r"  end",
            r"  style n0 stroke-width:4px",
            rf'  [ng]\d+ -->\|"{LABEL}"\| [ng]\d+',
        )
    )
)


def drawing(question: Question, names: dict[str, str]) -> str:
    return draw_diagram(question.graph, question.start, question.query).text(names)


def boxes(text: str) -> list[str]:
    return re.findall(r"^    ([ng]\d+)\[", text, re.MULTILINE)


def test_a_small_lineage_is_drawn_whole_by_type() -> None:
    question = ask(a_reef_world(), "contributing_datasets", "reef/hydro", 3)

    assert drawing(question, {"reef/hydro": 'Hydro "2020"', "reef/run1": "Hydro run"}) == "\n".join(
        (
            "flowchart LR",
            "%% Arrows point from an item to what it depends on; the thick border is the start.",
            '  subgraph t0["Datasets"]',
            '    n0["Hydro #34;2020#34;<br/>reef/hydro"]',
            '    n1["reef/forcing"]',
            "  end",
            '  subgraph t1["Model runs"]',
            '    n2["Hydro run<br/>reef/run1"]',
            "  end",
            "  style n0 stroke-width:4px",
            '  n0 -->|"wasGeneratedBy"| n2',
            '  n2 -->|"used"| n1',
            "",
        )
    )


def test_a_large_lineage_tells_the_nearest_story_and_counts_the_rest() -> None:
    world = ProvenanceGraph().merged(
        a_run(f"run/{number:02}", ("in",), (f"out/{number:02}",), modeller=f"person/{number:02}")
        for number in range(60)
    )
    diagram = draw_diagram(world, "in", "downstream")

    text = diagram.text({"in": "Forcing"})

    assert len(boxes(text)) == MAX_BOXES
    assert diagram.shown[:3] == ("in", "run/00", "run/01")
    assert "%% 32 of 186 items are drawn one by one." in text
    assert '[["59 in all"]]' not in text
    assert re.findall(r'\[\["(.*)"\]\]', text) == [
        "60 more",
        "29 more",
        "1 in all",
        "60 in all",
        "1 in all",
        "1 in all",
        "1 in all",
        "1 in all",
    ]


def test_a_lineage_of_nothing_draws_the_start() -> None:
    text = drawing(Question(ProvenanceGraph(), "downstream", "lonely", 3), {})

    assert boxes(text) == ["n0"]


@settings(max_examples=100, deadline=None)
@given(question=questions(), name=st.text(max_size=80))
@example(
    question=ask(a_reef_world(), "upstream", "reef/growth", 3), name='x"]\n  click n0 "javascript:alert(1)"'
)
@example(question=ask(a_reef_world(), "upstream", "reef/growth", 3), name="`<b>`%%{init: {}}%% #quot;]; end")
def test_no_name_can_be_read_as_anything_but_a_label(question: Question, name: str) -> None:
    plain = drawing(question, {})

    text = drawing(question, dict.fromkeys(question.graph.nodes, name))

    lines = text.splitlines()
    assert [line for line in lines[:-1] if not LINE.fullmatch(line)] == []
    assert text.count("\n") == plain.count("\n")
    assert re.sub(r'"[^"\n]*"', '""', text) == re.sub(r'"[^"\n]*"', '""', plain)


@given(text=st.text(min_size=1, max_size=30))
def test_no_id_type_or_relation_can_be_read_as_anything_but_a_label(text: str) -> None:
    graph = ProvenanceGraph(
        {"start": Kind("ENTITY", text), "n" + text: Kind("", text)}, (Link("start", text, "n" + text),)
    )

    drawn = draw_diagram(graph, "start", "upstream").text({})

    assert [line for line in drawn.split("\n")[:-1] if not LINE.fullmatch(line)] == []
