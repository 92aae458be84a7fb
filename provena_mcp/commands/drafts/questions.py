"""Questions to the user about what nobody recorded, each with the form that its answer takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from provena_mcp.commands.drafts.results import MissingFact
from provena_mcp.commands.planned_items import CheckedPlan, PlannedItem
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.queries.recording.registry_view import RegistryView
from provena_mcp.rules.budgets import NAME_LENGTH
from provena_mcp.rules.records.references import NOUN
from provena_mcp.rules.text import clean
from provena_mcp.wire.items import JsonObject, RegistryItem

_CHOICES: Final = 8
_NAMED: Final = 5
_WORDS: Final[Mapping[str, str]] = {
    "organisation": "Which organisation do the new datasets belong to, and does it publish them?",
    "dataset_info.license": "Under which licence are the new datasets (its address)?",
    "dataset_info.access_info": (
        "Are the files of the new datasets in Provena's data store, or elsewhere (address and words)?"
    ),
    "dataset_info.created_date": "When was each of these made?",
    "approvals": "Do ethics, indigenous knowledge or export controls matter for the new datasets?",
    "ethics_approved": "Has this person consented to being recorded? Never assume it.",
    "email": "What is this person's e-mail address?",
    "documentation_url": "Where is this model documented (its address)?",
    "source_url": "Where is the source code of this model (its address)?",
    "description": "What is it, in a sentence?",
    "start_time": "When did the run start?",
    "end_time": "When did the run end?",
    "workflow_template_id": "Which workflow template does the run follow?",
    "associations.modeller_id": "Who ran it?",
}
_ANSWERS: Final[Mapping[str, JsonValue]] = {
    "dataset_info.access_info": {"reposited": True},
    "dataset_info.created_date": {"relevant": True, "value": "YYYY-MM-DD"},
    "approvals": {
        name: {"relevant": False, "obtained": False}
        for name in ("ethics_registration", "ethics_access", "indigenous_knowledge", "export_controls")
    },
    "ethics_approved": True,
    "start_time": "ISO 8601 with offset",
    "end_time": "ISO 8601 with offset",
}
_ORGANISATIONS: Final = ("associations.organisation_id", "dataset_info.publisher_id")
_ORGANISATION: Final[JsonObject] = {"organisation": 'its handle, or {"name": …} for a new one'}


def questions_of(
    plan: CheckedPlan, missing: Mapping[str, Sequence[str]], view: RegistryView
) -> tuple[MissingFact, ...]:
    """All that has to be asked: of new datasets together, of other items and of runs one by one.

    ``missing`` has the fields that a run's record lacks, by what the run is called.
    """
    return (*_of_items(plan, view), *_of_runs(missing, view))


def _of_items(plan: CheckedPlan, view: RegistryView) -> Iterator[MissingFact]:
    shared: dict[str, list[PlannedItem]] = {}
    for planned, checked in plan.items:
        paths = dict.fromkeys(_whole(path) for path in checked.given.missing)
        for path in paths:
            if planned.item_subtype == "DATASET":
                shared.setdefault(path, []).append(planned)
            else:
                yield _question(path, _label(planned), {"items": {title_of(planned): _nested(path)}}, view)
    for path, items in shared.items():
        names = ", ".join(_label(each) for each in items[:_NAMED])
        more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
        answer: JsonObject = {"datasets": _nested(path)}
        if path == "organisation":
            answer = _ORGANISATION
        elif path == "dataset_info.created_date":
            # Which may be another for each.
            answer = {"items": {title_of(items[0]): _nested(path)}}
        yield _question(path, names + more, answer, view)


def _of_runs(missing: Mapping[str, Sequence[str]], view: RegistryView) -> Iterator[MissingFact]:
    for path in dict.fromkeys(path for paths in missing.values() for path in paths):
        names = [name for name, paths in missing.items() if path in paths]
        if path == "workflow_template_id":
            answer: JsonObject = {path: "handle, or new"}
        else:
            answer = {"runs": {names[0] if len(names) == 1 else "*": _nested(path)}}
        yield _question(path, ", ".join(names[:_NAMED]), answer, view)


def _question(path: str, about: str, answer: JsonObject, view: RegistryView) -> MissingFact:
    key = path.removeprefix("annotations.")
    words = _WORDS.get(path, f"The template asks for {key!r}." if key != path else f"{path} is needed.")
    items: Mapping[str, RegistryItem] = {}
    if path == "organisation":
        items = view.organisations
    elif path == "associations.modeller_id":
        items = view.people
    elif path == "workflow_template_id":
        items = view.workflows
    choices = tuple(
        Ref(id=item.id, name=clean(item.display_name or "", NAME_LENGTH) or None)
        for item in list(items.values())[:_CHOICES]
    )
    return MissingFact(ask=f"{words} ({about})", answer=answer, choices=choices or None)


def title_of(planned: PlannedItem) -> str:
    """What an answer calls a planned item: its subtype and its name."""
    return f"{planned.item_subtype} {_name(planned)}"


def _label(planned: PlannedItem) -> str:
    return f"{NOUN[planned.item_subtype]} {_name(planned)!r}"


def _name(planned: PlannedItem) -> str:
    info = planned.item.get("dataset_info")
    holder = info if isinstance(info, dict) else planned.item
    name = (
        holder.get("display_name")
        or holder.get("name")
        or " ".join(str(holder[part]) for part in ("first_name", "last_name") if holder.get(part))
    )
    return clean(str(name), NAME_LENGTH)


def _whole(path: str) -> str:
    """The approvals are asked for together, and so are the organisations."""
    if path in _ORGANISATIONS:
        return "organisation"
    return "approvals" if path.startswith("approvals") else path


def _nested(path: str) -> JsonObject:
    value: JsonValue = _ANSWERS.get(path, "…")
    # What an annotation is called may have dots in it.
    parts = path.split(".", 1) if path.startswith("annotations.") else path.split(".")
    for part in reversed(parts):
        value = {part: value}
    return value if isinstance(value, dict) else {}
