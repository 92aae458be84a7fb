"""The commands that capture runs and know files again; they are added to the typer application."""

from __future__ import annotations

from typing import Annotated

import typer

from provena_mcp.cli.ask.options import AsJson, Sample
from provena_mcp.cli.examples import examples


def add_recording_commands(app: typer.Typer) -> None:
    """Add ``record``, ``identify`` and ``check``."""
    app.command(
        "record",
        context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False},
        epilog=examples(
            "provena-mcp record -- python model.py --year 2020  what it reads and writes is found out",
            "provena-mcp record -i rain.csv -o flow.nc -- ./model  what cannot be seen is declared",
            "provena-mcp record --observe strace -- bash workflow.sh  every file of every program, on Linux",
            "provena-mcp record --watch /scratch/run7 -- ./model  where a model writes elsewhere",
        ),
    )(_record)

    app.command(
        "identify",
        epilog=examples(
            "provena-mcp identify flow.nc  which run made it, in which dataset it is, who uses it",
            "provena-mcp identify --json *.nc  one JSON a line",
        ),
    )(_identify)
    app.command(
        "check",
        epilog=examples(
            "provena-mcp check forcing/*.nc  before a run",
            "provena-mcp check --capture 20261128T084820605Z-model-py-22734b  after it",
            "provena-mcp check --allow unreleased rain.csv  what does not count as a problem",
        ),
    )(_check)


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
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing.")] = False,
) -> None:
    """Run a command untouched, and capture what it read and wrote.

    The capture, an RO-Crate, lies in .provena/captures or PROVENA_CAPTURES. No server, network or login is
    needed. Exits as the command does; 127 or 126 where it cannot be run, 2 where nothing could be captured.
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
    )
    record(command, options)


def _identify(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Paths, or SHA-256s.")],
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """Say what files are: which runs made or used them, registered or captured.

    Exits with 0 if all are known; 1 if one is not; 2 for a wrong command, 3 without a login, 4 if the
    deployment failed.
    """
    from provena_mcp.cli.ask.dispatch import answer_all
    from provena_mcp.cli.known_files import identify_question

    answer_all([identify_question(file) for file in files], as_json=as_json, sample=sample)


def _check(
    files: Annotated[list[str] | None, typer.Argument(metavar="FILE...", help="Paths, or SHA-256s.")] = None,
    capture: Annotated[
        str | None, typer.Option("--capture", metavar="NAME", help="The inputs of this capture.")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            metavar="PROBLEM",
            help="Does not count: unknown, unregistered, changed, superseded, unreleased, restricted.",
        ),
    ] = None,
    as_json: AsJson = False,
    sample: Sample = False,
) -> None:
    """Say whether inputs are fit to be used: known, unchanged, current, released, unrestricted.

    Exits with 0 if all are; 1 if one is not; 2 for a wrong command, 3 without a login, 4 if the deployment
    failed: a job that goes on only after 0 never runs on what could not be checked.
    """
    from provena_mcp.cli.ask.dispatch import answer
    from provena_mcp.cli.known_files import check_question

    if bool(files) == (capture is not None):
        raise typer.BadParameter("give either files or --capture.", param_hint="FILE")
    answer(check_question(files or (), capture, allow or ()), as_json=as_json, sample=sample)
