"""The truth about a world, worked out from its raw registry items by brute force.

Nothing here imports the package under test: the links are written down from
provena-http 5.2 and 5.3, walks relax every link until nothing changes, and records are read as plain JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

Item = dict[str, Any]
Direction = Literal["upstream", "downstream"]


class Link(NamedTuple):
    """A link from the later thing to the earlier one."""

    source: str
    relation: str
    target: str


class Affected(NamedTuple):
    """What is wrong if one item is."""

    runs: frozenset[str]
    datasets: frozenset[str]
    studies: frozenset[str]


class Truth:
    """What is so in a world."""

    def __init__(self, items: Iterable[Item], persons: Mapping[str, str]) -> None:
        """Work it out from raw items and the Person behind each username."""
        self.items: dict[str, Item] = {item["id"]: item for item in items}
        self._persons = dict(persons)
        self.links = frozenset(link for item in self.items.values() for link in self._links_of(item))
        self._hops: dict[tuple[str, Direction], dict[str, int]] = {}

    # Records

    def of_kind(self, *subtypes: str) -> frozenset[str]:
        """Ids of complete items of these subtypes."""
        return frozenset(
            item_id
            for item_id, item in self.items.items()
            if item["item_subtype"] in subtypes and item["record_type"] == "COMPLETE_ITEM"
        )

    def where(self, subtype: str, holds: Callable[[Item], bool]) -> frozenset[str]:
        """Ids of complete items of a subtype for which ``holds`` is true."""
        return frozenset(item_id for item_id in self.of_kind(subtype) if holds(self.items[item_id]))

    def name(self, item_id: str) -> str:
        """An item's display name."""
        return self.items[item_id]["display_name"]

    def record(self, run: str) -> Item:
        """A run's record."""
        return self.items[run]["record"]

    def inputs(self, run: str) -> frozenset[str]:
        """Datasets a run used."""
        return frozenset(entry["dataset_id"] for entry in self.record(run).get("inputs") or ())

    def outputs(self, run: str) -> frozenset[str]:
        """Datasets a run made."""
        return frozenset(entry["dataset_id"] for entry in self.record(run).get("outputs") or ())

    def makers(self, dataset: str) -> frozenset[str]:
        """Runs that made a dataset."""
        return frozenset(run for run in self.of_kind("MODEL_RUN") if dataset in self.outputs(run))

    def custodian_of(self, item_id: str) -> str | None:
        """Whom a dataset's record names as its custodian."""
        metadata: Item = self.items[item_id].get("collection_format") or {}
        associations: Item = metadata.get("associations") or {}
        return associations.get("data_custodian_id")

    def model_of(self, run: str) -> str:
        """The model behind a run's workflow template."""
        return self.items[self.record(run)["workflow_template_id"]]["software_id"]

    def runs_of_study(self, study: str) -> frozenset[str]:
        """Runs that name a study."""
        return self.where("MODEL_RUN", lambda item: item["record"].get("study_id") == study)

    def newer(self, item_id: str) -> str | None:
        """The version after an item."""
        versioning: Item = self.items[item_id].get("versioning_info") or {}
        return versioning.get("next_version")

    # Lineage

    def hops(self, start: str, direction: Direction) -> Mapping[str, int]:
        """How far every item in a direction is from ``start``, itself at 0."""
        key = (start, direction)
        if key not in self._hops:
            self._hops[key] = self._relaxed(start, direction)
        return self._hops[key]

    def _relaxed(self, start: str, direction: Direction) -> dict[str, int]:
        far = {start: 0}
        changed = True
        while changed:
            changed = False
            for link in self.links:
                near, beyond = _ends(link, direction)
                if near in far and far[near] + 1 < far.get(beyond, len(self.items)):
                    far[beyond] = far[near] + 1
                    changed = True
        return far

    def around(self, start: str, direction: Direction, depth: int) -> frozenset[Link]:
        """Links that a walk of at most ``depth`` hops uses."""
        far = self.hops(start, direction)
        return frozenset(link for link in self.links if far.get(_ends(link, direction)[0], depth) < depth)

    def reached(self, start: str, direction: Direction, depth: int, *subtypes: str) -> frozenset[str]:
        """Items of these subtypes within ``depth`` hops, without ``start``."""
        return frozenset(
            item_id
            for item_id, hop in self.hops(start, direction).items()
            if 0 < hop <= depth and self.items[item_id]["item_subtype"] in subtypes
        )

    def agents_of_affected(self, start: str, depth: int) -> frozenset[str]:
        """People and organisations linked from ``start`` or anything downstream of it."""
        agents = self.of_kind("PERSON", "ORGANISATION")
        far = self.hops(start, "downstream")
        return frozenset(
            link.target
            for link in self.links
            if far.get(link.source, depth + 1) <= depth and link.target in agents
        ) - {start}

    def shortest_paths(self, start: str, goal: str, direction: Direction) -> frozenset[tuple[str, ...]]:
        """All shortest paths from ``start`` to ``goal``, by trying every way."""
        length = self.hops(start, direction).get(goal)
        if length is None:
            return frozenset()
        paths = {(start,)}
        for _ in range(length):
            paths = {
                (*path, beyond)
                for path in paths
                for link in self.links
                for near, beyond in (_ends(link, direction),)
                if near == path[-1]
            }
        return frozenset(path for path in paths if path[-1] == goal)

    def fewest_runs(self, start: str, goal: str) -> int:
        """The fewest runs on any shortest path upstream from ``start`` to ``goal``."""
        return min(self._runs_on(path) for path in self.shortest_paths(start, goal, "upstream"))

    def ways_by_runs(self, start: str, goal: str) -> Mapping[int, int]:
        """How many ways upstream pass how many runs, by walking all of them."""
        counts: dict[int, int] = {}
        near_goal = self.hops(goal, "downstream")
        unfinished = [(start,)]
        while unfinished:
            path = unfinished.pop()
            if path[-1] == goal:
                counts[self._runs_on(path)] = counts.get(self._runs_on(path), 0) + 1
                continue
            following = {link.target for link in self.links if link.source == path[-1]}
            unfinished += [(*path, item) for item in following if item in near_goal and item not in path]
        return counts

    def _runs_on(self, path: Iterable[str]) -> int:
        return sum(self.items[item]["item_subtype"] == "MODEL_RUN" for item in path)

    def affected_by(self, start: str) -> Affected:
        """What becomes wrong when ``start`` is: runs that used something wrong, and what they made."""
        wrong = {start}
        runs: set[str] = set()
        while True:
            using = {run for run in self.of_kind("MODEL_RUN") - runs if wrong & self._leaned_on(run, start)}
            if not using:
                break
            runs |= using
            wrong |= {dataset for run in using for dataset in self.outputs(run)}
        datasets = frozenset(wrong) - {start}
        if self.items[start]["item_subtype"] == "DATASET_TEMPLATE":
            datasets |= {link.source for link in self.links if link.target == start} & self.of_kind("DATASET")
        studies = {
            self.record(run).get("study_id") for run in (*runs, start) if run in self.of_kind("MODEL_RUN")
        }
        return Affected(frozenset(runs) - {start}, datasets, frozenset(study for study in studies if study))

    def _leaned_on(self, run: str, start: str) -> frozenset[str]:
        record = self.record(run)
        who = record["associations"]
        others = {
            run,
            record["workflow_template_id"],
            self.model_of(run),
            record.get("study_id"),
            who["modeller_id"],
            who.get("requesting_organisation_id"),
        }
        return self.inputs(run) | ({start} & others)

    def _links_of(self, item: Item) -> set[Link]:
        if item["record_type"] != "COMPLETE_ITEM":
            return set()
        if item["item_subtype"] == "MODEL_RUN":
            return self._links_of_run(item["id"], item["record"])
        if item["item_subtype"] == "CREATE":
            return self._links_of_activity(item, made=item["created_item_id"], used=None)
        if item["item_subtype"] == "VERSION":
            return self._links_of_activity(item, made=item["to_item_id"], used=item["from_item_id"])
        return set()

    def _links_of_run(self, run: str, record: Item) -> set[Link]:
        recipe, who = record["workflow_template_id"], record["associations"]
        modeller, organisation = who["modeller_id"], who.get("requesting_organisation_id")
        model = self.items[recipe]["software_id"]
        links = {
            Link(run, "used", recipe),
            Link(run, "used", model),
            Link(recipe, "hadMember", model),
            Link(run, "wasAssociatedWith", modeller),
        }
        if organisation:
            links.add(Link(run, "wasAssociatedWith", organisation))
        if record.get("study_id"):
            links.add(Link(run, "wasInformedBy", record["study_id"]))
        for entry in (*(record.get("inputs") or ()), *(record.get("outputs") or ())):
            links.add(Link(recipe, "hadMember", entry["dataset_template_id"]))
            links.add(Link(entry["dataset_id"], "wasInfluencedBy", entry["dataset_template_id"]))
        links |= {Link(run, "used", dataset) for dataset in _datasets(record, "inputs")}
        for dataset in _datasets(record, "outputs"):
            links |= {Link(dataset, "wasGeneratedBy", run), Link(dataset, "wasAttributedTo", modeller)}
        return links

    def _links_of_activity(self, item: Item, *, made: str, used: str | None) -> set[Link]:
        person = self._person(item["owner_username"])
        links = {Link(made, "wasGeneratedBy", item["id"])}
        if used:
            links.add(Link(item["id"], "used", used))
        if person:
            links |= {Link(item["id"], "wasAssociatedWith", person), Link(made, "wasAttributedTo", person)}
        return links

    def _person(self, username: str) -> str | None:
        if username in self._persons:
            return self._persons[username]
        owned = [
            (item["created_timestamp"], item["id"])
            for item in self.items.values()
            if item["item_subtype"] == "PERSON" and item["owner_username"] == username
        ]
        return min(owned)[1] if owned else None


def _ends(link: Link, direction: Direction) -> tuple[str, str]:
    return (link.source, link.target) if direction == "upstream" else (link.target, link.source)


def _datasets(record: Item, side: str) -> list[str]:
    return [entry["dataset_id"] for entry in record.get(side) or ()]
