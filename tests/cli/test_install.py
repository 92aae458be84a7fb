"""``provena-mcp install`` and ``doctor --client``, as typed."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.cli.assistants import complete_assistant
from tests.assistants.settings_files import REAL
from tests.cli.command_line import CommandLine

# What would lead out of the home of a test, or into what is written there.
ELSEWHERE = (
    *("XDG_CONFIG_HOME", "XDG_STATE_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR", "COPILOT_HOME"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)


@pytest.fixture
def home(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any assistant in it, which is where commands run too."""
    for name in (*ELSEWHERE, *(name for name in os.environ if name.upper().endswith("_PROXY"))):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(run.folder))
    monkeypatch.setenv("PATH", "")
    run.settings.pop("PROVENA_STORE")
    return run.folder


def cursor(home: Path) -> Path:
    return home / ".cursor/mcp.json"


def entry(path: Path, group: str = "mcpServers") -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))[group]["provena"]


def command() -> str:
    """What is installed: the script beside this interpreter, or the interpreter itself."""
    script = Path(sys.executable).with_name("provena-mcp")
    return str(script) if script.is_file() else sys.executable


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


def test_settings_in_force_go_along_and_secrets_do_not(run: CommandLine, home: Path):
    done = run(
        "install",
        "--client",
        "cursor",
        PROVENA_DOMAIN="provena.example.org",
        PROVENA_REALM="reef",
        PROVENA_STORE="mine.sqlite",
        PROVENA_READ_ONLY="true",
        PROVENA_HTTP_HOSTS="x",
        HTTPS_PROXY="http://proxy.example.org:3128",
        no_proxy="localhost",
        ALL_PROXY="http://me:ey-very-secret@proxy.example.org",
        PROVENA_OFFLINE_TOKEN="ey-very-secret",
        PROVENA_CLIENT_SECRET="ey-very-secret",
    )
    assert done.returncode == 0
    assert entry(cursor(home))["env"] == {
        "HTTPS_PROXY": "http://proxy.example.org:3128",
        "no_proxy": "localhost",
        "PROVENA_DOMAIN": "provena.example.org",
        "PROVENA_READ_ONLY": "true",
        "PROVENA_REALM": "reef",
        "PROVENA_STORE": str(home / "mine.sqlite"),
    }
    assert "PROVENA_OFFLINE_TOKEN is a secret, or holds one, and is not written into any file." in done.stderr
    assert "ALL_PROXY is a secret, or holds one, and is not written into any file." in done.stderr
    assert "ey-very-secret" not in cursor(home).read_text() + done.stdout + done.stderr


def test_every_path_goes_along_as_it_is_from_any_folder(run: CommandLine, home: Path):
    run(
        "install",
        "--client",
        "cursor",
        PROVENA_STORE="mine.sqlite",
        PROVENA_MIRROR="mirror.sqlite",
        PROVENA_OUTPUT_DIR="out",
        PROVENA_INPUT_DIRS=os.pathsep.join(("in", "more")),
        PROVENA_CAPTURES="captures",
    )
    assert entry(cursor(home))["env"] == {
        "PROVENA_STORE": str(home / "mine.sqlite"),
        "PROVENA_MIRROR": str(home / "mirror.sqlite"),
        "PROVENA_OUTPUT_DIR": str(home / "out"),
        "PROVENA_INPUT_DIRS": os.pathsep.join((str(home / "in"), str(home / "more"))),
        "PROVENA_CAPTURES": str(home / "captures"),
    }


def test_the_sample_takes_along_what_means_something_to_it(run: CommandLine, home: Path):
    run(
        "install",
        "--client",
        "cursor",
        "--sample",
        PROVENA_CAPTURES="captures",
        PROVENA_ANNOTATE_VIA="true",
        PROVENA_STORE="mine.sqlite",
        PROVENA_MIRROR="mirror.sqlite",
    )
    assert entry(cursor(home))["env"] == {
        "PROVENA_ANNOTATE_VIA": "true",
        "PROVENA_CAPTURES": str(home / "captures"),
    }


def test_an_address_with_a_password_is_not_written(run: CommandLine, home: Path):
    done = run("install", "--client", "cursor", PROVENA_KEYCLOAK="https://me:pw@auth.example.org/realms/x")
    assert (done.returncode, done.stdout, cursor(home).exists()) == (2, "", False)
    assert done.stderr.startswith("provena-mcp: PROVENA_KEYCLOAK holds a login")


def test_the_sample_is_a_world_of_its_own(run: CommandLine, home: Path):
    run("install", "--client", "cursor", "--sample", PROVENA_DOMAIN="d.org", PROVENA_REALM="r")
    assert entry(cursor(home))["args"][-2:] == ["serve", "--sample"]
    assert "env" not in entry(cursor(home))
    assert "sample" in run("install", "--list").stdout


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


CLAUDE = """\
#!{python}
import json, pathlib, sys
log = pathlib.Path({home!r}) / "calls"
log.write_text((log.read_text() if log.exists() else "") + " ".join(sys.argv[1:5]) + "\\n")
file = pathlib.Path({home!r}) / ".claude.json"
content = json.loads(file.read_text()) if file.exists() else {{}}
servers = content.setdefault("mcpServers", {{}})
if "fail" in content and sys.argv[2] != "remove":
    if content["fail"] == "a crash":
        file.write_text("{{")
    sys.exit("cannot: " + content["fail"])
if sys.argv[2] == "remove":
    del servers[sys.argv[5]]
else:
    servers[sys.argv[5]] = json.loads(sys.argv[6])
file.write_text(json.dumps(content))
"""


@pytest.fixture
def claude(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program ``claude`` on the PATH that keeps servers as the real one does, and its calls."""
    if os.name != "posix":
        pytest.skip("a script as a program, as on POSIX systems")
    program = home / "bin/claude"
    program.parent.mkdir()
    program.write_text(CLAUDE.format(python=sys.executable, home=str(home)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    return home / "calls"


def test_an_assistants_own_command_is_used_where_it_is(run: CommandLine, home: Path, claude: Path):
    assert run("install", "--client", "claude-code").returncode == 0
    assert entry(home / ".claude.json")["command"] == command()
    again = run("install", "--client", "claude-code", "--sample")
    assert "The file as it was: " in again.stdout
    assert 'Restart Claude Code, then ask it: "what is in this Provena?"' in again.stdout
    assert entry(home / ".claude.json")["args"][-1] == "--sample"
    run("install", "--client", "claude-code", "--uninstall")
    assert json.loads((home / ".claude.json").read_text()) == {"mcpServers": {}}
    assert claude.read_text().splitlines() == [
        "mcp add-json --scope user",
        "mcp remove --scope user",
        "mcp add-json --scope user",
        "mcp remove --scope user",
    ]


def test_what_an_assistants_own_command_says_is_told(run: CommandLine, home: Path, claude: Path):
    (home / ".claude.json").write_text('{"fail": "no disk"}')
    done = run("install", "--client", "claude-code")
    assert done.returncode == 2
    assert "mcp add-json failed with exit code 1." in done.stderr
    assert "cannot: no disk" in done.stderr


def test_an_earlier_entry_is_back_when_an_assistants_own_command_fails(
    run: CommandLine, home: Path, claude: Path
):
    earlier = {"command": "/mine", "args": ["serve"], "env": {"PROVENA_REALM": "reef"}}
    content = {"fail": "no disk", "mcpServers": {"other": {}, "provena": earlier}}
    (home / ".claude.json").write_text(json.dumps(content))
    done = run("install", "--client", "claude-code")
    said = re.search(r"The file as it was: (\S+)$", done.stderr, re.MULTILINE)
    assert said
    assert (done.returncode, json.loads((home / ".claude.json").read_text())) == (2, content)
    assert json.loads(Path(said[1]).read_text()) == content
    assert "could not be put back" not in done.stderr


def test_an_entry_that_cannot_be_put_back_is_in_the_backup_that_is_named(
    run: CommandLine, home: Path, claude: Path
):
    content = {"fail": "a crash", "mcpServers": {"provena": {"command": "/mine"}}}
    (home / ".claude.json").write_text(json.dumps(content))
    done = run("install", "--client", "claude-code")
    said = re.search(
        r"The earlier entry could not be put back. The file as it was: (\S+)$", done.stderr, re.M
    )
    assert said
    assert (done.returncode, json.loads(Path(said[1]).read_text())) == (2, content)


def test_an_assistants_own_command_that_does_not_start_is_named(run: CommandLine, home: Path, claude: Path):
    (home / "bin/claude").write_text("#!/not/here\n")
    done = run("install", "--client", "claude-code")
    assert (done.returncode, (home / ".claude.json").exists()) == (2, False)
    assert "claude cannot be started: No such file or directory." in done.stderr


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


def test_a_command_that_says_it_did_and_did_not_is_found_out(run: CommandLine, home: Path, claude: Path):
    (home / "bin/claude").write_text(f"#!{sys.executable}\n")
    done = run("install", "--client", "claude-code")
    assert done.returncode == 2
    assert (
        f"claude said that it added the server, but '{home / '.claude.json'}' does not have it."
        in done.stderr
    )
    assert not claude.exists()


def test_the_shell_completes_names_of_assistants():
    assert complete_assistant("cl") == ["claude-desktop", "claude-code", "cline"]
    assert len(complete_assistant("")) == 23
