"""Installation by an assistant's own command, and what is left where that fails."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.cli.assistant_home import command, entry
from tests.cli.command_line import CommandLine

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


def test_a_command_that_says_it_did_and_did_not_is_found_out(run: CommandLine, home: Path, claude: Path):
    (home / "bin/claude").write_text(f"#!{sys.executable}\n")
    done = run("install", "--client", "claude-code")
    assert done.returncode == 2
    assert (
        f"claude said that it added the server, but '{home / '.claude.json'}' does not have it."
        in done.stderr
    )
    assert not claude.exists()
