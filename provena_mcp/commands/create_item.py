"""Creates people, organisations, models, templates, studies and datasets (provena-http 7.2, 7.9)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from provena_mcp.client import AccessLevel
from provena_mcp.commands.confirmation.change import Preview, Sent
from provena_mcp.commands.confirmation.submission import session_in
from provena_mcp.commands.confirmation.write_result import WriteResult, problem_briefs, problem_count
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.records.item_check import check_item, name_in
from provena_mcp.commands.records.item_input import fields_of
from provena_mcp.commands.records.lookup import digest_of, facts
from provena_mcp.commands.records.run_preview import named
from provena_mcp.errors import AmbiguousWriteError, ArgumentError, ProvenaError
from provena_mcp.next_call import NextCall
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.rules.budgets import MESSAGE_LENGTH, NAME_LENGTH
from provena_mcp.rules.items.schema import ContentSubtype
from provena_mcp.rules.records.references import NOUN
from provena_mcp.rules.text import clean, clean_object
from provena_mcp.wire.items import JsonObject, as_object

CREATED: Final[tuple[ContentSubtype, ...]] = (
    "PERSON",
    "ORGANISATION",
    "MODEL",
    "DATASET_TEMPLATE",
    "MODEL_RUN_WORKFLOW_TEMPLATE",
    "STUDY",
    "DATASET",
)


class CreateItemResult(WriteResult):
    """Of creating an item."""

    item: JsonObject | None = Field(default=None, description="Its content as it would be created.")
    refers_to: tuple[Ref, ...] | None = None
    fields: tuple[str, ...] | None = Field(
        default=None, description="All fields; * is required, below a part once that is given."
    )
    created: Ref | None = None


class ItemCreation(BaseModel):
    """What is sent."""

    model_config = ConfigDict(frozen=True)

    item_subtype: ContentSubtype
    item: JsonObject


class CreateItem:
    """Arguments: ``item_subtype`` and ``item``, its content (of a dataset: its collection format)."""

    tool = "create_item"
    access: AccessLevel = "write"
    payload_type = ItemCreation
    result_type = CreateItemResult

    async def prepare(
        self, context: WriteContext, arguments: JsonObject
    ) -> Preview[ItemCreation, CreateItemResult]:
        """The item, as far as it is given; the registry's own check has the last word.

        Raises:
            ArgumentError: There is no such subtype.
            ProvenaError: What it refers to could not be looked up.
        """
        subtype = _subtype(arguments)
        checked = await check_item(context, subtype, as_object(arguments.get("item")))
        item = checked.given.content
        refers_to = tuple(
            found for item_id in checked.known if (found := named(item_id, checked.known)) and found.name
        )
        shown = CreateItemResult(
            status="preview",
            message="",
            ready=checked.is_ready,
            missing=checked.given.missing,
            problems=problem_briefs(checked.problems),
            problem_count=problem_count(checked.problems),
            warnings=checked.warnings or None,
            provena_said=checked.said,
            item=clean_object(item),
            refers_to=refers_to or None,
            fields=None if checked.given.is_complete else fields_of(subtype),
        )
        return Preview(
            shown,
            question=_question(subtype, item, refers_to),
            digest=digest_of(item, checked.known),
            payload=ItemCreation(item_subtype=subtype, item=item) if checked.is_ready else None,
            facts=facts(checked.known),
        )

    async def send(self, context: WriteContext, payload: ItemCreation) -> JsonObject:
        """Have the item created; its handle is in the answer."""
        return await send_item(context, payload)

    async def result(self, context: WriteContext, sent: Sent) -> CreateItemResult:
        """The new item's handle."""
        item_id = str(sent.answer.get("id"))
        name = clean(str(sent.answer.get("name") or ""), NAME_LENGTH) or None
        why = sent.answer.get("unproven")
        made = f"Created as {item_id}." + (f" It was not compared with the registry ({why})." if why else "")
        return CreateItemResult(
            status="succeeded",
            message=f"{made} Searches and the lineage graph know it some seconds later.",
            created=Ref(id=item_id, name=name),
            session_id=session_in(sent.answer),
            next=NextCall(tool="fetch_items", arguments={"ids": [item_id]}),
        )


async def send_item(context: WriteContext, payload: ItemCreation) -> JsonObject:
    """Have an item created: its ``id``, its ``name``, and the ``session_id`` of the job that lodges it."""
    name = name_in(payload.item_subtype, payload.item)
    if payload.item_subtype != "DATASET":
        created = await context.client.registry.create(payload.item_subtype, payload.item)
        return {"id": created.item.id, "name": name, "session_id": created.session_id}
    minted = await context.client.data.mint_dataset(payload.item)
    if minted.handle is None:
        raise AmbiguousWriteError(
            "The data store says that the dataset is registered and gives no handle.",
            advice="Look for it with search_items before trying again.",
        )
    return {
        "id": minted.handle,
        "name": name,
        "session_id": minted.register_create_activity_session_id,
        "unproven": await _why_unproven(context, minted.handle, name),
    }


async def _why_unproven(context: WriteContext, handle: str, name: str) -> str | None:
    """Why it could not be seen that ``handle`` is the new dataset; none if it is."""
    try:
        item = await context.client.registry.fetch(handle)
    except ProvenaError as error:
        return error.message.rstrip(".")
    if item.item_subtype == "DATASET" and item.is_seed:
        return "there is no record of it yet"
    if item.item_subtype != "DATASET" or (item.display_name or "").strip() != name.strip():
        raise AmbiguousWriteError(
            f"The data store says that the dataset is registered as {handle}, which is another item.",
            advice="Look for it with search_items before trying again.",
        )
    return None


def _subtype(arguments: JsonObject) -> ContentSubtype:
    given = arguments.get("item_subtype")
    for known in CREATED:
        if known == given:
            return known
    raise ArgumentError(
        "item_subtype is needed: what is to be created.",
        parameter="item_subtype",
        advice=f"Use one of {', '.join(CREATED)}; runs are registered with register_model_run.",
    )


def _question(subtype: ContentSubtype, item: JsonObject, refers_to: tuple[Ref, ...]) -> str:
    names = {found.id: found.name for found in refers_to if found.name}
    lines = "\n".join(_lines(item, names, ""))
    return f"Create {NOUN[subtype]} in the registry? Its handle will be permanent.\n\n{lines}"


def _lines(value: JsonValue, names: dict[str, str], path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _lines(part, names, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _lines(part, names, f"{path}[{number}]")
    elif value is not None:
        shown = clean(json.dumps(value, ensure_ascii=False).strip('"'), MESSAGE_LENGTH)
        name = f" ({names[value]})" if isinstance(value, str) and value in names else ""
        yield f"{clean(path, NAME_LENGTH)}: {shown}{name}"
