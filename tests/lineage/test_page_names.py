"""Which names a page of lineage wants, and how it shows them."""

from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.view import view_lineage
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph
from tests.worlds.lineages import a_reef_world, ask, node_rows


def test_without_names_no_name_is_wanted_and_rows_are_ids() -> None:
    view = ask(a_reef_world(), "upstream", "reef/growth", 1).view()

    plan = plan_page(view, PageRequest(names=False))

    assert plan.wanted == {}
    assert [row for _, _, row in node_rows(plan.write())] == [
        (1, "reef/run2"),
        (2, "reef/bo"),
        (3, "reef/layout"),
    ]


def test_names_are_wanted_with_the_types_that_are_known() -> None:
    graph = ProvenanceGraph(
        {"run": Kind("ACTIVITY", "MODEL_RUN"), "x": Kind("", "")}, (Link("run", "used", "x"),)
    )

    plan = plan_page(view_lineage(Lineage(graph, "upstream", "run", 1)), PageRequest())

    assert plan.wanted == {"run": "MODEL_RUN", "x": ""}


def test_ids_without_a_readable_name_are_listed_by_reason() -> None:
    view = ask(a_reef_world(), "upstream", "reef/growth", 1).view()

    page = plan_page(view, PageRequest()).write(
        {"reef/run2": "Growth run"},
        {"reef/bo": "no permission", "reef/growth": "no permission", "elsewhere": "no permission"},
    )

    assert page.unreadable == {"no permission": ("reef/growth", "reef/bo")}


def test_names_are_shown_on_one_line_without_what_cannot_be_seen() -> None:
    view = ask(a_reef_world(), "upstream", "reef/growth", 1).view()

    page = plan_page(view, PageRequest()).write({"reef/growth": "Coral\n\u202egrowth\u200b " + "x" * 200})

    assert page.start.name == "Coral growth " + "x" * 66 + "…"
