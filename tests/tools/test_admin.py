"""Who may do what administrators do."""

from pathlib import Path

import pytest

from tests.tools.administration import ADMIN, RUN
from tests.worlds.deployment import answering, provena, server
from tests.worlds.sample import failure, sample_client

DELETE = "/prov-api/model_run/delete"
CONFIG = "/prov-api/admin/config"


@pytest.mark.asyncio
async def test_administration_is_off_unless_asked_for_and_gone_when_read_only(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        usual = {tool.name for tool in (await client.list_tools()).tools}
    async with sample_client(tmp_path, toolsets="admin", read_only=True) as client:
        reading = {tool.name for tool in (await client.list_tools()).tools}
    async with sample_client(tmp_path, toolsets="admin") as client:
        hints = {
            tool.name: (tool.annotations.read_only_hint, tool.annotations.destructive_hint)
            for tool in (await client.list_tools()).tools
            if tool.annotations is not None
        }
    assert not {"delete_model_run", "store_record", "generate_config_file"} & usual
    assert reading == {"generate_config_file"}
    assert hints == {
        "generate_config_file": (True, False),
        "store_record": (False, True),
        "store_multiple_records": (False, True),
        "store_all_registry_records": (False, True),
        "delete_model_run": (False, True),
    }


@pytest.mark.asyncio
async def test_who_is_no_administrator_is_told_so(tmp_path: Path):
    detail = "You are not authorised to access this resource as you don't have the correct role."
    async with provena(tmp_path) as wire, server(wire, **ADMIN) as client:
        for path in (CONFIG, DELETE):
            wire.spoilt[path] = answering(401, {"detail": detail})
        errors = [
            await failure(client, "generate_config_file"),
            await failure(client, "delete_model_run", model_run_id=RUN),
        ]
    assert {(error["kind"], error["fault"]) for error in errors} == {("Forbidden", "access")}
    assert "entity-registry-admin" in errors[0]["next"]
