"""Crates that are broken, or made to harm: each is read as far as it goes, or refused with a way on."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from provena_mcp.crates.json_ld import MOST_BYTES
from provena_mcp.crates.reader import read_runs
from provena_mcp.errors import ArgumentError
from tests.crates.entities import Node, crate, ref, zipped


def action(run_id: str, used: str, made: str, **more: object) -> Node:
    return {"@id": run_id, "@type": "CreateAction", "object": ref(used), "result": ref(made), **more}


@pytest.mark.parametrize(
    "entity_id",
    [
        "/etc/passwd",
        "../../secret.csv",
        "data/../../secret.csv",
        "%2e%2e/secret.csv",
        "..%2Fsecret.csv",
        "%2Fetc%2Fpasswd",
        "..\\secret.csv",
        "C:\\secret.csv",
        "~/secret.csv",
        "file:///etc/passwd",
        "file%3A///etc/passwd",
        "https://example.org/remote.csv",
        "nul\0.csv",
        "a" * 2_000,
    ],
)
def test_nothing_outside_the_crate_is_read(entity_id: str) -> None:
    asked: list[str] = []

    def read(path: str, most_bytes: int) -> bytes | None:
        asked.append(path)
        return b""

    content = crate(action("#r", entity_id, "inside.csv"), {"@id": entity_id, "@type": "File"})
    (run,) = read_runs(content, "crate", read).runs
    assert (run.inputs[0].path, asked) == (None, ["inside.csv"])


def test_cycles_end() -> None:
    (first, second) = read_runs(
        crate(
            action("#one", "a.csv", "b.csv", instrument=ref("w.cwl")),
            action("#two", "b.csv", "a.csv", instrument=ref("w.cwl#x")),
            {"@id": "w.cwl", "@type": "ComputationalWorkflow", "hasPart": [ref("w.cwl#x"), ref("w.cwl")]},
            {
                "@id": "w.cwl#x",
                "@type": "SoftwareApplication",
                "hasPart": ref("w.cwl"),
                "isBasedOn": ref("w.cwl#x"),
            },
            root={"mainEntity": ref("w.cwl"), "hasPart": ref("./")},
        )
    ).runs
    assert (first.part_of, second.part_of) == (None, "#one")


def test_entities_that_are_missing_are_named_and_kept() -> None:
    (run,) = read_runs(
        crate(action("#r", "lost.csv", "made.csv", instrument=ref("#lost"), agent=ref("#who")))
    ).runs
    assert [each.name for each in (*run.inputs, *run.outputs, *run.software, *run.agents)] == [
        "lost.csv",
        "made.csv",
        "lost",
        "who",
    ]
    assert run.doubts == (
        "The crate refers to 'lost.csv' and does not describe it.",
        "The crate refers to 'made.csv' and does not describe it.",
    )


@pytest.mark.slow
def test_a_hundred_thousand_entities_are_read_within_seconds() -> None:
    files: list[Node] = [{"@id": f"f{number}.csv", "@type": "File"} for number in range(99_000)]
    runs = [action(f"#r{number}", f"f{number}.csv", f"f{number + 1}.csv") for number in range(1_000)]
    content = crate(*files, *runs)
    started = time.process_time()
    recorded = read_runs(content)
    assert (len(recorded.runs), time.process_time() - started < 10) == (1_000, True)


def test_a_zip_bomb_ends_at_the_limit() -> None:
    bomb = zipped({"ro-crate-metadata.json": b'{"@graph": [' + b" " * MOST_BYTES + b"]}"})
    assert len(bomb) < 100_000
    with pytest.raises(ArgumentError, match="broken, encrypted or larger than"):
        read_runs(bomb)


def test_members_of_a_zip_that_lead_out_are_never_read(tmp_path: Path) -> None:
    content = crate(action("#r", "../outside.csv", "made.csv"), {"@id": "../outside.csv", "@type": "File"})
    packed = zipped(
        {"c/ro-crate-metadata.json": content, "outside.csv": b"secret", "c/../outside.csv": b"secret"}
    )
    (run,) = read_runs(packed).runs
    assert ([each.sha256 for each in run.inputs], list(tmp_path.iterdir())) == ([None], [])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "This is no JSON, in which no runs are recorded."),
        (b"a,b\n1,2\n", "This is no JSON, in which no runs are recorded."),
        (b"%PDF-1.7", "This is a PDF, in which no runs are recorded."),
        (b"PK\x03\x04 cut off", "This zip is broken: it cannot be opened."),
        (zipped({"a.txt": b""}), "The zip holds no ro-crate-metadata.json."),
        (
            zipped({"a/ro-crate-metadata.json": b"", "b/ro-crate-metadata.json": b""}),
            "The zip holds several crates.",
        ),
        (zipped({"ro-crate-metadata.json": b"\xff"}), "The document is not JSON in UTF-8"),
        (b'{"@graph": {}}', "This is no RO-Crate: it has no list called @graph."),
        (b"[1, 2]", "This is no RO-Crate: it has no list called @graph."),
        (b'{"a":' * 100_000, "This is no JSON, in which no runs are recorded."),
        (
            json.dumps({"@graph": [0] * 250_001}).encode(),
            "The crate has 250,001 entities; the most that are read are 250,000.",
        ),
    ],
)
def test_what_is_no_crate_is_refused_with_a_way_on(content: bytes, says: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        read_runs(content)
    assert (refused.value.message.startswith(says), bool(refused.value.advice)) == (True, True)


def test_a_crate_without_runs_has_none() -> None:
    assert read_runs(crate({"@id": "a.csv", "@type": "File"})).runs == ()


def test_values_of_other_types_than_they_should_have_are_left_out() -> None:
    (run,) = read_runs(
        crate(
            {
                "@id": "#r",
                "@type": ["CreateAction", 7],
                "name": {"@value": "r", "@language": "en"},
                "startTime": ["2024-01-01T00:00:00Z"],
                "endTime": 12,
                "object": [None, 3, {"@id": 4}, {}, ["x"]],
                "agent": "Kim Roe",
                "additionalProperty": ["x", {"name": "n"}],
                "actionStatus": 9,
            },
            {"@id": 3, "@type": "File"},
        )
    ).runs
    assert (run.name, run.started, run.ended, run.status, run.inputs) == (
        "r",
        1704067200,
        None,
        "unknown",
        (),
    )
    assert [agent.name for agent in run.agents] == ["Kim Roe"]
    assert run.doubts == ("The end '12' is not a time.",)
