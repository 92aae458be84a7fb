import pytest

from provena_mcp.rules.records.fingerprint import fingerprint, same_record
from provena_mcp.wire.items import JsonObject
from tests.worlds.authored import a_raw_record, a_record


def test_records_of_one_run_are_the_same_however_they_are_written() -> None:
    record = a_record(study_id=None, annotations={"scenario": "a", "notes": "b"})
    datasets = a_raw_record()["inputs"]
    assert isinstance(datasets, list)
    raw = a_raw_record(annotations={"notes": "b", "scenario": "a"}, inputs=datasets[::-1], bogus=1)
    del raw["study_id"]
    other = a_record(**dict(reversed(list(raw.items()))), study_id=None)

    assert same_record(record, other)
    assert fingerprint(record) == fingerprint(other)
    assert len(fingerprint(record)) == 64


@pytest.mark.parametrize(
    "changes",
    [
        {"display_name": "Another run"},
        {"start_time": 1577836801},
        {"study_id": None},
        {"model_version": None},
        {"annotations": {"scenario": "other"}},
        {"inputs": []},
        {"associations": {"modeller_id": "jane"}},
    ],
)
def test_records_that_differ_in_anything_are_not_the_same(changes: JsonObject) -> None:
    assert not same_record(a_record(), a_record(**changes))
    assert fingerprint(a_record()) != fingerprint(a_record(**changes))
