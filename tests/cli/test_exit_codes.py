"""One table of exit codes for all commands: the page gives it, the commands keep to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from provena_mcp.cli.app import app
from tests.cli.command_line import CommandLine

PAGE = (Path(__file__).parents[2] / "docs/ask.md").read_text("utf-8")
SERVICES = ("PROV", "REGISTRY", "JOB", "SEARCH", "AUTH", "DATA")
# A command that asks a deployment, each with what it needs to get so far.
ASKING = [
    ["ask", "upstream", "10378.1/1900010"],
    ["ask", "downstream", "10378.1/1900010"],
    ["ask", "path", "10378.1/1900010", "10378.1/1900002"],
    ["ask", "impact", "10378.1/1900010"],
    ["ask", "compare", "10378.1/1900010", "10378.1/1900020"],
    ["ask", "audit", "10378.1/1900010"],
    ["ask", "search", "coral"],
    ["ask", "list"],
    ["changes", "--since", "2026-11-01", "--of", "10378.1/1900010"],
    ["show", "10378.1/1900010", "-o", "picture.html"],
    ["show", "10378.1/1900010", "--path", "10378.1/1900002", "-o", "picture.svg"],
    ["show", "10378.1/1900010", "--impact", "-o", "picture.html"],
    ["cite", "10378.1/1900010"],
    ["export-crate", "10378.1/1900010", "-o", "crate"],
    ["dossier", "10378.1/1900010", "-o", "dossier"],
    ["check", "data.csv"],
    ["local", "pull"],
]


@pytest.fixture
def run(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """At a desk where nobody has logged in, with a file of data."""
    (run.folder / "data.csv").write_text("1\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(run.folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(run.folder))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return run


def helps() -> dict[str, str]:
    """Every command and what its help says."""

    def of(group: object, before: str = "") -> dict[str, str]:
        found: dict[str, str] = {}
        for name, command in getattr(group, "commands", {}).items():
            found |= of(command, f"{before}{name} ") or {f"{before}{name}": command.help or ""}
        return found

    return of(typer.main.get_command(app))


def test_the_page_tells_of_each_command_that_may_end_with_one():
    rows = re.findall(r"^\| (`[a-z].*?) \| ", PAGE.partition("exits with 1 if")[2], re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`(.*?)`", row)]
    # ``record`` ends as what it records; of the rest the help says it too.
    assert sorted(told) == sorted(
        name for name, said in helps().items() if re.search(r"[Ee]xits with (1|0 if [^.]*?1 if)", said)
    )


@pytest.mark.parametrize("words", ASKING, ids=lambda words: " ".join(words[:2]))
def test_whoever_asks_without_a_login_is_told_so_with_three(run: CommandLine, words: list[str]):
    told = run(*words, PROVENA_DOMAIN="provena.example.org", PROVENA_REALM="realm")
    assert (told.returncode, told.stdout) == (3, "")
    assert "log in" in told.stderr.lower() or "provena-mcp login" in told.stderr


@pytest.mark.parametrize("words", ASKING, ids=lambda words: " ".join(words[:2]))
def test_a_deployment_that_cannot_be_reached_ends_with_four(run: CommandLine, words: list[str]):
    nowhere = {f"PROVENA_{name}_API": "http://127.0.0.1:1" for name in SERVICES}
    told = run(*words, **nowhere, PROVENA_ACCESS_TOKEN="any")
    assert (told.returncode, told.stdout) == (4, "")


def test_a_file_is_looked_for_in_captures_without_a_login(run: CommandLine):
    told = run("identify", "data.csv", PROVENA_DOMAIN="provena.example.org", PROVENA_REALM="realm")
    assert (told.returncode, told.stderr) == (1, "")
    assert "not known" in told.stdout
    assert "Nobody is logged in to this Provena here." in told.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["show", "sample/99", "--sample", "-o", "picture.html"],
        ["cite", "sample/99", "--sample"],
        ["export-crate", "sample/99", "--sample", "-o", "crate"],
        ["ask", "upstream", "sample/99", "--sample"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_an_item_that_is_not_there_ends_with_two(run: CommandLine, words: list[str]):
    told = run(*words)
    assert (told.returncode, told.stdout) == (2, "")
    assert "sample/99" in told.stderr
