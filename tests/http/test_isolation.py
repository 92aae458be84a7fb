"""What belongs to one user is worthless to another, whatever they share of the server."""

from __future__ import annotations

import asyncio
import json
import os

import pytest

from tests.worlds.hosted import World, call, failure, host_of, new_record, some_run, web

# What other tests pass too takes twice as long when every line is traced.
pytestmark = pytest.mark.no_cover

# Enough to notice; the figures in docs/deploy.md are of 1,000.
CALLS_EACH = int(os.environ.get("PROVENA_TEST_CALLS", "120"))
RUN = "sample/1000054"
USERS = ("alice", "bob")
QUESTIONS = [
    ("fetch_items", {"ids": [RUN]}),
    ("list_items", {"limit": 3}),
    ("search_items", {"query": "reef", "limit": 3}),
    ("explore_upstream", {"starting_id": RUN, "depth": 2}),
]


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_two_users_who_call_at_once_see_their_own_answers_only(world: World, era: str):
    async def ask(user: str) -> int:
        named = 0
        async with host_of(app, world.token(user), era) as host:
            run = await some_run(host)
            for number in range(CALLS_EACH):
                tool, arguments = QUESTIONS[number % len(QUESTIONS)]
                answer = json.dumps(
                    await call(host, tool, **json.loads(json.dumps(arguments).replace(RUN, run)))
                )
                other = next(each for each in USERS if each != user)
                assert f"{other} sees" not in answer
                named += f"{user} sees" in answer
        return named

    async with world.app(http_calls_per_minute=1_000_000) as app:
        assert await asyncio.gather(*map(ask, USERS)) == [CALLS_EACH, CALLS_EACH]
    assert {user for user, _ in world.seen} == set(USERS)


@pytest.mark.asyncio
async def test_a_cursor_gives_another_user_their_own_view_of_the_next_page(world: World):
    async with (
        world.app() as app,
        host_of(app, world.token("alice")) as alice,
        host_of(app, world.token("bob")) as bob,
    ):
        run = await some_run(alice)
        page = await call(alice, "explore_upstream", starting_id=run, depth=6, max_tokens=500)
        again = await call(bob, "explore_upstream", **page["next"]["arguments"])
    assert "alice sees" in json.dumps(page)
    assert "alice sees" not in json.dumps(again)


@pytest.mark.asyncio
async def test_a_reference_is_worthless_to_another_user(world: World):
    async with (
        world.app() as app,
        host_of(app, world.token("alice")) as alice,
        host_of(app, world.token("bob")) as bob,
    ):
        reference = (await call(alice, "register_model_run", record=await new_record(alice)))["reference"]
        before = len(world.seen)
        error = await failure(bob, "register_model_run", reference=reference, confirm=True)
        asked_by_bob = world.seen[before:]
        done = await call(alice, "register_model_run", reference=reference, confirm=True)
    assert error["message"].startswith(f"There is no reference {reference!r}")
    assert asked_by_bob == []
    assert done["status"] == "succeeded"


@pytest.mark.asyncio
async def test_a_document_is_handed_out_once_to_whoever_its_user_gave_the_address(world: World):
    async with world.app() as app, host_of(app, world.token("alice")) as alice, web(app) as browser:
        opened = await call(alice, "open_document", uri=f"provena://item/{await some_run(alice)}")
        url = opened["download_url"]
        looked = await browser.head(url)
        first, second = await browser.get(url), await browser.get(url)
    assert url.startswith("https://mcp.example.org/documents/")
    assert (looked.status_code, first.status_code, second.status_code) == (200, 200, 404)
    assert len(first.text) == opened["total_chars"]
    assert first.text.startswith(opened["text"])
    assert first.headers["content-disposition"].startswith('attachment; filename="item-sample-')
    assert first.headers["cache-control"] == "no-store"


@pytest.mark.asyncio
async def test_an_address_ends_after_ten_minutes_and_cannot_be_made_up(world: World):
    async with world.app() as app, host_of(app, world.token("alice")) as alice, web(app) as browser:
        opened = await call(alice, "open_document", uri=f"provena://item/{await some_run(alice)}")
        world.mint.now += 601
        late = await browser.get(opened["download_url"])
        changed = await browser.get(opened["download_url"][:-4] + "AAAA")
        invented = [await browser.get(f"/documents/{text}") for text in ("x", "AAAA", "%00", "é", "A" * 4000)]
    assert [late.status_code, changed.status_code] == [404, 404]
    assert {answer.status_code for answer in invented} == {404}


@pytest.mark.asyncio
async def test_documents_of_one_user_are_not_listed_to_another(world: World):
    async with world.app() as app:
        listed = {}
        async with host_of(app, world.token("alice")) as alice, host_of(app, world.token("bob")) as bob:
            await alice.read_resource(f"provena://item/{RUN}")
            for name, host in (("alice", alice), ("bob", bob)):
                resources = (await host.list_resources()).resources
                uris = (str(resource.uri) for resource in resources)
                listed[name] = [uri for uri in uris if uri.startswith("provena://")]
    fixed = ["provena://about", "provena://formats"]
    assert listed == {"alice": [*fixed, f"provena://item/{RUN}"], "bob": fixed}
