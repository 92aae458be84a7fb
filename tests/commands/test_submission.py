"""What came of sending a change is said, whatever happens to the memory of it."""

import logging
from typing import cast

import pytest
from pydantic import BaseModel

from provena_mcp.client import AccessLevel
from provena_mcp.commands.confirmation.change import Confirmation, Preview, Sent
from provena_mcp.commands.confirmation.key_value_store import InProcessStore
from provena_mcp.commands.confirmation.submission import submit
from provena_mcp.commands.confirmation.write_result import WriteResult
from provena_mcp.commands.confirmation.write_store import PreviewStore, Submissions, WriteContext
from provena_mcp.errors import StoreError
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.jobs.job_wait import PollPolicy
from provena_mcp.queries.jobs.registry_check import Proofs
from provena_mcp.wire.items import JsonObject


class FillingStore(InProcessStore):
    """A store that takes no more values once it is full."""

    full = False

    async def put(self, owner: str, key: str, value: bytes, seconds: float) -> None:
        if self.full:
            raise StoreError("The shared store cannot be used: disk full.")
        await super().put(owner, key, value, seconds)


class Nothing(BaseModel):
    """There is nothing to send."""


class Restart:
    """A change that Provena answers at once, and after which the store is full."""

    tool = "restart"
    access: AccessLevel = "admin"
    payload_type = Nothing
    result_type = WriteResult

    def __init__(self, store: FillingStore) -> None:
        self.store = store
        self.sent = 0

    async def prepare(self, context: WriteContext, arguments: JsonObject) -> Preview[Nothing, WriteResult]:
        raise AssertionError("it is prepared already")

    async def send(self, context: WriteContext, payload: Nothing) -> JsonObject:
        self.sent += 1
        self.store.full = True
        return {"said": "Done."}

    async def result(self, context: WriteContext, sent: Sent) -> WriteResult:
        return WriteResult(status="succeeded", message=str(sent.answer["said"]))


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
    store = FillingStore(clock=clock)
    context = WriteContext(
        cast("Reader", Nobody()),
        PreviewStore(store),
        Submissions(store),
        Proofs(PollPolicy(clock=clock)),
        clock,
        longest_call=110.0,
    )
    stored = await context.previews.add("jane", "restart", {})
    restart = Restart(store)
    confirmation = Confirmation(
        reference=stored.reference,
        confirm=True,
        asking="never",
        wait=False,
        polling=PollPolicy(clock=clock),
        on_progress=silently,
    )
    with caplog.at_level(logging.WARNING):
        done = await submit(context, restart, stored, Nothing(), ("ab",), confirmation)

    assert (done.status, done.message) == ("succeeded", "Done.")
    assert "could not be remembered" in caplog.text
    assert not await context.previews.claim("jane", stored.reference, 1.0)
    assert restart.sent == 1
