"""Items that recorded runs need and the registry lacks, inferred from what was recorded; nothing is invented.

What nobody recorded is left out of an item's content; the check of the item names it, and it becomes a
question.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from provena_mcp.commands.drafts.identities import repository_url
from provena_mcp.commands.drafts.roles import Role, Side, file_key, program_of
from provena_mcp.commands.planned_items import PLACEHOLDER, PlannedItem
from provena_mcp.crates.recorded_runs import RecordedAgent, RecordedRun, RecordedSoftware
from provena_mcp.queries.recording.registry_view import RegistryView
from provena_mcp.rules.items.schema import ContentSubtype
from provena_mcp.wire.items import JsonObject, RegistryItem

RESOURCE_KEY: Final = "file"
"""Under which a run states where the file lies, in templates made here."""

_ENDING_LENGTH: Final = 12


@dataclass
class NewItems:
    """Collects what is to be created, each thing once; an item of the name it would have is taken instead."""

    view: RegistryView
    items: list[PlannedItem] = field(default_factory=list[PlannedItem])
    why: dict[str, str] = field(default_factory=dict[str, str])
    _keys: dict[str, str] = field(default_factory=dict[str, str])
    _datasets: dict[str, list[tuple[str, str]]] = field(default_factory=dict[str, list[tuple[str, str]]])

    def person(self, agent: RecordedAgent) -> str:
        """A Person for somebody the registry does not know; whether they consent has to be asked."""
        first, _, last = agent.name.rpartition(" ")
        item: JsonObject = {"first_name": first, "last_name": last} if first else {"display_name": agent.name}
        item |= {"email": agent.email} if agent.email else {}
        item |= {"orcid": agent.orcid} if agent.orcid else {}
        return self._add(f"person {agent.id}", "PERSON", item, f"{agent.name} ran it")

    def organisation(self, item: JsonObject) -> str:
        """An organisation that the user named."""
        name = str(item.get("display_name") or item.get("name") or "")
        existing = _named(name, self.view.organisations.values()) if name else None
        return existing or self._add("organisation", "ORGANISATION", item, "new datasets belong to it")

    def model(self, software: RecordedSoftware) -> str:
        """A model for a program."""
        item: JsonObject = {"name": software.name, "display_name": software.name}
        source = repository_url(software.repository) or repository_url(software.url)
        item |= {"source_url": source} if source else {}
        return self._add(f"model {software.name}", "MODEL", item, "this is what was run")

    def dataset_template(self, role: Role, nth: int, program: str) -> str:
        """A template for the dataset of a role: one file, or a folder of them, whose path each run states."""
        what = role.pattern.replace("#", "*")
        verb = "read" if role.side == "input" else "written"
        many = len(role.files) > 1
        name = f"{what} {verb} by {program}" + (f" ({nth + 1})" if nth else "")
        item: JsonObject = {
            "display_name": name,
            "description": f"{'Files' if many else 'A file'} like {what!r}, {verb} by {program}.",
            "deferred_resources": [
                {
                    "key": RESOURCE_KEY,
                    "description": f"Where {'their folder' if many else 'the file'} lies in the dataset",
                    "usage_type": "GENERAL_DATA",
                    "optional": False,
                    "is_folder": many,
                }
            ],
        }
        existing = _named(name, self.view.dataset_templates.values())
        return existing or self._add(
            f"template {role.side} {role.pattern} {nth} {program}",
            "DATASET_TEMPLATE",
            item,
            f"{program} has {verb} it",
        )

    def workflow(self, program: str, model_id: str, places: dict[Side, list[tuple[str, bool]]]) -> str:
        """A workflow template of a program: its dataset templates on each side, and which may be left out."""
        item: JsonObject = {
            "display_name": f"Run of {program}",
            "software_id": model_id,
            "input_templates": [
                {"template_id": each, "optional": optional} for each, optional in places["input"]
            ],
            "output_templates": [
                {"template_id": each, "optional": optional} for each, optional in places["output"]
            ],
        }
        key = f"workflow {program}"
        return self._add(key, "MODEL_RUN_WORKFLOW_TEMPLATE", item, f"what {program} reads and writes")

    def dataset(self, role: Role, run: RecordedRun, source: str, not_these: Collection[str]) -> str:
        """A dataset for a role's files, or the one that an earlier run of the same draft has of them.

        Of several with the same content it is the one of the same name; never one of ``not_these``.
        """
        keys = [file_key(file, source) for file in role.files]
        known = [each for key in keys for each in self._datasets.get(key, ()) if each[1] not in not_these]
        found = next((item for name, item in known if name == role.name), known[0][1] if known else None)
        if found is None:
            verb = "read" if role.side == "input" else "written"
            why = f"{program_of(run)} has {verb} it"
            found = self._add(f"dataset {role.name} {keys[0]}", "DATASET", _dataset(role, run, verb), why)
        for key in keys:
            if (role.name, found) not in self._datasets.setdefault(key, []):
                self._datasets[key].append((role.name, found))
        return found

    def _add(self, key: str, subtype: ContentSubtype, item: JsonObject, why: str) -> str:
        if key not in self._keys:
            self._keys[key] = f"{PLACEHOLDER}{len(self.items) + 1}"
            self.items.append(PlannedItem(key=self._keys[key], item_subtype=subtype, item=item))
            self.why[self._keys[key]] = why
        return self._keys[key]


def _named(name: str, items: Iterable[RegistryItem]) -> str | None:
    return next((item.id for item in items if item.display_name == name), None)


def _dataset(role: Role, run: RecordedRun, verb: str) -> JsonObject:
    file = role.first
    # What a capture says of a file is how it was seen, and not what it is.
    said = file.description if not run.observed else None
    ending = file.name.rpartition(".")[2]
    info: JsonObject = {
        "name": role.name,
        "description": said or f"{role.name}, {verb} by {program_of(run)}.",
        "published_date": {"relevant": False},
    }
    made = file.modified if file.modified is not None else run.ended if role.side == "output" else None
    if made is not None:
        day = datetime.fromtimestamp(made, UTC).date().isoformat()
        info["created_date"] = {"relevant": True, "value": day}
    if file.format or ("." in file.name and 0 < len(ending) <= _ENDING_LENGTH):
        info["formats"] = [file.format or ending]
    if file.licence and file.licence.startswith(("http://", "https://")):
        info["license"] = file.licence
    if file.url and file.url.startswith(("http://", "https://")):
        where = f"Where the run found it: {file.url}"
        info["access_info"] = {"reposited": False, "uri": file.url, "description": where}
    return {"dataset_info": info}
