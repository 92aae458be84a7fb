"""What came of sending a change is told, whatever happens to the memory of it."""

import logging
from typing import cast

import pytest

from provena_mcp.commands.confirmation.change import Order, Proposal
from provena_mcp.commands.confirmation.duplicate_check import Submissions
from provena_mcp.commands.confirmation.key_value_store import InProcessStore
from provena_mcp.commands.confirmation.preview_store import References
from provena_mcp.commands.confirmation.submission import commit
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.commands.results import WriteResult
from provena_mcp.errors import StoreError
from provena_mcp.queries.items.fetch import Reader
from provena_mcp.queries.jobs.polling import JobState, PollPolicy
from provena_mcp.wire.items import JsonObject


class FillingStore(InProcessStore):
    """A store that takes no more values once it is full."""

    full = False

    async def put(self, owner: str, key: str, value: bytes, seconds: float) -> None:
        if self.full:
            raise StoreError("The shared store cannot be used: disk full.")
        await super().put(owner, key, value, seconds)


class Restart:
    """A change that Provena answers at once."""

    kind = "restart"
    accepts = ("restart",)

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[WriteResult]:
        raise AssertionError("it is prepared already")

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> WriteResult:
        return WriteResult(status="succeeded", message=str(answer["said"]))


class Nobody:
    caller = "jane"


def clock() -> float:
    return 0.0


async def silently(message: str) -> None:
    del message


@pytest.mark.asyncio
async def test_a_store_that_fails_after_sending_hides_no_outcome_and_lets_nothing_be_sent_again(
    caplog: pytest.LogCaptureFixture,
):
    store, sent = FillingStore(clock=clock), list[str]()
    desk = Desk(cast("Reader", Nobody()), References(store), Submissions(store), clock)
    kept = await desk.references.keep("jane", "restart", {})

    async def send() -> JsonObject:
        sent.append("restart")
        store.full = True
        return {"said": "Done."}

    preview = WriteResult(status="preview", message="")
    proposal = Proposal(content={}, preview=preview, send=send, prints=("ab",))
    polling = PollPolicy(clock=clock)
    order = Order(
        confirm=True, consent="not_needed", wait=False, polling=polling, deadline=0.0, on_progress=silently
    )
    with caplog.at_level(logging.WARNING):
        done = await commit(desk, Restart(), proposal, kept, order)

    assert (done.status, done.message) == ("succeeded", "Done.")
    assert "could not be remembered" in caplog.text
    assert not await desk.references.claim("jane", kept.reference)
    assert sent == ["restart"]
