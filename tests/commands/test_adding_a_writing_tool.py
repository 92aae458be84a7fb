"""A writing tool is one use case, one definition and its words: the gate does everything else."""

from pathlib import Path

import pytest

from tests.commands.toy.tools import remove_person
from tests.worlds.deployment import Asked, provena, server
from tests.worlds.sample import BOTH_ERAS, call, failure

TOY = Path(__file__).parent / "toy"
DELETE = "/registry-api/registry/agent/person/delete"
PERSON = "sample/1000005"


def test_adding_it_touches_no_more_than_four_files():
    written = [file for file in TOY.rglob("*") if file.suffix in (".py", ".md") and file.stat().st_size]
    # And the tuple of tools in the module of its toolset.
    assert len(written) + 1 <= 4


@pytest.mark.asyncio
@BOTH_ERAS
async def test_it_is_previewed_confirmed_once_and_told_again(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire, server(wire, era, more_tools=(remove_person,)) as client:
        shown = await call(client, "remove_person", person_id=PERSON, confirm=True)
        assert (shown["status"], shown["ready"], wire.count(DELETE)) == ("preview", True, 0)
        assert "cannot put the question to the user" in shown["message"]
        done = await call(client, "remove_person", reference=shown["reference"], confirm=True)
        again = await call(client, "remove_person", reference=shown["reference"], confirm=True)
        other = await failure(client, "update_model_run", reference=shown["reference"], confirm=True)
    assert done == {"status": "succeeded", "message": "Removed."}
    assert again["message"] == "It had been sent with this reference before and was not sent again. Removed."
    assert "was made for remove_person" in other["message"]
    assert wire.count(DELETE) == 1


@pytest.mark.asyncio
@BOTH_ERAS
async def test_its_user_is_asked_and_what_they_say_counts(tmp_path: Path, era: str):
    async with provena(tmp_path) as wire:
        refusing = Asked(action="decline")
        async with server(wire, era, asked=refusing, more_tools=(remove_person,)) as client:
            declined = await call(client, "remove_person", person_id=PERSON, confirm=True)
        agreeing = Asked()
        async with server(wire, era, asked=agreeing, more_tools=(remove_person,)) as client:
            done = await call(client, "remove_person", person_id=PERSON, confirm=True)
    assert (declined["status"], declined["person"]["name"]) == ("declined", "Maren Holt")
    assert done == {"status": "succeeded", "message": "Removed."}
    assert refusing.questions == agreeing.questions == ["Remove Maren Holt?"]
    assert wire.count(DELETE) == 1
