"""Completions in prompts and resource templates: ids by name or by their start, and closed lists of words."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final, get_args

from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from provena_mcp.application import Application
from provena_mcp.errors import ProvenaError
from provena_mcp.queries.documents.prov_documents import PROV_TYPES
from provena_mcp.queries.items.suggestions import Kinds
from provena_mcp.rules.uris import document_kind
from provena_mcp.wire.lineage import LineageQuery

Reference = PromptReference | ResourceTemplateReference

_ANY: Final[Kinds] = (
    "DATASET",
    "MODEL_RUN",
    "STUDY",
    "MODEL",
    "MODEL_RUN_WORKFLOW_TEMPLATE",
    "DATASET_TEMPLATE",
    "PERSON",
    "ORGANISATION",
)
_KINDS_OF_ARGUMENT: Final[dict[str, Kinds]] = {
    "id": _ANY,
    "item_id": _ANY,
    "result_id": ("DATASET", "MODEL_RUN"),
    "first_run_id": ("MODEL_RUN",),
    "second_run_id": ("MODEL_RUN",),
    "study_id": ("STUDY",),
    "workflow_template_id": ("MODEL_RUN_WORKFLOW_TEMPLATE",),
}
_REPORTED: Final[Kinds] = ("STUDY", "MODEL_RUN")
_WORDS_OF_ARGUMENT: Final[dict[str, tuple[str, ...]]] = {
    "query": get_args(LineageQuery),
    "format": tuple(PROV_TYPES),
    "item_subtype": _REPORTED,
}

# The SDK gives a completion handler no context. This is the one of the request being answered.
_application: ContextVar[Application] = ContextVar("application")


def register_completions(server: MCPServer[Application]) -> None:
    """Complete the arguments of the prompts and resource templates of ``server``."""
    server.middleware.append(_remembering_the_application)
    server.completion()(_complete)


async def _remembering_the_application(
    ctx: ServerRequestContext[Application, Any], call_next: CallNext
) -> HandlerResult:
    if ctx.method != "completion/complete":
        return await call_next(ctx)
    token = _application.set(ctx.lifespan_context)
    try:
        return await call_next(ctx)
    finally:
        _application.reset(token)


async def _complete(
    ref: Reference, argument: CompletionArgument, context: CompletionContext | None
) -> Completion | None:
    words = _WORDS_OF_ARGUMENT.get(argument.name)
    if words is not None:
        fitting = [word for word in words if word.casefold().startswith(argument.value.strip().casefold())]
        return Completion(values=fitting, total=len(fitting), has_more=False)
    chosen = (context.arguments if context else None) or {}
    kinds = _kinds(ref, argument.name, chosen)
    if not kinds:
        return None
    app = _application.get()
    try:
        found = await app.suggestions.ids(app.reader(), _field(ref, argument.name), kinds, argument.value)
    except ProvenaError:
        # A host shows completions while somebody types: the call that follows says what is wrong.
        return None
    values = [item_id for item_id in found.ids if item_id not in chosen.values()]
    total = None if found.total is None else found.total - len(found.ids) + len(values)
    return Completion(values=values, total=total, has_more=found.has_more)


def _kinds(ref: Reference, argument: str, chosen: dict[str, str]) -> Kinds:
    kinds = _KINDS_OF_ARGUMENT.get(argument, ())
    if argument != "id" or not isinstance(ref, ResourceTemplateReference):
        return kinds
    kind = document_kind(ref.uri)
    if kind == "prov":
        return ("MODEL_RUN",)
    if kind == "report":
        return tuple(kind for kind in _REPORTED if kind == chosen.get("item_subtype")) or _REPORTED
    return kinds


def _field(ref: Reference, argument: str) -> str:
    owner = ref.name if isinstance(ref, PromptReference) else ref.uri
    return f"{owner} {argument}"
