"""Nothing is lost and nothing happens twice, although servers die, or share a store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.embedded.killed_batch import Fate, share, survive


@pytest.mark.slow
def test_a_batch_is_lodged_whole_and_once_although_its_server_is_killed_three_times(tmp_path: Path) -> None:
    assert survive(tmp_path, runs=60, kills=3, seed=7) == Fate(
        submitted=60, lodged=60, twice=0, lost=0, kills=3
    )


@pytest.mark.slow
def test_two_servers_of_one_store_share_a_batch_and_lodge_each_run_once(tmp_path: Path) -> None:
    assert share(tmp_path, runs=60) == Fate(submitted=60, lodged=60, twice=0, lost=0, kills=0)
