"""How far a reader walks to follow a call: the files and functions of the package that it passes.

    python -m tests.walks [WORD...]

prints for each walk how many files and functions it passes above the HTTP seam, how often it changes from one
file to another at a function's first call, how many requests it sends, and what it passes in the embedded
Provena; of walks that have one of the words in their name, also the files, in order.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import FrameType

from mcp import Client
from pydantic import SecretStr

import provena_mcp
from provena_mcp.client import Endpoints, ProvenaClient, ReadyToken
from tests.worlds.deployment import BASE, Wire, a_record, provena, server
from tests.worlds.hosted import World, host_of
from tests.worlds.sample import call, failure
from tests.worlds.sample_csv import a_csv, trials

PACKAGE = Path(provena_mcp.__file__).parent
# Called for every function there is, so this has to be quick.
_INSIDE, _EMBEDDED = f"{PACKAGE}/", f"{PACKAGE}/embedded/"
_IMPORTING = "<frozen importlib"
_KEY = "a-key-that-replicas-share-and-nobody-else-has"

Functions = dict[tuple[str, str], None]


@dataclass
class Walk:
    """Functions as file and qualified name, in the order of their first call.

    What the embedded Provena calls, such as a rule, is on its side of the HTTP seam.
    """

    above: Functions = field(default_factory=Functions)
    embedded: Functions = field(default_factory=Functions)
    requests: int = 0

    @property
    def files(self) -> dict[str, None]:
        """The files above the seam, in the order of the first call."""
        return dict.fromkeys(file for file, _ in self.above)

    @property
    def files_of_embedded(self) -> dict[str, None]:
        """The files that the embedded Provena passes."""
        return dict.fromkeys(file for file, _ in self.embedded)

    @property
    def moves(self) -> int:
        """How often the next function called first above the seam is in another file."""
        return sum(one != other for (one, _), (other, _) in pairwise(self.above))

    def clear(self) -> None:
        """Forget what was passed so far."""
        self.above.clear()
        self.embedded.clear()

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Note a call: what the interpreter is given to tell of each."""
        code = frame.f_code
        # Modules, comprehensions and lambdas are parts of what has a name.
        if event == "call" and code.co_filename.startswith(_INSIDE) and not code.co_name.startswith("<"):
            functions = self._of(frame)
            if functions is not None:
                functions.setdefault((code.co_filename.removeprefix(_INSIDE), code.co_qualname))

    def _of(self, frame: FrameType | None) -> Functions | None:
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(_EMBEDDED):
                return self.embedded
            # What a module does while it is imported happens once, whoever needs it first.
            if file.startswith(_IMPORTING):
                return None
            frame = frame.f_back
        return self.above


@contextmanager
def following() -> Iterator[Walk]:
    """Every call meanwhile, in this thread and in those that start meanwhile, not in others that run."""
    walk, before = Walk(), sys.getprofile()
    sys.setprofile(walk.note)
    threading.setprofile(walk.note)
    try:
        yield walk
    finally:
        sys.setprofile(before)
        threading.setprofile(before)


async def lineage(client: Client) -> None:
    """A page of a lineage with its names."""
    await call(client, "explore_upstream", starting_id="sample/1000117", depth=3)


async def registration(client: Client) -> None:
    """A record to its preview, the reference to a handle."""
    preview = await call(client, "register_model_run", record=a_record())
    done = await call(client, "register_model_run", reference=preview["reference"], confirm=True)
    assert done["status"] == "succeeded"


async def conversion(client: Client) -> None:
    """A CSV of three runs to its preview, and that to three handles."""
    converted = await call(client, "convert_model_runs", model_run_content=a_csv(*trials(3)))
    preview = await call(client, converted["next"]["tool"], **converted["next"]["arguments"])
    reference = preview["reference"]
    done = await call(client, "register_batch_model_runs", reference=reference, expect_new=3, confirm=True)
    assert done["status"] == "succeeded"


async def row(client: Client) -> None:
    """An item in brief, from the registry's row."""
    await call(client, "fetch_items", ids=["sample/1000117"])


async def error(client: Client) -> None:
    """A handle that does not exist, which Provena answers with a 500, to what the assistant reads."""
    failed = await failure(client, "explore_upstream", starting_id="sample/9")
    assert failed["kind"] == "NotFound"


@asynccontextmanager
async def _one_user(folder: Path) -> AsyncGenerator[tuple[Wire, Client]]:
    async with provena(folder) as wire, server(wire) as client:
        # What is imported and made once is no part of a walk.
        await call(client, "get_health_check")
        await call(client, "register_model_run", record={})
        await call(client, "register_batch_model_runs", records=[])
        await call(client, "explore_upstream", starting_id="sample/1000001", depth=1)
        await call(client, "fetch_items", ids=["sample/1000001"])
        yield wire, client


async def walked(walk: Callable[[Client], Awaitable[None]], folder: Path) -> Walk:
    """A walk on a server of one user that has answered before."""
    with following() as passed:
        async with _one_user(folder) as (wire, client):
            sent = len(wire.seen)
            passed.clear()
            await walk(client)
            passed.requests = len(wire.seen) - sent
            return Walk(dict(passed.above), dict(passed.embedded), passed.requests)


async def get(folder: Path) -> Walk:
    """A GET by the client alone, from the method of its API to the model of what is answered."""
    with following() as passed:
        async with provena(folder) as wire, _client(wire) as client:
            await client.registry.health()
            passed.clear()
            await client.registry.health()
            return Walk(dict(passed.above), dict(passed.embedded), 1)


def _client(wire: Wire) -> ProvenaClient:
    services = {name: f"{BASE}/registry-api" for name in Endpoints.model_fields if name != "keycloak"}
    return ProvenaClient(Endpoints(**services), tokens=ReadyToken(SecretStr("a-token")), transport=wire)


async def bearer(folder: Path) -> Walk:
    """A caller's first call over HTTP, the server's start included."""
    world = World(folder)
    with following() as passed:
        async with (
            world.app(http_key=_KEY, http_store=folder / "shared.sqlite3") as app,
            host_of(app, world.token("alice")) as client,
        ):
            await row(client)
    passed.requests = len(world.seen) + len(world.exchanges)
    world.close()
    return passed


WALKS = {each.__name__: each for each in (lineage, registration, conversion, row, error)}
ALONE = {each.__name__: each for each in (get, bearer)}


def _line(name: str, *columns: object) -> str:
    return f"{name:14}" + "".join(f"{column:>11}" for column in columns) + "\n"


def main(words: list[str]) -> None:
    """Print the walks; each in a loop of its own, as threads of an earlier one would not be followed."""
    logging.disable(logging.CRITICAL)
    sys.stdout.write(_line("", "files", "functions", "moves", "requests", "embedded", "functions"))
    for name in [*WALKS, *ALONE]:
        with tempfile.TemporaryDirectory() as folder:
            traced = walked(WALKS[name], Path(folder)) if name in WALKS else ALONE[name](Path(folder))
            walk = asyncio.run(traced)
        above = (len(walk.files), len(walk.above), walk.moves, walk.requests)
        sys.stdout.write(_line(name, *above, len(walk.files_of_embedded), len(walk.embedded)))
        if any(word in name for word in words):
            sys.stdout.writelines(f"    {file}\n" for file in (*walk.files, *walk.files_of_embedded))


if __name__ == "__main__":
    main(sys.argv[1:])
