"""``provena-mcp local``: fill, serve and export the embedded Provena; mirror a deployment."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provena_mcp.cli.terminal import named

if TYPE_CHECKING:
    from provena_mcp.embedded.identity import Identify
    from provena_mcp.embedded.loader import LoadReport, Stage
    from provena_mcp.embedded.sources import Source
    from provena_mcp.embedded.store import Store

local_app = typer.Typer(
    help="The Provena built in: load registry items, serve it over HTTP, export it; mirror a deployment.",
    no_args_is_help=True,
)

_Store = Annotated[
    Path | None,
    typer.Option("--store", help="The store's file; default PROVENA_STORE, else one in your data folder."),
]


@local_app.command()
def load(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            help='Registry items as JSON: an array, {"items": [...], "links": {username: person id}}, '
            "one item a line, or an administrator's export of a Provena registry.",
        ),
    ] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Load the shipped sample world too.")] = False,
    links: Annotated[
        Path | None,
        typer.Option(help="A JSON object {username: person id}: who the owners of items are."),
    ] = None,
    store: _Store = None,
) -> None:
    """Put registry items into the store, and their provenance into its graph.

    Loading the same file again changes nothing. Exits with 1 if any item was skipped.
    """
    from provena_mcp.embedded.sources import read_links, read_source, sample_source

    if not files and not sample:
        raise typer.BadParameter("name a file, or pass --sample.", param_hint="FILE...")
    persons = read_links(links) if links else {}
    sources = [("the sample world", sample_source())] if sample else []
    sources += [(str(path), read_source(path)) for path in files or []]
    with closing(_open(store)) as opened:
        reports = [_load(opened, name, source, persons) for name, source in sources]
    if any(report.skipped for report in reports):
        raise typer.Exit(1)


@local_app.command()
def pull(
    context: typer.Context,
    mirror: Annotated[
        Path | None,
        typer.Option(help="The mirror's file; default PROVENA_MIRROR, else one in your data folder."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Look at every item anew, to notice what is gone.")
    ] = False,
) -> None:
    """Copy what you may read of the deployment into a mirror, to be read fast and offline.

    Only what was updated since the last time is asked for, but all items once a week. A pull that
    was interrupted goes on where it was. Exits with 1 if any item could not be kept.
    """
    from provena_mcp.cli.start import starting

    with starting(own_process=bool(context.obj)):
        from provena_mcp.cli.pull import pull as pull_into
        from provena_mcp.cli.session import run
        from provena_mcp.settings import read_settings

    if run(pull_into(read_settings(), mirror, whole=full)).skipped:
        raise typer.Exit(1)


@local_app.command()
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port on 127.0.0.1.")] = 8790,
    depth_cap: Annotated[int, typer.Option(min=1, help="The most hops of one lineage query.")] = 10,
    issuer: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Ask for tokens of this OpenID issuer, e.g. a Keycloak realm."),
    ] = None,
    lease: Annotated[
        float | None,
        typer.Option(min=0.1, max=600, hidden=True, help="Seconds until jobs of a process that died go on."),
    ] = None,
    store: _Store = None,
) -> None:
    """Serve the store over HTTP on this machine, to any Provena client.

    Each service has its own base URL below one address: /prov-api, /registry-api, /job-api,
    /search, /auth-api and /data-api. Whoever can reach the port is the one local user, unless an
    issuer is named: then callers need its tokens, and their roles decide, as at a deployment.
    """
    from provena_mcp.cli.start import starting

    with starting(own_process=bool(context.obj)):
        import uvicorn
        from starlette.middleware.trustedhost import TrustedHostMiddleware

        from provena_mcp.embedded.app import BASE_PATHS, create_app
        from provena_mcp.embedded.page_guard import PageGuard

        opened = _open(store)
    typer.echo(f"Serving {opened.path} at", err=True)
    for path in BASE_PATHS.values():
        typer.echo(f"  http://127.0.0.1:{port}{path}", err=True)
    app = create_app(opened, _identify(issuer), depth_cap=depth_cap, lease_seconds=lease)
    # Without the second a web page could reach the port through a host name of its own (DNS rebinding).
    app.add_middleware(PageGuard)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    try:
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
    finally:
        opened.close()


@local_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to; 'local load' reads it back.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    store: _Store = None,
) -> None:
    """Write every item of the store, and who its users are, into one file."""
    from provena_mcp.embedded.export import export_items
    from provena_mcp.embedded.store import Store
    from provena_mcp.settings import read_settings

    with closing(Store.existing(store or read_settings().store)) as opened:
        count = export_items(opened, file, overwrite=force)
    typer.echo(f"{count} items written to {file}.", err=True)


def _identify(issuer: str | None) -> Identify:
    from provena_mcp.client import public_transport
    from provena_mcp.embedded.bearer import identify_by_bearer
    from provena_mcp.embedded.identity import identify_local_user
    from provena_mcp.issuer import Issuer

    if issuer is None:
        return identify_local_user
    return identify_by_bearer(Issuer(issuer, transport=public_transport()))


def _open(path: Path | None) -> Store:
    from provena_mcp.embedded.store import Store
    from provena_mcp.settings import read_settings

    return Store(path or read_settings().store)


def _load(store: Store, name: str, source: Source, links: dict[str, str]) -> LoadReport:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from provena_mcp.embedded.loader import load_items

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        tasks = {stage: progress.add_task(stage, total=None) for stage in ("items", "provenance")}

        def show(stage: Stage, done: int, total: int) -> None:
            progress.update(tasks[stage], completed=done, total=total)

        report = load_items(store, source, links=links, on_progress=show)
        for task in tasks.values():
            # A stage without anything to do is done too.
            progress.update(task, total=progress.tasks[task].completed)
    console.print("\n".join(_summary(name, store.path, report)), markup=False, highlight=False)
    return report


def _summary(name: str, path: Path, report: LoadReport) -> list[str]:
    from provena_mcp.rules.text import plural

    lines = [
        f"{name} -> {path}",
        f"{plural(report.loaded, 'item')} loaded, {report.unchanged} already there, "
        f"{len(report.skipped)} skipped; {report.lodged} runs and activities lodged.",
    ]
    skipped = [f"item {skip.index} ({skip.id or 'no id'}): {skip.reason}" for skip in report.skipped]
    lines += named("Skipped:", skipped)
    waiting = [f"{item_id}: {reason}" for item_id, reason in report.waiting]
    lines += named("Loaded, but not in the graph until what they refer to is loaded too:", waiting)
    lines += named(
        f"Locked where they come from, here not: {plural(len(report.locked), 'item')}.", list(report.locked)
    )
    lines += named(
        "Not for everybody where they come from, or for named groups: "
        f"{plural(len(report.restricted), 'item')}; whoever may use this store reads them here.",
        list(report.restricted),
    )
    if report.personless:
        owners = ", ".join(map(repr, report.personless))
        lines.append(
            f"No Person is known for {owners}: what they registered is attributed to no one. "
            "Name their Persons with --links."
        )
    return lines
