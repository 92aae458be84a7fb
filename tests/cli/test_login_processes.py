"""Logging in, and a Provena that asks for it, as real processes."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from tests.login.desks import Desk


def command(desk: Desk, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "provena_mcp", *arguments]


def environment(desk: Desk, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVENA_")}
    return {**kept, **desk.protected.environment(), "HOME": str(folder), "COLUMNS": "100", "NO_COLOR": "1"}


def test_a_person_logs_in_looks_and_logs_out_with_real_processes(desk: Desk, tmp_path: Path):
    desk.realm.change(pollSeconds=1)
    where = {"env": environment(desk, tmp_path), "cwd": tmp_path, "text": True}

    def run(*arguments: str):
        done = subprocess.run(command(desk, *arguments), **where, capture_output=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    code, out, told = run("status")
    assert (code, out, "Login: none." in told) == (1, "", True)

    with subprocess.Popen(
        command(desk, "login", "--no-browser"), **where, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        url = next(line.strip() for line in lines if "user_code=" in line)
        desk.realm.person("writer").approve(url)
        out, told = process.communicate(timeout=60)
    assert (process.returncode, out, "Logged in as writer." in told) == (0, "", True)

    code, out, told = run("status")
    assert (code, out, "Login: writer, through 'provena-mcp login'" in told) == (0, "", True)
    code, out, told = run("doctor")
    assert (code, "ok      login     writer, through 'provena-mcp login'" in out) == (0, True)
    assert run("logout") == (0, "", "Logged out, here and at Keycloak.\n")
    assert run("status")[0] == 1


def test_a_refused_login_is_told_on_stderr_with_the_fix(desk: Desk, tmp_path: Path):
    told = subprocess.run(
        command(desk, "login", "--no-browser"),
        env=environment(desk, tmp_path) | {"PROVENA_CLIENT_ID": "no-such-client"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("provena-mcp: Keycloak refused to start a login.\n")
    assert "PROVENA_CLIENT_ID" in told.stderr


def test_local_serve_asks_for_tokens_of_the_issuer_it_is_given(desk: Desk, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = ("local", "serve", "--port", str(port), "--issuer", desk.realm.issuer)
    with subprocess.Popen(
        command(desk, *arguments),
        env=environment(desk, tmp_path),
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}/prov-api/check-access/check-general-access"
            transport = httpx.HTTPTransport(retries=8)
            with httpx.Client(transport=transport, trust_env=False, timeout=30) as http:
                refused = http.get(url)
                login = asyncio.run(token_of(desk, "writer"))
                welcome = http.get(url, headers={"Authorization": f"Bearer {login}"})
        finally:
            process.terminate()
    assert (refused.status_code, refused.json()) == (401, {"detail": "Not authenticated"})
    assert (welcome.status_code, welcome.json()["username"]) == (200, "writer")


async def token_of(desk: Desk, username: str) -> str | None:
    return await (await desk.log_in(username)).token()
