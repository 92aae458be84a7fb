"""Which server is installed, and under which names assistants are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from provena_mcp.assistants.servers import LocalServer, remote_server, this_server
from provena_mcp.assistants.table import find_assistant
from provena_mcp.errors import ArgumentError, OperatorError


def test_this_installation_is_an_absolute_command_that_is_there():
    server = this_server()
    assert Path(server.command).is_absolute()
    assert Path(server.command).is_file()
    assert server.arguments[-1] == "serve"
    assert this_server(sample=True).is_sample


def test_without_a_script_the_interpreter_runs_the_package(tmp_path: Path):
    python = tmp_path / "bin/python3"
    assert this_server(executable=str(python)) == LocalServer(
        str(python), ("-P", "-m", "provena_mcp", "serve")
    )


@pytest.mark.parametrize(
    "environment",
    [
        "cache/uv/archive-v0/Xy/bin/python",
        ".cache/uv/builds-v0/.tmp/bin/python",
        ".local/pipx/.cache/ab/bin/python",
    ],
)
def test_an_environment_that_will_be_cleaned_away_is_not_installed(environment: str):
    with pytest.raises(OperatorError, match="temporary environment"):
        this_server(executable=f"/home/me/{environment}/python")


@pytest.mark.parametrize("name", ["Cursor", "claude desktop", "lm_studio"])
def test_names_may_be_written_as_people_do(name: str):
    assert find_assistant(name).title.lower().replace(" ", "-") == find_assistant(name).name


def test_an_unknown_assistant_is_answered_with_the_nearest():
    with pytest.raises(ArgumentError) as refusal:
        find_assistant("cursr")
    assert refusal.value.advice.startswith("Did you mean 'cursor'? Known are: claude-desktop, ")


@pytest.mark.parametrize(
    "url", ["mcp.example.org", "ftp://x", "http://mcp.example.org/mcp", "https://me:pw@x.org/mcp", ""]
)
def test_an_address_that_cannot_or_should_not_be_used_is_refused(url: str):
    with pytest.raises(ArgumentError):
        remote_server(url)
