"""Which registered items the parts of a recorded run are, and by what each was known again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from provena_mcp.commands.drafts.roles import NOTHING, Role, base_name
from provena_mcp.crates.recorded_runs import (
    RecordedAgent,
    RecordedFile,
    RecordedItem,
    RecordedRun,
    RecordedSoftware,
)
from provena_mcp.queries.recording.registry_view import RegistryView
from provena_mcp.recording.secrets import MASK, mask_text
from provena_mcp.rules.records.references import Found
from provena_mcp.wire.items import RegistryItem
from provena_mcp.wire.subtypes import ItemSubtype, registry_subtype

KnownBy = Literal["hash", "handle", "email", "orcid", "ror", "address", "name", "new"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A registered item, by what it was known again, and what is doubtful about that."""

    id: str
    by: KnownBy
    doubt: str | None = None


def dataset_of(role: Role, view: RegistryView, not_these: Collection[str] = ()) -> Identity | None:
    """The dataset that a role's files are: by their hash, else by handle, else by name.

    What a run made is none of what it read, ``not_these``, whatever it holds.
    """
    hashed = [_by_hash(file, view, not_these) for file in role.files]
    known = {each for each in hashed if each is not None}
    if len(known) == 1 and None not in hashed:
        return Identity(known.pop(), "hash")
    if known:
        doubt = f"{role.name}: only some of its files are known by their hash."
        return Identity(sorted(known)[0], "hash", doubt)
    handle = role.first.handle
    if handle is not None and handled(handle, "DATASET", view):
        return Identity(handle, "handle", _another_name(handle, role, view))
    return _dataset_by_name(role, view)


def person_of(agent: RecordedAgent, view: RegistryView) -> Identity | None:
    """The Person that somebody is: by handle, ORCID, e-mail address, or a name that only one has."""
    if agent.handle is not None and handled(agent.handle, "PERSON", view):
        return Identity(agent.handle, "handle")
    for person in view.people.values():
        if agent.orcid and _last(person.orcid) == _last(agent.orcid):
            return Identity(person.id, "orcid")
        if agent.email and (person.email or "").casefold() == agent.email.casefold():
            return Identity(person.id, "email")
    return _by_name(agent.name, view.people, "person")


def organisation_of(agent: RecordedAgent, view: RegistryView) -> Identity | None:
    """The organisation that somebody acted for: by handle, ROR, or name."""
    if agent.handle is not None and handled(agent.handle, "ORGANISATION", view):
        return Identity(agent.handle, "handle")
    for organisation in view.organisations.values():
        if "ror.org/" in agent.id and _last(organisation.ror) == _last(agent.id):
            return Identity(organisation.id, "ror")
    return _by_name(agent.name, view.organisations, "organisation")


def model_of(software: RecordedSoftware, view: RegistryView) -> Identity | None:
    """The model that a program is: by handle, the address of its source, or name."""
    if software.handle is not None and handled(software.handle, "MODEL", view):
        return Identity(software.handle, "handle")
    source = repository_url(software.repository)
    same = [item for item in view.models.values() if source and _plain(item.source_url) == _plain(source)]
    for item in same:
        if len(same) == 1 or software.name.casefold() in (item.display_name or "").casefold():
            doubt = f"Model {item.display_name!r} has the same source code as {software.name!r}."
            is_same = (item.display_name or "").casefold() == software.name.casefold()
            return Identity(item.id, "address", None if is_same else doubt)
    return _by_name(software.name, view.models, "model")


def study_of(study: RecordedItem, view: RegistryView) -> Identity | None:
    """The study that a run belongs to: by handle or name."""
    if study.handle is not None and handled(study.handle, "STUDY", view):
        return Identity(study.handle, "handle")
    return _by_name(study.name, view.studies, "study")


def handled(handle: str, subtype: ItemSubtype, view: RegistryView) -> bool:
    """Whether this registry holds a complete item of ``subtype`` under a handle that a document carries."""
    outcome = view.outcomes.get(handle)
    if not isinstance(outcome, Found) or outcome.item.is_seed:
        return False
    return registry_subtype(outcome.item.item_subtype) == subtype


def handles_in(runs: Iterable[RecordedRun]) -> frozenset[str]:
    """All handles that documents carry."""
    found: set[str | None] = set()
    for run in runs:
        items = (run.template, run.study, *(each.template for each in (*run.inputs, *run.outputs)))
        found |= {run.handle, *(item.handle for item in items if item)}
        found |= {each.handle for each in (*run.inputs, *run.outputs, *run.agents, *run.software)}
        found |= {run.organisation.handle} if run.organisation else set()
    return frozenset(each for each in found if each)


def repository_url(repository: str | None) -> str | None:
    """A repository as an address of the web, nobody's login in it: ``git@host:path`` is written as one."""
    if not repository:
        return None
    repository = mask_text(repository).replace(f"{MASK}@", "", 1)
    if repository.startswith("git@") and ":" in repository:
        host, _, path = repository.removeprefix("git@").partition(":")
        return f"https://{host}/{path}"
    return repository if repository.startswith(("http://", "https://")) else None


def _by_hash(file: RecordedFile, view: RegistryView, not_these: Collection[str]) -> str | None:
    """The dataset of the newest run with this hash: that of the same name first, then one that was made."""
    if file.sha256 is None or file.sha256 == NOTHING:
        return None
    known = sorted(
        view.files.get(file.sha256, ()),
        key=lambda each: (each.file.name != base_name(file), each.file.role != "output"),
    )
    ids = (each.dataset_id for each in known)
    return next((each for each in ids if each and each not in not_these), None)


def _another_name(handle: str, role: Role, view: RegistryView) -> str | None:
    """A doubt where the registry calls a dataset otherwise: handles of two local registries are alike."""
    outcome = view.outcomes[handle]
    called = outcome.item.display_name if isinstance(outcome, Found) else None
    if called == role.first.name:
        return None
    return f"{role.name} has the handle {handle!r}, which this registry calls {called!r}."


def _dataset_by_name(role: Role, view: RegistryView) -> Identity | None:
    name = base_name(role.first).casefold() if len(role.files) == 1 else ""
    for called in filter(None, (name, name.rpartition(".")[0])):
        found = view.datasets_by_name.get(called, ())
        if role.first.sha256:
            # Of these the content is known, and it is another.
            found = tuple(each for each in found if each not in view.hashed_datasets)
        for first in found[:1]:
            several = f" {len(found)} are called so." if len(found) > 1 else ""
            return Identity(first, "name", f"{role.name}: its dataset is known by its name only.{several}")
    return None


def _by_name(name: str, items: Mapping[str, RegistryItem], noun: str) -> Identity | None:
    called = [
        item for item in items.values() if name and (item.display_name or "").casefold() == name.casefold()
    ]
    if len(called) != 1:
        return None
    return Identity(called[0].id, "name", f"{name!r} was taken for the only {noun} of this name.")


def _last(address: str | None) -> str:
    return (address or "").rstrip("/").rpartition("/")[2].casefold()


def _plain(url: str | None) -> str:
    return (url or "").casefold().removesuffix("/").removesuffix(".git")
