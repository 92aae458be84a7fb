"""What the writing tools accept, from records, changes, items or CSV, is kept as it was given.

And every list, fetch, search, lineage, document, export and re-load survives it.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from mcp import Client
from pydantic import ValidationError

from provena_mcp.embedded.export import export_items
from provena_mcp.embedded.items import every_raw
from provena_mcp.embedded.loader import load_items
from provena_mcp.embedded.sources import read_source
from provena_mcp.embedded.store import Store
from provena_mcp.embedded.store_path import IN_MEMORY
from tests.worlds.deployment import a_record
from tests.worlds.sample import error_of, sample_client
from tests.worlds.sample_csv import a_csv

Json = dict[str, Any]

TEXTS: Final = st.text(st.characters(), min_size=1, max_size=12) | st.sampled_from(
    [
        "\0",
        "a\0b",
        "\ud83d",
        "\u202e",
        "mi\u200ckh\u200d",
        "ﬂ ß 水温",
        "\r\n",
        "'",
        '"',
        '","',
        "=1+1",
        "%2F",
        "#",
    ]
)
FORMS: Final = ("json", "provn", "ttl")
TOLD: Final = ("Argument", "Rejected", "RecordProblems", "FileRefused")
EXAMPLES: Final = max(2, (settings.default or settings()).max_examples // 100 - 1)


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
@given(TEXTS, TEXTS, st.integers(-(10**20), 10**20) | st.integers(0, 2_000_000_000))
@example("a\0b", "\ud800", 2**70)
@example('","', "ﬂ ß 水温 👩‍🔬", 0)
def test_what_a_writing_tool_accepts_is_kept_as_it_was_given(name: str, text: str, moment: int) -> None:
    asyncio.run(_survives(name, text, moment))


async def _survives(name: str, text: str, moment: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with sample_client(Path(folder), toolsets="all") as client:
            kept = [
                await _create(client, name, text),
                *await _register(client, name, text, moment),
                await _convert(client, name, text),
            ]
            if _is_plain(name) and _is_plain(text) and 0 <= moment < 2**31:
                assert None not in kept
                assert len(kept) == len(("study", "run", "row"))
            for written in filter(None, kept):
                await _read(client, written["id"], name)
            await _list_all(client)
        _check_store(Path(folder), [written for written in kept if written])


def _is_plain(text: str) -> bool:
    return text.isprintable() and text.strip() == text


async def _create(client: Client, name: str, text: str) -> Json | None:
    item = {"title": name, "description": text, "user_metadata": {"note": text}}
    made = await _done(client, "create_item", item_subtype="STUDY", item=item)
    return made and {"id": made["created"]["id"], **item}


async def _register(client: Client, name: str, text: str, moment: int) -> list[Json | None]:
    """A run, and the same once it has been given another name."""
    stated: Json = {
        "display_name": name,
        "description": text,
        "model_version": text,
        "start_time": moment,
        "end_time": moment,
    }
    made = await _done(client, "register_model_run", record=a_record(**stated))
    if made is None:
        return []
    changes = {"display_name": f"{name}{text}", "annotations": {"notes": text}}
    run = made["model_run_id"]
    changed = await _done(client, "update_model_run", model_run_id=run, reason="other words", changes=changes)
    return [{"id": run, "record": {**stated, **(changes if changed else {})}}]


async def _convert(client: Client, name: str, text: str) -> Json | None:
    cells = {"display name": name, "description": text, "annotation: notes": text}
    converted = await _accepted(client, "convert_model_runs", model_run_content=a_csv(cells))
    if converted is None or "reference" not in converted:
        return None
    made = await _done(client, "register_batch_model_runs", reference=converted["reference"])
    if made is None:
        return None
    # The layout takes the blanks around a cell for the table's, not the text's.
    kept = text.strip()
    stated = {"display_name": name.strip(), "description": kept}
    stated |= {"annotations": {"notes": kept}} if kept else {}
    return {"id": made["runs"][0]["model_run_id"], "record": stated}


async def _done(client: Client, tool: str, **arguments: Any) -> Json | None:
    """What a tool wrote; none if its preview, or the tool itself, had something against it."""
    shown = await _accepted(client, tool, **arguments)
    if shown is None or not shown.get("reference"):
        return None
    done = await _accepted(client, tool, reference=shown["reference"], confirm=True)
    assert done is not None, (tool, arguments)
    assert done["status"] == "succeeded", done
    return done


async def _accepted(client: Client, tool: str, **arguments: Any) -> Json | None:
    try:
        result = await client.call_tool(tool, arguments)
    except (ValidationError, UnicodeEncodeError):
        return None  # no client can send half a character
    if result.is_error:
        error = error_of(result)
        assert error["kind"] in TOLD, (tool, arguments, error)
        return None
    return result.structured_content


async def _read(client: Client, item_id: str, name: str) -> None:
    for tool, arguments in (
        ("fetch_items", {"ids": [item_id], "detail": "full"}),
        ("search_items", {"query": f"reef {name}"[:200]}),
        ("explore_upstream", {"starting_id": item_id, "depth": 2}),
        ("explore_downstream", {"starting_id": item_id, "depth": 2}),
        ("open_document", {"uri": f"provena://item/{item_id}"}),
        ("open_document", {"uri": f"provena://lineage/mermaid/upstream/2/{item_id}"}),
        *(
            ("open_document", {"uri": f"provena://prov/{form}/{item_id}"})
            for form in ("json", "provn", "ttl")
        ),
    ):
        result = await client.call_tool(tool, arguments)
        assert not result.is_error or error_of(result)["kind"] in ("WrongSubtype", "Argument"), result.content


async def _list_all(client: Client) -> None:
    for question in ({"limit": 100}, {"limit": 100, "sort_by": "name"}, {"group_by": "modeller"}):
        result = await client.call_tool("list_items", question)
        assert not result.is_error, result.content
        assert not (result.structured_content or {}).get("unparsable")


def _check_store(folder: Path, kept: list[Json]) -> None:
    (path,) = folder.glob("*.sqlite3")
    store, again = Store(path), Store(IN_MEMORY)
    held = _held(store)
    for written in kept:
        assert _differing(written, held[written["id"]]) == []
    export_items(store, folder / "all.json")
    report = load_items(again, read_source(folder / "all.json"))
    assert (report.skipped, _held(again)) == ((), held)
    store.close()
    again.close()


def _differing(given: Json, held: Json, place: str = "") -> list[str]:
    """Where what is held is not what was given."""
    found: list[str] = []
    for field, value in given.items():
        kept = held.get(field)
        if isinstance(value, dict):
            found += _differing(value, kept or {}, f"{place}.{field}")
        elif kept != value:
            found.append(f"{place}.{field}: {kept!r} instead of {value!r}")
    return found


def _held(store: Store) -> dict[str, Json]:
    with store.read() as connection:
        return {raw["id"]: raw for raw in map(json.loads, every_raw(connection))}
