"""Who the server says it is, and that it can do what it says it can."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.types import PromptReference

from provena_mcp import __version__
from provena_mcp.server.build import build_server
from provena_mcp.settings import Settings
from tests.stdio.conversation import Era, conversation
from tests.worlds.sample import BOTH_ERAS, sample_client


def declared_by(client: Client) -> dict[str, Any]:
    """Capabilities, with what is not declared left out; extensions have tests of their own."""
    said = client.server_capabilities.model_dump(mode="json", by_alias=True, exclude_none=True)
    said.pop("extensions", None)
    return {name: {key: value for key, value in each.items() if value} for name, each in said.items()}


@BOTH_ERAS
@pytest.mark.asyncio
async def test_hosts_can_show_what_this_is(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        said = client.server_info
    assert said is not None
    assert (said.name, said.title, said.version) == ("provena", "Provena", __version__)
    assert said.description == (
        "How research results came about: datasets, models, people, studies and the model runs between them."
    )
    assert said.website_url == "https://docs.provena.io/"
    (icon,) = said.icons or []
    assert (icon.mime_type, icon.src[:26], icon.src.isascii()) == (
        "image/svg+xml",
        "data:image/svg+xml,%3Csvg%",
        True,
    )
    # It comes with every answer of the newer era.
    assert len(said.model_dump_json(exclude_none=True)) < 700


@pytest.mark.slow
@BOTH_ERAS
@pytest.mark.asyncio
async def test_what_is_declared_works_and_nothing_else_is_declared(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era) as client:
        declared = declared_by(client)
        lists = (
            (await client.list_tools()).tools,
            (await client.list_prompts()).prompts,
            (await client.list_resource_templates()).resource_templates,
        )
        resources = (await client.list_resources()).resources
        completed = await client.complete(
            ref=PromptReference(name="trace_a_result"), argument={"name": "result_id", "value": "sample/"}
        )
    assert declared == {"completions": {}, "prompts": {}, "resources": {}, "tools": {}}
    assert all(lists)
    assert resources
    assert completed.completion.values


# No list changes while it runs, and nobody can subscribe to anything.
DECLARED = {
    "completions": {},
    "prompts": {"listChanged": False},
    "resources": {"listChanged": False, "subscribe": False},
    "tools": {"listChanged": False},
}
EXTENSIONS = {"io.modelcontextprotocol/skills": {}, "io.modelcontextprotocol/ui": {}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("era", "capabilities"),
    [("modern", {**DECLARED, "extensions": EXTENSIONS}), ("legacy", DECLARED)],
    ids=["discovered", "in the handshake"],
)
def test_the_line_that_declares_what_it_can_do_holds_no_word_more(
    tmp_path: Path, era: Era, capabilities: dict[str, Any]
):
    with conversation(tmp_path, era) as server:
        told = server.greeting or server.ask("server/discover")
    assert told["result"]["capabilities"] == capabilities


# What only other ways of serving need, and what only a call does: a host waits for the start.
NOT_AT_THE_START = frozenset(
    {
        *("httpx", "jwt", "redis", "psutil", "networkx", "docx", "prov", "rdflib", "typer"),
        *("keyring", "msgspec"),
        *("provena_mcp.commands.register_run", "provena_mcp.embedded.app", "provena_mcp.embedded.items"),
        *("provena_mcp.client.provena", "provena_mcp.wire.items", "provena_mcp.lineage.pages"),
        *("provena_mcp.recording", "provena_mcp.server.deployment_backend"),
        *("provena_mcp.queries.answers.impact", "provena_mcp.queries.items.reader"),
        *("provena_mcp.rules.csv.rows", "provena_mcp.rules.items.schema"),
        *("provena_mcp.tools.lineage", "provena_mcp.tools.registry", "provena_mcp.tools.runs"),
    }
)
STARTING = """
import asyncio, sys
from pathlib import Path
from mcp import Client
from provena_mcp.server.build import build_server
from provena_mcp.settings import Settings

async def start(server):
    async with Client(server) as client:
        await client.list_tools()
        print(*sys.modules)

asyncio.run(start(build_server(Settings(_env_file=None, store=Path(sys.argv[1])))))
"""


@pytest.mark.slow
def test_what_no_start_needs_is_not_loaded_by_one(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", STARTING, str(tmp_path / "store.sqlite3")],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "provena_mcp.tools.toolsets" in loaded
    assert sorted(loaded & NOT_AT_THE_START) == []


READY = """
import asyncio, sys
from pathlib import Path
from mcp import Client
from provena_mcp.server.build import build_server
from provena_mcp.settings import Settings

async def first_call(server):
    async with Client(server) as client:
        before = set(sys.modules)
        answer = await client.call_tool("explore_upstream", {"starting_id": "sample/1000117"})
        assert not answer.is_error, answer.content
        print(*(sys.modules.keys() - before))

server = build_server(Settings(_env_file=None, store=Path(sys.argv[1])), sample=True)
for prepare in server.preparations():
    prepare()
asyncio.run(first_call(server))
"""


def test_a_server_that_runs_again_prepares_again(tmp_path: Path):
    server = build_server(Settings(store=tmp_path / "store.sqlite3"), sample=True)
    first, second = (len(list(server.preparations())) for _ in range(2))
    assert first == second > 0


@pytest.mark.slow
def test_once_it_is_ready_a_first_call_loads_nothing(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", READY, str(tmp_path / "store.sqlite3")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ours = {"provena_mcp", "httpcore", "msgspec", "jwt", "cryptography", "networkx", "docx"}
    assert sorted(name for name in done.stdout.split() if name.partition(".")[0] in ours) == []


SERVED = """
import sys
from contextlib import suppress
from importlib.abc import MetaPathFinder
from provena_mcp.cli import main

class Searches(MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        print("looked for", fullname, file=sys.stderr)

def as_httpcore_does():
    with suppress(ImportError):
        import sniffio

sys.argv = ["provena-mcp", "serve", "--sample"]
main()
as_httpcore_does()
sys.meta_path.insert(0, Searches())
as_httpcore_does()
"""


@pytest.mark.slow
def test_a_server_does_not_look_again_and_again_for_a_package_that_is_not_installed(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", SERVED],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PROVENA_STORE": str(tmp_path / "store.sqlite3")},
    )
    assert "looked for" not in done.stderr


DEPLOYED = """
import sys
from importlib import import_module
from provena_mcp.cli import main

sys.argv = ["provena-mcp", "serve"]
main()
print(*sys.modules, file=sys.stderr)
import_module("pygments.lexers")
"""


@pytest.mark.slow
def test_a_server_of_a_deployment_starts_with_what_sends_requests_and_without_its_command_line(
    tmp_path: Path,
):
    services = ("PROV", "REGISTRY", "JOB", "SEARCH", "AUTH", "DATA")
    addresses = {f"PROVENA_{name}_API": "http://provena.test" for name in services}
    done = subprocess.run(
        [sys.executable, "-c", DEPLOYED],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | addresses | {"PROVENA_ACCESS_TOKEN": "x"},
    )
    loaded = set(done.stderr.split())
    assert {"httpx", "httpcore"} <= loaded
    assert sorted(name for name in loaded if name.partition(".")[0] == "pygments") == []
