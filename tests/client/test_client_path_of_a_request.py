"""How far a reader has to walk to follow one request."""

import pytest
from pydantic import SecretStr

from provena_mcp.client import ReadyToken
from tests.client.provena_stand_in import Script, client_over, json_answer
from tests.walks import following

PERSON = {"id": "10378.1/7", "item_category": "AGENT", "item_subtype": "PERSON"}


@pytest.mark.asyncio
async def test_a_get_passes_six_modules_of_the_client():
    script = Script([json_answer({"status": {"success": True, "details": ""}, "item": PERSON})])
    async with client_over(script, tokens=ReadyToken(SecretStr("t0ken"))) as client:
        await client.registry.fetch("10378.1/7")
        with following() as passed:
            await client.registry.fetch("10378.1/7")
    # The models of what comes back are what a reader knows already.
    assert {module for module in passed.files if not module.startswith("wire/")} == {
        "client/registry.py",
        "client/checks.py",
        "client/service.py",
        "client/http/connection.py",
        "client/http/auth.py",
        "client/http/transports.py",
    }
