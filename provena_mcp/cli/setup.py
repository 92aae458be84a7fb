"""``provena-mcp setup``: from nothing to an assistant that answers, in one walk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import typer

from provena_mcp.assistants.assistant import Assistant
from provena_mcp.assistants.files import Files
from provena_mcp.assistants.machine import Machine, this_machine
from provena_mcp.assistants.table import ASSISTANTS
from provena_mcp.cli.assistant_checks import AssistantDoctor, Start, start
from provena_mcp.cli.doctor import Doctor
from provena_mcp.cli.findings import Diagnosis, failed
from provena_mcp.cli.install import InstallCommand, is_here, server_to_install
from provena_mcp.cli.login import LoginCommands, Say, say
from provena_mcp.errors import ProvenaError
from provena_mcp.settings import Settings


class Person(Protocol):
    """Whoever is asked."""

    def answers(self, question: str, default: str) -> str:
        """What they type; ``default`` if nothing."""
        ...

    def agrees(self, question: str) -> bool:
        """Whether they say yes, which is the default."""
        ...


class PersonAtTerminal:
    """Is asked on stderr."""

    def answers(self, question: str, default: str) -> str:
        """What they type; ``default`` if nothing."""
        return str(typer.prompt(question, default=default, show_default=bool(default), err=True)).strip()

    def agrees(self, question: str) -> bool:
        """Whether they say yes, which is the default."""
        return typer.confirm(question, default=True, err=True)


class NobodyToAsk:
    """Leaves every default as it is."""

    def answers(self, question: str, default: str) -> str:
        """The default."""
        return default

    def agrees(self, question: str) -> bool:
        """Yes."""
        return True


@dataclass(frozen=True)
class SetupAnswers:
    """What flags have said beforehand; what is none is asked.

    Attributes:
        domain: The deployment's domain; empty for the Provena built in.
        realm: Its Keycloak realm.
        assistants: Where to install.
        login: Whether to log in, if need be.
        sample: Have assistants answer from the sample world.
    """

    domain: str | None = None
    realm: str | None = None
    assistants: Sequence[Assistant] | None = None
    login: bool | None = None
    sample: bool = False


@dataclass(frozen=True)
class Setup:
    """Walks a person through; ``doctor`` and ``login`` make what examines and logs in with some settings."""

    settings: Settings
    given: SetupAnswers
    person: Person
    machine: Machine = field(default_factory=this_machine)
    files: Files = field(default_factory=Files)
    say: Say = say
    start: Start = start
    doctor: Callable[[Settings], Doctor] = lambda settings: Doctor(lambda: settings)
    login: Callable[[Settings], LoginCommands] = LoginCommands

    async def walk(self) -> bool:
        """All of it; whether everything is now as it should be.

        Raises:
            ProvenaError: The login failed.
        """
        settings = self._chosen_settings()
        if not await self._is_in_order(settings):
            return False
        assistants = self._chosen_assistants()
        if not assistants:
            self.say("No assistant to install into. 'provena-mcp install --list' shows all that are known.")
            return True
        return all([await self._installed(assistant, settings) for assistant in assistants])

    def _chosen_settings(self) -> Settings:
        if self.given.sample:
            return self.settings
        domain = self.given.domain
        if domain is None:
            question = "Domain of your Provena, e.g. provena.example.org (nothing: the one built in)"
            domain = self.person.answers(question, self.settings.domain or "")
        if not domain:
            return self.settings.model_copy(update={"domain": None, "realm": None})
        realm = self.given.realm or self.person.answers("Its Keycloak realm", self.settings.realm or "")
        return self.settings.model_copy(update={"domain": _bare(domain), "realm": realm or None})

    async def _is_in_order(self, settings: Settings) -> bool:
        if self.given.sample:
            return True
        findings = await self._examine(settings)
        if _problem(findings) == ["login"] and self._wants_login():
            await self.login(settings).log_in()
            findings = await self._examine(settings)
        wrong = [
            subject for subject in _problem(findings) if subject != "login" or self.given.login is not False
        ]
        if wrong:
            self.say("Nothing was installed. Mend what is wrong, then run this again.")
        return not wrong

    async def _examine(self, settings: Settings) -> list[Diagnosis]:
        findings = await self.doctor(settings).examine()
        for finding in findings:
            self.say(str(finding))
        self.say("")
        return findings

    def _wants_login(self) -> bool:
        return self.person.agrees("Log in now?") if self.given.login is None else self.given.login

    def _chosen_assistants(self) -> Sequence[Assistant]:
        if self.given.assistants is not None:
            return self.given.assistants
        here = [one for one in ASSISTANTS if one.has_file and is_here(one, self.machine)]
        return [one for one in here if self.person.agrees(f"{one.title} is here. Install into it?")]

    async def _installed(self, assistant: Assistant, settings: Settings) -> bool:
        command = InstallCommand(assistant, machine=self.machine, files=self.files, say=self.say)
        server = server_to_install(settings, sample=self.given.sample, say=self.say)
        try:
            await command.install(server)
        except ProvenaError as error:
            self.say(f"{failed(assistant.name, error)}\n")
            return False
        findings = await AssistantDoctor(command.installation, server, self.start).examine()
        for finding in findings:
            self.say(str(finding))
        self.say("")
        return not _problem(findings)


def _problem(findings: Sequence[Diagnosis]) -> list[str]:
    return [finding.subject for finding in findings if finding.state == "problem"]


def _bare(domain: str) -> str:
    """A domain out of what people paste, which is often an address."""
    return domain.strip().removeprefix("https://").removeprefix("http://").split("/")[0]
