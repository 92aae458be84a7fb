"""The Tab key: ids and names for shells, and nothing that a shell would act on."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

import pytest

from provena_mcp.embedded.app import BASE_PATHS
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import sample_source
from provena_mcp.embedded.store import Store
from tests.cli.command_line import CommandLine
from tests.embedded.server_process import free_port, serving
from tests.worlds.small import model


def bash(line: CommandLine, *words: str, **settings: str) -> list[str]:
    told = line(
        COMP_WORDS=" ".join(("provena-mcp", "ask", *words)),
        COMP_CWORD=str(len(words) + 1),
        _PROVENA_MCP_COMPLETE="complete_bash",
        **settings,
    )
    assert (told.returncode, told.stderr) == (0, "")
    return [offered for offered in told.stdout.splitlines() if offered]


def zsh(line: CommandLine, words: str) -> str:
    told = line(_TYPER_COMPLETE_ARGS=f"provena-mcp ask {words}", _PROVENA_MCP_COMPLETE="complete_zsh")
    assert (told.returncode, told.stderr) == (0, "")
    return told.stdout


def test_ids_complete_in_bash(line: CommandLine):
    assert bash(line, "audit", "--sample", "sample/1000122") == ["sample/1000122"]


def test_names_complete_in_bash_as_the_line_needs_them(line: CommandLine):
    assert bash(line, "compare", "--sample", "Rank") == [
        r"Rank\ sites\ by\ coral\ benefit\ only",
        r"Rank\ sites\ with\ sea\ country\ values",
    ]
    assert bash(line, "compare", "--sample", "'Rank sites w") == ["Rank sites with sea country values"]


def test_names_stand_beside_ids_where_a_shell_shows_them(line: CommandLine):
    assert zsh(line, "audit --sample sample/1000122") == (
        '_arguments \'*: :(("sample/1000122":"Rank sites by coral benefit only"))\'\n'
    )


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["upstream", "--type", "MODEL_"], ["MODEL_RUN", "MODEL_RUN_WORKFLOW_TEMPLATE"]),
        (["list", "--sort-by", "c"], ["created"]),
        (["list", "--group-by", "mon"], ["month"]),
        (["list", "--where", "modell"], ["modeller="]),
        (["list", "--sample", "--study", "After"], [r"After\ the\ 2019\ floods"]),
    ],
)
def test_words_complete_too(line: CommandLine, words: list[str], offered: list[str]):
    assert bash(line, *words) == offered


@pytest.mark.slow
def test_a_deployment_is_asked_over_http(line: CommandLine, tmp_path):
    store = Store(tmp_path / "deployment.sqlite3")
    load_items(store, sample_source())
    store.close()
    port = free_port()
    urls = {
        f"PROVENA_{name.upper()}_API": f"http://127.0.0.1:{port}{path}" for name, path in BASE_PATHS.items()
    }
    with serving(store.path, port):
        asked = {**urls, "PROVENA_ACCESS_TOKEN": "any"}
        assert bash(line, "audit", "sample/1000122", **asked) == ["sample/1000122"]
        assert bash(line, "compare", "Rank", **asked) == [
            r"Rank\ sites\ by\ coral\ benefit\ only",
            r"Rank\ sites\ with\ sea\ country\ values",
        ]
    assert bash(line, "audit", "sample/1000122", **asked) == []


@pytest.mark.parametrize("world", [(), ("--sample",)], ids=["own store", "sample world"])
def test_a_store_that_another_process_keeps_locked_completes_nothing(
    line: CommandLine, world: tuple[str, ...], tmp_path: Path
):
    own = tmp_path / "locked.sqlite3"
    store = Store(own.with_name("locked-sample.sqlite3") if world else own)
    load_items(store, sample_source())
    store.close()
    other = sqlite3.connect(store.path, isolation_level=None, check_same_thread=False)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN IMMEDIATE")
    other.execute("PRAGMA user_version = 0")
    # Whoever waits so long gets an answer.
    letting_go = threading.Timer(15.0, other.close)
    letting_go.start()
    try:
        assert bash(line, "audit", *world, "sample/1000122", PROVENA_STORE=str(own)) == []
    finally:
        letting_go.cancel()
        other.close()


def test_whoever_types_does_not_wait_for_what_only_deployments_need(line: CommandLine):
    typed = {"COMP_WORDS": "provena-mcp ask upstream --sample sample/1000119", "COMP_CWORD": "4"}
    told = line.process(flags=("-X", "importtime"), _PROVENA_MCP_COMPLETE="complete_bash", **typed)
    assert told.stdout.split() == ["sample/1000119"]
    loaded = {row.rpartition("|")[2].strip() for row in told.stderr.splitlines()}
    unasked = {"httpx", "mcp", "networkx", "rich", "provena_mcp.client", "provena_mcp.embedded.app"}
    assert loaded & unasked == set()


def test_what_cannot_be_asked_completes_to_nothing_and_says_nothing(line: CommandLine, tmp_path):
    assert bash(line, "upstream", "a", PROVENA_DOMAIN="half.example.org") == []
    assert bash(line, "upstream", "a", PROVENA_STORE=str(tmp_path / "no" / "such" / "store")) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [r"sea \$(touch pwned)", "sea `id`", "sea [/b] [red]", 'sea "; id; "', "sea 'quoted'", "sea\\"]
)
def test_no_name_gets_into_a_shell_that_would_act_on_it(line: CommandLine, tmp_path, name: str):
    store = {"PROVENA_STORE": str(tmp_path / "hostile.sqlite")}
    hostile = tmp_path / "items.json"
    hostile.write_text(json.dumps([model("10378.1/1900900", display_name=name)]), encoding="utf-8")
    assert line("local", "load", str(hostile), **store).returncode == 0
    assert bash(line, "upstream", "sea", **store) == []
    assert bash(line, "upstream", "10378.1/", **store) == ["10378.1/1900900"]
    told = line(
        _TYPER_COMPLETE_ARGS="provena-mcp ask upstream 10378.1/",
        _PROVENA_MCP_COMPLETE="complete_zsh",
        **store,
    )
    assert not set(told.stdout.partition('":"')[2].removesuffix("\"))'\n")) & set("\\$`\"'[];")
