"""Tools that record model runs: each previews, asks once, and sends once."""

from __future__ import annotations

from typing import Annotated, Final

from mcp.server.mcpserver import Context, Elicit, ElicitationResult, Resolve
from pydantic import Field, JsonValue

from provena_mcp.application import Application
from provena_mcp.commands.confirmation.change import AlreadySent, Proposal
from provena_mcp.commands.link_run import LinkToStudy
from provena_mcp.commands.register_batch import RegisterBatch
from provena_mcp.commands.register_run import RegisterRun
from provena_mcp.commands.results import BatchResult, LinkResult, RegistrationResult, UpdateResult
from provena_mcp.commands.update_run import UpdateRun
from provena_mcp.tools.definition import Reply, tool
from provena_mcp.tools.elicitation import Agreement, NotAsked, ask_for, consent_in, decided, proposed
from provena_mcp.tools.parameters import Confirm, Reference, Wait
from provena_mcp.tools.records import DescribedRecord, RunRecord
from provena_mcp.wire.items import JsonObject

_REGISTER: Final = RegisterRun()
_BATCH: Final = RegisterBatch()
_UPDATE: Final = UpdateRun()
_LINK: Final = LinkToStudy()

RunId = Annotated[str | None, Field(description="Its handle")]
AllowDuplicate = Annotated[bool, Field(description="Register the same record again")]


# The resolvers read most of a tool's arguments: the proposal is resolved first, then the question that
# depends on it. For the answer the proposal is made again, so that anything that has changed in
# between leads to a new question.


async def propose_registration(
    ctx: Context[Application], record: JsonObject | None, reference: str | None, allow_duplicate: bool
) -> Proposal[RegistrationResult] | AlreadySent:
    """What the arguments of ``register_model_run`` ask for."""
    return await proposed(ctx, _REGISTER, reference, record=record, allow_duplicate=allow_duplicate or None)


_Registration = Annotated[Proposal[RegistrationResult] | AlreadySent, Resolve(propose_registration)]


async def ask_to_register(
    ctx: Context[Application], confirm: bool, proposal: _Registration
) -> NotAsked | Elicit[Agreement]:
    """The question about a registration."""
    return ask_for(ctx, proposal, confirm=confirm)


@tool(title="Register model run", toolset="runs", effect="writes")
async def register_model_run(
    ctx: Context[Application],
    proposal: _Registration,
    answer: Annotated[ElicitationResult[Agreement], Resolve(ask_to_register)],
    record: DescribedRecord | None = None,
    reference: Reference = None,
    confirm: Confirm = False,
    wait: Wait = True,
    allow_duplicate: AllowDuplicate = False,
) -> Reply[RegistrationResult]:
    """Register a run."""
    return await decided(ctx, _REGISTER, proposal, confirm=confirm, consent=consent_in(answer), wait=wait)


async def propose_batch(
    ctx: Context[Application],
    records: list[JsonObject] | None,
    reference: str | None,
    expect_new: int | None,
    allow_duplicate: bool,
) -> Proposal[BatchResult] | AlreadySent:
    """What the arguments of ``register_batch_model_runs`` ask for."""
    listed: list[JsonValue] | None = list(records) if records is not None else None
    return await proposed(
        ctx, _BATCH, reference, records=listed, expect_new=expect_new, allow_duplicate=allow_duplicate or None
    )


_Batch = Annotated[Proposal[BatchResult] | AlreadySent, Resolve(propose_batch)]


async def ask_to_register_batch(
    ctx: Context[Application], confirm: bool, proposal: _Batch
) -> NotAsked | Elicit[Agreement]:
    """The question about a batch."""
    return ask_for(ctx, proposal, confirm=confirm)


@tool(title="Register several model runs", toolset="runs", effect="writes")
async def register_batch_model_runs(
    ctx: Context[Application],
    proposal: _Batch,
    answer: Annotated[ElicitationResult[Agreement], Resolve(ask_to_register_batch)],
    records: Annotated[list[RunRecord] | None, Field(description="As register_model_run")] = None,
    reference: Annotated[str | None, Field(description="From convert_model_runs or the preview")] = None,
    expect_new: Annotated[int | None, Field(ge=0, description="How many there must be")] = None,
    confirm: Confirm = False,
    wait: Wait = True,
    allow_duplicate: AllowDuplicate = False,
) -> Reply[BatchResult]:
    """Register several runs."""
    return await decided(ctx, _BATCH, proposal, confirm=confirm, consent=consent_in(answer), wait=wait)


async def propose_update(
    ctx: Context[Application],
    model_run_id: str | None,
    reason: str | None,
    record: JsonObject | None,
    changes: JsonObject | None,
    reference: str | None,
) -> Proposal[UpdateResult] | AlreadySent:
    """What the arguments of ``update_model_run`` ask for."""
    return await proposed(
        ctx, _UPDATE, reference, model_run_id=model_run_id, reason=reason, record=record, changes=changes
    )


_Update = Annotated[Proposal[UpdateResult] | AlreadySent, Resolve(propose_update)]


async def ask_to_update(
    ctx: Context[Application], confirm: bool, proposal: _Update
) -> NotAsked | Elicit[Agreement]:
    """The question about an update."""
    return ask_for(ctx, proposal, confirm=confirm)


@tool(title="Update model run", toolset="runs", effect="destroys")
async def update_model_run(
    ctx: Context[Application],
    proposal: _Update,
    answer: Annotated[ElicitationResult[Agreement], Resolve(ask_to_update)],
    model_run_id: RunId = None,
    reason: Annotated[str | None, Field(description="Why; kept in its history")] = None,
    record: RunRecord | None = None,
    changes: Annotated[JsonObject | None, Field(description="Merge patch: null removes")] = None,
    reference: Reference = None,
    confirm: Confirm = False,
    wait: Wait = True,
) -> Reply[UpdateResult]:
    """Change a run's record."""
    reply = await decided(ctx, _UPDATE, proposal, confirm=confirm, consent=consent_in(answer), wait=wait)
    if reply.result.model_run_id is not None:
        reader = ctx.request_context.lifespan_context.reader()
        reader.names.forget(reader.caller, reply.result.model_run_id)
    return reply


async def propose_link(
    ctx: Context[Application], model_run_id: str | None, study_id: str | None, reference: str | None
) -> Proposal[LinkResult] | AlreadySent:
    """What the arguments of ``link_model_run_to_study`` ask for."""
    return await proposed(ctx, _LINK, reference, model_run_id=model_run_id, study_id=study_id)


_Link = Annotated[Proposal[LinkResult] | AlreadySent, Resolve(propose_link)]


async def ask_to_link(
    ctx: Context[Application], confirm: bool, proposal: _Link
) -> NotAsked | Elicit[Agreement]:
    """The question about a link."""
    return ask_for(ctx, proposal, confirm=confirm)


@tool(title="Link model run to study", toolset="runs", effect="writes")
async def link_model_run_to_study(
    ctx: Context[Application],
    proposal: _Link,
    answer: Annotated[ElicitationResult[Agreement], Resolve(ask_to_link)],
    model_run_id: RunId = None,
    study_id: str | None = None,
    reference: Reference = None,
    confirm: Confirm = False,
    wait: Wait = True,
) -> Reply[LinkResult]:
    """Put a run into a study."""
    return await decided(ctx, _LINK, proposal, confirm=confirm, consent=consent_in(answer), wait=wait)


TOOLS = (register_model_run, register_batch_model_runs, update_model_run, link_model_run_to_study)
