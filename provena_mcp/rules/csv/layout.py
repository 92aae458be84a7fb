"""The columns of a workflow template's CSV: one header row, byte-exact (provena-http 8.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from provena_mcp.rules.records.problems import Candidate
from provena_mcp.rules.records.references import (
    Known,
    Reference,
    Refused,
    complaint,
    missing,
    resolve_template,
    resolve_workflow,
    workflow_references,
)
from provena_mcp.wire.items import DatasetTemplateItem, TemplateResource
from provena_mcp.wire.subtypes import ItemSubtype

WORKFLOW_MARKER: Final = "_workflow template id"
DISPLAY_NAME: Final = "display name"
DESCRIPTION: Final = "description"
MODEL_VERSION: Final = "model version (optional)"
MODELLER: Final = "agent id"
STUDY: Final = "study id"
START: Final = "execution start time (YYYY-MM-DD HH:MM:SS+HH:MM)"
END: Final = "execution end time (YYYY-MM-DD HH:MM:SS+HH:MM)"
JOB_ID: Final = "_job_id"
GENERIC_HEADERS: Final = (DISPLAY_NAME, DESCRIPTION, MODEL_VERSION, MODELLER, STUDY, START, END)
JOB_HEADERS: Final = (JOB_ID, "_job_status", "_model_run_record_id", "_error_info")


@dataclass(frozen=True, slots=True)
class CsvProblem:
    """One thing wrong with a CSV.

    ``row`` counts data rows from 1 as the services do, 0 is the file as a whole; ``column`` is a
    header, or empty for a whole row. ``message``, ``service_detail``, ``status``, ``value``,
    ``subtype`` and ``candidates`` are as in ``Problem``; an empty ``service_detail`` with status 500
    is an answer of plain text, ``Internal Server Error``.
    """

    message: str
    service_detail: str
    status: int = 400
    row: int = 0
    column: str = ""
    value: str = ""
    subtype: ItemSubtype | None = None
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetColumns:
    """The columns of one dataset template: the dataset's id, then a path per deferred resource."""

    template_id: str
    is_input: bool
    header: str
    resources: tuple[tuple[str, str], ...]
    """Key and header of each."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers, in order."""
        return (self.header, *(header for _, header in self.resources))


@dataclass(frozen=True, slots=True)
class CsvLayout:
    """The columns of one workflow template."""

    workflow_template_id: str
    inputs: tuple[DatasetColumns, ...]
    outputs: tuple[DatasetColumns, ...]
    required_annotations: tuple[str, ...]
    optional_annotations: tuple[str, ...]

    @property
    def marker(self) -> str:
        """The first header, which carries the workflow template's id."""
        return f"{WORKFLOW_MARKER} {self.workflow_template_id}"

    @property
    def datasets(self) -> tuple[DatasetColumns, ...]:
        """Inputs, then outputs."""
        return (*self.inputs, *self.outputs)

    @property
    def annotations(self) -> tuple[str, ...]:
        """Required keys, then optional ones."""
        return (*self.required_annotations, *self.optional_annotations)

    @property
    def headers(self) -> tuple[str, ...]:
        """All headers, in order."""
        return (
            self.marker,
            *GENERIC_HEADERS,
            *(header for columns in self.datasets for header in columns.headers),
            *(annotation_header(key) for key in self.annotations),
            *JOB_HEADERS,
        )


def annotation_header(key: str) -> str:
    """The header of an annotation's column."""
    return f"annotation: {key}"


def duplicates(headers: Iterable[str]) -> list[str]:
    """Headers that occur more than once, in order."""
    return [header for header, count in Counter(headers).items() if count > 1]


def layout_references(workflow_template_id: str, known: Known) -> frozenset[Reference]:
    """What must still be looked up before the layout can be made; empty when ``known`` suffices."""
    named = workflow_references(workflow_template_id, known)
    return missing([reference for reference in named if reference.role != "model"], known)


def csv_layout(workflow_template_id: str, known: Known) -> CsvLayout | tuple[CsvProblem, ...]:
    """The columns of a workflow template, or every reason why it has none (the service's first).

    Raises:
        KeyError: ``layout_references`` is not empty.
    """
    workflow = resolve_workflow(workflow_template_id, known)
    if isinstance(workflow, Refused):
        detail = f"The provided workflow template ID was invalid, error: {workflow.service_text}."
        return (_refusal(workflow_template_id, "MODEL_RUN_WORKFLOW_TEMPLATE", workflow, detail, known),)
    places = (*workflow.input_templates, *workflow.output_templates)
    problems = tuple(_template_problems(places, known))
    if problems:
        return problems
    annotations = workflow.annotations
    return CsvLayout(
        workflow_template_id=workflow_template_id,
        inputs=tuple(_columns(workflow.input_templates, known, is_input=True)),
        outputs=tuple(_columns(workflow.output_templates, known, is_input=False)),
        required_annotations=annotations.required if annotations else (),
        optional_annotations=annotations.optional if annotations else (),
    )


def template_problem(layout: CsvLayout) -> CsvProblem | None:
    """Why this layout has no template: two columns would have one header (provena-http 8.1)."""
    twice = duplicates(layout.headers)
    if not twice:
        return None
    message = (
        f"Two columns of this workflow template would both be called {twice[0]!r}, because its dataset "
        "templates share a resource key; register its runs as records instead."
    )
    detail = f"Cannot generate CSV template with duplicate headers: {twice}"
    return CsvProblem(message, detail, status=500, column=twice[0])


def _template_problems(places: Iterable[TemplateResource], known: Known) -> Iterator[CsvProblem]:
    for place in places:
        template = resolve_template(place.template_id, known)
        if isinstance(template, Refused):
            detail = (
                f"The provided workflow template contained a dataset template id {place.template_id} which "
                f"was invalid, error: {template.service_text}."
            )
            yield _refusal(place.template_id, "DATASET_TEMPLATE", template, detail, known)


def _refusal(item_id: str, subtype: ItemSubtype, refused: Refused, detail: str, known: Known) -> CsvProblem:
    message = complaint(item_id, subtype, refused, known)
    if refused.kind == "unreadable":
        return CsvProblem(message, refused.denial, status=401, value=item_id, subtype=subtype)
    return CsvProblem(message, detail, value=item_id, subtype=subtype)


def _columns(places: Iterable[TemplateResource], known: Known, *, is_input: bool) -> Iterator[DatasetColumns]:
    side = "Input" if is_input else "Output"
    for place in places:
        template = resolve_template(place.template_id, known)
        if isinstance(template, DatasetTemplateItem):
            header = f"{side} dataset id for template: {template.display_name} [template id: {template.id}]"
            keys = (resource.key for resource in template.deferred_resources)
            resources = tuple((key, f"{side} resource: {key}") for key in keys)
            yield DatasetColumns(template.id, is_input, header, resources)
