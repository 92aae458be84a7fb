"""A registered lineage as a Provenance Run Crate 0.5: its metadata, and the files that go with it.

``terms`` says how each thing is written; ``docs/crates.md`` lists what has no place in a crate. The library
``rocrate`` is not used to write: its preview pastes names into HTML as they are, and what else it does here
is to write JSON. Tests let it read what is written here, and compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json

from provena_mcp.crates.export.abstract_workflow import WORKFLOW_FILE, abstract_workflow
from provena_mcp.crates.export.entity_list import EntityList, Properties, Reference, in_order
from provena_mcp.crates.export.item_entities import ItemEntities, handle_url
from provena_mcp.crates.export.readme import README, readme
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.crates.export.run_entities import RunEntities
from provena_mcp.crates.export.workflow_entities import WorkflowEntities
from provena_mcp.crates.recorded_runs import LeftOut
from provena_mcp.crates.terms import (
    LEFT_OUT,
    METADATA,
    PROCESS_RUN,
    PROVENANCE_RUN,
    SPECIFICATION,
    WORKFLOW_CRATE,
    WORKFLOW_RUN,
)
from provena_mcp.rules.text import plural

_PROFILES: Final = {
    PROCESS_RUN: ("Process Run Crate", "0.5"),
    WORKFLOW_RUN: ("Workflow Run Crate", "0.5"),
    PROVENANCE_RUN: ("Provenance Run Crate", "0.5"),
    WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
_LICENCE: Final = (
    "No licence is stated for these descriptions. Each dataset has its own, given with it; where none "
    "is given, none is known."
)

# What the registry holds and no crate says; each crate and dossier tells why.
NO_PLACE: Final = (
    LeftOut(what="e-mail addresses and points of contact", why="people agreed to be named, not written to"),
    LeftOut(what="contents of datasets", why="the registry holds descriptions; the files lie where url says"),
    LeftOut(
        what="what workflow templates and dataset templates ask for",
        why="optional inputs, annotation keys and expected files have no term",
    ),
    LeftOut(what="approvals of datasets", why="ethics, Indigenous knowledge and export have no term"),
    LeftOut(what="resolutions in space and time", why="they have no term"),
    LeftOut(what="history, locks, rights and owners of records", why="they are of the registry only"),
    LeftOut(
        what="the activities that created and versioned items",
        why="they say who entered a record, not how the result came to be",
    ),
    LeftOut(what="whether a run succeeded", why="the registry does not record it"),
)


@dataclass(frozen=True, slots=True)
class CrateFile:
    """A file of a crate; ``about`` is the id of the entity that it tells of."""

    path: str
    content: bytes
    media_type: str
    name: str
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Crate:
    """A crate: all its files by path, the metadata first."""

    files: dict[str, bytes]

    @property
    def metadata(self) -> str:
        """The JSON-LD document that says what the crate holds."""
        return self.files[METADATA].decode()


def provenance_crate(provenance: RegisteredProvenance, made: date, beside: Sequence[CrateFile] = ()) -> Crate:
    """The crate of a lineage; without any run it is a plain RO-Crate of what there is.

    Args:
        provenance: What is told.
        made: The day of the crate.
        beside: Further files, such as the same as PROV.
    """
    left_out = (*NO_PLACE, *provenance.left_out())
    files = [CrateFile(README, readme(provenance, left_out), "text/markdown", "What is in here", "./")]
    if provenance.runs:
        workflow = abstract_workflow(provenance)
        files.append(CrateFile(WORKFLOW_FILE, workflow, "application/json", "Workflow"))
    files.extend(beside)
    metadata = to_json(_Root(provenance, made, files, left_out).entities().document(), indent=1)
    return Crate({METADATA: metadata, **{each.path: each.content for each in files}})


@dataclass(frozen=True)
class _Root:
    """The crate itself: what it is about and all that belongs to it."""

    provenance: RegisteredProvenance
    made: date
    files: Sequence[CrateFile]
    left_out: Sequence[LeftOut]

    def entities(self) -> EntityList:
        entities, runs = EntityList(), self.provenance.runs
        items = ItemEntities(self.provenance, entities)
        actions = RunEntities(self.provenance, entities, items)
        specifications = [SPECIFICATION, *([WORKFLOW_CRATE] if runs else [])]
        entities.add(
            METADATA,
            "CreativeWork",
            {"about": {"@id": "./"}, "conformsTo": [{"@id": each} for each in specifications]},
        )
        root = entities.add("./", "Dataset", self._described())
        if runs:
            workflow = WorkflowEntities(self.provenance, entities, items, actions)
            gathered: Properties = {
                "conformsTo": [_profile(entities, each) for each in _PROFILES],
                "mainEntity": workflow.workflow(),
                "mentions": in_order((*map(actions.action, runs), workflow.whole())),
            }
            entities.add("./", "Dataset", gathered)
        about = self.provenance.about
        if about.item_subtype == "STUDY":
            items.study(about.id)
        datasets = [actions.dataset(each) for each in self.provenance.datasets]
        files = [_file(entities, each) for each in self.files]
        left_out = [*_left_out(entities, self.left_out)]
        entities.extend(root, {"hasPart": in_order((*files, *datasets)), "additionalProperty": left_out})
        return entities

    def _described(self) -> Properties:
        about, runs = self.provenance.about, len(self.provenance.runs)
        name = about.display_name or about.id
        return {
            "name": f"Provenance of {name}",
            "description": f"How {name} ({about.id}) came to be, as its registry records it: "
            f"{plural(runs, 'run')} and {plural(len(self.provenance.datasets), 'dataset')}, "
            f"{plural(self.provenance.depth, 'hop')} upstream.",
            "datePublished": self.made.isoformat(),
            "license": _LICENCE,
            "about": {"@id": handle_url(about.id)},
        }


def _profile(entities: EntityList, profile: str) -> Reference:
    name, version = _PROFILES[profile]
    return entities.add(profile, "CreativeWork", {"name": name, "version": version})


def _file(entities: EntityList, file: CrateFile) -> Reference:
    stated: Properties = {
        "name": file.name,
        "encodingFormat": file.media_type,
        "contentSize": str(len(file.content)),
        "about": {"@id": file.about} if file.about else None,
    }
    return entities.add(file.path, "File", stated)


def _left_out(entities: EntityList, found: Sequence[LeftOut]) -> Iterator[JsonValue]:
    for number, each in enumerate(found, start=1):
        yield entities.add_property(f"#left-out-{number}", LEFT_OUT, each.what, each.why)
