"""The command line: in this process, or as a process of its own where that is what matters."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from provena_mcp.cli import main


@dataclass(frozen=True)
class Ended:
    """What is left of a command: its exit code and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class CommandLine:
    """``provena-mcp`` run in ``folder``, with ``settings`` instead of the environment's ``PROVENA_*``."""

    folder: Path
    settings: dict[str, str]

    def __call__(self, *arguments: str, **settings: str) -> Ended:
        """Run a command in this process, its input at its end."""
        runner = CliRunner()
        wanted: dict[str, str | None] = dict.fromkeys(_others())
        with (
            contextlib.chdir(self.folder),
            runner.isolation(env=wanted | self.settings | settings) as (stdout, stderr, _),
        ):
            code = _code(list(arguments))
            sys.stdout.flush()
            sys.stderr.flush()
            return Ended(code, stdout.getvalue().decode(), stderr.getvalue().decode())

    def process(self, *arguments: str, flags: tuple[str, ...] = (), **settings: str) -> Ended:
        """Run ``python -m provena_mcp``; ``flags`` are the interpreter's."""
        done = subprocess.run(
            [sys.executable, *flags, "-m", "provena_mcp", *arguments],
            env=self.environment(**settings),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def environment(self, **settings: str) -> dict[str, str]:
        """The environment of a process."""
        others = _others()
        kept = {name: value for name, value in os.environ.items() if name not in others}
        return kept | self.settings | settings


def _code(arguments: list[str]) -> int:
    try:
        main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _others() -> set[str]:
    return {name for name in os.environ if name.startswith("PROVENA_")}
