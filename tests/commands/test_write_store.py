"""References: one caller, one tool, sent once."""

import itertools
from collections.abc import Callable

import pytest

from provena_mcp.commands.confirmation.key_value_store import InProcessStore
from provena_mcp.commands.confirmation.write_store import (
    AskedFor,
    PreviewStore,
    StoredPreview,
    UnknownOutcome,
)
from provena_mcp.errors import ArgumentError
from provena_mcp.wire.items import JsonObject

BATCH = "register_batch_model_runs"
ARGUMENTS: JsonObject = {"records": [{"display_name": "Moore Reef"}]}


def previews(store: InProcessStore) -> PreviewStore:
    numbers = itertools.count(1)
    return PreviewStore(store, new_token=lambda: f"ref-{next(numbers)}")


def a_store(clock: Callable[[], float] = lambda: 0.0) -> InProcessStore:
    return InProcessStore(clock=clock)


@pytest.mark.asyncio
async def test_what_is_stored_is_opened_by_its_caller_for_its_tool():
    store = previews(a_store())
    made = await store.add("jane", BATCH, ARGUMENTS)
    assert made == StoredPreview(reference="ref-1", tool=BATCH, arguments=ARGUMENTS)
    assert await store.open("jane", "ref-1", BATCH) == made


@pytest.mark.asyncio
async def test_nobody_else_and_no_other_tool_may_use_it():
    store = previews(a_store())
    await store.add("jane", "update_model_run", ARGUMENTS)
    with pytest.raises(ArgumentError, match="There is no reference 'ref-1'"):
        await store.open("joe", "ref-1", "update_model_run")
    with pytest.raises(ArgumentError, match="was made for update_model_run, not for this"):
        await store.open("jane", "ref-1", "register_model_run")


@pytest.mark.asyncio
async def test_it_can_be_claimed_once_and_again_only_when_released_and_the_claim_knows_its_time():
    store = previews(a_store())
    made = await store.add("jane", BATCH, ARGUMENTS)
    assert await store.claimed_at("jane", made.reference) is None
    assert [await store.claim("jane", made.reference, now) for now in (1_700_000_000.25, 9.0)] == [
        True,
        False,
    ]
    assert await store.claimed_at("jane", made.reference) == 1_700_000_000.25
    await store.release("jane", made.reference)
    assert await store.claimed_at("jane", made.reference) is None
    assert await store.claim("jane", made.reference, 9.0)


@pytest.mark.asyncio
async def test_an_outcome_stays_known_for_a_day_where_an_offer_lasts_an_hour():
    now = [0.0]
    store = previews(a_store(lambda: now[0]))
    asked = AskedFor(payload={}, shown={}, fingerprints=(), facts={}, at=0.0)
    offered = await store.add("jane", "register_model_run", ARGUMENTS, digest="abc")
    sent = await store.add("jane", "register_model_run", ARGUMENTS, digest="abc", asked=asked)
    lost = await store.add("jane", "register_model_run", ARGUMENTS, digest="abc")
    await store.settle("jane", sent, {"session_id": "s1"})
    why = UnknownOutcome(message="Nobody knows.", advice="Look.", upstream="bad gateway")
    await store.settle("jane", lost, why)
    now[0] = 3_600.0
    with pytest.raises(ArgumentError):
        await store.open("jane", offered.reference, "register_model_run")
    now[0] = 86_399.0
    assert await store.open("jane", sent.reference, "register_model_run") == StoredPreview(
        reference=sent.reference,
        tool="register_model_run",
        arguments=ARGUMENTS,
        digest="abc",
        status="sent",
        answer={"session_id": "s1"},
    )
    known = await store.open("jane", lost.reference, "register_model_run")
    assert (known.status, known.answer, known.failure) == ("lost", None, why)


@pytest.mark.asyncio
async def test_what_nobody_has_seen_keeps_its_reference_once_it_is_previewed():
    store = previews(a_store())
    made = await store.add("jane", BATCH, ARGUMENTS)
    seen = made.model_copy(update={"digest": "abc"})
    await store.replace("jane", seen)
    assert await store.open("jane", made.reference, BATCH) == seen


@pytest.mark.asyncio
async def test_two_replicas_over_one_store_share_references_and_claims():
    store = a_store()
    one, other = previews(store), previews(store)
    made = await one.add("jane", BATCH, ARGUMENTS)
    assert await other.open("jane", made.reference, BATCH) == made
    assert [await each.claim("jane", made.reference, 1.0) for each in (one, other)] == [True, False]


@pytest.mark.asyncio
async def test_references_are_96_random_bits():
    store = PreviewStore(a_store())
    texts = {(await store.add("jane", BATCH, {})).reference for _ in range(50)}
    assert len(texts) == 50
    assert {len(text) for text in texts} == {16}
