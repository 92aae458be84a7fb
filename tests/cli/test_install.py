"""``provena-mcp install`` as typed: into an assistant's settings and out of them, shown, listed, refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from provena_mcp.cli.assistants import complete_assistant
from tests.assistants.settings_files import REAL
from tests.cli.assistant_home import command, cursor, entry
from tests.cli.command_line import CommandLine


def test_an_assistant_is_installed_into_and_out_of(run: CommandLine, home: Path):
    done = run("install", "--client", "cursor")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"provena is in Cursor: {cursor(home)}\n"
        'Cursor was not found here. Install it, then ask it: "what is in this Provena?"\n'
    )
    assert entry(cursor(home))["command"] == command()
    again = run("install", "--client", "cursor")
    assert again.stdout == f"Cursor has it already, in {cursor(home)}.\n"
    gone = run("install", "--client", "cursor", "--uninstall")
    assert gone.stdout.startswith(f"provena is no more in Cursor: {cursor(home)}\nThe file as it was: ")
    assert json.loads(cursor(home).read_text()) == {"mcpServers": {}}
    nothing = run("install", "--client", "cursor", "--uninstall")
    assert (nothing.returncode, nothing.stdout) == (
        0,
        f"Cursor does not have it: nothing is in {cursor(home)}.\n",
    )


def test_a_project_is_told_that_the_command_is_of_this_machine(run: CommandLine, home: Path):
    done = run("install", "--client", "vscode", "--project")
    assert "The command is of this machine" in done.stdout
    assert entry(home / ".vscode/mcp.json", "servers")["type"] == "stdio"


def test_a_server_for_many_users_is_reached_by_its_address(run: CommandLine, home: Path):
    run("install", "--client", "cursor", "--url", "https://mcp.example.org/mcp")
    assert entry(cursor(home)) == {"url": "https://mcp.example.org/mcp"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--client", "cursr"], "Did you mean 'cursor'?"),
        (["--client", "windsurf", "--project"], "Windsurf keeps no servers for a project."),
        (["--client", "claude-desktop", "--url", "https://x.org/mcp"], "Leave out --url"),
        (["--client", "chatgpt"], "Give the address of one with --url"),
        (["--client", "cursor", "--url", "http://x.org/mcp"], "without encryption"),
        ([], "name the assistant"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(
    run: CommandLine, home: Path, arguments: list[str], said: str
):
    done = run("install", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_broken_file_is_left_alone_and_the_entry_shown(run: CommandLine, home: Path):
    cursor(home).parent.mkdir()
    cursor(home).write_text("{ oops")
    done = run("install", "--client", "cursor")
    assert done.returncode == 2
    assert json.loads(done.stdout)["mcpServers"]["provena"]["command"] == command()
    assert "was left as it is: it is not valid JSON (line 1, column 3)." in done.stderr
    assert cursor(home).read_text() == "{ oops"


@pytest.mark.parametrize("client", sorted({*REAL, "jetbrains"}))
def test_printing_shows_the_entry_and_its_place_and_writes_nothing(run: CommandLine, home: Path, client: str):
    done = run("install", "--client", client, "--print")
    assert (done.returncode, list(home.iterdir())) == (0, [])
    assert command() in done.stdout


def test_printing_for_what_starts_no_servers_or_reads_no_addresses_tells_how_else(
    run: CommandLine, home: Path
):
    address = ("--url", "https://mcp.example.org/mcp")
    told = {
        options: run("install", "--client", *options, "--print")
        for options in (("chatgpt",), ("chatgpt", *address), ("claude-desktop", *address))
    }
    assert {done.returncode for done in told.values()} == {0}
    starts_none, by_address, reads_none = (done.stdout for done in told.values())
    way = "ChatGPT: Settings → Apps → Advanced → Developer mode → Create app, with the address\n\n"
    assert starts_none.startswith(f"{way}ChatGPT starts no servers. Give the address of one with --url: ")
    assert by_address == f"{way}https://mcp.example.org/mcp\n"
    assert "Servers at an address are added under Settings → Connectors." in reads_none
    assert list(home.iterdir()) == []


def test_a_script_prints_for_all_assistants(run: CommandLine, home: Path):
    names = complete_assistant("")
    assert len(names) == len({*REAL, "jetbrains", "chatgpt"})
    assert {
        name: code for name in names if (code := run("install", "--client", name, "--print").returncode)
    } == {}


def test_what_only_the_program_can_add_is_shown_and_counts_as_not_done(run: CommandLine, home: Path):
    done = run("install", "--client", "jetbrains")
    assert done.returncode == 1
    assert "Settings → Tools → AI Assistant → MCP" in done.stdout
    assert "nothing was written" in done.stdout
    assert run("install", "--client", "jetbrains", "--uninstall").returncode == 1


def test_the_list_tells_what_is_here_and_what_has_the_server(run: CommandLine, home: Path):
    (home / ".codeium/windsurf").mkdir(parents=True)
    (home / ".gemini").mkdir()
    (home / ".gemini/settings.json").write_text("{")
    run("install", "--client", "cursor")
    lines = {
        line.split()[0]: line.split() for line in run("install", "--list", COLUMNS="200").stdout.splitlines()
    }
    assert len(lines) == 24
    assert lines["cursor"][2:] == ["yes", "installed", "~/.cursor/mcp.json"]
    assert lines["windsurf"][2:] == ["yes", "~/.codeium/windsurf/mcp_config.json"]
    assert lines["gemini"][3:] == ["yes", "unreadable", "~/.gemini/settings.json"]


def test_the_shell_completes_names_of_assistants():
    assert complete_assistant("cl") == ["claude-desktop", "claude-code", "cline"]
    assert len(complete_assistant("")) == 23
