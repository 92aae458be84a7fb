"""Creates people, organisations, models, templates, studies and datasets (provena-http 7.2, 7.9)."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from pydantic import Field, JsonValue

from provena_mcp.commands.confirmation.change import Proposal
from provena_mcp.commands.confirmation.submission import as_object, session_in
from provena_mcp.commands.confirmation.write_context import Desk
from provena_mcp.commands.records.item_input import GivenItem, fields_of, read_given_item
from provena_mcp.commands.records.lookup import facts, look_up, with_candidates
from provena_mcp.commands.records.run_preview import ref
from provena_mcp.commands.results import WriteResult, problem_briefs, problem_count
from provena_mcp.errors import AmbiguousWriteError, ArgumentError, ProvenaError, RejectedError
from provena_mcp.next_call import NextCall
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.items.names import NAME_LENGTH
from provena_mcp.queries.jobs.polling import JobState
from provena_mcp.rules.items.references import item_problems, item_references
from provena_mcp.rules.items.schema import ContentSubtype, read_item_content
from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.references import NOUN, Known
from provena_mcp.rules.text import clean, clean_object
from provena_mcp.wire.items import JsonObject

CREATED: Final[tuple[ContentSubtype, ...]] = (
    "PERSON",
    "ORGANISATION",
    "MODEL",
    "DATASET_TEMPLATE",
    "MODEL_RUN_WORKFLOW_TEMPLATE",
    "STUDY",
    "DATASET",
)

_ALIKE: Final = 5
_TEXT: Final = 300
# Of these the registry keeps who made them (provena-http 7.2).
_NEEDS_PERSON: Final = frozenset(
    {"MODEL", "MODEL_RUN_WORKFLOW_TEMPLATE", "DATASET_TEMPLATE", "STUDY", "DATASET"}
)
_UNLINKED: Final = (
    "Your login is not linked to a Person in the registry, which this needs: link it in Provena's web pages."
)
_REFUSED: Final = Problem("", "The registry would refuse it; provena_said tells why.", "")


class CreationResult(WriteResult):
    """Of creating an item."""

    item: JsonObject | None = Field(default=None, description="Its content as it would be created.")
    refers_to: tuple[Ref, ...] | None = None
    fields: tuple[str, ...] | None = Field(
        default=None, description="All fields; * is required, below a part once that is given."
    )
    created: Ref | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    """An item with all that is wrong with it, and what it refers to."""

    given: GivenItem
    known: Known
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...] = ()
    said: str | None = None

    @property
    def is_ready(self) -> bool:
        return not self.given.missing and not self.problems


@dataclass(frozen=True)
class CreateItem:
    """Content: ``item_subtype`` and ``item``, its content (of a dataset: its collection format)."""

    kind: str = "create_item"
    accepts: tuple[str, ...] = ("create_item",)

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[CreationResult]:
        """The item, as far as it is given; the registry's own check has the last word.

        Raises:
            ArgumentError: There is no such subtype.
            ProvenaError: What it refers to could not be looked up.
        """
        subtype = _subtype(content)
        judged = await _judge(desk, subtype, as_object(content.get("item")))
        item = judged.given.content
        refers_to = tuple(
            found for item_id in judged.known if (found := ref(item_id, judged.known)) and found.name
        )
        preview = CreationResult(
            status="preview",
            message="",
            ready=judged.is_ready,
            missing=judged.given.missing,
            problems=problem_briefs(judged.problems),
            problem_count=problem_count(judged.problems),
            warnings=judged.warnings or None,
            provena_said=judged.said,
            item=clean_object(item),
            refers_to=refers_to or None,
            fields=None if judged.given.is_complete else fields_of(subtype),
        )
        return Proposal(
            content=content,
            preview=preview,
            question=_question(subtype, item, refers_to),
            digest=_digest(item, judged.known),
            send=(lambda: _send(desk, subtype, item)) if judged.is_ready else None,
        )

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> CreationResult:
        """The new item's handle."""
        item_id = str(answer.get("id"))
        name = clean(str(answer.get("name") or ""), NAME_LENGTH) or None
        return CreationResult(
            status="succeeded",
            message=f"Created as {item_id}. Searches and the lineage graph know it some seconds later.",
            created=Ref(id=item_id, name=name),
            session_id=session_in(answer),
            next=NextCall(tool="fetch_items", arguments={"ids": [item_id]}),
        )


def _subtype(content: JsonObject) -> ContentSubtype:
    given = content.get("item_subtype")
    for known in CREATED:
        if known == given:
            return known
    raise ArgumentError(
        "item_subtype is needed: what is to be created.",
        parameter="item_subtype",
        advice=f"Use one of {', '.join(CREATED)}; runs are registered with register_model_run.",
    )


async def _judge(desk: Desk, subtype: ContentSubtype, raw: JsonObject) -> _Judged:
    given = read_given_item(raw, subtype)
    if not given.is_complete:
        return _Judged(given, {}, given.problems)
    full = read_item_content(given.content, subtype)
    known = await look_up(desk.reader, item_references(full, subtype, {}), {})
    problems = await with_candidates(desk.reader, item_problems(full, subtype, known))
    judged = _Judged(given, known, problems)
    if problems:
        return judged
    checked, alike = await asyncio.gather(
        _checked(desk, subtype, judged), _alike(desk, subtype, given.content)
    )
    return replace(checked, warnings=(*alike, *checked.warnings))


async def _checked(desk: Desk, subtype: ContentSubtype, judged: _Judged) -> _Judged:
    """``judged`` with what Provena itself thinks of the item coming from this caller, as far as it tells."""
    try:
        if subtype in _NEEDS_PERSON and await desk.client.auth.linked_person() is None:
            return replace(judged, problems=(Problem("", _UNLINKED, ""),))
        if subtype == "DATASET":
            return judged  # the data store has no check without creating
        status = await desk.client.registry.validate(subtype, judged.given.content)
    except RejectedError as error:
        return replace(judged, problems=(_REFUSED,), said=error.upstream)
    except ProvenaError as error:
        return replace(judged, warnings=(f"Whether Provena would take it is not known: {error.message}",))
    if status.success:
        return judged
    return replace(judged, problems=(_REFUSED,), said=clean(status.details, _TEXT) or None)


async def _alike(desk: Desk, subtype: ContentSubtype, item: JsonObject) -> tuple[str, ...]:
    """Warnings about items of the same subtype and name."""
    name = _name_of(subtype, item)
    try:
        hits = await desk.client.search.search(name, subtype, _ALIKE)
    except ProvenaError:
        return ()
    named = await desk.reader.names.of(desk.caller, {hit.id: subtype for hit in hits})
    return tuple(
        f"There is already {NOUN[subtype]} of this name: {item_id}. Is it the same?"
        for item_id, found in named.names.items()
        if found.casefold() == clean(name, NAME_LENGTH).casefold()
    )


def _name_of(subtype: ContentSubtype, item: JsonObject) -> str:
    named = (
        as_object(item.get("dataset_info")).get("name") if subtype == "DATASET" else item.get("display_name")
    )
    return str(named or "")


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
        shown = clean(json.dumps(value, ensure_ascii=False).strip('"'), _TEXT)
        name = f" ({names[value]})" if isinstance(value, str) and value in names else ""
        yield f"{clean(path, NAME_LENGTH)}: {shown}{name}"


def _digest(item: JsonObject, known: Known) -> str:
    told = json.dumps(item, sort_keys=True)
    return hashlib.sha256(f"{told}\n{facts(known)}".encode()).hexdigest()


async def _send(desk: Desk, subtype: ContentSubtype, item: JsonObject) -> JsonObject:
    name = _name_of(subtype, item)
    if subtype != "DATASET":
        created = await desk.client.registry.create(subtype, item)
        return {"id": created.item.id, "name": name, "session_id": created.session_id}
    minted = await desk.client.data.mint_dataset(item)
    if minted.handle is None:
        raise AmbiguousWriteError(
            "The data store says that the dataset is registered and gives no handle.",
            advice="Look for it with search_items before trying again.",
        )
    return {
        "id": minted.handle,
        "name": name,
        "session_id": minted.register_create_activity_session_id,
    }
