"""How far a reader has to walk to follow one request."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from pydantic import SecretStr

import provena_mcp
from provena_mcp.client import ReadyToken
from tests.client.provena_stand_in import Script, client_over, json_answer

PACKAGE = Path(provena_mcp.__file__).parent
PERSON = {"id": "10378.1/7", "item_category": "AGENT", "item_subtype": "PERSON"}


@contextmanager
def modules_entered() -> Iterator[set[str]]:
    """The package's modules of which a function is called inside the block."""
    entered: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            entered.add(str(path.relative_to(PACKAGE)))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield entered
    finally:
        sys.setprofile(before)


@pytest.mark.asyncio
async def test_a_get_passes_six_modules_of_the_client():
    script = Script([json_answer({"status": {"success": True, "details": ""}, "item": PERSON})])
    async with client_over(script, tokens=ReadyToken(SecretStr("t0ken"))) as client:
        await client.registry.fetch("10378.1/7")
        with modules_entered() as entered:
            await client.registry.fetch("10378.1/7")
    # The models of what comes back are what a reader knows already.
    assert {module for module in entered if not module.startswith("wire/")} == {
        "client/registry.py",
        "client/checks.py",
        "client/service.py",
        "client/http/connection.py",
        "client/http/auth.py",
        "client/http/transports.py",
    }
