"""Logging in, and a Provena that asks for it, as real processes."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.command_line import CommandLine, Ended
from tests.login.laptop import Laptop


@pytest.fixture
def run(laptop: Laptop, tmp_path: Path) -> CommandLine:
    """Run ``provena-mcp`` at the laptop."""
    terminal = {"HOME": str(tmp_path), "COLUMNS": "100", "NO_COLOR": "1"}
    return CommandLine(tmp_path, laptop.protected.environment() | terminal)


def start(run: CommandLine, *arguments: str, stdout: int | None = None, stderr: int) -> subprocess.Popen[str]:
    """A process that goes on."""
    command = [sys.executable, "-m", "provena_mcp", *arguments]
    where = {"env": run.environment(), "cwd": run.folder}
    return subprocess.Popen(command, **where, stdout=stdout, stderr=stderr, text=True)


@pytest.mark.slow
def test_a_login_of_one_process_is_seen_and_ended_by_others(laptop: Laptop, run: CommandLine):
    laptop.realm.change(pollSeconds=1)
    status = run("status")
    assert (status.returncode, status.stdout, "Login: none." in status.stderr) == (1, "", True)

    with start(run, "login", "--no-browser", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        url = next(line.strip() for line in lines if "user_code=" in line)
        laptop.realm.person("writer").approve(url)
        out, told = process.communicate(timeout=60)
    assert (process.returncode, out, "Logged in as writer." in told) == (0, "", True)

    status = run("status")
    found = "Login: writer, through 'provena-mcp login'" in status.stderr
    assert (status.returncode, status.stdout, found) == (0, "", True)
    doctor = run("doctor")
    found = "ok      login     writer, through 'provena-mcp login'" in doctor.stdout
    assert (doctor.returncode, found) == (0, True)
    assert run("logout") == Ended(0, "", "Logged out, here and at Keycloak.\n")
    assert run("status").returncode == 1


def test_a_refused_login_is_told_on_stderr_with_the_fix(run: CommandLine):
    told = run("login", "--no-browser", PROVENA_CLIENT_ID="no-such-client")
    assert (told.returncode, told.stdout) == (3, "")
    assert told.stderr.startswith("provena-mcp: Keycloak refused to start a login.\n")
    assert "PROVENA_CLIENT_ID" in told.stderr


@pytest.mark.slow
def test_local_serve_asks_for_tokens_of_the_issuer_it_is_given(laptop: Laptop, run: CommandLine):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ("local", "serve", "--port", str(port), "--issuer", laptop.realm.issuer)
    with start(run, *arguments, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}/prov-api/check-access/check-general-access"
            transport = httpx.HTTPTransport(retries=8)
            with httpx.Client(transport=transport, trust_env=False, timeout=30) as http:
                refused = http.get(url)
                login = asyncio.run(token_of(laptop, "writer"))
                welcome = http.get(url, headers={"Authorization": f"Bearer {login}"})
        finally:
            process.terminate()
    assert (refused.status_code, refused.json()) == (401, {"detail": "Not authenticated"})
    assert (welcome.status_code, welcome.json()["username"]) == (200, "writer")


async def token_of(laptop: Laptop, username: str) -> str | None:
    return await (await laptop.log_in(username)).token()
