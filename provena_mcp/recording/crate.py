"""A capture as an RO-Crate: the graph of a Process Run Crate 0.5, with a digest that tells of later edits.

Files are not copied into the crate: each is named by its ``file:`` address, and known again by its hash. The
words for what RO-Crate has no term for are those of ``crates.terms``.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast
from urllib.parse import quote

from provena_mcp.crates.terms import (
    CAPTURE_DIGEST,
    COMMAND,
    COMMIT,
    CONTEXT,
    DIRTY,
    EXIT_CODE,
    HANDLE,
    METADATA,
    NOT_OBSERVED,
    OBSERVED,
    PROCESS_RUN,
    RUN_CONTEXT,
)
from provena_mcp.recording.captured import Capture, CapturedFile, Repository, RunState

Entity = dict[str, Any]
Document = dict[str, Any]

DIGEST: Final = "#capture-digest"
WORKING_FOLDER: Final = "working folder"
_STATUS: Final[Mapping[RunState, str]] = {
    "unfinished": "http://schema.org/ActiveActionStatus",
    "completed": "http://schema.org/CompletedActionStatus",
    "failed": "http://schema.org/FailedActionStatus",
}
_UNFINISHED: Final = "This run was not captured to its end: it is still going on, or was broken off."


def crate_of(capture: Capture) -> Document:
    """The document of a capture, its digest included."""
    graph = [*_Writer(capture).entities()]
    root = graph[1]
    root["identifier"] = {"@id": DIGEST}
    stated = {
        "@id": DIGEST,
        "@type": "PropertyValue",
        "name": "SHA-256 of this document without this entity",
        "propertyID": CAPTURE_DIGEST,
        "value": digest_of(graph),
    }
    return {"@context": [CONTEXT, RUN_CONTEXT], "@graph": [*graph, stated]}


def text_of(document: Document) -> str:
    """A document as JSON, an entity a line."""
    context = json.dumps(document["@context"])
    entities = ",\n".join(json.dumps(entity, ensure_ascii=False) for entity in document["@graph"])
    return f'{{"@context": {context},\n"@graph": [\n{entities}\n]}}\n'


def digest_of(graph: Sequence[Entity]) -> str:
    """The digest of a graph as it is written, the entity that states it left out."""
    entities = [entity for entity in graph if entity.get("@id") != DIGEST]
    text = json.dumps(entities, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_as_written(document: Document) -> bool:
    """Whether a capture's document still is what was written, by its digest."""
    graph = document.get("@graph")
    if not isinstance(graph, list):
        return False
    entities = [cast("Entity", entity) for entity in cast("list[object]", graph) if isinstance(entity, dict)]
    stated = [entity.get("value") for entity in entities if entity.get("@id") == DIGEST]
    return stated == [digest_of(entities)]


def file_address(path: str, *, earlier: bool = False) -> str:
    """The ``file:`` address of a path, whatever bytes it is made of."""
    return f"file://{quote(os.fsencode(path))}" + ("#before-the-run" if earlier else "")


def utc(moment: float) -> str:
    """A time as ISO 8601 in UTC, to the millisecond."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Writer:
    """Writes one capture; what several entities share is written once."""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._shared: dict[str, Entity] = {}
        self._below = os.path.realpath(capture.folder) + os.sep

    def entities(self) -> Iterator[Entity]:
        capture = self._capture
        files = [_file(file, self._below) for file in capture.files]
        by_role = {
            role: [
                {"@id": entity["@id"]}
                for file, entity in zip(capture.files, files, strict=True)
                if file.role == role
            ]
            for role in ("input", "output", "code")
        }
        run = self._run(by_role)
        program = self._program(by_role["code"])
        yield {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        }
        yield {
            "@id": "./",
            "@type": "Dataset",
            "name": _text(capture.title),
            "description": f"What was seen of a run of {_text(capture.program)}; files are named, not held.",
            "datePublished": utc(capture.ended or capture.started),
            "license": "Not stated; as for the files it names.",
            "conformsTo": {"@id": PROCESS_RUN},
            "mentions": {"@id": run["@id"]},
            "hasPart": [{"@id": entity["@id"]} for entity in files],
        }
        yield {"@id": PROCESS_RUN, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
        yield run
        yield program
        yield from self._shared.values()
        yield from files

    def _run(self, by_role: Mapping[str, list[Entity]]) -> Entity:
        capture = self._capture
        properties = [
            self._property("command", shlex.join(map(_text, capture.command)), COMMAND),
            *(self._property("observed", level, OBSERVED) for level in capture.levels),
            self._property(WORKING_FOLDER, _text(capture.folder)),
            *(self._property("not observed", _text(said), NOT_OBSERVED) for said in capture.not_observed),
            *(self._property(name, _text(value)) for name, value in capture.environment.facts.items()),
        ]
        if capture.exit_code is not None:
            properties.append(self._property("exit code", str(capture.exit_code), EXIT_CODE))
        run: Entity = {
            "@id": f"#{capture.name}",
            "@type": "CreateAction",
            "name": _text(capture.title),
            "startTime": utc(capture.started),
            "actionStatus": {"@id": _STATUS[capture.state]},
            "instrument": {"@id": "#program"},
            "object": by_role["input"],
            "result": by_role["output"],
            "additionalProperty": properties,
        }
        run |= {"endTime": utc(capture.ended)} if capture.ended is not None else {}
        error = capture.error or (_UNFINISHED if capture.state == "unfinished" else None)
        run |= {"error": _text(error)} if error else {}
        run |= {"agent": self._agent()} if capture.who else {}
        run |= {"environment": self._variables()} if capture.environment.variables else {}
        if image := capture.environment.container_image:
            run["containerImage"] = self._once(
                {"@id": "#container", "@type": "ContainerImage", "name": _text(image)}
            )
        return run

    def _program(self, code: list[Entity]) -> Entity:
        capture = self._capture
        program: Entity = {
            "@id": "#program",
            "@type": ["SoftwareApplication", "SoftwareSourceCode"],
            "name": _text(capture.program),
            "softwareRequirements": [
                self._software(interpreter.executable, f"Python {interpreter.version}", interpreter.version)
                for interpreter in capture.environment.interpreters
            ]
            + [
                self._software(f"package-{package.name}", package.name, package.version)
                for interpreter in capture.environment.interpreters
                for package in interpreter.packages
            ],
        }
        program |= {"url": file_address(capture.program_path)} if capture.program_path else {}
        program |= {"hasPart": code} if code else {}
        if capture.repositories:
            program |= self._source(capture.repositories[0])
        return program

    def _source(self, repository: Repository) -> Entity:
        dirty = "unknown" if repository.dirty is None else str(repository.dirty).lower()
        stated = {
            COMMIT: repository.commit,
            DIRTY: dirty,
            "branch": repository.branch,
            "changes": repository.changes,
            "sha256 of the difference to the commit": repository.diff_sha256,
            "working tree": repository.root,
            "git": repository.problem,
        }
        version = repository.described or repository.commit
        return {
            **(
                {"softwareVersion": _text(version) + ("-dirty" if repository.dirty else "")}
                if version
                else {}
            ),
            **({"codeRepository": _text(repository.remote)} if repository.remote else {}),
            "additionalProperty": [
                self._property(name.rpartition(":")[2], _text(value), name if ":" in name else None)
                for name, value in stated.items()
                if value
            ],
        }

    def _agent(self) -> Entity:
        who = self._capture.who
        assert who is not None
        person: Entity = {"@id": "#person", "@type": "Person", "name": _text(who.name)}
        person |= {"email": _text(who.email)} if who.email else {}
        person |= {"identifier": self._property("handle", who.person_id, HANDLE)} if who.person_id else {}
        return self._once(person)

    def _variables(self) -> list[Entity]:
        return [
            self._once(
                {
                    "@id": f"#environment-{quote(os.fsencode(name))}",
                    "@type": "PropertyValue",
                    "name": _text(name),
                    "value": _text(value),
                }
            )
            for name, value in self._capture.environment.variables.items()
        ]

    def _software(self, key: str, name: str, version: str) -> Entity:
        entity = {
            "@id": f"#{quote(os.fsencode(key))}",
            "@type": "SoftwareApplication",
            "name": _text(name),
            "softwareVersion": _text(version),
        }
        return self._once(entity)

    def _property(self, name: str, value: str, property_id: str | None = None) -> Entity:
        identity = hashlib.sha256(f"{property_id}\0{name}\0{value}".encode()).hexdigest()[:12]
        entity = {"@id": f"#property-{identity}", "@type": "PropertyValue", "name": name, "value": value}
        return self._once(entity | ({"propertyID": property_id} if property_id else {}))

    def _once(self, entity: Entity) -> Entity:
        self._shared.setdefault(entity["@id"], entity)
        return {"@id": entity["@id"]}


def _file(file: CapturedFile, below: str) -> Entity:
    """A file, named from the folder ``below`` on if it is in there."""
    content = file.content
    remarks = [
        f"Seen by: {', '.join(file.levels)}.",
        *([file.remark] if file.remark else []),
        *([f"No hash: {content.problem}."] if content.problem else []),
    ]
    entity: Entity = {
        "@id": file_address(file.path, earlier=file.earlier),
        "@type": ["File", "SoftwareSourceCode"] if file.role == "code" else "File",
        "name": _text(file.path.removeprefix(below)),
        "description": " ".join(remarks),
    }
    kind = _media_type(".".join(file.path.rpartition(os.sep)[2].split(".")[1:][-2:]))
    entity |= {"encodingFormat": kind} if kind else {}
    entity |= {"contentSize": str(content.size)} if content.size is not None else {}
    entity |= {"sha256": content.sha256} if content.sha256 else {}
    entity |= {"dateModified": utc(content.modified)} if content.modified is not None else {}
    return entity


@lru_cache(maxsize=256)
def _media_type(ending: str) -> str | None:
    # Endings are few and short, and what the system's table says of one stays.
    return mimetypes.guess_type(f"file.{ending}")[0]


def _text(value: str) -> str:
    """``value`` without what JSON readers stumble over: bytes that were no text become U+FFFD."""
    return os.fsencode(value).decode("utf-8", "replace")
