"""A stranger's way to this server, from an empty folder with only Python: ``python -m tests.stranger``.

Builds wheel and sdist from what is checked in, installs the wheel where nothing else is, and does what the
README says: the demo, the server in every assistant, a picture. Only Python's own library is used here; uv,
which is fetched first where it is not beside this Python, is what a stranger would install and run with.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.assistants.settings_files import REAL

_ROOT: Final = Path(__file__).parents[2]
_PATIENCE: Final = 300
_AT_ONCE: Final = 2
# How this machine reaches packages, and what Windows starts nothing without.
_OF_THE_MACHINE: Final = ("SYSTEMROOT", "SSL_CERT_FILE", "UV_FIND_LINKS", "UV_INDEX_URL", "UV_CACHE_DIR")
# What those who only run it do not need, and a checkout has.
_NOT_IN_SDIST: Final = (
    ".",
    "AGENTS.md",
    "CODE_OF_CONDUCT.md",
    "Dockerfile",
    "justfile",
    "examples/",
    "mkdocs.yml",
)


class NoUvError(Exception):
    """uv cannot be had here; says why."""


class StrandedError(Exception):
    """A step did not do what it should; says which and what came of it."""


@dataclass
class Walk:
    """The way, in ``folder``, to ``clients``; ``say`` is told each step and how long it took."""

    folder: Path
    clients: tuple[str, ...] = (*REAL, "jetbrains", "chatgpt")
    say: Callable[[str], None] = print
    began: float = field(default_factory=time.monotonic)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def command(self) -> str:
        return str(self.folder / "installed" / ("Scripts" if os.name == "nt" else "bin") / "provena-mcp")

    def walk(self) -> None:
        """All of it.

        Raises:
            NoUvError: There is no uv, and so no way.
            StrandedError: A step failed.
        """
        self.home.mkdir()
        uv = self._uv()
        wheel = self._built(uv)
        self._installed(uv, wheel)
        self._demonstrated()
        self._as_the_readme_says(uv)
        self._installed_into_assistants()
        self._started_by_an_assistant()
        self._pictured()
        self._run_once(uv, wheel)
        self._bundled(uv)

    def run(self, *line: str, fails: bool = False, path: str = "") -> str:
        """What a command prints, with nothing in its environment but a home and ``path``."""
        surroundings = {"HOME": str(self.home), "USERPROFILE": str(self.home), "PATH": path}
        for name in (
            "SYSTEMROOT",
            "PIP_CERT",
            "SSL_CERT_FILE",
            "PIP_FIND_LINKS",
            "UV_FIND_LINKS",
            "UV_CACHE_DIR",
        ):
            if name in os.environ:
                surroundings[name] = os.environ[name]
        done = subprocess.run(
            line,
            cwd=self.folder,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_PATIENCE,
            check=False,
        )
        if (done.returncode != 0) != fails:
            raise StrandedError(f"{line} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout + done.stderr if fails else done.stdout

    def _uv(self) -> str:
        beside = Path(sys.executable).with_name("uv")
        if beside.is_file():
            self._done("uv is beside this Python")
            return str(beside)
        tools = self.folder / "tools"
        try:
            subprocess.run([sys.executable, "-m", "venv", tools], check=True, capture_output=True)
            python = tools / ("Scripts" if os.name == "nt" else "bin") / "python"
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]
            subprocess.run(pip, check=True, capture_output=True, timeout=_PATIENCE)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise NoUvError(str(error)) from error
        self._done("uv is here")
        return str(python.with_name("uv"))

    def _built(self, uv: str) -> Path:
        sources = self.folder / "sources"
        checked_in = tracked()
        for name in checked_in:
            (sources / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_ROOT / name, sources / name)
        # The wheel is made of the sdist, so that has all it takes.
        built = self.folder / "built"
        self.run(uv, "build", "--quiet", "--python", sys.executable, "--out-dir", str(built), str(sources))
        (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
        with zipfile.ZipFile(wheel) as archive:
            _all_there(
                "the wheel", archive.namelist(), (one for one in checked_in if one.startswith("provena_mcp/"))
            )
        with tarfile.open(sdist) as archive:
            names = [name.partition("/")[2] for name in archive.getnames()]
            wanted = [name for name in checked_in if not name.startswith(_NOT_IN_SDIST)]
            _all_there("the sdist", names, wanted)
        self._done(f"{wheel.name} and {sdist.name} are built and whole")
        return wheel

    def _installed(self, uv: str, wheel: Path) -> None:
        environment = str(self.folder / "installed")
        self.run(uv, "venv", "--quiet", "--python", sys.executable, environment)
        self.run(uv, "pip", "install", "--quiet", "--python", environment, str(wheel))
        self._done("the wheel is installed")

    def _demonstrated(self) -> None:
        said = self.run(self.command, "demo")
        if " questions, about " not in said or list(self.home.glob("*.sqlite*")):
            raise StrandedError(f"the demo said {said[-500:]}")
        self._done("the demo has answered")

    def _as_the_readme_says(self, uv: str) -> None:
        """What the README has everybody type first; uv stands in for pip, which would fetch all again."""
        first = re.search(
            r"^```sh\n(.*?)^```$", (_ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
        if first is None:
            raise StrandedError("the README says nothing to type")
        environment = self.folder / "typed"
        self.run(uv, "venv", "--quiet", "--python", sys.executable, str(environment))
        pip = environment / "bin" / "pip"
        pip.write_text(f'#!/bin/sh\nexec "{uv}" "$(basename "$0")" "$@" --quiet --python "{environment}"\n')
        pip.chmod(0o755)
        typed = f"cd '{self.folder / 'sources'}' && {first[1]}"
        said = self.run("sh", "-c", typed, path=f"{pip.parent}{os.pathsep}{os.defpath}")
        if " questions, about " not in said:
            raise StrandedError(f"the README's first line said {said[-500:]}")
        self._done("the README's first line has answered")

    def _installed_into_assistants(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._installed_into, self.clients))
        self._done(f"shown for {len(self.clients)} assistants, and installed into all that have a file")

    def _installed_into(self, client: str) -> None:
        shown = self.run(self.command, "install", "--client", client, "--print")
        if (self.command if client != "chatgpt" else "with the address") not in shown:
            raise StrandedError(f"--print for {client} shows\n{shown}")
        if client not in REAL:
            return
        place = Path(shown.splitlines()[0].partition(": ")[2])
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(REAL[client].encode())
        self.run(self.command, "install", "--client", client)
        content = place.read_bytes().decode()
        rest = iter(content)
        if self.command not in content or not all(character in rest for character in REAL[client]):
            raise StrandedError(f"{place} has lost something:\n{content}")

    def _started_by_an_assistant(self) -> None:
        said = self.run(self.command, "doctor", "--client", "cursor", "--no-mend")
        if "s without a PATH, " not in said:
            raise StrandedError(f"the doctor found\n{said}")
        self._done("what Cursor was told starts without a PATH")

    def _pictured(self) -> None:
        picture = self.folder / "picture.html"
        self.run(self.command, "show", "sample/1000117", "--sample", "-o", str(picture))
        if "<html" not in picture.read_text("utf-8"):
            raise StrandedError(f"{picture} is no page")
        self._done("a picture is drawn")

    def _run_once(self, uv: str, wheel: Path) -> None:
        once = (uv, "tool", "run", "--quiet", "--python", sys.executable, "--from", str(wheel), "provena-mcp")
        # The scripts of uv's passing environments call programs of the system.
        if " questions, about " not in self.run(*once, "demo", path=os.defpath):
            raise StrandedError("the demo by uvx did not end")
        refusal = self.run(*once, "install", "--client", "cursor", path=os.defpath, fails=True)
        if "temporary environment" not in refusal:
            raise StrandedError(f"installing from uvx said\n{refusal}")
        self._done("uvx runs the demo, and is not installed from")

    def _bundled(self, uv: str) -> None:
        bundle = self.folder / "provena.mcpb"
        made = subprocess.run(
            [
                str(Path(self.command).with_name("python")),
                "-m",
                "provena_mcp.assistants.formats",
                "--bundle",
                bundle,
            ],
            cwd=self.folder / "sources",
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        # What is generated is up to date in what is checked in, or it would be named here.
        if made.returncode or made.stdout:
            raise StrandedError(
                f"the bundle was not made, or what is generated differs: {made.stdout}{made.stderr}"
            )
        with zipfile.ZipFile(bundle) as archive:
            archive.extractall(self.folder / "unpacked")
            manifest = json.loads(archive.read("manifest.json"))
        line = manifest["server"]["mcp_config"]["args"][:-1]
        place = [str(self.folder / "unpacked") if word == "${__dirname}" else word for word in line]
        said = self.run(
            uv, "--quiet", place[0], "--python", sys.executable, *place[1:], "--version", path=os.defpath
        )
        if manifest["version"] not in said:
            raise StrandedError(f"the bundle said {said}")
        self._done("the bundle runs as its host would run it")

    def _done(self, what: str) -> None:
        self.say(f"{time.monotonic() - self.began:6.1f} s  {what}")


def tracked() -> list[str]:
    """What is checked in, as it is now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=_ROOT, capture_output=True, check=True, encoding="utf-8"
    )
    return [name for name in listed.stdout.split("\0") if name and (_ROOT / name).is_file()]


def _all_there(what: str, names: Iterable[str], wanted: Iterable[str]) -> None:
    missing = sorted(set(wanted) - set(names))
    if missing:
        raise StrandedError(f"{what} lacks {', '.join(missing[:10])}")
