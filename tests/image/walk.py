"""What ``docs/deploy.md`` says of the container, done: it is built, looked into, served from and stopped.

The page's own two lines are typed, but for names and a port that may be taken here.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from provena_mcp import __version__
from tests.clients.environments import environments_folder
from tests.docs.page_commands import blocks
from tests.embedded.server_process import free_port, wait_for
from tests.image.engine import ROOT, USER, Engine
from tests.oidc.protected import fill, protected_provena
from tests.oidc.realm import EXCHANGE_SECRET, MCP_SERVER, NoProviderError, Realm, running_realm, token_of
from tests.stranger.walk import tracked
from tests.worlds.hosted import NEW_RUN, call, names_of_runs, new_record

PAGE: Final = "docs/deploy.md"

_HOME: Final = "/var/lib/provena-mcp"
_KEY: Final = "ab" * 32
_PATIENCE: Final = 120.0
_STRAY: Final = "provena_mcp/__pycache__/stray.cpython-313.pyc"
# Asked inside, of what was installed and of what the running server may do.
_LOOK: Final = """
import json, os, pathlib, provena_mcp
package = pathlib.Path(provena_mcp.__file__).parent
files = [path.relative_to(package.parent).as_posix() for path in package.rglob("*") if path.is_file()]
places = ["/source", "/var/lib/provena-mcp/.bashrc", os.path.expanduser("~root") + "/.cache"]
left = [place for place in places if os.path.exists(place)]
print(json.dumps({"files": files, "left": left, "version": provena_mcp.__version__}))
"""
_STAND: Final = """
import json, os, pathlib, stat
def is_writable(place):
    tried = pathlib.Path(place, "tried")
    try:
        tried.write_text("")
    except OSError:
        return False
    tried.unlink()
    return True
status = dict(line.split(":", 1) for line in open("/proc/1/status"))
store = os.stat("/var/lib/provena-mcp/shared.sqlite3")
places = ("/", "/etc", "/opt/provena-mcp", "/var/lib/provena-mcp", "/tmp")
print(json.dumps({
    "user": [os.getuid(), os.getgid()],
    "capabilities": [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")],
    "gains no privileges": bool(int(status["NoNewPrivs"])),
    "read-only": bool(os.statvfs("/").f_flag & os.ST_RDONLY),
    "writable": [place for place in places if is_writable(place)],
    "store": [oct(stat.S_IMODE(store.st_mode)), store.st_uid],
}))
"""


class NotAsTheyReadError(Exception):
    """The image is not as the page says; says in what."""


@dataclass
class Walk:
    """The way with one engine; ``say`` is told each step and how long it took since the beginning."""

    engine: Engine
    folder: Path
    say: Callable[[str], None] = print
    name: str = field(default_factory=lambda: f"provena-mcp-tried-{os.getpid()}")
    began: float = field(default_factory=time.monotonic)

    def walk(self) -> None:
        """All of it; nothing is left in the engine at the end but the image to begin with.

        Raises:
            NotAsTheyReadError: Something is not as it should be.
            subprocess.CalledProcessError: A command of the engine failed.
        """
        try:
            self._built()
            self._looked_into()
            self._refuses_without_settings()
            self._served_as_the_page_says()
            self._serves_what_another_container_began()
        finally:
            for words in (("volume", "rm", "--force", self.name), ("image", "rm", "--force", self.name)):
                subprocess.run([*self.engine.command, *words], capture_output=True, check=False)

    def _built(self) -> None:
        sources = self.folder / "sources"
        for name in tracked():
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, sources / name)
        (sources / _STRAY).parent.mkdir(exist_ok=True)
        (sources / _STRAY).write_bytes(b"of a checkout that is worked in")
        words = _typed("build", {"provena-mcp": self.name})
        self.engine.run(*words[1:], folder=sources)
        size, base = (self._inspected("image", name)["Size"] for name in (self.name, self.engine.base))
        self._done(f"built: {size / 1e6:.0f} MB, of which {base / 1e6:.0f} MB are {self.engine.base}")

    def _looked_into(self) -> None:
        found = json.loads(self._python(_LOOK))
        self._require("the version inside", found["version"], __version__)
        own = sorted(name for name in tracked() if name.startswith("provena_mcp/"))
        self._require(
            "the package's files", sorted(name for name in found["files"] if not name.endswith(".pyc")), own
        )
        strays = [name for name in found["files"] if name.endswith(Path(_STRAY).name)]
        self._require("what should not be there", found["left"] + strays, [])
        self._done(f"has all {len(own)} files of the package and nothing that was left behind")

    def _refuses_without_settings(self) -> None:
        said = self.engine.run("run", "--rm", self.name, fails=True)
        if "Set PROVENA_" not in said or "Traceback" in said:
            raise NotAsTheyReadError(f"without settings it said\n{said}")
        self._done("says which setting it lacks, and serves nothing")

    def _served_as_the_page_says(self) -> None:
        (settings,) = (block for block in blocks() if block.page == PAGE and block.title == "provena.env")
        (self.folder / settings.title).write_text(settings.text.replace("…", _KEY))
        port = free_port()
        words = _typed("run", {**self._names(), "127.0.0.1:8000:8000": f"127.0.0.1:{port}:8000"})
        with self._running(words, port) as server:
            health = httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).json()
            self._require("its health", health, {"status": "ok", "version": __version__})
            self._done("/health and /ready answer")
            stands = {
                "user": [USER, USER],
                "capabilities": [0, 0, 0],
                "gains no privileges": True,
                "read-only": True,
                "writable": [_HOME, "/tmp"],
                "store": ["0o600", USER],
            }
            self._require(
                "how it stands",
                json.loads(self.engine.run("exec", self.name, "python", "-c", _STAND)),
                stands,
            )
            self._done(f"runs as user {USER}, without capabilities, and writes to its volume and /tmp only")
            check = self._inspected("container", self.name)["Config"]["Healthcheck"]["Test"]
            self.engine.run("exec", self.name, *check[1:])
            self.engine.run("run", "--rm", "--entrypoint", check[1], self.name, *check[2:], fails=True)
            self._done("its health check passes here, and fails where nothing is served")
            self._stopped(server)

    def _serves_what_another_container_began(self) -> None:
        """What is previewed in one container is confirmed in the next, for a user of a Provena that asks."""
        try:
            with running_realm(environments_folder()) as realm:
                asyncio.run(self._registered(realm))
        except NoProviderError as error:
            self._done(f"NOT TRIED: calls of a user, for want of an OpenID provider: {error}")
        else:
            self._done("a run previewed in one container is registered once, by the next on the same volume")

    async def _registered(self, realm: Realm) -> None:
        with protected_provena(realm, self.folder, fill) as provena:
            settings = {
                **provena.environment(),
                "PROVENA_CLIENT_ID": "provena-mcp",
                "PROVENA_CLIENT_SECRET": EXCHANGE_SECRET,
                "PROVENA_HTTP_URL": MCP_SERVER,
                "PROVENA_HTTP_AUDIENCE": "provena-api",
                "PROVENA_HTTP_KEY": _KEY,
                "PROVENA_HTTP_STORE": f"{_HOME}/shared.sqlite3",
            }
            lines = "".join(f"{name}={value}\n" for name, value in settings.items())
            (self.folder / "provena.env").write_text(lines)
            token = await token_of(realm, "writer")
            async with self._host(token) as host:
                preview = await call(host, "register_model_run", record=await new_record(host))
            async with self._host(token) as host:
                confirm = {"reference": preview["reference"], "confirm": True}
                done = [await call(host, "register_model_run", **confirm) for _ in range(2)]
                names = await names_of_runs(host)
            self._require("the outcomes", [one["status"] for one in done], ["succeeded"] * 2)
            self._require("how often the run is there", names.count(NEW_RUN), 1)

    @contextmanager
    def _running(self, words: list[str], port: int) -> Generator[subprocess.Popen[bytes]]:
        """The server of a line as the page has it, once it takes requests."""
        said = self.folder / "server.log"
        with said.open("wb") as log:
            line = self.engine.typed(words)
            server = subprocess.Popen(line, cwd=self.folder, stdout=log, stderr=log)
            try:
                wait_for(lambda: _is_ready(port), server, _PATIENCE)
                yield server
            except AssertionError as error:
                raise NotAsTheyReadError(f"{error}: {said.read_text('utf-8', 'replace')}") from error
            finally:
                removal = [*self.engine.command, "rm", "--force", self.name]
                subprocess.run(removal, capture_output=True, check=False)
                server.wait(_PATIENCE)

    @asynccontextmanager
    async def _host(self, token: str) -> AsyncGenerator[Client]:
        """A client of a container on this machine's own network, where the tests' Provena is."""
        port = free_port()
        words = _typed("run", {**self._names(), "--publish": "--network", "127.0.0.1:8000:8000": "host"})
        serve = ["serve", "--http", "--host", "127.0.0.1", "--port", str(port)]
        with self._running([*words, *serve], port) as server:
            async with (
                httpx2.AsyncClient(
                    headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
                ) as http,
                Client(streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)) as host,
            ):
                yield host
            self._stopped(server)

    def _stopped(self, server: subprocess.Popen[bytes]) -> None:
        began = time.monotonic()
        self.engine.run("stop", self.name)
        self._require("the exit code", server.wait(_PATIENCE), 0)
        self._done(f"stopped with exit code 0 after {time.monotonic() - began:.1f} s")

    def _names(self) -> dict[str, str]:
        """What the page calls by names that somebody here may use."""
        return {
            "--env-file": f"--name={self.name} --env-file",
            "provena-mcp": self.name,
            f"provena-mcp:{_HOME}": f"{self.name}:{_HOME}",
        }

    def _python(self, program: str) -> str:
        return self.engine.run("run", "--rm", "--entrypoint", "python", self.name, "-c", program)

    def _inspected(self, kind: str, name: str) -> dict[str, Any]:
        (told,) = json.loads(self.engine.run(kind, "inspect", name))
        return told

    def _require(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            raise NotAsTheyReadError(f"{what}: {found!r}, and not {wanted!r}")

    def _done(self, what: str) -> None:
        self.say(f"{time.monotonic() - self.began:6.1f} s  {what}")


def _typed(verb: str, others: dict[str, str]) -> list[str]:
    """The words of the page's line, some in place of which ``others`` stand; all of these must be in it."""
    lines = [line for block in blocks() if block.page == PAGE for line in block.lines()]
    (words,) = (shlex.split(line) for line in lines if line.startswith(f"docker {verb} "))
    if missing := set(others) - set(words):
        raise NotAsTheyReadError(f"'docker {verb}' on {PAGE} has no {sorted(missing)}")
    return [one for word in words for one in shlex.split(others.get(word, word))]


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
