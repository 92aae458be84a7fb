"""Which model runs to keep: by who ran them, with which model and template, on what, and what they made."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from provena_mcp.errors import ArgumentError, WrongSubtypeError
from provena_mcp.queries.cache import together
from provena_mcp.queries.items.extras import version_chain
from provena_mcp.queries.items.filters import ItemFilters, Predicate
from provena_mcp.queries.items.owners import person_meant
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.items.study_filter import means_none
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import plural
from provena_mcp.wire.items import ModelRunItem, ModelRunRecord, RegistryItem, WorkflowTemplateItem
from provena_mcp.wire.registry import ListFilter, ListRequest
from provena_mcp.wire.subtypes import ItemSubtype

_MOST_TEMPLATES: Final = 2000


async def run_predicates(reader: Reader, filters: ItemFilters) -> list[Predicate]:
    """The filters that only runs state, made ready.

    Raises:
        ArgumentError: A value that cannot be meant; a name that several people share.
        NotFoundError: There is no such item.
        WrongSubtypeError: An id is one of something else.
    """
    predicates: list[Predicate] = []
    if filters.modeller is not None:
        person = await person_meant(reader, filters.modeller, "modeller")
        predicates.append(_predicate("modeller", lambda run: run.associations.modeller_id == person))
    if filters.model is not None:
        templates, unsure = await _templates_of(reader, filters.model)
        predicates.append(_predicate("model", lambda run: run.workflow_template_id in templates, unsure))
    if filters.model_version is not None:
        predicates.append(_predicate("model_version", _states(filters.model_version)))
    if filters.workflow_template is not None:
        template = await _versions(
            reader, filters.workflow_template, "workflow_template", "MODEL_RUN_WORKFLOW_TEMPLATE"
        )
        predicates.append(_predicate("workflow_template", lambda run: run.workflow_template_id in template))
    if filters.used is not None:
        used = parse_handle(filters.used, "used")
        predicates.append(_predicate("used", lambda run: any(part.dataset_id == used for part in run.inputs)))
    if filters.made is not None:
        made = parse_handle(filters.made, "made")
        predicates.append(
            _predicate("made", lambda run: any(part.dataset_id == made for part in run.outputs))
        )
    return predicates


def _predicate(name: str, holds: Callable[[ModelRunRecord], bool], unsure: str | None = None) -> Predicate:
    def passes(item: RegistryItem) -> bool | None:
        return holds(item.record) if isinstance(item, ModelRunItem) else None

    return Predicate(name, passes, unsure)


def _states(wanted: str) -> Callable[[ModelRunRecord], bool]:
    if means_none(wanted):
        return lambda run: not (run.model_version or "").strip()
    version = wanted.strip().casefold()
    return lambda run: (run.model_version or "").strip().casefold() == version


async def _templates_of(reader: Reader, model: str) -> tuple[Collection[str], str | None]:
    """The workflow templates that run a model, or any version of it; and why there may be others."""
    models = await _versions(reader, model, "model", "MODEL")
    request = ListRequest(filter_by=ListFilter(item_subtype="MODEL_RUN_WORKFLOW_TEMPLATE"), page_size=100)
    found: set[str] = set()
    read = unread = 0
    async for page in reader.client.registry.pages(request):
        read += len(page.items)
        unread += len(page.unparsable)
        found |= {
            item.id
            for item in page.items
            if isinstance(item, WorkflowTemplateItem) and item.software_id in models
        }
        if read > _MOST_TEMPLATES:
            raise ArgumentError(
                f"There are more than {_MOST_TEMPLATES} workflow templates to look into.",
                parameter="model",
                advice="Filter by workflow_template instead.",
            )
    unsure = f"{plural(unread, 'workflow template')} could not be read and may run this model."
    return found, unsure if unread else None


async def _versions(reader: Reader, given: str, parameter: str, subtype: ItemSubtype) -> frozenset[str]:
    """An item and all its versions, older and newer."""
    item = await reader.client.registry.fetch(parse_handle(given, parameter))
    if item.item_subtype != subtype:
        raise WrongSubtypeError(
            f"{parameter} {item.id!r} is a {item.item_subtype}, not a {subtype}.",
            advice=f"list_items with subtype {subtype} lists them.",
        )
    chains = await together(
        version_chain(reader, item, "previous_version"), version_chain(reader, item, "next_version")
    )
    return frozenset({item.id, *(version.id for chain in chains for version in chain)})
