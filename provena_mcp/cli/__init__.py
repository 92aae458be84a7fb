"""The command line; plain serving starts without loading typer or rich."""

from __future__ import annotations

import os
import sys

from provena_mcp import __version__
from provena_mcp.errors import ProvenaError


def main(arguments: list[str] | None = None) -> None:
    """Run ``provena-mcp`` with the process's arguments, or these; what fails exits by whose fault it is.

    With these the process is the caller's, and commands change nothing of how Python works in it.
    """
    try:
        if arguments is None:
            _run(sys.argv[1:], own_process=True)
        else:
            _run(arguments, own_process=False)
    except ProvenaError as error:
        sys.exit(_reported(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _run(arguments: list[str], *, own_process: bool) -> None:
    # Hosts start the server with nothing else on the line and wait for it; parsing that case, and
    # that of scripts that ask for the version, by hand keeps typer and rich, some 0.2 s, out of them.
    # A shell that completes a line sets a variable and gives no arguments either.
    match arguments:
        case _ if "_PROVENA_MCP_COMPLETE" in os.environ:
            _run_app(arguments, own_process)
        case [] | ["serve"] | ["serve", "--sample"]:
            from provena_mcp.cli.serve import serve_stdio

            serve_stdio(own_process=own_process, sample=len(arguments) == 2)
        case ["--version"]:
            sys.stdout.write(f"provena-mcp {__version__}\n")
        case ["record", *rest]:
            # The command that is recorded waits as well.
            from provena_mcp.cli.record import record
            from provena_mcp.cli.record_arguments import read_arguments

            given = read_arguments(rest)
            record(*given) if given else _run_app(arguments, own_process)
        case _:
            _run_app(arguments, own_process)


def _run_app(arguments: list[str], own_process: bool) -> None:
    from provena_mcp.cli.app import command

    command()(arguments, prog_name="provena-mcp", obj=own_process)


def _reported(error: ProvenaError) -> int:
    """Say what failed; the exit code for that."""
    from provena_mcp.cli.failure_report import EXIT_OF, report_failure
    from provena_mcp.next_call import naming_tools

    report_failure(error.message, naming_tools(error.advice), error.upstream)
    return EXIT_OF[error.fault]
