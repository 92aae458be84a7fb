"""Lineages of a hundred and of ten thousand items: shown whole, or as much as fits and counted whole."""

import pytest

from evals.asking import tokens
from provena_mcp.lineage.lineage import Lineage
from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.result import LineageResult
from provena_mcp.lineage.view import view_lineage
from provena_mcp.rules.graph import ProvenanceGraph
from provena_mcp.rules.provenance import assert_model_run
from provena_mcp.wire.items import ModelRunRecord
from tests.worlds.records import record, templated

# A dataset is two hops from those it was made of: as far as a deployment's cap of ten hops.
GENERATIONS = 5
ROOT = "10378.1/1900000"
REEFS = ("Heron", "Moore", "Lizard", "Davies", "Hook", "Agincourt", "Lodestone")
FIELDS = ("degree heating weeks", "larval connectivity", "coral cover", "wave exposure", "nutrient flux")


def upstream_of_root(inputs_a_run: int) -> tuple[ProvenanceGraph, LineageResult]:
    """What is upstream of a dataset when every run used so many datasets, and its first page."""
    parts: list[ProvenanceGraph] = []
    names: dict[str, str] = {}
    generation, number = [ROOT], 1_900_000
    for _ in range(GENERATIONS):
        earlier: list[str] = []
        for output in generation:
            inputs = [f"10378.1/{number + place}" for place in range(1, inputs_a_run + 1)]
            number += inputs_a_run + 1
            run = f"10378.1/{number}"
            parts.append(assert_model_run(run, _record(inputs, output, number), "10378.1/7"))
            names[run] = f"{REEFS[number % 7]} Reef {FIELDS[number % 5]}, scenario {number % 3}"
            earlier += inputs
        generation = earlier
    graph = ProvenanceGraph().merged(parts)
    for place, node in enumerate(graph.nodes):
        names.setdefault(
            node, f"{FIELDS[place % 5].capitalize()} at {REEFS[place % 7]} Reef, {2000 + place % 24}"
        )
    plan = plan_page(view_lineage(Lineage(graph, "upstream", ROOT, 2 * GENERATIONS)), PageRequest())
    return graph, plan.write({node: names[node] for node in plan.wanted})


def _record(inputs: list[str], output: str, number: int) -> ModelRunRecord:
    return record(
        workflow_template_id="10378.1/5",
        inputs=[templated("10378.1/3", dataset) for dataset in inputs],
        outputs=[templated("10378.1/4", output)],
        associations={"modeller_id": f"10378.1/{11 + number % 3}"},
        study_id="10378.1/9",
    )


def tokens_of(result: LineageResult) -> int:
    return tokens(result.model_dump_json(exclude_none=True))


def test_a_hundred_items_are_shown_whole_with_their_names() -> None:
    graph, result = upstream_of_root(2)

    rows = [row for types in result.nodes.values() for rows in types.values() for row in rows]
    assert (result.totals.nodes, result.totals.links) == (len(graph.nodes), len(graph.links)) == (100, 344)
    assert (len(rows), {len(row) for row in rows}, result.next) == (99, {3}, None)
    assert tokens_of(result) <= 3700


@pytest.mark.slow
def test_ten_thousand_items_fit_the_budget_and_their_totals_are_true() -> None:
    graph, result = upstream_of_root(6)

    assert (result.totals.nodes, result.totals.links) == (len(graph.nodes), len(graph.links))
    assert len(graph.nodes) > 10_000
    assert sum(result.totals.by_hop.values()) == sum(result.totals.by_type.values()) == len(graph.nodes)
    assert (result.of, result.next is not None) == (len(graph.nodes) - 1, True)
    assert tokens_of(result) <= 4000
