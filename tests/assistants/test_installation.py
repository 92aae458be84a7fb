"""The server goes into every assistant's settings, on every system, and out again."""

from __future__ import annotations

import asyncio
import os
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from provena_mcp.assistants.assistant import Assistant
from provena_mcp.assistants.editors.json_spans import parse
from provena_mcp.assistants.files import Files
from provena_mcp.assistants.installation import Installation, InstallOutcome, server_of
from provena_mcp.assistants.machine import Machine, System
from provena_mcp.assistants.servers import LocalServer, RemoteServer, remote_server, this_server
from provena_mcp.assistants.table import ASSISTANTS, find_assistant
from provena_mcp.errors import ArgumentError, FileRefusedError, OperatorError
from provena_mcp.wire.items import JsonObject
from tests.assistants.settings_files import REAL

SERVER = LocalServer("/opt/reef lab/bin/provena-mcp", ("serve",), {"PROVENA_REALM": "riff ä"})
NOON = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
WITH_FILE = [assistant for assistant in ASSISTANTS if assistant.has_file]
by_name = pytest.mark.parametrize("assistant", WITH_FILE, ids=lambda assistant: assistant.name)


def machine(home: Path, system: System = "linux", **variables: str) -> Machine:
    return Machine(system, home, variables, home / "project", lambda _: None)


def installation(assistant: Assistant | str, home: Path, **chosen: Any) -> Installation:
    found = find_assistant(assistant) if isinstance(assistant, str) else assistant
    files = Files(clock=lambda: NOON, locks=home / "locks")
    return Installation(found, chosen.pop("on", machine(home)), files=files, **chosen)


def place_of(installed: Installation) -> Path:
    place = installed.place
    assert place is not None
    return place


def put(into: Installation, server: LocalServer | RemoteServer = SERVER) -> InstallOutcome:
    return asyncio.run(into.put(server))


def take(out_of: Installation) -> InstallOutcome:
    return asyncio.run(out_of.take())


def write(into: Installation, content: str | bytes) -> Path:
    place = place_of(into)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    return place


def read(path: Path) -> Any:
    text = path.read_text("utf-8-sig")
    if path.suffix == ".toml":
        return tomllib.loads(text)
    if path.suffix == ".yaml":
        return yaml.safe_load(text)
    node = parse(text)
    return node.value if node else {}


def alone(assistant: Assistant) -> JsonObject:
    """The content of an assistant's file that holds our server and nothing else."""
    content: JsonObject = assistant.file.shape(SERVER)
    for key in reversed(assistant.file.at()):
        content = {key: content}
    return content


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


BROKEN: dict[str, str | bytes] = {
    "cut": '{"mcpServers": {',
    "a list": "[]",
    "another key": '{"mcpServers": "none"}',
    "UTF-16": '{"mcpServers": {}}'.encode("utf-16"),
    "binary": b"\x00\x01\xff",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_left_as_it_is(content: str | bytes, tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, content)
    before = place.read_bytes()
    with pytest.raises(FileRefusedError, match="was left as it is") as refusal:
        put(into)
    assert refusal.value.advice == "Mend the file, or add the entry below by hand; nothing was changed."
    assert place.read_bytes() == before
    assert list(place.parent.iterdir()) == [place]


def test_a_read_only_file_is_left_as_it_is(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, REAL["cursor"])
    place.chmod(0o444)
    with pytest.raises(FileRefusedError, match="is read-only"):
        put(into)
    assert (place.read_text(), list(place.parent.iterdir())) == (REAL["cursor"], [place])


def test_a_folder_in_place_of_the_file_is_left_as_it_is(tmp_path: Path):
    into = installation("cursor", tmp_path)
    (tmp_path / ".cursor/mcp.json").mkdir(parents=True)
    with pytest.raises(FileRefusedError, match="cannot be read"):
        put(into)


def test_an_empty_file_is_filled(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, " \n")
    put(into)
    assert read(place) == alone(find_assistant("cursor"))


@pytest.mark.skipif(os.name != "posix", reason="links and permissions as on POSIX systems")
def test_a_link_is_followed_and_permissions_are_kept(tmp_path: Path):
    kept = tmp_path / "dotfiles/cursor.json"
    kept.parent.mkdir()
    kept.write_text(REAL["cursor"])
    kept.chmod(0o640)
    link = tmp_path / ".cursor/mcp.json"
    link.parent.mkdir()
    link.symlink_to(kept)
    outcome = put(installation("cursor", tmp_path))
    assert link.is_symlink()
    assert "provena" in read(kept)["mcpServers"]
    backup = tmp_path / "dotfiles/cursor.json.20260301-120005.bak"
    assert (outcome.backup, backup.read_text()) == (backup, REAL["cursor"])
    assert (kept.stat().st_mode & 0o777, backup.stat().st_mode & 0o777) == (0o640, 0o640)


@pytest.mark.skipif(os.name != "posix", reason="links as on POSIX systems")
def test_a_link_that_leads_to_itself_is_left_as_it_is(tmp_path: Path):
    link = tmp_path / ".cursor/mcp.json"
    link.parent.mkdir()
    link.symlink_to(link)
    with pytest.raises(FileRefusedError):
        put(installation("cursor", tmp_path))
    assert link.is_symlink()


def test_on_windows_no_json_goes_through_its_shell(tmp_path: Path):
    windows = Machine("win32", tmp_path, {}, tmp_path, lambda name: rf"C:\tools\{name}.cmd")
    into = installation("claude-code", tmp_path, on=windows)
    assert put(into) == InstallOutcome("written", str(tmp_path / ".claude.json"))


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path):
    files = Files(locks=tmp_path / "locks")
    long = tmp_path / ("x" * 254)
    with pytest.raises(FileRefusedError, match="cannot be written: File name too long"):
        asyncio.run(files.change(long, lambda _: b"x"))
    long.write_text("x")
    with pytest.raises(FileRefusedError, match="cannot be copied: File name too long"):
        files.keep(long)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["locks", long.name]


def test_backups_of_one_second_do_not_replace_each_other(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, REAL["cursor"])
    backups = [put(into).backup, take(into).backup, put(into).backup]
    assert [backup.name for backup in backups if backup] == [
        "mcp.json.20260301-120005.bak",
        "mcp.json.20260301-120005-2.bak",
        "mcp.json.20260301-120005-3.bak",
    ]
    assert len(list(place.parent.iterdir())) == 4


def test_without_room_for_a_backup_nothing_is_changed_and_nothing_left_behind(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, REAL["cursor"])
    for again in ("", *(f"-{number}" for number in range(2, 1000))):
        place.with_name(f"mcp.json.20260301-120005{again}.bak").touch()
    with pytest.raises(FileRefusedError, match="too many backups"):
        put(into)
    assert (place.read_bytes().decode(), len(list(place.parent.iterdir()))) == (REAL["cursor"], 1000)


@pytest.mark.asyncio
async def test_two_installs_at_once_both_count(tmp_path: Path):
    files = Files(clock=lambda: NOON, locks=tmp_path / "locks")
    place = tmp_path / "mcp.json"
    place.write_text("")

    def adding(word: str) -> Callable[[bytes], bytes]:
        return lambda content: content + word.encode()

    await asyncio.gather(*(files.change(place, adding(word)) for word in "abcdefgh"))
    assert sorted(place.read_text()) == list("abcdefgh")


def test_what_a_running_assistant_writes_meanwhile_is_kept(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, REAL["cursor"])
    theirs = REAL["cursor"].replace('"files"', '"fresh"')
    seen: list[bytes] = []

    def edit(content: bytes) -> bytes:
        seen.append(content)
        if len(seen) == 1:
            place.write_text(theirs)  # the assistant saves its settings now
        return content + b"\n"

    asyncio.run(into.files.change(place, edit))
    assert seen == [REAL["cursor"].encode(), theirs.encode()]
    assert place.read_text() == theirs + "\n"
    assert [path.read_text() for path in place.parent.glob("*.bak")] == [theirs]


def test_a_file_that_never_rests_is_left_to_its_assistant(tmp_path: Path):
    into = installation("cursor", tmp_path)
    place = write(into, "0")

    def edit(content: bytes) -> bytes:
        place.write_bytes(str(int(content) + 1).encode())
        return b"ours"

    with pytest.raises(FileRefusedError, match="Another program keeps writing"):
        asyncio.run(into.files.change(place, edit))
    assert place.read_text() == "5"
    assert list(place.parent.iterdir()) == [place]


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
