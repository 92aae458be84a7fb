"""The embedded Provena against recorded traffic of the real services."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden_parity import FAMILIES, GOLDENS, measure
from tests.golden_stories import STORIES


@pytest.mark.asyncio
@pytest.mark.skipif(not GOLDENS.is_dir(), reason="the recordings are not beside the repository")
async def test_every_recorded_exchange_is_answered_alike(tmp_path: Path) -> None:
    tallies = await measure(GOLDENS, tmp_path / "store.sqlite3")
    assert [difference for tally in tallies for difference in tally.differences] == []
    assert all(tally.total > 0 for tally in tallies)
    assert len(tallies) == len(FAMILIES) + len(STORIES)
