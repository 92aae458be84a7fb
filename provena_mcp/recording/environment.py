"""What a run ran in: interpreters and their packages, a container; host and variables where asked for."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from provena_mcp.recording.captured import Environment, Interpreter, Package
from provena_mcp.recording.observation.python_events import PythonEvents, PythonProcess
from provena_mcp.recording.secrets import mask_variables

_CONTAINERS: Final = ("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER")
_PODMAN: Final = Path("/run/.containerenv")
_SEPARATORS: Final = re.compile(r"[-_.]+")


def describe_environment(told: PythonEvents, *, host: bool, variables: Sequence[str]) -> Environment:
    """What is known of a run's environment.

    Args:
        told: What its Python programs told.
        host: Whether to name this machine.
        variables: Environment variables to keep; secrets are masked all the same.
    """
    return Environment(
        interpreters=tuple(_interpreters(told)),
        container_image=_container_image(os.environ),
        facts=_container_kind() | (_host() if host else {}),
        variables=mask_variables({name: os.environ[name] for name in variables if name in os.environ}),
    )


def _interpreters(told: PythonEvents) -> Iterator[Interpreter]:
    by_executable: dict[str, PythonProcess] = {}
    for process in told.processes:
        by_executable.setdefault(process.executable, process)
    for process in by_executable.values():
        yield Interpreter(process.executable, process.version, _packages(process.path, told.imported))


def _packages(path: Sequence[str], imported: set[str]) -> tuple[Package, ...]:
    """The installed packages that imported modules belong to."""
    found: dict[str, Package] = {}
    wanted = {_normal(module) for module in imported}
    for entry in path:
        for information in _distributions(entry):
            name, _, version = information.name.removesuffix(".dist-info").rpartition("-")
            if name and (_normal(name) in wanted or imported & _modules(information)):
                found.setdefault(_normal(name), Package(_normal(name), version))
    return tuple(found[name] for name in sorted(found))


def _distributions(folder: str) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(".dist-info")]
    except OSError:
        return
    yield from (Path(folder, name) for name in names)


def _modules(information: Path) -> set[str]:
    """The modules at the top of a package, as far as its metadata names them."""
    for file, first in (
        ("top_level.txt", re.compile(r"(?m)^(\w+)")),
        ("RECORD", re.compile(r"(?m)^(\w+)(?:/|\.py,)")),
    ):
        try:
            return set(first.findall((information / file).read_text("utf-8", "replace")))
        except OSError:
            continue
    return set()


def _normal(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _container_image(environment: Mapping[str, str]) -> str | None:
    for variable in _CONTAINERS:
        if environment.get(variable):
            return environment[variable]
    try:
        text = _PODMAN.read_text("utf-8", "replace")
    except OSError:
        return None
    image = re.search(r'(?m)^image="?([^"\n]+)', text)
    return image[1] if image else None


def _container_kind() -> dict[str, str]:
    """That it ran in a container of a kind that does not say which image it is."""
    kinds = {"podman": _PODMAN, "docker": Path("/.dockerenv")}
    kind = next((kind for kind, mark in kinds.items() if mark.exists()), None)
    return {"container": kind} if kind else {}


def _host() -> dict[str, str]:
    return {
        "host": platform.node(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "processors": str(os.cpu_count() or "unknown"),
    }
