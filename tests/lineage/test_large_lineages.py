"""Large lineages of the stand-in deployment that the benchmarks use."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import bpe_openai
import pytest

from provena_mcp.lineage.pages import PageRequest, plan_page
from provena_mcp.lineage.result import LineageResult
from provena_mcp.lineage.view import view_lineage
from provena_mcp.rules.graph import Kind, Link, ProvenanceGraph

STAND_IN = Path(__file__).parents[2] / "../shared/bench/fake_provena.py"
TOKENIZER = bpe_openai.get_encoding("o200k_base")

pytestmark = pytest.mark.skipif(not STAND_IN.exists(), reason="the stand-in deployment is not here")


@pytest.fixture(scope="module")
def stand_in() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fake_provena", STAND_IN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def upstream_of_root(stand_in: ModuleType, size: int) -> tuple[ProvenanceGraph, LineageResult]:
    world = stand_in.World()
    stand_in.build_lineage(world, size, 7)
    graph = ProvenanceGraph(
        {
            node: Kind(stand_in.CATEGORY[kind], stand_in.GRAPH_SUBTYPE.get(kind, kind))
            for node, kind in world.subtype.items()
        },
        tuple(
            Link(source, relation, target)
            for source, targets in world.up.items()
            for target, relation in targets.items()
        ),
    )
    names = {node: item["display_name"] for node, item in world.items.items()}
    plan = plan_page(view_lineage(graph, "upstream", f"10378.1/{size}-0", 10), PageRequest())
    return graph, plan.write({node: names[node] for node in plan.wanted})


def tokens(result: LineageResult) -> int:
    return len(TOKENIZER.encode(result.model_dump_json(exclude_none=True)))


def test_a_hundred_items_are_told_whole_with_their_names(stand_in: ModuleType) -> None:
    _, result = upstream_of_root(stand_in, 100)

    rows = [row for types in result.nodes.values() for rows in types.values() for row in rows]
    assert (result.totals.nodes, result.totals.links) == (100, 319)
    assert (len(rows), {len(row) for row in rows}, result.next) == (99, {3}, None)
    assert tokens(result) <= 3600


def test_ten_thousand_items_fit_the_budget_and_their_totals_are_true(stand_in: ModuleType) -> None:
    graph, result = upstream_of_root(stand_in, 10_000)

    assert (result.totals.nodes, result.totals.links) == (len(graph.nodes), len(graph.links))
    assert sum(result.totals.by_hop.values()) == sum(result.totals.by_type.values()) == 10_000
    assert (result.of, result.next is not None) == (9_999, True)
    assert tokens(result) <= 4000
