"""A stranger with only Python gets from the sources to an assistant that answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stranger.walk import NoUvError, Walk

# One of each syntax, and one without a file; ``python -m tests.stranger`` goes to all.
CLIENTS = ("claude-code", "vscode", "cursor", "codex", "goose", "jetbrains")


@pytest.mark.slow
def test_a_stranger_gets_from_the_sources_to_answers(tmp_path: Path):
    try:
        Walk(tmp_path, CLIENTS).walk()
    except NoUvError as error:
        pytest.skip(f"uv cannot be installed here: {error}")
