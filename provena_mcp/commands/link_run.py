"""Puts a registered run into a study (provena-http 2.7)."""

from __future__ import annotations

from dataclasses import dataclass

from provena_mcp.commands.confirmation.change import Proposal
from provena_mcp.commands.confirmation.submission import conclusion, outcome_told
from provena_mcp.commands.confirmation.write_context import Desk, doubts_about_changing
from provena_mcp.commands.records.lookup import facts, look_up, with_candidates
from provena_mcp.commands.records.run_preview import ref, told
from provena_mcp.commands.results import LinkResult, problem_briefs
from provena_mcp.errors import ArgumentError
from provena_mcp.queries.jobs.polling import JobState
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.records.study_link import link_problems, link_references
from provena_mcp.wire.items import JsonObject


@dataclass(frozen=True)
class LinkToStudy:
    """Content: ``model_run_id`` and ``study_id``."""

    kind: str = "link_model_run_to_study"
    accepts: tuple[str, ...] = ("link_model_run_to_study",)

    async def prepare(self, desk: Desk, content: JsonObject) -> Proposal[LinkResult]:
        """The link, as far as both ids are good.

        Raises:
            ArgumentError: An id is missing.
        """
        run_id, study_id = _id(content, "model_run_id"), _id(content, "study_id")
        known = await look_up(desk.reader, link_references(run_id, study_id, {}), {})
        problems = await with_candidates(desk.reader, link_problems(run_id, study_id, known))
        warnings: tuple[str, ...] = ()
        if not problems:
            problems, warnings = await doubts_about_changing(desk, run_id)
        run, study = ref(run_id, known), ref(study_id, known)
        preview = LinkResult(
            status="preview",
            message="",
            ready=not problems,
            missing=(),
            problems=problem_briefs(problems),
            warnings=warnings or None,
            run=run,
            study=study,
        )
        return Proposal(
            content=content,
            preview=preview,
            question=f"Put model run {told(run)} into study {told(study)}?",
            digest=facts(known),
            send=None if problems else lambda: _send(desk, run_id, study_id),
        )

    def conclude(self, content: JsonObject, answer: JsonObject, seen: JobState) -> LinkResult:
        """Whether the run is in the study."""
        done = conclusion(answer, seen)
        done["model_run_id"] = _id(content, "model_run_id")
        message = outcome_told(
            seen,
            "Linked.",
            "The registry has the link already; the lineage graph could not be brought up to date.",
        )
        return LinkResult(message=message, **done)


def _id(content: JsonObject, name: str) -> str:
    given = content.get(name)
    if not isinstance(given, str):
        raise ArgumentError(
            f"{name} is needed.", parameter=name, advice="search_items and list_items find items by name."
        )
    return parse_handle(given, name)


async def _send(desk: Desk, run_id: str, study_id: str) -> JsonObject:
    return {"session_id": (await desk.client.prov.link_to_study(run_id, study_id)).session_id}
