"""The typer application: every command but plain serving, and the help that teaches them all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provena_mcp import __version__
from provena_mcp.cli.local import local_app


def _examples(*lines: str) -> str:
    # Paragraphs, because typer joins the lines of one; what follows two spaces is a remark.
    told = [
        f"{command}  [dim]{remark}[/dim]" for command, _, remark in (line.partition("  ") for line in lines)
    ]
    return "\n\n".join(("[bold]Examples[/bold]", *told))


app = typer.Typer(
    name="provena-mcp",
    help="Ask an AI assistant where a research result came from.\n\n"
    "Provena records which run made which dataset, from what and by whom. This is an MCP server for it, "
    "with a Provena built in: without any settings it keeps its own records on this machine. With "
    "PROVENA_DOMAIN and PROVENA_REALM set it answers from that deployment.",
    epilog=_examples(
        "provena-mcp demo  real questions, answered from a sample world",
        "provena-mcp serve --sample  the same world, for your own assistant to ask",
        "provena-mcp local load items.json  your own registry items",
        '{"mcpServers": {"provena": {"command": "provena-mcp"}}}  in the settings of your MCP host',
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(local_app, name="local")


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
    epilog=_examples(
        "provena-mcp serve  what a host runs; 'provena-mcp' alone does the same",
        "provena-mcp serve --sample  the sample world, labelled as such in every answer",
    )
)
def serve(
    sample: Annotated[
        bool, typer.Option("--sample", help="Serve the shipped sample world, from a store of its own.")
    ] = False,
    http: Annotated[bool, typer.Option("--http", help="Reserved: streamable HTTP at /mcp.")] = False,
    host: Annotated[str | None, typer.Option(help="Reserved: address for --http.")] = None,
    port: Annotated[int | None, typer.Option(help="Reserved: port for --http.")] = None,
) -> None:
    """Serve MCP over stdin and stdout; what a host starts. The default command.

    Stops when the host closes stdin. Settings come from PROVENA_* variables or a .env file.
    """
    from provena_mcp.cli.serve import refuse_http, serve_stdio

    if http or host is not None or port is not None:
        refuse_http()
    serve_stdio(sample=sample)


@app.command()
def demo() -> None:
    """Ask the sample world real questions over MCP and show the answers.

    Starts the server as a host would, in a temporary store, and leaves nothing behind. Each answer
    comes with the tool that was called and what it costs in tokens.
    """
    from provena_mcp.cli.demo import run_demo

    run_demo()


@app.command(
    epilog=_examples(
        "provena-mcp tools  a table",
        "provena-mcp tools --json  one array on stdout",
        "provena-mcp tools --json schemas  one file a tool in schemas/",
        "PROVENA_TOOLSETS=lean provena-mcp tools  what a setting changes",
    )
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
