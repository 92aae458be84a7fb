"""Does the embedded Provena answer what the real services were recorded to answer?

    python -m tests.golden_parity [../shared/goldens]

Loads the recorded world into a new store, repeats every recorded exchange of the families below (by
default of the recordings at hand) and prints how many are answered alike. Families are a table: a new
route's exchanges are one more row. Exchanges that write are played as stories, each on a world of its
own: ``golden_stories.py``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request

from provena_mcp.embedded.app import BASE_PATHS, create_app
from provena_mcp.embedded.identity import Identify, User, not_authenticated
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import Source
from provena_mcp.embedded.store import Store
from tests.golden_replay import Playing
from tests.golden_stories import STORIES, Story, read_recorded
from tests.recordings.recorded import RECORDINGS, Exchange, read_exchanges, read_items, read_json

Json = Any
# What two answers must have in common, as text; none where they do.
Comparison = Callable[[Json, Json], str | None]


def same(recorded: Json, answered: Json) -> str | None:
    """The bodies are equal."""
    return None if recorded == answered else f"recorded {_short(recorded)}, answered {_short(answered)}"


def same_graph(recorded: Json, answered: Json) -> str | None:
    """The graphs have the same nodes and links, in whatever order; all else is equal."""
    return same(_unordered(recorded), _unordered(answered))


def same_but_token(recorded: Json, answered: Json) -> str | None:
    """The bodies are equal apart from the echoed token, which was redacted in the recording."""
    hidden = {"access_token": ""}
    return (
        same({**recorded, **hidden}, {**answered, **hidden})
        if "username" in recorded
        else same(recorded, answered)
    )


def same_failure(recorded: Json, answered: Json) -> str | None:
    """Both say that the graph query failed; the database's own words are its own."""
    failed = "Neo4j lineage query experienced an exception: "
    ours = [body["detail"].startswith(failed) for body in (recorded, answered)]
    return None if all(ours) else same(recorded, answered)


@dataclass(frozen=True)
class Family:
    """Exchanges compared alike.

    ``exchanges`` are name patterns; ``but`` names those that cannot be repeated on the clean world, with why.
    """

    name: str
    file: str
    exchanges: tuple[str, ...]
    compare: Comparison = same
    but: tuple[tuple[str, str], ...] = ()

    def takes(self, name: str) -> bool:
        """Whether an exchange belongs to the family."""
        return any(fnmatch(name, pattern) for pattern in self.exchanges) and not any(
            fnmatch(name, pattern) for pattern, _ in self.but
        )


_LATER = "recorded after later writes"
_LINEAGE = ("prov_explore_*", "prov_special_*")
_AFTERWARDS = tuple(
    (f"*{mark}*", _LATER)
    for mark in ("after_clear", "item_not_in_graph", "seed_item", "new_version_upstream", "_after")
)
FAMILIES = (
    Family("lineage", "prov.jsonl", _LINEAGE, same_graph, _AFTERWARDS),
    Family("lineage, cap 100", "prov_depth100.jsonl", _LINEAGE, same_graph),
    Family(
        "lineage refused",
        "prov.jsonl",
        ("prov_err_explore_*", "prov_err_40*"),
        same_graph,
        (("*_depth_-1", "a family of their own"),),
    ),
    Family("lineage failing", "prov.jsonl", ("prov_err_explore_*_depth_-1",), same_failure),
    Family("health", "prov.jsonl", ("prov_health",)),
    Family("health of jobs", "job.jsonl", ("job_health",)),
    Family(
        "access",
        "prov.jsonl",
        ("prov_check_access_*", "prov_err_auth_missing", "prov_err_auth_noroles"),
        same_but_token,
    ),
    Family(
        "registry fetch",
        "registry.jsonl",
        ("registry_fetch_*", "registry_general_fetch_*"),
        same,
        (("registry_fetch_model_run_after_update", _LATER), ("registry_fetch_seed_item", _LATER)),
    ),
    Family(
        "registry list",
        "registry.jsonl",
        ("registry_list_*",),
        same,
        (("registry_list_model_runs", _LATER),),
    ),
    Family("who is who", "auth.jsonl", ("auth_link_lookup_*",)),
)


@dataclass(frozen=True)
class Tally:
    """How a family fared: exchanges repeated, and what differed in which."""

    family: str
    total: int
    differences: tuple[str, ...]

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.family:<20}{self.total - len(self.differences):>5} of {self.total}"


async def measure(goldens: Path, store_path: Path) -> list[Tally]:
    """Repeat every family's exchanges on a store made at ``store_path``, and the stories beside it."""
    identify = recorded_users(goldens)
    played = [
        await _play(story, goldens, store_path.with_suffix(f".{place}"), identify)
        for place, story in enumerate(STORIES)
    ]
    return [*await _repeat(goldens, store_path, identify), *played]


async def _repeat(goldens: Path, store_path: Path, identify: Identify) -> list[Tally]:
    store = _recorded_world(goldens, store_path)
    apps = {
        cap: httpx.AsyncClient(
            transport=httpx.ASGITransport(
                create_app(store, identify, depth_cap=cap), raise_app_exceptions=False
            ),
            base_url="http://embedded",
        )
        for cap in (10, 100)
    }
    try:
        return [
            await _measure(family, goldens, apps[100 if "100" in family.file else 10]) for family in FAMILIES
        ]
    finally:
        for client in apps.values():
            await client.aclose()
        store.close()


async def _play(story: Story, goldens: Path, store_path: Path, identify: Identify) -> Tally:
    store = _recorded_world(goldens, store_path)
    app = create_app(store, identify)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    differences: list[str] = []
    total = 0
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://embedded") as client,
    ):
        playing = Playing(story, client, goldens)
        for exchange in story.select(read_recorded(goldens)):
            total += 1
            difference = await playing.play(exchange)
            if difference is not None:
                differences.append(f"{exchange['name']}: {difference}")
    store.close()
    return Tally(story.name, total, tuple(differences))


def _recorded_world(goldens: Path, store_path: Path) -> Store:
    store = Store(store_path)
    load_items(store, Source(tuple(read_items(goldens)), read_json("links.json", goldens)))
    return store


async def _measure(family: Family, goldens: Path, client: httpx.AsyncClient) -> Tally:
    exchanges = [
        exchange for exchange in read_exchanges(goldens / family.file) if family.takes(exchange["name"])
    ]
    differences: list[str] = []
    for exchange in exchanges:
        difference = await _difference(client, exchange, family.compare)
        if difference is not None:
            differences.append(f"{exchange['name']}: {difference}")
    return Tally(family.name, len(exchanges), tuple(differences))


async def _difference(client: httpx.AsyncClient, exchange: Exchange, compare: Comparison) -> str | None:
    request, recorded = exchange["request"], exchange["response"]
    user = request["as_user"]
    answer = await client.request(
        request["method"],
        BASE_PATHS[request["service"].removesuffix("100")] + request["path"],
        params=request["params"],
        json=request.get("json"),
        headers={"x-recorded-user": user} if user else {},
    )
    if answer.status_code != recorded["status"]:
        return f"recorded {recorded['status']}, answered {answer.status_code} {answer.text[:200]}"
    challenge = answer.headers.get("www-authenticate")
    if challenge != recorded["headers"].get("www-authenticate"):
        return f"www-authenticate is {challenge!r}"
    if "json" in recorded:
        return compare(recorded["json"], answer.json())
    return same(recorded["text"], answer.text)


def recorded_users(goldens: Path) -> Identify:
    """Identifies callers by a header, with the roles they had when the exchanges were recorded."""
    users = {
        body["username"]: User(body["username"], body["email"], tuple(body["roles"]), "redacted")
        for exchange in read_exchanges(goldens / "prov.jsonl")
        if exchange["name"].startswith("prov_check_access_general_")
        for body in [exchange["response"]["json"]]
    }
    writer = users["writer"]

    def identify(request: Request) -> User:
        name = request.headers.get("x-recorded-user")
        if name is None:
            raise not_authenticated()
        # Whoever was not asked for their roles had the writer's.
        return users.get(name) or User(name, f"{name}@example.org", writer.roles)

    return identify


def _unordered(body: Json) -> Json:
    if "graph" not in body:
        return body
    graph = body["graph"]
    nodes = sorted(map(_sortable, graph["nodes"]))
    links = sorted(map(_sortable, graph["links"]))
    return {**body, "graph": {**graph, "nodes": nodes, "links": links}}


def _sortable(element: dict[str, str]) -> str:
    return json.dumps(element, sort_keys=True)


def _short(body: Json) -> str:
    text = json.dumps(body, sort_keys=True)
    return text if len(text) < 600 else f"{text[:600]}…"


def main(arguments: list[str]) -> int:
    """Print the tallies and what differs; 1 if anything does."""
    goldens = Path(arguments[0]) if arguments else RECORDINGS
    with tempfile.TemporaryDirectory() as folder:
        tallies = asyncio.run(measure(goldens, Path(folder) / "store.sqlite3"))
    lines = [line for tally in tallies for line in (str(tally), *tally.differences)]
    total = sum(tally.total for tally in tallies)
    alike = total - sum(len(tally.differences) for tally in tallies)
    sys.stdout.write("\n".join([*lines, f"{'all':<20}{alike:>5} of {total}"]) + "\n")
    return 0 if alike == total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
