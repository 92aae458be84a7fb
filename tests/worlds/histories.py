"""A world and what happened in it: items as a registry holds them at the end, and the script."""

from __future__ import annotations

import random
from collections.abc import Collection
from typing import Any, NamedTuple

from provena_mcp.embedded.item_history import domain_of
from tests.worlds.small import Json, dataset, furniture, item, model_run

LODGED = "Updating item to mark completion of provenance lodge."


class Happening(NamedTuple):
    """One line of the script: at ``when`` something of a ``kind`` happened to ``item``, or made it.

    ``of`` is what a new version is a version of; ``used`` what a new run used.
    """

    when: int
    kind: str
    item: str
    of: str | None = None
    used: tuple[str, ...] = ()


class History:
    """Writes a world step by step; each step takes ten seconds, beginning at 1,000."""

    def __init__(self) -> None:
        self.items: dict[str, Json] = {each["id"]: each for each in furniture()}
        self.script: list[Happening] = []
        self.now = 1_000
        # What each item came from, as the script has it.
        self.sources: dict[str, set[str]] = {"w/wf": {"w/model", "w/in", "w/out"}}

    def make(self, item_id: str, owner: str = "jane") -> None:
        self._note("made", item_id)
        self._begin(dataset(item_id, self.now, owner=owner, release_status="NOT_RELEASED"))
        self.sources[item_id] = set()

    def run(self, item_id: str, used: Collection[str], made: Collection[str], owner: str = "jane") -> None:
        self._note("new_run", item_id, used=tuple(used))
        self._begin(model_run(item_id, list(used), list(made), self.now, owner=owner))
        # Of its own accord the registry notes that it was lodged.
        self._write(item_id, LODGED, record_status="LODGED")
        self.sources[item_id] = {*used, "w/wf", "w/model"}
        for each in made:
            self.sources[each] |= {item_id, "w/out"}
        for each in used:
            self.sources[each] |= {"w/in"}

    def version(self, item_id: str, before: str, *, lodged: bool) -> None:
        self._note("new_version", item_id, of=before)
        place = self._place(before)
        new = dataset(item_id, self.now, owner=self.items[before]["owner_username"])
        self._begin(
            {**new, "versioning_info": {"version": place + 1, "previous_version": before, "reason": "x"}}
        )
        self.items[before] |= {
            "versioning_info": {**(self.items[before].get("versioning_info") or {}), "version": place}
            | {"next_version": item_id},
            "updated_timestamp": self.now,
        }
        self.sources[item_id] = set()
        if lodged:
            activity = f"{item_id}-versioning"
            self.items[activity] = item(
                activity, "VERSION", self.now, from_item_id=before, to_item_id=item_id
            )
            self.sources[item_id] = {activity}
            self.sources[activity] = {before}

    def correct(self, run_id: str) -> None:
        self._note("corrected", run_id)
        record = {**self.items[run_id]["record"], "description": f"Corrected at {self.now}"}
        self._write(run_id, "A mistake", record=record)

    def edit(self, item_id: str) -> None:
        self._note("edited", item_id)
        self._write(item_id, "Better words", display_name=f"Edited at {self.now}")

    def release(self, item_id: str) -> None:
        self._note("released", item_id)
        done = {"action": "APPROVE", "timestamp": self.now, "approver": "w/jane", "notes": "fine"}
        past = self.items[item_id].get("release_history") or []
        self._write(item_id, "Release", release_status="RELEASED", release_history=[*past, done])

    def withdraw(self, item_id: str) -> None:
        self._note("withdrawn", item_id)
        self._write(item_id, "Not yet", release_status="NOT_RELEASED")

    def _place(self, item_id: str) -> int:
        return (self.items[item_id].get("versioning_info") or {"version": 1})["version"]

    def _note(self, kind: str, item_id: str, **more: Any) -> None:
        self.now += 10
        self.script.append(Happening(self.now, kind, item_id, **more))

    def _begin(self, new: Json) -> None:
        first = {"id": 0, "timestamp": self.now, "reason": "Initial record creation", "username": "jane"}
        self.items[new["id"]] = {**new, "history": [{**first, "item": domain_of(new)}]}

    def _write(self, item_id: str, reason: str, **changed: Any) -> None:
        new: Json = {**self.items[item_id], **changed, "updated_timestamp": self.now}
        past = new["history"]
        entry = {"id": len(past), "timestamp": self.now, "reason": reason, "username": "sam"}
        self.items[item_id] = {**new, "history": [{**entry, "item": domain_of(new)}, *past]}


def random_history(seed: int, steps: int = 40) -> History:
    """Anything that can happen, in any order."""
    chance = random.Random(seed)
    history = History()
    for first in ("w/a", "w/b", "w/c"):
        history.make(first, chance.choice(("jane", "sam")))
    for number in range(steps):
        of_kind = {
            kind: sorted(each for each, held in history.items.items() if held["item_subtype"] == kind)
            for kind in ("DATASET", "MODEL_RUN")
        }
        data, runs = of_kind["DATASET"], of_kind["MODEL_RUN"]
        owner = chance.choice(("jane", "sam"))
        latest = [
            each for each in data if "next_version" not in (history.items[each].get("versioning_info") or {})
        ]
        released = [each for each in data if history.items[each].get("release_status") == "RELEASED"]
        match chance.choice(("run", "run", "version", "correct", "edit", "release", "withdraw")):
            case "run":
                made = f"w/made-{number}"
                history.make(made, owner)
                history.run(f"w/run-{number}", chance.sample(data, chance.randint(1, 2)), [made], owner)
            case "version":
                history.version(f"w/version-{number}", chance.choice(latest), lodged=chance.random() < 0.5)
            case "correct" if runs:
                history.correct(chance.choice(runs))
            case "edit":
                history.edit(chance.choice([*data, "w/c"]))
            case "release":
                history.release(chance.choice(data))
            case "withdraw" if released:
                history.withdraw(chance.choice(released))
            case _:
                history.edit("w/a")
    return history
