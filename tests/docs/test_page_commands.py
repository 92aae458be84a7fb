"""Every command that the README and the pages tell readers to type is typed, here or where it is said."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.cli import app
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from tests.cli.command_line import CommandLine
from tests.docs.page_commands import PAGES, ROOT, Terminal, blocks

# What cannot be typed here, and why; all else is.
ELSEWHERE = {
    "pip install . && provena-mcp demo": "tests/stranger types it, in an empty environment",
    "pip install .": "the same",
    "uvx --from .": "tests/stranger types it, with the wheel that it builds",
    "docker build": "tests/image types it, where there is a container engine",
    "docker run": "the same",
}
# What is asked of a terminal like this one is answered with no, for which the exit code is 1.
ANSWERED_WITH_NO = (
    "provena-mcp check rain.csv",  # no registered run has that file
    "provena-mcp check forcing",
)
# Typed one after another, and what they print compared, by tests of their own.
OWN_TESTS = {"docs/tutorial-recording.md": "test_tutorial_recording.py"}
BLOCKS = list(blocks())
TYPED = [block for block in BLOCKS if block.language in ("sh", "crontab") and block.page not in OWN_TESTS]
PROGRAMS = re.compile(
    r"^\s*(\$ )?(provena-mcp|pip|python3?|uvx?|npx|docker|export|curl|bash|mkdocs|pytest|just) "
)


def remaining(page: str) -> list[str]:
    """The commands of a page that are typed here."""
    lines = [line for block in TYPED if block.page == page for line in block.lines()]
    return [line for line in lines if not line.startswith(tuple(ELSEWHERE))]


def one_in_process(line: str) -> list[str] | None:
    """The arguments of a line that is one plain command of ours; none of any other."""
    words = shlex.split(line, comments=True)
    return words[1:] if words[:2] == ["provena-mcp", "install"] else None


def test_commands_stand_in_blocks_for_shells():
    shells = {"sh", "crontab", "console"}
    others = [block for block in BLOCKS if block.language not in shells]
    assert [block for block in others if any(map(PROGRAMS.match, block.text.splitlines()))] == []


def test_what_is_left_to_others_is_on_a_page():
    lines = [line for block in TYPED for line in block.lines()]
    assert [start for start in ELSEWHERE if not any(line.startswith(start) for line in lines)] == []
    for page, test in OWN_TESTS.items():
        assert page.removeprefix("docs/") in (Path(__file__).parent / test).read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted({block.page for block in TYPED if remaining(block.page)}))
def test_the_commands_of_a_page_work(page: str, tmp_path: Path, request: pytest.FixtureRequest):
    lines = remaining(page)
    own = [one for line in lines if (one := one_in_process(line))]
    if len(own) == len(lines):
        run = CommandLine(tmp_path, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "", "PATH": ""})
        assert {tuple(words): run(*words).stderr for words in own if run(*words).returncode} == {}
        return
    settings: dict[str, str] = {}
    if any("PROVENA_DOMAIN" in block.text for block in BLOCKS if block.page == page):
        settings = request.getfixturevalue("protected").environment()
    terminal = Terminal(tmp_path, settings)
    prepare(terminal, page)
    codes, said = terminal.type(lines)
    assert len(codes) == len(lines), said
    ended = {line: code for line, code in zip(lines, codes, strict=True) if code}
    assert ended == {line: 1 for line in lines if line.startswith(ANSWERED_WITH_NO)}, said


def prepare(terminal: Terminal, page: str) -> None:
    """Put there what a page takes for granted."""
    store = Store(terminal.folder / "world.sqlite3")
    load_items(store, sample_source())
    store.close()
    CommandLine(terminal.folder, {"PROVENA_STORE": str(store.path)})("local", "export", "items.json")
    if page == "docs/adding-a-tool.md":
        shutil.copytree(ROOT / "provena_mcp", terminal.folder / "provena_mcp")
    for block in BLOCKS:
        if block.page == page and block.title.endswith(".env"):
            text = block.text.replace("/var/lib/provena-mcp", str(terminal.folder)).replace("…", "ab" * 32)
            (terminal.folder / block.title).write_text(text)


def sentences(page: Path) -> str:
    """A page without its blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


NAMED = [
    (page.name, words) for page in PAGES for words in re.findall(r"`provena-mcp ([^`\n]*)`", sentences(page))
]


@pytest.mark.parametrize(("page", "words"), NAMED, ids=lambda value: str(value)[:40])
def test_commands_named_in_sentences_are_there_with_their_options(page: str, words: str):
    command: Any = app.command()
    given = [re.sub(r"[\[\]\\]", "", word).split("|")[0] for word in words.split(" -- ")[0].split()]
    while given and given[0] in getattr(command, "commands", {}):
        command = command.commands[given.pop(0)]
    assert not (hasattr(command, "commands") and given and given[0][0].islower()), f"{page}: {words}"
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    assert {word for word in given if word.startswith("-")} <= options | {"--"}
