"""A pull that is killed leaves a mirror with which the next goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mirror.killed_pull import survive


@pytest.mark.slow
def test_a_pull_killed_again_and_again_ends_with_the_deployment(tmp_path: Path) -> None:
    outcome = survive(tmp_path, times=2, items=300, seed=1)
    assert outcome.kills == 2
    assert outcome.items >= 300
    assert (outcome.differing_items, outcome.differing_links) == (0, 0)
