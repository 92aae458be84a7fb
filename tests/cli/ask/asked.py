"""What an answer says at a terminal: its lines, and the commands that it proposes."""

from __future__ import annotations

import shlex

from tests.cli.ask.conftest import Ask


def shown(ask: Ask, *words: str) -> list[str]:
    """The lines of an answer, without the blanks that fill a terminal's line."""
    return [line.rstrip() for line in ask(*words).stdout.splitlines()]


def proposals(ask: Ask, *words: str) -> list[list[str]]:
    """The commands an answer proposes, without the program's name."""
    lines = ask(*words).stdout.splitlines()
    return [shlex.split(line)[2:] for line in lines if line.startswith("provena-mcp ask ")]
