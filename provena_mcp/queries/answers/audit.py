"""Use case: can this run or study be repeated, and is it still current?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from provena_mcp.lineage.audit.auditing import RunAudit, audit_run, merge_findings
from provena_mcp.lineage.audit.findings import Finding
from provena_mcp.queries.answers.audit_answer import Audited, AuditTelling
from provena_mcp.queries.answers.audit_result import Audit
from provena_mcp.queries.answers.evidence import gather_evidence
from provena_mcp.queries.answers.subjects import read_run_or_study
from provena_mcp.queries.items.fetch import Reader
from provena_mcp.queries.items.item_reader import Records
from provena_mcp.queries.lineage.neighbourhood import DepthCap
from provena_mcp.rules.handles import parse_handle
from provena_mcp.wire.items import ModelRunItem, StudyItem

_DEPTH: Final = 20
# Each run of a study is followed less far, and only so many runs are looked at.
_STUDY_DEPTH: Final = 10
_MOST_RUNS: Final = 40
_AT_ONCE: Final = 4


async def audit(
    reader: Reader, cap: DepthCap, item_id: str, now: Callable[[], float], max_tokens: int
) -> Audit:
    """Go through the checklist for a run, or for every run of a study.

    Raises:
        ArgumentError: The id is no handle.
        NotFoundError: No item has it.
        WrongSubtypeError: It is neither a run nor a study; the advice names the call for it.
    """
    item = await read_run_or_study(reader, parse_handle(item_id, "item_id"))
    if isinstance(item, StudyItem):
        audited = await _audit_study(reader, cap, item, now())
    else:
        records = Records(reader, needs_all=True)
        evidence = await gather_evidence(reader, cap, records, item, depth=_DEPTH, now=now())
        one = await asyncio.to_thread(audit_run, evidence)
        audited = Audited([(finding, ()) for finding in one.findings], [one], 1, evidence.incomplete_because)
    return await AuditTelling(reader, item, audited).told(max_tokens)


async def _audit_study(reader: Reader, cap: DepthCap, study: StudyItem, now: float) -> Audited:
    graph = await reader.client.prov.explore("downstream", study.id, 1)
    ids = sorted(link.source for link in graph.links if graph.nodes[link.source].subtype == "MODEL_RUN")
    if not ids:
        return Audited([(Finding("study_without_runs", {study.id: ""}), ())], [], 0, None)
    records = Records(reader, needs_all=True)
    await records.read_listed(ids[:_MOST_RUNS], "MODEL_RUN", most_pages=2, most_fetches=_MOST_RUNS)
    slots = asyncio.Semaphore(_AT_ONCE)

    async def audited(run: ModelRunItem) -> RunAudit:
        async with slots:
            evidence = await gather_evidence(reader, cap, records, run, depth=_STUDY_DEPTH, now=now)
            return await asyncio.to_thread(audit_run, evidence)

    runs = [item for run_id in ids[:_MOST_RUNS] if isinstance(item := records.item(run_id), ModelRunItem)]
    audits = await asyncio.gather(*(audited(run) for run in runs))
    skipped = (
        f"{len(ids) - len(runs)} of {len(ids)} runs were not looked at" if len(runs) < len(ids) else None
    )
    return Audited(merge_findings(audits), list(audits), len(ids), skipped)
