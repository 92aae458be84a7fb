"""Decides which works are cited and who is credited for each, from the registry alone; nothing is guessed.

Whoever ran what made a dataset is its author; where nobody is recorded, the organisation that registered it.
Of software the registry names no authors.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from provena_mcp.crates.export.item_entities import handle_url, web_address
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.rules.text import clean
from provena_mcp.rules.times import iso_day
from provena_mcp.wire.items import (
    DatasetItem,
    ModelItem,
    ModelRunItem,
    OrganisationItem,
    PersonItem,
    RegistryItem,
    StudyItem,
)

WorkKind = Literal["dataset", "software", "run", "study"]
Part = Literal["ran", "keeps", "registered", "requested", "published", "owns"]

_SAID: Final[dict[Part, str]] = {
    "ran": "ran the model for",
    "keeps": "keeps",
    "registered": "registered",
    "requested": "requested",
    "published": "published",
    "owns": "holds the rights to",
}
# CRediT is about what people contribute: it has no word for publishing, asking or owning.
_CREDIT: Final[dict[Part, str]] = {"ran": "Investigation", "keeps": "Data curation"}

_DOI: Final = re.compile(r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")
_ORCID: Final = re.compile(r"https://orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_NAME: Final = 500
_TEXT: Final = 5_000


@dataclass(frozen=True, slots=True)
class Contributor:
    """A person or an organisation; ``id`` is the handle, empty of one that is only named."""

    id: str
    name: str
    given: str | None = None
    family: str | None = None
    orcid: str | None = None
    is_person: bool = True


@dataclass(frozen=True, slots=True)
class CitedWork:
    """Something to be cited.

    Attributes:
        day: When it was published, else made, as ISO 8601; None where that is not known.
        contributions: Who had which part in it, authors among them.
    """

    kind: WorkKind
    handle: str
    title: str
    authors: tuple[Contributor, ...]
    contributions: tuple[tuple[Part, Contributor], ...]
    day: str | None
    doi: str | None = None
    version: str | None = None
    publisher: str | None = None
    licence: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    preferred: str | None = None
    source_code: str | None = None

    @property
    def url(self) -> str:
        """Where it is found."""
        return f"https://doi.org/{self.doi}" if self.doi else handle_url(self.handle)

    @property
    def year(self) -> str | None:
        """The year of ``day``."""
        return self.day[:4] if self.day else None


@dataclass(frozen=True, slots=True)
class Citation:
    """A work, what came of it if it is a run or study, and what it rests on: datasets, then software."""

    work: CitedWork
    results: tuple[CitedWork, ...]
    sources: tuple[CitedWork, ...]
    is_complete: bool

    @property
    def works(self) -> tuple[CitedWork, ...]:
        """All of them."""
        return (self.work, *self.results, *self.sources)


def in_words(part: Part, what: str) -> str:
    """A part in a work, with CRediT's word for it where it has one."""
    role = _CREDIT.get(part)
    return f"{_SAID[part]} {what}{f' (CRediT: {role})' if role else ''}"


def citation_of(provenance: RegisteredProvenance) -> Citation:
    """What to cite for the item that ``provenance`` is about."""
    about = provenance.about
    own = {use.dataset_id for run in _runs_of(provenance, about) for use in run.record.outputs}
    software = [
        _software(model, version) for model, versions in provenance.models for version in versions or (None,)
    ]
    return Citation(
        work=_subject(provenance, about),
        results=tuple(_datasets(provenance, own)),
        sources=(*_datasets(provenance, provenance.used - own - {about.id}), *software),
        is_complete=not provenance.left_out(),
    )


def _subject(provenance: RegisteredProvenance, about: RegistryItem) -> CitedWork:
    if isinstance(about, DatasetItem):
        return _of_dataset(provenance, about)
    runs = _runs_of(provenance, about)
    parts = list(_parts_in_runs(provenance, runs))
    description = about.record.description if isinstance(about, ModelRunItem) else None
    if isinstance(about, StudyItem):
        description = about.description
    ended = max((run.record.end_time for run in runs), default=about.created_timestamp)
    return CitedWork(
        kind="run" if isinstance(about, ModelRunItem) else "study",
        handle=about.id,
        title=_title(about),
        authors=_authors(parts),
        contributions=tuple(dict.fromkeys(parts)),
        day=_day_of(ended),
        doi=_doi(about.id),
        description=_text(description),
    )


def _runs_of(provenance: RegisteredProvenance, about: RegistryItem) -> list[ModelRunItem]:
    """A run itself, or the runs of a study."""
    return [run for run in provenance.runs if about.id in (run.id, run.record.study_id)]


def _datasets(provenance: RegisteredProvenance, wanted: Collection[str]) -> Iterator[CitedWork]:
    for handle in provenance.datasets:
        found = provenance.item(handle, DatasetItem)
        if handle in wanted and found is not None:
            yield _of_dataset(provenance, found)


def _of_dataset(provenance: RegisteredProvenance, item: DatasetItem) -> CitedWork:
    info, who = item.collection_format.dataset_info, item.collection_format.associations
    parts = list(_parts_in_runs(provenance, provenance.makers(item.id)))
    registered = _someone(provenance, who.organisation_id, is_person=False)
    publisher = _someone(provenance, info.publisher_id, is_person=False)
    holder = _text(info.rights_holder)
    named: tuple[tuple[Part, Contributor | None], ...] = (
        ("registered", registered),
        ("keeps", _someone(provenance, who.data_custodian_id)),
        ("published", publisher),
        ("owns", Contributor("", holder, is_person=False) if holder else None),
    )
    parts.extend((part, someone) for part, someone in named if someone is not None)
    dates = (date.value for date in (info.published_date, info.created_date) if date)
    stated = next((day for date in dates if (day := iso_day(date))), None)
    return CitedWork(
        kind="dataset",
        handle=item.id,
        title=_title(item),
        authors=_authors(parts) or ((registered,) if registered else ()),
        contributions=tuple(dict.fromkeys(parts)),
        day=stated or _day_of(item.created_timestamp),
        doi=_doi(item.id) or _doi_at(info.access_info.uri if info.access_info else None),
        version=_text(info.version),
        publisher=publisher.name if publisher else None,
        licence=web_address(info.license),
        description=_text(info.description),
        keywords=tuple(dict.fromkeys(filter(None, (clean(each, _NAME) for each in info.keywords or ())))),
        preferred=_text(info.preferred_citation),
    )


def _software(model: ModelItem, version: str | None) -> CitedWork:
    return CitedWork(
        kind="software",
        handle=model.id,
        title=_title(model),
        authors=(),
        contributions=(),
        day=None,
        doi=_doi(model.id),
        version=_text(version),
        description=_text(model.description),
        source_code=web_address(model.source_url),
    )


def _parts_in_runs(
    provenance: RegisteredProvenance, runs: Iterable[ModelRunItem]
) -> Iterator[tuple[Part, Contributor]]:
    for run in runs:
        who = run.record.associations
        modeller = _someone(provenance, who.modeller_id)
        if modeller is not None:
            yield "ran", modeller
        requester = _someone(provenance, who.requesting_organisation_id, is_person=False)
        if requester is not None:
            yield "requested", requester


def _authors(parts: Iterable[tuple[Part, Contributor]]) -> tuple[Contributor, ...]:
    return tuple(dict.fromkeys(someone for part, someone in parts if part == "ran"))


def _someone(
    provenance: RegisteredProvenance, handle: str | None, *, is_person: bool = True
) -> Contributor | None:
    if not handle:
        return None
    item = provenance.items.get(handle)
    if isinstance(item, PersonItem):
        given, family = _text(item.first_name), _text(item.last_name)
        name = _text(item.display_name) or " ".join(filter(None, (given, family))) or handle
        orcid = item.orcid if _ORCID.fullmatch(item.orcid or "") else None
        return Contributor(handle, name, given, family, orcid)
    if isinstance(item, OrganisationItem):
        return Contributor(handle, _text(item.name) or _title(item), is_person=False)
    return Contributor(handle, handle, is_person=is_person)


def _title(item: RegistryItem) -> str:
    return clean(item.display_name or "", _NAME) or item.id


def _text(text: str | None) -> str | None:
    return clean(text or "", _TEXT) or None


def _doi(handle: str) -> str | None:
    """A handle under a prefix of the DOI system is a DOI."""
    return handle if _DOI.fullmatch(handle) else None


def _doi_at(address: str | None) -> str | None:
    for resolver in ("https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/"):
        if (address or "").startswith(resolver):
            return _doi((address or "").removeprefix(resolver))
    return None


def _day_of(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat() if seconds > 0 else None
    except (OverflowError, OSError, ValueError):
        return None
