"""Answers that say success and cannot be read."""

import httpx
import pytest

from provena_mcp.errors import AmbiguousWriteError, MalformedAnswerError, MalformedItemError
from tests.client.answers import failure, fetch, write
from tests.client.provena_stand_in import json_answer


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"", headers={"content-type": "application/json"}),
        httpx.Response(200, html="<html>Log in</html>"),
        httpx.Response(200, json={"status": {"success": True, "details": ""}}),
        httpx.Response(200, content=b'{"session_id": "7c', headers={"content-type": "application/json"}),
    ],
)
async def test_a_write_whose_answer_cannot_be_read_may_have_happened(answer: httpx.Response):
    caught = await failure(write, answer)
    assert type(caught) is AmbiguousWriteError
    assert (caught.retry, caught.advice) == (
        "check_first",
        "Look with `jobs.list` whether it arrived before sending it again.",
    )


@pytest.mark.asyncio
async def test_an_item_that_lacks_what_its_subtype_needs_is_malformed_and_names_the_field():
    raw = {"id": "10378.1/9", "item_category": "ACTIVITY", "item_subtype": "MODEL_RUN", "display_name": "R"}
    caught = await failure(fetch, json_answer({"status": {"success": True, "details": ""}, "item": raw}))
    assert type(caught) is MalformedItemError
    assert "an item that lacks or misspells 'record'" in caught.message
    assert (
        caught.advice
        == "Its entry in the registry needs mending: tell its owner, or an administrator of Provena."
    )


@pytest.mark.asyncio
async def test_success_without_an_item_is_malformed():
    caught = await failure(fetch, json_answer({"status": {"success": True, "details": ""}, "item": None}))
    assert type(caught) is MalformedAnswerError
