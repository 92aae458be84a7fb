"""The embedded Provena against recorded traffic of the real services."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden_parity import FAMILIES, measure
from tests.golden_stories import STORIES
from tests.recordings.recorded import EXTRACT, RECORDINGS


@pytest.mark.slow
@pytest.mark.asyncio
@pytest.mark.parametrize("recordings", sorted({EXTRACT, RECORDINGS}), ids=lambda folder: folder.name)
async def test_every_recorded_exchange_is_answered_alike(recordings: Path, tmp_path: Path) -> None:
    tallies = await measure(recordings, tmp_path / "store.sqlite3")
    assert [difference for tally in tallies for difference in tally.differences] == []
    assert [tally.family for tally in tallies if not tally.total] == []
    assert len(tallies) == len(FAMILIES) + len(STORIES)
