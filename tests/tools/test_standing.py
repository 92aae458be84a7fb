"""The servers that tests share: one that cannot be started fails the tests that wait for it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.tools.conftest import Standing


@pytest.mark.asyncio
async def test_a_shared_client_that_cannot_be_started_fails_every_test_that_wants_it(tmp_path: Path):
    standing = Standing(tmp_path)
    for _ in range(2):
        with pytest.raises(ValueError, match="era"):
            async with asyncio.timeout(10), standing.client("no era"):
                pass
    await standing.close()
