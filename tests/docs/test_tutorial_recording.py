"""The tutorial on recording, done as it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorial-recording.md"
_FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def steps() -> Iterator[tuple[str, str]]:
    """The page in order: files to write, commands to run, and lines that these print."""
    for kind, title, text in _FENCE.findall(PAGE.read_text("utf-8")):
        yield (title or kind), text


@pytest.mark.slow
def test_each_command_of_the_tutorial_prints_what_it_says(tmp_path: Path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
    ours = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "PROVENA_STORE": str(tmp_path / "store.sqlite3"),
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    printed, missing = "", list[str]()
    for kind, text in steps():
        if kind == "sh":
            ended = subprocess.run(
                ["bash", "-e", "-c", text],
                cwd=tmp_path,
                env=kept | ours,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert ended.returncode == 0, ended.stderr
            printed = ended.stdout + ended.stderr
        elif kind == "text":
            missing += [line for line in text.splitlines() if line not in printed]
        else:
            (tmp_path / kind).write_text(text)
    assert missing == []
