"""All runs of a crate as one workflow, as Provenance Run Crate wants them: tools, steps, and the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provena_mcp.crates.export.abstract_workflow import CWL, WORKFLOW_FILE
from provena_mcp.crates.export.entity_list import EntityList, Properties, Reference, in_order
from provena_mcp.crates.export.item_entities import ItemEntities, iso_time
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.crates.export.run_entities import RunEntities
from provena_mcp.crates.terms import GATHERED
from provena_mcp.wire.items import ModelRunItem

_WORKFLOW: Final = ("File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo")
_WHOLE: Final = "#all-runs"


@dataclass(frozen=True)
class WorkflowEntities:
    """Adds the workflow of a crate that has runs."""

    provenance: RegisteredProvenance
    entities: EntityList
    items: ItemEntities
    runs: RunEntities

    def workflow(self) -> Reference:
        """The workflow, its tools and its steps: one for each run, in order."""
        runs = self.provenance.runs
        steps = [self._step(number, run) for number, run in enumerate(runs, start=1)]
        return self.entities.add(
            WORKFLOW_FILE,
            _WORKFLOW,
            {
                "name": "Workflow",
                "description": "The recorded runs, earliest first, as abstract CWL: no command is known.",
                "programmingLanguage": self._language(),
                "hasPart": in_order(map(self._tool, runs)),
                "step": in_order(steps),
            },
        )

    def whole(self) -> Reference:
        """The action that gathers all runs, without which the workflow would not have been run."""
        provenance = self.provenance
        records = [run.record for run in provenance.runs]
        inside = [each for each in provenance.datasets if each in provenance.made]
        outside = [each for each in provenance.datasets if each in provenance.used - provenance.made]
        results = [each for each in inside if each not in provenance.used] or inside
        mark = self.entities.add_property(
            f"{_WHOLE}-mark", GATHERED, "gathered", "No run of its own: all runs of this crate together."
        )
        return self.entities.add(
            _WHOLE,
            "CreateAction",
            {
                "name": f"All runs behind {provenance.about.display_name or provenance.about.id}",
                "description": "The runs of this crate together, which the profile asks for.",
                "instrument": {"@id": WORKFLOW_FILE},
                "startTime": iso_time(min(record.start_time for record in records)),
                "endTime": iso_time(max(record.end_time for record in records)),
                "object": in_order(map(self.runs.dataset, outside)),
                "result": in_order(map(self.runs.dataset, results)),
                "additionalProperty": [mark],
            },
        )

    def _tool(self, run: ModelRunItem) -> Reference:
        tool = self.runs.tool(run)
        sides: Properties = {
            side: in_order(self.items.parameter(use.dataset_template_id) for use in uses)
            for side, uses in (("input", run.record.inputs), ("output", run.record.outputs))
        }
        self.entities.extend(tool, sides)
        return tool

    def _step(self, number: int, run: ModelRunItem) -> Reference:
        template = run.record.workflow_template_id
        step = self.entities.add(
            f"#step-{number}",
            "HowToStep",
            {
                "name": self.provenance.name_of(template),
                "position": str(number),
                "workExample": self.runs.tool(run),
                "isBasedOn": self.items.workflow_template(template),
            },
        )
        self.entities.add(
            f"#control-{number}",
            "ControlAction",
            {"name": f"Step {number}", "instrument": step, "object": self.runs.action(run)},
        )
        return step

    def _language(self) -> Reference:
        return self.entities.add(
            CWL,
            "ComputerLanguage",
            {
                "name": "Common Workflow Language",
                "alternateName": "CWL",
                "version": "v1.2",
                "identifier": {"@id": "https://w3id.org/cwl/v1.2/"},
                "url": {"@id": "https://www.commonwl.org/"},
            },
        )
