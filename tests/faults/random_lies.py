"""Graphs changed in a few places at random, the same way for the same seed."""

from __future__ import annotations

import copy
import random
from itertools import pairwise
from typing import Any, Final

from tests.faults.brute_force import JOINS, KINDS


class GraphLie:
    """Changes the links and nodes of each graph in a few places, the same way for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lies = [self._random.choice(self._kinds) for _ in range(self._random.randint(0, 2))]
        # Some answers are true, and what is asked beside them is not.
        self._spares_plain = self._random.random() < 0.2

    def __call__(self, body: Any) -> Any:
        graph = body.get("graph") if isinstance(body, dict) else None
        is_spared = graph and self._spares_plain and "effect query" not in body["status"]["details"]
        if graph and graph.get("links") and not is_spared:
            for lie in self._lies:
                lie(self, graph)
            # A good liar counts what it says.
            body["record_count"] = len(graph["nodes"]) + (GraphLie._miscount in self._lies)
        return body

    def _lose(self, graph: dict[str, Any]) -> None:
        if graph["links"]:
            graph["links"].pop(self._random.randrange(len(graph["links"])))

    def _turn(self, graph: dict[str, Any]) -> None:
        if graph["links"]:
            link = self._random.choice(graph["links"])
            link["source"], link["target"] = link["target"], link["source"]

    def _repeat(self, graph: dict[str, Any]) -> None:
        graph["links"] += copy.deepcopy(graph["links"])

    def _add_stranger(self, graph: dict[str, Any]) -> None:
        graph["nodes"].append({"id": "sample/9", "item_category": "ENTITY", "item_subtype": "DATASET"})

    def _point_elsewhere(self, graph: dict[str, Any]) -> None:
        if graph["links"]:
            end = self._random.choice(["source", "target"])
            self._random.choice(graph["links"])[end] = self._random.choice(graph["nodes"])["id"]

    def _contradict(self, graph: dict[str, Any]) -> None:
        node = self._random.choice(graph["nodes"])
        graph["nodes"].append({**node, "item_category": "AGENT", "item_subtype": "PERSON"})

    def _leave_out(self, graph: dict[str, Any]) -> None:
        graph["nodes"].pop(self._random.randrange(len(graph["nodes"])))

    def _link_backwards_too(self, graph: dict[str, Any]) -> None:
        graph["links"] += [
            {**link, "source": link["target"], "target": link["source"]} for link in graph["links"]
        ]

    def _link_to_itself(self, graph: dict[str, Any]) -> None:
        graph["links"] += [
            {"type": self._random.choice(sorted(JOINS)), "source": node["id"], "target": node["id"]}
            for node in graph["nodes"]
        ]

    def _rename(self, graph: dict[str, Any]) -> None:
        if graph["links"]:
            self._random.choice(graph["links"])["type"] = self._random.choice(sorted(JOINS))

    def _disguise(self, graph: dict[str, Any]) -> None:
        self._random.choice(graph["nodes"])["item_category"] = "AGENT"

    def _add_crowd(self, graph: dict[str, Any]) -> None:
        crowd = [f"sample/{number}" for number in range(2_000_000, 2_003_000)]
        graph["nodes"] += [{"id": one, "item_category": "ENTITY", "item_subtype": "DATASET"} for one in crowd]
        graph["links"] += [
            {"type": "wasDerivedFrom", "source": one, "target": other} for one, other in pairwise(crowd)
        ]

    def _invent(self, graph: dict[str, Any]) -> None:
        runs = [node["id"] for node in graph["nodes"] if node.get("item_subtype") == "MODEL_RUN"]
        if runs:
            invented = {"id": "sample/3000000", "item_category": "ENTITY", "item_subtype": "DATASET"}
            graph["nodes"].append(invented)
            run = self._random.choice(runs)
            graph["links"].append({"type": "wasGeneratedBy", "source": invented["id"], "target": run})

    def _call_something_else(self, graph: dict[str, Any]) -> None:
        """Kinds that there are, kinds that there are not, and none at all."""
        node = self._random.choice(graph["nodes"])
        akin = [kind for kind in KINDS if kind[0] == node.get("item_category")]
        kinds = self._random.choice([KINDS, akin or KINDS, [("ENTITY", "SEANCE"), (None, None), ("", "")]])
        node["item_category"], node["item_subtype"] = self._random.choice(kinds)

    def _forget_kind(self, graph: dict[str, Any]) -> None:
        for node in self._random.sample(graph["nodes"], self._random.randint(1, len(graph["nodes"]))):
            node.pop(self._random.choice(["item_category", "item_subtype"]), None)

    def _retire(self, graph: dict[str, Any]) -> None:
        """All that is of one kind, with all its links, as if it had never been."""
        subtype = self._random.choice(["MODEL", "PERSON", "ORGANISATION", "WORKFLOW_TEMPLATE", "CREATE"])
        gone = {node["id"] for node in graph["nodes"] if node.get("item_subtype") == subtype}
        graph["nodes"] = [node for node in graph["nodes"] if node["id"] not in gone]
        graph["links"] = [
            link for link in graph["links"] if gone.isdisjoint((link["source"], link["target"]))
        ]

    def _shout(self, graph: dict[str, Any]) -> None:
        """Some items by their ids in capitals, here and there or everywhere."""
        share = self._random.choice([0.2, 1])
        loud = {node["id"] for node in graph["nodes"] if self._random.random() < 0.1}
        for holder, name in (
            *((node, "id") for node in graph["nodes"]),
            *((link, end) for link in graph["links"] for end in ("source", "target")),
        ):
            if holder[name] in loud and self._random.random() < share:
                holder[name] = holder[name].upper()

    def _miscount(self, graph: dict[str, Any]) -> None:
        """Counted as one more, when all else has been said."""

    _kinds: Final = (
        _lose, _turn, _repeat, _add_stranger, _point_elsewhere, _contradict, _leave_out, _link_backwards_too,
        _link_to_itself, _rename, _disguise, _add_crowd, _invent, _call_something_else, _forget_kind, _retire,
        _shout, _miscount,
    )  # fmt: skip
