"""How many files of the package one reads to follow a call: no more than these."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.walks import WALKS, walked


@pytest.mark.asyncio
@pytest.mark.parametrize(("name", "files"), [("registration", 45), ("row", 33), ("error", 27)])
async def test_a_call_passes_few_files(name: str, files: int, tmp_path: Path):
    passed = (await walked(WALKS[name], tmp_path)).files
    assert len(passed) <= files, "\n".join(passed)
