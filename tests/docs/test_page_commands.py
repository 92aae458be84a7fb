"""Every command that the README and the pages tell readers to type is typed, here or where it is said."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
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
# What the words in capitals of sentences are here, and how somebody types what asks or goes on.
STANDS_FOR = {
    "ID": "sample/1000117",
    "ITEM": "sample/1000117",
    "STUDY": "sample/1000109",
    "FILE": "items.json",
    "FILE…": "rain.csv",
    "COMMAND": "python3 model.py",
    "URL": "https://issuer.invalid",
    "run.crate.zip": ".provena/captures/*",
}
TYPED_AS = {
    "setup": "setup --built-in --yes",
    "record --": "record -- COMMAND",
    "serve --http": "serve --http --port 8000",
    "local serve --issuer URL": "local serve --issuer URL --port 8000",
}
# What some need first.
NEEDS = {
    "draft": "record -- python3 model.py",
    "check --capture": "record -- python3 model.py",
    "identify rain.csv": "record -- python3 model.py",
    "doctor --client": "install --client cursor",
}
# What serves, asks a person, looks at its shell or starts programs by their names; all else runs here.
IN_A_TERMINAL = ("record", "serve", "local serve", "login", "setup", "doctor", "--install-completion")
# No registered run has those files, no capture that one; of the recorded run only a person knows all.
SAY_NO = ("check", "identify items.json", "draft")


def parsed(words: str) -> tuple[Any, list[str]]:
    """The command that words of a sentence name, and what is given to it."""
    command: Any = app.command()
    given = [re.sub(r"[\[\]\\]", "", word).split("|")[0] for word in words.split(" -- ")[0].split()]
    while given and given[0] in getattr(command, "commands", {}):
        command = command.commands[given.pop(0)]
    return command, given


def as_typed(words: str) -> Iterator[str]:
    """The lines that words of a sentence stand for: with what is optional, and one for each of several."""
    words = TYPED_AS.get(words, words).replace(r"\|", "|")
    before, bar, after = words.partition(" | ")
    if bar:
        yield from as_typed(before)
        yield from as_typed(f"{before.split()[0]} {after}")
        return
    if several := re.search(r"\S+\|\S+", words):
        for one in several[0].split("|"):
            yield from as_typed(words.replace(several[0], one))
        return
    command, given = parsed(words)
    required = [each for each in command.params if each.required and each.param_type_name == "argument"]
    is_name = (required or hasattr(command, "commands")) and not given and " -- " not in words
    name = '"$(ls .provena/captures | head -1)"' if "--capture" in words else "cursor"
    line = " ".join(
        (STANDS_FOR | {"NAME": name, "FOLDER": f"of-{command.name}"}).get(word, word)
        for word in re.sub(r"[\[\]]", "", words).split()
    )
    yield f"{line} --help" if is_name else line


@pytest.mark.parametrize(("page", "words"), NAMED, ids=lambda value: str(value)[:40])
def test_commands_named_in_sentences_are_there_with_their_options(page: str, words: str):
    command, given = parsed(words)
    assert not (hasattr(command, "commands") and given and given[0][0].islower()), f"{page}: {words}"
    options = {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    assert {word for word in given if word.startswith("-")} <= options | {"--"}


# Each once, at the first page that names it.
IN_SENTENCES = {line: page for page, words in reversed(NAMED) for line in as_typed(words)}


def is_plain(line: str) -> bool:
    """Whether a line needs neither a shell nor a process of its own."""
    alone = not line.startswith(IN_A_TERMINAL) and not re.search(r"[$*|&]", line)
    return alone or line.endswith(" --help")


@pytest.mark.slow
@pytest.mark.parametrize("page", sorted(set(IN_SENTENCES.values())))
def test_commands_named_in_sentences_work(page: str, tmp_path: Path):
    terminal = Terminal(tmp_path, {"PROVENA_STORE": str(tmp_path / "world.sqlite3")})
    prepare(terminal, "docs/ask.md")
    bare = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "", "PATH": ""}
    in_process = CommandLine(tmp_path, {**terminal.settings, **bare})
    # To set up looks at every assistant that has this server: first, then, where none has it yet.
    lines = sorted(
        (line for line, where in IN_SENTENCES.items() if where == page),
        key=lambda line: not line.startswith("setup"),
    )
    before = {first for start, first in NEEDS.items() if any(line.startswith(start) for line in lines)}
    ended: dict[str, tuple[int, str]] = {}
    for line in (*sorted(before), *lines):
        if is_plain(line):
            done = in_process(*shlex.split(line))
            ended[line] = (done.returncode, done.stderr)
        else:
            (code,), said = terminal.type([f"provena-mcp {line}"])
            ended[line] = (code, said)
    assert {line: said for line, (code, said) in ended.items() if code != line.startswith(SAY_NO)} == {}
