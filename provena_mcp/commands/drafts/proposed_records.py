"""A recorded run as a record that can be registered: its parts by handle, each with how it was known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from provena_mcp.commands.drafts.identities import (
    Identity,
    dataset_of,
    organisation_of,
    person_of,
    study_of,
)
from provena_mcp.commands.drafts.new_items import RESOURCE_KEY, NewItems
from provena_mcp.commands.drafts.roles import Role, base_name, program_of, roles_of, with_kept_hashes
from provena_mcp.commands.drafts.template_fit import Fit, TemplateFits
from provena_mcp.crates.recorded_runs import RecordedAgent, RecordedRun, RecordedSource
from provena_mcp.queries.recording.registry_view import RegistryView
from provena_mcp.recording.command_secrets import mask_command
from provena_mcp.recording.secrets import mask_text, mask_variables
from provena_mcp.rules.records.annotations import (
    COMMAND,
    COMMIT,
    PROGRAM,
    RECORDED_AS,
    REPOSITORY,
    HashedFile,
    hash_annotations,
    hashed_files,
)
from provena_mcp.wire.items import JsonObject

_MOST_HASHES: Final = 200
_COMMIT_SHOWN: Final = 12
_DIGEST_SHOWN: Final = 16


@dataclass(frozen=True, slots=True)
class Placement:
    """A role of a run: its dataset, by what that was known, the dataset template it takes, and how sure."""

    role: Role
    dataset: Identity
    template_id: str | None
    is_template_sure: bool


@dataclass(frozen=True, slots=True)
class ResolvedRun:
    """A recorded run with its parts found.

    Attributes:
        source: The document it was recorded in.
        fit: The workflow template it follows; none if one is to be made.
        others: Further templates that may fit.
        modeller: Who ran it, if that was recorded.
    """

    run: RecordedRun
    source: RecordedSource
    placements: tuple[Placement, ...]
    fit: Fit | None
    others: tuple[Fit, ...]
    modeller: Identity | None
    doubts: tuple[str, ...]


def find_parts(
    run: RecordedRun, source: RecordedSource, templates: TemplateFits, new: NewItems, chosen: str | None
) -> ResolvedRun:
    """Find the parts of a run in the registry; datasets and people that it lacks are to be made.

    ``chosen`` is the workflow template that the user has chosen, ``new`` for none of those there are.

    Raises:
        ArgumentError: There is no such template.
    """
    view, run = templates.view, with_kept_hashes(run)
    roles = (*roles_of(run, "input"), *roles_of(run, "output"))
    registered = _registered(roles, view)
    found = templates.of(run, roles, registered, chosen)
    fit = found[0] if found else None
    read: set[str] = set()
    placements: list[Placement] = []
    for number, role in enumerate(roles):
        not_these = read if role.side == "output" else ()
        dataset = registered.get(number) or Identity(new.dataset(role, run, source.name, not_these), "new")
        if role.side == "input":
            read.add(dataset.id)
        placements.append(
            Placement(
                role,
                dataset,
                fit.placed[number][0] if fit and number in fit.placed else None,
                fit is None or not fit.unsure(number),
            )
        )
    modeller = _modeller(run, view, new)
    doubts = tuple(_doubts(run, placements, fit, modeller))
    return ResolvedRun(run, source, tuple(placements), fit, found[1:], modeller, doubts)


def _registered(roles: Sequence[Role], view: RegistryView) -> dict[int, Identity]:
    """The registered datasets of roles, by number; inputs come before outputs."""
    found: dict[int, Identity] = {}
    read: set[str] = set()
    for number, role in enumerate(roles):
        dataset = dataset_of(role, view, read if role.side == "output" else ())
        if dataset is not None:
            found[number] = dataset
            if role.side == "input":
                read.add(dataset.id)
    return found


def record_of(
    draft: ResolvedRun, view: RegistryView, workflow_id: str | None, templates: Mapping[int, str]
) -> tuple[JsonObject, tuple[str, ...]]:
    """The record of a draft, and what of the run has no place in it.

    Args:
        draft: The run.
        view: The registry.
        workflow_id: The workflow template, made or found.
        templates: Dataset templates that were made for it, by the number of the placement.
    """
    run = draft.run
    record: JsonObject = {"display_name": mask_text(run.name), "description": _description(draft)}
    record |= {"workflow_template_id": workflow_id} if workflow_id else {}
    record |= {"start_time": run.started} if run.started is not None else {}
    record |= {"end_time": run.ended} if run.ended is not None else {}
    version = model_version(run)
    record |= {"model_version": version} if version else {}
    study = study_of(run.study, view) if run.study else None
    record |= {"study_id": study.id} if study else {}
    organisation = organisation_of(run.organisation, view) if run.organisation else None
    associations: JsonObject = {"modeller_id": draft.modeller.id} if draft.modeller else {}
    associations |= {"requesting_organisation_id": organisation.id} if organisation else {}
    record |= {"associations": associations} if associations else {}
    sides: dict[str, list[JsonObject]] = {"input": [], "output": []}
    unplaced: list[str] = []
    for number, placement in enumerate(draft.placements):
        template_id = templates.get(number) or placement.template_id
        if template_id is None:
            unplaced.append(f"{placement.role.name}: the workflow template has no place for it.")
            continue
        sides[placement.role.side].append(_dataset(placement, template_id, view))
    record |= {"inputs": [*sides["input"]], "outputs": [*sides["output"]]}
    record["annotations"] = dict(_annotations(draft))
    if run.organisation and not organisation:
        unplaced.append(f"The registry knows no organisation {run.organisation.name!r}: it is left out.")
    if run.study and not study:
        unplaced.append(f"The registry knows no study {run.study.name!r}: it is left out.")
    return record, tuple(unplaced)


def model_version(run: RecordedRun) -> str | None:
    """The version of what ran: its release, else its commit, and never clean where it was not."""
    software = run.software[0] if run.software else None
    commit = next((each for each in run.software if each.commit), software)
    if software is None or commit is None:
        return None
    version = software.version or commit.version or (commit.commit or "")[:_COMMIT_SHOWN]
    if version == commit.commit:
        version = version[:_COMMIT_SHOWN]
    dirty = any(each.dirty for each in run.software) and not version.endswith("-dirty")
    return f"{version}-dirty" if version and dirty else version or None


def _modeller(run: RecordedRun, view: RegistryView, new: NewItems) -> Identity | None:
    people = [agent for agent in run.agents if agent.kind == "person"]
    ran = [agent for agent in people if not (agent.role or "").startswith("owner")] or people
    if not ran:
        return None
    found = person_of(ran[0], view)
    return found or (None if _is_account(ran[0]) else Identity(new.person(ran[0]), "new"))


def _is_account(agent: RecordedAgent) -> bool:
    """Whether only the name of an account was recorded, which says of nobody who they are."""
    return " " not in agent.name and not (agent.email or agent.orcid or agent.handle)


def _doubts(
    run: RecordedRun, placements: Sequence[Placement], fit: Fit | None, modeller: Identity | None
) -> Iterator[str]:
    yield from run.doubts
    yield from (each.dataset.doubt for each in placements if each.dataset.doubt)
    if fit is not None and not fit.is_sure:
        yield f"Workflow template {fit.template.display_name!r} was chosen because {fit.why}."
    for each in placements:
        if not each.is_template_sure:
            yield f"{each.role.name}: its place in the template was told from its name or by elimination."
    if modeller is None:
        account = f" but the account {run.agents[0].name!r}" if run.agents else ""
        yield f"Who ran it was not recorded{account}: you are taken for it, if the registry knows you."
    elif modeller.doubt:
        yield modeller.doubt
    if run.agents and (run.agents[0].role or "").startswith("owner"):
        yield f"{run.agents[0].name} is recorded as {run.agents[0].role}, not as who ran it."
    if run.status in ("failed", "interrupted", "running"):
        yield f"The run is recorded as {run.status}" + (f": {run.error}" if run.error else "") + "."
    if any(each.dirty for each in run.software):
        yield "The source code differed from its commit."
    changed = {file.path for file in run.inputs if file.path} & {file.path for file in run.outputs}
    yield from (f"{path} was read and rewritten." for path in sorted(filter(None, changed)))


def _description(draft: ResolvedRun) -> str:
    run = draft.run
    if run.description:
        return mask_command(run.description)
    return (
        f"Ran: {mask_command(run.command)}"
        if run.command
        else f"{mask_text(run.name)}, as recorded in {draft.source.name or draft.source.format}."
    )


def _dataset(placement: Placement, template_id: str, view: RegistryView) -> JsonObject:
    role = placement.role
    dataset: JsonObject = {"dataset_template_id": template_id, "dataset_id": placement.dataset.id}
    resources = dict(role.first.resources)
    template = view.dataset_templates.get(template_id)
    asked = [each.key for each in template.deferred_resources] if template else [RESOURCE_KEY]
    if not resources and len(asked) == 1:
        resources = {asked[0]: role.path}
    return {**dataset, "resources": {**resources}} if resources else dataset


def _annotations(draft: ResolvedRun) -> Iterator[tuple[str, str]]:
    run = draft.run
    # Whoever else wrote a document down may have kept secrets in it, and the registry is read by many.
    given = mask_variables({**run.annotations, **run.parameters})
    handles = {each.role.first.handle: each.dataset.id for each in draft.placements if each.role.first.handle}
    for key, value in given.items():
        # The hash of a file names its dataset, which may have another handle here.
        of_this_file = [file for file in hashed_files({key: value}) if file.dataset_id in handles]
        if of_this_file:
            here = (replace(file, dataset_id=handles[file.dataset_id or ""]) for file in of_this_file)
            yield from hash_annotations(here).items()
        elif key and value:
            yield key, value
    commit = next((each for each in run.software if each.commit), None)
    repository = next((each.repository for each in run.software if each.repository), None)
    dirty = "-dirty" if commit and commit.dirty else ""
    said = {
        PROGRAM: program_of(run),
        COMMAND: mask_command(run.command) if run.command else None,
        COMMIT: f"{commit.commit}{dirty}" if commit else None,
        REPOSITORY: mask_text(repository) if repository else None,
        RECORDED_AS: recorded_as(draft.source, run),
    }
    yield from ((key, value) for key, value in said.items() if value)
    hashed = [
        HashedFile(file.sha256, each.role.side, base_name(file), each.dataset.id)
        for each in draft.placements
        for file in each.role.files
        if file.sha256
    ]
    yield from hash_annotations(hashed[:_MOST_HASHES]).items()


def recorded_as(source: RecordedSource, run: RecordedRun) -> str:
    """By what a run and its record are found from each other: other documents may have its name and ids."""
    if source.is_capture:
        return run.id.lstrip("#")
    return f"{source.name} {run.id} {run.stated_digest[:_DIGEST_SHOWN]}".strip()


def nth_of(placements: Sequence[Placement]) -> Iterator[tuple[int, Placement, int]]:
    """Placements by number, each with how many of its side and pattern went before it."""
    seen: Counter[tuple[str, str]] = Counter()
    for number, each in enumerate(placements):
        key = (each.role.side, each.role.pattern)
        yield number, each, seen[key]
        seen[key] += 1
