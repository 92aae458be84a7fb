"""Items of the registry as entities of a crate: people, organisations, software, datasets and their roles."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from urllib.parse import quote, urlsplit

from pydantic import JsonValue

from provena_mcp.crates.export.entity_list import EntityList, Reference, in_order
from provena_mcp.crates.export.registered_provenance import RegisteredProvenance
from provena_mcp.crates.terms import EXTENT, HANDLE, HANDLES
from provena_mcp.rules.items.extents import boxes_of_ewkt
from provena_mcp.rules.items.licences import short_licence
from provena_mcp.rules.times import iso_day
from provena_mcp.wire.dataset_metadata import DatasetInfo, SpatialInfo, TemporalInfo
from provena_mcp.wire.items import (
    DatasetItem,
    DatasetTemplateItem,
    ModelItem,
    OrganisationItem,
    PersonItem,
    RegistryItem,
    StudyItem,
    WorkflowTemplateItem,
)

_ORCID: Final = re.compile(r"https://orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_ROR: Final = re.compile(r"https://ror\.org/0[a-z0-9]{6}\d{2}")
# What a path may hold beside letters and digits as it stands.
_PLAIN: Final = "/:@!$&()*+,;=~"


def handle_url(handle: str) -> str:
    """The address of a handle at its resolver."""
    return HANDLES + quote(handle, safe=_PLAIN)


def web_address(text: str | None) -> str | None:
    """``text`` if it is an address of the Web that can stand in a document as it is."""
    try:
        parts = urlsplit(text or "")
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return quote(text or "", safe=_PLAIN + "?#[]%'") if is_address else None


def iso_time(seconds: int) -> str | None:
    """Unix seconds in ISO 8601, UTC; None of what lies beyond the years 1 to 9999."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return None


@dataclass(frozen=True)
class ItemEntities:
    """Adds the items of ``provenance`` to ``entities``, each when something first refers to it."""

    provenance: RegisteredProvenance
    entities: EntityList

    @cached_property
    def _shared(self) -> frozenset[str]:
        """Identifiers that several people or organisations state: they tell none of them."""
        stated = Counter(
            each for item in self.provenance.items.values() if (each := _known_elsewhere(item)) is not None
        )
        return frozenset(each for each, times in stated.items() if times > 1)

    def person(self, handle: str) -> Reference:
        """A person, without their address: they agreed to be named."""
        person = self.provenance.item(handle, PersonItem)
        return self._agent(
            handle,
            "Person",
            {
                "name": self.provenance.name_of(handle),
                "givenName": person.first_name if person else None,
                "familyName": person.last_name if person else None,
            },
        )

    def organisation(self, handle: str) -> Reference:
        """An organisation."""
        found = self.provenance.item(handle, OrganisationItem)
        name = (found.name if found else None) or self.provenance.name_of(handle)
        return self._agent(handle, "Organization", {"name": name})

    def _agent(self, handle: str, kind: str, properties: dict[str, JsonValue]) -> Reference:
        item = self.provenance.items.get(handle)
        known = _known_elsewhere(item) if item else None
        if known is None or known in self._shared:
            return self.entities.add(handle_url(handle), kind, properties)
        identifier = self._handle_property(handle)
        return self.entities.add(known, kind, {**properties, "identifier": identifier})

    def software(self, handle: str, version: str | None) -> Reference:
        """A model in one version: an entity of its own, as runs state their versions."""
        model = self.provenance.item(handle, ModelItem)
        entity_id = handle_url(handle) + (f"#{quote(version, safe=_PLAIN)}" if version else "")
        return self.entities.add(
            entity_id,
            "SoftwareApplication",
            {
                "name": (model.name if model else None) or self.provenance.name_of(handle),
                "description": model.description if model else None,
                "softwareVersion": version,
                "url": web_address(model.documentation_url) if model else None,
                "codeRepository": web_address(model.source_url) if model else None,
                "identifier": self._handle_property(handle),
            },
        )

    def workflow_template(self, handle: str) -> Reference:
        """What the registry asks of a kind of run."""
        found = self.provenance.item(handle, WorkflowTemplateItem)
        name = found.display_name if found else None
        return self.entities.add(handle_url(handle), "HowTo", {"name": name or handle})

    def parameter(self, handle: str) -> Reference:
        """A dataset template: the role in which a run uses or makes a dataset."""
        found = self.provenance.item(handle, DatasetTemplateItem)
        return self.entities.add(
            handle_url(handle),
            "FormalParameter",
            {
                "name": self.provenance.name_of(handle),
                "description": found.description if found else None,
                "additionalType": "Dataset",
            },
        )

    def study(self, handle: str) -> Reference:
        """A study."""
        found = self.provenance.item(handle, StudyItem)
        return self.entities.add(
            handle_url(handle),
            "Project",
            {
                "name": (found.title if found else None) or self.provenance.name_of(handle),
                "description": found.description if found else None,
                "alternateName": found.study_alternative_id if found else None,
            },
        )

    def dataset(self, handle: str, templates: list[Reference]) -> Reference:
        """A dataset, and the templates that it stood for."""
        if handle_url(handle) in self.entities:
            return {"@id": handle_url(handle)}
        found = self.provenance.item(handle, DatasetItem)
        properties: dict[str, JsonValue] = {"name": self.provenance.name_of(handle)}
        if found is not None:
            properties |= self._of_dataset(found)
        return self.entities.add(
            handle_url(handle), "Dataset", {**properties, "exampleOfWork": in_order(templates)}
        )

    def _of_dataset(self, item: DatasetItem) -> dict[str, JsonValue]:
        info, who = item.collection_format.dataset_info, item.collection_format.associations
        access = info.access_info
        earlier = item.versioning_info.previous_version if item.versioning_info else None
        return {
            "name": info.name or item.display_name,
            "description": info.description or info.name or item.display_name,
            "version": info.version,
            "keywords": [*(info.keywords or ())],
            "encodingFormat": [*(info.formats or ())],
            "license": self._licence(info.license),
            "dateCreated": iso_day(info.created_date.value) if info.created_date else None,
            "datePublished": iso_day(info.published_date.value) if info.published_date else None,
            "creator": self.organisation(who.organisation_id) if who.organisation_id else None,
            "publisher": self.organisation(info.publisher_id) if info.publisher_id else None,
            "maintainer": self.person(who.data_custodian_id) if who.data_custodian_id else None,
            "copyrightHolder": self._rights_holder(item.id, info.rights_holder),
            "usageInfo": info.usage_limitations,
            "citation": info.preferred_citation,
            "url": web_address(access.uri) if access else None,
            "spatialCoverage": self._place(item.id, info),
            "temporalCoverage": _period(info.temporal_info),
            "creativeWorkStatus": item.release_status,
            "isBasedOn": {"@id": handle_url(earlier)}
            if earlier in self.provenance.items and earlier
            else None,
        }

    def _licence(self, stated: str | None) -> JsonValue:
        address = web_address(stated)
        if address is None:
            return stated
        return self.entities.add(
            address, "CreativeWork", {"name": short_licence(stated or ""), "url": address}
        )

    def _rights_holder(self, handle: str, name: str | None) -> Reference | None:
        if not name:
            return None
        return self.entities.add(
            f"#rights-holder-of-{quote(handle, safe='')}", "Organization", {"name": name}
        )

    def _place(self, handle: str, info: DatasetInfo) -> Reference | None:
        stated = info.spatial_info or SpatialInfo()
        extent = stated.extent or stated.coverage
        if not extent:
            return None
        place = f"#place-of-{quote(handle, safe='')}"
        shapes: list[Reference] = [
            self.entities.add(
                f"{place}-{number}",
                "GeoShape",
                {"box": f"{box.south:.10g},{box.west:.10g} {box.north:.10g},{box.east:.10g}"},
            )
            for number, box in enumerate(boxes_of_ewkt(extent), start=1)
        ]
        written = self.entities.add_property(f"{place}-extent", EXTENT, "extent", extent)
        return self.entities.add(
            place, "Place", {"geo": in_order(shapes), "additionalProperty": [written], "name": "Extent"}
        )

    def _handle_property(self, handle: str) -> Reference:
        return self.entities.add_property(f"#handle-{quote(handle, safe='')}", HANDLE, "handle", handle)


def _known_elsewhere(item: RegistryItem) -> str | None:
    """The ORCID of a person, the ROR of an organisation, where it is one."""
    if isinstance(item, PersonItem) and _ORCID.fullmatch(item.orcid or ""):
        return item.orcid
    if isinstance(item, OrganisationItem) and _ROR.fullmatch(item.ror or ""):
        return item.ror
    return None


def _period(stated: TemporalInfo | None) -> str | None:
    duration = stated.duration if stated else None
    if duration is None or not (duration.begin_date or duration.end_date):
        return None
    return f"{duration.begin_date or '..'}/{duration.end_date or '..'}"
