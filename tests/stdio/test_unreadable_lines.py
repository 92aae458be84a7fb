"""A line is answered whatever is in it: a client that gets no answer waits for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCError

from provena_mcp.server.json_rpc import read_message
from tests.stdio.conversation import Conversation, conversation

PING = b'{"jsonrpc": "2.0", "id": 7, "method": "ping"}'
CALL = (
    b'{"jsonrpc": "2.0", "id": %s, "method": "tools/call", "params": {"name": "search_items", "arguments": '
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Conversation]:
    with conversation(tmp_path_factory.mktemp("stdio")) as made:
        yield made


@pytest.mark.parametrize(
    ("line", "number", "code"),
    [
        (CALL % b"2" + rb'{"query": "cut emoji \ud83d"}}}', 2, -32700),
        (CALL % b'"two"' + rb'{"query": "\udc00"}}}', "two", -32700),
        (CALL % b"3" + b"[" * 900 + b"]" * 900 + b"}}", 3, -32700),
        (CALL % b"4" + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}}", 4, -32700),
        (b'{"params": {"id": 1, "text": "}"}, "jsonrpc": "2.0", "method": "ping", "id": 5,,}', 5, -32700),
        (CALL % b"6" + b'{"query": "cut o', 6, -32700),
        (b"nonsense", None, -32700),
        (b'{"jsonrpc": "2.0", "id": "\\ud83d", "method": "ping"}', None, -32700),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', None, -32600),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', None, -32600),
        (b'{"jsonrpc": "1.0", "id": 8, "method": "ping"}', 8, -32600),
        (b'{"jsonrpc": "2.0", "id": 9}', 9, -32600),
        (b'{"jsonrpc": "2.0", "id": 10, "method": "ping", "params": []}', 10, -32600),
        (b"[" + PING + b"]", None, -32600),
        (b"5", None, -32600),
    ],
    ids=[
        *("half an emoji", "the other half", "900 lists", "100000 objects", "comma", "cut off", "no JSON"),
        *("half an id", "no id", "half an id number", "another JSON-RPC", "no method", "list of params"),
        *("batch", "number"),
    ],
)
def test_a_line_that_cannot_be_read_gets_an_error_with_its_number_where_it_has_one(
    server: Conversation, line: bytes, number: int | str | None, code: int
):
    server.send(line)
    answer = server.next_answer()
    assert (answer["id"], answer["error"]["code"]) == (number, code)
    assert server.ask("ping", number=99) == {"jsonrpc": "2.0", "id": 99, "result": {}}


@pytest.mark.parametrize(
    "line",
    [b"\xef\xbb\xbf" + PING, PING + b"\r", b"  " + PING],
    ids=["byte order mark", "carriage return", "spaces"],
)
def test_what_editors_and_shells_add_to_a_line_is_passed_over(server: Conversation, line: bytes):
    server.send(line)
    assert server.next_answer() == {"jsonrpc": "2.0", "id": 7, "result": {}}


def test_neither_blank_lines_nor_answers_are_answered(server: Conversation):
    for line in (b"", b"   ", b'{"jsonrpc": "2.0", "id": 3, "result": 7}'):
        server.send(line)
    assert server.ask("ping", number=98)["id"] == 98


def test_a_byte_order_mark_before_the_first_line_keeps_nobody_out(tmp_path: Path):
    with conversation(tmp_path, "modern") as server:
        server.send(b"\xef\xbb\xbf" + json.dumps({"jsonrpc": "2.0", "id": 1, "method": "nope"}).encode())
        assert server.next_answer()["id"] == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("id"), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@given(
    number=st.integers(-(10**15), 10**15) | st.text(min_size=1),
    before=st.dictionaries(st.text().filter(lambda key: key != "id"), JSON, max_size=3),
    rest=st.text(),
)
def test_the_number_is_found_before_any_break(number: int | str, before: dict[str, object], rest: str):
    line = json.dumps({**before, "id": number})[:-1] + ', "broken": "' + rest.replace("\n", "") + "\\ud83d"
    answer = read_message(line.encode())
    assert isinstance(answer, JSONRPCError)
    assert answer.id == number


@given(message=st.fixed_dictionaries({"id": st.integers(0, 9), "method": st.text(), "params": st.just({})}))
def test_a_request_is_read_as_it_was_written(message: dict[str, object]):
    read = read_message(json.dumps({"jsonrpc": "2.0", **message}).encode())
    assert isinstance(read, SessionMessage)
    assert read.message.model_dump() == {"jsonrpc": "2.0", **message}
