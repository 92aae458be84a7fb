"""Takes a model run out of the lineage graph, and out of the registry where wanted (provena-http 2.8)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from provena_mcp.client import AccessLevel
from provena_mcp.commands.confirmation.change import Preview, Sent
from provena_mcp.commands.confirmation.write_result import WriteResult
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.update_run import run_id_in
from provena_mcp.errors import ProvenaError, WrongSubtypeError
from provena_mcp.next_call import naming_tools
from provena_mcp.queries.items.briefs.models import Brief, Ref
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import JsonObject, as_object
from provena_mcp.wire.runs import DiffAction

_SHOWN: Final = 40
_STAYS: Final = "Its registry item stays; and_registry deletes that too."
_ALREADY_OUT: Final = "It is out of the lineage graph already: nothing there is left to remove."
_FOR_GOOD: Final = "Its registry item is deleted for good: the handle will lead nowhere."


class GraphDiff(Brief):
    """What a deletion changes in the lineage graph."""

    counts: dict[str, int] = Field(description="Changes by kind.")
    removed: tuple[str, ...] = Field(description="Nodes, and links as 'source relation target'; the first.")


class DeleteModelRunResult(WriteResult):
    """Of deleting a run."""

    run: Ref | None = None
    diff: GraphDiff | None = None


class Deletion(BaseModel):
    """What is sent."""

    model_config = ConfigDict(frozen=True)

    model_run_id: str
    and_registry: bool


class DeleteRun:
    """Arguments: ``model_run_id``, and ``and_registry`` if true."""

    tool = "delete_model_run"
    access: AccessLevel = "admin"
    payload_type = Deletion
    result_type = DeleteModelRunResult

    async def prepare(
        self, context: WriteContext, arguments: JsonObject
    ) -> Preview[Deletion, DeleteModelRunResult]:
        """The deletion, as Provena's own trial of it says what it would change.

        Raises:
            ArgumentError: The id is missing.
            NotFoundError: No item has this id.
            WrongSubtypeError: It is no model run.
        """
        run_id = run_id_in(arguments)
        and_registry = arguments.get("and_registry") is True
        item = await context.client.registry.fetch(run_id)
        if item.item_subtype != "MODEL_RUN":
            raise WrongSubtypeError(f"{run_id!r} is of subtype {item.item_subtype}, not a model run.")
        actions = await context.client.prov.delete_model_run(run_id, trial=True)
        shown = DeleteModelRunResult(
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
            run=Ref(id=run_id, name=clean(item.display_name or "", NAME_LENGTH) or None),
            diff=_diff(actions),
        )
        return Preview(
            shown,
            digest=_digest(actions, and_registry),
            payload=Deletion(model_run_id=run_id, and_registry=and_registry),
        )

    async def send(self, context: WriteContext, payload: Deletion) -> JsonObject:
        """Take the run out; the answer says what changed, and what of it could not be done."""
        run_id = payload.model_run_id
        actions = await context.client.prov.delete_model_run(run_id, trial=False)
        answer: JsonObject = {"counts": {**_counts(actions)}}
        if not payload.and_registry:
            return answer
        try:
            await context.client.registry.delete("MODEL_RUN", run_id)
        except ProvenaError as error:
            # The first half is done, so this is an outcome and no failure that could be repeated.
            return {**answer, "left": f"{error.message} {naming_tools(error.advice)}".strip()}
        context.reader.names.forget(context.caller, run_id)
        return answer

    async def result(self, context: WriteContext, sent: Sent) -> DeleteModelRunResult:
        """What has been deleted."""
        left = sent.answer.get("left")
        counts = as_object(sent.answer.get("counts"))
        already = "" if counts else " already"
        if isinstance(left, str):
            message = (
                f"It is out of the lineage graph{already}; its registry item could not be deleted: {left}"
            )
        elif sent.arguments.get("and_registry") is True:
            message = f"It is out of the lineage graph{already} and out of the registry."
        else:
            message = f"It is out of the lineage graph{already}. Its registry item stays."
        return DeleteModelRunResult(
            status="failed" if isinstance(left, str) else "succeeded",
            message=message,
            model_run_id=run_id_in(sent.arguments),
            diff=GraphDiff(counts={key: int(str(count)) for key, count in counts.items()}, removed=()),
        )


def _diff(actions: Sequence[DiffAction]) -> GraphDiff:
    lines = [line for action in actions if (line := _line(action))]
    return GraphDiff(counts=_counts(actions), removed=tuple(lines[:_SHOWN]))


def _counts(actions: Sequence[DiffAction]) -> dict[str, int]:
    return dict(Counter(clean(action.action_type, NAME_LENGTH).lower() for action in actions))


def _line(action: DiffAction) -> str | None:
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
