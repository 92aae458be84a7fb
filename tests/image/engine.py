"""A container engine of this machine, and an image that stands for the one that the Dockerfile begins with.

Where no registry of images is reached, such a base can be made with ``debootstrap``: Debian's Python of the
same version, and the certificates of this machine.
"""

from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
USER: Final = 10001
"""Who the server is in its container."""

MADE_HERE: Final = "debian"
"""The name of a base that is none yet: it is to be made of Debian's packages."""

_PATIENCE: Final = 900
# Debian 13 has the Python that the Dockerfile names.
_DEBIAN: Final = "trixie"
_PACKAGES: Final = "python3,python3-venv,ca-certificates"
# Podman's own choice of a runtime does not know every layout of control groups.
_ENGINES: Final = (("docker",), ("podman",), ("podman", "--runtime", "runc"))
# Engines ask for more than some machines let them have.
_LIMITS: Final = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")


class NoEngineError(Exception):
    """No engine runs containers here, or there is no image to begin with; says why."""


@dataclass(frozen=True)
class Engine:
    """Docker, or what is called as it is, and the image to build upon."""

    command: tuple[str, ...]
    base: str

    def typed(self, words: Sequence[str]) -> list[str]:
        """A line of a page, which begins with ``docker``, as it is for this engine on this machine."""
        return [*self.command, words[1], *self._options(words[1]), *words[2:]]

    def run(self, *words: str, fails: bool = False, folder: Path | None = None) -> str:
        """What a command of the engine prints.

        Raises:
            subprocess.CalledProcessError: It did not end as it should.
        """
        line = self.typed(("docker", *words))
        done = subprocess.run(
            line, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        if (done.returncode != 0) != fails:
            error = subprocess.CalledProcessError(done.returncode, line, done.stdout, done.stderr)
            error.add_note(reason(error))
            raise error
        return done.stdout + done.stderr if fails else done.stdout

    def _options(self, verb: str) -> tuple[str, ...]:
        if verb == "run":
            return _LIMITS
        if verb != "build":
            return ()
        begun_with = named_base()
        base = (
            () if self.base == begun_with else (f"--build-context={begun_with}=docker-image://{self.base}",)
        )
        # The format of its own has no place for health checks; what it keeps of steps, nobody clears away.
        podman = ("--format", "docker", "--layers=false") if self.command[0] == "podman" else ()
        return (*_LIMITS, *base, *podman)


def named_base() -> str:
    """The image that the Dockerfile begins with, in each of its stages."""
    (name,) = set(re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE))
    return name


def find_engine(base: str | None = None) -> Engine:
    """An engine that runs containers here.

    Args:
        base: An image that is here already, or ``MADE_HERE``; none means the image that the Dockerfile names.

    Raises:
        NoEngineError: There is none, or no base; says what each engine said.
    """
    refusals: list[str] = []
    for command in _ENGINES:
        try:
            engine = Engine(command, _base(command, base))
            # Listing images is not all it takes to run one.
            engine.run("run", "--rm", engine.base, "python", "-c", "pass")
        except (OSError, subprocess.SubprocessError) as error:
            refusals.append(f"{' '.join(command)}: {reason(error)}")
        else:
            return engine
    raise NoEngineError("; ".join(refusals))


def reason(error: Exception) -> str:
    """What a program that failed said last."""
    said = (error.stderr or error.stdout or "") if isinstance(error, subprocess.CalledProcessError) else ""
    return said.strip()[-600:] or str(error)


def _base(command: tuple[str, ...], wanted: str | None) -> str:
    """The image to begin with, which is here when this returns."""
    _ask(*command, "info")
    if wanted == MADE_HERE:
        return _made_here(command)
    name = wanted or named_base()
    if _is_here(command, name):
        return name
    _ask(*command, "pull", "--quiet", name)
    return name


def _made_here(command: tuple[str, ...]) -> str:
    """The image made of Debian's packages, anew each week."""
    year, week, _ = date.today().isocalendar()
    name = f"localhost/provena-mcp-base:{year}-{week}"
    if _is_here(command, name):
        return name
    if os.geteuid() != 0:
        raise PermissionError("only root can make an image of Debian's packages")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        _ask("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", _DEBIAN, str(root))
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        authorities = ssl.get_default_verify_paths().cafile
        if authorities is not None:
            shutil.copyfile(authorities, root / "etc/ssl/certs/ca-certificates.crt")
        for fetched in ("var/cache/apt", "var/lib/apt/lists"):
            shutil.rmtree(root / fetched)
        archive = Path(folder) / "root.tar"
        _ask("tar", "--create", "--file", str(archive), "--directory", str(root), ".")
        path = "ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        _ask(*command, "import", "--change", path, str(archive), name)
    return name


def _is_here(command: tuple[str, ...], name: str) -> bool:
    asked = [*command, "image", "inspect", name]
    return subprocess.run(asked, capture_output=True, timeout=_PATIENCE, check=False).returncode == 0


def _ask(*line: str) -> None:
    subprocess.run(line, capture_output=True, text=True, timeout=_PATIENCE, check=True)
