"""What others read of this server is generated from one table, valid, and up to date."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest

from provena_mcp import __version__
from provena_mcp.assistants.formats.__main__ import main
from provena_mcp.assistants.formats.bundle import manifest, write_bundle
from provena_mcp.assistants.formats.generated import generated_files
from provena_mcp.assistants.formats.pages import with_section
from provena_mcp.assistants.formats.product import FROM_INDEX
from provena_mcp.assistants.links import LINKS
from provena_mcp.assistants.servers import LocalServer
from provena_mcp.assistants.table import ASSISTANTS
from provena_mcp.errors import FileRefusedError, OperatorError
from provena_mcp.settings import Settings
from provena_mcp.wire.items import as_object
from tests.assistants.settings_files import REAL
from tests.clients.environments import Environment, NotInstalledError

ROOT = Path(__file__).parents[2]
SCHEMAS = Path(__file__).parent / "schemas"
FILES = generated_files(ROOT)
ENTRY = {"command": "uvx", "args": [f"provena-mcp@{__version__}", "serve"]}

# What the longest-winded assistant takes.
LONGEST_LINK = 8000


def document(path: str) -> Any:
    return json.loads(FILES[path])


@pytest.mark.parametrize("path", FILES)
def test_what_is_generated_is_written_down(path: str):
    """``python -m provena_mcp.assistants.formats`` writes it anew."""
    assert (ROOT / path).read_text("utf-8") == FILES[path]


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("server.json", "server.json"),
        ("plugins/provena/plugin.json", "plugin.json"),
        ("plugins/provena/mcp.json", "mcp.json"),
    ],
)
def test_formats_keep_to_what_their_makers_ask(path: str, schema: str):
    jsonschema.validate(document(path), json.loads((SCHEMAS / schema).read_text("utf-8")))


def test_the_registry_is_told_every_setting_it_offers_and_which_is_secret():
    (package,) = document("server.json")["packages"]
    told = {one["name"]: one for one in package["environmentVariables"]}
    assert {name for name in told if told[name].get("isSecret")} == {"PROVENA_OFFLINE_TOKEN"}
    assert {name.removeprefix("PROVENA_").lower() for name in told} <= set(Settings.model_fields)
    assert told["PROVENA_READ_ONLY"]["format"] == "boolean"
    assert "registryBaseUrl" not in package


def test_the_readme_proves_the_registrys_name():
    assert f"<!-- mcp-name: {document('server.json')['name']} -->" in FILES["README.md"]


def test_every_plugin_starts_the_same_server():
    def entry(path: str) -> dict[str, Any]:
        return document(path)["mcpServers"]["provena"]

    folder = "plugins/provena"
    assert entry(f"{folder}/mcp.json") == {"type": "stdio", **ENTRY}
    assert entry("gemini-extension.json") == ENTRY
    assert entry(f"{folder}/.mcp.json") == {
        **ENTRY,
        "env": {"PROVENA_DOMAIN": "${PROVENA_DOMAIN:-}", "PROVENA_REALM": "${PROVENA_REALM:-}"},
    }
    codex = document(f"{folder}/.codex-plugin/plugin.json")
    assert entry(f"{folder}/{codex['mcpServers'].removeprefix('./')}")["startup_timeout_sec"] == 60


@pytest.mark.parametrize("path", [path for path in FILES if path.endswith("marketplace.json")])
def test_marketplaces_lead_to_the_folder(path: str):
    (plugin,) = document(path)["plugins"]
    source = plugin["source"]["path"] if isinstance(plugin["source"], dict) else plugin["source"]
    assert (ROOT / source / "plugin.json").is_file()
    assert plugin["name"] == document("plugins/provena/plugin.json")["name"]


def config_of(link: str, *, encoded: bool) -> Any:
    query = parse_qs(urlsplit(link).query)
    assert query["name"] == ["provena"]
    (config,) = query["config"]
    return json.loads(base64.b64decode(config) if encoded else config)


def test_links_carry_the_entry_as_each_program_reads_it():
    assert config_of(LINKS["vscode"](FROM_INDEX), encoded=False) == {"type": "stdio", **ENTRY}
    assert config_of(LINKS["kiro"](FROM_INDEX), encoded=False) == ENTRY
    assert config_of(LINKS["cursor"](FROM_INDEX), encoded=True) == ENTRY
    assert config_of(LINKS["lm-studio"](FROM_INDEX), encoded=True) == ENTRY
    goose = LINKS["goose"](LocalServer("uvx", ("a b", "c&d"), {"K": "v=ä"}))
    assert parse_qs(urlsplit(goose).query) == {
        "cmd": ["uvx"],
        "arg": ["a b", "c&d"],
        "env": ["K=v=ä"],
        "id": ["provena"],
        "name": ["Provena"],
        "description": ["Where a research result came from"],
        "timeout": ["120"],
    }
    assert "+" not in urlsplit(goose).query
    assert max(len(link(FROM_INDEX)) for link in LINKS.values()) < LONGEST_LINK
    assert set(LINKS) <= {assistant.name for assistant in ASSISTANTS}


def test_nothing_generated_names_a_registrys_host_or_a_secret():
    text = "".join(FILES.values())
    assert re.findall(r"pypi\.org|npmjs|registry\.modelcontextprotocol", text) == []


def test_the_page_has_a_section_for_every_assistant():
    assert re.findall(r"^## (.*)$", FILES["docs/clients.md"], re.MULTILINE) == [
        *(assistant.title for assistant in ASSISTANTS),
        "Plugins and the bundle",
    ]


def test_every_command_on_the_page_and_in_the_readme_is_for_an_assistant_that_is_tried():
    named = set(
        re.findall(r"provena-mcp install --client ([a-z-]+)", FILES["docs/clients.md"] + FILES["README.md"])
    )
    assert named - set(REAL) <= {"jetbrains"}
    assert len(named) > 20


def test_the_readme_needs_its_markers():
    with pytest.raises(OperatorError, match="clients:start"):
        with_section("# nothing\n")


def test_the_bundle_holds_all_that_runs_and_is_the_same_every_time(tmp_path: Path):
    one, two = tmp_path / "one.mcpb", tmp_path / "two.mcpb"
    write_bundle(ROOT, one)
    write_bundle(ROOT, two)
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as bundle:
        names = set(bundle.namelist())
        assert json.loads(bundle.read("manifest.json")) == manifest()
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "provena_mcp").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == {"manifest.json", "pyproject.toml", "README.md", "LICENSE", *package}
    assert as_object(manifest()["server"])["entry_point"] in names


def test_a_bundle_of_nothing_is_refused(tmp_path: Path):
    with pytest.raises(FileRefusedError, match="No bundle was written"):
        write_bundle(tmp_path, tmp_path / "x.mcpb")


@pytest.mark.slow
def test_the_bundles_maker_finds_the_manifest_and_the_bundle_valid(tmp_path: Path):
    try:
        folder = Environment("mcpb", "node", ("@anthropic-ai/mcpb@2",)).install()
    except NotInstalledError as error:
        pytest.skip(f"the official validator of bundles: {error}")
    cli = folder / "node_modules/@anthropic-ai/mcpb/dist/cli/cli.js"
    bundle = tmp_path / "provena.mcpb"
    write_bundle(ROOT, bundle)
    unpack = ["unpack", str(bundle), str(tmp_path / "out")]
    for arguments in (["validate", str(ROOT / "mcpb/manifest.json")], unpack):
        done = subprocess.run(["node", cli, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_names_what_differs_and_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "README.md").write_text("<!-- clients:start -->\n<!-- clients:end -->\n")
    with contextlib.chdir(tmp_path):
        assert main(["--check"]) == 1
        assert "server.json" in capsys.readouterr().out.split()
        assert not (tmp_path / "server.json").exists()
        assert (main([]), main(["--check"])) == (0, 0)
    assert json.loads((tmp_path / "server.json").read_text("utf-8")) == document("server.json")
