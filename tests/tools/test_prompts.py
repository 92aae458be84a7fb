from pathlib import Path

import pytest
from mcp import Client
from mcp.types import TextContent

from provena_mcp.prompts import PROMPTS
from provena_mcp.server.build import build_server
from provena_mcp.tools.toolsets import ALL_TOOLS
from tests.worlds.sample import BOTH_ERAS, sample_client
from tests.worlds.settings import settings_with


async def text_of(client: Client, prompt: str, **arguments: str) -> str:
    (message,) = (await client.get_prompt(prompt, arguments)).messages
    assert message.role == "user"
    assert isinstance(message.content, TextContent)
    return message.content.text


def test_a_prompt_needs_only_tools_that_exist():
    assert (
        frozenset().union(*(prompt.needs for prompt in PROMPTS)) - {tool.name for tool in ALL_TOOLS} == set()
    )


@BOTH_ERAS
@pytest.mark.asyncio
async def test_every_prompt_is_offered_with_a_title_and_described_arguments(tmp_path: Path, era: str):
    async with sample_client(tmp_path, era, toolsets="default,recording") as client:
        offered = (await client.list_prompts()).prompts
    assert [prompt.name for prompt in offered] == [prompt.name for prompt in PROMPTS]
    assert all(prompt.title and prompt.description for prompt in offered)
    assert all(argument.description for prompt in offered for argument in prompt.arguments or ())


@pytest.mark.asyncio
async def test_prompts_whose_tools_are_switched_off_are_not_offered(tmp_path: Path):
    async with sample_client(tmp_path, toolsets="registry,health") as client:
        offered = (await client.list_prompts()).prompts
    assert [prompt.name for prompt in offered] == ["what_is_in_this_provena"]


@pytest.mark.asyncio
async def test_a_read_only_server_offers_no_prompt_that_writes(tmp_path: Path):
    async with sample_client(tmp_path, read_only=True) as client:
        offered = {prompt.name for prompt in (await client.list_prompts()).prompts}
    assert {prompt.name for prompt in PROMPTS} - offered == {
        "register_runs_from_csv",
        "record_what_i_just_ran",
        "bring_in_this_crate",
    }


@pytest.mark.asyncio
async def test_an_id_is_taken_in_any_of_its_spellings(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        written = [
            await text_of(client, "trace_a_result", result_id=spelling)
            for spelling in ("sample/1000117", "hdl:sample/1000117", "https://hdl.handle.net/sample/1000117")
        ]
    assert written[0].startswith("How was `sample/1000117` made?")
    assert written[1:] == written[:1] * 2


@pytest.mark.asyncio
async def test_words_instead_of_an_id_are_to_be_searched_for(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        text = await text_of(client, "who_to_credit", result_id="restoration\n priorities")
    assert text.startswith(
        "Whom should I credit for the item I call 'restoration priorities' "
        "(find its id with search_items; if several fit, ask me which), and how do I cite it?"
    )


@pytest.mark.asyncio
async def test_an_optional_argument_may_be_left_out(tmp_path: Path):
    async with sample_client(tmp_path) as client:
        text = await text_of(client, "register_runs_from_csv")
    assert "They follow a template I have to choose." in text


@pytest.mark.asyncio
async def test_a_prompt_reads_nothing_of_provena(tmp_path: Path):
    nowhere = settings_with(
        domain="provena.invalid",
        realm="none",
        access_token="not-a-token",
    )
    async with Client(build_server(nowhere)) as client:
        text = await text_of(client, "compare_runs", first_run_id="1/1", second_run_id="1/2")
    assert text.startswith("What differs between `1/1` and `1/2`?")


@pytest.mark.asyncio
async def test_recording_starts_from_the_last_capture_unless_another_is_named(tmp_path: Path):
    async with sample_client(tmp_path, toolsets="default,recording") as client:
        last = await text_of(client, "record_what_i_just_ran")
        named = await text_of(client, "record_what_i_just_ran", capture="20261128T-flow")
        crate = await text_of(client, "bring_in_this_crate", crate="runs/galaxy.zip")
    assert last.startswith("Record what I just ran: the capture 'last'.")
    assert named.startswith("Record what I just ran: the capture '20261128T-flow'.")
    assert crate.startswith("Bring in the runs recorded in 'runs/galaxy.zip'.")
