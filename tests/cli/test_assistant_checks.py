"""What ``provena-mcp doctor --client`` finds and mends in an assistant's settings."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.assistants.files import Files
from provena_mcp.assistants.installation import Installation
from provena_mcp.assistants.machine import Machine
from provena_mcp.assistants.servers import LocalServer, remote_server, this_server
from provena_mcp.assistants.table import find_assistant
from provena_mcp.cli.assistant_checks import AssistantDoctor, start
from provena_mcp.cli.findings import Diagnosis
from provena_mcp.errors import OperatorError
from tests.assistants.settings_files import REAL
from tests.cli.assistant_home import cursor
from tests.cli.command_line import CommandLine

OURS = this_server()
READ_ONLY = {"PROVENA_READ_ONLY": "true"}


class Starts:
    """Starts whatever is not in ``broken`` and notes it."""

    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.started: list[LocalServer] = []

    async def __call__(self, server: LocalServer) -> str:
        self.started.append(server)
        if server.command in self.broken:
            raise OperatorError(f"{server.command} does not start as a server.", advice="Look.")
        return "starts"


def installed(home: Path, name: str = "cursor", *, project: bool = False) -> Installation:
    machine = Machine("linux", home, {}, home / "project", lambda _: None)
    return Installation(find_assistant(name), machine, project, Files(locks=home / "locks"))


def write(home: Path, servers: dict[str, Any]) -> Path:
    path = home / ".cursor/mcp.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"mcpServers": servers}))
    return path


async def examine(home: Path, starts: Starts | None = None, **chosen: Any) -> list[Diagnosis]:
    doctor = AssistantDoctor(chosen.pop("of", installed(home)), OURS, starts or Starts(), **chosen)
    return await doctor.examine()


def states(findings: list[Diagnosis]) -> list[tuple[str, str]]:
    return [(finding.subject, finding.state) for finding in findings]


@pytest.mark.asyncio
async def test_an_entry_that_starts_is_in_order(tmp_path: Path):
    await installed(tmp_path).put(OURS)
    starts = Starts()
    found = await examine(tmp_path, starts)
    assert states(found) == [("file", "ok"), ("entry", "ok"), ("start", "ok")]
    assert starts.started == [OURS]


@pytest.mark.asyncio
async def test_an_entry_that_leads_nowhere_is_told_and_not_touched_unless_asked(tmp_path: Path):
    gone = {"command": "/gone/provena-mcp", "args": ["serve", "--sample"], "env": READ_ONLY}
    path = write(tmp_path, {"provena": gone})
    found = await examine(tmp_path, mend=False)
    assert found[1:] == [
        Diagnosis(
            "problem",
            "entry",
            "It starts /gone/provena-mcp, which is not there any more.",
            "Run 'provena-mcp install --client cursor'.",
        )
    ]
    assert json.loads(path.read_text()) == {"mcpServers": {"provena": gone}}


@pytest.mark.asyncio
@pytest.mark.parametrize("command", ["/gone/provena-mcp", "provena-mcp", __file__])
async def test_a_command_that_leads_nowhere_is_mended_and_the_rest_kept(tmp_path: Path, command: str):
    write(tmp_path, {"provena": {"command": command, "args": ["serve", "--sample"], "env": READ_ONLY}})
    starts = Starts()
    found = await examine(tmp_path, starts)
    assert states(found) == [("file", "ok"), ("entry", "note"), ("start", "ok")]
    assert "Mended in" in found[1].said
    renewed = this_server(sample=True, environment=READ_ONLY)
    assert starts.started == [renewed]
    assert installed(tmp_path).entry() == {
        "command": renewed.command,
        "args": list(renewed.arguments),
        "env": READ_ONLY,
    }


@pytest.mark.asyncio
@pytest.mark.parametrize("servers", [{}, {"provena": None}, {"provena": {"disabled": True}}])
async def test_an_entry_that_was_lost_is_brought_back(tmp_path: Path, servers: dict[str, Any]):
    write(tmp_path, servers)
    found = await examine(tmp_path)
    assert states(found) == [("file", "ok"), ("entry", "note"), ("start", "ok")]
    entry = installed(tmp_path).entry()
    assert entry is not None
    assert entry["command"] == OURS.command


@pytest.mark.asyncio
async def test_an_assistant_that_is_not_here_is_given_nothing(tmp_path: Path):
    found = await examine(tmp_path)
    assert [str(finding) for finding in found[1:]] == [
        "problem entry     Cursor was not found here.\n"
        "             fix: Install it, or run 'provena-mcp install --client cursor' beforehand."
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.asyncio
async def test_another_installation_that_does_not_start_gives_way_to_this_one(tmp_path: Path):
    write(tmp_path, {"provena": {"command": sys.executable, "args": ["-c", "1"]}})
    found = await examine(tmp_path, Starts(sys.executable))
    assert states(found) == [("file", "ok"), ("entry", "ok"), ("entry", "note"), ("start", "ok")]


@pytest.mark.asyncio
async def test_this_installation_that_does_not_start_is_a_problem(tmp_path: Path):
    await installed(tmp_path).put(OURS)
    found = await examine(tmp_path, Starts(OURS.command))
    assert found[2] == Diagnosis("problem", "start", f"{OURS.command} does not start as a server.", "Look.")


@pytest.mark.asyncio
async def test_what_cannot_be_mended_is_a_problem(tmp_path: Path):
    path = write(tmp_path, {})
    path.chmod(0o444)
    found = await examine(tmp_path)
    assert states(found) == [("file", "ok"), ("entry", "problem"), ("start", "problem")]
    assert "is read-only" in found[2].said


@pytest.mark.asyncio
async def test_copies_and_secrets_are_told(tmp_path: Path):
    secret = {"command": OURS.command, "args": ["serve"], "env": {"PROVENA_ACCESS_TOKEN": "ey-secret"}}
    write(tmp_path, {"provena": secret, "old": {"command": "provena-mcp"}, "files": {"command": "npx"}})
    await installed(tmp_path, project=True).put(OURS)
    found = await examine(tmp_path)
    assert states(found)[2:] == [("secret", "problem"), ("start", "ok"), ("copies", "note")]
    assert found[4].said == (
        f"The server is there twice: also 'old' in the same file, {tmp_path / 'project/.cursor/mcp.json'}."
    )
    assert "ey-secret" not in "".join(map(str, found))


@pytest.mark.asyncio
async def test_addresses_are_left_alone(tmp_path: Path):
    await installed(tmp_path).put(remote_server("https://mcp.example.org/mcp"))
    found = await examine(tmp_path)
    assert found[1] == Diagnosis("ok", "entry", "it leads to https://mcp.example.org/mcp")


@pytest.mark.asyncio
async def test_a_broken_file_and_a_program_without_one_are_told(tmp_path: Path):
    write(tmp_path, {}).write_text("[")
    assert states(await examine(tmp_path)) == [("file", "problem")]
    found = await examine(tmp_path, of=installed(tmp_path, "jetbrains"))
    assert [str(finding) for finding in found] == [
        "note    file      Only JetBrains AI Assistant itself knows its servers.\n"
        "             fix: Settings → Tools → AI Assistant → MCP: paste it there"
    ]


@pytest.mark.asyncio
@pytest.mark.parametrize("name", sorted(REAL))
async def test_what_was_put_anywhere_is_recognised_there(tmp_path: Path, name: str):
    await installed(tmp_path, name).put(OURS)
    found = await examine(tmp_path, of=installed(tmp_path, name))
    assert states(found) == [("file", "ok"), ("entry", "ok"), ("start", "ok")]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("/gone/provena-mcp", None),
        (shutil.which("true") or sys.executable, None),
        (sys.executable, "SystemExit: 3 x"),
    ],
)
async def test_what_does_not_start_is_told_with_what_it_said(command: str, said: str | None):
    talking = ("-c", "import sys; sys.stderr.write('SystemExit: 3 x'); sys.exit(3)")
    with pytest.raises(OperatorError) as failure:
        await start(LocalServer(command, talking if said else ()))
    assert failure.value.message == f"{command} does not start as a server."
    assert failure.value.upstream == said


@pytest.mark.slow
def test_the_doctor_finds_a_server_that_starts(run: CommandLine, home: Path):
    run("install", "--client", "cursor", "--sample")
    done = run("doctor", "--client", "cursor", PATH=os.defpath)
    assert done.returncode == 0
    assert done.stdout.startswith(f"ok      file      {cursor(home)} can be read\nok      entry     ")
    assert re.search(r"s without a PATH, \d+ tools", done.stdout)
    assert done.stdout.endswith("\nNo problems found.\n")


def test_the_doctor_leaves_addresses_and_programs_without_a_file_alone(run: CommandLine, home: Path):
    run("install", "--client", "cursor", "--url", "https://mcp.example.org/mcp")
    done = run("doctor", "--client", "cursor")
    assert done.returncode == 0
    assert "it leads to https://mcp.example.org/mcp\n\nNo problems found.\n" in done.stdout
    assert (
        "Only JetBrains AI Assistant itself knows its servers."
        in run("doctor", "--client", "jetbrains").stdout
    )
    cursor(home).write_text("[")
    broken = run("doctor", "--client", "cursor", "--no-mend")
    assert (broken.returncode, broken.stdout.startswith("problem file ")) == (1, True)
