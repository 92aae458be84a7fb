"""What goes along into an assistant's settings: the settings in force, no secret."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cli.assistant_home import cursor, entry
from tests.cli.command_line import CommandLine


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
