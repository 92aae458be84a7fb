"""Logging in without a terminal: the first call answers with a page and a code, the next one goes on."""

from __future__ import annotations

import asyncio

import pytest

from provena_mcp.errors import LoginPendingError, LoginRefusedError, UnavailableError
from tests.login.laptop import Gate, Laptop, who

POLL = "urn:ietf:params:oauth:grant-type:device_code"


async def prompted(client) -> LoginPendingError:
    with pytest.raises(LoginPendingError) as caught:
        await who(client)
    return caught.value


@pytest.mark.asyncio
async def test_the_first_call_says_where_to_log_in_and_the_next_goes_on(laptop: Laptop):
    gate = Gate(laptop)
    async with laptop.client(laptop.asking(gate)) as client:
        error = await prompted(client)
        assert error.url == f"{laptop.realm.issuer}/device?user_code={error.user_code}"
        assert error.minutes in (9, 10)
        assert error.advice == (
            f"Ask the user to open {error.url} in a browser, to compare the code {error.user_code} and to "
            f"log in (within {error.minutes} min); then repeat this call."
        )
        await asyncio.to_thread(laptop.realm.person("writer").approve, error.url)
        gate.open()
        assert await who(client) == "writer"
    async with laptop.client(laptop.login()) as client:
        assert await who(client) == "writer"


@pytest.mark.asyncio
async def test_until_then_every_call_names_the_same_page(laptop: Laptop):
    async with laptop.client(laptop.asking(Gate(laptop), patience_seconds=0)) as client:
        errors = [await prompted(client) for _ in range(3)]
        errors += await asyncio.gather(*(prompted(client) for _ in range(20)))
    assert len({(error.url, error.user_code) for error in errors}) == 1
    assert len([form for form in laptop.realm.requests() if form["path"] == "/auth/device"]) == 1


@pytest.mark.asyncio
async def test_many_first_calls_start_one_login(laptop: Laptop):
    async with laptop.client(laptop.asking(Gate(laptop))) as client:
        errors = await asyncio.gather(*(prompted(client) for _ in range(50)))
    assert len({error.user_code for error in errors}) == 1


@pytest.mark.asyncio
async def test_a_kept_login_asks_nobody(laptop: Laptop):
    await laptop.log_in("writer")
    async with laptop.client(laptop.asking(Gate(laptop))) as client:
        assert await who(client) == "writer"


@pytest.mark.asyncio
async def test_a_login_that_has_ended_is_asked_for_anew(laptop: Laptop):
    await laptop.log_in("writer")
    laptop.realm.advance(1801)
    gate = Gate(laptop)
    async with laptop.client(laptop.asking(gate)) as client:
        error = await prompted(client)
        await asyncio.to_thread(laptop.realm.person("reader").approve, error.url)
        gate.open()
        assert await who(client) == "reader"


@pytest.mark.asyncio
async def test_declining_is_told_once_then_asked_again(laptop: Laptop):
    gate = Gate(laptop)
    async with laptop.client(laptop.asking(gate)) as client:
        first = await prompted(client)
        await asyncio.to_thread(laptop.realm.person("writer").deny, first.url)
        gate.open()
        with pytest.raises(LoginRefusedError, match="declined in the browser"):
            await who(client)
        second = await prompted(client)
    assert second.user_code != first.user_code


@pytest.mark.asyncio
async def test_a_code_that_expired_is_replaced_by_a_new_one(laptop: Laptop):
    gate = Gate(laptop)
    async with laptop.client(laptop.asking(gate, patience_seconds=60)) as client:
        first = await prompted(client)
        gate.open()
        second = await prompted(client)
    assert second.user_code != first.user_code


@pytest.mark.asyncio
async def test_a_login_at_a_terminal_meanwhile_counts_too(laptop: Laptop):
    gate = Gate(laptop)
    async with laptop.client(laptop.asking(gate, patience_seconds=0)) as client:
        await prompted(client)
        await laptop.log_in("writer")
        assert await who(client) == "writer"
        gate.open()
        assert [await who(client) for _ in range(5)] == ["writer"] * 5
    assert len(laptop.realm.requests(POLL)) == 1, "the other login is not waited for any more"


@pytest.mark.asyncio
async def test_a_keycloak_out_of_reach_is_told_and_tried_again_by_the_next_call(laptop: Laptop):
    async with laptop.client(laptop.asking(Gate(laptop))) as client:
        laptop.realm.change(down=True)
        with pytest.raises(UnavailableError):
            await who(client)
        laptop.realm.change(down=False)
        await prompted(client)


@pytest.mark.asyncio
async def test_closing_gives_the_login_up(laptop: Laptop):
    gate = Gate(laptop)
    async with laptop.client(laptop.asking(gate)) as client:
        await prompted(client)
    gate.open()
    running = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait(running, timeout=1) if running else None
    assert laptop.realm.requests(POLL) == []
    assert await laptop.kept() is None


@pytest.mark.asyncio
async def test_health_is_asked_without_a_login(laptop: Laptop):
    async with laptop.client(laptop.asking(Gate(laptop))) as client:
        assert (await client.prov.health()).message == "Health check successful."
