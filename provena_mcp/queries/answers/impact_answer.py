"""Writes the answer to an impact question: items with names, as many rows as fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from provena_mcp.lineage.impact import Affected, NewerVersion, Touched
from provena_mcp.lineage.summary import same_names
from provena_mcp.next_call import NextCall
from provena_mcp.queries.answers.common import NextCalls, first_that_fits, named_item, unreadable_of
from provena_mcp.queries.answers.impact_evidence import ImpactEvidence
from provena_mcp.queries.answers.impact_result import (
    AffectedItem,
    AffectedItems,
    AnalyseImpactResult,
    ImpactTotals,
    ReplacingVersion,
    TouchedAgent,
    TouchedStudy,
)
from provena_mcp.queries.answers.makers import MakersRead, read_makers
from provena_mcp.queries.items.item_reader import ItemReader
from provena_mcp.queries.items.names import Named, NamesFound
from provena_mcp.queries.items.reader import Reader
from provena_mcp.queries.lineage.frontier import worked_out
from provena_mcp.rules.handles import diagram_uri
from provena_mcp.rules.text import all_reasons, plural, shown_text
from provena_mcp.rules.times import utc
from provena_mcp.wire.items import DatasetItem, PersonItem

_RELEASE_ORDER: Final[dict[str | None, int]] = {"RELEASED": 0, "PENDING": 1}
# Rows of each list at most, and the shares of them tried until the answer fits its budget.
_ROWS: Final = {"datasets": 60, "runs": 50, "people": 30, "organisations": 20, "studies": 20, "other": 10}
_SHARES: Final = (1.0, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05)
_SHOWN_VERSIONS: Final = 10


class ImpactAnswer:
    """An impact, its rows in the order in which they are told: released datasets first, then the nearest."""

    def __init__(
        self,
        reader: Reader,
        records: ItemReader,
        evidence: ImpactEvidence,
        known: Mapping[str, Named],
        start: str,
        depth: int,
    ) -> None:
        """Tell ``evidence``, found within ``depth`` hops of ``start``; ``known`` are names of datasets."""
        self._reader = reader
        self._records = records
        self._evidence = evidence
        self._start = start
        self._depth = depth
        self._kinds = evidence.kinds
        affected = evidence.impact.affected
        self._known = known
        self._datasets = sorted(
            (item for item in affected if item.subtype == "DATASET"),
            key=lambda item: (_RELEASE_ORDER.get(self._release(item.id), 2), item.hop, item.id),
        )
        self._runs = [item for item in affected if item.subtype == "MODEL_RUN"]
        self._other = [item for item in affected if item.subtype not in ("DATASET", "MODEL_RUN", "VERSION")]
        self._people = [named for named in evidence.touched if named.subtype == "PERSON"]
        self._organisations = [named for named in evidence.touched if named.subtype == "ORGANISATION"]
        self._studies = [named for named in evidence.touched if named.subtype == "STUDY"]
        self._named = NamesFound()
        self._emails: dict[str, str] = {}
        self._versions: dict[str, str] = {}
        self._makers = MakersRead({}, evidence.impact.hops)

    async def read_contacts(self) -> None:
        """Read the e-mail addresses of the people who can be shown."""
        ids = [person.id for person in self._people[: _ROWS["people"]]]
        await self._records.read(ids)
        for person_id in ids:
            person = self._records.item(person_id)
            email = shown_text(person.email) if isinstance(person, PersonItem) else None
            if email:
                self._emails[person_id] = email

    async def read_makers(self) -> None:
        """Read which runs made the datasets that can be shown, whether affected or not."""
        datasets = [item.id for item in self._datasets[: _ROWS["datasets"]]]
        newer = [version.id for version in self._newer() if self._is_dataset(version.id)]
        known = self._evidence.makers
        unknown = [dataset for dataset in (*datasets, *newer) if dataset not in known]
        read = await read_makers(self._reader.client.prov, unknown)
        self._makers = MakersRead({**known, **read}, self._evidence.impact.hops)

    def _is_dataset(self, item_id: str) -> bool:
        return self._kinds.get(item_id) == "DATASET" or isinstance(self._records.item(item_id), DatasetItem)

    async def result(self, max_tokens: int, *, has_contacts: bool) -> AnalyseImpactResult:
        """The answer, with as many rows of each list as fit."""
        shown = {row.id for name, rows in self._lists().items() for row in rows[: _ROWS[name]]}
        shown.update((self._start, *self._evidence.impact.starts), (newer.id for newer in self._newer()))
        wanted = {item_id: self._kinds.get(item_id, "") for item_id in sorted(shown)}
        self._named = await self._reader.names.of(self._reader.caller, wanted)
        self._versions = same_names(self._named.names, self._named.versions)
        doubt = self._named.doubt_of(wanted)
        doubts = (*self._evidence.incomplete_because, *([doubt] if doubt else []))
        answers = self._answers(doubts, has_contacts=has_contacts)
        return await worked_out(lambda: first_that_fits(answers, max_tokens), len(self._datasets))

    def _lists(self) -> dict[str, Sequence[Affected | Touched]]:
        return {
            "datasets": self._datasets,
            "runs": self._runs,
            "people": self._people,
            "organisations": self._organisations,
            "studies": self._studies,
            "other": self._other,
        }

    def _answers(self, doubts: Sequence[str], *, has_contacts: bool) -> Iterator[AnalyseImpactResult]:
        """Ever smaller answers; ``doubts`` are why the lineage may not be all."""
        impact = self._evidence.impact
        because = all_reasons(*doubts, self._records.incomplete_because)
        totals = self._totals()
        says = self._says(totals, is_doubted=bool(doubts))
        starts = tuple(named_item(start, self._named, self._kinds) for start in impact.starts)
        for share in _SHARES:
            rows = {name: max(1, int(most * share)) for name, most in _ROWS.items()}
            cut = {name: rows[name] for name, found in self._lists().items() if len(found) > rows[name]}
            yield AnalyseImpactResult(
                answer=says,
                item=named_item(self._start, self._named, self._kinds),
                depth=self._depth,
                complete=because is None,
                incomplete_because=because,
                totals=totals,
                affected=self._affected(rows),
                shown=cut or None,
                replaced_by=self._replacing() or None,
                started_from=starts if len(starts) > 1 else None,
                remade_by=impact.remakes_start or None,
                followed=dict(impact.followed),
                not_followed=dict(impact.not_followed) or None,
                unreadable=unreadable_of(self._named),
                diagram_uri=diagram_uri("impact", self._start, self._depth) if impact.affected else None,
                next=self._next(is_cut=bool(cut), has_contacts=has_contacts),
            )

    def _affected(self, rows: dict[str, int]) -> AffectedItems:
        return AffectedItems(
            datasets=tuple(self._row(item) for item in self._datasets[: rows["datasets"]]),
            runs=tuple(self._row(item) for item in self._runs[: rows["runs"]]),
            people=tuple(self._agent(agent) for agent in self._people[: rows["people"]]),
            organisations=tuple(self._agent(agent) for agent in self._organisations[: rows["organisations"]]),
            studies=tuple(
                TouchedStudy(id=study.id, name=self._name(study.id), hop=study.hop, runs=study.roles["runs"])
                for study in self._studies[: rows["studies"]]
            ),
            other=tuple(self._row(item, with_type=True) for item in self._other[: rows["other"]]) or None,
        )

    def _row(self, item: Affected, *, with_type: bool = False) -> AffectedItem:
        release = self._release(item.id)
        return AffectedItem(
            id=item.id,
            name=self._name(item.id),
            version=self._versions.get(item.id),
            hop=item.hop,
            runs=self._evidence.impact.runs[item.id] if item.subtype == "DATASET" else None,
            via=None if item.via in self._evidence.impact.starts else item.via,
            made_by=self._makers.several(item.id),
            unaffected_makers=self._makers.unaffected(item.id),
            no_run=self._makers.no_run(item.id),
            release=release if release in _RELEASE_ORDER else None,
            type=item.subtype if with_type else None,
        )

    def _agent(self, agent: Touched) -> TouchedAgent:
        return TouchedAgent(
            id=agent.id,
            name=self._name(agent.id),
            hop=agent.hop,
            roles=dict(agent.roles),
            email=self._emails.get(agent.id),
        )

    def _totals(self) -> ImpactTotals:
        states = Counter(self._release(item.id) or "" for item in self._datasets)
        hops = Counter(item.hop for item in (*self._datasets, *self._runs))
        return ImpactTotals(
            datasets=len(self._datasets),
            runs=len(self._runs),
            people=len(self._people),
            organisations=len(self._organisations),
            studies=len(self._studies),
            other=len(self._other) or None,
            released=states["RELEASED"],
            pending=states["PENDING"] or None,
            release_unread=states[""] or None,
            by_hop={str(hop): count for hop, count in sorted(hops.items())},
            direct_runs=sum(run.hop == 1 for run in self._runs),
            makers_unread=sum(item.id not in self._makers.makers for item in self._datasets) or None,
        )

    def _says(self, totals: ImpactTotals, *, is_doubted: bool) -> str:
        item = named_item(self._start, self._named, self._kinds)
        counts = (
            (totals.datasets, "dataset"),
            (totals.runs, "run"),
            (totals.people, "person", "people"),
            (totals.organisations, "organisation"),
            (totals.studies, "study", "studies"),
        )
        touched = ", ".join(plural(count, *nouns) for count, *nouns in counts if count)
        called = f"'{item.name or item.id}'"
        impact = self._evidence.impact
        is_many = len(impact.starts) > 1
        within = f"within {plural(self._depth, 'hop')}"
        if item.type in ("PERSON", "ORGANISATION"):
            called = f"what {called} did"
        elif is_many:
            called = f"all versions of {called}"
        if not impact.affected:
            names = f" By name it is tied to {touched}." if touched else ""
            if is_doubted:
                return f"Nothing was found {within} that depends on {called}, but that may not be all.{names}"
            return f"Nothing {within} depends on {called}.{names}"
        are = "are" if is_many else "is"
        released = f"; {plural(totals.released, 'affected dataset')} released" if totals.released else ""
        others = sum(self._makers.unaffected(item.id) is not None for item in self._datasets)
        also = f"; {plural(others, 'affected dataset')} also made by an unaffected run" if others else ""
        rest = ""
        if totals.makers_unread:
            rest = f" Who else made {plural(totals.makers_unread, 'affected dataset')} was not read; "
            rest += "fetch_items tells who made each."
        this = "at least this" if is_doubted else "this"
        return f"If {called} {are} wrong, {this} is touched {within}: {touched}{released}{also}.{rest}"

    def _newer(self) -> tuple[NewerVersion, ...]:
        """Newer versions that the graph knows and, of the item itself, those that its record names."""
        starts = self._evidence.impact.starts
        found = {newer.id: newer for newer in self._evidence.impact.newer_versions}
        chain = [self._start]
        for older in chain:
            item = self._records.item(older)
            newer = item.versioning_info.next_version if item and item.versioning_info else None
            if newer and newer not in chain:
                chain.append(newer)
                if newer not in starts:
                    found.setdefault(newer, NewerVersion(newer, older))
        return tuple(found.values())[:_SHOWN_VERSIONS]

    def _replacing(self) -> tuple[ReplacingVersion, ...]:
        """Newer versions of the item and of what is affected, with what their records tell."""
        rows: list[ReplacingVersion] = []
        for newer in self._newer():
            item = self._records.item(newer.id)
            place = item.versioning_info if item else None
            rows.append(
                ReplacingVersion(
                    id=newer.id,
                    name=self._name(newer.id),
                    of=newer.of if newer.of != self._start else None,
                    number=place.version if place else None,
                    created=utc(item.created_timestamp) if item else None,
                    reason=shown_text(place.reason) if place else None,
                    no_run=self._makers.no_run(newer.id),
                )
            )
        return tuple(rows)

    def _next(self, *, is_cut: bool, has_contacts: bool) -> NextCalls:
        again: dict[str, JsonValue] = {"item_id": self._start, "depth": self._depth}
        calls: list[NextCall] = []
        if is_cut:
            arguments: dict[str, JsonValue] = {"starting_id": self._start, "depth": self._depth}
            calls.append(
                NextCall(tool="get_effected_datasets", arguments=arguments, why="all datasets, page by page")
            )
        if self._newer():
            calls.append(
                NextCall(
                    tool="analyse_impact",
                    arguments={**again, "all_versions": True},
                    why="what the newer versions touch, if they carry the fault too",
                )
            )
        if self._people and not has_contacts:
            calls.append(
                NextCall(tool="analyse_impact", arguments={**again, "contacts": True}, why="e-mail addresses")
            )
        return tuple(calls) or None

    def _release(self, item_id: str) -> str | None:
        return self._known[item_id].release if item_id in self._known else None

    def _name(self, item_id: str) -> str | None:
        return named_item(item_id, self._named, self._kinds).name
