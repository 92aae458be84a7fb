"""Whether the caller may change a run: the registry knows, and prov-api asks it too late (contract 2.6)."""

from __future__ import annotations

from typing import Final

from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.errors import ProvenaError
from provena_mcp.rules.records.problems import Problem

_WRITING_ROLES: Final = frozenset({"metadata-write", "admin"})


async def doubts_about_changing(desk: Desk, run_id: str) -> tuple[tuple[Problem, ...], tuple[str, ...]]:
    """A problem if the run is locked; a warning if the caller seems not to be allowed to change it.

    Whoever administers the registry may do more than the roles on the item say, hence only a warning.
    """
    try:
        found = await desk.client.registry.fetch_typed("MODEL_RUN", run_id)
    except ProvenaError as error:
        return (), (f"Whether you may change the run could not be looked up: {error.message}",)
    if found.locked:
        message = f"Run {run_id!r} is locked: its owner has to unlock it first."
        return (Problem("model_run_id", message, "", value=run_id),), ()
    if not _WRITING_ROLES.intersection(found.roles):
        return (), ("You seem not to be allowed to change this run, so Provena may refuse it.",)
    return (), ()
