"""Counts items, in total or in groups, so that nobody has to page through a list to count it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from pydantic import Field

from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.facts import organisations_of
from provena_mcp.queries.items.reader import Reader
from provena_mcp.rules.budgets import WORD_LENGTH
from provena_mcp.rules.text import clean
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import ModelRunItem, RegistryItem, WorkflowTemplateItem

GroupBy = Literal[
    "modeller",
    "study",
    "workflow_template",
    "model",
    "model_version",
    "month",
    "organisation",
    "subtype",
]
RUN_GROUPS: Final = frozenset({"modeller", "study", "workflow_template", "model", "model_version"})
_MOST_GROUPS: Final = 60
_NOT_STATED: Final = "not stated"


class GroupCount(Brief):
    """The items of a list that share a value."""

    key: str = Field(description="An id, a value, a month YYYY-MM, or 'not stated'.")
    name: str | None = None
    count: int


async def group_counts(
    reader: Reader, items: Sequence[RegistryItem], by: GroupBy
) -> tuple[tuple[GroupCount, ...], int]:
    """The largest groups of ``items``, with names for ids, and how many groups there are."""
    models = await _models_of(reader, items if by == "model" else ())
    counts: Counter[str] = Counter()
    for item in items:
        counts.update(_keys(item, by, models) or (_NOT_STATED,))
    # Months in their order, all else by size; what states nothing comes last.
    ordered = sorted(
        counts.items(),
        key=lambda entry: (
            entry[0] == _NOT_STATED,
            entry[0] if by == "month" else "",
            -entry[1],
            entry[0],
        ),
    )[:_MOST_GROUPS]
    ids = {key: "" for key, _ in ordered if "/" in key and by not in ("model_version", "month", "subtype")}
    names = (await reader.names.of(reader.caller, ids)).names
    groups = tuple(
        GroupCount(key=clean(key, WORD_LENGTH), name=names.get(key), count=count) for key, count in ordered
    )
    return groups, len(counts)


async def _models_of(reader: Reader, items: Sequence[RegistryItem]) -> Mapping[str, str]:
    """The model of each workflow template that runs among ``items`` were done with."""
    templates = {item.record.workflow_template_id for item in items if isinstance(item, ModelRunItem)}
    found = await reader.items().read_of_type(templates, WorkflowTemplateItem)
    return {template: item.software_id for template, item in found.items()}


def _keys(item: RegistryItem, by: GroupBy, models: Mapping[str, str]) -> tuple[str, ...]:
    if by == "subtype":
        return (item.item_subtype,)
    if by == "organisation":
        return organisations_of(item)
    if by == "month":
        moment = utc(item.record.start_time if isinstance(item, ModelRunItem) else item.created_timestamp)
        return (moment[:7],) if moment else ()
    if not isinstance(item, ModelRunItem):
        return ()
    run = item.record
    stated = {
        "modeller": run.associations.modeller_id,
        "study": run.study_id,
        "workflow_template": run.workflow_template_id,
        "model": models.get(run.workflow_template_id),
        "model_version": (run.model_version or "").strip() or None,
    }[by]
    return (stated,) if stated else ()
