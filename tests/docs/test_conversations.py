"""Pages show what tools answer; they are called and answer so."""

from pathlib import Path

import pytest
from mcp import Client

from provena_mcp.server.build import build_server
from tests.docs.conversations import Conversation, as_shown, steps
from tests.docs.transcripts import ROOT
from tests.worlds.settings import settings_with

PAGES = [page for page in sorted((ROOT / "docs").rglob("*.md")) if list(steps(page.read_text("utf-8")))]


def test_pages_show_conversations():
    assert "tutorial.md" in {page.name for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
@pytest.mark.asyncio
async def test_the_calls_of_a_page_answer_as_it_shows(tmp_path: Path, page: Path):
    settings = settings_with(
        store=tmp_path / "store.sqlite3", output_dir=str(tmp_path / "saved"), toolsets="all"
    )
    async with Client(build_server(settings)) as client:
        conversation = Conversation(client)
        for step in steps(page.read_text("utf-8")):
            answer = await conversation.answer(step)
            if step.shown is not None:
                assert as_shown(answer, step.shown) == step.shown, step.tool
