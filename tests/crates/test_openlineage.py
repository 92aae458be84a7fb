"""OpenLineage events: what several events tell of one run, put together."""

from __future__ import annotations

import pytest

from provena_mcp.crates.reader import read_runs
from provena_mcp.crates.recorded_runs import LeftOut, RecordedRun
from provena_mcp.errors import ArgumentError
from tests.crates import events


def only_run(content: bytes) -> RecordedRun:
    (run,) = read_runs(content).runs
    return run


def test_an_airflow_task_has_its_times_its_commit_and_the_datasets_of_its_last_event() -> None:
    run = only_run(events.airflow())
    assert run.model_dump(exclude_defaults=True, exclude={"stated_digest"}) == {
        "id": "0190d6b4-0000-7000-8000-000000000001",
        "name": "heat.regrid",
        "description": "Regrid the temperature",
        "started": 1719878405,
        "ended": 1719878650,
        "status": "completed",
        "part_of": "0190d6b4-0000-7000-8000-00000000000a",
        "agents": (
            {"id": "team:reef", "name": "reef", "kind": "organisation", "role": "owner of the job"},
            {"id": "kim", "name": "kim", "role": "owner of the DAG"},
        ),
        "software": (
            {
                "id": "reef/heat.regrid",
                "name": "heat.regrid",
                "version": "9f8e7d6c5b4a39281706f5e4d3c2b1a099887766",
                "commit": "9f8e7d6c5b4a39281706f5e4d3c2b1a099887766",
                "repository": "https://example.org/reef.git",
                "url": "https://example.org/reef/blob/main/dags/heat.py",
            },
            {"id": "engine:Airflow", "name": "Airflow", "kind": "engine", "version": "2.9.2"},
        ),
        "inputs": (
            {
                "id": "s3://reef/sst/2024-07-01.nc",
                "name": "2024-07-01.nc",
                "url": "s3://reef/sst/2024-07-01.nc",
            },
        ),
        "outputs": (
            {
                "id": "file:/data/heat/2024-07-01.nc",
                "name": "2024-07-01.nc",
                "url": "file:/data/heat/2024-07-01.nc",
                "size": 4096,
            },
        ),
        "annotations": {
            "job": "reef/heat.regrid",
            "integration": "AIRFLOW",
            "nominal start": "2024-07-01T00:00:00Z",
            "airflow run": "scheduled__2024-07-01",
        },
    }


def test_a_failed_spark_action_says_why_whatever_order_its_events_came_in() -> None:
    recorded = read_runs(events.spark())
    (run,) = recorded.runs
    assert (run.status, run.error, run.started, run.ended) == (
        "failed",
        "Out of memory",
        1719882000,
        1719882600,
    )
    assert [(each.id, each.format) for each in run.inputs] == [("hdfs://cluster:8020/in/sst", "parquet")]
    assert run.annotations["spark application"] == "application_1"
    assert recorded.left_out == (LeftOut(what="1 events", why="they tell of no run"),)


def test_a_dbt_model_has_its_query_and_tables() -> None:
    run = only_run(events.dbt())
    assert (run.command, [each.name for each in run.inputs], [each.name for each in run.outputs]) == (
        "select * from stg",
        ["db.stg.sst"],
        ["db.marts.heat"],
    )
    assert run.annotations["dbt version"] == "1.8.3"


def test_a_run_that_was_only_started_is_running() -> None:
    started = events.airflow().split(b"\n")[0]
    run = only_run(started)
    assert (run.status, run.started, run.ended) == ("running", 1719878405, None)


def test_a_line_that_is_no_json_is_an_error_that_helps() -> None:
    with pytest.raises(ArgumentError, match="not JSON"):
        read_runs(events.airflow() + b"cut of")
