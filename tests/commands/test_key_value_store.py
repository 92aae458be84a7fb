"""What the in-process store keeps, for whom and how long."""

import pytest

from provena_mcp.commands.confirmation.key_value_store import InProcessStore
from provena_mcp.errors import ArgumentError


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.asyncio
async def test_a_value_is_its_owners_and_lasts_its_time():
    clock = Clock()
    store = InProcessStore(clock=clock)
    await store.put("jane", "key", b"value", 10.0)
    assert (await store.get("jane", "key"), await store.get("joe", "key")) == (b"value", None)
    clock.now = 9.9
    assert await store.get("jane", "key") == b"value"
    clock.now = 10.0
    assert await store.get("jane", "key") is None


@pytest.mark.asyncio
async def test_only_the_first_of_two_adds_succeeds_until_the_value_is_gone():
    clock = Clock()
    store = InProcessStore(clock=clock)
    assert [await store.add("jane", "claim", value, 10.0) for value in (b"1", b"2")] == [True, False]
    assert await store.get("jane", "claim") == b"1"
    await store.remove("jane", "claim")
    assert await store.add("jane", "claim", b"3", 10.0)
    clock.now = 10.0
    assert await store.add("jane", "claim", b"4", 10.0)


@pytest.mark.asyncio
async def test_beyond_an_owners_number_of_entries_the_oldest_go():
    store = InProcessStore(clock=Clock(), entries=2)
    for key in ("a", "b", "a", "c"):
        await store.put("jane", key, key.encode(), 10.0)
    assert [await store.get("jane", key) for key in "abc"] == [b"a", None, b"c"]


@pytest.mark.asyncio
async def test_beyond_an_owners_bytes_the_oldest_go_and_nobody_elses():
    store = InProcessStore(clock=Clock(), size=1_000)
    await store.put("joe", "a", b"x" * 600, 10.0)
    await store.put("jane", "a", b"x" * 600, 10.0)
    await store.put("jane", "b", b"y" * 600, 10.0)
    assert await store.get("jane", "a") is None
    assert await store.get("jane", "b") == b"y" * 600
    assert await store.get("joe", "a") == b"x" * 600


@pytest.mark.asyncio
async def test_a_value_larger_than_an_owner_may_keep_is_refused_and_costs_nothing():
    store = InProcessStore(clock=Clock(), size=1_000)
    await store.put("jane", "a", b"x", 10.0)
    with pytest.raises(ArgumentError, match="too large to be kept: 1,000 bytes"):
        await store.put("jane", "b", b"y" * 1_000, 10.0)
    assert await store.get("jane", "a") == b"x"


@pytest.mark.asyncio
async def test_beyond_all_bytes_those_who_kept_nothing_for_longest_lose_theirs():
    store = InProcessStore(clock=Clock(), size=1_500, in_all=2_500)
    await store.put("jane", "a", b"x" * 700, 10.0)
    await store.put("joe", "a", b"x" * 400, 10.0)
    await store.put("jane", "b", b"x" * 10, 10.0)
    await store.put("ann", "a", b"x" * 500, 10.0)
    assert [await store.get(owner, "a") for owner in ("jane", "joe", "ann")] == [
        b"x" * 700,
        None,
        b"x" * 500,
    ]


@pytest.mark.asyncio
async def test_replaced_and_removed_values_cost_nothing():
    store = InProcessStore(clock=Clock(), size=1_000, in_all=1_000)
    for _ in range(50):
        await store.put("jane", "a", b"x" * 500, 10.0)
        await store.remove("jane", "a")
        await store.put("jane", "a", b"x" * 500, 10.0)
    await store.put("jane", "b", b"x", 10.0)
    assert await store.get("jane", "b") == b"x"
