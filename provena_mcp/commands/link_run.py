"""Puts a registered run into a study (provena-http 2.7)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from provena_mcp.client import AccessLevel
from provena_mcp.commands.changed_run import changed_run_result
from provena_mcp.commands.confirmation.change import Preview, Sent
from provena_mcp.commands.confirmation.write_result import WriteResult, problem_briefs
from provena_mcp.commands.confirmation.write_store import WriteContext
from provena_mcp.commands.records.lookup import (
    digest_of,
    doubts_about_changing,
    facts,
    look_up,
    with_candidates,
)
from provena_mcp.commands.records.run_preview import label, named
from provena_mcp.errors import ArgumentError
from provena_mcp.queries.items.briefs.models import Ref
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.records.study_link import link_problems, link_references
from provena_mcp.wire.items import JsonObject


class LinkModelRunToStudyResult(WriteResult):
    """Of putting a run into a study."""

    run: Ref | None = None
    study: Ref | None = None


class StudyLink(BaseModel):
    """What is sent."""

    model_config = ConfigDict(frozen=True)

    model_run_id: str
    study_id: str


class LinkRun:
    """Arguments: ``model_run_id`` and ``study_id``."""

    tool = "link_model_run_to_study"
    access: AccessLevel = "write"
    payload_type = StudyLink
    result_type = LinkModelRunToStudyResult

    async def prepare(
        self, context: WriteContext, arguments: JsonObject
    ) -> Preview[StudyLink, LinkModelRunToStudyResult]:
        """The link, as far as both ids are good.

        Raises:
            ArgumentError: An id is missing.
        """
        link = StudyLink(model_run_id=_id(arguments, "model_run_id"), study_id=_id(arguments, "study_id"))
        wanted = link_references(link.model_run_id, link.study_id, {})
        known = await look_up(context.reader, wanted, {})
        found = link_problems(link.model_run_id, link.study_id, known)
        problems = await with_candidates(context.reader, found)
        warnings: tuple[str, ...] = ()
        if not problems:
            problems, warnings = await doubts_about_changing(context.reader, link.model_run_id)
        run, study = named(link.model_run_id, known), named(link.study_id, known)
        shown = LinkModelRunToStudyResult(
            status="preview",
            message="",
            ready=not problems,
            missing=(),
            problems=problem_briefs(problems),
            warnings=warnings or None,
            run=run,
            study=study,
        )
        return Preview(
            shown,
            question=f"Put model run {label(run)} into study {label(study)}?",
            digest=digest_of([link.model_run_id, link.study_id], known),
            payload=None if problems else link,
            facts=facts(known),
        )

    async def send(self, context: WriteContext, payload: StudyLink) -> JsonObject:
        """Have the run linked; Provena answers with the job that brings the graph up to date."""
        answer = await context.client.prov.link_to_study(payload.model_run_id, payload.study_id)
        about: JsonObject = {"model_run_record_id": payload.model_run_id}
        return {"session_id": answer.session_id, "job": "MODEL_RUN_LODGE_ONLY", "about": about}

    async def result(self, context: WriteContext, sent: Sent) -> LinkModelRunToStudyResult:
        """Whether the run is in the study."""
        return await changed_run_result(
            context,
            LinkModelRunToStudyResult,
            sent,
            run_id=_id(sent.arguments, "model_run_id"),
            succeeded="Linked.",
            failed="The registry has the link already; the lineage graph could not be brought up to date.",
        )


def _id(arguments: JsonObject, name: str) -> str:
    given = arguments.get(name)
    if not isinstance(given, str):
        raise ArgumentError(
            f"{name} is needed.", parameter=name, advice="search_items and list_items find items by name."
        )
    return parse_handle(given, name)
