"""Which requests are sent again, and which are sent once."""

import asyncio

import httpx
import pytest

from provena_mcp.client import ClientLimits, ProvenaClient
from provena_mcp.client.http.retries import pause_before_repeat, seconds_to_wait
from provena_mcp.errors import (
    AmbiguousWriteError,
    DeadlineError,
    DeploymentError,
    ProvenaError,
    UnavailableError,
)
from provena_mcp.wire.registry import ListRequest
from tests.client.provena_stand_in import (
    GOOD,
    LINEAGE,
    QUICK,
    RECORD,
    Loopback,
    Script,
    always,
    client_at,
    client_over,
    explore,
    hang_up,
    json_answer,
    never,
)

DOWN = httpx.ConnectError("All connection attempts failed")
BROKEN = httpx.RemoteProtocolError("Server disconnected without sending a response.")
SUBMITTED = {"status": {"success": True, "details": ""}, "session_id": "7c0f"}
EMPTY_PAGE = {"status": {"success": True, "details": ""}, "items": [], "pagination_key": None}
NO_JOBS = {"jobs": [], "pagination_key": None}


async def list_items(client: ProvenaClient) -> object:
    return await client.registry.list(ListRequest())


async def list_jobs(client: ProvenaClient) -> object:
    return await client.jobs.list()


async def register(client: ProvenaClient) -> object:
    return await client.prov.register(RECORD)


async def trial(client: ProvenaClient) -> object:
    return await client.prov.delete_model_run("10378.1/1")


async def delete(client: ProvenaClient) -> object:
    return await client.prov.delete_model_run("10378.1/1", trial=False)


async def report(client: ProvenaClient) -> object:
    return await client.prov.generate_report("10378.1/1", "MODEL_RUN", 1)


async def tries(
    call, *answers: httpx.Response | Exception, limits: ClientLimits = QUICK
) -> tuple[int, type | None]:
    """How often the request was sent, and the class of the error it ended in."""
    script = Script(list(answers))
    async with client_over(script, limits=limits) as client:
        try:
            await call(client)
        except ProvenaError as error:
            return len(script.requests), type(error)
    return len(script.requests), None


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize(
    ("call", "good"),
    [(explore, LINEAGE), (list_items, EMPTY_PAGE), (list_jobs, NO_JOBS), (trial, {"diff": []})],
)
async def test_what_only_reads_is_repeated_while_a_gateway_complains(call, good, status):
    assert await tries(call, json_answer({}, status), json_answer({}, status), json_answer(good)) == (3, None)


@pytest.mark.asyncio
async def test_repeating_stops_after_three_tries():
    assert await tries(explore, json_answer({}, 503)) == (3, UnavailableError)


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", [DOWN, BROKEN, httpx.ConnectTimeout(""), httpx.ReadError("")])
async def test_what_only_reads_is_repeated_after_a_lost_connection(trouble):
    assert await tries(explore, trouble, json_answer(LINEAGE)) == (2, None)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (json_answer({"detail": "x"}, 500), DeploymentError),
        (json_answer({"detail": "x"}, 501), DeploymentError),
        (json_answer({"detail": "x"}, 429), UnavailableError),
        (json_answer({"detail": "x"}, 503, retry_after="3600"), UnavailableError),
        (httpx.ReadTimeout(""), DeadlineError),
    ],
)
async def test_nothing_else_is_repeated(answer, error):
    assert await tries(explore, answer) == (1, error)


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [429, 503])
async def test_a_short_retry_after_is_waited_for(status):
    answers = json_answer({}, status, retry_after="0"), json_answer(LINEAGE)
    assert await tries(explore, *answers) == (2, None)


@pytest.mark.asyncio
@pytest.mark.parametrize("call", [register, delete])
@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (json_answer({}, 502), AmbiguousWriteError),
        (json_answer({}, 503, retry_after="0"), UnavailableError),
        (json_answer({}, 504), AmbiguousWriteError),
        (json_answer({}, 429, retry_after="0"), UnavailableError),
        (BROKEN, AmbiguousWriteError),
        (httpx.ReadTimeout(""), AmbiguousWriteError),
        (httpx.WriteTimeout(""), AmbiguousWriteError),
        (httpx.WriteError(""), AmbiguousWriteError),
    ],
)
async def test_a_write_that_may_have_been_received_is_sent_once(call, trouble, error):
    assert await tries(call, trouble) == (1, error)


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", [DOWN, httpx.ConnectTimeout("")])
async def test_a_write_that_never_left_is_sent_again(trouble):
    assert await tries(register, trouble, json_answer(SUBMITTED)) == (2, None)
    assert await tries(register, trouble) == (3, UnavailableError)


@pytest.mark.asyncio
async def test_a_lost_report_request_is_not_repeated_but_may_be_asked_for_again():
    assert await tries(report, BROKEN) == (1, UnavailableError)
    assert await tries(report, json_answer({}, 504)) == (1, UnavailableError)


@pytest.mark.asyncio
async def test_a_pause_beyond_the_total_deadline_ends_in_the_failure_it_followed():
    limits = ClientLimits(total_seconds=0.05, jitter_seconds=0)
    script = Script([json_answer({"detail": "resting"}, 503, retry_after="5")])
    async with client_over(script, limits=limits) as client:
        with pytest.raises(UnavailableError) as caught:
            await explore(client)
    assert (caught.value.retry_after, caught.value.upstream) == (5.0, "resting")


READ = httpx.Request("GET", "http://provena.test/", extensions={"repeatable": True})
WRITE = httpx.Request("POST", "http://provena.test/", extensions={"repeatable": False})


def busy(retry_after: float | None) -> httpx.Response:
    return httpx.Response(503, extensions={"retry_after": retry_after})


@pytest.mark.parametrize(
    ("request_", "retry_after", "attempt", "pause"),
    [
        (READ, None, 1, 0.2),
        (READ, None, 2, 0.4),
        (READ, None, 9, 10.0),
        (READ, 2.0, 1, 2.0),
        (READ, 10.0, 1, 10.0),
        (READ, 10.5, 1, None),
        (WRITE, 2.0, 1, None),
        (WRITE, None, 1, None),
    ],
)
def test_the_pause_is_what_the_service_asks_for_if_that_is_short(request_, retry_after, attempt, pause):
    limits = ClientLimits(jitter_seconds=0, longest_pause_seconds=10)
    assert pause_before_repeat(request_, busy(retry_after), attempt, limits) == pause


def test_jitter_only_lengthens_the_pause_asked_for():
    limits = ClientLimits(jitter_seconds=0.5)
    pauses = {pause_before_repeat(READ, busy(1.0), 1, limits) for _ in range(50)}
    assert len(pauses) > 1
    assert all(pause is not None and 1 <= pause <= 1.5 for pause in pauses)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("-1", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("9" * 400, 86_400.0),
        ("Mon, 12 Jan 1970 13:46:50 GMT", 10.0),
        ("Mon, 12 Jan 1970 13:46:30 GMT", 0.0),
        ("Mon, 12 Jan 1970 13:46:50 -0000", 10.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None):
    assert seconds_to_wait(header, now=1_000_000.0) == seconds


@pytest.mark.asyncio
async def test_a_read_is_repeated_when_the_connection_breaks_before_an_answer():
    answers = [hang_up, always(GOOD)]

    async def reply(writer: asyncio.StreamWriter) -> None:
        await answers.pop(0)(writer)

    async with Loopback(reply).serving() as server, client_at(server.base) as client:
        await explore(client)
    assert len(server.heads) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("reply", [hang_up, never, always(GOOD[:-20] + b"\r\n"), always(b"nonsense\r\n\r\n")])
async def test_a_write_is_sent_once_whatever_happens_to_its_answer(reply):
    async with (
        Loopback(reply).serving() as server,
        client_at(server.base, total_seconds=2.0, read_seconds=0.5) as client,
    ):
        with pytest.raises(AmbiguousWriteError) as caught:
            await client.prov.register(RECORD)
    assert "`jobs.list`" in caught.value.advice
    assert len(server.heads) == 1
