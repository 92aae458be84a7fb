"""Lineages are compared with what was asked: limits without sense, repeats, and links that cannot be so."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from provena_mcp.errors import DepthLimitError, MalformedAnswerError, ProvenaError
from provena_mcp.rules.graph import Kind, Link
from provena_mcp.wire.lineage import Contradiction
from tests.client.answers import asked
from tests.client.provena_stand_in import LINEAGE, Script, client_over


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("limit", "error"),
    [
        (0, MalformedAnswerError),
        (-1, MalformedAnswerError),
        (3, MalformedAnswerError),
        (4, MalformedAnswerError),
        (2, DepthLimitError),
        (1, DepthLimitError),
    ],
)
async def test_a_depth_limit_that_makes_no_sense_teaches_nothing(limit: int, error: type[ProvenaError]):
    script = Script(
        [httpx.Response(400, json={"detail": f"Depth provided is in excess of depth maximum: {limit}."})]
    )
    async with client_over(script) as client:
        with pytest.raises(ProvenaError) as caught:
            await client.prov.explore("upstream", "10378.1/1", 3)
    assert (type(caught.value), caught.value.fault) == (
        error,
        "caller" if error is DepthLimitError else "deployment",
    )


@pytest.mark.asyncio
async def test_repeated_links_count_once_and_nodes_with_two_kinds_are_contradictions():
    nodes = [
        {"id": "1/1", "item_category": "ENTITY", "item_subtype": "DATASET"},
        {"id": "1/2", "item_category": None, "item_subtype": None},
        {"id": "1/1", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"},
        {"id": "1/2", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"},
        {"id": "1/2", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN"},
    ]
    link = {"type": "wasGeneratedBy", "source": "1/1", "target": "1/2"}
    body = LINEAGE | {"graph": {"nodes": nodes, "links": [link, {**link, "type": "used"}, link]}}
    graph = await asked(lambda client: client.prov.explore("upstream", "1/1", 3), body)
    assert graph.nodes == {"1/1": Kind("ENTITY", "DATASET"), "1/2": Kind("ACTIVITY", "MODEL_RUN")}
    assert graph.links == (Link("1/1", "wasGeneratedBy", "1/2"), Link("1/1", "used", "1/2"))
    assert graph.contradictions == (
        Contradiction("kinds", "1/1"),
        Contradiction("impossible", "1/1 used 1/2"),
    )


def of_kind(item: str, category: str, subtype: str) -> dict[str, str]:
    return {"id": item, "item_category": category, "item_subtype": subtype}


def tied(source: str, relation: str, target: str) -> dict[str, str]:
    return {"type": relation, "source": source, "target": target}


MADE = tied("1/1", "wasGeneratedBy", "1/2")
DATA, MAKER = of_kind("1/1", "ENTITY", "DATASET"), of_kind("1/2", "ACTIVITY", "MODEL_RUN")
INFORMED = of_kind("1/3", "ACTIVITY", "MODEL_RUN")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("nodes", "links", "count", "contradictions"),
    [
        ([DATA, MAKER], [MADE], 2, []),
        ([DATA, MAKER], [MADE], None, []),
        ([DATA, MAKER, MAKER], [MADE, MADE], 3, []),
        # Made and used by one run: a cycle, and no contradiction.
        ([DATA, MAKER], [MADE, tied("1/2", "used", "1/1")], 2, []),
        ([DATA, MAKER], [MADE], 3, [("count", "3, not 2")]),
        ([DATA], [MADE, tied("1/2", "used", "1/4")], 3, [("undescribed", "1/2"), ("undescribed", "1/4")]),
        ([DATA, MAKER], [MADE, tied("1/2", "wasGeneratedBy", "1/1")], 2,
         [("both ways", "1/1 wasGeneratedBy 1/2")]),
        (
            [INFORMED, MAKER],
            [tied("1/3", "wasInformedBy", "1/2"), tied("1/2", "wasInformedBy", "1/3")],
            2,
            [("both ways", "1/3 wasInformedBy 1/2")],
        ),
        ([DATA, MAKER], [MADE, tied("1/2", "wasInformedBy", "1/2")], 2,
         [("itself", "1/2 wasInformedBy 1/2")]),
        ([DATA, MAKER], [MADE, tied("1/1", "used", "1/1")], 2, [("itself", "1/1 used 1/1")]),
        ([DATA, MAKER], [tied("1/1", "used", "1/2")], 2, [("impossible", "1/1 used 1/2")]),
        # Where a kind or a relation is not known, only a link of an item to itself cannot be.
        ([DATA, {"id": "1/2"}], [MADE, tied("1/2", "used", "1/1"), tied("1/2", "used", "1/2")], 2,
         [("kind", "1/2"), ("itself", "1/2 used 1/2")]),
        ([DATA, of_kind("1/2", "ACTIVITY", "SEANCE")], [MADE], 2, [("kind", "1/2")]),
        ([of_kind("1/1", "AGENT", "DATASET"), of_kind("1/2", "DATASET", "ACTIVITY")], [MADE], 2,
         [("kind", "1/1"), ("kind", "1/2"), ("impossible", "1/1 wasGeneratedBy 1/2")]),
        ([of_kind("1/1", "ENTITY", "MODEL"), MAKER], [MADE], 2,
         [("impossible", "1/1 wasGeneratedBy 1/2")]),
        ([DATA, of_kind("1/2", "ACTIVITY", "STUDY")], [MADE], 2,
         [("impossible", "1/1 wasGeneratedBy 1/2")]),
        # One kind under two names (provena-http 5.3).
        ([of_kind("1/3", "ENTITY", "WORKFLOW_TEMPLATE"), MAKER], [tied("1/2", "used", "1/3")], 2, []),
        ([of_kind("1/3", "ENTITY", "MODEL_RUN_WORKFLOW_TEMPLATE"), MAKER],
         [tied("1/2", "used", "1/3")], 2, []),
        ([of_kind("1/3", "ENTITY", "WORKFLOW_TEMPLATE"), MAKER,
          of_kind("1/3", "ENTITY", "MODEL_RUN_WORKFLOW_TEMPLATE")], [tied("1/2", "used", "1/3")], 2, []),
        ([of_kind("1/3", "ENTITY", "WORKFLOW_TEMPLATE"), MAKER, of_kind("1/3", "ENTITY", "DATASET_TEMPLATE")],
         [tied("1/2", "used", "1/3")], 2, [("kinds", "1/3")]),
        ([of_kind("a/b", "ENTITY", "DATASET"), of_kind("A/b", "ENTITY", "DATASET"), MAKER],
         [tied("a/b", "wasGeneratedBy", "1/2"), tied("A/b", "wasGeneratedBy", "1/2")], 3,
         [("letters", "a/b and A/b")]),
        ([of_kind("A/b", "ENTITY", "DATASET"), MAKER], [tied("A/b", "wasGeneratedBy", "1/2")], 2, []),
        ([DATA, MAKER], [tied("1/1", "sawInADream", "1/2")], 2, []),
    ],
)  # fmt: skip
async def test_what_a_graph_says_that_cannot_be_so_is_kept_with_it(
    nodes: list[Any], links: list[Any], count: int | None, contradictions: list[tuple[str, str]]
):
    body = LINEAGE | {"record_count": count, "graph": {"nodes": nodes, "links": links}}
    graph = await asked(lambda client: client.prov.explore("upstream", "1/1", 3), body)
    assert list(graph.contradictions) == contradictions
