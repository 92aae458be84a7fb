"""PROV-JSON -> recorded runs: the documents that Provena and this server write, and what others write alike.

Provena's documents name registered items: an activity of subtype MODEL_RUN is a run with a handle, and what
stands around it has handles too (provena-http 5.2). In other documents every activity that used or made
something is a run, as far as PROV says anything of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from provena_mcp.crates.json_ld import JsonMap, as_list, as_map, parse_json
from provena_mcp.crates.moments import moment_of
from provena_mcp.crates.places import last_part
from provena_mcp.crates.recorded_runs import (
    LeftOut,
    RecordedAgent,
    RecordedFile,
    RecordedItem,
    RecordedRun,
    RecordedRuns,
    RecordedSoftware,
    RecordedSource,
)
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.text import clean
from provena_mcp.wire.subtypes import GRAPH_WORKFLOW_TEMPLATE

_NAME: Final = 200
_SHA1: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_RELATIONS: Final = ("used", "wasGeneratedBy", "wasAssociatedWith", "wasInformedBy", "wasInfluencedBy")
_TEMPLATES: Final = (GRAPH_WORKFLOW_TEMPLATE, "MODEL_RUN_WORKFLOW_TEMPLATE")


def read_prov(content: bytes, name: str = "") -> RecordedRuns:
    """The activities of a PROV-JSON document that used or made something; bundles are not looked into.

    Raises:
        ArgumentError: It is no PROV-JSON.
    """
    document = as_map(parse_json(content))
    if not as_map(document.get("activity")):
        raise ArgumentError(
            "This PROV document names no activity, so there is no run in it.",
            advice="Give PROV-JSON with activities, or an RO-Crate.",
        )
    reading = _Document(document)
    activities = as_map(document.get("activity"))
    runs = [run for each in activities if reading.is_run(each) for run in (reading.run(each),)]
    others = len(activities) - len(runs)
    return RecordedRuns(
        source=RecordedSource(format="prov_json", name=clean(name, _NAME)),
        runs=tuple(sorted(runs, key=lambda run: (run.started is None, run.started or 0))),
        left_out=(LeftOut(what=f"{others} activities", why="no runs: they made no data"),) if others else (),
    )


@dataclass(frozen=True)
class _Document:
    """A document, asked by the names of its records."""

    whole: JsonMap

    def is_run(self, activity: str) -> bool:
        """Provena says which activities are runs; of others, those are that used or made something."""
        subtype = self._said("activity", activity, "item_subtype")
        if subtype is not None:
            return subtype == "MODEL_RUN"
        return any(self._ends("used", "prov:activity", activity, "prov:entity")) or any(
            self._ends("wasGeneratedBy", "prov:activity", activity, "prov:entity")
        )

    def run(self, activity: str) -> RecordedRun:
        started = moment_of(self._said("activity", activity, "prov:startTime"), "The start")
        ended = moment_of(self._said("activity", activity, "prov:endTime"), "The end")
        used = dict.fromkeys(self._ends("used", "prov:activity", activity, "prov:entity"))
        made = dict.fromkeys(self._ends("wasGeneratedBy", "prov:activity", activity, "prov:entity"))
        agents = [
            self._agent(each)
            for each in dict.fromkeys(
                self._ends("wasAssociatedWith", "prov:activity", activity, "prov:agent")
            )
        ]
        studies = [
            each
            for each in self._ends("wasInformedBy", "prov:informed", activity, "prov:informant")
            if self._said("activity", each, "item_subtype") == "STUDY"
        ]
        return RecordedRun(
            id=activity,
            name=self._name("activity", activity),
            started=started.seconds,
            ended=ended.seconds,
            agents=tuple(each for each in agents if each.kind != "organisation"),
            organisation=next((each for each in agents if each.kind == "organisation"), None),
            software=tuple(self._software(each) for each in used if self._subtype(each) == "MODEL"),
            inputs=tuple(self._file(each) for each in used if self._is_data(each)),
            outputs=tuple(self._file(each) for each in made if self._is_data(each)),
            template=next((self._item(each) for each in used if self._subtype(each) in _TEMPLATES), None),
            study=RecordedItem(handle=_handle(studies[0])) if studies else None,
            handle=_handle(activity) if self._said("activity", activity, "item_subtype") else None,
            doubts=tuple(filter(None, (started.doubt, ended.doubt))),
        )

    def _ends(self, relation: str, of: str, record: str, other: str) -> Iterator[str]:
        """What stands at the ``other`` end of the relations that have ``record`` at the end ``of``."""
        for ends in self._relations.get((relation, of), {}).get(record, ()):
            end = ends.get(other)
            if isinstance(end, str):
                yield end

    @cached_property
    def _relations(self) -> dict[tuple[str, str], dict[str, list[JsonMap]]]:
        found: dict[tuple[str, str], dict[str, list[JsonMap]]] = {}
        for relation in _RELATIONS:
            for listed in as_map(self.whole.get(relation)).values():
                for ends in map(as_map, as_list(listed)):
                    for end, record in ends.items():
                        if isinstance(record, str):
                            found.setdefault((relation, end), {}).setdefault(record, []).append(ends)
        return found

    def _said(self, section: str, record: str, key: str) -> str | None:
        """What a record says under ``key``; one that is stated several times says all of it."""
        for stated in as_list(as_map(self.whole.get(section)).get(record)):
            for value in as_list(as_map(stated).get(key)):
                said = as_map(value).get("$", value)
                if isinstance(said, (str, int, float)):
                    return clean(str(said), _NAME) or None
        return None

    def _subtype(self, entity: str) -> str | None:
        return self._said("entity", entity, "item_subtype")

    def _is_data(self, entity: str) -> bool:
        return self._subtype(entity) in (None, "DATASET")

    def _name(self, section: str, record: str) -> str:
        label = self._said(section, record, "prov:label") or self._said(section, record, "cwlprov:basename")
        return label or clean(last_part(_handle(record) or record), _NAME)

    def _item(self, record: str) -> RecordedItem:
        return RecordedItem(name=self._said("entity", record, "prov:label") or "", handle=_handle(record))

    def _file(self, entity: str) -> RecordedFile:
        """A dataset; entities that are called by a digest have it."""
        digest = entity.rpartition(":")[2].lower()
        templates = [
            each
            for each in self._ends("wasInfluencedBy", "prov:influencee", entity, "prov:influencer")
            if self._subtype(each) == "DATASET_TEMPLATE"
        ]
        return RecordedFile(
            id=entity,
            name=self._name("entity", entity),
            sha256=digest if _SHA256.fullmatch(digest) else None,
            other_digests={"sha1": digest} if _SHA1.fullmatch(digest) else {},
            handle=_handle(entity) if self._subtype(entity) else None,
            template=self._item(templates[0]) if templates else None,
        )

    def _software(self, entity: str) -> RecordedSoftware:
        return RecordedSoftware(id=entity, name=self._name("entity", entity), handle=_handle(entity))

    def _agent(self, agent: str) -> RecordedAgent:
        subtype = self._said("agent", agent, "item_subtype")
        is_program = "SoftwareAgent" in str(as_map(self.whole.get("agent")).get(agent))
        return RecordedAgent(
            id=agent,
            name=self._name("agent", agent),
            kind="organisation" if subtype == "ORGANISATION" else "software" if is_program else "person",
            handle=_handle(agent) if subtype else None,
        )


def _handle(record: str) -> str:
    """The handle of a record's name: with its prefix taken off, where Provena put one before it."""
    return record.removeprefix("hdl:")
