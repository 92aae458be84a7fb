"""A conversion, its preview and its confirmation look at the same items: each is read once, none is stale."""

from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from tests.worlds.deployment import Wire, a_record, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call
from tests.worlds.sample_csv import a_csv, trials

FETCH = "/registry-api/registry/general/fetch"
LIST = "/registry-api/registry/general/list"
MODELLER = "sample/1000005"


async def fetched(wire: Wire, client: Client, tool: str, **arguments: Any) -> tuple[int, dict[str, Any]]:
    """How many items the call fetched one by one, and its result."""
    before = wire.count(FETCH)
    result = await call(client, tool, **arguments)
    return wire.count(FETCH) - before, result


@BOTH_ERAS
@pytest.mark.asyncio
async def test_the_preview_of_a_conversion_and_its_confirmation_read_no_item_again(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era) as client:
        first, converted = await fetched(
            wire, client, "convert_model_runs", model_run_content=a_csv(*trials(3))
        )
        second, shown = await fetched(
            wire, client, "register_batch_model_runs", **converted["next"]["arguments"]
        )
        third, sent = await fetched(
            wire, client, "register_batch_model_runs", reference=shown["reference"], confirm=True
        )
    # The model is what only the preview shows; in the end the three runs that were registered are read.
    assert (first > 5, second, third) == (True, 1, 3)
    assert sent["status"] == "succeeded"


@pytest.mark.asyncio
async def test_what_changes_after_the_preview_is_seen_by_the_confirmation(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        shown = await call(client, "register_model_run", record=a_record())
        wire.edit_item(MODELLER, display_name="Maren Holt-Reyes")
        again = await call(client, "register_model_run", reference=shown["reference"], confirm=True)
    assert again["message"].startswith("Something this change refers to has changed since it was previewed")
    assert again["run"]["modeller"] == {"id": MODELLER, "name": "Maren Holt-Reyes"}


@pytest.mark.slow
@pytest.mark.asyncio
async def test_where_the_registry_cannot_say_what_has_changed_every_item_is_fetched_again(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        first, _ = await fetched(wire, client, "register_model_run", record=a_record())
        wire.spoilt[LIST] = answering(503, {"detail": "busy"})
        second, _ = await fetched(wire, client, "register_model_run", record=a_record())
    assert second == first
