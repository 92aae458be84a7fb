"""What model runs have in common and where they differ: their records, or all that led to them.

Runs go by labels. Each aspect of a run, such as the datasets in one template role, is a set of ids
or texts; an aspect is the same where all runs hold the same set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Literal, get_args

from provena_mcp.rules.graph import Kind, ProvenanceGraph
from provena_mcp.rules.large_values import without_collections
from provena_mcp.rules.links_by_kind import is_version, links_from, links_to
from provena_mcp.wire.items import ModelRunRecord, TemplatedDataset


@dataclass(frozen=True)
class Version:
    """An item's place: the oldest version known of the same thing, and how many versions came before it."""

    of: str
    place: int


def version_chains(previous: Mapping[str, str]) -> dict[str, Version]:
    """The place of every item named in ``previous`` (an item -> the version before it)."""
    return {item: _place(item, previous) for item in {*previous, *previous.values()}}


def previous_versions(graph: ProvenanceGraph) -> dict[str, str]:
    """An item -> the version before it, as the VERSION activities in a graph say (provena-http 5.3)."""
    made_from = {
        version: old for version, relation, old in links_from(graph, is_version) if relation == "used"
    }
    return {
        new: made_from[version]
        for new, relation, version in links_to(graph, is_version)
        if relation == "wasGeneratedBy" and version in made_from
    }


def _field_of(kind: Kind) -> LineageField | None:
    return _FIELD_OF.get(kind.registry_subtype)


def _place(item: str, previous: Mapping[str, str]) -> Version:
    # A chain that bites its own tail, which only broken records can hold, ends where it began.
    passed = [item]
    while (before := previous.get(passed[-1])) is not None and before not in passed:
        passed.append(before)
    return Version(passed[-1], len(passed) - 1)


RecordField = Literal[
    "template",
    "model",
    "model_version",
    "inputs",
    "outputs",
    "resources",
    "annotations",
    "modeller",
    "organisation",
    "study",
    "start_time",
    "end_time",
]
LineageField = Literal["datasets", "runs", "models", "templates", "people", "organisations", "studies"]
ComparedField = Literal[RecordField, LineageField]
Side = Literal["inputs", "outputs"]
DifferenceKind = Literal["different", "contains", "only_in_some", "versions"]

_OF_TEXT: Final[frozenset[ComparedField]] = frozenset(
    {"model_version", "resources", "annotations", "start_time", "end_time"}
)
_FIELD_OF: Final[Mapping[str, LineageField]] = {
    "DATASET": "datasets",
    "MODEL_RUN": "runs",
    "MODEL": "models",
    "MODEL_RUN_WORKFLOW_TEMPLATE": "templates",
    "DATASET_TEMPLATE": "templates",
    "PERSON": "people",
    "ORGANISATION": "organisations",
    "STUDY": "studies",
}


@dataclass(frozen=True)
class Aspect:
    """One thing to compare.

    ``role`` is the dataset template of inputs, outputs and resources, and ``side`` says which of the
    two a resource belongs to; ``key`` names an annotation or a resource; ``values`` holds each run's
    ids or texts.
    """

    field: ComparedField
    values: Mapping[str, frozenset[str]]
    role: str | None = None
    key: str | None = None
    side: Side | None = None

    @property
    def holds_ids(self) -> bool:
        """Whether the values are ids of items."""
        return self.field not in _OF_TEXT


@dataclass(frozen=True)
class Difference:
    """An aspect in which runs differ: each run's values that not all share, and those that all do share.

    ``kind`` is "only_in_some" where a run has none at all, "contains" where of any two runs one has all
    that the other has, and "versions" where the values are versions of the same things.
    """

    aspect: Aspect
    kind: DifferenceKind
    values: Mapping[str, tuple[str, ...]]
    shared: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Aspects that differ, and those that all runs share."""

    differences: tuple[Difference, ...]
    same: tuple[Aspect, ...]


def compare(aspects: Iterable[Aspect], labels: Sequence[str], versions: Mapping[str, Version]) -> Comparison:
    """Sort aspects into those that differ between the runs of ``labels`` and those that do not."""
    differences: list[Difference] = []
    same: list[Aspect] = []
    for aspect in aspects:
        held = {label: aspect.values.get(label, frozenset()) for label in labels}
        shared = frozenset[str].intersection(*held.values())
        if all(values == shared for values in held.values()):
            if shared:
                same.append(aspect)
            continue
        own = {label: tuple(sorted(values - shared)) for label, values in held.items() if values - shared}
        kind = _kind(aspect, held, own, versions)
        differences.append(Difference(aspect, kind, own, tuple(sorted(shared))))
    return Comparison(tuple(differences), tuple(same))


def aspects_of_records(records: Mapping[str, ModelRunRecord], models: Mapping[str, str]) -> list[Aspect]:
    """What to compare of records by label; ``models`` holds the model of each workflow template."""
    aspects = [
        Aspect(
            field, {label: frozenset({value}) for label, record in records.items() if (value := read(record))}
        )
        for field, read in _plain_fields(models).items()
    ]
    aspects += _aspects_of_datasets("inputs", {label: record.inputs for label, record in records.items()})
    aspects += _aspects_of_datasets("outputs", {label: record.outputs for label, record in records.items()})
    aspects += _aspects_of_annotations(records)
    order = {field: place for place, field in enumerate(get_args(RecordField))}
    return sorted(aspects, key=lambda aspect: order[aspect.field])


@without_collections()
def aspects_of_lineages(
    lineages: Mapping[str, ProvenanceGraph], starts: Mapping[str, str]
) -> tuple[list[Aspect], dict[str, Version]]:
    """What to compare of upstream graphs by label, and the versions among their items.

    Versions of one thing are an aspect of their own, in which each run holds the newest it goes back to.
    """
    previous: dict[str, str] = {}
    for graph in lineages.values():
        previous.update(previous_versions(graph))
    versions = version_chains(previous)
    values: dict[tuple[LineageField, str], dict[str, set[str]]] = {}
    for label, graph in lineages.items():
        field_of: Mapping[Kind, LineageField | None] = {
            kind: _field_of(kind) for kind in set(graph.columns.kinds)
        }
        for node, kind in zip(graph.columns.ids, graph.columns.kinds, strict=True):
            field = field_of[kind]
            if field is not None and node != starts[label]:
                family = versions[node].of if node in versions else ""
                values.setdefault((field, family), {}).setdefault(label, set()).add(node)
    order = {field: place for place, field in enumerate(get_args(LineageField))}
    aspects = [
        Aspect(field, {label: _newest(held, versions) for label, held in by_label.items()})
        for (field, _), by_label in sorted(
            values.items(), key=lambda entry: (order[entry[0][0]], entry[0][1])
        )
    ]
    return aspects, versions


def _kind(
    aspect: Aspect,
    held: Mapping[str, frozenset[str]],
    own: Mapping[str, tuple[str, ...]],
    versions: Mapping[str, Version],
) -> DifferenceKind:
    if not all(held.values()):
        return "only_in_some"
    by_size = sorted(held.values(), key=len)
    if all(fewer <= more for fewer, more in pairwise(by_size)):
        return "contains"
    if not aspect.holds_ids or len(own) < len(held):
        return "different"
    families = {
        frozenset(versions[item].of if item in versions else item for item in ids) for ids in own.values()
    }
    return "versions" if len(families) == 1 else "different"


def _newest(items: set[str], versions: Mapping[str, Version]) -> frozenset[str]:
    last = max((versions[item].place for item in items if item in versions), default=0)
    return frozenset(item for item in items if item not in versions or versions[item].place == last)


def _plain_fields(models: Mapping[str, str]) -> dict[RecordField, Callable[[ModelRunRecord], str | None]]:
    return {
        "template": lambda record: record.workflow_template_id,
        "model": lambda record: models.get(record.workflow_template_id),
        "model_version": lambda record: record.model_version,
        "modeller": lambda record: record.associations.modeller_id,
        "organisation": lambda record: record.associations.requesting_organisation_id,
        "study": lambda record: record.study_id,
        "start_time": lambda record: _utc(record.start_time),
        "end_time": lambda record: _utc(record.end_time),
    }


def _aspects_of_datasets(side: Side, datasets: Mapping[str, Sequence[TemplatedDataset]]) -> list[Aspect]:
    roles: dict[str, dict[str, set[str]]] = {}
    paths: dict[tuple[str, str], dict[str, set[str]]] = {}
    for label, held in datasets.items():
        for dataset in held:
            role = dataset.dataset_template_id
            roles.setdefault(role, {}).setdefault(label, set()).add(dataset.dataset_id)
            for key, path in (dataset.resources or {}).items():
                paths.setdefault((role, key), {}).setdefault(label, set()).add(path)
    aspects = [Aspect(side, _frozen(values), role=role) for role, values in roles.items()]
    return aspects + [
        Aspect("resources", _frozen(values), role=role, key=key, side=side)
        for (role, key), values in paths.items()
    ]


def _aspects_of_annotations(records: Mapping[str, ModelRunRecord]) -> list[Aspect]:
    annotations: dict[str, dict[str, set[str]]] = {}
    for label, record in records.items():
        for key, value in (record.annotations or {}).items():
            annotations.setdefault(key, {}).setdefault(label, set()).add(value)
    return [Aspect("annotations", _frozen(values), key=key) for key, values in annotations.items()]


def _frozen(values: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {label: frozenset(held) for label, held in values.items()}


def _utc(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return f"{seconds} seconds since 1970"
