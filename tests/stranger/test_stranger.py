"""A stranger with only Python gets from the sources to an assistant that answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stranger.walk import NoUvError, Walk


@pytest.mark.slow
def test_a_stranger_gets_from_the_sources_to_answers_in_every_assistant(tmp_path: Path):
    try:
        Walk(tmp_path).walk()
    except NoUvError as error:
        pytest.skip(f"uv cannot be installed here: {error}")
