"""A capture that is killed is valid, or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recording.killed_captures import kill_after


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 0.6, 0.9])
def test_a_capture_killed_at_any_moment_is_valid_or_absent(tmp_path: Path, seconds: float) -> None:
    assert kill_after(seconds, tmp_path) in ("absent", "unfinished", "completed")
