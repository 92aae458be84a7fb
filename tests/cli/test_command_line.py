"""The command line as a person or a host meets it: arguments, streams and an exit code."""

from __future__ import annotations

import gc
import re
import subprocess
import sys

import pytest

from provena_mcp import __version__


def test_help_names_every_command_and_shows_examples(run):
    told = run("--help")
    assert told.returncode == 0
    commands = re.findall(r"^│ (\w[\w-]*) ", told.stdout, re.MULTILINE)
    assert sorted(commands) == [
        "ask",
        "changes",
        "check",
        "cite",
        "demo",
        "doctor",
        "dossier",
        "draft",
        "export-crate",
        "identify",
        "install",
        "local",
        "login",
        "logout",
        "record",
        "serve",
        "setup",
        "show",
        "skill",
        "status",
        "tools",
    ]
    assert "provena-mcp demo" in told.stdout
    assert "provena-mcp local load items.json" in told.stdout
    assert "provena-mcp install --client cursor" in told.stdout


@pytest.mark.parametrize("command", ["ask", "install", "serve", "setup", "show", "tools"])
def test_each_command_teaches_by_example(run, command: str):
    told = run(command, "--help")
    assert told.returncode == 0
    assert f"Examples\n\n provena-mcp {command}" in re.sub(r" +\n", "\n", told.stdout)


def test_the_version_is_the_packages(run):
    told = run("--version")
    assert (told.returncode, told.stdout) == (0, f"provena-mcp {__version__}\n")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["serve"], ["serve", "--sample"]])
def test_serving_ends_with_its_input_and_says_nothing_but_protocol(run, arguments: list[str]):
    served = run.process(*arguments)
    assert (served.returncode, served.stdout) == (0, "")


def test_a_half_set_deployment_is_told_on_stderr_with_advice(run):
    told = run("serve", PROVENA_DOMAIN="provena.example.org")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == (
        "provena-mcp: A Provena deployment is only half configured: PROVENA_REALM is missing.\n"
        "Set PROVENA_DOMAIN and PROVENA_REALM, or all six PROVENA_*_API addresses; "
        "or unset them all to use the embedded Provena.\n"
    )


def test_a_malformed_setting_is_named(run):
    told = run(PROVENA_MAX_RESULT_TOKENS="many")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == (
        "provena-mcp: PROVENA_MAX_RESULT_TOKENS is not usable: Input should be a valid integer, "
        "unable to parse string as an integer.\nCorrect or unset PROVENA_MAX_RESULT_TOKENS.\n"
    )


def test_an_unknown_toolset_is_answered_with_the_nearest(run):
    told = run("tools", PROVENA_TOOLSETS="linage")
    assert (told.returncode, told.stdout) == (2, "")
    assert "Did you mean 'lineage'?" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("arguments", [["--host", "0.0.0.0"], ["--port", "8000"]])
def test_an_address_without_http_is_a_usage_error(run, arguments: list[str]):
    told = run("serve", *arguments)
    assert (told.returncode, told.stdout) == (2, "")
    assert "they go with --http." in told.stderr


def test_the_embedded_provena_is_not_served_to_other_machines(run):
    told = run("serve", "--http", "--host", "0.0.0.0", PROVENA_HTTP_URL="https://mcp.example.org/mcp")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == (
        "provena-mcp: The embedded Provena asks nobody who they are, so it is not served at 0.0.0.0.\n"
        "Serve it on 127.0.0.1, or serve a deployment, whose users log in.\n"
    )


def test_an_unknown_command_is_a_usage_error(run):
    told = run("sreve")
    assert (told.returncode, told.stdout) == (2, "")
    assert "sreve" in told.stderr


@pytest.mark.slow
def test_serving_loads_nothing_it_does_not_need(run):
    served = run.process(flags=("-X", "importtime"))
    loaded = {line.rpartition("|")[2].strip() for line in served.stderr.splitlines()}
    assert {"mcp", "provena_mcp.embedded.store"} <= loaded
    heavy = {"typer", "networkx", "docx", "prov"}
    assert {name.partition(".")[0] for name in loaded} & heavy == set()
    # The routes and tasks of the embedded Provena, and serving over HTTP, are for those who ask for them.
    unasked = (
        "provena_mcp.embedded.app",
        "provena_mcp.embedded.routes",
        "provena_mcp.embedded.jobs.worker",
        "provena_mcp.embedded.loader",
        "provena_mcp.server.http.app",
        "provena_mcp.server.http.host",
    )
    assert sorted(name for name in loaded if name.startswith(unasked)) == []


@pytest.mark.parametrize(
    "arguments",
    [["serve"], ["serve", "--http"], ["local", "serve", "--store", "no-folder/store"], ["local", "pull"]],
)
def test_a_command_in_the_process_of_another_program_leaves_python_as_it_is(run, arguments: list[str]):
    before = gc.get_threshold()
    gc.set_threshold(9_000, 9, 9)
    try:
        told = run(*arguments, PROVENA_DOMAIN="provena.example.org")
        left = gc.get_threshold()
    finally:
        gc.set_threshold(*before)
    assert told.returncode == 2, told.stderr
    assert left == (9_000, 9, 9)


def test_a_process_of_its_own_tells_python_that_it_works_long(run):
    asked = (
        "import atexit, gc, sys; from provena_mcp.cli import main;"
        "atexit.register(lambda: print(gc.get_threshold()[0], sys.modules.get('sniffio', 'here')));"
        "sys.argv = ['provena-mcp', 'local', 'pull']; main()"
    )
    environment = run.environment(PROVENA_DOMAIN="provena.example.org")
    done = subprocess.run(
        [sys.executable, "-c", asked], env=environment, cwd=run.folder, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (2, "50000 None\n")
