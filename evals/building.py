"""Writes registry items of an invented programme, in the form in which Provena's registry stores them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

Item = dict[str, Any]

_CATEGORY: Final = {"PERSON": "AGENT", "ORGANISATION": "AGENT", "STUDY": "ACTIVITY", "MODEL_RUN": "ACTIVITY"}
_VERSIONED: Final = ("MODEL", "MODEL_RUN_WORKFLOW_TEMPLATE", "DATASET_TEMPLATE", "DATASET")
_FIRST: Final = "Initial record creation"


def at(day: str, hour: int = 9) -> int:
    """Unix seconds of an hour (UTC) of a day, ``YYYY-MM-DD``."""
    return int((datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(hours=hour)).timestamp())


@dataclass
class Registry:
    """Items as they are registered; ``ids`` has each one's handle by the programme's own name for it."""

    prefix: str
    items: list[Item] = field(default_factory=list[Item])
    ids: dict[str, str] = field(default_factory=dict[str, str])
    persons: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, name: str, subtype: str, owner: str, on: int, content: Item) -> Item:
        """Register an item; one that has provenance gets its CREATE activity."""
        item = self._registered(subtype, owner, on, content)
        self.ids[name] = item["id"]
        if subtype in _VERSIONED:
            item["versioning_info"] = {"version": 1}
            made = {"display_name": f"Created item {item['id']}", "created_item_id": item["id"]}
            self._registered("CREATE", owner, on + 35, made)
        return item

    def person(self, user: str, full_name: str, on: str, role: str) -> None:
        """Register a person, who is the user of that name."""
        first, _, last = full_name.partition(" ")
        content = {
            "display_name": full_name,
            "user_metadata": {"role": role},
            "email": f"{user}@example.org",
            "first_name": first,
            "last_name": last,
            "ethics_approved": True,
        }
        self.persons[user] = self.add(user, "PERSON", user, at(on), content)["id"]

    def dataset(self, name: str, title: str, owner: str, on: int, *, by: str, **about: Any) -> Item:
        """Register a dataset of an organisation; see ``_dataset`` for what else may be said."""
        item = self.add(name, "DATASET", owner, on, {})
        content = self._dataset(item["id"], title, by=by, on=on, **about)
        item |= content
        item["history"][0]["item"] = content
        return item

    def version(self, name: str, of: str, owner: str, on: int, reason: str, **changes: Any) -> None:
        """Register the next version of an item, which no run makes."""
        old = self._item(of)
        content = json.loads(json.dumps(old["history"][0]["item"])) | changes
        new = self._registered(old["item_subtype"], owner, on, content)
        self.ids[name] = new["id"]
        number = old["versioning_info"]["version"] + 1
        old["versioning_info"]["next_version"] = new["id"]
        new["versioning_info"] = {"previous_version": old["id"], "version": number, "reason": reason}
        activity = {
            "display_name": f"Versioned item {old['id']} to {new['id']}",
            "reason": reason,
            "from_item_id": old["id"],
            "to_item_id": new["id"],
            "new_version_number": number,
        }
        self._registered("VERSION", owner, on + 35, activity)

    def edit(self, name: str, owner: str, on: int, reason: str, change: Callable[[Item], None]) -> None:
        """Change an item's content, with a reason."""
        item = self._item(name)
        content = json.loads(json.dumps(item["history"][0]["item"]))
        change(content)
        item |= content
        item["updated_timestamp"] = on
        number = len(item["history"])
        item["history"].insert(0, _entry(number, on, reason, owner, content))

    def run_making(
        self,
        makes: tuple[str, str, str],
        name: str,
        title: str,
        owner: str,
        day: str,
        *,
        recipe: str,
        inputs: Mapping[str, str],
        files: Mapping[str, Mapping[str, str]] | None = None,
        study: str | None = None,
        requested_by: str | None = None,
        **stated: Any,
    ) -> None:
        """Register a run of 6:00 to 18:00 and the dataset it makes: its name, title and organisation.

        ``inputs`` are datasets by role, ``files`` the paths chosen in them; ``stated`` is what else it
        says. Things go by the programme's names.
        """
        start, end = at(day, 6), at(day, 18)
        made, made_title, organisation = makes
        if made not in self.ids:
            self.dataset(made, made_title, owner, end + 3600, by=organisation)
        template = self._item(recipe)
        who = {"modeller_id": self.persons[owner], "requesting_organisation_id": self._id(requested_by)}
        record: Item = {
            "workflow_template_id": template["id"],
            "inputs": self._templated(inputs, files or {}),
            "outputs": [_used(template["output_templates"][0]["template_id"], self.ids[made])],
            "display_name": title,
            "description": f"{title}.",
            "associations": _without_nulls(who),
            "study_id": self._id(study),
            "start_time": start,
            "end_time": end,
            **stated,
        }
        content: Item = {"display_name": title, "record_status": "LODGED", "record": _without_nulls(record)}
        self.add(name, "MODEL_RUN", owner, end + 7200, content)

    def _templated(self, names: Mapping[str, str], files: Mapping[str, Mapping[str, str]]) -> list[Item]:
        return [
            _used(self.ids[role], self.ids[name])
            | ({"resources": dict(files[role])} if role in files else {})
            for role, name in names.items()
        ]

    def _item(self, name: str) -> Item:
        return next(item for item in self.items if item["id"] == self.ids[name])

    def _id(self, name: str | None) -> str | None:
        return None if name is None else self.ids[name]

    def _registered(self, subtype: str, owner: str, on: int, content: Item) -> Item:
        item = {
            **content,
            "history": [_entry(0, on, _FIRST, owner, content)],
            "id": f"{self.prefix}/{30001 + len(self.items)}",
            "owner_username": owner,
            "created_timestamp": on,
            "updated_timestamp": on,
            "item_category": "ACTIVITY"
            if subtype in ("CREATE", "VERSION")
            else _CATEGORY.get(subtype, "ENTITY"),
            "item_subtype": subtype,
            "record_type": "COMPLETE_ITEM",
        }
        self.items.append(item)
        return item

    def _dataset(self, item_id: str, title: str, *, by: str, on: int, **about: Any) -> Item:
        """A dataset's content.

        ``custodian`` is a user, ``contact`` an address, ``about`` its description, ``licence`` a URL's end,
        ``box`` west, south, east and north, ``period`` its first and last day, ``elsewhere`` the address of
        one that is not stored here, ``limits`` its usage limitations, ``released_by`` a user.
        """
        day = datetime.fromtimestamp(on, UTC).date().isoformat()
        organisation, custodian = self.ids[by], about.get("custodian")
        elsewhere = about.get("elsewhere")
        info = {
            "name": title,
            "description": about.get("about", f"{title}, on the programme's grid."),
            "access_info": {"reposited": elsewhere is None}
            | ({"uri": elsewhere, "description": "Ask the provider for an account."} if elsewhere else {}),
            "publisher_id": organisation,
            "created_date": {"relevant": True, "value": day},
            "published_date": {"relevant": True, "value": day},
            "license": f"https://creativecommons.org/licenses/{about.get('licence', 'by')}/4.0/",
            "usage_limitations": about.get("limits"),
            "spatial_info": _place(about["box"]) if "box" in about else None,
            "temporal_info": _period(*about["period"]) if "period" in about else None,
            "keywords": about.get("keywords"),
            "version": "1",
        }
        form = {
            "associations": {
                "organisation_id": organisation,
                "data_custodian_id": self.persons[custodian] if custodian else None,
                "point_of_contact": about.get("contact"),
            },
            "approvals": {
                approval: {"relevant": False, "obtained": False}
                for approval in (
                    "ethics_registration",
                    "ethics_access",
                    "indigenous_knowledge",
                    "export_controls",
                )
            },
            "dataset_info": info,
        }
        path = f"datasets/{item_id}/"
        released_by = about.get("released_by")
        content: Item = {
            "display_name": title,
            "collection_format": _without_nulls(form),
            "s3": {"bucket_name": "fire-data", "path": path, "s3_uri": f"s3://fire-data/{path}"},
            "release_history": [],
            "release_status": "RELEASED" if released_by else "NOT_RELEASED",
            "access_info_uri": elsewhere,
            "release_approver": self.persons[released_by] if released_by else None,
            "release_timestamp": on + 86_400 if released_by else None,
        }
        return _without_nulls(content)


def _used(role: str, dataset: str) -> Item:
    return {"dataset_template_id": role, "dataset_id": dataset, "dataset_type": "DATA_STORE"}


def _entry(number: int, on: int, reason: str, owner: str, content: Item) -> Item:
    return {"id": number, "timestamp": on, "reason": reason, "username": owner, "item": content}


def _place(box: tuple[float, float, float, float]) -> Item:
    west, south, east, north = box
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    ring = ", ".join(f"{x} {y}" for x, y in corners)
    return {"coverage": f"SRID=4326;POLYGON(({ring}))", "extent": f"SRID=4326;POLYGON(({ring}))"}


def _period(first: str, last: str) -> Item:
    return {"duration": {"begin_date": first, "end_date": last}, "resolution": "PT1H"}


def _without_nulls(value: Item) -> Item:
    return {
        key: _without_nulls(cast("Item", part)) if isinstance(part, dict) else part
        for key, part in value.items()
        if part is not None
    }
