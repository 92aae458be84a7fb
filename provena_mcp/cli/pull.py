"""``provena-mcp local pull``: copies what this login may read of the deployment into a mirror."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from provena_mcp.cli.terminal import named, printable
from provena_mcp.embedded.store_path import default_store_path
from provena_mcp.errors import SettingsError
from provena_mcp.mirror.mirror import Mirror
from provena_mcp.mirror.pull import Deployment, PullReport, Stage
from provena_mcp.rules.text import plural
from provena_mcp.server.deployment_backend import deployment_backend
from provena_mcp.settings import Endpoints, Settings

_COLUMNS: Final = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


async def pull(settings: Settings, path: Path | None, *, whole: bool) -> PullReport:
    """Pull into the mirror at ``path``, else that of the settings, else one in the data folder.

    Raises:
        SettingsError: No deployment is set.
        ProvenaError: The deployment or the store failed; pulling again goes on from there.
    """
    endpoints = settings.endpoints()
    if endpoints is None:
        raise SettingsError(
            "There is no deployment to pull from.", advice="Set PROVENA_DOMAIN and PROVENA_REALM."
        )
    mirror = Mirror(path or settings.mirror or _usual_path(endpoints), endpoints.registry)
    backend = deployment_backend(endpoints, settings)
    console = Console(stderr=True)
    try:
        async with backend.client() as on_demand:
            with Progress(*_COLUMNS, console=console) as progress:
                tasks = {stage: progress.add_task(stage, total=None) for stage in ("items", "provenance")}

                def show(stage: Stage, done: int, total: int | None) -> None:
                    progress.update(tasks[stage], completed=done, total=max(done, total) if total else None)

                client = on_demand()
                deployment = Deployment(client.prov, client.raw_items, client.auth)
                report = await mirror.pull(deployment, backend.subject, whole=whole, on_progress=show)
                for task in tasks.values():
                    progress.update(task, total=progress.tasks[task].completed)
    finally:
        mirror.close()
    is_set = settings.mirror is not None and Mirror(settings.mirror, "").path == mirror.path
    console.print(
        "\n".join(_summary(endpoints, mirror.path, report, is_set=is_set)),
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    return report


def _usual_path(endpoints: Endpoints) -> Path:
    return default_store_path().with_name(f"mirror-{urlsplit(endpoints.registry).hostname}.sqlite3")


def _summary(endpoints: Endpoints, path: Path, report: PullReport, *, is_set: bool) -> list[str]:
    looked = "every item was looked at" if report.whole else "updates only"
    lines = [
        f"{endpoints.registry} -> {path}",
        f"{plural(report.items, 'item')}, {report.changed} new or changed, {report.gone} gone; {looked}.",
    ]
    lines += named("Not kept:", [f"{item_id}: {reason}" for item_id, reason in report.skipped])
    waiting = [f"{item_id}: {reason}" for item_id, reason in report.waiting]
    lines += named("Kept, but not in the graph, since what they refer to is not here:", waiting)
    if not is_set:
        lines.append(f"PROVENA_MIRROR={printable(str(path))} has the server read it.")
    return lines
