"""One world per test, and a Redis for tests that ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.hosted import World
from tests.worlds.redis_server import RedisProcess, redis_server


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[RedisProcess]:
    with redis_server(tmp_path / "redis") as server:
        yield server
