"""The typer application: every command but plain serving, and the help that teaches them all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from provena_mcp import __version__
from provena_mcp.cli.ask.commands import ask_app
from provena_mcp.cli.ask.completion import complete_item
from provena_mcp.cli.ask.options import Sample
from provena_mcp.cli.assistants import assistants_app
from provena_mcp.cli.draft_command import add_draft_command
from provena_mcp.cli.examples import examples
from provena_mcp.cli.export_commands import add_export_commands
from provena_mcp.cli.known_file_commands import add_known_file_commands
from provena_mcp.cli.local import local_app
from provena_mcp.cli.panels import ASK, SERVE, SET_UP
from provena_mcp.cli.record_command import add_record_command

app = typer.Typer(
    name="provena-mcp",
    help="Ask an AI assistant where a research result came from.\n\n"
    "Provena records which run made which dataset, from what and by whom. This is an MCP server for it, "
    "with a Provena built in: without any settings it keeps its own records on this machine. With "
    "PROVENA_DOMAIN and PROVENA_REALM set it answers from that deployment.",
    epilog=examples(
        "provena-mcp demo  real questions, answered from a sample world",
        "provena-mcp serve --sample  the same world, for your own assistant to ask",
        "provena-mcp local load items.json  your own registry items",
        "provena-mcp install --client cursor  into an assistant, one of some twenty",
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(assistants_app)
app.add_typer(local_app, name="local", rich_help_panel=SERVE)
app.add_typer(ask_app, name="ask", rich_help_panel=ASK)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"provena-mcp {__version__}")
        raise typer.Exit


@app.callback()
def _options(  # pyright: ignore[reportUnusedFunction]  # typer keeps it
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


@app.command(
    rich_help_panel=SERVE,
    epilog=examples(
        "provena-mcp serve  what a host runs; 'provena-mcp' alone does the same",
        "provena-mcp serve --sample  the sample world, labelled as such in every answer",
        "provena-mcp serve --http --sample  the same at http://127.0.0.1:8000/mcp",
    ),
)
def serve(
    context: typer.Context,
    sample: Annotated[
        bool, typer.Option("--sample", help="Serve the shipped sample world, from a store of its own.")
    ] = False,
    http: Annotated[bool, typer.Option("--http", help="Streamable HTTP at /mcp, for many users.")] = False,
    host: Annotated[
        str | None, typer.Option(help="With --http: the address to listen at, else 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="With --http: the port, else 8000.")
    ] = None,
) -> None:
    """Serve MCP over stdin and stdout; what a host starts. The default command.

    Stops when the host closes stdin. With --http it serves many users, who log in at the deployment's
    Keycloak; the built-in Provena is served on this machine only. Settings come from PROVENA_*
    variables or a .env file.
    """
    from provena_mcp.cli.serve import serve_http, serve_stdio

    if http:
        serve_http(own_process=bool(context.obj), sample=sample, host=host or "127.0.0.1", port=port or 8000)
    elif host is not None or port is not None:
        raise typer.BadParameter("they go with --http.", param_hint="--host, --port")
    else:
        serve_stdio(own_process=bool(context.obj), sample=sample)


@app.command(rich_help_panel=ASK)
def demo() -> None:
    """Ask the sample world real questions over MCP and show the answers.

    Starts the server as a host would, in a temporary store, and leaves nothing behind. Each answer
    comes with the tool that was called and what it costs in tokens.
    """
    from provena_mcp.cli.demo import run_demo

    run_demo()


@app.command(
    rich_help_panel=ASK,
    epilog=examples(
        "provena-mcp show 10378.1/1900010  what led to it, opened in the browser",
        "provena-mcp show 10378.1/1900010 --downstream --depth 6  what came of it",
        "provena-mcp show 10378.1/1900010 --path 10378.1/1900002  how the two are related",
        "provena-mcp show 10378.1/1900002 --impact -o impact.html  what is affected if it is wrong",
        "provena-mcp show 10378.1/1900010 -o figure.svg  one still figure, for a paper",
        "provena-mcp show sample/1000117 --sample  of the sample world",
    ),
)
def show(
    item: Annotated[str, typer.Argument(metavar="ID", help="The item's handle.")],
    downstream: Annotated[bool, typer.Option("--downstream", help="What came of it.")] = False,
    path: Annotated[str | None, typer.Option("--path", metavar="ID", help="The way to this item.")] = None,
    impact: Annotated[bool, typer.Option("--impact", help="What is affected if it is wrong.")] = False,
    depth: Annotated[int | None, typer.Option(min=1, max=100, help="Hops; else 10, or 20.")] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write this .html or .svg file.")
    ] = None,
    sample: Sample = False,
) -> None:
    """Draw a lineage, a path or an impact as one self-contained page."""
    from provena_mcp.cli.session import run
    from provena_mcp.cli.show import keep_picture, open_picture, read_picture
    from provena_mcp.settings import read_settings

    if sum((downstream, impact, path is not None)) > 1:
        raise typer.BadParameter("choose one.", param_hint="--downstream, --path, --impact")
    query = "path" if path else "impact" if impact else "downstream" if downstream else "upstream"
    still = output is not None and output.suffix.lower() == ".svg"
    picture = run(
        read_picture(read_settings(), item, query, to=path, depth=depth, sample=sample, still=still)
    )
    place = keep_picture(picture, output, still=still)
    if output is None and open_picture(place):
        typer.echo(f"Opened {place}")
    else:
        typer.echo(str(place))


@app.command(
    rich_help_panel=SERVE,
    epilog=examples(
        "provena-mcp tools  a table",
        "provena-mcp tools --json  one array on stdout",
        "provena-mcp tools --json schemas  one file a tool in schemas/",
        "PROVENA_TOOLSETS=lean provena-mcp tools  what a setting changes",
    ),
)
def tools(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="With --json: write one file a tool here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Names, words and schemas as JSON.")] = False,
) -> None:
    """List the tools these settings offer, and which Provena answers them."""
    from provena_mcp.cli.catalogue import print_catalogue, show_catalogue, write_catalogue

    if folder is not None and not as_json:
        raise typer.BadParameter("DIR is for --json.", param_hint="DIR")
    if folder is not None:
        write_catalogue(folder)
    elif as_json:
        print_catalogue()
    else:
        show_catalogue()


@app.command(
    rich_help_panel=SET_UP,
    epilog=examples(
        "provena-mcp skill  shows it",
        "provena-mcp skill ~/.claude/skills  for Claude Code, everywhere",
        "provena-mcp skill .agents/skills  for the assistants of one project",
    ),
)
def skill(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Write it to a folder of its name here.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that say something else.")] = False,
) -> None:
    """Teach an assistant to work with Provena: the skill that this server also serves over MCP."""
    from provena_mcp.cli.skill import skill_text, write_skills

    if folder is None:
        typer.echo(skill_text(), nl=False)
        return
    for place in write_skills(folder.expanduser(), replace=force):
        typer.echo(str(place))


@ask_app.command()
@app.command(
    rich_help_panel=ASK,
    epilog=examples(
        "provena-mcp changes --since 2026-11-01  what matters to all that is yours",
        "provena-mcp changes --since 2026-11-01 --of 10378.1/1900010  to this result",
        "provena-mcp changes --since $(date -d yesterday +%F) || mail …  a line for cron",
    ),
)
def changes(
    since: Annotated[str, typer.Option(metavar="DAY", help="YYYY-MM-DD, or an ISO time.")],
    of: Annotated[
        list[str] | None,
        typer.Option(
            "--of",
            metavar="ITEM",
            help="A result, by id or name; repeatable; else all of yours.",
            autocompletion=complete_item,
        ),
    ] = None,
    cursor: Annotated[str | None, typer.Option(help="Go on where the page before said.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The tool's JSON on stdout.")] = False,
    sample: Sample = False,
) -> None:
    """What has changed since a day that matters to results: what they were built on, and what uses them.

    Exits with 0 if nothing has, 1 if something has, and more if that could not be told.
    """
    from provena_mcp.cli.ask.dispatch import answer
    from provena_mcp.cli.changes import changes_question

    answer(changes_question(since, of or [], cursor), as_json=as_json, sample=sample)


@app.command(
    rich_help_panel=SET_UP,
    epilog=examples(
        "provena-mcp login  shows a page and a code, and opens the page",
        "provena-mcp login --no-browser  only shows them, e.g. over SSH",
    ),
)
def login(
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the page on this machine.")
    ] = False,
) -> None:
    """Log in to the deployment that PROVENA_DOMAIN and PROVENA_REALM name, with any browser.

    The login is kept in the system's keyring, else in a private file, and renewed until it is ended.
    """
    from provena_mcp.cli.login import LoginCommands, open_in_browser
    from provena_mcp.cli.session import run
    from provena_mcp.settings import read_settings

    run(LoginCommands(read_settings(), open_page=None if no_browser else open_in_browser).log_in())


@app.command(rich_help_panel=SET_UP)
def logout() -> None:
    """Forget the login to the deployment, and end its session at Keycloak."""
    from provena_mcp.cli.login import LoginCommands
    from provena_mcp.cli.session import run
    from provena_mcp.settings import read_settings

    run(LoginCommands(read_settings()).log_out())


@app.command(rich_help_panel=SET_UP)
def status() -> None:
    """Show who is logged in to which deployment, what that allows, and until when.

    Exits with 1 if a login is needed and there is none that works.
    """
    from provena_mcp.cli.session import run
    from provena_mcp.cli.status import show_status
    from provena_mcp.settings import read_settings

    if not run(show_status(read_settings())):
        raise typer.Exit(1)


add_record_command(app)
add_known_file_commands(app)
add_draft_command(app)
add_export_commands(app)


@cache
def command() -> Callable[..., Any]:
    """What typer makes of all these, to be called with arguments; made once, as it takes a while."""
    return typer.main.get_command(app)
