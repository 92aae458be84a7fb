"""Prompts: what people commonly want of Provena, worded so that an assistant goes about it well.

A person starts a prompt; its arguments are ids, or words to search by. Nothing of Provena is read
for it, so no text of a registry item becomes part of what the user is taken to have said.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final

from mcp.server import MCPServer
from mcp.server.mcpserver.prompts import Prompt
from pydantic import Field

from provena_mcp.application import Application
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import clean

_WORDS_LENGTH: Final = 200

ResultId = Annotated[str, Field(description="Dataset or model run: id, or words of its name")]
ItemId = Annotated[str, Field(description="Dataset, model, template or model run: id, or words of its name")]
StudyId = Annotated[str, Field(description="Study: id, or words of its name")]
RunId = Annotated[str, Field(description="Model run: id, or words of its name")]
WorkflowTemplateId = Annotated[
    str, Field(description="Workflow template of the runs: id, or words of its name; blank if not known")
]


async def trace_a_result(result_id: ResultId) -> str:
    """How was this result made, step by step?"""
    return f"""How was {_item(result_id)} made?

1. fetch_items on it, and on the run that made it: model and version, inputs, modeller, time, study.
2. get_contributing_datasets for everything that fed it, near and far; follow `next` to the end.
3. Tell it as a chain from the result back to the original sources. Name each item with its id, mark
   sources no run made, and say whether the answer was complete and how deep it went.
4. If a dataset was made by several runs, or the lineage has a cycle, say so instead of choosing one
   order."""


async def impact_of_a_bad_dataset(item_id: ItemId) -> str:
    """If this dataset, model or run is wrong, what and who is affected?"""
    return f"""Something is wrong with {_item(item_id)}. What and who is affected?

1. analyse_impact on it. Ask me whether earlier and later versions count too (`all_versions`) before
   assuming it.
2. Report released datasets first, then the other datasets and runs by distance, then the studies,
   people and organisations, each with how it is touched. Give the totals, not only what is shown.
3. Say whether the answer is complete, and whether a newer version already replaces the item.
4. End with what to redo, in order, and whom to tell. Ask before fetching contact details."""


async def compare_runs(first_run_id: RunId, second_run_id: RunId) -> str:
    """What differs between two model runs?"""
    return f"""What differs between {_item(first_run_id)} and {_item(second_run_id)}?

1. compare_model_runs on the two.
2. Tell the differences that can change results first: model and version, inputs by template role,
   resources, annotations. Then the rest: modeller, organisation, study, times.
3. Say of inputs that differ whether they are versions of one dataset.
4. If the records agree, compare again with `scope` "lineage": the difference may lie further up."""


async def audit_a_study(study_id: StudyId) -> str:
    """Can the work of this study be repeated, and is it still current?"""
    return f"""Can {_item(study_id)} be repeated, and is it still current?

1. audit_reproducibility on it.
2. Report by severity: what prevents a repeat, what makes it uncertain, what is only untidy. Each
   with the ids concerned and what to do about it.
3. Name inputs that have been superseded since, and the runs to redo because of it.
4. Keep apart what was checked and found good, and what could not be checked."""


async def register_runs_from_csv(workflow_template_id: WorkflowTemplateId = "") -> str:
    """Register many model runs from a CSV file, checked before anything is written."""
    template = _item(workflow_template_id) if workflow_template_id.strip() else "a template I have to choose"
    return f"""I want to register model runs from a CSV. They follow {template}.

1. If I have no file yet, generate_csv_template for the template, and tell me what each column
   takes.
2. With my file: convert_model_runs on its content. Tell me how many runs are new and how many exist
   already, and every problem by row and column. Stop there if there are problems.
3. When all is well, show what would be registered and ask me. Only after my yes call
   register_batch_model_runs with the `reference` and `expect_new` of that preview.
4. Follow the batch with get_job, then report each row: its new id, or why it failed. Do not send
   anything twice."""


_FROM_DRAFT_TO_RUN: Final = """\
2. Tell me for each run which template, datasets and people it was given, by what each dataset is
   known, and everything that is `uncertain`.
3. Put every question to me, in your words; never answer one yourself, least of all whether somebody
   consents. Call again with my answers, until there is a `reference`.
4. Show what would be created and registered, and ask me once. Only after my yes call the tool in
   `next` with the `reference`, and with `confirm` for the reference of its preview.
5. End with the new ids and explore_upstream of a result, and with what of the recording had no place."""


async def record_what_i_just_ran(
    capture: Annotated[str, Field(description="Name of a capture; blank for the last")] = "",
) -> str:
    """Register the run that 'provena-mcp record' has captured."""
    which = clean(capture, _WORDS_LENGTH) or "last"
    return f"""Record what I just ran: the capture {which!r}.

1. draft_model_runs with `capture` {which!r}. If there is none, tell me to run my command as
   `provena-mcp record -- COMMAND`, and stop.
{_FROM_DRAFT_TO_RUN}"""


async def bring_in_this_crate(
    crate: Annotated[str, Field(description="Path of an RO-Crate (folder or zip), events or PROV-JSON")],
) -> str:
    """Register the runs that another tool has recorded."""
    return f"""Bring in the runs recorded in {clean(crate, _WORDS_LENGTH)!r}.

1. draft_model_runs with it as `crate`: by its path, or by its content where this server cannot see
   my files. Say what wrote it, how many runs it has and what was left out; if it is a workflow, ask
   me whether I want the whole or its `steps`.
{_FROM_DRAFT_TO_RUN}"""


async def close_out_a_study(study_id: StudyId) -> str:
    """A study's close-out: what was run, what came of it, and the report."""
    return f"""Write the close-out of {_item(study_id)}.

1. explore_downstream on it with depth 2: its runs and what they made. fetch_items on the runs.
2. Summarise: runs by date and model version, inputs and outputs, people and organisations, first
   and last date, and what does not fit in (runs without outputs, missing versions or annotations).
3. generate_report for the study, and give me the link or the place it was saved.
4. Say what is not released yet, and whether anything was left out of the answers."""


async def who_to_credit(result_id: ResultId) -> str:
    """Whom to credit for a result, and how to cite it."""
    return f"""Whom should I credit for {_item(result_id)}, and how do I cite it?

1. get_contributing_agents on it, then fetch_items on it for publisher, custodian, licence and
   citation.
2. List people and organisations once each, with all their roles, nearest contribution first.
3. Give a citation: the stated one if there is one, otherwise authors, year, title, publisher,
   handle.
4. Name what its licence and the licences of its inputs ask for, and what could not be read."""


async def what_is_in_this_provena() -> str:
    """A first look: what this Provena holds and what can be asked of it."""
    return """What is in this Provena, and what can I ask of it?

1. get_health_check: which Provena answers, whether it is sample data, who I am and whether I may
   write.
2. list_items for studies, models and the latest datasets and runs, a few of each.
3. Describe in a short page what the work is about, who does it and what the latest results are,
   with ids.
4. Suggest three questions worth asking here, each about an item you have just seen."""


@dataclass(frozen=True)
class PromptDefinition:
    """A prompt, and the tools without which it makes no sense."""

    title: str
    write: Callable[..., Awaitable[str]]
    needs: frozenset[str]

    @property
    def name(self) -> str:
        """What hosts call it."""
        return self.write.__name__

    @cached_property
    def made(self) -> Prompt:
        """The SDK's prompt, the same for every server."""
        return Prompt.from_function(self.write, name=self.name, title=self.title)


def _define(title: str, write: Callable[..., Awaitable[str]], *needs: str) -> PromptDefinition:
    return PromptDefinition(title, write, frozenset(needs))


_RECORDING: Final = ("draft_model_runs", "register_model_run", "register_batch_model_runs")

PROMPTS: Final = (
    _define("Trace a result", trace_a_result, "fetch_items", "get_contributing_datasets"),
    _define("Impact of a bad dataset", impact_of_a_bad_dataset, "analyse_impact"),
    _define("Compare two runs", compare_runs, "compare_model_runs"),
    _define("Audit a study", audit_a_study, "audit_reproducibility"),
    _define(
        "Register runs from a CSV",
        register_runs_from_csv,
        "generate_csv_template",
        "convert_model_runs",
        "register_batch_model_runs",
        "get_job",
    ),
    _define("Record what I just ran", record_what_i_just_ran, *_RECORDING),
    _define("Bring in this crate", bring_in_this_crate, *_RECORDING),
    _define("Close out a study", close_out_a_study, "explore_downstream", "fetch_items", "generate_report"),
    _define("Whom to credit", who_to_credit, "get_contributing_agents", "fetch_items"),
    _define("What is in this Provena?", what_is_in_this_provena, "get_health_check", "list_items"),
)


def register_prompts(server: MCPServer[Application], offered: Collection[str]) -> None:
    """Offer the prompts that need no tool beyond those ``offered``."""
    for prompt in PROMPTS:
        if prompt.needs.issubset(offered):
            server.add_prompt(prompt.made)


def _item(text: str) -> str:
    """An item as the user named it: by id, or by words that have to be searched for."""
    try:
        handle = parse_handle(text)
    except ArgumentError:
        handle = ""
    if "/" in handle:
        return f"`{handle}`"
    words = clean(text, _WORDS_LENGTH)
    return f"the item I call {words!r} (find its id with search_items; if several fit, ask me which)"
