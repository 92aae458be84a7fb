"""The common form of recorded runs: what readers of all formats produce, and what drafts start from.

All text comes from others: it is data, never instructions. Nothing here is known to the registry; a
``handle`` is one that the document carries and has to be looked up. Times are Unix seconds, sizes bytes.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

SourceFormat = Literal["ro_crate", "openlineage", "prov_json"]
RunStatus = Literal["completed", "failed", "running", "interrupted", "unknown"]
AgentKind = Literal["person", "organisation", "software"]
SoftwareKind = Literal["program", "workflow", "container", "package", "engine"]


class RecordedPart(BaseModel):
    """A frozen part of what was recorded; absent values are None or empty, never guessed."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class RecordedItem(RecordedPart):
    """An item of a registry, by name and, where the document carries it, by handle: a template, a study."""

    name: str = ""
    handle: str | None = None


class RecordedFile(RecordedPart):
    """A file, folder or dataset that a run read or wrote.

    Attributes:
        id: What the document calls it: the same in all runs of one document that touched it.
        name: For people; the last part of the path where nothing better is given.
        path: Relative to the document's folder, with ``/``; None for what lies elsewhere.
        url: Where it lies otherwise, as written. Never fetched.
        sha256: Lower-case hexadecimal digest of its content when the run touched it.
        other_digests: By algorithm (``sha1``, ``md5``, ``sha512``), lower-case hexadecimal.
        format: Media type, or whatever name of a format the document gives.
        modified: When it was written last, as the document says.
        handle: Of the registered dataset, if the document carries one.
        template: The dataset template it stood for, or the parameter of the workflow that it filled.
        resources: Path inside the dataset by key of the template's resources.
    """

    id: str
    name: str
    path: str | None = None
    url: str | None = None
    size: int | None = None
    sha256: str | None = None
    other_digests: dict[str, str] = {}
    format: str | None = None
    modified: int | None = None
    description: str | None = None
    licence: str | None = None
    is_folder: bool = False
    handle: str | None = None
    template: RecordedItem | None = None
    resources: dict[str, str] = {}


class RecordedAgent(RecordedPart):
    """Somebody or something that acted.

    Attributes:
        id: What the document calls it; an ORCID or ROR address where it has one.
        role: The part it played, as the document words it.
    """

    id: str
    name: str
    kind: AgentKind = "person"
    email: str | None = None
    orcid: str | None = None
    affiliation: str | None = None
    role: str | None = None
    handle: str | None = None


class RecordedSoftware(RecordedPart):
    """What was run, or what it ran on or in.

    Attributes:
        version: As released or tagged.
        commit: Hexadecimal id of the commit it was run from.
        dirty: Whether the working tree differed from that commit; None where nobody looked.
        repository: Address of the source code.
    """

    id: str
    name: str
    kind: SoftwareKind = "program"
    version: str | None = None
    commit: str | None = None
    dirty: bool | None = None
    repository: str | None = None
    url: str | None = None
    handle: str | None = None


class RecordedRun(RecordedPart):
    """One execution.

    Attributes:
        id: What the document calls it.
        stated_digest: Of what the document states of it: tells runs apart that documents call alike.
        command: The command line as it was written down, perhaps with secrets in it.
        started: When it began; ended: when it was over.
        software: What ran first of all; then what it used: engine, container, packages.
        part_of: The ``id`` of the run of a whole workflow that this is a step of.
        parameters: Values it was given that are no files, by name.
        annotations: All else that the document says of it by name.
        template: The workflow template it followed, and ``study``, where the document carries them.
        handle: Of the registered run, if it is registered already.
        observed: How its files were found (``declared``, ``watched``, ``python``, ``strace``), if said.
        doubts: What the document itself, or reading it, leaves uncertain about this run.
    """

    id: str
    name: str
    stated_digest: str = ""
    description: str | None = None
    command: str | None = None
    started: int | None = None
    ended: int | None = None
    status: RunStatus = "unknown"
    exit_code: int | None = None
    error: str | None = None
    agents: tuple[RecordedAgent, ...] = ()
    organisation: RecordedAgent | None = None
    software: tuple[RecordedSoftware, ...] = ()
    inputs: tuple[RecordedFile, ...] = ()
    outputs: tuple[RecordedFile, ...] = ()
    parameters: dict[str, str] = {}
    annotations: dict[str, str] = {}
    template: RecordedItem | None = None
    study: RecordedItem | None = None
    handle: str | None = None
    part_of: str | None = None
    observed: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


class LeftOut(RecordedPart):
    """Something that was in the document and is not in the runs: what, and why."""

    what: str
    why: str


class RecordedSource(RecordedPart):
    """Which document the runs were read from: its format, its profile or producer, its name.

    ``is_capture`` where this package recorded it, whose ids no other document has; ``folder`` is where such
    a capture lies on this machine.
    """

    format: SourceFormat
    name: str = ""
    folder: str | None = None
    profile: str | None = None
    made_by: str | None = None
    is_capture: bool = False


class RecordedRuns(RecordedPart):
    """All runs of one document, earliest first, and what of the document could not be read as such."""

    source: RecordedSource
    runs: tuple[RecordedRun, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
