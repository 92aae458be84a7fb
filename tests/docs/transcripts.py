"""Commands in pages, each with what it prints: run again, and written down anew with ``python -m``."""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.cli.command_line import CommandLine, Ended

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMPT = "$ provena-mcp "


@dataclass(frozen=True)
class Transcript:
    """A command and what a page says that it prints."""

    command: str
    printed: str


def transcripts(page: str) -> Iterator[Transcript]:
    """All of a page's."""
    for block in _BLOCK.findall(page):
        for part in block.split(_PROMPT)[1:]:
            command, _, printed = part.partition("\n")
            yield Transcript(command, printed)


def printed_by(run: Callable[..., Ended], command: str) -> str:
    """What a command prints on either stream, without blanks at the ends of lines."""
    ended = run(*shlex.split(command))
    lines = (ended.stderr + ended.stdout).splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def rewritten(page: str, run: Callable[..., Ended]) -> str:
    """A page with what its commands print now."""

    def again(block: re.Match[str]) -> str:
        commands = [part.partition("\n")[0] for part in block[1].split(_PROMPT)[1:]]
        told = "".join(f"{_PROMPT}{command}\n{printed_by(run, command)}" for command in commands)
        return f"```console\n{told}```"

    return _BLOCK.sub(again, page)


def command_line(folder: Path) -> CommandLine:
    """The command line as pages show it."""
    store = str(folder / "store.sqlite")
    return CommandLine(folder, {"PROVENA_STORE": store, "COLUMNS": "110", "NO_COLOR": "1"})


def main() -> None:
    """Write the pages named anew."""
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:]:
            path = ROOT / name
            path.write_text(rewritten(path.read_text("utf-8"), command_line(Path(folder))), encoding="utf-8")


if __name__ == "__main__":
    main()
