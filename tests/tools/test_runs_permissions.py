"""Who may write is said at the preview; a server that only reads has no tool for it."""

from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from tests.worlds.deployment import Asked, a_record, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call

REGISTER = "/prov-api/model_run/register"
OWN = "local/1000001"


@pytest.mark.asyncio
@BOTH_ERAS
async def test_a_read_only_server_has_no_tool_that_writes(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era, read_only=True, toolsets="all") as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        with pytest.raises(MCPError, match="There is no tool 'register_model_run'"):
            await client.call_tool("register_model_run", {"record": a_record(), "confirm": True})
    assert {"get_job", "list_jobs"} <= names
    assert not names & {
        "register_model_run",
        "register_batch_model_runs",
        "update_model_run",
        "link_model_run_to_study",
    }
    assert wire.count(REGISTER) == 0


@pytest.mark.asyncio
@BOTH_ERAS
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("register_model_run", {"record": a_record()}),
        ("register_batch_model_runs", {"records": [a_record()]}),
        (
            "create_item",
            {
                "item_subtype": "PERSON",
                "item": {
                    "first_name": "Ada",
                    "last_name": "Okafor",
                    "email": "ada@example.org",
                    "ethics_approved": True,
                },
            },
        ),
        ("update_model_run", {"model_run_id": OWN, "reason": "x", "changes": {"display_name": "y"}}),
        ("link_model_run_to_study", {"model_run_id": OWN, "study_id": "sample/1000031"}),
    ],
    ids=["run", "batch", "item", "update", "link"],
)
async def test_a_reader_is_told_at_the_preview_that_they_may_not_write(
    tmp_path: Path, era: str, tool: str, arguments: dict[str, Any]
):
    user = Asked()
    async with (
        provena(tmp_path) as wire,
        server(wire, era, asked=user, toolsets="default,curation") as client,
    ):
        mine = await call(client, "register_model_run", record=a_record(display_name="Mine", study_id=None))
        await call(client, "register_model_run", reference=mine["reference"], confirm=True)
        detail = "You are not authorised to access this resource as you don't have the correct role."
        wire.spoilt["/prov-api/check-access/check-write-access"] = answering(401, {"detail": detail})
        shown = await call(client, tool, **arguments)
        asked = await call(client, tool, **arguments, confirm=True)
    assert (shown["status"], shown["ready"], "reference" in shown) == ("preview", False, False)
    assert [problem["path"] for problem in shown["problems"]] == [""]
    assert "entity-registry-write" in shown["problems"][0]["message"]
    assert shown["message"].startswith("Nothing has been changed. The change is complete")
    assert (asked, user.questions) == (shown, [])


@pytest.mark.asyncio
async def test_where_it_is_not_known_who_may_write_the_preview_is_ready(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        wire.spoilt["/prov-api/check-access/check-write-access"] = answering(500, {"detail": "down"})
        shown = await call(client, "register_model_run", record=a_record())
    assert shown["ready"]
