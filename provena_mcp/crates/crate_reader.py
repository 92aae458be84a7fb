"""Run Crates -> recorded runs: Process, Workflow and Provenance Run Crates, on RO-Crate 1.0 to 1.2.

Runs are the actions that made something: CreateAction, UpdateAction, ActivateAction. What an engine did to
get them done (OrganizeAction, ControlAction) says which of them are steps of a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from provena_mcp.crates.crate_entities import (
    FILE_TYPES,
    agent_of,
    file_of,
    handle_of,
    item_of,
    name_of,
    named_values,
    software_of,
    value_of,
)
from provena_mcp.crates.crate_source import source_of
from provena_mcp.crates.dataset_uses import in_roles
from provena_mcp.crates.json_ld import Entity, Graph, as_map, read_graph
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
    RunStatus,
)
from provena_mcp.crates.terms import (
    COMMAND,
    EXIT_CODE,
    GATHERED,
    LEFT_OUT,
    NOT_OBSERVED,
    OBSERVED,
    PROPERTIES,
    STUDY,
    WORKFLOW_TEMPLATE,
)
from provena_mcp.crates.workflow_steps import steps_of
from provena_mcp.rules.text import clean

RUN_TYPES: Final = ("CreateAction", "UpdateAction", "ActivateAction")
_OTHER_ACTIONS: Final = {
    "OrganizeAction": "it says what the engine did around the runs",
    "ControlAction": "it says how the engine started a step",
}
_STATUS: Final[dict[str, RunStatus]] = {
    "CompletedActionStatus": "completed",
    "FailedActionStatus": "failed",
    "ActiveActionStatus": "running",
    "PotentialActionStatus": "unknown",
}
_ENVIRONMENT: Final = ("containerImage", "softwareRequirements")
_LEFT_OUT_NAMED: Final = 20
_TEXT: Final = 2_000


def read_crate(content: bytes, name: str = "") -> RecordedRuns:
    """The runs in a crate's metadata.

    Args:
        content: The metadata file.
        name: Of the crate, for people.

    Raises:
        ArgumentError: It is no RO-Crate, or larger than is read.
    """
    graph = read_graph(content)
    reading = _Reading(graph)
    runs = [reading.run(action) for action in reading.actions]
    order = sorted(range(len(runs)), key=lambda at: (_when(runs[at]), at))
    return RecordedRuns(
        source=source_of(graph, name),
        runs=tuple(runs[at] for at in order),
        left_out=tuple(_left_out(graph, reading.left_out)),
    )


@dataclass
class _Reading:
    """Reads the actions of one graph, each entity once."""

    graph: Graph
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])
    _files: dict[str, RecordedFile] = field(default_factory=dict[str, RecordedFile])

    @cached_property
    def actions(self) -> list[Entity]:
        """The actions that are runs; one that only gathers others is left out."""
        found: list[Entity] = []
        for action in self.graph.of_type(*RUN_TYPES):
            gathers = value_of(self.graph, action, GATHERED)
            if gathers is None:
                found.append(action)
            else:
                self.left_out.append(LeftOut(what=name_of(action), why=gathers))
        return found

    @cached_property
    def steps(self) -> dict[str, str]:
        return steps_of(self.graph, self.actions)

    def run(self, action: Entity) -> RecordedRun:
        graph = self.graph
        started = moment_of(action.text("startTime"), "The start")
        ended = moment_of(action.text("endTime"), "The end")
        inputs, parameters, input_doubts = self._objects(action, "object")
        outputs, results, output_doubts = self._objects(action, "result")
        agents, organisation = self._agents(action)
        values = list(named_values(graph, action))
        exit_code = value_of(graph, action, EXIT_CODE) or ""
        software, software_doubts = self._software(action)
        not_observed = [value for key, _, value in values if key == NOT_OBSERVED]
        about_files = (*input_doubts, *output_doubts)
        doubts = (started.doubt, ended.doubt, *not_observed, *software_doubts, *about_files)
        return RecordedRun(
            id=clean(action.id, _TEXT),
            name=name_of(action),
            description=action.text("description"),
            command=value_of(graph, action, COMMAND),
            started=started.seconds,
            ended=ended.seconds,
            status=_status(action),
            exit_code=int(exit_code) if exit_code.lstrip("-").isdecimal() and len(exit_code) < 12 else None,
            error=action.text("error"),
            agents=agents,
            organisation=organisation,
            software=software,
            inputs=inputs,
            outputs=outputs,
            parameters={**parameters, **results},
            annotations={name: value for key, name, value in values if name and not _is_ours(key)},
            template=self._template(action),
            study=self._item(action, STUDY),
            handle=handle_of(graph, action),
            part_of=self.steps.get(action.id),
            observed=tuple(value for key, _, value in values if key == OBSERVED),
            doubts=tuple(filter(None, doubts)),
        )

    def _objects(
        self, action: Entity, term: str
    ) -> tuple[tuple[RecordedFile, ...], dict[str, str], list[str]]:
        """Files and parameters of one side of an action, and what is doubtful about them."""
        files: dict[str, RecordedFile] = {}
        parameters: dict[str, str] = {}
        doubts: list[str] = []
        for entity in self.graph.linked(action, term):
            if "PropertyValue" in entity.types:
                parameters[name_of(entity)] = entity.text("value") or ""
            elif entity.is_missing or entity.types & FILE_TYPES or not entity.types:
                files[entity.id] = self._file(entity)
                if entity.is_missing:
                    doubts.append(f"The crate refers to {clean(entity.id, 200)!r} and does not describe it.")
            else:
                kinds = ", ".join(sorted(entity.types))
                self.left_out.append(LeftOut(what=name_of(entity), why=f"{term} of type {kinds}, not a file"))
        for value in action.values(term):
            if isinstance(value, str) and not as_map(value):
                self.left_out.append(LeftOut(what=clean(value, 200), why=f"{term} that names no entity"))
        side = "input" if term == "object" else "output"
        return tuple(in_roles(self.graph, action, side, files)), parameters, doubts

    def _file(self, entity: Entity) -> RecordedFile:
        if entity.id not in self._files:
            self._files[entity.id] = file_of(self.graph, entity)
        return self._files[entity.id]

    def _agents(self, action: Entity) -> tuple[tuple[RecordedAgent, ...], RecordedAgent | None]:
        linked = (*self.graph.linked(action, "agent"), *self.graph.linked(action, "participant"))
        agents = [agent_of(self.graph, entity) for entity in linked]
        written = (each for each in action.values("agent") if isinstance(each, str))
        agents.extend(RecordedAgent(id=clean(each, 200), name=clean(each, 200)) for each in written)
        people = tuple(each for each in agents if each.kind != "organisation")
        organisations = [each for each in agents if each.kind == "organisation"]
        return people, organisations[0] if organisations else self._affiliation(action)

    def _affiliation(self, action: Entity) -> RecordedAgent | None:
        for person in self.graph.linked(action, "agent"):
            for place in self.graph.linked(person, "affiliation"):
                found = agent_of(self.graph, place)
                return found.model_copy(update={"kind": "organisation"})
        return None

    def _software(self, action: Entity) -> tuple[tuple[RecordedSoftware, ...], list[str]]:
        """What ran, with what it used; in doubt, the only source code that nothing refers to."""
        graph = self.graph
        instruments = graph.linked(action, "instrument", "instruments")
        used = [each for term in _ENVIRONMENT for each in graph.linked(action, term)]
        used += [each for tool in instruments for term in _ENVIRONMENT for each in graph.linked(tool, term)]
        used += [each for tool in instruments for each in graph.linked(tool, "programmingLanguage")]
        found = {each.id: software_of(graph, each) for each in (*instruments, *used)}
        doubts: list[str] = []
        if action.id not in self.steps and not any(each.commit for each in found.values()):
            source = self._lone_source
            if source is not None and source.id not in found:
                found[source.id] = software_of(graph, source)
                doubts.append(
                    f"The crate does not say that {name_of(source)!r} was run: it is its only source code."
                )
        return tuple(found.values()), doubts

    @cached_property
    def _lone_source(self) -> Entity | None:
        codes = [each for each in self.graph.of_type("SoftwareSourceCode") if each.text("codeRepository")]
        return codes[0] if len(codes) == 1 else None

    def _template(self, action: Entity) -> RecordedItem | None:
        named = self._item(action, WORKFLOW_TEMPLATE)
        if named is not None:
            return named
        for instrument in self.graph.linked(action, "instrument"):
            for plan in self.graph.linked(instrument, "isBasedOn"):
                item = item_of(self.graph, plan)
                if item.handle:
                    return item
        return None

    def _item(self, action: Entity, property_id: str) -> RecordedItem | None:
        """An item that an additional property names: by the id of an entity, by handle, or in words."""
        value = value_of(self.graph, action, property_id)
        if value is None:
            return None
        item = item_of(self.graph, self.graph.get(value))
        return item if item.handle else RecordedItem(name=item.name, handle=value if "/" in value else None)


def _is_ours(property_id: str) -> bool:
    return property_id.startswith(PROPERTIES)


def _status(action: Entity) -> RunStatus:
    """Without a status a run succeeded, as the profile lays down."""
    said = action.text("actionStatus")
    return "completed" if said is None else _STATUS.get(last_part(said), "unknown")


def _when(run: RecordedRun) -> float:
    if run.started is not None:
        return run.started
    return run.ended if run.ended is not None else float("inf")


def _left_out(graph: Graph, found: Sequence[LeftOut]) -> Iterator[LeftOut]:
    counted = Counter(kind for kind in _OTHER_ACTIONS for _ in graph.of_type(kind))
    for kind, number in counted.items():
        yield LeftOut(what=f"{number} x {kind}", why=_OTHER_ACTIONS[kind])
    stated = (each for each in graph.linked(graph.root, "additionalProperty") if _says_left_out(each))
    yield from (LeftOut(what=name_of(each), why=each.text("value") or "") for each in stated)
    distinct = list(dict.fromkeys(found))
    yield from distinct[:_LEFT_OUT_NAMED]
    if len(distinct) > _LEFT_OUT_NAMED:
        yield LeftOut(what=f"{len(distinct) - _LEFT_OUT_NAMED} more", why="of these kinds")


def _says_left_out(entity: Entity) -> bool:
    return entity.text("propertyID") == LEFT_OUT
