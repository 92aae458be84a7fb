"""OpenLineage events as Airflow, Spark and dbt emit them: made here, in their shapes."""

from __future__ import annotations

import json
from typing import Any

Event = dict[str, Any]


def lines(*events: Event) -> bytes:
    """Events as a file of JSON lines."""
    return b"\n".join(json.dumps(event).encode() for event in events) + b"\n"


def _event(kind: str, at: str, run: Event, job: Event, producer: str, **sides: Any) -> Event:
    return {
        "eventType": kind,
        "eventTime": at,
        "run": run,
        "job": job,
        "producer": producer,
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "inputs": [],
        "outputs": [],
        **sides,
    }


def airflow() -> bytes:
    """A task of a DAG: the datasets come with the last event only."""
    producer = "https://github.com/apache/airflow/tree/providers-openlineage/1.9.0"
    run = {
        "runId": "0190d6b4-0000-7000-8000-000000000001",
        "facets": {
            "nominalTime": {"nominalStartTime": "2024-07-01T00:00:00Z"},
            "parent": {
                "run": {"runId": "0190d6b4-0000-7000-8000-00000000000a"},
                "job": {"namespace": "reef", "name": "heat"},
            },
            "processing_engine": {"name": "Airflow", "version": "2.9.2"},
            "airflow": {
                "dag": {"dag_id": "heat", "owner": "kim"},
                "dagRun": {"run_id": "scheduled__2024-07-01"},
            },
        },
    }
    job = {
        "namespace": "reef",
        "name": "heat.regrid",
        "facets": {
            "documentation": {"description": "Regrid the temperature"},
            "ownership": {"owners": [{"name": "team:reef"}]},
            "jobType": {"processingType": "BATCH", "integration": "AIRFLOW", "jobType": "TASK"},
            "sourceCodeLocation": {
                "type": "git",
                "url": "https://example.org/reef/blob/main/dags/heat.py",
                "repoUrl": "https://example.org/reef.git",
                "version": "9f8e7d6c5b4a39281706f5e4d3c2b1a099887766",
            },
        },
    }
    return lines(
        _event("START", "2024-07-02T00:00:05.5Z", run, job, producer),
        _event(
            "COMPLETE",
            "2024-07-02T00:04:10Z",
            run,
            job,
            producer,
            inputs=[{"namespace": "s3://reef", "name": "sst/2024-07-01.nc"}],
            outputs=[
                {
                    "namespace": "file",
                    "name": "/data/heat/2024-07-01.nc",
                    "outputFacets": {"outputStatistics": {"rowCount": 3, "size": 4096}},
                }
            ],
        ),
    )


def spark() -> bytes:
    """A Spark action that failed, its events in no order."""
    producer = "https://github.com/OpenLineage/OpenLineage/tree/1.18.0/integration/spark"
    run = {
        "runId": "0190d6b4-0000-7000-8000-000000000002",
        "facets": {
            "processing_engine": {"name": "spark", "version": "3.5.1"},
            "spark_applicationDetails": {"applicationId": "application_1"},
        },
    }
    failed = {
        **run,
        "facets": {**run["facets"], "errorMessage": {"message": "Out of memory", "stackTrace": "at …"}},
    }
    job = {"namespace": "cluster", "name": "heat.execute_insert_into_hadoop_fs_relation_command.out"}
    inputs = [
        {
            "namespace": "hdfs://cluster:8020",
            "name": "/in/sst",
            "facets": {"storage": {"fileFormat": "parquet"}},
        }
    ]
    return lines(
        _event("FAIL", "2024-07-02T01:10:00+00:00", failed, job, producer),
        _event("RUNNING", "2024-07-02T01:05:00+00:00", run, job, producer, inputs=inputs),
        _event("START", "2024-07-02T01:00:00+00:00", run, job, producer),
        {"eventTime": "2024-07-02T01:00:00+00:00", "dataset": {"namespace": "file", "name": "x"}},
    )


def dbt() -> bytes:
    """A dbt model, as a list, with its SQL."""
    producer = "https://github.com/OpenLineage/OpenLineage/tree/1.18.0/integration/dbt"
    run = {"runId": "0190d6b4-0000-7000-8000-000000000003", "facets": {"dbt_version": {"version": "1.8.3"}}}
    job = {
        "namespace": "warehouse",
        "name": "db.marts.heat.build.run",
        "facets": {"sql": {"query": "select * from stg"}, "jobType": {"integration": "DBT"}},
    }
    table = {"namespace": "postgres://db:5432", "name": "db.stg.sst"}
    made = {"namespace": "postgres://db:5432", "name": "db.marts.heat"}
    return json.dumps(
        [
            _event("START", "2024-07-02T02:00:00Z", run, job, producer, inputs=[table], outputs=[made]),
            _event("COMPLETE", "2024-07-02T02:00:30Z", run, job, producer, inputs=[table], outputs=[made]),
        ]
    ).encode()
