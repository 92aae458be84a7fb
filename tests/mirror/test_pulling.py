"""A mirror is what its user may read of the deployment, whatever happens while it is pulled."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from provena_mcp.embedded.store import Store
from provena_mcp.errors import StoreError, UnavailableError
from provena_mcp.mirror.mirror import Mirror
from provena_mcp.mirror.pull import PullReport
from provena_mcp.rules.provenance import assert_model_run, prov_json
from provena_mcp.wire.items import ModelRunRecord
from tests.mirror.deployment import ENDPOINTS, LISTS, NOW, Deployment, Pulling, contents, links, services_of
from tests.worlds.small import creation, dataset, model_run, small_world

WORLD = small_world()


@asynccontextmanager
async def deployment(folder: Path, *more: dict[str, object]) -> AsyncGenerator[Pulling]:
    made = Deployment(folder, [*WORLD, *more])
    async with made.running():
        pulling = Pulling(folder, made)
        yield pulling
        pulling.mirror.close()
    made.store.close()


def assert_equal(pulling: Pulling) -> None:
    """The mirror is what the user may read: the same items, and the links that they assert."""
    assert contents(pulling.mirror) == pulling.deployment.readable()
    assert links(pulling.mirror.opened()) == links(pulling.deployment.store)


@pytest.mark.asyncio
async def test_a_first_pull_brings_every_item_and_link(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        report = await pull()
        assert_equal(pull)
        count = len(pull.deployment.readable())
        assert report == PullReport(changed=count, gone=0, skipped=(), waiting=(), whole=True, items=count)
        ledger = pull.mirror.ledger()
        assert (ledger.as_of, ledger.whole_as_of, ledger.origin.username) == (NOW, NOW, "local")


@pytest.mark.asyncio
async def test_a_later_pull_asks_for_what_was_updated_only(tmp_path: Path) -> None:
    old = [dataset(f"w/old-{number}", 10 + number) for number in range(300)]
    async with deployment(tmp_path, *old) as pull:
        await pull()
        pull.deployment.load(dataset("w/new", int(NOW) - 5), {**old[7], "updated_timestamp": int(NOW)})
        pull.deployment.seen.clear()
        report = await pull()
        assert_equal(pull)
        assert (report.changed, report.whole, pull.deployment.count(LISTS)) == (2, False, 2)


@pytest.mark.asyncio
async def test_what_is_gone_is_noticed_by_a_pass_through_everything(tmp_path: Path) -> None:
    async with deployment(tmp_path, dataset("w/extra", 20)) as pull:
        await pull()
        pull.deployment.delete("w/extra")
        updates_only = await pull()
        assert (updates_only.gone, "w/extra" in contents(pull.mirror)) == (0, True)
        everything = await pull(whole=True)
        assert everything.gone == 1
        assert_equal(pull)


@pytest.mark.asyncio
async def test_a_week_after_the_last_one_a_pull_passes_through_everything(tmp_path: Path) -> None:
    async with deployment(tmp_path, dataset("w/extra", 20)) as pull:
        await pull()
        pull.deployment.delete("w/extra")
        pull.now += 8 * 86_400
        assert (await pull()).whole
        assert_equal(pull)


@pytest.mark.asyncio
async def test_what_becomes_forbidden_leaves_nothing_behind(tmp_path: Path) -> None:
    made = model_run("w/theirs", ["w/in"], ["w/theirs-out"], 50)
    async with deployment(tmp_path, dataset("w/theirs-out", 49), made) as pull:
        await pull()
        assert any("w/theirs" in link for link in links(pull.mirror.opened()))
        pull.deployment.hidden = {"w/theirs", "w/theirs-out"}
        assert (await pull(whole=True)).gone == 2
        assert contents(pull.mirror) == pull.deployment.readable()
        assert not any("w/theirs" in str(link) for link in links(pull.mirror.opened()))


@pytest.mark.asyncio
async def test_a_run_by_a_template_that_is_not_for_the_user_keeps_its_lineage(tmp_path: Path) -> None:
    run = model_run("w/by-theirs", ["w/a"], ["w/b"], 50)
    graph = assert_model_run("w/by-theirs", ModelRunRecord.model_validate(run["record"]), "w/model")
    async with deployment(tmp_path, {**run, "prov_serialisation": prov_json(graph)}) as pull:
        pull.deployment.hidden = {"w/wf"}
        report = await pull()
        assert report.waiting == (("w/run", "the workflow template 'w/wf' is not in the registry"),)
        held = {link for link in links(pull.mirror.opened()) if "w/by-theirs" in link}
        assert held == {link for link in links(pull.deployment.store) if "w/by-theirs" in link}
        assert held


@pytest.mark.asyncio
async def test_pages_that_hold_nothing_for_the_user_are_passed(tmp_path: Path) -> None:
    theirs = [dataset(f"w/their-{number}", 100 + number) for number in range(30)]
    async with deployment(tmp_path, *theirs, dataset("w/mine", 500)) as pull:
        pull.deployment.hidden = {each["id"] for each in theirs}
        pull.deployment.page_size = 5
        await pull()
        assert_equal(pull)


@pytest.mark.asyncio
async def test_items_that_change_vanish_and_come_while_they_are_pulled(tmp_path: Path) -> None:
    many = [dataset(f"w/many-{number:02}", 100 + number) for number in range(40)]
    later = {**many[3], "display_name": "Renamed", "updated_timestamp": int(NOW)}
    async with deployment(tmp_path, *many) as pull:
        pull.deployment.page_size = 5
        pull.deployment.events = [
            lambda: None,
            lambda: pull.deployment.load(dataset("w/early", int(NOW))),
            lambda: pull.deployment.delete("w/many-39"),
            lambda: pull.deployment.load(later),
            lambda: pull.deployment.hidden.add("w/many-30"),
            lambda: pull.deployment.delete("w/many-20"),
        ]
        await pull()
        assert pull.deployment.events == []
        assert_equal(pull)


@pytest.mark.asyncio
async def test_an_interrupted_pull_goes_on_where_it_was(tmp_path: Path) -> None:
    many = [dataset(f"w/many-{number:03}", 100 + number) for number in range(200)]
    async with deployment(tmp_path, *many) as pull:
        pull.deployment.page_size = 10

        def go_away() -> None:
            pull.deployment.is_away = True

        pull.deployment.events = [*(lambda: None for _ in range(15)), go_away]
        with pytest.raises(UnavailableError):
            await pull()
        with pytest.raises(StoreError, match="not complete yet"):
            pull.mirror.ledger()
        kept = len(contents(pull.mirror))
        assert 100 <= kept < 200
        pull.deployment.is_away = False
        pull.deployment.seen.clear()
        await pull()
        assert_equal(pull)
        # Two looks, the pages that were left, and what was updated meanwhile.
        assert pull.deployment.count(LISTS) < 15


@pytest.mark.asyncio
async def test_a_place_that_the_registry_has_forgotten_begins_the_pass_anew(tmp_path: Path) -> None:
    async with deployment(tmp_path, dataset("w/extra", 20)) as pull:
        await pull()
        with pull.mirror.opened().write() as connection:
            connection.execute("UPDATE mirror SET began = 1, pass_mark = 0, pass_key = '{\"stale\": 1}'")
            connection.execute("INSERT INTO mirror_seen VALUES ('w/extra')")
        pull.deployment.delete("w/extra")
        assert (await pull()).gone == 1
        assert_equal(pull)


@pytest.mark.slow
@pytest.mark.asyncio
async def test_an_item_of_ten_megabytes_is_pulled_in_smaller_pages(tmp_path: Path) -> None:
    large = dataset("w/large", 20, user_metadata={"text": "x" * 10_000_000})
    beside = dataset("w/beside", 21, user_metadata={"text": "y" * 500_000})
    async with deployment(tmp_path, large, beside) as pull:
        await pull(max_body_bytes=10_400_000)
        assert contents(pull.mirror) == pull.deployment.readable()


@pytest.mark.asyncio
async def test_a_deployment_whose_clock_went_back_is_passed_through_again(tmp_path: Path) -> None:
    async with deployment(tmp_path, dataset("w/latest", int(NOW) - 10)) as pull:
        await pull()
        pull.deployment.now = NOW - 86_400
        pull.deployment.load(dataset("w/after", int(NOW) - 86_400))
        assert (await pull()).whole
        assert_equal(pull)


@pytest.mark.asyncio
async def test_without_a_date_in_answers_nothing_is_missed(tmp_path: Path) -> None:
    async with deployment(tmp_path, dataset("w/latest", 1_000)) as pull:
        pull.deployment.now = None
        await pull()
        # This machine's clock is far ahead of the deployment's.
        pull.deployment.load(dataset("w/after", 1_100))
        await pull()
        assert_equal(pull)


@pytest.mark.asyncio
async def test_a_full_disk_stops_the_pull_and_leaves_what_was_kept(tmp_path: Path) -> None:
    many = [dataset(f"w/many-{number:03}", 100 + number) for number in range(200)]
    async with deployment(tmp_path, *many) as pull:
        pull.deployment.page_size = 10
        store = pull.mirror.opened(make=True)
        with store.write() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(StoreError, match=r"The mirror .* cannot grow: the disk is full"):
            await pull()
        with store.write() as connection:
            connection.execute("PRAGMA max_page_count = 1000000")
        await pull()
        assert_equal(pull)


@pytest.mark.asyncio
async def test_items_that_cannot_be_kept_are_said(tmp_path: Path) -> None:
    odd = {**dataset("w/odd", 20), "item_category": "AGENT"}
    async with deployment(tmp_path) as pull:
        with pull.deployment.store.write() as connection:
            connection.execute(
                "INSERT INTO item (id, subtype, record_type, created, updated, raw, pending) "
                "VALUES ('w/odd', 'DATASET', 'COMPLETE_ITEM', 20, 20, ?, 0)",
                (json.dumps(odd),),
            )
        report = await pull()
        assert report.skipped == (("w/odd", "item_category 'AGENT' does not go with DATASET"),)


@pytest.mark.asyncio
async def test_whoever_an_owner_is_linked_to_made_what_they_registered(tmp_path: Path) -> None:
    world = [dataset("w/sams", 20, owner="sam"), creation("w/created", "w/sams", 21, owner="sam")]
    async with deployment(tmp_path, *world) as pull:
        pull.deployment.load(sam="w/jane")
        await pull()
        assert_equal(pull)


@pytest.mark.asyncio
async def test_a_mirror_of_another_deployment_or_user_is_refused(tmp_path: Path) -> None:
    async with deployment(tmp_path) as pull:
        await pull()
        async with pull.deployment.client() as client:
            other = Mirror(pull.mirror.path, "http://elsewhere.test")
            with pytest.raises(StoreError, match="another deployment"):
                await other.pull(services_of(client), lambda: None)
            other.close()
        with pull.mirror.opened().write() as connection:
            connection.execute("UPDATE mirror SET username = 'somebody'")
        with pytest.raises(StoreError, match="what 'somebody' may read"):
            await pull()


def test_a_store_is_no_mirror_and_a_mirror_no_store(tmp_path: Path) -> None:
    Store(tmp_path / "store.sqlite3").close()
    with pytest.raises(StoreError, match="is a store of the embedded Provena and no mirror"):
        Mirror(tmp_path / "store.sqlite3", ENDPOINTS.registry).opened()
    Mirror(tmp_path / "mirror.sqlite3", ENDPOINTS.registry).opened(make=True).close()
    with pytest.raises(StoreError, match="is a mirror of a deployment, which PROVENA_MIRROR reads"):
        Store(tmp_path / "mirror.sqlite3")
