"""The command line; plain serving starts without loading typer or rich."""

from __future__ import annotations

import sys

from provena_mcp import __version__
from provena_mcp.errors import ProvenaError


def main(arguments: list[str] | None = None) -> None:
    """Run ``provena-mcp`` with the process's arguments, or these; a failure we foresaw exits with 2."""
    try:
        _run(sys.argv[1:] if arguments is None else arguments)
    except ProvenaError as error:
        _print_error(error)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(arguments: list[str]) -> None:
    # Hosts start the server with nothing else on the line and wait for it; parsing that case, and
    # that of scripts that ask for the version, by hand keeps typer and rich, some 0.2 s, out of them.
    match arguments:
        case [] | ["serve"] | ["serve", "--sample"]:
            from provena_mcp.cli.serve import serve_stdio

            serve_stdio(sample=len(arguments) == 2)
        case ["--version"]:
            sys.stdout.write(f"provena-mcp {__version__}\n")
        case _:
            from provena_mcp.cli.app import app

            app(arguments)


def _print_error(error: ProvenaError) -> None:
    from provena_mcp.next_call import naming_tools

    lines = [f"provena-mcp: {error.message}", naming_tools(error.advice)]
    if error.upstream:
        # repr: text from a deployment must not drive the terminal.
        lines.append(f"Provena said: {error.upstream[:500]!r}")
    sys.stderr.write("\n".join(line for line in lines if line) + "\n")
