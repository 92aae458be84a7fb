from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from provena_mcp.rules.records.schema import read_record, schema_problems
from provena_mcp.rules.schema_wording import reworded
from provena_mcp.wire.items import JsonObject
from tests.worlds.authored import a_raw_record, a_record


def entries(raw: Any, *loc: str | int) -> list[JsonObject]:
    return [problem.as_json() for problem in schema_problems(raw, ("body", *loc))]


def entry(loc: list[str | int], msg: str, kind: str, **more: Any) -> JsonObject:
    return {"loc": ["body", *loc], "msg": msg, "type": kind, **more}


def test_a_well_formed_record_has_no_schema_problems_and_is_read_as_it_is() -> None:
    assert entries(a_raw_record()) == []
    assert read_record(a_raw_record()) == a_record()


def test_lenient_types_are_coerced_and_unknown_keys_dropped_as_the_services_do() -> None:
    raw = a_raw_record(
        model_version=2.5,
        display_name=7,
        start_time="1577836800",
        end_time=1577923200.9,
        annotations={"scenario": 1, "checked": True},
        bogus=1,
    )

    assert entries(raw) == []
    assert read_record(raw) == a_record(
        model_version="2.5",
        display_name="7",
        annotations={"scenario": "1", "checked": "True"},
    )


def test_malformed_fields_are_listed_in_the_services_order_and_words() -> None:
    raw = a_raw_record(
        inputs=[{"dataset_template_id": "forcing", "dataset_type": "FTP", "resources": {"a": None}}, 5],
        outputs={},
        annotations=["scenario"],
        display_name="",
        description=None,
        associations={},
        start_time="yesterday",
        end_time=[],
    )
    del raw["workflow_template_id"]

    assert entries(raw) == [
        entry(["workflow_template_id"], "field required", "value_error.missing"),
        entry(["inputs", 0, "dataset_id"], "field required", "value_error.missing"),
        entry(
            ["inputs", 0, "dataset_type"],
            "value is not a valid enumeration member; permitted: 'DATA_STORE'",
            "type_error.enum",
            ctx={"enum_values": ["DATA_STORE"]},
        ),
        entry(["inputs", 0, "resources", "a"], "none is not an allowed value", "type_error.none.not_allowed"),
        entry(["inputs", 1], "value is not a valid dict", "type_error.dict"),
        entry(["outputs"], "value is not a valid list", "type_error.list"),
        entry(["annotations"], "value is not a valid dict", "type_error.dict"),
        entry(["display_name"], "string must not be empty", "value_error"),
        entry(["description"], "none is not an allowed value", "type_error.none.not_allowed"),
        entry(["associations", "modeller_id"], "field required", "value_error.missing"),
        entry(["start_time"], "value is not a valid integer", "type_error.integer"),
        entry(["end_time"], "value is not a valid integer", "type_error.integer"),
    ]


def test_times_out_of_order_are_said_last_even_among_other_problems() -> None:
    out_of_order = "The 'start_time' value (2) must be smaller than or equal to the 'end_time' value (1)."

    assert entries(a_raw_record(start_time=2, end_time=1, study_id={}), "records", 3) == [
        entry(["records", 3, "study_id"], "str type expected", "type_error.str"),
        entry(["records", 3, "__root__"], out_of_order, "value_error"),
    ]
    assert entries(a_raw_record(start_time=2, end_time=2)) == []


def test_a_body_that_is_no_object_is_one_problem() -> None:
    assert entries(None) == [entry([], "field required", "value_error.missing")]
    assert entries([1]) == [entry([], "value is not a valid dict", "type_error.dict")]
    assert entries(None, "records", 0) == [
        entry(["records", 0], "none is not an allowed value", "type_error.none.not_allowed")
    ]


class Request(BaseModel):
    model_config = {"extra": "forbid"}

    subtype: Literal["MODEL_RUN", "STUDY"]
    depth: int = Field(ge=1, le=3)
    confirmed: bool


def test_bounds_choices_and_flags_of_any_request_are_worded_like_a_records() -> None:
    with pytest.raises(ValidationError) as low:
        Request.model_validate({"subtype": "BANANA", "depth": 0, "confirmed": "perhaps", "more": 1})
    with pytest.raises(ValidationError) as high:
        Request.model_validate({"subtype": "STUDY", "depth": 4})

    assert [problem.as_json() for problem in reworded(low.value, ("body",))] == [
        entry(
            ["subtype"],
            "value is not a valid enumeration member; permitted: 'MODEL_RUN', 'STUDY'",
            "type_error.enum",
            ctx={"enum_values": ["MODEL_RUN", "STUDY"]},
        ),
        entry(
            ["depth"],
            "ensure this value is greater than or equal to 1",
            "value_error.number.not_ge",
            ctx={"limit_value": 1},
        ),
        entry(["confirmed"], "value could not be parsed to a boolean", "type_error.bool"),
        entry(["more"], "extra fields not permitted", "value_error.extra"),
    ]
    assert [problem.as_json() for problem in reworded(high.value, ("body",))] == [
        entry(
            ["depth"],
            "ensure this value is less than or equal to 3",
            "value_error.number.not_le",
            ctx={"limit_value": 3},
        ),
        entry(["confirmed"], "field required", "value_error.missing"),
    ]
