"""The registry items that a run record refers to, and what was found when each was looked up.

This module does no look-ups itself. Call ``references`` for what is still needed, look that up by any means,
and repeat until nothing is left: a workflow template refers to further items (provena-http 4.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, cast

from provena_mcp.rules.records.problems import Problem
from provena_mcp.rules.records.refusals import BLANK_ID_REASON, SEED_REASON, wrong_subtype_reason
from provena_mcp.rules.records.schema import DraftDataset, RunDraft
from provena_mcp.wire.items import (
    DatasetTemplateItem,
    ModelRunItem,
    ModelRunRecord,
    RegistryItem,
    TemplatedDataset,
    WorkflowTemplateItem,
)
from provena_mcp.wire.subtypes import ItemSubtype, registry_subtype

AnyRun = ModelRunRecord | RunDraft
AnyDataset = TemplatedDataset | DraftDataset
Role = Literal[
    "study",
    "workflow_template",
    "dataset_template",
    "input",
    "output",
    "model",
    "modeller",
    "requesting_organisation",
    "model_run",
    "subject",
    "organisation",
    "custodian",
    "publisher",
]
RefusalKind = Literal["unknown", "seed", "wrong_subtype", "malformed", "unreadable"]

NOUN: Final[dict[ItemSubtype, str]] = {
    "MODEL_RUN": "a model run",
    "STUDY": "a study",
    "CREATE": "a creation",
    "VERSION": "a versioning",
    "PERSON": "a person",
    "ORGANISATION": "an organisation",
    "MODEL": "a model",
    "MODEL_RUN_WORKFLOW_TEMPLATE": "a workflow template",
    "DATASET_TEMPLATE": "a dataset template",
    "DATASET": "a dataset",
}


class Reference(NamedTuple):
    """An item a record names: the id, the subtype it must have, and the part it plays."""

    id: str
    subtype: ItemSubtype
    role: Role


@dataclass(frozen=True, slots=True)
class Found:
    """The registry holds this item; its subtype and whether it is a seed are judged here."""

    item: RegistryItem


@dataclass(frozen=True, slots=True)
class Refused:
    """The registry did not return the item: why not, and its own ``status.details`` (or 401 detail)."""

    kind: RefusalKind
    reason: str

    @property
    def service_text(self) -> str:
        """The reason as prov-api quotes it (``R`` of provena-http 4.4)."""
        return f"Failed to retrieve item with details: {self.reason}."

    @property
    def denial(self) -> str:
        """What prov-api answers, with 401, when the caller may not read the item (provena-http 2.3)."""
        return f"Registry API denied access to resource: 401. Error: {self.reason}"


Outcome = Found | Refused
Known = Mapping[str, Outcome]

# Items whose content is judged; one that could not be read as such is refused by the registry too.
_READ_AS: Final[dict[ItemSubtype, type[RegistryItem]]] = {
    "MODEL_RUN": ModelRunItem,
    "MODEL_RUN_WORKFLOW_TEMPLATE": WorkflowTemplateItem,
    "DATASET_TEMPLATE": DatasetTemplateItem,
}


def references(run: AnyRun, known: Known) -> frozenset[Reference]:
    """What must still be looked up before ``run`` can be judged; empty when ``known`` suffices.

    An empty id is refused without a look-up and an empty organisation id is no reference.
    """
    return missing((*_named(run), *workflow_references(run.workflow_template_id, known)), known)


def missing(wanted: Iterable[Reference], known: Known) -> frozenset[Reference]:
    """The references of ``wanted`` that ``known`` says nothing about."""
    return frozenset(reference for reference in wanted if reference.id and reference.id not in known)


def workflow_references(workflow_template_id: str | None, known: Known) -> tuple[Reference, ...]:
    """A workflow template and, once it is known, its dataset templates and model."""
    if workflow_template_id is None:
        return ()
    itself = Reference(workflow_template_id, "MODEL_RUN_WORKFLOW_TEMPLATE", "workflow_template")
    if workflow_template_id and workflow_template_id not in known:
        return (itself,)
    workflow = resolve_workflow(workflow_template_id, known)
    if isinstance(workflow, Refused):
        return (itself,)
    templates = (*workflow.input_templates, *workflow.output_templates)
    return (
        itself,
        *(Reference(template.template_id, "DATASET_TEMPLATE", "dataset_template") for template in templates),
        Reference(workflow.software_id, "MODEL", "model"),
    )


def resolve(item_id: str, subtype: ItemSubtype, known: Known) -> RegistryItem | Refused:
    """The complete item of ``subtype`` with this id, or the registry's refusal (provena-http 7.4).

    Raises:
        KeyError: The id has not been looked up.
    """
    if not item_id:
        return Refused("unknown", BLANK_ID_REASON)
    outcome = known[item_id]
    if isinstance(outcome, Refused):
        return outcome
    item = outcome.item
    if item.is_seed:
        return Refused("seed", SEED_REASON)
    if registry_subtype(item.item_subtype) != subtype:
        return Refused("wrong_subtype", wrong_subtype_reason(item, subtype))
    if not isinstance(item, _READ_AS.get(subtype, RegistryItem)):
        return Refused("malformed", wrong_subtype_reason(item, subtype))
    return item


def resolve_workflow(item_id: str, known: Known) -> WorkflowTemplateItem | Refused:
    """A workflow template by id; errors as ``resolve``."""
    return cast("WorkflowTemplateItem | Refused", resolve(item_id, "MODEL_RUN_WORKFLOW_TEMPLATE", known))


def resolve_template(item_id: str, known: Known) -> DatasetTemplateItem | Refused:
    """A dataset template by id; errors as ``resolve``."""
    return cast("DatasetTemplateItem | Refused", resolve(item_id, "DATASET_TEMPLATE", known))


def complaint(item_id: str, subtype: ItemSubtype, refused: Refused, known: Known) -> str:
    """One sentence for the user: why ``item_id`` cannot stand where an item of ``subtype`` is wanted."""
    noun = NOUN[subtype]
    if not item_id:
        return f"The id of {noun} is empty."
    if refused.kind == "unknown":
        return f"The registry holds no item {item_id!r}; the id of {noun} is needed here."
    if refused.kind == "seed":
        return f"{item_id!r} is only a reserved id so far; it must be completed before a run can refer to it."
    if refused.kind == "malformed":
        return f"{item_id!r} lacks what {noun} must have; it must be completed in the registry first."
    if refused.kind == "unreadable":
        return f"You may not read {item_id!r}, so Provena refuses a run that refers to it."
    return f"{item_id!r} is {_noun_of(known.get(item_id))}, not {noun}."


def refusal_problem(
    path: str, item_id: str, subtype: ItemSubtype, refused: Refused, detail: str, known: Known
) -> Problem:
    """The problem of a refused reference; ``detail`` is what Provena says unless the item may not be read."""
    message = complaint(item_id, subtype, refused, known)
    if refused.kind == "unreadable":
        return Problem(path, message, refused.denial, status=401, value=item_id, subtype=subtype)
    return Problem(path, message, detail, value=item_id, subtype=subtype)


def _named(run: AnyRun) -> Iterator[Reference]:
    if run.study_id is not None:
        yield Reference(run.study_id, "STUDY", "study")
    for dataset in run.inputs or ():
        yield Reference(dataset.dataset_id or "", "DATASET", "input")
    for dataset in run.outputs or ():
        yield Reference(dataset.dataset_id or "", "DATASET", "output")
    if run.associations is not None:
        yield Reference(run.associations.modeller_id or "", "PERSON", "modeller")
        organisation_id = run.associations.requesting_organisation_id
        yield Reference(organisation_id or "", "ORGANISATION", "requesting_organisation")


def _noun_of(outcome: Outcome | None) -> str:
    if not isinstance(outcome, Found):
        return "something else"
    subtype = registry_subtype(outcome.item.item_subtype)
    return next((noun for known, noun in NOUN.items() if known == subtype), f"an item of subtype {subtype!r}")
