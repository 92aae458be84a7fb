"""``record`` for typer: its help, and what is wrong with a line; ``record_arguments`` reads good ones."""

from __future__ import annotations

from typing import Annotated

import typer

from provena_mcp.cli.examples import examples
from provena_mcp.cli.panels import RECORD

Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="PROBLEM",
        help="Does not count: unknown, unregistered, changed, superseded, unreleased, restricted.",
    ),
]


def add_record_command(app: typer.Typer) -> None:
    """Add ``record``."""
    app.command(
        "record",
        rich_help_panel=RECORD,
        context_settings={"allow_interspersed_args": False},
        epilog=examples(
            "provena-mcp record -- python model.py --year 2020  what it reads and writes is found out",
            "provena-mcp record -i rain.csv -o flow.nc -- ./model  what cannot be seen is declared",
            "provena-mcp record --observe strace -- bash workflow.sh  every file of every program, on Linux",
            "provena-mcp record --watch /scratch/run7 -- ./model  where a model writes elsewhere",
            "provena-mcp record --check -i rain.csv -- ./model  not on inputs that are not fit",
        ),
    )(_record)


def _record(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The command, after --.")],
    inputs: Annotated[
        list[str] | None, typer.Option("-i", "--input", metavar="PATH", help="It reads this.")
    ] = None,
    outputs: Annotated[
        list[str] | None, typer.Option("-o", "--output", metavar="PATH", help="It writes this.")
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(
            "--watch",
            metavar="DIR",
            help="Look at this folder before and after, instead of the working folder.",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="What the run is called.")] = None,
    observe: Annotated[
        list[str] | None,
        typer.Option("--observe", metavar="LEVEL", help="usual (declared, watched, python), or strace."),
    ] = None,
    host: Annotated[bool, typer.Option("--host", help="Name this machine in the capture.")] = False,
    variables: Annotated[
        list[str] | None, typer.Option("--env", metavar="NAME", help="Keep this environment variable.")
    ] = None,
    hash_up_to: Annotated[
        str | None, typer.Option("--hash-up-to", metavar="SIZE", help="Do not hash larger files, e.g. 50G.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Check inputs with the registry first, and ask where one is not fit."),
    ] = False,
    allow: Allow = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing.")] = False,
) -> None:
    """Run a command untouched, and capture what it read and wrote.

    The capture, an RO-Crate, lies in .provena/captures or PROVENA_CAPTURES. No server, network or login is
    needed. Exits as the command does; 127 or 126 where it cannot be run, 2 where nothing could be captured,
    1 where --check found what you would not go on with.
    """
    from provena_mcp.cli.record import RecordOptions, record

    options = RecordOptions(
        inputs=inputs or (),
        outputs=outputs or (),
        watch=watch or (),
        name=name,
        observe=observe or (),
        host=host,
        variables=variables or (),
        hash_up_to=hash_up_to,
        quiet=quiet,
        check=check,
        allow=allow or (),
    )
    record(command, options)
