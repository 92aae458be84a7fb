"""What an assistant needs to know of a server: the command to start it, or its address."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Final
from urllib.parse import urlsplit

from provena_mcp.errors import ArgumentError, OperatorError

# What the entry is called in every assistant, and what people read.
NAME: Final = "provena"
TITLE: Final = "Provena"

# Folders in which tools that run a package once keep it until they clean up.
_PASSING: Final = ("archive-v0", "builds-v0", "environments-v2", "_npx")


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A process that speaks over stdin and stdout; ``environment`` is added to what the assistant gives."""

    command: str
    arguments: tuple[str, ...] = ("serve",)
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_sample(self) -> bool:
        """Whether it answers from the shipped sample world."""
        return "--sample" in self.arguments


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """A server that is reached over streamable HTTP at ``url``."""

    url: str


Server = LocalServer | RemoteServer


def remote_server(url: str) -> RemoteServer:
    """The server at ``url``.

    Raises:
        ArgumentError: It is no address, one without encryption on another machine, or holds a login.
    """
    parts = urlsplit(url.strip())
    near = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ArgumentError(
            f"{url!r} is not the address of a server.",
            parameter="url",
            advice="Give it as the people who run it name it, e.g. https://mcp.example.org/mcp.",
        )
    if parts.scheme == "http" and not near:
        raise ArgumentError(
            f"{url!r} would be asked without encryption.", parameter="url", advice="Use its https address."
        )
    return RemoteServer(url.strip())


def this_server(
    *,
    sample: bool = False,
    environment: Mapping[str, str] | None = None,
    executable: str = sys.executable,
) -> LocalServer:
    """What starts this installation, whatever the ``PATH``: absolute, and there.

    Args:
        sample: Serve the shipped sample world.
        environment: Settings for the server, none of them secret.
        executable: The interpreter this package is installed for.

    Raises:
        OperatorError: This installation is a passing one, as of ``uvx``, and will be cleaned away.
    """
    # Not resolved: an interpreter outside its virtual environment would not find the package.
    interpreter = Path(executable).absolute()
    if _is_passing(interpreter):
        raise OperatorError(
            "This provena-mcp runs from a temporary environment, which an assistant cannot rely on.",
            advice="Install it first, e.g. with 'uv tool install provena-mcp' or 'pipx install provena-mcp', "
            "and run the same command of that installation.",
        )
    arguments = ("serve", "--sample") if sample else ("serve",)
    script = interpreter.with_name("provena-mcp.exe" if interpreter.suffix == ".exe" else "provena-mcp")
    if script.is_file():
        return LocalServer(str(script), arguments, dict(environment or {}))
    # -P: what lies in the folder an assistant starts us in must not be imported.
    return LocalServer(str(interpreter), ("-P", "-m", "provena_mcp", *arguments), dict(environment or {}))


def _is_passing(interpreter: PurePath) -> bool:
    folders = interpreter.parts
    pipx_run = any(one == "pipx" and two in (".cache", "cache") for one, two in pairwise(folders))
    return pipx_run or any(folder in _PASSING for folder in folders)
