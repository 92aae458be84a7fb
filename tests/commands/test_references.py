"""References: one caller, one purpose, sent once."""

import itertools
from collections.abc import Callable

import pytest

from provena_mcp.commands.confirmation.key_value_store import InProcessStore
from provena_mcp.commands.confirmation.preview_store import CONVERTED, Kept, Outcome, References
from provena_mcp.errors import ArgumentError
from provena_mcp.wire.items import JsonObject

CONTENT: JsonObject = {"records": [{"display_name": "Moore Reef"}]}


def references(store: InProcessStore) -> References:
    numbers = itertools.count(1)
    return References(store, new_token=lambda: f"ref-{next(numbers)}")


def a_store(clock: Callable[[], float] = lambda: 0.0) -> InProcessStore:
    return InProcessStore(clock=clock)


@pytest.mark.asyncio
async def test_what_is_kept_is_opened_by_its_caller_for_its_purpose():
    kept = references(a_store())
    made = await kept.keep("jane", CONVERTED, CONTENT)
    assert made == Kept(reference="ref-1", kind=CONVERTED, content=CONTENT)
    assert await kept.open("jane", "ref-1", "register_batch_model_runs", CONVERTED) == made


@pytest.mark.asyncio
async def test_nobody_else_and_no_other_tool_may_use_it():
    kept = references(a_store())
    await kept.keep("jane", "update_model_run", CONTENT)
    with pytest.raises(ArgumentError, match="There is no reference 'ref-1'"):
        await kept.open("joe", "ref-1", "update_model_run")
    with pytest.raises(ArgumentError, match="was made for update_model_run, not for this"):
        await kept.open("jane", "ref-1", "register_model_run")


@pytest.mark.asyncio
async def test_it_can_be_claimed_once_and_again_only_when_released():
    kept = references(a_store())
    made = await kept.keep("jane", CONVERTED, CONTENT)
    assert [await kept.claim("jane", made.reference) for _ in range(2)] == [True, False]
    await kept.release("jane", made.reference)
    assert await kept.claim("jane", made.reference)


@pytest.mark.asyncio
async def test_an_outcome_stays_known_for_a_day_where_an_offer_lasts_an_hour():
    now = [0.0]
    kept = references(a_store(lambda: now[0]))
    offered = await kept.keep("jane", "register_model_run", CONTENT, digest="abc")
    sent = await kept.keep("jane", "register_model_run", CONTENT)
    await kept.settle("jane", sent, Outcome(answer={"session_id": "s1"}))
    now[0] = 3_600.0
    with pytest.raises(ArgumentError):
        await kept.open("jane", offered.reference, "register_model_run")
    now[0] = 86_399.0
    found = await kept.open("jane", sent.reference, "register_model_run")
    assert found.outcome == Outcome(answer={"session_id": "s1"})


@pytest.mark.asyncio
async def test_converted_records_remember_the_preview_made_of_them():
    kept = references(a_store())
    made = await kept.keep("jane", CONVERTED, CONTENT)
    await kept.succeed("jane", made, "ref-9")
    assert (await kept.open("jane", made.reference, CONVERTED)).successor == "ref-9"


@pytest.mark.asyncio
async def test_two_replicas_over_one_store_share_references_and_claims():
    store = a_store()
    one, other = references(store), references(store)
    made = await one.keep("jane", CONVERTED, CONTENT)
    assert await other.open("jane", made.reference, CONVERTED) == made
    assert [await one.claim("jane", made.reference), await other.claim("jane", made.reference)] == [
        True,
        False,
    ]


@pytest.mark.asyncio
async def test_references_are_96_random_bits():
    kept = References(a_store())
    texts = {(await kept.keep("jane", CONVERTED, {})).reference for _ in range(50)}
    assert len(texts) == 50
    assert {len(text) for text in texts} == {16}
