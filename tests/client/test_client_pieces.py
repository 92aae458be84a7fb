"""A large lineage is decoded piece by piece, and is the one that decoding it whole gives."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from provena_mcp.client import ClientLimits
from provena_mcp.errors import MalformedAnswerError, ProvenaError
from provena_mcp.rules.graph import ProvenanceGraph
from tests.client.provena_stand_in import QUICK, client_over

# Some 3 MB, so that each array falls into several pieces of one.
COUNT, PADDING = 1_500, "x" * 900
NODES = [
    {"id": f"{PADDING}/{number}", "item_category": "ENTITY", "item_subtype": "DATASET"}
    for number in range(COUNT)
]
LINKS = [
    {"type": "wasDerivedFrom", "source": later["id"], "target": earlier["id"]}
    for later, earlier in itertools.pairwise(NODES)
]
ODD = f'{PADDING}"}},{{"id":"'


def answer(nodes: list[Any] = NODES, links: list[Any] = LINKS, key: str = "links", **status: Any) -> Any:
    graph = {"directed": True, "nodes": nodes, key: links}
    return {"status": {"success": True, "details": "", **status}, "record_count": 1, "graph": graph}


async def read(body: bytes, limits: ClientLimits) -> ProvenanceGraph | tuple[type[ProvenaError], str]:
    async with client_over(lambda _: httpx.Response(200, content=body), limits=limits) as client:
        try:
            return await client.prov.explore("upstream", NODES[0]["id"], 1)
        except ProvenaError as error:
            return type(error), error.message


IN_PIECES = QUICK.model_copy(update={"large_bytes": 1_000})


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda: json.dumps(answer()).encode(), id="as Provena writes it"),
        pytest.param(lambda: json.dumps(answer(), separators=(",", ":")).encode(), id="without blanks"),
        pytest.param(lambda: json.dumps(answer(), indent=1).encode(), id="over many lines"),
        pytest.param(lambda: json.dumps(answer(key="edges")).encode(), id="edges"),
        pytest.param(lambda: json.dumps(answer(links=[])).encode(), id="no link"),
        pytest.param(lambda: json.dumps(answer(NODES * 2)).encode(), id="nodes twice"),
        pytest.param(lambda: json.dumps(answer(links=LINKS * 2)).encode(), id="links twice"),
        pytest.param(lambda: json.dumps(answer(NODES[::2])).encode(), id="ends that are no nodes"),
        pytest.param(
            lambda: json.dumps(
                answer([*NODES, *({**node, "item_subtype": "MODEL"} for node in NODES[:9])])
            ).encode(),
            id="two kinds",
        ),
        pytest.param(
            lambda: json.dumps(answer(links=[{**link, "type": "wasLikenedTo"} for link in LINKS])).encode(),
            id="a relation nobody knows",
        ),
        pytest.param(
            lambda: json.dumps(answer([{**node, "more": {"a": [{}, {}]}} for node in NODES])).encode(),
            id="objects within",
        ),
        pytest.param(
            lambda: json.dumps(answer([{"id": f"{ODD}{number}"} for number in range(COUNT)], [])).encode(),
            id="texts that look like the end of a node",
        ),
    ],
)
async def test_a_large_lineage_read_in_pieces_is_the_same_as_read_whole(written: Callable[[], bytes]):
    body = written()
    whole, in_pieces = await read(body, QUICK), await read(body, IN_PIECES)
    assert isinstance(whole, ProvenanceGraph)
    assert whole.columns.ids
    assert in_pieces == whole
    assert isinstance(in_pieces, ProvenanceGraph)
    assert list(in_pieces.columns.ids) == list(whole.columns.ids)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "written",
    [
        pytest.param(lambda: json.dumps(answer(success=False, details="Bad.")).encode(), id="failed"),
        pytest.param(lambda: json.dumps(answer(key="lines")).encode(), id="neither links nor edges"),
        pytest.param(lambda: json.dumps(answer([*NODES, 7])).encode(), id="a node that is none"),
        pytest.param(
            lambda: json.dumps(answer(links=[*LINKS, {"source": "a"}])).encode(), id="a link that is none"
        ),
        pytest.param(lambda: json.dumps(answer()).encode()[:-9], id="cut short"),
        pytest.param(lambda: json.dumps(answer()).encode().replace(b"},", b"} ", 1), id="a comma lost"),
        pytest.param(lambda: json.dumps(answer()).encode().replace(b"},", b"},,", 1), id="a comma too many"),
        pytest.param(
            lambda: json.dumps(answer()).encode().replace(b"}],", b"},],", 1), id="a comma at the end"
        ),
    ],
)
async def test_a_large_answer_that_cannot_be_read_fails_as_it_does_whole(written: Callable[[], bytes]):
    body = written()
    whole, in_pieces = await read(body, QUICK), await read(body, IN_PIECES)
    assert isinstance(whole, tuple)
    assert issubclass(whole[0], ProvenaError)
    assert in_pieces == whole


@pytest.mark.asyncio
async def test_a_comma_too_many_where_an_array_is_cut_is_not_forgiven():
    body = json.dumps(answer()).encode()
    cuts = [place for place in range(len(body)) if body.startswith(b"},", place)]
    for cut in cuts[1_000:1_300:7]:
        spoilt = body[: cut + 1] + b"," + body[cut + 1 :]
        outcome = await read(spoilt, IN_PIECES)
        assert isinstance(outcome, tuple)
        assert outcome[0] is MalformedAnswerError
