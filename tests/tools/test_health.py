"""Who answers, who asks, and what they may do."""

from pathlib import Path

import pytest

from tests.tools.conftest import Standing
from tests.worlds.deployment import a_record, answering, provena, server
from tests.worlds.sample import BOTH_ERAS, call

LOOKUP = "/auth-api/link/user/lookup"


@pytest.mark.asyncio
async def test_a_person_who_could_not_be_looked_up_is_not_said_to_be_missing(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire) as client:
        whole = (await call(client, "get_health_check"))["you"]
        wire.spoilt[LOOKUP] = answering(500, {"detail": "broken"})
        you = (await call(client, "get_health_check"))["you"]
    assert whole["can_write"]
    assert "unknown" not in whole
    assert you.pop("unknown").startswith("auth-api ")
    assert you == {"roles": whole["roles"], "can_write": True}


@pytest.mark.asyncio
async def test_a_writer_who_is_no_person_may_write_what_needs_none(tmp_path: Path):
    async with provena(tmp_path) as wire, server(wire, toolsets="default,curation") as client:
        wire.spoilt[LOOKUP] = answering(200, {"person_id": None, "success": False})
        you = (await call(client, "get_health_check"))["you"]
        run = await call(client, "register_model_run", record=a_record())
        done = await call(client, "register_model_run", reference=run["reference"], confirm=True)
        organisation = await call(
            client,
            "create_item",
            item_subtype="ORGANISATION",
            item={"name": "Reef Trust"},
        )
        model = await call(
            client,
            "create_item",
            item_subtype="MODEL",
            item={
                "name": "LagoonFlow 2",
                "description": "Currents.",
                "documentation_url": "https://example.org/docs",
                "source_url": "https://example.org/source",
            },
        )
    assert you["can_write"]
    assert "person" not in you
    assert (done["status"], organisation["ready"], model["ready"]) == ("succeeded", True, False)
    assert "not linked to a Person" in model["problems"][0]["message"]


@BOTH_ERAS
@pytest.mark.asyncio(loop_scope="session")
async def test_health_says_who_answers_and_who_asks(standing: Standing, era: str):
    async with standing.client(era) as client:
        health = await call(client, "get_health_check")
    assert (health["provena"]["kind"], health["provena"]["items"]) == ("sample", 124)
    assert set(health["services"].values()) == {"ok"}
    assert health["you"]["can_write"]
    assert health["you"]["person"]["name"] == "Local user"
