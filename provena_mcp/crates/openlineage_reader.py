"""Reads recorded runs from OpenLineage events: one JSON object, a list, or JSON lines.

A run is reported in several events: what any of them says of it is put together. Facets are read by name, as
Airflow, Spark and dbt emit them; those that are not known are left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from provena_mcp.crates.json_ld import MOST_ENTITIES, JsonMap, as_list, as_map, parse_json
from provena_mcp.crates.moments import moment_of
from provena_mcp.crates.places import last_part
from provena_mcp.crates.recorded_runs import (
    LeftOut,
    RecordedAgent,
    RecordedFile,
    RecordedRun,
    RecordedRuns,
    RecordedSoftware,
    RecordedSource,
    RunStatus,
)
from provena_mcp.errors import ArgumentError
from provena_mcp.rules.text import clean

_ENDS: Final[dict[str, RunStatus]] = {"COMPLETE": "completed", "FAIL": "failed", "ABORT": "interrupted"}
_TEXT: Final = 2_000
_NAME: Final = 200


def read_openlineage(content: bytes, name: str = "") -> RecordedRuns:
    """The runs that events tell of.

    Raises:
        ArgumentError: It is no JSON, or has more events than are read.
    """
    events = [as_map(each) for each in _events(content)]
    if len(events) > MOST_ENTITIES:
        raise ArgumentError(
            f"There are {len(events):,} events; the most that are read are {MOST_ENTITIES:,}.",
            advice="Give the events of fewer runs.",
        )
    events_of: dict[str, list[JsonMap]] = {}
    for event in events:
        run_id = as_map(event.get("run")).get("runId")
        if isinstance(run_id, str) and event.get("job"):
            events_of.setdefault(run_id, []).append(event)
    without = len(events) - sum(map(len, events_of.values()))
    runs = [_run(run_id, sorted(each, key=_time)) for run_id, each in events_of.items()]
    return RecordedRuns(
        source=RecordedSource(format="openlineage", name=clean(name, _NAME), made_by=_producer(events)),
        runs=tuple(sorted(runs, key=lambda run: (run.started is None, run.started or 0))),
        left_out=(LeftOut(what=f"{without} events", why="they tell of no run"),) if without else (),
    )


def _events(content: bytes) -> Sequence[object]:
    """Whole JSON, or one event a line."""
    try:
        return as_list(parse_json(content))
    except ArgumentError:
        lines = content.decode("utf-8-sig", "replace").splitlines()
        return [parse_json(line.encode()) for line in lines if line.strip()]


def _run(run_id: str, events: Sequence[JsonMap]) -> RecordedRun:
    job = as_map(events[-1].get("job"))
    run_facets = _merged(as_map(as_map(event.get("run")).get("facets")) for event in events)
    job_facets = _merged(as_map(as_map(event.get("job")).get("facets")) for event in events)
    kinds = [str(event.get("eventType") or "") for event in events]
    first = _text(events[0], "eventTime") if "START" in kinds else None
    last = next((each for each, kind in zip(events, kinds, strict=True) if kind in _ENDS), None)
    started, ended = moment_of(first, "The start"), moment_of(_text(last, "eventTime"), "The end")
    parent = as_map(run_facets.get("parent"))
    return RecordedRun(
        id=clean(run_id, _NAME),
        name=clean(_text(job, "name") or run_id, _NAME),
        description=_text(job_facets.get("documentation"), "description"),
        command=_text(job_facets.get("sql"), "query"),
        started=started.seconds,
        ended=ended.seconds,
        status=_ENDS.get(str(last.get("eventType")), "unknown") if last else "running",
        error=_text(run_facets.get("errorMessage"), "message"),
        agents=tuple(_owners(job_facets, run_facets)),
        software=tuple(_software(job, job_facets, run_facets)),
        inputs=_datasets(events, "inputs"),
        outputs=_datasets(events, "outputs"),
        annotations=dict(_annotations(job, job_facets, run_facets)),
        part_of=_text(parent.get("run"), "runId"),
        doubts=tuple(filter(None, (started.doubt, ended.doubt))),
    )


def _merged(facets: Iterable[JsonMap]) -> dict[str, JsonMap]:
    """All facets of a run's events: the last that was reported of each."""
    return {name: as_map(facet) for each in facets for name, facet in each.items()}


def _owners(job_facets: dict[str, JsonMap], run_facets: dict[str, JsonMap]) -> Iterator[RecordedAgent]:
    for each in as_list(as_map(job_facets.get("ownership")).get("owners")):
        owner = _text(as_map(each), "name")
        if owner:
            kind = "organisation" if owner.startswith(("team:", "group:")) else "person"
            name = owner.partition(":")[2] or owner
            yield RecordedAgent(id=owner, name=name, kind=kind, role="owner of the job")
    owner = _text(as_map(run_facets.get("airflow")).get("dag"), "owner")
    if owner:
        yield RecordedAgent(id=owner, name=owner, role="owner of the DAG")


def _software(
    job: JsonMap, job_facets: dict[str, JsonMap], run_facets: dict[str, JsonMap]
) -> Iterator[RecordedSoftware]:
    """The job, from where its source lies, and the engine that it ran on."""
    location = as_map(job_facets.get("sourceCodeLocation"))
    version, name = _text(location, "version"), _text(job, "name") or ""
    yield RecordedSoftware(
        id=_job_id(job),
        name=clean(name, _NAME),
        version=_text(location, "tag") or version,
        commit=version if version and _is_commit(version) else None,
        repository=_text(location, "repoUrl"),
        url=_text(location, "url"),
    )
    engine = as_map(run_facets.get("processing_engine"))
    if engine:
        yield RecordedSoftware(
            id=f"engine:{_text(engine, 'name')}",
            name=clean(_text(engine, "name") or "engine", _NAME),
            kind="engine",
            version=_text(engine, "version"),
        )


def _is_commit(text: str) -> bool:
    return len(text) in (40, 64) and all(letter in "0123456789abcdef" for letter in text)


def _datasets(events: Sequence[JsonMap], side: str) -> tuple[RecordedFile, ...]:
    found: dict[str, RecordedFile] = {}
    for event in events:
        for each in map(as_map, as_list(event.get(side))):
            dataset = _dataset(each)
            found[dataset.id] = dataset
    return tuple(found.values())


def _dataset(each: JsonMap) -> RecordedFile:
    namespace, name = _text(each, "namespace") or "", _text(each, "name") or ""
    facets, sizes = (
        as_map(each.get("facets")),
        as_map(as_map(each.get("outputFacets")).get("outputStatistics")),
    )
    size = sizes.get("size")
    address = f"{namespace}/{name.lstrip('/')}" if "://" in namespace else f"{namespace}:{name}"
    return RecordedFile(
        id=clean(address, _TEXT),
        name=clean(last_part(name) if "/" in name else name, _NAME),
        url=clean(address, _TEXT),
        size=size if isinstance(size, int) and size >= 0 else None,
        format=_text(facets.get("storage"), "fileFormat"),
        description=_text(facets.get("documentation"), "description"),
    )


def _annotations(
    job: JsonMap, job_facets: dict[str, JsonMap], run_facets: dict[str, JsonMap]
) -> Iterator[tuple[str, str]]:
    said = {
        "job": _job_id(job),
        "integration": _text(job_facets.get("jobType"), "integration"),
        "nominal start": _text(run_facets.get("nominalTime"), "nominalStartTime"),
        "nominal end": _text(run_facets.get("nominalTime"), "nominalEndTime"),
        "airflow run": _text(as_map(run_facets.get("airflow")).get("dagRun"), "run_id"),
        "dbt version": _text(run_facets.get("dbt_version"), "version"),
        "spark application": _text(run_facets.get("spark_applicationDetails"), "applicationId"),
    }
    yield from ((name, value) for name, value in said.items() if value)


def _job_id(job: JsonMap) -> str:
    return clean(f"{_text(job, 'namespace') or ''}/{_text(job, 'name') or ''}", _TEXT)


def _producer(events: Sequence[JsonMap]) -> str | None:
    counted = Counter(filter(None, (_text(event, "producer") for event in events)))
    return counted.most_common(1)[0][0] if counted else None


def _time(event: JsonMap) -> str:
    return _text(event, "eventTime") or ""


def _text(holder: object, key: str) -> str | None:
    value = as_map(holder).get(key)
    return clean(str(value), _TEXT) or None if isinstance(value, (str, int, float)) else None
