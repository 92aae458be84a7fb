"""The commands that put this server into assistants and look after it there."""

from __future__ import annotations

from typing import Annotated

import typer

from provena_mcp.cli.examples import examples
from provena_mcp.cli.panels import SET_UP

assistants_app = typer.Typer()


def complete_assistant(incomplete: str) -> list[str]:
    """Names of assistants for the shell to complete."""
    from provena_mcp.assistants.table import ASSISTANTS

    return [assistant.name for assistant in ASSISTANTS if assistant.name.startswith(incomplete)]


ClientOption = Annotated[
    str | None,
    typer.Option(
        "--client",
        metavar="NAME",
        autocompletion=complete_assistant,
        help="The assistant; --list names them.",
    ),
]
ProjectOption = Annotated[
    bool, typer.Option("--project", help="For the project in this folder, not for you everywhere.")
]
SampleOption = Annotated[bool, typer.Option("--sample", help="Have it answer from the sample world.")]


@assistants_app.command(
    rich_help_panel=SET_UP,
    epilog=examples(
        "provena-mcp install --list  which assistants there are, and which have it",
        "provena-mcp install --client cursor  into your settings of Cursor",
        "provena-mcp install --client vscode --project  into .vscode/mcp.json here",
        "provena-mcp install --client claude-desktop --sample  to try it on invented data",
        "provena-mcp install --client zed --print  only show what would be written",
        "provena-mcp install --client codex --url https://mcp.example.org/mcp  a server for many users",
        "provena-mcp install --client cursor --uninstall  take it out again",
    ),
)
def install(
    client: ClientOption = None,
    sample: SampleOption = False,
    project: ProjectOption = False,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Reach a server there, in place of this one.")
    ] = None,
    show: Annotated[
        bool, typer.Option("--print", help="Show the entry, or how else it gets in; write nothing.")
    ] = False,
    uninstall: Annotated[bool, typer.Option("--uninstall", help="Take it out again.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the assistants, and which have it.")] = False,
) -> None:
    """Put this server into an assistant's settings, as an absolute command with the settings in force here.

    Nothing else in the file changes, and the file as it was is kept beside it. Secrets are never written.
    Exits with 1 if only the assistant itself can do it.
    """
    from provena_mcp.assistants.machine import this_machine
    from provena_mcp.assistants.table import find_assistant
    from provena_mcp.cli.install import InstallCommand, print_list, wanted_server
    from provena_mcp.cli.session import run

    if listed:
        print_list(this_machine())
        return
    if client is None:
        raise typer.BadParameter("name the assistant; --list shows all.", param_hint="--client")
    command = InstallCommand(find_assistant(client), project)
    if uninstall:
        outcome = run(command.uninstall())
    else:
        server = wanted_server(url, sample=sample, say=lambda line: typer.echo(line, err=True))
        if show:
            command.show(server)
            return
        outcome = run(command.install(server))
    if outcome.done == "by hand":
        raise typer.Exit(1)


@assistants_app.command(
    rich_help_panel=SET_UP,
    epilog=examples(
        "provena-mcp doctor  everything a call depends on, each problem with its fix",
        "provena-mcp doctor --client cursor  whether Cursor still has the server and can start it",
    ),
)
def doctor(
    client: ClientOption = None,
    project: ProjectOption = False,
    no_mend: Annotated[
        bool, typer.Option("--no-mend", help="With --client: only look, change nothing.")
    ] = False,
) -> None:
    """Check settings, network, clock, services, login and roles; for the built-in Provena, its store.

    With --client, whether an assistant's entry is there, starts, and is the only one; one that was lost
    or leads nowhere is mended. Exits with 1 if there is a problem.
    """
    from provena_mcp.cli.doctor import Doctor
    from provena_mcp.cli.findings import summary
    from provena_mcp.cli.session import run
    from provena_mcp.settings import read_settings

    if client is not None:
        from provena_mcp.assistants.table import find_assistant
        from provena_mcp.cli.assistant_checks import AssistantDoctor
        from provena_mcp.cli.install import InstallCommand, server_to_install

        command = InstallCommand(find_assistant(client), project)
        command.require_project()
        wanted = server_to_install(read_settings(), sample=False, say=lambda _: None)
        findings = run(AssistantDoctor(command.installation, wanted, mend=not no_mend).examine())
    else:
        findings = run(Doctor(read_settings).examine())
    for finding in findings:
        typer.echo(finding)
    typer.echo(f"\n{summary(findings)}")
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


@assistants_app.command(
    rich_help_panel=SET_UP,
    epilog=examples(
        "provena-mcp setup  asks what it needs to know",
        "provena-mcp setup --domain provena.example.org --realm reef --client cursor  asks for a login only",
        "provena-mcp setup --built-in --yes  your own Provena here, into every assistant that is found",
        "provena-mcp setup --sample --client claude-desktop  invented data, to try it",
    ),
)
def setup(
    domain: Annotated[str | None, typer.Option(help="The domain of your Provena.")] = None,
    realm: Annotated[str | None, typer.Option(help="Its Keycloak realm.")] = None,
    built_in: Annotated[bool, typer.Option("--built-in", help="Use the Provena built in.")] = False,
    sample: SampleOption = False,
    client: Annotated[
        list[str] | None,
        typer.Option(
            "--client",
            metavar="NAME",
            autocompletion=complete_assistant,
            help="Install there; may be repeated.",
        ),
    ] = None,
    login: Annotated[bool | None, typer.Option("--login/--no-login", help="Log in, if need be.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: every default holds.")] = False,
) -> None:
    """Walk from nothing to an assistant that answers: which Provena, a check, the login, the installation.

    Every question can be answered by an option. Exits with 1 if something is not as it should be.
    """
    from provena_mcp.assistants.table import find_assistant
    from provena_mcp.cli.session import run
    from provena_mcp.cli.setup import NobodyToAsk, PersonAtTerminal, Setup, SetupAnswers
    from provena_mcp.settings import read_settings

    if built_in and domain:
        raise typer.BadParameter("choose one.", param_hint="--domain, --built-in")
    answers = SetupAnswers(
        "" if built_in else domain,
        realm,
        [find_assistant(name) for name in client] if client else None,
        login,
        sample,
    )
    person = NobodyToAsk() if yes else PersonAtTerminal()
    if not run(Setup(read_settings(), answers, person).walk()):
        raise typer.Exit(1)
