"""``provena-mcp setup`` walks from nothing to an assistant that answers."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from provena_mcp.assistants.files import Files
from provena_mcp.assistants.installation import Installation
from provena_mcp.assistants.machine import Machine
from provena_mcp.assistants.servers import LocalServer, this_server
from provena_mcp.assistants.table import find_assistant
from provena_mcp.cli.doctor import Doctor
from provena_mcp.cli.login import LoginCommands
from provena_mcp.cli.setup import Setup, SetupAnswers
from provena_mcp.settings import Settings
from tests.cli.command_line import CommandLine
from tests.login.laptop import Laptop, NoKeyring
from tests.worlds.settings import settings_with

CURSOR = find_assistant("cursor")


class Person:
    """Says what is in ``words``, in order, and yes to everything but what contains ``no``."""

    def __init__(self, *words: str, no: str | None = None) -> None:
        self.words = list(words)
        self.no = no
        self.asked: list[str] = []

    def answers(self, question: str, default: str) -> str:
        self.asked.append(question)
        return self.words.pop(0) if self.words else default

    def agrees(self, question: str) -> bool:
        self.asked.append(question)
        return self.no is None or self.no not in question


async def starts(server: LocalServer) -> str:
    return f"starts {server.arguments[-1]}"


def a_walk(home: Path, settings: Settings, given: SetupAnswers, person: Person, **chosen: Any) -> Setup:
    machine = Machine("linux", home, {}, home, lambda _: None)
    lines: list[str] = []
    return Setup(
        settings, given, person, machine, Files(locks=home / "locks"), lines.append, starts, **chosen
    )


def entry(walk: Setup) -> dict[str, Any] | None:
    return Installation(CURSOR, walk.machine).entry()


@pytest.fixture
def built_in(tmp_path: Path) -> Settings:
    return settings_with(store=tmp_path / "store.sqlite")


@pytest.mark.asyncio
async def test_with_flags_nothing_is_asked(tmp_path: Path, built_in: Settings):
    person = Person()
    walk = a_walk(tmp_path, built_in, SetupAnswers(domain="", assistants=[CURSOR]), person)
    assert await walk.walk()
    assert person.asked == []
    found = entry(walk)
    assert found is not None
    assert (found["command"], found["env"]) == (
        this_server().command,
        {"PROVENA_STORE": str(tmp_path / "store.sqlite")},
    )


@pytest.mark.asyncio
async def test_assistants_that_are_here_are_offered(tmp_path: Path, built_in: Settings):
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".kiro/settings").mkdir(parents=True)
    person = Person("", no="Kiro")
    walk = a_walk(tmp_path, built_in, SetupAnswers(), person)
    assert await walk.walk()
    assert person.asked == [
        "Domain of your Provena, e.g. provena.example.org (nothing: the one built in)",
        "Cursor is here. Install into it?",
        "Kiro is here. Install into it?",
    ]
    assert entry(walk) is not None
    assert not (tmp_path / ".kiro/settings/mcp.json").exists()


@pytest.mark.asyncio
async def test_without_an_assistant_it_says_where_they_are_listed(tmp_path: Path, built_in: Settings):
    said: list[str] = []
    walk = dataclasses.replace(a_walk(tmp_path, built_in, SetupAnswers(domain=""), Person()), say=said.append)
    assert await walk.walk()
    assert said[-1].startswith("No assistant to install into. 'provena-mcp install --list'")


@pytest.mark.asyncio
async def test_a_file_that_is_broken_is_told_and_the_others_are_done(tmp_path: Path, built_in: Settings):
    (tmp_path / ".kiro/settings").mkdir(parents=True)
    (tmp_path / ".kiro/settings/mcp.json").write_text("{")
    given = SetupAnswers(domain="", assistants=[find_assistant("kiro"), CURSOR])
    walk = a_walk(tmp_path, built_in, given, Person())
    assert not await walk.walk()
    assert entry(walk) is not None


@pytest.mark.asyncio
async def test_the_sample_needs_neither_a_check_nor_a_login(tmp_path: Path, built_in: Settings):
    walk = a_walk(tmp_path, built_in, SetupAnswers(sample=True, assistants=[CURSOR]), Person())
    assert await walk.walk()
    found = entry(walk)
    assert found is not None
    assert found["args"][-1] == "--sample"
    assert "env" not in found


@pytest.mark.asyncio
async def test_a_half_set_deployment_installs_nothing(tmp_path: Path, built_in: Settings):
    person = Person("")
    given = SetupAnswers(domain="https://provena.example.org/", assistants=[CURSOR])
    walk = a_walk(tmp_path, built_in, given, person)
    assert not await walk.walk()
    assert person.asked == ["Its Keycloak realm"]
    assert entry(walk) is None


def at_laptop(laptop: Laptop, home: Path, given: SetupAnswers, person: Person) -> Setup:
    realm = laptop.realm

    async def confirm(url: str) -> None:
        await asyncio.to_thread(realm.person("writer").approve, url)

    return a_walk(
        home,
        laptop.protected.settings(),
        given,
        person,
        doctor=lambda settings: Doctor(lambda: settings, clock=realm.clock, keyring=NoKeyring()),
        login=lambda settings: LoginCommands(
            settings, lambda _: None, confirm, realm.clock, realm.sleep, NoKeyring()
        ),
    )


@pytest.mark.asyncio
async def test_who_is_not_logged_in_is_offered_to(laptop: Laptop, tmp_path: Path):
    person = Person("")
    walk = at_laptop(laptop, tmp_path, SetupAnswers(assistants=[CURSOR]), person)
    assert await walk.walk()
    assert person.asked[1:] == ["Log in now?"]
    assert await laptop.kept() is not None
    found = entry(walk)
    assert found is not None
    assert found["env"]["PROVENA_KEYCLOAK"] == laptop.realm.issuer


@pytest.mark.asyncio
@pytest.mark.parametrize(("login", "installs"), [(False, True), (None, False)])
async def test_without_a_login_it_installs_only_if_that_is_wanted(
    laptop: Laptop, tmp_path: Path, login: bool | None, installs: bool
):
    given = SetupAnswers(domain="", login=login, assistants=[CURSOR])
    walk = at_laptop(laptop, tmp_path, given, Person(no="Log in"))
    assert await walk.walk() == installs
    assert (entry(walk) is not None) == installs


def test_as_typed_with_nobody_to_ask(run: CommandLine, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(run.folder))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    done = run("setup", "--built-in", "--yes")
    assert done.returncode == 0
    assert "ok      store" in done.stderr
    assert "No assistant to install into." in done.stderr
    both = run("setup", "--built-in", "--domain", "x.org")
    assert (both.returncode, "choose one." in both.stderr) == (2, True)
    # Nobody types: what is asked cannot be answered, and nothing is done.
    assert run("setup").returncode == 1
