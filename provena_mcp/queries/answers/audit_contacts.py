"""Whom to ask about what an audit found: the modellers of the runs, and who answers for the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from pydantic import Field

from provena_mcp.lineage.audit.findings import Finding
from provena_mcp.queries.items.briefs.models import Brief
from provena_mcp.queries.items.item_reader import ItemReader
from provena_mcp.rules.text import shown_text
from provena_mcp.wire.items import DatasetItem, ModelRunItem

AskedAs = Literal["modeller", "custodian", "contact"]

_MOST: Final = 8
_MOST_ABOUT: Final = 4


class WhomToAsk(Brief):
    """Someone to ask."""

    role: AskedAs
    id: str | None = None
    name: str | None = None
    contact: str | None = Field(default=None, description="As the datasets' records state it.")
    about: tuple[str, ...]


def whom_to_ask(findings: Iterable[Finding], runs: Iterable[str], records: ItemReader) -> list[WhomToAsk]:
    """The modellers of ``runs`` first, then custodians and contacts of the datasets that were found wanting.

    ``findings`` come worst first, and so do the datasets; names are for the caller to add.
    """
    about: dict[tuple[AskedAs, str], list[str]] = {}
    for run_id in runs:
        run = records.item(run_id)
        if isinstance(run, ModelRunItem):
            about.setdefault(("modeller", run.record.associations.modeller_id), []).append(run_id)
    for item_id in dict.fromkeys(item for finding in findings for item in finding.evidence):
        item = records.item(item_id)
        if isinstance(item, DatasetItem):
            who = item.collection_format.associations
            if who.data_custodian_id:
                about.setdefault(("custodian", who.data_custodian_id), []).append(item_id)
            if contact := shown_text(who.point_of_contact):
                about.setdefault(("contact", contact), []).append(item_id)
    rows = [
        WhomToAsk(
            role=role,
            id=value if role != "contact" else None,
            contact=value if role == "contact" else None,
            about=tuple(items[:_MOST_ABOUT]),
        )
        for (role, value), items in about.items()
    ]
    return sorted(rows, key=lambda row: row.role != "modeller")[:_MOST]


def named(rows: Iterable[WhomToAsk], names: Mapping[str, str]) -> tuple[WhomToAsk, ...] | None:
    """The same with their names, as far as they are known; none for none."""
    told = (row.model_copy(update={"name": names.get(row.id or "") or None}) for row in rows)
    return tuple(told) or None
