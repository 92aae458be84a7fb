"""Whatever a client asks for, it is told what is wrong with it, and the log stays short."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stdio.conversation import Conversation, conversation

INTERNAL = (0, -32603)
INVALID = -32602
LONG = "a" * 70_000
DATASET = "sample/1000041"

PROMPTS = [
    ({"name": "nope"}, "There is no prompt 'nope'. There are: trace_a_result,"),
    ({"name": ""}, "There is no prompt ''."),
    ({"name": LONG}, "There is no prompt 'aaa"),
    ({"name": "trace_a_result"}, "The prompt trace_a_result needs result_id."),
    ({"name": "compare_runs"}, "The prompt compare_runs needs first_run_id and second_run_id."),
    (
        {"name": "trace_a_result", "arguments": {"result_id": "x", "depth": "3"}},
        "The prompt trace_a_result takes no argument 'depth'; it takes result_id.",
    ),
    (
        {"name": "what_is_in_this_provena", "arguments": {"ctx": "x"}},
        "The prompt what_is_in_this_provena takes no argument 'ctx'.",
    ),
]
URIS = [
    *("", "nope", "http://[", "file:///etc/passwd", "provena://", "\x00"),
    *(
        "provena://item/",
        "provena://item/..",
        "provena://item/%00",
        "provena://item/%FF",
        f"provena://item/{LONG}",
    ),
    *("provena://item/a b", "provena://item//etc/passwd", "provena://item/C:/x", "provena://nope/x"),
    f"provena://lineage/nope/{DATASET}",
    *(f"provena://lineage/upstream/{DATASET}?depth={depth}" for depth in ("x", "-1", "1e9", "9" * 5_000)),
    *(f"provena://diagram/{query}/{DATASET}" for query in ("nope", "path", "impact")),
    *(f"provena://prov/{wanted}/{DATASET}" for wanted in ("json", "nope")),
    *("provena://csv-template/nope", f"provena://csv-template/{DATASET}", "provena://csv-batch/nope"),
    *("provena://report/STUDY/3/nope", "provena://report/nope/3/x", f"provena://report/STUDY/x/{DATASET}"),
]
ARGUMENTS = [None, {}, [], "x", 5, {"query": LONG}, {"query": {"a": 1}}, {"starting_id": 10**400}, {"x": 1}]
REFERENCES = [
    {"type": "ref/prompt", "name": "nope"},
    {"type": "ref/prompt", "name": "trace_a_result"},
    {"type": "ref/resource", "uri": "nope"},
    {"type": "ref/resource", "uri": "provena://item/{+id}"},
    *({"type": "nope"}, {}, None, 5),
]
TYPED = [
    *(
        {"name": name, "value": value}
        for name in ("id", "result_id", "nope")
        for value in ("x", "\x00", LONG)
    ),
    *({"name": "id"}, {}, None),
]
METHODS = [
    *("logging/setLevel", "resources/subscribe", "subscriptions/listen", "tasks/get", "roots/list"),
    *("sampling/createMessage", "elicitation/create", "rpc.discover", "nope", ""),
]


def requests() -> Iterator[tuple[str, Any]]:
    yield from (("prompts/get", params) for params, _ in PROMPTS)
    yield from (("prompts/get", {"name": name}) for name in (None, 5, ["x"]))
    yield from (
        ("prompts/get", {"name": "trace_a_result", "arguments": a}) for a in (["x"], {"result_id": 5})
    )
    yield from (("resources/read", {"uri": uri}) for uri in (*URIS, None, 5))
    for tool in ("nope", "", None, 5, "search_items", "explore_upstream"):
        yield from (("tools/call", {"name": tool, "arguments": arguments}) for arguments in ARGUMENTS)
    for reference in REFERENCES:
        yield from (("completion/complete", {"ref": reference, "argument": typed}) for typed in TYPED)
    for listing in ("tools/list", "prompts/list", "resources/list", "resources/templates/list"):
        yield from ((listing, {"cursor": cursor}) for cursor in ("nope", 5))
    yield from ((method, {}) for method in METHODS)


@pytest.fixture(scope="module", params=["legacy", "modern"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Conversation]:
    with conversation(tmp_path_factory.mktemp(request.param), request.param) as made:
        yield made


@pytest.mark.parametrize(("params", "reason"), PROMPTS, ids=lambda value: str(value)[:40])
def test_a_prompt_that_cannot_be_had_is_refused_with_the_reason(
    server: Conversation, params: dict[str, Any], reason: str
):
    error = server.ask("prompts/get", params)["error"]
    assert (error["code"], error["message"][: len(reason)]) == (INVALID, reason)
    assert len(error["message"]) < 600


@pytest.mark.slow
def test_no_request_is_called_an_error_inside_the_server(server: Conversation):
    answers = [(method, str(params)[:80], server.ask(method, params)) for method, params in requests()]
    assert [answer for answer in answers if answer[2].get("error", {}).get("code") in INTERNAL] == []
    assert len(answers) > 150


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_a_refused_prompt_leaves_one_line_in_the_log(tmp_path: Path, era: Any):
    with conversation(tmp_path, era) as server:
        for params, _ in PROMPTS:
            server.ask("prompts/get", params)
    lines = (tmp_path / "stderr").read_text().splitlines()
    assert len(lines) == len(PROMPTS)
    assert max(map(len, lines)) < 300
