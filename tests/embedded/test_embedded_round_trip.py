"""Whatever any door accepts, every list, fetch, search, lineage, document, export and re-load survives."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provena_mcp.embedded.export import export_items
from provena_mcp.embedded.items import every_raw
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import read_source
from provena_mcp.embedded.store import Store
from provena_mcp.embedded.store_path import IN_MEMORY
from provena_mcp.queries.documents.kinds import PROV_TYPES
from provena_mcp.queries.documents.prov_documents import render_prov
from provena_mcp.wire.items import MODEL_OF
from provena_mcp.wire.lineage import LINEAGE_ROUTE
from provena_mcp.wire.subtypes import CATEGORY_OF, ROUTE_OF, SUBTYPES, ItemSubtype
from tests.embedded.routes import GENERAL
from tests.embedded.services_client import ServicesClient, running_services
from tests.worlds.small import Json
from tests.worlds.writable import a_record, writable_world

# What other tests pass too takes twice as long when every line is traced.
pytestmark = pytest.mark.no_cover

SORTS = ("CREATED_TIME", "UPDATED_TIME", "DISPLAY_NAME")

# Half characters and U+0000 are characters too: a door may refuse them, but nothing else may go wrong.
TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(
    [
        "\0",
        "a\0b",
        "\ud83d",
        "\u202e",
        "ﬂ ß 水温",
        "\r\n",
        "\ufeffa\ufeffb\ufeff",
        "' OR 1 --",
        '"',
        "\\u0000",
        "<b>",
        "%",
        "AND",
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([2**63, -(2**63), 10**30, 10**400, float("inf")])
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
HANDLES = st.text("ab1.:/#?%&=+~@!$(),;*-_é水", min_size=1, max_size=10).map("h/{}".format)
MOMENTS = st.integers(-(2**63), 2**63) | st.integers(0, 2_000_000_000)

# What each kind of item says of itself, in the fields that lists, searches and lineage look at.
CONTENT: dict[str, dict[str, Any]] = {
    "STUDY": {"title": TEXTS, "description": TEXTS},
    "ORGANISATION": {"name": TEXTS, "ror": st.none() | TEXTS},
    "PERSON": {"first_name": TEXTS, "last_name": TEXTS, "email": TEXTS},
    "MODEL": {"name": TEXTS, "description": TEXTS, "documentation_url": TEXTS, "source_url": TEXTS},
    "DATASET": {
        "collection_format": st.fixed_dictionaries(
            {
                "dataset_info": st.fixed_dictionaries(
                    {
                        "name": TEXTS,
                        "keywords": st.lists(TEXTS, max_size=2),
                        "spatial_info": st.none() | st.fixed_dictionaries({"coverage": TEXTS}),
                        "user_metadata": st.none() | st.dictionaries(TEXTS, TEXTS, max_size=2),
                    }
                )
            }
        )
    },
}


@st.composite
def loaded_items(draw: st.DrawFn) -> Json:
    """An item as some deployment might hold it."""
    subtype: ItemSubtype = draw(st.sampled_from([subtype for subtype in SUBTYPES if subtype in CONTENT]))
    moment = draw(MOMENTS)
    return {
        **draw(st.dictionaries(TEXTS, VALUES, max_size=2)),
        **{name: draw(values) for name, values in CONTENT[subtype].items()},
        "display_name": draw(TEXTS),
        "history": [],
        "id": draw(HANDLES),
        "owner_username": draw(TEXTS),
        "created_timestamp": moment,
        "updated_timestamp": moment,
        "item_category": CATEGORY_OF[subtype],
        "item_subtype": subtype,
        "record_type": "COMPLETE_ITEM",
    }


def a_study(name: str) -> Json:
    """One called so, and nothing else."""
    return {
        "title": name,
        "description": name,
        "display_name": name,
        "history": [],
        "id": "h/1",
        "owner_username": "",
        "created_timestamp": 0,
        "updated_timestamp": 0,
        "item_category": "ACTIVITY",
        "item_subtype": "STUDY",
        "record_type": "COMPLETE_ITEM",
    }


UNSEEN = "\ufeffMoore\ufeff Reef\ufeff"
RECORDS = st.fixed_dictionaries(
    {
        "display_name": TEXTS,
        "description": TEXTS,
        "model_version": st.none() | TEXTS,
        "annotations": st.fixed_dictionaries({"scenario": TEXTS, "notes": TEXTS}),
        "start_time": st.integers(-(10**20), 10**20),
    }
).map(lambda changes: a_record(**changes, end_time=changes["start_time"]))


@pytest.mark.slow
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.large_base_example,
    ],
)
@given(st.lists(loaded_items(), max_size=3), st.lists(RECORDS, max_size=1), TEXTS)
@example([], [a_record(display_name="a\0b")], "a\0b")
@example([a_study("\0")], [], "")
@example([a_study(UNSEEN)], [a_record(display_name=UNSEEN)], UNSEEN)
@example([], [a_record(start_time=2**70, end_time=2**70)], "\ud800")
def test_what_any_door_accepts_comes_out_of_all_of_them_alike(
    items: list[Json], records: list[Json], text: str
) -> None:
    asyncio.run(_survives(items, records, text))


def test_a_mark_that_nobody_sees_stays_in_names_of_files_that_spell_it_out(tmp_path: Path):
    file, out = tmp_path / "items.json", tmp_path / "all.json"
    file.write_text(f"\ufeff{json.dumps([a_study(UNSEEN)], ensure_ascii=False)}", encoding="utf-8")
    first, again = Store(IN_MEMORY), Store(IN_MEMORY)
    load_items(first, read_source(file))
    export_items(first, out)
    load_items(again, read_source(out))
    assert [raw["title"] for raw in _held(again).values()] == [UNSEEN]
    assert _held(again) == _held(first)


async def _survives(items: list[Json], records: list[Json], text: str) -> None:
    store = Store(IN_MEMORY)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "items.json"
        # As a file may spell it: everything that JSON of Python can hold.
        file.write_text(json.dumps([*writable_world(), *items]))
        load_items(store, read_source(file))
        async with running_services(store) as services:
            await _create(services, text)
            for record in records:
                answer = await _post(services, "/prov-api/model_run/register", record)
                assert answer.status_code in (200, 422), answer.text
                if answer.status_code == 200:
                    assert (await services.job(answer.json()["session_id"]))["status"] == "SUCCEEDED"
            held = _held(store)
            await _check_lists(services, held)
            for raw in held.values():
                await _check_item(services, raw)
        again = Store(IN_MEMORY)
        out = Path(folder) / "all.json"
        export_items(store, out)
        report = load_items(again, read_source(out))
        assert (report.skipped, report.loaded) == ((), len(held))
        assert (_held(again), _graph(again)) == (held, _graph(store))
    store.close()
    again.close()


async def _create(services: ServicesClient, text: str) -> None:
    content = {"display_name": text, "title": text, "description": text, "user_metadata": {text: text}}
    answer = await _post(services, "/registry-api/registry/activity/study/create", content)
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        created = answer.json()["created_item"]
        assert {name: created[name] for name in content} == content


async def _post(services: ServicesClient, path: str, body: Json) -> Any:
    # Not by httpx, which could not encode all of it.
    return await services.client.post(
        path, content=json.dumps(body), headers={"content-type": "application/json"}
    )


async def _check_lists(services: ServicesClient, held: dict[str, Json]) -> None:
    for sort in SORTS:
        listed: list[Json] = []
        key: Json | None = None
        while True:
            body = {"sort_by": {"sort_type": sort}, "page_size": 5, "pagination_key": key}
            answer = await services.post(f"{GENERAL}/list", body)
            assert answer.status_code == 200, answer.text
            listed += answer.json()["items"]
            key = answer.json()["pagination_key"]
            if key is None:
                break
        assert {raw["id"]: raw for raw in listed} == {
            item_id: _without_nulls(raw) for item_id, raw in held.items()
        }
    for subtype, route in ROUTE_OF.items():
        answer = await services.post(f"/registry-api{route}/list", {"page_size": 1000})
        assert {raw["id"] for raw in answer.json()["items"]} == {
            item_id for item_id, raw in held.items() if raw["item_subtype"] == subtype
        }


async def _check_item(services: ServicesClient, raw: Json) -> None:
    item_id, subtype = raw["id"], raw["item_subtype"]
    assert await services.item(item_id) == {**_without_nulls(raw), "universal_partition_key": "OK"}
    typed = (await services.get(f"/registry-api{ROUTE_OF[subtype]}/fetch", id=item_id)).json()["item"]
    assert typed.keys() == MODEL_OF[subtype].model_fields.keys()
    assert _lost(_without_nulls({name: raw[name] for name in typed if name in raw}), typed) == []
    found = await services.get("/search/search/entity-registry", query=raw["display_name"], record_limit=50)
    assert found.status_code == 200
    for path in LINEAGE_ROUTE.values():
        answer = await services.get(f"/prov-api{path}", starting_id=item_id, depth=3)
        assert answer.status_code == 200, answer.text
    if subtype == "MODEL_RUN":
        assert all(render_prov(raw["prov_serialisation"], form) for form in PROV_TYPES)


def _lost(given: Any, answered: Any, place: str = "") -> list[str]:
    """Where a value that an item's model knows is answered otherwise."""
    if isinstance(given, dict) and isinstance(answered, dict):
        known = [name for name in given if name in answered]
        return [lost for name in known for lost in _lost(given[name], answered[name], f"{place}.{name}")]
    if isinstance(given, list) and isinstance(answered, list) and len(given) == len(answered):
        pairs = zip(given, answered, strict=True)
        return [lost for part, kept in pairs for lost in _lost(part, kept, place)]
    return [] if given == answered else [place]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


def _held(store: Store) -> dict[str, Json]:
    with store.read() as connection:
        found = [json.loads(text) for text in every_raw(connection)]
    return {raw["id"]: raw for raw in found}


def _graph(store: Store) -> set[tuple[str, str, int]]:
    with store.read() as connection:
        return set(
            connection.execute(
                "SELECT near.id, far.id, relation FROM link "
                "JOIN node AS near ON near.key = source JOIN node AS far ON far.key = target"
            )
        )
