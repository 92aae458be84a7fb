"""Whatever the network does: never a hang, never a false answer, never a write twice."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from provena_mcp.client import ClientLimits, NoToken, ProvenaClient
from provena_mcp.client.http.transports import Breaker
from provena_mcp.errors import NotFoundError, UnavailableError
from provena_mcp.settings import Endpoints
from tests.faults.lies import LIES
from tests.faults.proxy import Exchange, Fault
from tests.faults.table import ALL, Tally, run_table

CALLS = 5
MISNAMING = (
    "a job that names another run",
    "rows that name each other's runs",
    "rows that all name one run",
    "a job that names what is nowhere",
    "every other run not made",
)
REPEATS = ("rows repeated", "links repeated", "nodes repeated")


# To trace every line takes as long again, and the calls are those of the next test.
@pytest.mark.no_cover
@pytest.mark.slow
@pytest.mark.asyncio
async def test_no_fault_makes_an_answer_wrong_a_call_hang_or_a_write_happen_twice(tmp_path: Path):
    tallies = await run_table(tmp_path, CALLS)
    assert {name: (tally.wrong, tally.hung, tally.duplicated) for name, tally in tallies.items()} == {
        fault.name: ([], 0, 0) for fault in ALL
    }
    assert sum(tally.whole for tally in tallies.values()) > 0
    # Whether writes arrive in the two seconds that they have is the machine's speed. That each does, once,
    # where it has the time is said below, exactly.
    assert sum(tally.errors for tally in tallies.values()) > 0


@pytest.mark.slow
@pytest.mark.asyncio
async def test_the_calls_of_the_table_are_right_and_its_write_arrives_once_where_no_fault_touches_it(
    tmp_path: Path,
):
    faults = (Fault("none", unspoilt, 1), *(lie for lie in LIES if lie.name in REPEATS))
    tallies = await run_table(tmp_path, CALLS, faults, ClientLimits())
    # Four reads, and a run registered twice: each time previewed, confirmed, and confirmed again.
    assert tallies == dict.fromkeys(("none", *REPEATS), Tally(calls=10, written=4, whole=8))


@pytest.mark.slow
@pytest.mark.asyncio
async def test_runs_and_batches_are_told_by_their_own_handles_whatever_their_jobs_name(tmp_path: Path):
    faults = tuple(lie for lie in LIES if lie.name in MISNAMING)
    tallies = await run_table(tmp_path, 2 * CALLS, faults, ClientLimits())
    # Eight reads, and a run (twice) and a batch that are previewed, confirmed, and confirmed again.
    assert tallies == dict.fromkeys(MISNAMING, Tally(calls=17, written=6, whole=14))


async def unspoilt(exchange: Exchange) -> None:
    await exchange.send((await exchange.forward()).raw)


class Time:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def endpoints() -> Endpoints:
    names = ("prov", "registry", "job", "search", "auth", "data")
    return Endpoints(**{name: f"https://{name}.example.org" for name in names})


class Storm:
    """A registry behind a gateway that answers 503 while it lasts; the other services are well."""

    def __init__(self) -> None:
        self.lasts = True
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "registry.example.org":
            return httpx.Response(200, json={"message": "Health check successful."})
        self.asked += 1
        if self.lasts:
            return httpx.Response(503)
        return httpx.Response(400, json={"detail": "x/1 was not a valid registry item"})


@pytest.mark.asyncio
async def test_a_storm_opens_the_circuit_of_its_service_which_says_so_and_recovers():
    storm, clock = Storm(), Time()
    transport = httpx.MockTransport(storm)
    limits = ClientLimits(attempts=1)
    async with ProvenaClient(
        endpoints(), tokens=NoToken(), transport=transport, limits=limits, breaker=Breaker(clock)
    ) as client:

        async def fetch() -> UnavailableError:
            with pytest.raises(UnavailableError) as caught:
                await client.registry.fetch("x/1")
            return caught.value

        for _ in range(8):
            assert "is down or overloaded (503" in (await fetch()).message
        refused = await fetch()
        assert refused.message == (
            "registry-api has failed 8 times in a row and is left alone for a moment; nothing was sent."
        )
        assert refused.retry_after == 10.0
        assert storm.asked == 8
        await client.search.health()

        clock.now += 10.1
        assert "is down or overloaded" in (await fetch()).message
        assert (storm.asked, (await fetch()).retry_after) == (9, 10.0)

        storm.lasts = False
        clock.now += 10.1
        for _ in range(2):
            with pytest.raises(NotFoundError):
                await client.registry.fetch("x/1")
        assert storm.asked == 11
