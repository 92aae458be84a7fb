"""What was sent is remembered for a day, whatever its number, and nothing else is forgotten for it."""

import hashlib

import pytest

from provena_mcp.commands.confirmation.key_value_store import InProcessStore
from provena_mcp.commands.confirmation.write_store import DAY, PreviewStore, Submission, Submissions


def fingerprints(count: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]


@pytest.mark.asyncio
async def test_what_was_sent_is_known_to_its_caller_only():
    submissions = Submissions(InProcessStore(clock=lambda: 0.0))
    first, second, unsent = fingerprints(3)
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
    previews, submissions = PreviewStore(store), Submissions(store)
    offered = await previews.add("jane", "register_model_run", {"record": {}})
    sent = await previews.add("jane", "register_batch_model_runs", {"records": []})
    await previews.claim("jane", sent.reference, 100.0)
    await previews.settle("jane", sent, {"session_id": "s1"})
    submission = Submission(when=100, session_id="s1")
    await submissions.note("jane", fingerprints(10_000), submission)

    assert await submissions.of("jane", fingerprints(10_000)) == dict.fromkeys(
        fingerprints(10_000), submission
    )
    assert await previews.open("jane", offered.reference, "register_model_run") == offered
    assert not await previews.claim("jane", sent.reference, 100.0)
    known = await previews.open("jane", sent.reference, "register_batch_model_runs")
    assert (known.status, known.answer) == ("sent", {"session_id": "s1"})


@pytest.mark.asyncio
async def test_what_is_older_than_a_day_makes_room_for_what_is_new():
    submissions = Submissions(InProcessStore(clock=lambda: 0.0))
    old, new = "a1", "a2"
    await submissions.note("jane", [old], Submission(when=100))
    await submissions.note("jane", [new], Submission(when=100 + DAY))
    assert await submissions.of("jane", [old, new]) == {new: Submission(when=100 + DAY)}
