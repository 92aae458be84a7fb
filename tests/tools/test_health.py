from pathlib import Path

import pytest

from tests.worlds.deployment import answering, provena, server
from tests.worlds.sample import call

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
    assert you == {"roles": whole["roles"], "can_write": False}
