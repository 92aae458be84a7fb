"""The files, people and programs that a crate describes, as ``recorded_runs`` has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from provena_mcp.crates.json_ld import Entity, Graph, as_map
from provena_mcp.crates.moments import moment_of
from provena_mcp.crates.places import last_part, path_inside
from provena_mcp.crates.recorded_runs import (
    AgentKind,
    RecordedAgent,
    RecordedFile,
    RecordedItem,
    RecordedSoftware,
    SoftwareKind,
)
from provena_mcp.crates.terms import COMMIT, DIRTY, HANDLE, HANDLES, RESOURCE
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.handles import parse_handle
from provena_mcp.rules.text import clean

FILE_TYPES: Final = frozenset(
    {"File", "MediaObject", "Dataset", "Collection", "CreativeWork", "ImageObject", "SoftwareSourceCode"}
)
_CONTAINERS: Final = frozenset({"ContainerImage", "DockerImage", "SIFImage"})
_DIGESTS: Final = {"sha1": 40, "md5": 32, "sha512": 128}
_COMMIT: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_HEX: Final = re.compile(r"[0-9a-f]+")
_ORCID: Final = re.compile(r"https?://orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[\dX]/?")
_NAME: Final = 200
_LONGEST_VALUE: Final = 2_000


def named_values(graph: Graph, entity: Entity) -> Iterator[tuple[str, str, str]]:
    """Property id (may be empty), name and value of each additional property."""
    for each in graph.linked(entity, "additionalProperty"):
        value = each.text("value")
        if value is not None:
            yield each.text("propertyID") or "", each.text("name") or "", clean(value, _LONGEST_VALUE)


def value_of(graph: Graph, entity: Entity, property_id: str) -> str | None:
    """The value of one additional property, if it is there."""
    return next((value for key, _, value in named_values(graph, entity) if key == property_id), None)


def handle_of(graph: Graph, entity: Entity) -> str | None:
    """The handle that a crate gives an entity: as its identifier, its id or its address."""
    for each in graph.linked(entity, "identifier"):
        if each.text("propertyID") == HANDLE:
            return _handle(each.text("value"))
    said = (*entity.values("identifier"), entity.id, *entity.values("url"))
    for each in said:
        text = as_map(each).get("@id", each)
        if isinstance(text, str) and "hdl.handle.net/" in text:
            return _handle(text)
        if isinstance(text, str) and text.startswith("hdl:"):
            return _handle(text)
    return None


def item_of(graph: Graph, entity: Entity) -> RecordedItem:
    """An item of a registry by what the crate says of it."""
    return RecordedItem(name=name_of(entity), handle=handle_of(graph, entity))


def name_of(entity: Entity) -> str:
    """What to call an entity."""
    return clean(entity.text("name", "alternateName") or last_part(entity.id), _NAME)


def file_of(graph: Graph, entity: Entity) -> RecordedFile:
    """A file, folder or dataset. One that is only referred to has no more than its id says."""
    path = path_inside(entity.id)
    size = entity.text("contentSize")
    return RecordedFile(
        id=clean(entity.id, _LONGEST_VALUE),
        name=_file_name(entity),
        path=clean(path, _LONGEST_VALUE) if path else None,
        url=_url_of(entity, path),
        size=int(size) if size and size.isdecimal() and len(size) < 19 else None,
        sha256=_digest(entity.text("sha256"), 64),
        other_digests={
            name: found for name, size in _DIGESTS.items() if (found := _digest(entity.text(name), size))
        },
        format=entity.text("encodingFormat"),
        modified=moment_of(entity.text("dateModified", "dateCreated"), "").seconds,
        description=entity.text("description"),
        licence=_licence(graph, entity),
        is_folder=bool(entity.types & {"Dataset", "Collection"}) or entity.id.endswith("/"),
        handle=handle_of(graph, entity),
        template=_template(graph, entity),
        resources={name: value for key, name, value in named_values(graph, entity) if key == RESOURCE},
    )


def agent_of(graph: Graph, entity: Entity) -> RecordedAgent:
    """Somebody; one that stands behind a Role with what that says of the part they played."""
    role = entity.text("roleName", "namedPosition") if "Role" in entity.types else None
    behind = graph.linked(entity, "agent", "participant", "contributor", "author") if role else ()
    who = behind[0] if behind else entity
    affiliation = graph.linked(who, "affiliation")
    orcid = next((each for each in (who.id, who.text("identifier") or "") if _ORCID.fullmatch(each)), None)
    return RecordedAgent(
        id=clean(who.id, _LONGEST_VALUE),
        name=_person_name(who),
        kind=_agent_kind(who),
        email=who.text("email"),
        orcid=orcid.rstrip("/") if orcid else None,
        affiliation=name_of(affiliation[0]) if affiliation else who.text("affiliation"),
        role=role or who.text("roleName", "jobTitle"),
        handle=handle_of(graph, who),
    )


def software_of(graph: Graph, entity: Entity) -> RecordedSoftware:
    """A program, workflow or image; a version that is the id of a commit is taken for both."""
    version = entity.text("softwareVersion", "version")
    commit = value_of(graph, entity, COMMIT) or version or ""
    dirty = value_of(graph, entity, DIRTY)
    url = entity.text("url") or (entity.id if entity.id.startswith(("http://", "https://")) else None)
    return RecordedSoftware(
        id=clean(entity.id, _LONGEST_VALUE),
        name=name_of(entity),
        kind=_software_kind(entity),
        version=version,
        commit=commit if _COMMIT.fullmatch(commit) else None,
        dirty={"true": True, "false": False}.get((dirty or "").lower()),
        repository=entity.text("codeRepository"),
        url=url,
        handle=handle_of(graph, entity),
    )


def _handle(text: str | None) -> str | None:
    try:
        handle = parse_handle(text or "")
    except ArgumentError:
        return None
    return handle if "/" in handle and not handle.startswith(HANDLES) else None


def _file_name(entity: Entity) -> str:
    """The name it had when it was used: crates that name files by their digest keep that apart."""
    original = entity.text("alternateName")
    return clean(original or entity.text("name") or last_part(entity.id), _NAME)


def _url_of(entity: Entity, path: str | None) -> str | None:
    written = entity.text("contentUrl", "url")
    if written is None and path is None and not entity.id.startswith(("#", "_:")):
        written = entity.id
    return clean(written, _LONGEST_VALUE) if written else None


def _digest(text: str | None, length: int) -> str | None:
    found = (text or "").lower().partition(":")[2] or (text or "").lower()
    return found if len(found) == length and _HEX.fullmatch(found) else None


def _licence(graph: Graph, entity: Entity) -> str | None:
    linked = graph.linked(entity, "license")
    return linked[0].id if linked and linked[0].id else entity.text("license")


def _template(graph: Graph, entity: Entity) -> RecordedItem | None:
    """The parameter or template that it filled; where there are several, one with a handle."""
    works = [each for each in graph.linked(entity, "exampleOfWork") if not each.is_missing]
    items = [item_of(graph, each) for each in works]
    return next((each for each in items if each.handle), items[0] if items else None)


def _person_name(entity: Entity) -> str:
    given, family = entity.text("givenName"), entity.text("familyName")
    whole = " ".join(filter(None, (given, family)))
    return clean(entity.text("name") or whole or last_part(entity.id), _NAME)


def _agent_kind(entity: Entity) -> AgentKind:
    if "Organization" in entity.types:
        return "organisation"
    return "software" if entity.types & {"SoftwareApplication", "SoftwareSourceCode"} else "person"


def _software_kind(entity: Entity) -> SoftwareKind:
    if entity.types & _CONTAINERS:
        return "container"
    if "ComputationalWorkflow" in entity.types:
        return "workflow"
    return "engine" if "ComputerLanguage" in entity.types else "program"
