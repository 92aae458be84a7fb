"""What was sent is remembered for a day, whatever its number, and nothing else is forgotten for it."""

import hashlib

import pytest

from provena_mcp.commands.confirmation.duplicate_check import DAY, Submission, Submissions
from provena_mcp.commands.confirmation.key_value_store import InProcessStore
from provena_mcp.commands.confirmation.preview_store import Outcome, References


def prints(count: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]


@pytest.mark.asyncio
async def test_what_was_sent_is_known_to_its_caller_only():
    submissions = Submissions(InProcessStore(clock=lambda: 0.0))
    first, second, unsent = prints(3)
    await submissions.note("jane", [first], Submission(when=100, session_id="s1"))
    await submissions.note("jane", [second], Submission(when=200))
    assert await submissions.of("jane", [first, second, unsent]) == {
        first: Submission(when=100, session_id="s1"),
        second: Submission(when=200),
    }
    assert await submissions.of("joe", [first, second]) == {}


@pytest.mark.asyncio
async def test_the_largest_batch_is_remembered_whole_and_pushes_no_reference_out():
    store = InProcessStore(clock=lambda: 0.0)
    references, submissions = References(store), Submissions(store)
    offered = await references.keep("jane", "register_model_run", {"record": {}})
    sent = await references.keep("jane", "register_batch_model_runs", {"records": []})
    await references.claim("jane", sent.reference)
    await references.settle("jane", sent, Outcome(answer={"session_id": "s1"}))
    submission = Submission(when=100, session_id="s1")
    await submissions.note("jane", prints(10_000), submission)

    assert await submissions.of("jane", prints(10_000)) == dict.fromkeys(prints(10_000), submission)
    assert await references.open("jane", offered.reference, "register_model_run") == offered
    assert not await references.claim("jane", sent.reference)
    known = await references.open("jane", sent.reference, "register_batch_model_runs")
    assert known.outcome == Outcome(answer={"session_id": "s1"})


@pytest.mark.asyncio
async def test_what_is_older_than_a_day_makes_room_for_what_is_new():
    submissions = Submissions(InProcessStore(clock=lambda: 0.0))
    old, new = "a1", "a2"
    await submissions.note("jane", [old], Submission(when=100))
    await submissions.note("jane", [new], Submission(when=100 + DAY))
    assert await submissions.of("jane", [old, new]) == {new: Submission(when=100 + DAY)}
