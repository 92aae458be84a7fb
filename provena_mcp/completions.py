"""Completions in prompts and resource templates: ids by name or by their start, and closed lists of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from provena_mcp.application import Application
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.documents.kinds import CITATION_TYPES, PROV_TYPES, SUBTYPE_OF
from provena_mcp.rules.handles import document_kind
from provena_mcp.wire.lineage import LineageQuery
from provena_mcp.wire.subtypes import NAMED_SUBTYPES

if TYPE_CHECKING:
    from provena_mcp.queries.items.suggestions import Kinds

Reference = PromptReference | ResourceTemplateReference

_KINDS_OF_ARGUMENT: Final[dict[str, Kinds]] = {
    "id": NAMED_SUBTYPES,
    "item_id": NAMED_SUBTYPES,
    "result_id": ("DATASET", "MODEL_RUN"),
    "first_run_id": ("MODEL_RUN",),
    "second_run_id": ("MODEL_RUN",),
    "study_id": ("STUDY",),
    "workflow_template_id": ("MODEL_RUN_WORKFLOW_TEMPLATE",),
}
_REPORTED: Final[Kinds] = ("STUDY", "MODEL_RUN")
_WORDS_OF_ARGUMENT: Final[dict[str, tuple[str, ...]]] = {
    "query": get_args(LineageQuery),
    "item_subtype": _REPORTED,
    "kind": tuple(SUBTYPE_OF),
}

_NOTHING: Final = Completion(values=[])


async def complete(
    app: Application,
    ref: Reference,
    argument: CompletionArgument,
    context: CompletionContext | None,
) -> Completion:
    """What may follow what has been typed of an argument; nothing where that cannot be found out."""
    words = _words(ref, argument.name)
    if words is not None:
        fitting = [word for word in words if word.casefold().startswith(argument.value.strip().casefold())]
        return Completion(values=fitting, total=len(fitting), has_more=False)
    chosen = (context.arguments if context else None) or {}
    kinds = _kinds(ref, argument.name, chosen)
    if not kinds:
        return _NOTHING
    try:
        found = await app.suggestions.ids(app.reader(), _field(ref, argument.name), kinds, argument.value)
    except ProvenaError:
        # A host shows completions while somebody types: the call that follows says what is wrong.
        return _NOTHING
    values = [item_id for item_id in found.ids if item_id not in chosen.values()]
    total = None if found.total is None else found.total - len(found.ids) + len(values)
    return Completion(values=values, total=total, has_more=found.has_more)


def _words(ref: Reference, argument: str) -> tuple[str, ...] | None:
    if argument == "format" and isinstance(ref, ResourceTemplateReference):
        return tuple(CITATION_TYPES if document_kind(ref.uri) == "citation" else PROV_TYPES)
    return _WORDS_OF_ARGUMENT.get(argument)


def _kinds(ref: Reference, argument: str, chosen: dict[str, str]) -> Kinds:
    kinds = _KINDS_OF_ARGUMENT.get(argument, ())
    if argument != "id" or not isinstance(ref, ResourceTemplateReference):
        return kinds
    kind = document_kind(ref.uri)
    if kind == "prov":
        return ("MODEL_RUN",)
    if kind in ("crate", "crate-zip", "citation"):
        chosen_kind = chosen.get("kind", "")
        return tuple(subtype for name, subtype in SUBTYPE_OF.items() if chosen_kind in ("", name))
    if kind == "dossier":
        return _REPORTED
    if kind == "report":
        return tuple(kind for kind in _REPORTED if kind == chosen.get("item_subtype")) or _REPORTED
    return kinds


def _field(ref: Reference, argument: str) -> str:
    owner = ref.name if isinstance(ref, PromptReference) else ref.uri
    return f"{owner} {argument}"
