"""Logging in through the assistant: a tool called while nobody is logged in shows where, in both eras."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from mcp import Client, MCPError
from mcp.types import ElicitRequestURLParams, ElicitResult

from provena_mcp.client import NoToken
from provena_mcp.errors import LoginPendingError
from provena_mcp.server.build import build_server
from tests.login.laptop import Gate, Laptop
from tests.oidc.realm import AUTOMATION_SECRET
from tests.worlds.sample import error_of
from tests.worlds.settings import settings_with

BOTH_ERAS = pytest.mark.parametrize("era", ["auto", "legacy"])
LINKING = {"model_run_id": "10378.1/1900010", "study_id": "10378.1/1900011"}


def server(laptop: Laptop, sleep, **given: float):
    return build_server(
        laptop.protected.settings(output_dir="off"),
        tokens=laptop.asking(sleep, **given),
        now=laptop.realm.clock,
    )


@BOTH_ERAS
@pytest.mark.asyncio
async def test_the_answer_names_the_page_and_the_next_call_goes_on(laptop: Laptop, era: str):
    gate = Gate(laptop)
    async with Client(server(laptop, gate), mode=era) as client:
        error = error_of(await client.call_tool("list_items", {}))
        login = error["login"]
        assert error == {
            "message": "Nobody is logged in to this Provena yet.",
            "kind": "LoginPending",
            "fault": "access",
            "retry": "later",
            "login": {
                "url": f"{laptop.realm.issuer}/device?user_code={login['user_code']}",
                "user_code": login["user_code"],
                "minutes": login["minutes"],
            },
            "next": f"Ask the user to open {login['url']} in a browser, to compare the code "
            f"{login['user_code']} and to log in (within {login['minutes']} min); then repeat this call.",
        }
        await asyncio.to_thread(laptop.realm.person("writer").approve, login["url"])
        gate.open()
        result = await client.call_tool("list_items", {})
    assert not result.is_error


@BOTH_ERAS
@pytest.mark.asyncio
async def test_the_health_check_says_so_instead_of_failing(laptop: Laptop, era: str):
    async with Client(server(laptop, Gate(laptop)), mode=era) as client:
        result = await client.call_tool("get_health_check", {})
    assert result.structured_content is not None
    assert not result.is_error
    assert set(result.structured_content["services"].values()) == {"ok"}
    you = result.structured_content["you"]
    assert you["login"].startswith(
        f"Nobody is logged in to this Provena yet. Ask the user to open {laptop.realm.issuer}/device"
    )
    assert you["can_write"] is False


Answer = Literal["accept", "decline", "cancel"]


class User:
    """Somebody whose client opens pages when asked, and who then confirms, declines or does nothing."""

    def __init__(self, laptop: Laptop, gate: Gate, answers: Answer, does: str = "approve") -> None:
        self.laptop, self.gate, self.does = laptop, gate, does
        self.answers: Answer = answers
        self.asked: list[str] = []

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        assert isinstance(params, ElicitRequestURLParams)
        self.asked.append(params.message)
        if self.does != "nothing":
            person = self.laptop.realm.person("writer")
            await asyncio.to_thread(getattr(person, self.does), params.url)
            self.gate.open()
        return ElicitResult(action=self.answers)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_client_that_opens_pages_goes_on_within_the_same_call(laptop: Laptop, era: str):
    gate = Gate(laptop)
    user = User(laptop, gate, "accept")
    async with Client(server(laptop, gate), mode=era, elicitation_callback=user) as client:
        result = await client.call_tool("list_items", {})
        again = await client.call_tool("list_items", {})
    assert (result.is_error, again.is_error) == (False, False)
    (message,) = user.asked
    assert message.startswith("Log in to Provena: open the page and compare the code ")


class Dawdler:
    """The login of somebody who has opened the page and takes a while to log in."""

    def __init__(self, token: str, *, looks: int) -> None:
        self._token = token
        self._looks = looks
        self.asked = 0

    async def token(self) -> str | None:
        self.asked += 1
        if self.asked <= self._looks:
            raise LoginPendingError("Not yet.", url="https://x.example.org/d", user_code="AB-CD", minutes=9)
        return self._token

    async def rejected(self, token: str) -> bool:
        return False


@BOTH_ERAS
@pytest.mark.asyncio
async def test_whoever_takes_a_while_is_waited_for_within_the_call(laptop: Laptop, era: str):
    dawdler = Dawdler(await (await laptop.log_in("writer")).token() or "", looks=4)

    async def opens(context: Any, params: Any) -> ElicitResult:
        return ElicitResult(action="accept")

    made = build_server(laptop.protected.settings(output_dir="off"), tokens=dawdler)
    async with Client(made, mode=era, elicitation_callback=opens) as client:
        result = await client.call_tool("list_items", {"subtype": "DATASET"})
    assert (result.is_error, dawdler.asked) == (False, 5)


@BOTH_ERAS
@pytest.mark.parametrize("answers", ["decline", "cancel"])
@pytest.mark.asyncio
async def test_whoever_does_not_open_the_page_is_told_it_in_words(laptop: Laptop, era: str, answers: Answer):
    gate = Gate(laptop)
    user = User(laptop, gate, answers, "nothing")
    async with Client(
        server(laptop, gate, patience_seconds=0), mode=era, elicitation_callback=user
    ) as client:
        error = error_of(await client.call_tool("list_items", {}))
    assert (error["kind"], len(user.asked)) == ("LoginPending", 1)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_page_that_is_opened_and_left_is_not_waited_for_without_end(laptop: Laptop, era: str):
    gate = Gate(laptop)
    user = User(laptop, gate, "accept", "nothing")
    async with Client(
        server(laptop, gate, patience_seconds=0.01), mode=era, elicitation_callback=user
    ) as client:
        error = error_of(await client.call_tool("list_items", {}))
    assert (error["kind"], len(user.asked)) == ("LoginPending", 1)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_declining_on_the_page_is_told(laptop: Laptop, era: str):
    gate = Gate(laptop)
    user = User(laptop, gate, "accept", "deny")
    async with Client(server(laptop, gate), mode=era, elicitation_callback=user) as client:
        error = error_of(await client.call_tool("list_items", {}))
    assert (error["kind"], error["message"]) == ("LoginRefused", "The login was declined in the browser.")
    assert "login" not in error


@BOTH_ERAS
@pytest.mark.asyncio
async def test_automation_whose_secret_is_wrong_fails_at_once_and_asks_nobody(laptop: Laptop, era: str):
    settings = laptop.protected.settings(
        client_id="automation", client_secret="wrong-secret-not-to-be-shown", output_dir="off"
    )
    async with Client(build_server(settings), mode=era) as client:
        result = await client.call_tool("list_items", {})
    error = error_of(result)
    assert (error["kind"], "PROVENA_CLIENT_ID" in error["next"]) == ("LoginRefused", True)
    assert "wrong-secret" not in result.model_dump_json()
    assert [form["path"] for form in laptop.realm.requests()] == ["/token"]


@pytest.mark.asyncio
async def test_automation_with_the_right_secret_needs_nobody(laptop: Laptop):
    settings = laptop.protected.settings(
        client_id="automation", client_secret=AUTOMATION_SECRET, output_dir="off"
    )
    async with Client(build_server(settings)) as client:
        result = await client.call_tool("get_health_check", {})
    assert result.structured_content is not None
    assert "login" not in result.structured_content["you"]


@pytest.mark.asyncio
async def test_a_server_for_others_never_uses_or_asks_for_the_login_of_its_desk(laptop: Laptop):
    async with Client(build_server(laptop.protected.settings(), local=False)) as client:
        error = error_of(await client.call_tool("list_items", {}))
    assert error["kind"] == "NotLoggedIn"
    assert error["next"] == "Set PROVENA_CLIENT_ID and PROVENA_CLIENT_SECRET for it."
    assert laptop.realm.requests() == []


class Unplugged(httpx.AsyncBaseTransport):
    """No network; counts who tried."""

    def __init__(self) -> None:
        self.tried = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.tried += 1
        raise httpx.ConnectError("no network")


@BOTH_ERAS
@pytest.mark.parametrize("local", [True, False])
@pytest.mark.asyncio
async def test_starting_and_listing_need_no_login_no_network_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, era: str, local: bool
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    transport = Unplugged()
    settings = settings_with(domain="provena.example.org", realm="reef", output_dir="off")
    async with Client(build_server(settings, local=local, transport=transport), mode=era) as client:
        assert len((await client.list_tools()).tools) > 5
        assert (await client.list_resource_templates()).resource_templates
    assert (transport.tried, list(tmp_path.iterdir())) == (0, [])


@pytest.mark.asyncio
async def test_a_call_without_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    transport = Unplugged()
    settings = settings_with(domain="provena.example.org", realm="reef", output_dir="off")
    async with Client(build_server(settings, transport=transport)) as client:
        error = error_of(await client.call_tool("list_items", {}))
    assert (error["kind"], transport.tried) == ("Unavailable", 3)
    assert error["message"] == (
        "No connection to Keycloak at https://auth.provena.example.org/auth/realms/reef."
    )


@pytest.mark.asyncio
async def test_a_given_login_is_used_instead_of_the_settings(laptop: Laptop):
    async with Client(build_server(laptop.protected.settings(), tokens=NoToken())) as client:
        error = error_of(await client.call_tool("list_items", {}))
    assert (error["kind"], error["provena_said"]) == ("NotLoggedIn", "Not authenticated")


@BOTH_ERAS
@pytest.mark.asyncio
async def test_a_resource_names_the_page_too(laptop: Laptop, era: str):
    async with Client(server(laptop, Gate(laptop)), mode=era) as client:
        with pytest.raises(MCPError) as caught:
            await client.read_resource("provena://item/10378.1/1900010")
    assert f"open {laptop.realm.issuer}/device?user_code=" in str(caught.value)


@BOTH_ERAS
@pytest.mark.asyncio
async def test_what_writes_is_never_run_again_by_itself(laptop: Laptop, era: str):
    """Its page is told in words, even to a client that opens pages: half of a write must not be repeated."""
    gate = Gate(laptop)
    user = User(laptop, gate, "accept")
    async with Client(server(laptop, gate), mode=era, elicitation_callback=user) as client:
        error = error_of(await client.call_tool("link_model_run_to_study", LINKING))
    assert (error["kind"], user.asked) == ("LoginPending", [])
