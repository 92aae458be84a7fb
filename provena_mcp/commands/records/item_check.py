"""All that is wrong with an item to be created, looked up before anything is sent (provena-http 7.2, 7.9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.records.item_input import GivenItem, read_given_item
from provena_mcp.commands.records.lookup import look_up, with_candidates
from provena_mcp.errors import ProvenaError, RejectedError
from provena_mcp.queries.cache import together
from provena_mcp.rules.budgets import MESSAGE_LENGTH, NAME_LENGTH
from provena_mcp.rules.items.references import item_problems, item_references
from provena_mcp.rules.items.schema import ContentSubtype, read_item_content
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import NOUN, Known
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import JsonObject, as_object

_ALIKE: Final = 5
# Of these the registry keeps who made them (provena-http 7.2).
_NEEDS_PERSON: Final = frozenset(
    {"MODEL", "MODEL_RUN_WORKFLOW_TEMPLATE", "DATASET_TEMPLATE", "STUDY", "DATASET"}
)
_UNLINKED: Final = (
    "Your login is not linked to a Person in the registry, which this needs: link it in Provena's web pages."
)
_REFUSED: Final = Problem("", "The registry would refuse it; provena_said tells why.", "")


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """An item with all that is wrong with it, and what it refers to."""

    given: GivenItem
    known: Known
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...] = ()
    said: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it can be sent."""
        return not self.given.missing and not self.problems


async def check_item(
    context: WriteContext,
    subtype: ContentSubtype,
    raw: JsonObject,
    planned: Known | None = None,
    *,
    compare: bool = True,
) -> CheckedItem:
    """Check an item, as far as it is given.

    Args:
        context: Of the caller.
        subtype: What it is to be.
        raw: Its content.
        planned: Items that are to be created before it, to which it may refer. The registry itself is not
            asked about an item that refers to one.
        compare: Look for items of the same name.

    Raises:
        ProvenaError: What it refers to could not be looked up.
    """
    given = read_given_item(raw, subtype)
    if not given.is_complete:
        return CheckedItem(given, {}, given.problems)
    full = read_item_content(given.content, subtype)
    wanted = {each.id for each in item_references(full, subtype, {})}
    before = {item_id: outcome for item_id, outcome in (planned or {}).items() if item_id in wanted}
    known = await look_up(context.reader, item_references(full, subtype, before), before)
    problems = await with_candidates(context.reader, item_problems(full, subtype, known))
    checked = CheckedItem(given, known, problems)
    if problems:
        return checked
    if not compare:
        return checked if before else await _validated(context, subtype, checked)
    if before:
        return replace(checked, warnings=await _alike(context, subtype, given.content))
    checked, alike = await together(
        _validated(context, subtype, checked), _alike(context, subtype, given.content)
    )
    return replace(checked, warnings=(*alike, *checked.warnings))


async def _validated(context: WriteContext, subtype: ContentSubtype, checked: CheckedItem) -> CheckedItem:
    """``checked`` with what Provena itself thinks of the item coming from this caller, as far as it tells."""
    try:
        if subtype in _NEEDS_PERSON and await context.client.auth.linked_person() is None:
            return replace(checked, problems=(Problem("", _UNLINKED, ""),))
        if subtype == "DATASET":
            return checked  # the data store has no check without creating
        status = await context.client.registry.validate(subtype, checked.given.content)
    except RejectedError as error:
        return replace(checked, problems=(_REFUSED,), said=error.upstream)
    except ProvenaError as error:
        return replace(checked, warnings=(f"Whether Provena would take it is not known: {error.message}",))
    if status.success:
        return checked
    return replace(checked, problems=(_REFUSED,), said=clean(status.details, MESSAGE_LENGTH) or None)


async def _alike(context: WriteContext, subtype: ContentSubtype, item: JsonObject) -> tuple[str, ...]:
    """Warnings about items of the same subtype and name."""
    name = name_in(subtype, item)
    try:
        hits = await context.client.search.search(name, subtype, _ALIKE)
    except ProvenaError:
        return ()
    alike = await context.reader.names.of(context.caller, {hit.id: subtype for hit in hits})
    return tuple(
        f"There is already {NOUN[subtype]} of this name: {item_id}. Is it the same?"
        for item_id, found in alike.names.items()
        if found.casefold() == clean(name, NAME_LENGTH).casefold()
    )


def name_in(subtype: ContentSubtype, item: JsonObject) -> str:
    """The name of an item by its content."""
    holder, field = (
        (as_object(item.get("dataset_info")), "name") if subtype == "DATASET" else (item, "display_name")
    )
    return str(holder.get(field) or "")
