"""Items that have to be created before runs can be registered, in order, under one consent.

What does not exist yet is referred to by a placeholder, ``to-be-created/1``, in later items and in the
records: it becomes a handle when the item has been created.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue

from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.create_item import ItemCreation, send_item
from provena_mcp.commands.records.item_check import CheckedItem, check_item, name_in
from provena_mcp.errors import ProvenaError
from provena_mcp.rules.items.schema import ContentSubtype
from provena_mcp.rules.records.problems import Problem, located
from provena_mcp.rules.records.references import Found, Outcome
from provena_mcp.wire.items import MODEL_OF, JsonObject, RegistryItem, as_object

PLACEHOLDER: Final = "to-be-created/"
# Each costs a search: the names of so many planned items are compared with the registry's.
_COMPARED: Final = 50
_PLACEHOLDER: Final = re.compile(re.escape(PLACEHOLDER) + r"\d+")


class PlannedItem(BaseModel):
    """An item to be created; ``key`` is its placeholder."""

    model_config = ConfigDict(frozen=True)

    key: str
    item_subtype: ContentSubtype
    item: JsonObject


@dataclass(frozen=True, slots=True)
class CheckedPlan:
    """Planned items, each checked against the registry and those before it."""

    items: tuple[tuple[PlannedItem, CheckedItem], ...] = ()
    known: Mapping[str, Outcome] = field(default_factory=dict[str, Outcome])

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields still to be given, as paths below the item's key."""
        return tuple(
            f"{planned.key}.{path}" for planned, checked in self.items for path in checked.given.missing
        )

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong, each below the item's key."""
        return tuple(
            problem for planned, checked in self.items for problem in located(checked.problems, planned.key)
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is worth knowing of the items."""
        warnings = tuple(warning for _, checked in self.items for warning in checked.warnings)
        if len(self.items) <= _COMPARED:
            return warnings
        left = f"Whether there are items of the same names was looked up for the first {_COMPARED} only."
        return (left, *warnings)

    @property
    def creations(self) -> tuple[PlannedItem, ...]:
        """The items as they are to be sent."""
        return tuple(
            planned.model_copy(update={"item": checked.given.content}) for planned, checked in self.items
        )


class Created(BaseModel):
    """What was created, by placeholder, and why it went no further."""

    model_config = ConfigDict(frozen=True)

    handles: dict[str, str] = {}
    names: dict[str, str] = {}
    stopped: str | None = None


def planned_in(arguments: JsonObject) -> tuple[PlannedItem, ...]:
    """The planned items among a change's arguments."""
    given = arguments.get("create")
    return tuple(PlannedItem.model_validate(each) for each in (given if isinstance(given, list) else ()))


async def check_plan(context: WriteContext, items: Sequence[PlannedItem]) -> CheckedPlan:
    """Check items that may refer to those before them.

    Raises:
        ProvenaError: What they refer to could not be looked up.
    """
    known: dict[str, Outcome] = {}
    checked: list[tuple[PlannedItem, CheckedItem]] = []
    for number, planned in enumerate(items):
        found = await check_item(
            context, planned.item_subtype, planned.item, known, compare=number < _COMPARED
        )
        checked.append((planned, found))
        known[planned.key] = Found(_as_item(planned, found.given.content))
    return CheckedPlan(tuple(checked), known)


async def create_planned(context: WriteContext, items: Sequence[PlannedItem]) -> Created:
    """Create items in order; what fails stops it, and what was created before stays and is told.

    Raises:
        ProvenaError: The first one failed: nothing was created.
    """
    handles: dict[str, str] = {}
    names: dict[str, str] = {}
    for planned in items:
        item = as_object(with_handles(planned.item, handles))
        try:
            answer = await send_item(context, ItemCreation(item_subtype=planned.item_subtype, item=item))
        except ProvenaError as error:
            if not handles:
                raise
            stopped = f"{name_in(planned.item_subtype, item)!r} could not be created: {error.message}"
            return Created(handles=handles, names=names, stopped=f"{stopped} {error.advice}".strip())
        handles[planned.key] = str(answer["id"])
        names[planned.key] = str(answer["name"])
    return Created(handles=handles, names=names)


def with_handles(value: JsonValue, handles: Mapping[str, str]) -> JsonValue:
    """``value`` with the handle of what was created in place of each placeholder."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: handles.get(found[0], found[0]), value)
    if isinstance(value, list):
        return [with_handles(each, handles) for each in value]
    if isinstance(value, dict):
        return {key: with_handles(each, handles) for key, each in value.items()}
    return value


def placeholders_in(value: JsonValue) -> frozenset[str]:
    """The placeholders in a JSON value."""
    if isinstance(value, str):
        return frozenset(_PLACEHOLDER.findall(value))
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return frozenset[str]().union(*(placeholders_in(each) for each in inner))


def _as_item(planned: PlannedItem, content: JsonObject) -> RegistryItem:
    """The item as the registry would hold it; what is malformed yet is a plain one."""
    whole: JsonObject = {
        "id": planned.key,
        "item_category": "ENTITY",
        "item_subtype": planned.item_subtype,
        "display_name": name_in(planned.item_subtype, content),
    }
    if planned.item_subtype == "DATASET":
        return RegistryItem.model_validate(whole)
    try:
        return MODEL_OF[planned.item_subtype].model_validate({**content, **whole})
    except ValueError:
        return RegistryItem.model_validate(whole)
