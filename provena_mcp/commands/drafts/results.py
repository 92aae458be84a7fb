"""What a draft answers: proposed runs, what has to be created for them, and what has to be asked."""

from __future__ import annotations

from pydantic import Field

from provena_mcp.commands.confirmation.write_result import ProblemBrief
from provena_mcp.commands.drafts.identities import KnownBy
from provena_mcp.commands.records.run_preview import ProposedRun
from provena_mcp.next_call import NextCall
from provena_mcp.queries.items.briefs.models import Brief, Ref
from provena_mcp.wire.items import JsonObject


class KnownDataset(Brief):
    """A recorded file, the dataset it was taken for, and by what that is known."""

    file: str
    side: str
    dataset: Ref
    known_by: KnownBy = Field(description="new: to be created.")
    dataset_template: Ref | None = None


class DraftedRun(Brief):
    """One recorded run."""

    recorded_as: str
    registered_as: str | None = Field(default=None, description="Its handle, if it is registered already.")
    run: ProposedRun | None = None
    files: tuple[KnownDataset, ...] | None = None
    file_count: int | None = Field(default=None, description="All, if not all are shown.")
    uncertain: tuple[str, ...] | None = Field(default=None, description="Have the user look at these.")


class ItemToCreate(Brief):
    """An item that the runs need and the registry lacks."""

    key: str
    name: str = Field(description="What answers.items calls it.")
    item: JsonObject
    why: str
    problems: tuple[ProblemBrief, ...] | None = None
    reference: str | None = Field(default=None, description="Creates this one alone, with create_item.")


class MissingFact(Brief):
    """Something that nobody recorded."""

    ask: str
    answer: JsonObject = Field(description="How to put it into answers.")
    choices: tuple[Ref, ...] | None = None


class DraftModelRunsResult(Brief):
    """Recorded runs as they could be registered; nothing has been."""

    message: str
    source: str
    runs: tuple[DraftedRun, ...]
    run_count: int | None = Field(default=None, description="All runs, if not all are shown.")
    steps_left_out: int | None = Field(default=None, description="Steps of a whole workflow.")
    to_create: tuple[ItemToCreate, ...] | None = Field(default=None, description="In the order needed.")
    create_count: int | None = Field(default=None, description="All items to create, if not all are shown.")
    questions: tuple[MissingFact, ...] | None = None
    question_count: int | None = Field(default=None, description="All questions, if not all are shown.")
    problems: tuple[ProblemBrief, ...] | None = None
    templates: tuple[Ref, ...] | None = Field(
        default=None, description="Workflow templates that may fit too: answers.workflow_template_id."
    )
    left_out: tuple[str, ...] | None = None
    warnings: tuple[str, ...] | None = None
    reference: str | None = Field(default=None, description="Names all of this for a registration.")
    next: NextCall | None = None
