"""Items in brief: enough of each to answer with, names instead of bare ids (provena-http 7.6)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from provena_mcp.queries.items.briefs.brief import Brief


class Ref(Brief):
    """An item by id, with its name where it could be read."""

    id: str
    name: str | None = None


class VersionBrief(Brief):
    """Where an item stands in its chain of versions."""

    number: int
    previous: str | None = Field(default=None, description="Id of the version before.")
    superseded_by: str | None = Field(default=None, description="Id of the next version.")
    reason: str | None = None


class SideCounts(Brief):
    """How much lies on one side of an item."""

    items: int = Field(description="The item itself not counted.")
    by_type: dict[str, int]
    incomplete_because: str | None = None


class LineageCounts(Brief):
    """How much lineage an item has within ``depth`` hops."""

    depth: int
    upstream: SideCounts
    downstream: SideCounts


class VersionStep(Brief):
    """One version of an item; the newest is the one to use."""

    id: str
    number: int | None = None
    registered: str | None = Field(default=None, description="UTC.")
    reason: str | None = None
    newest: bool | None = None
    unreadable: str | None = Field(default=None, description="Why the chain is not known beyond it.")


class FieldChange(Brief):
    """A field before and after an edit; what is absent was or is empty."""

    field: str
    was: str | None = None
    now: str | None = None


class Edit(Brief):
    """One edit of an item's record."""

    when: str | None = Field(default=None, description="UTC.")
    by: str | None = None
    reason: str | None = None
    changed: tuple[FieldChange, ...] | None = None


class History(Brief):
    """Edits of a record, newest first."""

    edits: tuple[Edit, ...]
    count: int


class YourAccess(Brief):
    """What the caller may do with an item."""

    roles: tuple[str, ...] = ()
    locked: bool = False
    unknown_because: str | None = None


class Included(Brief):
    """What was read beside an item."""

    lineage_counts: LineageCounts | None = None
    versions: tuple[VersionStep, ...] | None = Field(default=None, description="Oldest first.")
    history: History | None = None
    access: YourAccess | None = None
    emails: dict[str, str] | None = Field(default=None, description="By Person id.")


class ItemBrief(Brief):
    """What every item has."""

    id: str
    type: str
    name: str
    created: str | None = Field(default=None, description="UTC.")
    updated: str | None = Field(default=None, description="UTC.")
    version: VersionBrief | None = None
    note: str | None = Field(default=None, description="What is unusual about this item.")


class DatasetInRole(Brief):
    """A dataset a run used or made, and the template role it filled."""

    id: str
    name: str | None = None
    role: str | None = Field(default=None, description="Name of its dataset template.")
    resources: dict[str, str] | None = Field(default=None, description="Deferred resource key -> path.")


class RunBrief(ItemBrief):
    """A model run."""

    description: str | None = None
    template: Ref | None = None
    model: Ref | None = None
    model_version: str | None = None
    inputs: tuple[DatasetInRole, ...] = ()
    outputs: tuple[DatasetInRole, ...] = ()
    modeller: Ref | None = None
    organisation: Ref | None = None
    study: Ref | None = None
    started: str | None = Field(default=None, description="UTC.")
    ended: str | None = Field(default=None, description="UTC.")
    annotations: dict[str, str] | None = None
    status: str | None = None


class AccessBrief(Brief):
    """Where a dataset's files are."""

    hosted: str = Field(description="in Provena, or elsewhere.")
    uri: str | None = None
    how: str | None = None


class ReleaseBrief(Brief):
    """Review state of a dataset."""

    status: str
    approver: Ref | None = None
    when: str | None = Field(default=None, description="UTC.")


class DatasetBrief(ItemBrief):
    """A dataset."""

    description: str | None = None
    made_by: tuple[Ref, ...] | None = Field(
        default=None, description="Runs that generated it; none made it if absent."
    )
    attributed_to: tuple[Ref, ...] | None = Field(default=None, description="People it is attributed to.")
    organisation: Ref | None = None
    publisher: Ref | None = None
    custodian: Ref | None = None
    contact: str | None = None
    licence: str | None = None
    dataset_created: str | None = None
    dataset_published: str | None = None
    release: ReleaseBrief | None = None
    access: AccessBrief | None = None
    covers_time: str | None = None
    covers_space: str | None = None
    keywords: tuple[str, ...] | None = None
    formats: tuple[str, ...] | None = None
    approvals: dict[str, str] | None = Field(
        default=None, description="Only those that matter: obtained or not."
    )
    usage_limitations: str | None = None
    citation: str | None = None


class TemplateRole(Brief):
    """A dataset template in a workflow."""

    id: str
    name: str | None = None
    optional: bool | None = None
    deferred_keys: tuple[str, ...] | None = Field(default=None, description="Files that each run names.")
    unread: bool | None = Field(default=None, description="It could not be read: its files are not known.")


class WorkflowBrief(ItemBrief):
    """A model run workflow template."""

    model: Ref | None = None
    inputs: tuple[TemplateRole, ...] = ()
    outputs: tuple[TemplateRole, ...] = ()
    required_annotations: tuple[str, ...] | None = None
    optional_annotations: tuple[str, ...] | None = None


class DatasetTemplateBrief(ItemBrief):
    """A dataset template."""

    description: str | None = None
    defined_files: tuple[str, ...] | None = None
    deferred_keys: tuple[str, ...] | None = None


class ModelBrief(ItemBrief):
    """A model."""

    description: str | None = None
    source_url: str | None = None
    documentation_url: str | None = None


class StudyBrief(ItemBrief):
    """A study."""

    title: str | None = None
    description: str | None = None
    alternative_id: str | None = None


class AgentBrief(ItemBrief):
    """A person or an organisation."""

    orcid: str | None = None
    ror: str | None = None


class ActivityBrief(ItemBrief):
    """A registration (CREATE) or a new version (VERSION)."""

    of: Ref | None = None
    replaced: Ref | None = None
    reason: str | None = None


AnyBrief = Annotated[
    RunBrief
    | DatasetBrief
    | WorkflowBrief
    | DatasetTemplateBrief
    | ModelBrief
    | StudyBrief
    | AgentBrief
    | ActivityBrief
    | ItemBrief,
    Field(union_mode="left_to_right"),
]
