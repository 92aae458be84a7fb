"""How far a reader walks to follow a call: the files of the package that it passes.

    python -m tests.walks [WORD...]

prints how many files each walk passes above the HTTP seam and in the embedded Provena; of walks that have one
of the words in their name, also which files, in order. ``files_passed`` is what tests count with.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from mcp import Client

import provena_mcp
from tests.worlds.hosted import World, host_of
from tests.worlds.sample import call, sample_client
from tests.worlds.sample_csv import a_csv, trials

PACKAGE = Path(provena_mcp.__file__).parent
_KEY = "a-key-that-replicas-share-and-nobody-else-has"
RECORD: dict[str, Any] = {
    "workflow_template_id": "sample/1000011",
    "display_name": "Currents, again",
    "description": "The same once more.",
    "model_version": "3.0",
    "inputs": [
        {"dataset_template_id": "sample/1000007", "dataset_id": "sample/1000039"},
        {"dataset_template_id": "sample/1000008", "dataset_id": "sample/1000072"},
    ],
    "outputs": [{"dataset_template_id": "sample/1000010", "dataset_id": "sample/1000074"}],
    "annotations": {"scenario": "hindcast", "grid_resolution": "1 km"},
    "associations": {"modeller_id": "sample/1000005"},
    "start_time": 1_742_000_000,
    "end_time": 1_742_003_600,
}


@contextmanager
def files_passed() -> Iterator[dict[str, None]]:
    """The files of which a function is called meanwhile, in any thread, in the order of the first call."""
    passed: dict[str, None] = {}
    # Called for every function there is, so this has to be quick.
    inside = str(PACKAGE)

    def note(frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(inside):
            passed.setdefault(Path(file).relative_to(PACKAGE).as_posix())

    before = sys.getprofile()
    sys.setprofile(note)
    threading.setprofile(note)
    try:
        yield passed
    finally:
        sys.setprofile(before)
        threading.setprofile(before)


async def lineage(client: Client) -> None:
    """A page of a lineage with its names."""
    await call(client, "explore_upstream", starting_id="sample/1000117", depth=3)


async def registration(client: Client) -> None:
    """A record to its preview, the reference to a handle."""
    preview = await call(client, "register_model_run", record=RECORD)
    done = await call(client, "register_model_run", reference=preview["reference"], confirm=True)
    assert done["status"] == "succeeded"


async def conversion(client: Client) -> None:
    """A CSV of three runs to its preview."""
    await call(client, "convert_model_runs", model_run_content=a_csv(*trials(3)))


async def error(client: Client) -> None:
    """A handle that does not exist to what the assistant reads."""
    answer = await client.call_tool("explore_upstream", {"starting_id": "sample/9"})
    assert answer.is_error


async def fetch(client: Client) -> None:
    """An item in brief."""
    await call(client, "fetch_items", ids=["sample/1000117"])


async def walked(walk: Callable[[Client], Awaitable[None]], folder: Path) -> dict[str, None]:
    """The files a walk passes on a server of one user that has answered before."""
    # Before the server starts: threads that run already are not followed.
    with files_passed() as passed:
        async with sample_client(folder) as client:
            await call(client, "get_health_check")
            passed.clear()
            await walk(client)
            return dict(passed)


async def bearer(folder: Path) -> dict[str, None]:
    """The files that a caller's first call over HTTP passes, the server's start included."""
    world = World(folder)
    with files_passed() as passed:
        async with (
            world.app(http_key=_KEY, http_store=folder / "shared.sqlite3") as app,
            host_of(app, world.token("alice")) as client,
        ):
            await fetch(client)
    world.close()
    return passed


def main(words: list[str]) -> None:
    """Print the walks; each in a loop of its own, as threads of an earlier one would not be followed."""
    walks = {
        "lineage": lineage,
        "registration": registration,
        "conversion": conversion,
        "fetch": fetch,
        "error": error,
    }
    for name in [*walks, "bearer"]:
        if words and not any(word in name for word in words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            traced = walked(walks[name], Path(folder)) if name in walks else bearer(Path(folder))
            passed = asyncio.run(traced)
        inside = [file for file in passed if file.startswith("embedded/")]
        counts = f"{len(passed) - len(inside)} files above the seam, {len(inside)} of the embedded Provena"
        sys.stdout.write(f"{name}: {counts}\n")
        if words:
            sys.stdout.writelines(f"    {file}\n" for file in passed)


if __name__ == "__main__":
    main(sys.argv[1:])
