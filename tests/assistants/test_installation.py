"""The server goes into every assistant's settings, on every system, and out again."""

from __future__ import annotations

from pathlib import Path

import pytest

from provena_mcp.assistants.assistant import Assistant
from provena_mcp.assistants.installation import InstallOutcome, server_of
from provena_mcp.assistants.machine import Machine, System
from provena_mcp.assistants.servers import remote_server
from provena_mcp.assistants.table import ASSISTANTS, find_assistant
from tests.assistants.installations import (
    SERVER,
    alone,
    installation,
    machine,
    place_of,
    put,
    read,
    take,
    write,
)
from tests.assistants.settings_files import REAL

WITH_FILE = [assistant for assistant in ASSISTANTS if assistant.has_file]
by_name = pytest.mark.parametrize("assistant", WITH_FILE, ids=lambda assistant: assistant.name)


def test_every_assistant_with_a_file_has_real_settings_to_be_tried_with():
    assert {assistant.name for assistant in WITH_FILE} == set(REAL)


@by_name
def test_real_settings_keep_everything_but_the_entry(assistant: Assistant, tmp_path: Path):
    into = installation(assistant, tmp_path)
    place = write(into, REAL[assistant.name])
    before = read(place) or {}
    assert put(into).done == "written"
    content = read(place)
    group = content[assistant.file.key[0]]
    assert group.pop("provena") == assistant.file.shape(SERVER)
    assert {**content, assistant.file.key[0]: group} == {assistant.file.key[0]: {}, **before}
    # All that was there is there still, comments and blanks too, in its order.
    after = iter(place.read_bytes().decode())
    assert all(character in after for character in REAL[assistant.name])


@by_name
def test_twice_is_once(assistant: Assistant, tmp_path: Path):
    into = installation(assistant, tmp_path)
    place = write(into, REAL[assistant.name])
    put(into)
    once = place.read_bytes()
    assert put(into) == InstallOutcome("unchanged", str(place))
    assert place.read_bytes() == once
    assert len([path for path in place.parent.iterdir() if path.suffix == ".bak"]) == 1


@by_name
def test_taking_it_out_leaves_what_was_there(assistant: Assistant, tmp_path: Path):
    into = installation(assistant, tmp_path)
    place = write(into, REAL[assistant.name])
    before = read(place) or {}
    put(into)
    assert take(into).done == "removed"
    assert read(place) in (before, {**before, assistant.file.key[0]: {}})
    assert take(into).done == "unchanged"
    if assistant.file.key[0] in before and len(before[assistant.file.key[0]]):
        assert place.read_text("utf-8") == REAL[assistant.name]


@by_name
@pytest.mark.parametrize("system", ["darwin", "win32", "linux"])
def test_a_first_server_makes_the_file_on_every_system(assistant: Assistant, system: System, tmp_path: Path):
    into = installation(assistant, tmp_path, on=machine(tmp_path, system))
    assert put(into) == InstallOutcome("written", str(into.place))
    assert read(place_of(into)) == alone(assistant)
    found = into.entry()
    assert found is not None
    assert server_of(found) == SERVER


def test_places_are_those_of_the_system(tmp_path: Path):
    def place(name: str, system: System, **variables: str) -> str:
        found = installation(name, tmp_path, on=machine(tmp_path, system, **variables))
        return place_of(found).relative_to(tmp_path).as_posix()

    assert [place("claude-desktop", system) for system in ("darwin", "win32", "linux")] == [
        "Library/Application Support/Claude/claude_desktop_config.json",
        "AppData/Roaming/Claude/claude_desktop_config.json",
        ".config/Claude/claude_desktop_config.json",
    ]
    assert [place("vscode", system) for system in ("darwin", "win32", "linux")] == [
        "Library/Application Support/Code/User/mcp.json",
        "AppData/Roaming/Code/User/mcp.json",
        ".config/Code/User/mcp.json",
    ]
    assert place("goose", "win32") == "AppData/Roaming/Block/goose/config/config.yaml"
    assert place("goose", "linux") == ".config/goose/config.yaml"
    assert (
        place("claude-desktop", "linux", XDG_CONFIG_HOME=str(tmp_path / "x"))
        == "x/Claude/claude_desktop_config.json"
    )
    assert place("codex", "linux", CODEX_HOME=str(tmp_path / "c")) == "c/config.toml"
    # The store's Claude keeps its settings elsewhere: they are used where they are.
    store = tmp_path / "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude"
    store.mkdir(parents=True)
    assert place("claude-desktop", "win32").startswith("AppData/Local/Packages/Claude_")


def test_a_project_has_a_file_of_its_own(tmp_path: Path):
    into = installation("vscode", tmp_path, project=True)
    put(into)
    assert place_of(into) == tmp_path / "project/.vscode/mcp.json"
    assert read(place_of(into)) == {
        "servers": {
            "provena": {
                "type": "stdio",
                "command": "/opt/reef lab/bin/provena-mcp",
                "args": ["serve"],
                "env": {"PROVENA_REALM": "riff ä"},
            }
        }
    }


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("cursor", {"url": "https://mcp.example.org/mcp"}),
        ("vscode", {"type": "http", "url": "https://mcp.example.org/mcp"}),
        ("windsurf", {"serverUrl": "https://mcp.example.org/mcp"}),
        ("gemini", {"httpUrl": "https://mcp.example.org/mcp"}),
        ("cline", {"type": "streamableHttp", "url": "https://mcp.example.org/mcp"}),
        ("copilot-cli", {"type": "http", "url": "https://mcp.example.org/mcp", "tools": ["*"]}),
        ("opencode", {"type": "remote", "url": "https://mcp.example.org/mcp", "enabled": True}),
    ],
)
def test_an_address_is_told_as_each_wants_it_and_replaces_a_command(name: str, entry: object, tmp_path: Path):
    into = installation(name, tmp_path)
    put(into)
    put(into, remote_server("https://mcp.example.org/mcp"))
    assert into.entry() == entry


def test_a_start_timeout_is_told_to_those_who_have_one(tmp_path: Path):
    shape = find_assistant("codex").file.shape(SERVER)
    assert (shape["startup_timeout_sec"], shape["tool_timeout_sec"]) == (60, 120)
    assert find_assistant("goose").file.shape(SERVER)["timeout"] == 120


def test_what_its_user_added_to_our_entry_stays(tmp_path: Path):
    into = installation("cline", tmp_path)
    place = write(
        into,
        '{"mcpServers": {"provena": {"command": "/old", "args": [], "autoApprove": ["x"], // mine\n'
        ' "timeout": 90}}}',
    )
    put(into)
    assert into.entry() == {
        "command": SERVER.command,
        "args": ["serve"],
        "env": {"PROVENA_REALM": "riff ä"},
        "autoApprove": ["x"],
        "timeout": 90,
    }
    assert "// mine" in place.read_text()


def test_an_empty_file_is_filled(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, " \n")
    put(into)
    assert read(place) == alone(find_assistant("cursor"))


def test_on_windows_no_json_goes_through_its_shell(tmp_path: Path):
    windows = Machine("win32", tmp_path, {}, tmp_path, lambda name: rf"C:\tools\{name}.cmd")
    into = installation("claude-code", tmp_path, on=windows)
    assert put(into) == InstallOutcome("written", str(tmp_path / ".claude.json"))
