"""Takes a model run out of the lineage graph, and out of the registry where wanted (provena-http 2.8)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from provena_mcp.commands.confirmation.change import Proposal
from provena_mcp.commands.confirmation.submission import as_object
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.commands.results import WriteResult
from provena_mcp.commands.update_run import run_id_in
from provena_mcp.errors import ProvenaError, WrongSubtypeError
from provena_mcp.next_call import naming_tools
from provena_mcp.queries.items.briefs.models import Brief, Ref
from provena_mcp.queries.items.names import NAME_LENGTH
from provena_mcp.queries.jobs.polling import JobState
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import JsonObject
from provena_mcp.wire.runs import DiffAction

_SHOWN: Final = 40
_STAYS: Final = "Its registry item stays; and_registry deletes that too."
_ALREADY_OUT: Final = "It is out of the lineage graph already: nothing there is left to remove."
_FOR_GOOD: Final = "Its registry item is deleted for good: the handle will lead nowhere."


class GraphDiff(Brief):
    """What a deletion changes in the lineage graph."""

    counts: dict[str, int] = Field(description="Changes by kind.")
    removed: tuple[str, ...] = Field(description="Nodes, and links as 'source relation target'; the first.")


class DeletionResult(WriteResult):
    """Of deleting a run."""

    run: Ref | None = None
    diff: GraphDiff | None = None


@dataclass(frozen=True)
class DeleteRun:
    """Content: ``model_run_id``, and ``and_registry`` if true."""

    kind: str = "delete_model_run"
    accepts: tuple[str, ...] = ("delete_model_run",)

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[DeletionResult]:
        """The deletion, as Provena's own trial of it says what it would change.

        Raises:
            ArgumentError: The id is missing.
            NotFoundError: No item has this id.
            WrongSubtypeError: It is no model run.
        """
        run_id = run_id_in(content)
        and_registry = content.get("and_registry") is True
        item = await desk.client.registry.fetch(run_id)
        if item.item_subtype != "MODEL_RUN":
            raise WrongSubtypeError(f"{run_id!r} is of subtype {item.item_subtype}, not a model run.")
        actions = await desk.client.prov.delete_model_run(run_id, trial=True)
        run = Ref(id=run_id, name=clean(item.display_name or "", NAME_LENGTH) or None)
        preview = DeletionResult(
            status="preview",
            message="",
            ready=True,
            missing=(),
            problems=(),
            warnings=(
                *(() if actions else (_ALREADY_OUT,)),
                _FOR_GOOD if and_registry else _STAYS,
            ),
            model_run_id=run_id,
            run=run,
            diff=_diff(actions),
        )
        return Proposal(
            content=content,
            preview=preview,
            digest=_digest(actions, and_registry),
            send=lambda: _send(desk, run_id, and_registry=and_registry),
        )

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> DeletionResult:
        """What has been deleted."""
        left = answer.get("left")
        counts = as_object(answer.get("counts"))
        already = "" if counts else " already"
        if isinstance(left, str):
            message = (
                f"It is out of the lineage graph{already}; its registry item could not be deleted: {left}"
            )
        elif content.get("and_registry") is True:
            message = f"It is out of the lineage graph{already} and out of the registry."
        else:
            message = f"It is out of the lineage graph{already}. Its registry item stays."
        return DeletionResult(
            status="failed" if isinstance(left, str) else "succeeded",
            message=message,
            model_run_id=run_id_in(content),
            diff=GraphDiff(counts={key: int(str(count)) for key, count in counts.items()}, removed=()),
        )


def _diff(actions: Sequence[DiffAction]) -> GraphDiff:
    told = [line for action in actions if (line := _told(action))]
    return GraphDiff(counts=_counts(actions), removed=tuple(told[:_SHOWN]))


def _counts(actions: Sequence[DiffAction]) -> dict[str, int]:
    return dict(Counter(clean(action.action_type, NAME_LENGTH).lower() for action in actions))


def _told(action: DiffAction) -> str | None:
    if action.action_type == "REMOVE_LINK" and action.link is not None:
        link = action.link
        return clean(f"{link.source.id} {link.relation} {link.target.id}", 2 * NAME_LENGTH)
    if action.action_type == "REMOVE_NODE":
        return clean(action.node_id or str(as_object(action.node).get("id", "")), NAME_LENGTH) or None
    return None


def _digest(actions: Sequence[DiffAction], and_registry: bool) -> str:
    # The service gives the changes in any order.
    changes = sorted(action.model_dump_json() for action in actions)
    return hashlib.sha256(json.dumps([and_registry, changes]).encode()).hexdigest()


async def _send(desk: Desk, run_id: str, *, and_registry: bool) -> JsonObject:
    actions = await desk.client.prov.delete_model_run(run_id, trial=False)
    answer: JsonObject = {"counts": {**_counts(actions)}}
    if not and_registry:
        return answer
    try:
        await desk.client.registry.delete("MODEL_RUN", run_id)
    except ProvenaError as error:
        # The first half is done, so this is an outcome and no failure that could be repeated.
        return {**answer, "left": f"{error.message} {naming_tools(error.advice)}".strip()}
    desk.reader.names.forget(desk.caller, run_id)
    return answer
