"""What cannot be read is the caller's fault where they wrote it, and nowhere else."""

from pathlib import Path

import pytest

from tests.tools.misread.tool import MISREAD
from tests.worlds.deployment import provena, server
from tests.worlds.sample import BOTH_ERAS, failure


@pytest.mark.asyncio
@BOTH_ERAS
async def test_only_what_the_arguments_cannot_be_is_the_callers_fault(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era, more_tools=(MISREAD,)) as client:
        inside = await failure(client, "misread", answer="{}")
        argument = await failure(client, "misread", answer="{}", times="often")
    assert (inside["kind"], inside["fault"], "Field required" in inside["message"]) == (
        "Internal",
        "operator",
        False,
    )
    assert (argument["kind"], argument["fault"], argument["parameter"]) == ("Argument", "caller", "times")
