"""Kinds of questions: for a world and an item, the call a sensible assistant makes and the truth about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from evals.asking import Answer, Call, Fact, Question, Step, has, lacks, says, within
from evals.truth import Direction, Truth
from evals.worlds import World

# Deep enough for every world.
ALL_THE_WAY: Final = 40
_AGENTS: Final = ("PERSON", "ORGANISATION")


@dataclass(frozen=True)
class Asker:
    """Makes questions about one world."""

    world: World

    @property
    def truth(self) -> Truth:
        """What is so in it."""
        return self.world.truth

    def question(self, kind: str, asks: str, steps: Sequence[Step], *facts: Fact, **limits: Any) -> Question:
        """A question of another kind than those below."""
        return Question(self.world.name, kind, asks, tuple(steps), facts, **limits)

    def sources(self, asks: str, start: str, *, tokens: int = 2500) -> Question:
        """Which datasets fed this, near and far?"""
        fed = self.truth.reached(start, "upstream", ALL_THE_WAY, "DATASET")
        return self.question(
            "sources",
            asks,
            [Call("get_contributing_datasets", {"starting_id": start, "depth": ALL_THE_WAY})],
            says("answer[].id", *fed),
            *self._hops("answer", start, "upstream", fed),
            says("complete", True),
            never=self.truth.of_kind("DATASET") - fed - {start},
            tokens=tokens,
        )

    def derived(self, asks: str, start: str, *, tokens: int = 2500) -> Question:
        """Which datasets came of this?"""
        made = self.truth.reached(start, "downstream", ALL_THE_WAY, "DATASET")
        return self.question(
            "derived",
            asks,
            [Call("get_effected_datasets", {"starting_id": start, "depth": ALL_THE_WAY})],
            says("answer[].id", *made),
            says("complete", True),
            never=self.truth.of_kind("DATASET") - made - {start},
            tokens=tokens,
        )

    def credit(self, asks: str, start: str, *, tokens: int = 2500) -> Question:
        """Who stands behind this?"""
        who = self.truth.reached(start, "upstream", ALL_THE_WAY, *_AGENTS)
        data = self.truth.reached(start, "upstream", ALL_THE_WAY, "DATASET") | {start}
        custodians = Counter(
            custodian for item in data if (custodian := self.truth.custodian_of(item)) is not None
        )
        runs = self.truth.reached(start, "upstream", ALL_THE_WAY, "MODEL_RUN")
        records = [self.truth.record(run)["associations"] for run in runs]
        ran = {agent for record in records for agent in record.values() if agent}
        return self.question(
            "credit",
            asks,
            [Call("get_contributing_agents", {"starting_id": start, "depth": ALL_THE_WAY})],
            says("answer[].id", *who),
            has("answer[].name", *(self.truth.name(agent) for agent in who)),
            says("custodians[].id&datasets", *(f"{agent} {count}" for agent, count in custodians.items())),
            lacks("answer[].registered_only&id", *(f"True {agent}" for agent in ran)),
            never=self.truth.of_kind(*_AGENTS) - who - set(custodians),
            tokens=tokens,
        )

    def concerned(self, asks: str, start: str, *, tokens: int = 2500) -> Question:
        """Whom does this concern downstream?"""
        who = self.truth.agents_of_affected(start, ALL_THE_WAY)
        return self.question(
            "concerned",
            asks,
            [Call("get_effected_agents", {"starting_id": start, "depth": ALL_THE_WAY})],
            says("answer[].id", *who),
            never=self.truth.of_kind(*_AGENTS) - who - {start},
            tokens=tokens,
        )

    def reach(
        self, asks: str, start: str, direction: Direction, depth: int, *, tokens: int = 4000
    ) -> Question:
        """How much lies around this, counted whole even when it is not all shown?"""
        links = {(link.source, link.target) for link in self.truth.around(start, direction, depth)}
        nodes = {node for link in links for node in link} or {start}
        beyond = len(self.truth.around(start, direction, depth + 1)) > len(
            self.truth.around(start, direction, depth)
        )
        return self.question(
            "reach",
            asks,
            [Call(f"explore_{direction}", {"starting_id": start, "depth": depth})],
            says("totals.nodes", len(nodes) if links else 0),
            says("totals.links", len(links)),
            says("complete", not beyond),
            never=self.truth.of_kind("DATASET", "MODEL_RUN", "STUDY") - nodes,
            tokens=tokens,
        )

    def next_to(self, asks: str, start: str, runs: frozenset[str], *, tokens: int = 1500) -> Question:
        """Which runs used this, or did somebody do?"""
        return self.question(
            "used by",
            asks,
            [Call("explore_downstream", {"starting_id": start, "depth": 1, "subtypes": ["MODEL_RUN"]})],
            says("nodes.*.*[].1", *runs),
            says("totals.by_type.MODEL_RUN", len(runs)),
            tokens=tokens,
        )

    def impact(self, asks: str, start: str, *, shown_whole: bool = True, tokens: int = 4000) -> Question:
        """If this is wrong, what is affected?"""
        wrong = self.truth.affected_by(start)
        kinds = {"datasets": wrong.datasets, "runs": wrong.runs, "studies": wrong.studies}
        facts = [says(f"totals.{kind}", len(ids)) for kind, ids in kinds.items()]
        makers = {run for item in wrong.datasets for run in self.truth.makers(item)}
        unaffected = makers - wrong.runs - {start}
        if shown_whole:
            facts += [says(f"affected.{kind}[].id", *ids) for kind, ids in kinds.items()]
            facts += [
                says("affected.datasets[].unaffected_makers[]", *unaffected),
                says(
                    "affected.datasets[].no_run&id",
                    *(f"{not self.truth.makers(item) or None} {item}" for item in wrong.datasets),
                ),
            ]
        replaced = {self.truth.newer(item_id) for item_id in (start, *wrong.datasets)}
        return self.question(
            "impact",
            asks,
            [Call("analyse_impact", {"item_id": start, "depth": ALL_THE_WAY})],
            *facts,
            says("complete", True),
            never=self.truth.of_kind("DATASET", "MODEL_RUN")
            - wrong.datasets
            - wrong.runs
            - {start}
            - replaced
            - unaffected,
            tokens=tokens,
        )

    def path(self, asks: str, start: str, goal: str, *, tokens: int = 1500) -> Question:
        """How is one related to the other?"""
        direction: Direction = "upstream" if goal in self.truth.hops(start, "upstream") else "downstream"
        paths = self.truth.shortest_paths(start, goal, direction)
        call = Call("find_lineage_path", {"from_id": start, "to_id": goal, "max_hops": ALL_THE_WAY})
        if not paths:
            return self.question(
                "unrelated", asks, [call], says("found", False), *self._in_common(start, goal), tokens=tokens
            )
        return self.question(
            "path",
            asks,
            [call],
            says("found", True),
            says("direction", direction),
            says("length", *{len(path) - 1 for path in paths}),
            says("count", len(paths)),
            within("paths[].+", *(" ".join(path) for path in paths)),
            tokens=tokens,
        )

    def _in_common(self, start: str, goal: str) -> list[Fact]:
        facts: list[Fact] = []
        sides: dict[str, Direction] = {"common_ancestors": "upstream", "common_descendants": "downstream"}
        for side, direction in sides.items():
            far, other = self.truth.hops(start, direction), self.truth.hops(goal, direction)
            shared = set(far) & set(other)
            data = shared & self.truth.of_kind("DATASET", "MODEL_RUN")
            if not shared:
                continue
            besides = Counter(self.truth.items[item]["item_subtype"] for item in shared - data)
            facts.append(says(f"{side}.count", len(data)))
            facts += [says(f"{side}.besides.{kind}", count) for kind, count in besides.items()]
            nearest = min(far[item] + other[item] for item in data or shared)
            facts.append(
                within(
                    f"{side}.legs.meet_at",
                    *(item for item in data or shared if far[item] + other[item] == nearest),
                )
            )
        return facts

    def compare(self, asks: str, one: str, other: str, *, tokens: int = 1500) -> Question:
        """What differs between two runs?"""
        return self.question(
            "compare",
            asks,
            [Call("compare_model_runs", {"run_ids": [one, other]})],
            says("differences[].field", *self._differing(one, other)),
            has("differences[].values[].id", *(self.truth.inputs(one) ^ self.truth.inputs(other))),
            says("runs[].id", one, other),
            never=self.truth.of_kind("MODEL_RUN") - {one, other},
            tokens=tokens,
        )

    def _differing(self, one: str, other: str) -> set[str]:
        a, b = self.truth.record(one), self.truth.record(other)
        who_a, who_b = a["associations"], b["associations"]
        pairs: dict[str, tuple[Any, Any]] = {
            "template": (a["workflow_template_id"], b["workflow_template_id"]),
            "model": (self.truth.model_of(one), self.truth.model_of(other)),
            "model_version": (a.get("model_version"), b.get("model_version")),
            "inputs": (_by_role(a, "inputs"), _by_role(b, "inputs")),
            "outputs": (_by_role(a, "outputs"), _by_role(b, "outputs")),
            "annotations": (a.get("annotations") or {}, b.get("annotations") or {}),
            "modeller": (who_a["modeller_id"], who_b["modeller_id"]),
            "organisation": (
                who_a.get("requesting_organisation_id"),
                who_b.get("requesting_organisation_id"),
            ),
            "study": (a.get("study_id"), b.get("study_id")),
            "start_time": (a["start_time"], b["start_time"]),
            "end_time": (a["end_time"], b["end_time"]),
            "resources": (_resources(a), _resources(b)),
        }
        return {field for field, (left, right) in pairs.items() if left != right}

    def made_by(self, asks: str, dataset: str, *, tokens: int = 2500) -> Question:
        """How was this dataset made? Its makers, then what those used."""
        runs = self.truth.makers(dataset)

        def read_the_runs(answers: Sequence[Answer]) -> Call:
            return Call("fetch_items", {"ids": [run["id"] for run in answers[0]["items"][0]["made_by"]]})

        return self.question(
            "how made",
            asks,
            [Call("fetch_items", {"ids": [dataset]}), read_the_runs],
            says("items[].made_by[].id", *runs, call=0),
            says("items[].inputs[].id", *(used for run in runs for used in self.truth.inputs(run))),
            says("items[].model.id", *(self.truth.model_of(run) for run in runs)),
            says(
                "items[].modeller.id",
                *(self.truth.record(run)["associations"]["modeller_id"] for run in runs),
            ),
            says(
                "items[].model_version", *_stated(self.truth.record(run).get("model_version") for run in runs)
            ),
            tokens=tokens,
        )

    def study(self, asks: str, study: str, *, tokens: int = 2500) -> Question:
        """Which runs are in this study?"""
        runs = self.truth.runs_of_study(study)
        return self.question(
            "study",
            asks,
            [Call("list_items", {"subtype": "MODEL_RUN", "study_id": study, "limit": 50})],
            says("items[].id", *runs),
            says("complete", True),
            never=self.truth.of_kind("MODEL_RUN") - runs,
            tokens=tokens,
        )

    def listed(
        self, asks: str, filters: dict[str, Any], expected: frozenset[str], *, tokens: int = 2500
    ) -> Question:
        """Which items fulfil this?"""
        return self.question(
            "list",
            asks,
            [Call("list_items", {**filters, "limit": 50})],
            says("items[].id", *expected),
            says("complete", True),
            lacks("items[].type", "CREATE", "VERSION"),
            tokens=tokens,
        )

    def _hops(self, rows: str, start: str, direction: Direction, ids: frozenset[str]) -> list[Fact]:
        far = self.truth.hops(start, direction)
        return [says(f"{rows}[].hop", *(far[item_id] for item_id in ids))]


def _by_role(record: dict[str, Any], side: str) -> set[tuple[str, str]]:
    return {(entry["dataset_template_id"], entry["dataset_id"]) for entry in record.get(side) or ()}


def _resources(record: dict[str, Any]) -> set[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for entry in (*(record.get("inputs") or ()), *(record.get("outputs") or ())):
        resources: dict[str, str] = entry.get("resources") or {}
        found |= {(entry["dataset_template_id"], key, path) for key, path in resources.items()}
    return found


def _stated(values: Any) -> list[str]:
    return [value for value in values if value]
