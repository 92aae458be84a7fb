"""Runs as entities of a crate: actions with their times, agents, software, and what they used and made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from pydantic import JsonValue

from provena_mcp.crates.export.entity_list import EntityList, Reference, in_order
from provena_mcp.crates.export.item_entities import ItemEntities, handle_url, iso_time
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance, roles
from provena_mcp.crates.terms import RESOURCE, STUDY, USE, WORKFLOW_TEMPLATE
from provena_mcp.wire.items import ModelRunItem, TemplatedDataset


@dataclass(frozen=True)
class RunEntities:
    """Adds runs, each with all that its record names."""

    provenance: RegisteredProvenance
    entities: EntityList
    items: ItemEntities

    def action(self, run: ModelRunItem) -> Reference:
        """A run. No status is stated: the registry holds none."""
        if handle_url(run.id) in self.entities:
            return {"@id": handle_url(run.id)}
        record = run.record
        requested_by = record.associations.requesting_organisation_id
        return self.entities.add(
            handle_url(run.id),
            "CreateAction",
            {
                "name": record.display_name,
                "description": record.description,
                "startTime": iso_time(record.start_time),
                "endTime": iso_time(record.end_time),
                "instrument": self.tool(run),
                "agent": self.items.person(record.associations.modeller_id),
                "participant": self.items.organisation(requested_by) if requested_by else None,
                "object": in_order(self.dataset(each) for each in roles(record.inputs)),
                "result": in_order(self.dataset(each) for each in roles(record.outputs)),
                "additionalProperty": [*self._properties(run)],
            },
        )

    def tool(self, run: ModelRunItem) -> Reference:
        """What a run ran: its model in the version it states."""
        model = self.provenance.model_of(run)
        if model is not None:
            return self.items.software(model, run.record.model_version)
        template = run.record.workflow_template_id
        return self.entities.add(
            f"#software-of-{quote(template, safe='')}",
            "SoftwareApplication",
            {
                "name": f"Software of workflow template {template}, which could not be read",
                "softwareVersion": run.record.model_version,
            },
        )

    def dataset(self, handle: str) -> Reference:
        """A dataset, with every role in which a run uses or makes it."""
        templates = dict.fromkeys(use.dataset_template_id for use in self._uses.get(handle, ()))
        return self.items.dataset(handle, [self.items.parameter(each) for each in templates])

    @cached_property
    def _uses(self) -> dict[str, list[TemplatedDataset]]:
        records = [run.record for run in self.provenance.runs]
        return roles(use for record in records for use in (*record.inputs, *record.outputs))

    def _properties(self, run: ModelRunItem) -> Iterator[JsonValue]:
        record, mark = run.record, f"#{quote(run.id, safe='')}"
        template = self.items.workflow_template(record.workflow_template_id)
        yield self.entities.add_property(
            f"{mark}-template", WORKFLOW_TEMPLATE, "workflow template", str(template["@id"])
        )
        if record.study_id:
            study = self.items.study(record.study_id)
            yield self.entities.add_property(f"{mark}-study", STUDY, "study", str(study["@id"]))
        for number, (name, value) in enumerate((record.annotations or {}).items(), start=1):
            yield self.entities.add_property(f"{mark}-annotation-{number}", None, name, value)
        for side, uses in (("input", record.inputs), ("output", record.outputs)):
            for number, use in enumerate(uses, start=1):
                yield self._use(f"{mark}-{side}-{number}", side, use)

    def _use(self, use_id: str, side: str, use: TemplatedDataset) -> Reference:
        resources: list[JsonValue] = [
            self.entities.add_property(f"{use_id}-file-{number}", RESOURCE, key, path)
            for number, (key, path) in enumerate((use.resources or {}).items(), start=1)
        ]
        return self.entities.add_property(
            use_id,
            USE,
            side,
            handle_url(use.dataset_id),
            {
                "valueReference": self.items.parameter(use.dataset_template_id),
                "additionalProperty": resources,
            },
        )
