"""``provena-mcp login``, and what goes on serving, as typed by somebody who logs in and ends it."""

from __future__ import annotations

import subprocess
import sys

import httpx

from tests.embedded.server_process import free_port, wait_for
from tests.oidc.realm import Person


def main(arguments: list[str]) -> int:
    """Run the command; its exit code, or 0 of a server that has answered."""
    command = [sys.executable, "-m", "provena_mcp", *arguments]
    return _logged_in(command) if arguments[:1] == ["login"] else _served(command)


def _logged_in(command: list[str]) -> int:
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            sys.stderr.write(line)
            if "user_code=" in line:
                Person("writer").approve(line.strip())
    return process.returncode


def _served(command: list[str]) -> int:
    place = command.index("--port") + 1
    port = free_port()
    with subprocess.Popen([*command[:place], str(port), *command[place + 1 :]]) as process:
        try:
            wait_for(lambda: _answers(port), process)
        finally:
            process.terminate()
    return 0


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5, trust_env=False).status_code < 500
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
