"""What RO-Crate 1.1 and the three Workflow Run Crate profiles 0.5 say that a crate MUST have, as problems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

_ACTIONS = {"CreateAction", "ActivateAction", "UpdateAction"}
_TOOLS = {"SoftwareApplication", "SoftwareSourceCode", "ComputationalWorkflow"}
_PROFILES = {f"https://w3id.org/ro/wfrun/{name}/0.5" for name in ("process", "workflow", "provenance")}

Entity = dict[str, Any]


def problems_of(document: Any, files: Iterable[str]) -> list[str]:
    """Each MUST that a crate with these files breaks."""
    return list(_Checks(document, frozenset(files)).problems())


class _Checks:
    def __init__(self, document: Any, files: frozenset[str]) -> None:
        self.listed: list[Entity] = document["@graph"]
        self.entities: dict[str, Entity] = {each["@id"]: each for each in self.listed}
        self.files = files

    def problems(self) -> Iterator[str]:
        if len(self.entities) < len(self.listed):
            yield "an id stands for two entities"
        yield from self._flatness()
        yield from self._root()
        yield from self._data_entities()
        if self.entities["./"].get("mainEntity"):
            yield from self._workflow()
            yield from self._steps()
        for action in self._of_types(_ACTIONS):
            if not self._linked(action, "instrument"):
                yield f"{action['@id']} has no instrument"
        for parameter in self._of_types({"FormalParameter"}):
            if not parameter.get("additionalType"):
                yield f"{parameter['@id']} has no additionalType"

    def _flatness(self) -> Iterator[str]:
        for entity in self.listed:
            for name, value in entity.items():
                for each in _many(value):
                    if isinstance(each, dict) and set(each) != {"@id"}:
                        yield f"{entity['@id']} holds another entity in {name}"

    def _root(self) -> Iterator[str]:
        descriptor, root = self.entities["ro-crate-metadata.json"], self.entities["./"]
        if descriptor["about"] != {"@id": "./"} or "CreativeWork" not in _many(descriptor["@type"]):
            yield "the descriptor is not about the root"
        if "https://w3id.org/ro/crate/1.1" not in _ids(descriptor, "conformsTo"):
            yield "the descriptor does not say which RO-Crate it is"
        for name in ("name", "description", "license", "datePublished"):
            if not root.get(name):
                yield f"the root has no {name}"
        date.fromisoformat(root["datePublished"])

    def _data_entities(self) -> Iterator[str]:
        parts = set(_ids(self.entities["./"], "hasPart"))
        for entity in self._of_types({"File", "Dataset"}):
            entity_id = entity["@id"]
            if entity_id == "./":
                continue
            if entity_id not in parts:
                yield f"{entity_id} is no part of the crate"
            if not urlsplit(entity_id).scheme and entity_id not in self.files:
                yield f"{entity_id} is not there"

    def _workflow(self) -> Iterator[str]:
        root = self.entities["./"]
        if not set(_ids(root, "conformsTo")) >= _PROFILES:
            yield "the root does not name the profiles"
        (main,) = self._linked(root, "mainEntity")
        if not set(main["@type"]) >= {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"}:
            yield "the main entity is no workflow with steps"
        if not self._linked(main, "programmingLanguage"):
            yield "the workflow has no language"
        if not any(main["@id"] in _ids(each, "instrument") for each in self._of_types(_ACTIONS)):
            yield "no action ran the workflow"
        yield from self._tools(main)

    def _tools(self, main: Entity) -> Iterator[str]:
        tools = self._linked(main, "hasPart")
        if not tools:
            yield "the workflow has no tools"
        for tool in tools:
            if not _TOOLS & set(_many(tool["@type"])):
                yield f"{tool['@id']} is no tool"
            if not any(tool["@id"] in _ids(each, "instrument") for each in self._of_types(_ACTIONS)):
                yield f"no action ran {tool['@id']}"
            for side in ("input", "output"):
                for parameter in self._linked(tool, side):
                    if parameter["@type"] != "FormalParameter":
                        yield f"{parameter['@id']} is no parameter"

    def _steps(self) -> Iterator[str]:
        (main,) = self._linked(self.entities["./"], "mainEntity")
        for step in self._of_types({"HowToStep"}):
            if step["@id"] not in _ids(main, "step") or not self._linked(step, "workExample"):
                yield f"{step['@id']} is no step of the workflow, or of no tool"
            int(step["position"])
        for control in self._of_types({"ControlAction"}):
            started = [each["@type"] for each in self._linked(control, "instrument")]
            runs = [each["@type"] for each in self._linked(control, "object")]
            if (started, runs) != (["HowToStep"], ["CreateAction"]):
                yield f"{control['@id']} does not start one step"

    def _of_types(self, types: set[str]) -> list[Entity]:
        return [each for each in self.listed if types & set(_many(each["@type"]))]

    def _linked(self, entity: Entity, name: str) -> list[Entity]:
        return [self.entities[each] for each in _ids(entity, name)]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _ids(entity: Entity, name: str) -> list[str]:
    return [each["@id"] for each in _many(entity.get(name, [])) if isinstance(each, dict)]
