"""Pages show what commands print; they are run and print it."""

from __future__ import annotations

import pytest

from tests.cli.command_line import CommandLine
from tests.docs.transcripts import ROOT, Transcript, command_line, printed_by, transcripts

SHOWN = [
    (page.name, transcript)
    for page in sorted((ROOT / "docs").rglob("*.md"))
    for transcript in transcripts(page.read_text("utf-8"))
]


@pytest.fixture(scope="module")
def line(tmp_path_factory) -> CommandLine:
    return command_line(tmp_path_factory.mktemp("pages"))


def test_pages_show_commands():
    assert {page for page, _ in SHOWN} >= {"ask.md"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "transcript"), SHOWN, ids=[f"{page} {transcript.command}"[:60] for page, transcript in SHOWN]
)
def test_a_command_prints_what_the_page_shows(line: CommandLine, page: str, transcript: Transcript):
    assert printed_by(line, transcript.command) == transcript.printed
